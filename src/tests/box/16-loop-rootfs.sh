#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A rootfs that is a filesystem in a file, which LXC mounts by a loop device, or one on a block
# device: the restore mounts the same filesystem, or none, and no loop device is left over.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/loop.sh"

# its_root: what c1 has for its /, with all options, without the number of the loop device
its_root()
{
	grep ' / / ' "/proc/$(init_pid c1)/mountinfo" | cut -d ' ' -f 6,10- | sed 's,/dev/loop[0-9]*,/dev/loopN,'
}

# refused WORDS: by the check and by the restore, before anything runs
refused()
{
	fails 3 "$1" lxc-checkpoint -r --check -n c1 -D "$IMG"
	fails 3 "$1" restore -n c1
	check_equal STOPPED "$(lxc-info -n c1 -sH)" state
	check lxc-checkpoint --verify -D "$IMG"
	wait_for 10 none_attached
}

make_file()
{
	truncate -s 16M /srv/c1.img
	mkfs.ext4 -q -d /var/lib/lxc/c1/rootfs /srv/c1.img
	mv /var/lib/lxc/c1/rootfs /var/lib/lxc/c1/was
	mkdir /var/lib/lxc/c1/rootfs
	set_config lxc.rootfs.path loop:/srv/c1.img
	echo 'lxc.rootfs.options = noatime,errors=continue,lazytime' >>/var/lib/lxc/c1/config
}

step 'a file; two rounds'
BEFORE_START=make_file start_counter c1
before=$(its_root)
in_container c1 sh -c 'echo one >/made' </dev/null
check lxc-checkpoint --check -n c1
start_client
for round in 1 2; do
	check dump -n c1 -s --replace
	wait_for 10 none_attached
	check lxc-checkpoint -r --check -n c1 -D "$IMG"
	check restore -n c1
	check_client_goes_on
	check_equal "$before" "$(its_root)" 'the mount'
	check_equal one "$(in_container c1 cat /made)"
	check_equal 1 "$(attached | wc -l)" 'attached'
	in_container c1 sh -c "echo $round >/round" </dev/null
done
end_client
check_equal '' "$(grep /dev/loop /proc/self/mountinfo | grep -v ' /mnt/' || :)" 'what the host has mounted'

step 'without -s it runs on; a second restore does not mount the file a second time'
check dump -n c1 --replace
check state_is c1 RUNNING
wait_for 20 answers
check dump -n c1 -s --replace
wait_for 10 none_attached
check fsck.ext4 -fn /srv/c1.img >/dev/null

step 'another file, and none'
mv /srv/c1.img /srv/ours
refused 'the rootfs of c1, /srv/c1.img, is missing'
truncate -s 16M /srv/c1.img
refused 'holds no filesystem of type ext4'
mkfs.ext4 -q -d /var/lib/lxc/c1/was /srv/c1.img
before=$(md5sum </srv/c1.img)
refused 'holds another filesystem'
check_equal "$before" "$(md5sum </srv/c1.img)" 'the other filesystem'
mkfifo /srv/fifo
mv /srv/fifo /srv/c1.img
refused 'is missing'
rm /srv/c1.img
mkdir /srv/c1.img
refused 'it was loop and is a directory'
rmdir /srv/c1.img

step 'a copy is worth a warning'
cp /srv/ours /srv/c1.img
lxc-checkpoint -r --check -n c1 -D "$IMG" >/tmp/said 2>&1 || die "$(cat /tmp/said)"
check grep -q 'the rootfs is a copy of the one of the checkpoint' /tmp/said
rm /srv/c1.img
mv /srv/ours /srv/c1.img

step 'a file that is attached already is not mounted a second time'
DEVICE=$(losetup --find --show /srv/c1.img)
lxc-checkpoint -r --check -n c1 -D "$IMG" >/tmp/said 2>&1 || die "$(cat /tmp/said)"
check grep -q "is attached to $DEVICE" /tmp/said
fails 3 "is attached to $DEVICE: mounting it a second time would destroy it" restore -n c1
check grep -q "hint: unmount it, and detach it: losetup -d $DEVICE" <<<"$said"
losetup -d "$DEVICE"
DEVICE=
wait_for 10 none_attached

step 'a file in it that has changed is found'
mkdir /srv/mnt
mount -o loop /srv/c1.img /srv/mnt
cp -p /srv/mnt/bin/counter /srv/counter
echo more >>/srv/mnt/bin/counter
umount /srv/mnt
wait_for 10 none_attached
fails 3 /bin/counter lxc-checkpoint -r -n c1 -D "$IMG"
wait_for 10 none_attached
mount -o loop /srv/c1.img /srv/mnt
truncate -s "$(stat -c %s /srv/counter)" /srv/mnt/bin/counter
touch -r /srv/counter /srv/mnt/bin/counter
umount /srv/mnt
wait_for 10 none_attached

step 'a restore that fails, and one that is killed, leave no loop device'
check_not restore -n c1 -A /bin/false
wait_for 10 none_attached
holder pre-restore
restore -n c1 -A /run/hold-pre-restore >/dev/null 2>&1 &
killed=$!
read -r _ </run/held
check_equal 1 "$(attached | wc -l)"
kill -9 "$killed" "$(pgrep -x lxc-checkpoint-)" $(pgrep -x criu) || :
echo go >/run/go-on &
wait_for 10 none_attached
kill $! 2>/dev/null || :
check restore -n c1
wait_for 20 answers
lxc-stop -k -n c1
wait_for 10 none_attached

step 'without a UUID only the file itself tells'
mkfs.ext4 -qF -U clear -d /var/lib/lxc/c1/was /srv/c1.img
start_again
check dump -n c1 -s --replace
check restore -n c1
wait_for 20 answers
check dump -n c1 -s --replace
wait_for 10 none_attached
mv /srv/c1.img /srv/ours
cp /srv/ours /srv/c1.img
refused 'is another one (inode'
check restore -n c1 --force=stale,rootfs
wait_for 20 answers
lxc-stop -k -n c1
wait_for 10 none_attached

step 'a block device; two rounds, and another filesystem on it'
mkfs.ext4 -qF -d /var/lib/lxc/c1/was /srv/c1.img
mkfs.ext4 -qF -d /var/lib/lxc/c1/was /srv/ours
DEVICE=$(losetup --find --show /srv/c1.img)
# LXC takes any block device for a logical volume
set_config lxc.rootfs.path "lvm:$DEVICE"
start_again
before=$(its_root)
for round in 1 2; do
	check dump -n c1 -s --replace
	check lxc-checkpoint -r --check -n c1 -D "$IMG"
	check restore -n c1
	check_equal "$before" "$(its_root)" 'the mount'
	wait_for 20 answers
done
check dump -n c1 -s --replace
losetup -d "$DEVICE"
wait_for 10 none_attached
fails 3 'holds no filesystem of type ext4' restore -n c1
losetup "$DEVICE" /srv/ours
fails 3 'holds another filesystem' restore -n c1
losetup -d "$DEVICE"
wait_for 10 none_attached
losetup "$DEVICE" /srv/c1.img
check restore -n c1
wait_for 20 answers
