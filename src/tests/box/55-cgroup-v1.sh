#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# On a host that has cgroups of version 1 too, a checkpoint and a restore are refused, and nothing
# is touched.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# both_versions: as hosts had them before cgroup2 was enough, with a v1 hierarchy of no controller
both_versions()
{
	mount -t tmpfs cgroup /sys/fs/cgroup
	mkdir /sys/fs/cgroup/{unified,systemd}
	mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
	mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
}

only_cgroup2()
{
	umount -l /sys/fs/cgroup
}

REASON='of version 1'
make_bridge
make_container c1 </dev/null
printf '#!/bin/sh\n' >/var/lib/lxc/c1/rootfs/etc/init.d/rcS

step 'an image of a host with cgroup2'
start_container c1
check dump -n c1 -s

step 'is refused by one with both'
both_versions
before=$(leftovers)
fails 3 "$REASON" restore -n c1
check_left "$before"

step 'and there a container is not saved'
start_container c1
fails 3 '[cgroup-v1]' lxc-checkpoint -n c1 --check
case $said in
*"hint: boot the host with"*) ;;
*) die "no remedy: $said" ;;
esac
fails 3 "$REASON" lxc-checkpoint -n c1 -s -D /run/other
check_not test -e /run/other
check state_is c1 RUNNING
lxc-stop -n c1 -k

step 'with cgroup2 alone it is restored'
only_cgroup2
check restore -n c1
check state_is c1 RUNNING
lxc-stop -n c1 -k
