#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The limits of the container's cgroup, from its configuration and set later, are in force after a
# restore. (This kernel gives boxes few controllers; scripts/vm has a host with all.)
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
export FRESH=1

cgroup=/sys/fs/cgroup/lxc.payload.c1

# What can be made in the container's cgroup before the limit says no.
children()
{
	local n=0

	while [ $n -lt 20 ] && mkdir "$cgroup/child$n" 2>/dev/null; do
		n=$((n + 1))
	done
	find "$cgroup" -mindepth 1 -maxdepth 1 -name 'child*' -exec rmdir {} +
	echo $n
}

start_counter c1 1 <<-'END'
	lxc.cgroup2.cgroup.max.depth = 7
END
check_equal 7 "$(cat $cgroup/cgroup.max.depth)" 'the limit of the config'
echo 3 >$cgroup/cgroup.max.descendants
huge=$(find $cgroup -name 'hugetlb.*MB.max' | head -n 1)
[ -z "$huge" ] || echo 4194304 >"$huge"
check_equal 3 "$(children)" 'children that can be made'

for _ in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
	check_equal 7 "$(cat $cgroup/cgroup.max.depth)" 'the limit of the config'
	check_equal 3 "$(children)" 'children that can be made'
	[ -z "$huge" ] || check_equal 4194304 "$(cat "$huge")" "$huge"
done

step 'a limit that cannot be set again stops the restore'
check dump -n c1 -s --replace
nothing=$(leftovers)
sed -i 's/"cgroup.max.depth"/"cgroup.max.nonsense"/' "$IMG/manifest.json"
reseal "$IMG"
fails 1 "cannot set cgroup.max.nonsense of the container's cgroup" restore -n c1
check_left "$nothing"
