#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Watched folders whose inode number is that of the root directory, in filesystems of which other
# mounts show only a part: beside services' mount namespaces, as systemd makes them, and in the
# container's own. Each folder is watched again, and nothing else, after two checkpoints and after
# one that the container outlives.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/nested.sh"
. "${0%/*}/lib/loop.sh"

# The rootfs is a filesystem of its own: its root directory has the number 2, as has the first
# thing that is made on a tmpfs.
own_filesystem()
{
	truncate -s 32M /srv/c1.img
	mkfs.ext4 -q -d "$rootfs" /srv/c1.img
	mount -o loop /srv/c1.img "$rootfs"
}

make_tmpfs()
{
	in_container c1 sh -c 'set -e
	mount -t tmpfs none /run
	mkdir /run/services
	mkdir -p /other /part
	mount -t tmpfs none /other
	mkdir /other/watched /other/part
	mount --bind /other/part /part' </dev/null
	check_equal '2 2 2' "$(in_container c1 stat -c %i / /run/services /other/watched | xargs)"
}

start_watcher()
{
	rm -f "$rootfs/ready"
	in_container c1 sh -c \
		'/bin/watcher /events /ready /run/services /other/watched /run /etc >/dev/null 2>/said </dev/null &'
	wait_for 10 is_ready
}

# all_seen N: what the N-th round has made
all_seen()
{
	local folder

	for folder in /run/services /other/watched /run /etc; do
		grep -qx "inotify $folder made-$1" "$rootfs/events" || return 1
		grep -qx "fanotify $folder" "$rootfs/events" || return 1
	done
}

# watches N
watches()
{
	: >"$rootfs/events"
	# shellcheck disable=SC2016 # for the shell in the container
	in_container c1 sh -c ': >/made; ls /
	for folder in /run/services /other/watched /run /etc; do
		mkdir $folder/made-$1
		ls $folder
	done' sh "$1" </dev/null >/dev/null
	(wait_for 10 all_seen "$1") || die "$(cat "$rootfs/events")"
	check_not grep -qx -e 'fanotify /' -e 'inotify .* made' "$rootfs/events"
}

make_bridge
start_dhcp
make_container c1 </dev/null
with_nested
payload watcher >/dev/null
install -m 755 /tmp/payload/watcher "$rootfs/bin/watcher"
trap 'lxc-stop -k -n c1 2>/dev/null; umount -lq "$rootfs"; detach_all' EXIT
own_filesystem
start_container c1
make_tmpfs
nested='' modes=''
nested sandbox-a
nested sandbox-b
start_watcher
watches 0

step 'it runs on'
check dump -n c1
watches outlived
rm -r "$IMG"

for round in first second; do
	step "the $round checkpoint"
	check lxc-checkpoint -q --check -n c1 -D "$IMG"
	check dump -n c1 -s
	check restore -n c1
	watches "$round"
	rm -r "$IMG"
done
