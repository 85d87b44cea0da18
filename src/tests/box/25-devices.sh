#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the container's cgroup forbids before a checkpoint it forbids after the restore, and after a
# second one, to old and new processes, by the rules of the configuration and by those that were
# added later.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# What opening each device for reading says, and whether a node can be made.
verdicts()
{
	# shellcheck disable=SC2016 # for the shell in the container
	in_container c1 sh -c '
		for device in null zero full random tty; do
			if head -c 0 </dev/$device 2>/dev/null; then
				echo "$device yes"
			else
				echo "$device no"
			fi
		done
		for node in "c 1 7" "c 10 200"; do
			rm -f /dev/made
			if mknod /dev/made $node 2>/dev/null; then
				echo "mknod $node yes"
			else
				echo "mknod $node no"
			fi
		done
		rm -f /dev/made
	'
}

start_counter c1 1 <<-'END'
	lxc.cgroup2.devices.deny = a
	lxc.cgroup2.devices.allow = c 1:3 rwm
	lxc.cgroup2.devices.allow = c 1:5 rwm
	lxc.cgroup2.devices.allow = c 1:9 rwm
	lxc.cgroup2.devices.allow = c 5:* rwm
	lxc.cgroup2.devices.allow = c 136:* rwm
END

step 'the rules hold before'
verdicts | tee /tmp/before
grep -qx 'full no' /tmp/before
grep -qx 'null yes' /tmp/before
grep -qx 'mknod c 1 7 no' /tmp/before

step 'and after a checkpoint that lets it run on'
check lxc-checkpoint -n c1 -D /run/first
verdicts | diff /tmp/before - || die 'the rules are others'

step 'and after a restore, and a second one'
for _ in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
	verdicts | diff /tmp/before - || die 'the rules are others'
	check_equal 1 "$(grep -c instructions "$IMG/manifest.json")" 'programs'
done

step 'what was allowed while it ran is allowed after a restore'
check lxc-stop -n c1 -k
start_container c1
wait_for 20 has_address c1
check lxc-cgroup -n c1 devices.allow 'c 1:7 rwm'
verdicts >/tmp/before
grep -qx 'full yes' /tmp/before
check dump -n c1 -s --replace
check restore -n c1
verdicts | diff /tmp/before - || die 'the rules are others'

step 'rules that the kernel does not take stop the restore'
check dump -n c1 -s --replace
nothing=$(leftovers)
sed -i 's/"instructions": "[0-9a-f]*"/"instructions": "b700000000000000"/' "$IMG/manifest.json"
reseal "$IMG"
fails 1 "cannot restore the container's device rules" restore -n c1
check_left "$nothing"
