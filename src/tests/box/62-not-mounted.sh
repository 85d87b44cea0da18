#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The source of a mount was in a host filesystem that is not mounted at the restore, or is replaced
# by another one: the directory that is there instead is refused. Device numbers, and how the same
# directory is mounted, do not matter.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/stale.sh"

detach_at_end ours other

# plug FILE: a filesystem on /srv/disk; its device is to be another one than before
plug()
{
	local spare device

	spare=$(losetup --find --show /srv/spare)
	device=$(losetup --find --show "$1")
	losetup -d "$spare"
	mount -t ext4 "$device" /srv/disk
	losetup -d "$device"
}

# missing WHAT WHERE: the restore is refused for that alone
missing()
{
	fails 3 "$1, which the container had on $2, was in a filesystem" lxc-checkpoint -r --check -n c1 -D "$IMG"
	check_equal 1 "$(grep -c BLOCKS <<<"$said")" "what blocks ($said)"
	fails 3 "mount it on $3 again" restore -n c1
	check grep -q -e '--force=rootfs' <<<"$said"
	check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
}

# as_it_was: it can be restored, without a word of what is mounted
as_it_was()
{
	fails 0 'c1 can be restored' lxc-checkpoint -r --check -n c1 -D "$IMG"
	check_not grep -q mount-source <<<"$said"
}

share()
{
	mount -t tmpfs share /srv/share
	mkdir -p /srv/share/data
	echo shared >/srv/share/data/file
}

mount -t tmpfs -o mode=755 srv /srv
mkdir -p /srv/disk/data /srv/share/data /srv/bound /srv/plain/data /srv/elsewhere
echo beneath >/srv/disk/file
for file in ours other; do
	truncate -s 8M "/srv/$file"
	mkdir -p "/srv/in-$file/data"
	echo "$file" >"/srv/in-$file/file"
	mkfs.ext4 -q -d "/srv/in-$file" "/srv/$file"
done
truncate -s 1M /srv/spare
echo bound >/srv/elsewhere/file
plug /srv/ours
share
mount --bind /srv/elsewhere /srv/bound
make_bridge
make_container c1 <<-'END'
	lxc.mount.entry = /srv/disk/data disk none bind,create=dir 0 0
	lxc.mount.entry = /srv/disk/file file none bind,create=file 0 0
	lxc.mount.entry = /srv/share/data share none bind,create=dir 0 0
	lxc.mount.entry = /srv/bound bound none bind,create=dir 0 0
	lxc.mount.entry = /srv/plain/data plain none bind,create=dir 0 0
END
start_container c1
check dump -n c1 -s

step 'all is mounted again, of other devices'
umount /srv/disk /srv/share /srv/bound
plug /srv/ours
share
mount --bind /srv/elsewhere /srv/bound
as_it_was
comes_back_silently
check_equal ours "$(in_container c1 cat /file)" 'the file'
check dump -n c1 -s --replace

step 'the disk is not'
umount /srv/disk
fails 3 '/srv/disk/data, which the container had on /disk, was in a filesystem (ext4) that was mounted on /srv/disk and is not mounted now' restore -n c1
check_not grep -q 'now mounted now' <<<"$said"
fails 3 '/srv/disk/file, which the container had on /file' lxc-checkpoint -r --check -n c1 -D "$IMG"
fails 0 'was in a filesystem (ext4)' restore -n c1 --force=rootfs
check_equal beneath "$(in_container c1 cat /file)" 'the file'
lxc-stop -k -n c1
lxc-wait -n c1 -s STOPPED -t 10

step 'another disk is in its place'
plug /srv/other
fails 3 'is in another filesystem than at the checkpoint: ext4 uuid:' restore -n c1
fails 0 'is in another filesystem' lxc-checkpoint -r --check -n c1 -D "$IMG" --force=rootfs
umount /srv/disk
mount -t tmpfs disk /srv/disk
mkdir /srv/disk/data
touch /srv/disk/file
fails 3 'is in another filesystem than at the checkpoint: tmpfs on /srv/disk (then: ext4 uuid:' restore -n c1
umount /srv/disk

step 'on another host, with a copy of all, it is another for certain: a warning'
plug /srv/other
mv /var/lib/lxc/c1/rootfs /var/lib/lxc/c1/then
cp -a /var/lib/lxc/c1/then /var/lib/lxc/c1/rootfs
fails 0 'is in another filesystem' lxc-checkpoint -r --check -n c1 -D "$IMG"
umount /srv/disk
fails 3 'that was mounted on /srv/disk and is not' restore -n c1
rm -r /var/lib/lxc/c1/rootfs
mv /var/lib/lxc/c1/then /var/lib/lxc/c1/rootfs
plug /srv/ours

step 'a share on a filesystem of the same type, and a directory that is bound'
umount /srv/share
missing /srv/share/data /share /srv/share
share
umount /srv/bound
missing /srv/bound /bound /srv/bound
mount --bind /srv/elsewhere /srv/bound

step 'the same directories by other mounts'
mount --bind /srv/plain/data /srv/plain/data
mount --bind /srv/disk /srv/disk
as_it_was
umount /srv/plain/data /srv/disk

step 'one that was no mount, and has something mounted over it now: a warning'
mount -t tmpfs over /srv/plain/data
fails 0 '/srv/plain/data, which the container had on /plain, is in another filesystem' lxc-checkpoint -r --check -n c1 -D "$IMG"
umount /srv/plain/data

step 'a hook that mounts it'
umount /srv/bound
cat >/run/hook <<-'END'
	#!/bin/sh
	mountpoint -q /srv/bound || mount --bind /srv/elsewhere /srv/bound
END
chmod +x /run/hook
echo 'lxc.hook.pre-start = /run/hook' >>/var/lib/lxc/c1/config
fails 0 '' restore -n c1 --force=config
check_equal bound "$(in_container c1 cat /bound/file)" 'the file'
check dump -n c1 -s --replace
umount /srv/bound
printf '#!/bin/sh\n' >/run/hook
fails 1 '/srv/bound, which the container had on /bound, was in a filesystem' restore -n c1
mount --bind /srv/elsewhere /srv/bound

step 'an image of an earlier version does not say it'
without_file_times
umount /srv/share
fails 0 '' restore -n c1
