#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A restored container's monitor endures: whatever clients send, however many they are, whatever
# signals arrive and whatever is full, it keeps running and stays small.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

abuse()
{
	python3 "${0%/*}/lib/abuse.py" c1 "$@"
}

# KiB
resident()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$monitor/status"
}

descriptors()
{
	find "/proc/$monitor/fd" -mindepth 1 | wc -l
}

# Connections that have ended are noticed by and by.
has_descriptors()
{
	[ "$(descriptors)" = "$1" ]
}

runs_on()
{
	check_equal RUNNING "$(lxc-info -n c1 -sH)" state
	check_equal "$monitor" "$(monitor_pid c1)" 'the monitor'
	check ask look >/dev/null
}

title()
{
	ps -o args= -p "$(monitor_pid c1)"
}

mkdir /run/log
mount -t tmpfs -o size=64k tmpfs /run/log
INITTAB='::shutdown:/bin/touch /halted'
start_counter c1 <<-'END'
	lxc.console.logfile = /run/log/console
END
titled=$(title)
check dump -n c1 -s
check restore -n c1
monitor=$(monitor_pid c1)

step 'its title is that of lxc-start'
check_equal "$titled" "$(title)"

step 'it is small'
echo "resident: $(resident) KiB"
check test "$(resident)" -lt 3072
open=$(descriptors)

step 'rubbish, half frames, wrong sizes'
check abuse rubbish
wait_for 10 has_descriptors "$open"
runs_on

step 'strangers'
check abuse strangers
wait_for 10 has_descriptors "$open"
runs_on

step '500 clients at once'
check abuse crowd
wait_for 10 has_descriptors "$open"
runs_on

step '10,000 commands'
# once each before: what is needed for the first time
check abuse many 500
before=$(resident)
check abuse many 10000
wait_for 10 has_descriptors "$open"
echo "resident: $before KiB, then $(resident) KiB"
check test "$(resident)" -le $((before + 16))
check test "$(resident)" -lt 3072
runs_on

step 'requests of many MiB'
before=$(resident)
check abuse big
wait_for 10 has_descriptors "$open"
echo "resident: $before KiB, then $(resident) KiB"
# the top of the heap below which malloc() gives nothing back
check test "$(resident)" -le $((before + 128))
runs_on

step 'a full disk where the console is logged'
dd if=/dev/zero of=/run/log/rest bs=4k 2>/dev/null || :
# shellcheck disable=SC2016 # for the shell in the container
check in_container c1 sh -c 'i=0; while [ $i -lt 4000 ]; do echo "line $i of what fills it"; i=$((i + 1)); done >/dev/console'
runs_on

step signals
# all but SIGCHLD and SIGHUP go to init, which takes none of these
for signal in PIPE CHLD WINCH URG IO; do
	kill "-$signal" "$monitor"
	runs_on
done
# the terminal is gone: init is told to end, and does
kill -HUP "$monitor"
wait_for 20 test -e /var/lib/lxc/c1/rootfs/halted
