#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A restored container is checkpointed and restored, again and again: its state survives, and
# nothing grows.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

CYCLES=20

# What a restored container needs on this host: all that could be left behind, by number or by name.
footprint()
{
	local monitor

	monitor=$(monitor_pid c1)
	leftovers
	echo "ptys $(find /dev/pts -type c | wc -l)"
	echo "monitor's descriptors $(find "/proc/$monitor/fd" -type l | wc -l)"
	echo "monitor's threads $(find "/proc/$monitor/task" -mindepth 1 -maxdepth 1 | wc -l)"
	echo "monitor's mounts $(wc -l <"/proc/$monitor/mountinfo")"
	echo "processes in it $(wc -l </sys/fs/cgroup/lxc.payload.c1/cgroup.procs)"
	echo "its mounts $(wc -l <"/proc/$(init_pid c1)/mountinfo")"
	echo "zombies $({ grep -ls '^State:[[:space:]]*Z' /proc/[0-9]*/status || :; } | wc -l)"
	find /run /var/lib/lxc/c1 -xdev -not -path '*/rootfs/*' | sort
}

# A connection that a tool had is closed a moment later.
same_footprint()
{
	footprint >/tmp/footprint.now
	cmp -s /tmp/footprint /tmp/footprint.now
}

check_footprint()
{
	(wait_for 5 same_footprint) || {
		diff /tmp/footprint /tmp/footprint.now
		die "not as after the first restore: cycle $1"
	}
}

what_runs()
{
	in_container c1 ps -o pid,args | grep -v 'ps -o' | sort
}

rss()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$(monitor_pid c1)/status"
}

before_start=$(make_bridge && start_dhcp && leftovers)
start_counter c1 4
start_client
processes=$(what_runs)
first_rss=''

for ((i = 1; i <= CYCLES; i++)); do
	step "cycle $i"
	# three that it survives, of one that was restored often
	if [ $((i % 7)) = 0 ]; then
		for ((j = 1; j <= 3; j++)); do
			check lxc-checkpoint -n c1 -D /run/copy
			check_client_goes_on
			rm -r /run/copy
			check_footprint "$i, copy $j"
		done
	fi
	check dump -n c1 -s
	check_left "$before_start"
	check restore -n c1
	check_client_goes_on
	rm -r "$IMG"
	if [ "$i" = 1 ]; then
		footprint >/tmp/footprint
		first_rss=$(rss)
	else
		check_footprint "$i"
	fi
	check_equal ok "$(ask check)" 'the memory'
	check_equal ok "$(ask touch)" 'the memory'
done
printf 'monitor: %s KiB resident after the first, %s after the last\n' "$first_rss" "$(rss)"
check test "$(rss)" -lt $((first_rss + 256))
check_equal "$processes" "$(what_runs)" 'processes in it'

step 'the end'
end_client
check lxc-stop -n c1 -k
check_left "$before_start"
