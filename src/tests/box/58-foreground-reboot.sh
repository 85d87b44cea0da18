#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-checkpoint -r -F and a container that reboots: it stays in the foreground, as with lxc-start
# -F, and the command exits when the container stops.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"

is_down()
{
	! pgrep -f "^lxc-start -F|^/usr/bin/lxc-start -F" >/dev/null && state_is c1 STOPPED
}
# lxc-start has it by then, and may leave a client without an answer while it reboots.
is_another()
{
	local init

	init=$(timeout 10 lxc-info -n c1 -pH 2>/dev/null) || return 1
	[ "$init" -gt 0 ] 2>/dev/null && [ "$init" != "$1" ] &&
		[ "$(timeout 10 lxc-info -n c1 -sH)" = RUNNING ]
}
on_terminal()
{
	terminal_open "$1" sh -c "stty -echo; exec lxc-checkpoint -r -F -n c1 --force=stale -D $IMG"
	terminal "$1" raw 20
	wait_for 20 state_is c1 RUNNING
	init=$(init_pid c1)
}
# The console is here: what is typed goes in, what is said comes out.
check_console()
{
	terminal "$1" send '\r'
	terminal "$1" expect 20 '# '
	# shellcheck disable=SC2016 # the container's shell expands it
	terminal "$1" send 'echo "sum $((30 + 7))"\r'
	terminal "$1" expect 10 'sum 37'
}

before_start=$(make_bridge && start_dhcp && leftovers)
start_counter c1
check dump -n c1 -s
terminal_open plain sh -c 'stty -echo'
terminal plain wait 10
terminal plain settings
before=$ANSWER
terminal_close plain

step 'lxc-stop -r: it returns when the container runs again'
on_terminal front
command=$(pgrep -xf "lxc-checkpoint -r -F -n c1 --force=stale -D $IMG")
check_console front
check timeout 60 lxc-stop -n c1 -r -t 60
check is_another "$init"
check kill -0 "$command"
terminal front raw 20
terminal front expect 30 'Please press Enter'
check_console front

step 'from inside, again'
init=$(init_pid c1)
terminal front send 'reboot\r'
wait_for 30 is_another "$init"
check kill -0 "$command"
terminal front expect 30 'Please press Enter'
check_console front

step 'its end is the end of the command'
check lxc-stop -n c1 -k
terminal front wait 20
terminal front settings
check_equal "$before" "$ANSWER" 'settings of the terminal afterwards'
terminal_close front
wait_for 10 is_down
check_left "$before_start"

step 'the command is killed after a reboot: the container goes too'
on_terminal killed
check timeout 60 lxc-stop -n c1 -r -t 60
check is_another "$init"
init=$(init_pid c1)
has_ended()
{
	! kill -0 "$init" 2>/dev/null
}
# once the new init takes it
terminal killed expect 30 'Please press Enter'
check kill -KILL "$(pgrep -xf "lxc-checkpoint -r -F -n c1 --force=stale -D $IMG")"
terminal_ends killed 137
wait_for 20 has_ended

step 'it does not come up again: the command says so, who waits too'
wait_for 30 is_down
on_terminal failing
mv /var/lib/lxc/c1/rootfs /var/lib/lxc/c1/away
mkdir /var/lib/lxc/c1/rootfs
check_not timeout 60 lxc-stop -n c1 -r -t 60
terminal failing wait 20
check_not [ "$ANSWER" = 0 ]
terminal_close failing
rm -r /var/lib/lxc/c1/rootfs
mv /var/lib/lxc/c1/away /var/lib/lxc/c1/rootfs
wait_for 10 is_down
