#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A rootfs on a filesystem that a hook mounts: a restore has the pre-start hook mount it again, and
# refuses another filesystem on the same directory.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/loop.sh"

# round: a checkpoint and a restore
round()
{
	check dump -n c1 -s --replace
	wait_for 10 state_is c1 STOPPED
	check lxc-checkpoint -r --check -n c1 -D "$IMG"
	check restore -n c1
	wait_for 20 answers
	check_equal one "$(in_container c1 cat /made)"
}

stop()
{
	lxc-stop -k -n c1
	wait_for 10 is_unmounted
}
is_unmounted()
{
	! mountpoint -q /srv/root
}

mkdir /srv/root
cat >/run/up <<-'END'
	#!/bin/sh
	[ -e /run/nothing ] || mount -o loop /srv/disk /srv/root
END
cat >/run/down <<-'END'
	#!/bin/sh
	umount /srv/root || :
END
chmod +x /run/up /run/down

make_disk()
{
	truncate -s 16M /srv/disk
	echo one >/var/lib/lxc/c1/rootfs/made
	mkfs.ext4 -q -d /var/lib/lxc/c1/rootfs /srv/disk
	mkdir /srv/both
	cp -a /var/lib/lxc/c1/rootfs /srv/both/lower
	mkdir /srv/both/upper
	set_config lxc.rootfs.path /srv/root
	set_config lxc.hook.pre-start /run/up
	set_config lxc.hook.post-stop /run/down
}

step 'the pre-start hook mounts it; two rounds'
BEFORE_START=make_disk start_counter c1
round
round

step 'it mounts another one, or none'
check dump -n c1 -s --replace
wait_for 10 is_unmounted
mv /srv/disk /srv/disk.ours
truncate -s 16M /srv/disk
mkfs.ext4 -q -d /var/lib/lxc/c1/rootfs /srv/disk
fails 1 'the rootfs /srv/root is not the one of the checkpoint' restore -n c1
check grep -q 'hint: mount on it what was mounted there; or restore with --force=rootfs' <<<"$said"
wait_for 10 is_unmounted
touch /run/nothing
fails 1 'is in another filesystem: tmpfs on /srv (then: ext4 uuid:' restore -n c1
rm /run/nothing
mv /srv/disk.ours /srv/disk
check restore -n c1
wait_for 20 answers

step 'in the namespace of the monitor (lxc.monitor.unshare)'
stop
set_config lxc.monitor.unshare 1
set_config lxc.hook.post-stop
start_again
check is_unmounted
round
round
stop
set_config lxc.monitor.unshare
set_config lxc.hook.post-stop /run/down

step 'it mounts what an overlay is made of'
mkfs.ext4 -qF -d /srv/both /srv/disk
set_config lxc.rootfs.path overlay:/srv/root/lower:/srv/root/upper
start_again
round
round
stop

step 'it mounts what has the file of a rootfs'
rm -rf /srv/both
mkdir /srv/both
truncate -s 8M /srv/both/img
mkfs.ext4 -q -d /var/lib/lxc/c1/rootfs /srv/both/img
mkfs.ext4 -qF -d /srv/both /srv/disk
set_config lxc.rootfs.path loop:/srv/root/img
start_again
round
round
stop

step 'a pre-mount hook mounts for the container alone'
mkfs.ext4 -qF -d /var/lib/lxc/c1/rootfs /srv/disk
set_config lxc.rootfs.path /srv/root
set_config lxc.hook.pre-start
set_config lxc.hook.post-stop
set_config lxc.hook.pre-mount /run/up
start_again
fails 3 'is another directory on the host than the container has for /' lxc-checkpoint --check -n c1
check grep -q 'mount a rootfs in a pre-start hook, not in a pre-mount hook' <<<"$said"
fails 3 'is another directory on the host' dump -n c1 -s --replace
check answers
