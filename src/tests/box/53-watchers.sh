#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A client that waits for a container's states sees the same of a checkpointed and restored
# container as of a twin that lxc-start starts and lxc-stop stops.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

watch=$(dirname "$0")/lib/watch.py
mkfifo /run/ready
COUNTED=0

# watched NAME COMMAND...: what connections that waited before COMMAND got from it, in /tmp/saw.N
watched()
{
	local name=$1 watching

	shift
	COUNTED=$((COUNTED + 1))
	"$watch" "$name" /run/ready >"/tmp/saw.$COUNTED" &
	watching=$!
	read -r _ </run/ready
	check "$@"
	check wait "$watching"
}

# What lxc-monitor has seen of a container
seen()
{
	sed -n -e "s/^'$1' changed state to \[\(.*\)\]$/\1/p" \
		-e "s/^'$1' exited with status \[\(.*\)\]$/exit \1/p" /tmp/watched | paste -sd ' '
}
seen_is()
{
	[ "$(seen "$1")" = "$2" ]
}
# They see the same from now on, which has to be WORDS.
check_seen()
{
	wait_for 20 seen_is twin "$1"
	wait_for 20 seen_is c1 "$1"
	: >/tmp/watched
}
is_watched()
{
	: >/tmp/watched
	lxc-freeze -n twin
	lxc-unfreeze -n twin
	grep -q 'twin.*RUNNING' /tmp/watched
}
check_same()
{
	diff "/tmp/saw.$((COUNTED - 1))" "/tmp/saw.$COUNTED" || die 'not as of the one that was started'
}

is_down()
{
	! pgrep -xf "\\[lxc monitor\\] /var/lib/lxc $1" >/dev/null
}
both_down()
{
	wait_for 20 is_down twin
	wait_for 20 is_down c1
}

freeze_thaw()
{
	lxc-freeze -n "$1" && lxc-unfreeze -n "$1" && lxc-stop -n "$1" -k
}

start_counter c1
make_container twin </dev/null
check lxc-start -n twin
check lxc-wait -n twin -s RUNNING -t 10
lxc-monitor '.*' >>/tmp/watched 2>&1 &
wait_for 10 is_watched
: >/tmp/watched

step 'a checkpoint that lets it run on shows nothing'
dump_first()
{
	dump -n c1 && freeze_thaw c1
}
watched twin freeze_thaw twin
watched c1 dump_first
check_same
check_seen 'FREEZING FROZEN THAWED RUNNING exit 0 STOPPING STOPPED'
both_down

step 'checkpoint with -s, and restore: as lxc-stop -k and lxc-start'
check lxc-start -n twin
check lxc-start -n c1
check_seen 'STARTING RUNNING'
wait_for 20 has_address c1
ADDRESS=$(address c1)
wait_for 60 answers
watched twin lxc-stop -n twin -k
watched c1 dump -n c1 -s --replace
check_same
check_seen 'exit 0 STOPPING STOPPED'
both_down
# those that wait for a container that is not there yet
waiting=()
for name in twin c1; do
	lxc-wait -n "$name" -s RUNNING -t 60 &
	waiting+=($!)
	lxc-wait -n "$name" -s 'STARTING|RUNNING' -t 60 &
	waiting+=($!)
	check timeout 5 lxc-wait -n "$name" -s STOPPED
	fails 1 '' lxc-wait -n "$name" -s RUNNING -t 0
done
check lxc-start -n twin
check restore -n c1
for pid in "${waiting[@]}"; do
	check wait "$pid"
done
check_seen 'STARTING RUNNING'

step 'the restored one: frozen, thawed, stopped'
watched twin freeze_thaw twin
watched c1 freeze_thaw c1
check_same
check_seen 'FREEZING FROZEN THAWED RUNNING exit 0 STOPPING STOPPED'
both_down

step 'lxc-wait for each state'
check lxc-start -n twin
check restore -n c1
check_seen 'STARTING RUNNING'
for name in twin c1; do
	: >"/tmp/order.$name"
	waiting=()
	here=$(grep -c "@/var/lib/lxc/$name/command$" /proc/net/unix)
	for state in FREEZING FROZEN THAWED STOPPING STOPPED; do
		{ lxc-wait -n "$name" -s "$state" -t 60 && echo "$state" >>"/tmp/order.$name"; } &
		waiting+=($!)
	done
	are_connected()
	{
		[ "$(grep -c "@/var/lib/lxc/$name/command$" /proc/net/unix)" -ge $((here + 5)) ]
	}
	wait_for 10 are_connected
	check timeout 5 lxc-wait -n "$name" -s RUNNING
	check freeze_thaw "$name"
	for pid in "${waiting[@]}"; do
		check wait "$pid"
	done
	check_equal 'FREEZING FROZEN STOPPED STOPPING THAWED' "$(sort "/tmp/order.$name" | paste -sd ' ')"
done
check_seen 'FREEZING FROZEN THAWED RUNNING exit 0 STOPPING STOPPED'
both_down

step 'a reboot'
check lxc-start -n twin
check restore -n c1
check_seen 'STARTING RUNNING'
watched twin lxc-stop -n twin -r -t 60
watched c1 lxc-stop -n c1 -r -t 60
check_same
check_seen 'exit 0 STOPPING STOPPED STARTING RUNNING'
check lxc-stop -n twin -k
check lxc-stop -n c1 -k
both_down
check_seen 'exit 0 STOPPING STOPPED'

# -n NAME
kill_init()
{
	kill -KILL "$(init_pid "$2")"
}
kill_monitor()
{
	kill -KILL "$(monitor_pid "$2")"
}

step 'killed, halted'
for end in 'lxc-stop -t 60' 'kill_init' 'kill_monitor'; do
	check lxc-start -n twin
	check restore -n c1
	check_seen 'STARTING RUNNING'
	wait_for 20 has_address twin
	# shellcheck disable=SC2086 # a command and its options
	watched twin $end -n twin
	# shellcheck disable=SC2086
	watched c1 $end -n c1
	case $end in
	kill_monitor)
		check_same
		;;
	*)
		check_same
		check_seen 'exit 0 STOPPING STOPPED'
		;;
	esac
	both_down
done
