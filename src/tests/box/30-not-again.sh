#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What CRIU saves and cannot restore, or fails to save late, because a process could not set it up
# another time: --check finds it, as in 27-check. What looks similar and is none passes.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/check.sh"

blockers()
{
	cat <<-'END'
		address-space p=address-space
		mappings p=too-many-mappings
		multicast-bound p=socket-address
		no-descriptor c=no-descriptor
		no-vdso c=no-vdso
		path-of-fifo p=file-kind
		pending-trap p=pending-trap
		program-mode c=program-mode
		udp-broadcast p=socket-address
		udp-unreachable p=socket-address
	END
}

# Each needs a new start: mounts stay when the process is gone.
mount_blockers()
{
	cat <<-'END'
		attributes p=file-attribute p=file-attribute
		covered-cwd p=covered-file
		covered-deleted p=covered-file
		covered-folder p=covered-file
		mount-options p=remounted p=remounted
	END
}

make_bridge
start_dhcp
make_container c1
with_blocker c1
start_container c1

step 'processes'
while read -r mode expected; do
	# shellcheck disable=SC2086 # words
	blocks "$mode" $expected
	unblock c1
done < <(blockers)

step 'files and mounts'
while read -r mode expected; do
	restart
	# shellcheck disable=SC2086 # words
	blocks "$mode" $expected
done < <(mount_blockers)

step 'what looks similar comes back'
restart
for mode in address-space-below attributes-harmless mount-options-harmless udp-connected; do
	block c1 "$mode"
done
check_equal '' "$(findings)" 'findings'
for round in 1 2; do
	echo "round $round"
	rm -rf "$IMG"
	check dump -n c1 -s
	check restore -n c1
done
