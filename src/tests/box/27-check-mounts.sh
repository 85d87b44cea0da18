#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# As 27-check, of the container's mounts: each needs a new start, since mounts stay when the
# process is gone.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/check.sh"

# MODE, and what --check has to find, a WHO=CHECK each, as in 27-check; i is init.
mount_blockers()
{
	cat <<-'END'
		cgroup-file-alone i=cgroup-file
		cgroup-file-gone i=cgroup-file
		covered-file p=covered-file
		fuse-mount n=filesystem p=device
		fuse-socket n=filesystem p=device
		message-queue n=filesystem p=file-kind
		mount-on-tracefs n=filesystem
		mounted-socket i=mounted-socket
		namespace-mnt-folders p=nested-namespace
		namespace-mnt-idmapped p=mount-options
		namespace-mount n=mount-root
		watch-as-root p=watch
		watch-queues p=watch
		overlay-mount n=filesystem
		shared-folders n=mount-sharing
		tracefs-file p=file-kind p=file-kind
	END
}

mount_innocents='bracket-mount cgroup-file-mount hugepage-mount mqueue-empty namespace-mnt-cgroup-file
	namespace-mnt-own namespace-mnt-private namespace-mnt-service namespace-mnt-services
	namespace-mnt-shared namespace-mnt-slave'

make_bridge
start_dhcp
make_container c1
with_blocker c1
start_container c1

step 'what can be checkpointed'
for mode in $mount_innocents; do
	restart
	passes "$mode"
done

step 'what cannot'
while read -r mode expected; do
	restart
	# shellcheck disable=SC2086 # words
	blocks "$mode" $expected
done < <(mount_blockers)

step 'what is worth a warning'
for mode in ramfs hugepage-file; do
	restart
	block c1 "$mode"
	check_equal 'n=(lost-content)' "$(findings)" "findings in $mode"
	check dump -n c1
	rm -r "$IMG"
done
