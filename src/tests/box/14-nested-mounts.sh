#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Processes in mount namespaces of their own, some with another root than the container's: their
# mounts, terminals and open files are the same after two checkpoints. A file that has changed is
# reported.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/nested.sh"

# in a folder that is / for one of them
change_a_file()
{
	cp -a "$rootfs/nested.bind" "$rootfs/nested.chroot" /run/
	echo more >>"$rootfs/nested.bind/file"
	fails 3 '/nested.bind/file, which a process has open or runs, had 18 bytes and has 23' restore -n c1
	cp -a /run/nested.bind/file "$rootfs/nested.bind/file"
	rm "$rootfs/nested.chroot/file"
	fails 3 '/nested.chroot/file, which a process has open or runs, is missing' restore -n c1
	cp -a /run/nested.chroot/file "$rootfs/nested.chroot/file"
}

make_bridge
start_dhcp
make_container c1 </dev/null
with_nested

begin private own-mounts own-dev pivot-tmpfs pivot-bind chroot
rounds change_a_file
stop

# what propagates does so again
begin slave slave-shared shared pivot-whole
rounds
stop

# as services of systemd have it, side by side
receives()
{
	mkdir -p "$rootfs/run/services/a/new"
	in_container c1 mount -t tmpfs none /run/services/a/new
	nested=${nested# }
	check grep -q ' /run/incoming/new ' "/proc/${nested%% *}/mountinfo"
	in_container c1 umount /run/services/a/new
}

begin sandbox-a sandbox-b listeners
receives
outlives
receives
rounds
receives
nested=${nested# }
check [ -w "/proc/${nested%% *}/root/sys/fs/cgroup/cgroup.procs" ]
check_equal secret "$(cat "/proc/${nested%% *}/root/run/credentials/password")"
