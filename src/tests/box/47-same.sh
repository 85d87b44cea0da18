#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Everything in the configuration holds after a restore as before, and nothing else has changed:
# processes, mounts, sysctls, cgroup, devices, the monitor. (scripts/vm does the same with a host's
# controllers.)
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
export FRESH=1
. "${0%/*}/lib/same.sh"

start_same </dev/null
step 'what was asked for is there before'
facts /tmp/before
grep -q '^Max open files  *512  *1024 ' /tmp/before/process
grep -qx 300 /tmp/before/process
grep -qx 'NoNewPrivs:	1' /tmp/before/process
grep -qx 'Seccomp:	2' /tmp/before/process
grep -qx '/proc/sys/net/core/somaxconn 77 ' /tmp/before/sysctl
grep -qx 'full cannot be read' /tmp/before/device
grep -q 'cgroup.max.depth 9 ' /tmp/before/cgroup
grep -qx 'the monitor has a mount namespace of its own' /tmp/before/monitor
grep -qx 'key: there' /tmp/before/own
# no config says so: the container did
in_container c1 sh -c 'echo 7 >/proc/sys/net/ipv4/tcp_retries1; echo 1 >/proc/sys/net/ipv4/conf/lo/log_martians'
facts /tmp/before

for round in 1 2; do
	step "and after restore $round"
	check dump -n c1 -s --replace
	check restore -n c1
	facts /tmp/after
	compare_facts /tmp/before /tmp/after
done

step 'init goes with its monitor'
init=$(init_pid c1)
kill -KILL "$(monitor_pid c1)"
init_is_gone()
{
	[ ! -e "/proc/$init" ]
}
wait_for 10 init_is_gone
