#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Open files of the host in mount namespaces of processes: on copies of the container's mounts, of a
# directory, of a single file. One that has changed since the checkpoint refuses a restore;
# unchanged ones do not.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/stale.sh"

# stale NAME: the restore is refused for that file alone
stale()
{
	fails 3 "$1, which a process has open or runs, is newer than at the checkpoint" \
		lxc-checkpoint -r --check -n c1 -D "$IMG"
	check_equal 1 "$(grep -c BLOCKS <<<"$said")" "what blocks ($said)"
	fails 3 '--force=stale' restore -n c1
	check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
}

# as_before: all files are as they were
as_before()
{
	cp -a --remove-destination /run/backup/. /srv/host
}

all_ready()
{
	local n

	for n in 1 2 3 4; do
		[ -s "$ROOTFS/ready$n" ] || return 1
	done
}

mount -t tmpfs -o mode=755 srv /srv
mkdir -p /srv/host/sub/deep /srv/host/private/tmp /srv/host/over
for f in log sub/log sub/deep/log one private/tmp/log over/log same lock; do
	head -c 5000 /dev/zero >"/srv/host/$f"
done
payload holdfile >/dev/null
prepare()
{
	install -m 755 /tmp/payload/holdfile "$ROOTFS/bin/holdfile"
	mkdir -p "$ROOTFS/other"
	cat >"$ROOTFS/bin/hold" <<-'END'
		#!/bin/sh
		case $1 in
		# what is copied as it is, and a single file
		1) exec /bin/holdfile /ready1 a=/data/log a=/etc/one r=/data/same flock=/data/lock ;;
		# a folder of it, and a folder of that
		2) mount --bind /data/sub /other
			mount --bind /other/deep /mnt
			exec /bin/holdfile /ready2 a=/other/log a=/mnt/log ;;
		# as systemd's PrivateTmp
		3) mount --make-rprivate /
			mount --bind /data/private/tmp /tmp
			exec /bin/holdfile /ready3 m=/tmp/log ;;
		# beneath what init has there
		4) mount --make-rprivate /
			umount /data/over
			exec /bin/holdfile /ready4 a=/data/over/log ;;
		esac
	END
	chmod 755 "$ROOTFS/bin/hold"
	cat >>"$ROOTFS/etc/inittab" <<-'END'
		::sysinit:/bin/sh -c 'mount -t tmpfs none /data/over && head -c 5000 /dev/zero >/data/over/log'
		::once:/bin/unshare -m /bin/hold 1
		::once:/bin/unshare -m /bin/hold 2
		::once:/bin/unshare -m /bin/hold 3
		::once:/bin/unshare -m /bin/hold 4
	END
}
make_bridge
start_dhcp
make_container c1 <<-'END'
	lxc.mount.entry = /srv/host data none bind,create=dir 0 0
	lxc.mount.entry = /srv/host/one etc/one none bind,create=file 0 0
END
prepare
start_container c1
wait_for 10 all_ready

step 'two rounds: nothing has happened since'
two_rounds
cp -a /srv/host /run/backup

step 'one is longer, shorter, another, or another of the same size'
echo more >>/srv/host/log
stale /data/log
as_before
: >/srv/host/sub/log
stale /data/sub/log
as_before
head -c 5000 /dev/zero >/srv/host/sub/deep/new
mv /srv/host/sub/deep/new /srv/host/sub/deep/log
stale /data/sub/deep/log
as_before
printf X | dd of=/srv/host/private/tmp/log conv=notrunc bs=1 status=none
stale /data/private/tmp/log
as_before
echo more >>/srv/host/one
stale /etc/one
as_before
touch /srv/host/over/log
stale /data/over/log
as_before
touch /srv/host/same
stale /data/same
as_before

step 'one that is gone'
mv /srv/host/sub/log /run/log
fails 3 '/data/sub/log, which a process has open or runs, is missing' restore -n c1 --force=stale
mv /run/log /srv/host/sub/log

step 'one on which it had a lock that somebody on the host has now'
setsid /tmp/payload/holdfile /run/locked flock=/srv/host/lock </dev/null >/dev/null 2>&1 &
wait_for 10 test -s /run/locked
fails 3 '/data/lock, on which process' restore -n c1
check grep -q 'is locked by process' <<<"$said"
kill "$(cat /run/locked)"
wait "$!" || :

step 'all are as they were'
comes_back_silently
