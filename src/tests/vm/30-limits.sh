#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# On a host with all controllers: limits for memory, cpu, pids and io, and rules
# for devices, from the config and set while the container ran, are in force
# after a restore, and after a second one.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
export FRESH=1

cgroup=/sys/fs/cgroup/lxc.payload.c1

settings()
{
	local file

	for file in memory.max memory.high memory.low cpu.max cpu.weight pids.max cpuset.cpus; do
		printf '%s %s\n' "$file" "$(cat "$cgroup/$file")"
	done
}

# Not even as a zombie that init has yet to collect: what came in from outside stands in the way of a dump.
no_readers()
{
	! in_container c1 ps -o stat,args | grep -q -e '^Z' -e 'read x'
}

# What the limits do: a device is refused, and so is one process too many.
# shellcheck disable=SC2016 # for the shells in the container
effects()
{
	in_container c1 sh -c '
		head -c 0 </dev/full 2>/dev/null && echo full || echo no full
		head -c 0 </dev/null 2>/dev/null && echo null || echo no null
	'
	# every child lives until it has read, so that they are all there at once
	in_container c1 sh -c '
		n=0
		rm -f /fifo && mkfifo /fifo
		while [ $n -lt 40 ]; do (read x </fifo) & n=$((n + 1)); done
		wait
	' >/tmp/forks 2>&1 || :
	grep -q 'fork' /tmp/forks && echo 'one process too many'
	pkill -KILL -f 'read x </fifo' || :
	wait_for 10 no_readers
}

start_counter c1 1 <<-'END'
	lxc.apparmor.profile = unconfined
	lxc.cgroup2.memory.max = 64M
	lxc.cgroup2.cpu.max = 90000 100000
	lxc.cgroup2.pids.max = 25
	lxc.cgroup2.devices.deny = a
	lxc.cgroup2.devices.allow = c 1:3 rwm
	lxc.cgroup2.devices.allow = c 1:5 rwm
	lxc.cgroup2.devices.allow = c 5:* rwm
	lxc.cgroup2.devices.allow = c 136:* rwm
END
start_client
check lxc-cgroup -n c1 memory.high 60M
check lxc-cgroup -n c1 cpu.weight 50
settings | tee /tmp/settings
grep -qx 'memory.max 67108864' /tmp/settings
grep -qx 'memory.high 62914560' /tmp/settings
grep -qx 'pids.max 25' /tmp/settings
effects | tee /tmp/effects
check_equal $'no full\nnull\none process too many' "$(cat /tmp/effects)" 'effects'

for round in 1 2; do
	step "round $round"
	check dump -n c1 -s --replace
	check restore -n c1
	settings | diff /tmp/settings - || die 'the limits are others'
	effects | diff /tmp/effects - || die 'the limits do not do the same'
	check_equal 67108864 "$(lxc-cgroup -n c1 memory.max)" 'memory.max by lxc-cgroup'
	check_client_goes_on
done
end_client
