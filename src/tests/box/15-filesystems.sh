#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Kernel filesystems that a container shows from the host or has mounted itself: they come back
# after two checkpoints, at the same places and as read-only as before, including a tracefs, which
# CRIU omits. Mounts that hooks make for a container stay with its monitor, if that has its own
# mount namespace.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/nested.sh"

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

step 'a monitor with mounts of its own, and a hook that mounts'
mkdir /run/of-hook /run/of-host
cat >/run/hook <<-'END'
	#!/bin/sh
	mount -t tmpfs of-hook /run/of-hook && echo here >/run/of-hook/file
	! [ -e /run/fail ]
END
chmod +x /run/hook
cat >>/var/lib/lxc/c1/config <<-'END'
	lxc.monitor.unshare = 1
	lxc.hook.pre-start = /run/hook
	lxc.mount.entry = /run/of-hook of-hook none bind,create=dir
END
mount --make-shared --bind /run/of-host /run/of-host
start_container c1

# What the monitor has mounted, beside what the host has.
of_monitor()
{
	grep -c of-hook "/proc/$(cut -d' ' -f4 "/proc/$(init_pid c1)/stat")/mountinfo"
}
before=$(of_monitor)
here_before=$(wc -l </proc/self/mountinfo)
for round in first second; do
	check dump -n c1 -s
	touch /run/fail
	fails 1 'the pre-start hook, /run/hook, exited with 1' restore -n c1
	rm /run/fail
	check_equal "$here_before" "$(wc -l </proc/self/mountinfo)" "mounts of the host's after a failed restore"
	check restore -n c1
	check_equal "$before" "$(of_monitor)" "mounts of the monitor's after the $round restore"
	check_equal "$here_before" "$(wc -l </proc/self/mountinfo)" "mounts of the host's after the $round restore"
	check_equal here "$(in_container c1 cat /of-hook/file)" 'what the hook has made'
	rm -r "$IMG"
done
# mounts of the host's come in to it
mount -t tmpfs later /run/of-host
check grep -q later "/proc/$(monitor_pid c1)/mountinfo"
stop
check_equal "$((here_before + 1))" "$(wc -l </proc/self/mountinfo)" "mounts of the host's at the end"
