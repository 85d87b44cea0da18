#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Mounts of all kinds in mount namespaces of processes, namespaces whose maker has exited, and
# several that share with one another: all is as before after two checkpoints, and after one that
# the container outlives. A crowd of mounts does not take for ever.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/nested.sh"

make_bridge
start_dhcp
make_container c1 </dev/null
with_nested

begin many-kinds orphan peers
with_parent
outlives
rounds
stop

# one hears of the other, which hears of the container
hears()
{
	in_container c1 mount -t tmpfs none /run/new
	for pid in $nested; do
		check grep -q ' /run/new ' "/proc/$pid/mountinfo"
	done
	in_container c1 umount /run/new
	for pid in $nested; do
		check_not grep -q ' /run/new ' "/proc/$pid/mountinfo"
	done
}

begin chain
with_parent
mkdir -p "$rootfs/run/new"
hears
outlives
rounds
hears
