# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Rows of tools.sh: lxc-cgroup and lxc-device.

cgroup_items()
{
	local item

	for item in pids.max memory.current cpu.weight cgroup.type cgroup.procs cpu.stat devices.list \
		no.such.item; do
		by lxc-cgroup -n c1 "$item" || echo "status $?"
	done
	by lxc-cgroup -n c1 pids.max 100 || echo "status $?"
	by lxc-cgroup -n c1 devices.allow 'c 1:7 rwm' || echo "status $?"
	full
	by lxc-cgroup -n c1 devices.deny 'c 1:7 rwm' || echo "status $?"
	full
}

# What opening a device that the rules do not mention says, and one that they allow.
full()
{
	in_container c1 sh -c 'head -c 0 </dev/full && echo can be read; head -c 0 </dev/null && echo null'
}

device()
{
	local status=0

	by lxc-device -n c1 "$@" || status=$?
	in_container c1 stat -c '%A %u:%g %t:%T' /dev/kmsg || :
	in_container c1 sh -c 'head -c 0 </dev/kmsg && echo can be read' || :
	return "$status"
}

cgroup_rows()
{
	row cgroup 0 'can' cgroup_items
	row cgroup-devices 0 null full
	row device-add 0 'can be read' device add /dev/kmsg
	row device-del 0 'no such file' device del /dev/kmsg
}
