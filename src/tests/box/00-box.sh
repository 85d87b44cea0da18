#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The ground for the other cases: a box is private, passes on the exit status of its command, and
# takes everything with it, even when it is killed.
# runs on: host
. "${0%/*}/lib/lib.sh"

BOX=$(readlink -f "${0%/*}/../../../scripts/box")
TMP=$(mktemp -d)
boxes=()

# Boxes of this case that still run when it fails. (When it is killed, those die by pdeathsig.)
cleanup()
{
	[ ${#boxes[@]} -eq 0 ] || kill -KILL "${boxes[@]}" 2>/dev/null || :
	rm -rf "$TMP"
}
trap cleanup EXIT

# What a box of this case does is a function of this file, run there by name.
SELF=/src/src/tests/box/${0##*/}
in_box()
{
	setpriv --pdeathsig KILL "$BOX" --quiet --bind "$TMP:/mnt/shared" bash "$SELF" "$@"
}

status_of()
{
	local status=0

	"$@" || status=$?
	printf '%s' "$status"
}

no_orphan_is_left_as_zombie()
{
	! grep -qs '^State:[[:space:]]*Z' /proc/[0-9]*/status
}

inside_private()
{
	check [ "$(cat /proc/1/comm)" = bash ]
	check_equal box "$(hostname)" hostname
	step 'its processes, cgroups, interfaces and ptys are its own'
	check [ "$(ps -e --no-headers | wc -l)" -lt 10 ]
	check_equal /sys/fs/cgroup/init.scope/ "$(echo /sys/fs/cgroup/*/)" cgroups
	check_equal 0::/init.scope "$(grep ^0: /proc/self/cgroup)" 'own cgroup'
	check_equal lo "$(ls /sys/class/net)" interfaces
	check_equal /dev/pts/ptmx "$(echo /dev/pts/*)" ptys
	check_not mountpoint -q /mnt/.host
	step 'it writes to nothing of the host'
	check_not touch /usr/x 2>/dev/null
	check_not touch /src/x 2>/dev/null
	check touch /etc/x /root/x /tmp/x /usr/local/bin/x /var/lib/lxc/x /build/touched
	rm /build/touched
	step 'orphans are reaped'
	(setsid sleep 0.01 &)
	wait_for 5 no_orphan_is_left_as_zombie
}

inside_container()
{
	make_bridge
	make_container c1 </dev/null
	start_container c1
	check_equal RUNNING "$(lxc-info -n c1 -sH)" state
	check [ -d /sys/fs/cgroup/lxc.payload.c1 ]
	check_equal "c1" "$(in_container c1 hostname)" 'hostname in the container'
}

# Tells that the container is up, and then that it still is, when asked.
inside_two()
{
	inside_container
	echo up >"/mnt/shared/$1"
	read -r _ <"/mnt/shared/$1.go"
	check_equal RUNNING "$(lxc-info -n c1 -sH)" state
	check_equal c1 "$(lxc-ls | tr -d ' ')" containers
}

inside_for_ever()
{
	inside_container
	(setsid sleep infinity &)
	echo up >/mnt/shared/up
	sleep infinity
}

if [ $# -gt 0 ]; then
	"$@"
	exit
fi

step 'the exit status is passed on'
check_equal 0 "$(status_of "$BOX" --quiet true)"
check_equal 7 "$(status_of "$BOX" --quiet sh -c 'exit 7')"
check_equal 143 "$(status_of "$BOX" --quiet sh -c 'kill -TERM $$' 2>/dev/null)"
check_equal 127 "$(status_of "$BOX" --quiet no-such-command 2>/dev/null)"

step 'so are standard input and output'
check_equal 'one two' "$(echo one two | "$BOX" --quiet cat)"

step 'a box is private'
in_box inside_private

step 'a container starts'
in_box inside_container

step 'two boxes have a container of the same name at once'
mkfifo "$TMP"/{a,b}{,.go}
for one in a b; do
	in_box inside_two "$one" &
	boxes+=($!)
done
for one in a b; do
	read -r up <"$TMP/$one"
	check_equal up "$up"
done
for one in a b; do echo go >"$TMP/$one.go"; done
for pid in "${boxes[@]}"; do check wait "$pid"; done
boxes=()

step 'a killed box takes its processes with it'
mkfifo "$TMP/up"
setpriv --pdeathsig KILL "$BOX" --quiet --bind "$TMP:/mnt/shared" bash "$SELF" inside_for_ever &
pid=$!
boxes=("$pid")
read -r up <"$TMP/up"
cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)/boxes/box.$pid

processes()
{
	find "$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null
}
no_processes()
{
	[ -z "$(processes)" ]
}

check [ "$(processes | wc -l)" -ge 5 ]
check [ -d "$cgroup/lxc.payload.c1" ]
kill -KILL "$pid"
wait "$pid" 2>/dev/null || :
boxes=()
wait_for 10 no_processes

step 'and its cgroup goes when the next one starts'
"$BOX" --quiet true
check_not [ -e "$cgroup" ]
