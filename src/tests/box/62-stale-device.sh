#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Open files on block devices that only the container has mounted, in its own mount namespace or in
# another: a restore compares them when CRIU has mounted the devices, before anything runs, and is
# undone if one has changed.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/stale.sh"

detach_at_end first second

# on DEVICE COMMAND...: in its filesystem, mounted here
on()
{
	local device=$1

	shift
	mount -t ext4 "$device" /srv/look
	(cd /srv/look && "$@")
	umount /srv/look
}

# stale NAME: nothing comes to run
stale()
{
	fails 1 "$1, which a process has open or runs, is newer than at the checkpoint" restore -n c1
	check grep -q -e '--force=stale' <<<"$said"
	check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
	check_left "$before"
}

all_ready()
{
	[ -s "$ROOTFS/ready1" ] && [ -s "$ROOTFS/ready2" ] && [ -s "$ROOTFS/ready3" ]
}

mount -t tmpfs -o mode=755 srv /srv
mkdir -p /srv/look
for file in first second; do
	truncate -s 8M "/srv/$file"
	mkdir -p "/srv/in/sub"
	head -c 5000 /dev/zero | tee /srv/in/log /srv/in/sub/log >/srv/in/mapped
	mkfs.ext4 -q -d /srv/in "/srv/$file"
done
FIRST=$(losetup --find --show /srv/first)
SECOND=$(losetup --find --show /srv/second)
payload holdfile >/dev/null
make_bridge
start_dhcp
make_container c1 <<-END
	lxc.mount.entry = $FIRST mnt ext4 rw,create=dir 0 0
	lxc.cgroup2.devices.allow = a
END
install -m 755 /tmp/payload/holdfile "$ROOTFS/bin/holdfile"
mkdir -p "$ROOTFS/other" "$ROOTFS/third"
cat >"$ROOTFS/bin/hold" <<-END
	#!/bin/sh
	case \$1 in
	1) exec /bin/holdfile /ready1 a=/mnt/log m=/mnt/mapped ;;
	2) mount --bind /mnt/sub /other && exec /bin/holdfile /ready2 a=/other/log ;;
	3) mknod $SECOND b 7 $(stat -c %Lr "$SECOND")
		mount -t ext4 $SECOND /third && exec /bin/holdfile /ready3 a=/third/sub/log ;;
	esac
END
chmod 755 "$ROOTFS/bin/hold"
cat >>"$ROOTFS/etc/inittab" <<-'END'
	::once:/bin/hold 1
	::once:/bin/unshare -m /bin/hold 2
	::once:/bin/unshare -m /bin/hold 3
END
before=$(leftovers)
start_container c1
wait_for 10 all_ready

step 'two rounds: nothing has happened since'
two_rounds
for f in /mnt/log /mnt/mapped /other/log /third/sub/log; do
	check grep -q "^  open file    $f (5000 bytes" <(lxc-checkpoint --info -D "$IMG")
done
cp -a /srv/first /srv/second /run/

step 'one has changed'
on "$FIRST" sh -c 'echo more >>log'
stale /mnt/log
cp /run/first /srv/first
on "$FIRST" touch mapped
stale /mnt/mapped
cp /run/first /srv/first
on "$FIRST" sh -c 'head -c 5000 /dev/zero >new && mv new sub/log'
stale /other/log
cp /run/first /srv/first
on "$SECOND" sh -c 'echo more >>sub/log'
stale /third/sub/log
fails 0 '' restore -n c1 --force=stale
check dump -n c1 -s --replace

step 'another file has, which nobody had open'
on "$FIRST" sh -c 'echo more >another'
comes_back_silently
