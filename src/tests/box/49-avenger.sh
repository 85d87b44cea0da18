#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A restored process that at once kills others, and one whose first thread exits at once: CRIU fails
# if a process dies that it has not let go of, so none may run before.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

ROOTFS=/var/lib/lxc/c1/rootfs
payload avenger -pthread >/dev/null

thawed()
{
	grep -q 'frozen 0' /sys/fs/cgroup/lxc.payload.c1/cgroup.events
}

make_bridge
start_dhcp
make_container c1
cp /tmp/payload/avenger "$ROOTFS/bin/"
echo '::once:/bin/avenger' >>"$ROOTFS/etc/inittab"
start_container c1
wait_for 20 test -e "$ROOTFS/ready"

step 'a container that runs on'
cat >/run/go <<-END
	#!/bin/sh
	[ "\$CRTOOLS_SCRIPT_ACTION" != post-dump ] || : >$ROOTFS/go
END
chmod +x /run/go
check dump -n c1 -A /run/go
wait_for 10 test -e "$ROOTFS/done"
check thawed
rm "$ROOTFS/go" "$ROOTFS/done"

step 'a container that is restored'
lxc-stop -k -n c1
rm "$ROOTFS/ready"
start_container c1
wait_for 20 test -e "$ROOTFS/ready"
check dump -n c1 -s --replace
: >"$ROOTFS/go"
for round in 1 2; do
	rm -f "$ROOTFS/done"
	check restore -n c1
	check thawed
	wait_for 10 test -e "$ROOTFS/done"
	lxc-stop -k -n c1
	echo "round $round"
done
