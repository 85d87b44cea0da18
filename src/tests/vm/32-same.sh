#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The comparison of src/tests/box/47-same.sh on a host with all controllers and capabilities:
# what the config asks for, and what was set while it ran, is the same after a restore.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
export FRESH=1
. "${0%/*}/../box/lib/same.sh"

start_same <<-'END_OF_CONFIG'
	lxc.cgroup2.memory.max = 128M
	lxc.cgroup2.memory.low = 1M
	lxc.cgroup2.cpu.max = 90000 100000
	lxc.cgroup2.cpu.weight = 70
	lxc.cgroup2.pids.max = 99
	lxc.cgroup2.cpuset.cpus = 0
	lxc.prlimit.rtprio = 5
	lxc.prlimit.nice = 30
	lxc.prlimit.memlock = 65536
	lxc.proc.coredump_filter = 0x13
END_OF_CONFIG

step 'lxc-cgroup reads and sets'
check_equal 134217728 "$(lxc-cgroup -n c1 memory.max)" memory.max
check lxc-cgroup -n c1 memory.high 100M
check lxc-cgroup -n c1 pids.max 88
facts /tmp/before
grep -q 'memory.high 104857600 ' /tmp/before/cgroup
grep -q 'pids.max 88 ' /tmp/before/cgroup
grep -q 'cpuset.cpus 0 ' /tmp/before/cgroup
grep -q '^Max realtime priority  *5 ' /tmp/before/process

step 'and the same after a restore'
check dump -n c1 -s
check restore -n c1
facts /tmp/after
compare_facts /tmp/before /tmp/after
check_equal 104857600 "$(lxc-cgroup -n c1 memory.high)" memory.high
check lxc-cgroup -n c1 memory.high 99M
check_equal 103809024 "$(cat "$(payload_cgroup)/memory.high")" memory.high
