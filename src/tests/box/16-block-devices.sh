#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A filesystem on a block device that only the container has mounted comes back as the same one or
# not at all: the restore does not mount another one under the device's name.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# The machine has the loop devices for all boxes: what is attached here goes with this case.
DEVICES=() LINK=''
detach_all()
{
	local device

	lxc-stop -k -n c1 2>/dev/null || :
	for device in "${DEVICES[@]}"; do
		losetup -d "$device" 2>/dev/null || :
	done
	[ -z "$LINK" ] || rm -f "$LINK"
	rmdir /dev/disk/by-uuid /dev/disk 2>/dev/null || :
}
trap detach_all EXIT

# attach FILE [OPTION...]: sets DEVICE
attach()
{
	DEVICE=$(losetup --find --show "${@:2}" "$1")
	DEVICES+=("$DEVICE")
}

is_detached()
{
	[ -z "$(losetup -O BACK-FILE -n "$1" 2>/dev/null)" ]
}

# put FILE: it is what the device c1 mounts shows now
put()
{
	is_detached "$MOUNTED" || losetup -d "$MOUNTED"
	wait_for 10 is_detached "$MOUNTED"
	[ -z "${1:-}" ] || losetup "$MOUNTED" "$1"
}

# refused WORDS: by the check and by the restore, and the device is as before
refused()
{
	local before

	before=$(md5sum "${2:-/srv/other}")
	fails 3 "$1" lxc-checkpoint -r --check -n c1 -D "$IMG"
	fails 3 "$1" restore -n c1
	check grep -q hint: <<<"$said"
	check_equal "$before" "$(md5sum "${2:-/srv/other}")" 'the other filesystem'
	check_equal STOPPED "$(lxc-info -n c1 -sH)" state
}

# start_c1: running, and with the file open, which its init does only when it has an address
start_c1()
{
	start_container c1
	wait_for 20 runs c1 sleep
}

# mounted: what c1 has on /mnt
mounted()
{
	in_container c1 cat /mnt/which
}

mount -t tmpfs -o mode=755 srv /srv
for file in ours other; do
	truncate -s 8M "/srv/$file"
	mkdir "/srv/in-$file"
	# of one length: CRIU would see a size before we see the device
	echo "${file:0:4}" >"/srv/in-$file/which"
	mkfs.ext4 -q -d "/srv/in-$file" "/srv/$file"
done
attach /srv/ours
MOUNTED=$DEVICE
make_bridge
start_dhcp
make_container c1 <<-END
	lxc.mount.entry = $MOUNTED mnt ext4 rw,create=dir 0 0
	lxc.cgroup2.devices.allow = a
END
echo "::once:/bin/sh -c 'exec sleep 1000 </mnt/which'" >>/var/lib/lxc/c1/rootfs/etc/inittab
start_c1

step 'a checkpoint says which one it was'
check lxc-checkpoint --check -n c1
check dump -n c1 -s
uuid=$(dumpe2fs -h /srv/ours 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')
check grep -q "\"identity\": \"uuid:$uuid\"" "$IMG/manifest.json"

step 'another filesystem, none, and no device'
put /srv/other
refused "$MOUNTED, which the container had mounted, holds another filesystem now"
check grep -q "losetup $MOUNTED /srv/ours" <<<"$said"
truncate -s 8M /srv/empty
put /srv/empty
refused 'holds no filesystem of type ext4 now' /srv/empty
put
refused 'holds no filesystem of type ext4 now'

step 'the same again, and a second round'
put /srv/ours
check restore -n c1
check_equal ours "$(mounted)" 'what is mounted'
check dump -n c1 -s --replace
check restore -n c1
check_equal ours "$(mounted)" 'what is mounted'
check dump -n c1 -s --replace

step 'a copy of it is another file, which is worth a warning'
cp /srv/ours /srv/copy
put /srv/copy
lxc-checkpoint -r --check -n c1 -D "$IMG" >/tmp/said 2>&1 || die "$(cat /tmp/said)"
check grep -q 'was the file /srv/ours and is /srv/copy' /tmp/said
put /srv/ours

step 'a name that becomes another device during the restore'
attach /srv/other
cat >/run/swap <<-END
	#!/bin/sh
	[ "\$CRTOOLS_SCRIPT_ACTION" = pre-restore ] || exit 0
	mount --bind $DEVICE $MOUNTED
END
chmod +x /run/swap
fails 1 "$MOUNTED became another device during the restore" restore -n c1 -A /run/swap
check restore -n c1
check_equal ours "$(mounted)" 'what is mounted'

step 'a device that has another name by now is found by the UUID, as udev links it'
check dump -n c1 -s --replace
put /srv/other
attach /srv/ours
mkdir -p /dev/disk/by-uuid
LINK=/dev/disk/by-uuid/$uuid
ln -sf "$DEVICE" "$LINK"
check restore -n c1
check grep -q "the filesystem that the container had mounted as $MOUNTED is mounted as $LINK" \
	<<<"$(lxc-checkpoint -r --check -n c1 -D "$IMG" 2>&1 || :)"
check_equal ours "$(mounted)" 'what is mounted'
check_equal "$LINK" "$(in_container c1 sed -n 's,.* /mnt .* ext4 \([^ ]*\) .*,\1,p' /proc/self/mountinfo)" source
check dump -n c1 -s --replace
check restore -n c1
check_equal ours "$(mounted)" 'what is mounted'

step 'without a UUID it cannot be told, which is worth a warning'
lxc-stop -k -n c1
truncate -s 8M /srv/nobodys
mkfs.ext4 -q -d /srv/in-ours -U clear /srv/nobodys
put /srv/nobodys
start_c1
lxc-checkpoint --check -n c1 >/tmp/said 2>&1 || die "$(cat /tmp/said)"
check grep -q 'cannot be identified: its filesystem' /tmp/said
check dump -n c1 -s --replace
check restore -n c1
check_equal ours "$(mounted)" 'what is mounted'

step 'by a name that the host does not have for it'
in_container c1 sh -c "umount -l /mnt && mknod /dev/mine b 7 $(stat -c %Lr "$MOUNTED") && mount -t ext4 /dev/mine /mnt"
fails 3 'which is not its name on this host' lxc-checkpoint --check -n c1
check grep -q "mount it by the host's name, $MOUNTED" <<<"$said"
fails 3 'which is not its name on this host' dump -n c1 -s --replace
check_equal ours "$(mounted)" 'what is mounted'
in_container c1 umount /mnt
