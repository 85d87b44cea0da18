#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Filesystems of the kernel's that a container shows of the host's, or has mounted
# itself: they are there again after two checkpoints, at the same places and as
# read-only, a tracefs too, which CRIU leaves out.
. "${0%/*}/lib.sh"
. "${0%/*}/counter.sh"
. "${0%/*}/nested.sh"

kinds='bpf binfmt_misc debugfs fusectl hugetlbfs mqueue pstore securityfs tracefs'

make_bridge
start_dhcp
mount -t tracefs none /sys/kernel/tracing
mount -t debugfs none /sys/kernel/debug
# the kernel mounts another one there
ls /sys/kernel/debug/tracing >/dev/null
check mountpoint -q /sys/kernel/debug/tracing
make_container c1 <<-'END'
	lxc.mount.entry = /sys/kernel/tracing sys/kernel/tracing none rbind,create=dir,optional
	lxc.mount.entry = /sys/kernel/debug sys/kernel/debug none rbind,create=dir,optional
	lxc.mount.entry = /sys/kernel/tracing/events events none bind,ro,create=dir
	lxc.mount.entry = /sys/kernel/tracing/trace_marker marker none bind,ro,create=file
	lxc.mount.entry = /sys/kernel/security security none bind,ro,create=dir
END
with_nested

begin private own-tracefs pivot-whole
for kind in $kinds; do
	mkdir -p "$rootfs/fs/$kind"
	check in_container c1 mount -t "$kind" -o nosuid none "/fs/$kind"
done
check in_container c1 test -e /fs/debugfs/tracing/events
# a part of one, on another one
check in_container c1 mount --bind /fs/tracefs/events /fs/tracefs/instances
rounds

works()
{
	check in_container c1 grep -q nop /sys/kernel/tracing/current_tracer
	check in_container c1 test -d /events/sched
	check_not in_container c1 sh -c 'echo 0 >/events/enable'
	check_not in_container c1 sh -c 'echo x >/marker'
	check in_container c1 sh -c 'echo x >/sys/kernel/tracing/trace_marker'
	check in_container c1 test -e /sys/kernel/debug/tracing/events
}
works
stop
