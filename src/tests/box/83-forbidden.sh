#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What checkpointable.conf forbids fails as it does on a kernel without it, so that programs do
# without it, and the container can be checkpointed.
. "${0%/*}/lib/lib.sh"

make_bridge
payload forbidden >/dev/null
make_container c1 <<-'END'
	lxc.include = /usr/local/share/lxc/config/checkpointable.conf
	lxc.mount.entry = /tmp/payload tmp none ro,bind 0 0
END
sed -i '/udhcpc/d' /var/lib/lxc/c1/rootfs/etc/init.d/rcS
start_container c1

step 'servers take TCP where they would take Multipath TCP'
check_not /tmp/payload/forbidden
check in_container c1 /tmp/forbidden
