#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Open files of the host on FUSE: what the checkpoint flushes, what is flushed when the processes
# exit, and what the kernel has cached is no change. What somebody else changes is.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
export FRESH=1

ROOTFS=/var/lib/lxc/c1/rootfs
KINDS='plain writeback cache flush'
declare -A SERVER

serves()
{
	[ -f "/srv/$1/file" ]
}

serve()
{
	mkdir -p "/srv/$1"
	/tmp/payload/fusefile "/srv/$1" "$1" &
	SERVER[$1]=$!
	wait_for 10 serves "$1"
}

end_all()
{
	lxc-stop -k -n c1 2>/dev/null || :
	for kind in $KINDS; do
		umount -l "/srv/$kind" 2>/dev/null || :
	done
}
trap end_all EXIT


mount -t tmpfs -o mode=755 srv /srv
payload holdfile >/dev/null
payload fusefile >/dev/null
for kind in $KINDS; do
	serve "$kind"
done
make_bridge
start_dhcp
make_container c1 <<-'END'
	lxc.mount.entry = /srv/plain plain none bind,create=dir 0 0
	lxc.mount.entry = /srv/writeback writeback none bind,create=dir 0 0
	lxc.mount.entry = /srv/cache cache none bind,create=dir 0 0
	lxc.mount.entry = /srv/flush flush none bind,create=dir 0 0
END
install -m 755 /tmp/payload/holdfile "$ROOTFS/bin/holdfile"
files=
for kind in $KINDS; do
	files="$files m=/$kind/file w=/$kind/file"
done
echo "::once:/bin/holdfile /ready$files" >>"$ROOTFS/etc/inittab"
start_container c1
wait_for 10 test -s "$ROOTFS/ready"

step 'what was written, by a mapping too, is flushed by the checkpoint'
for _ in 1 2; do
	check dump -n c1 -s --replace
	fails 0 '' restore -n c1
	check_equal '' "$said" 'what the restore says'
done
for kind in $KINDS; do
	check grep -q "^  open file    /$kind/file (5005 bytes" <(lxc-checkpoint --info -D "$IMG")
done
check dump -n c1 -s --replace

step 'somebody else has changed it, whatever the kernel knows of it'
for kind in plain cache flush; do
	kill -USR1 "${SERVER[$kind]}"
	fails 3 "/$kind/file, which a process has open or runs, is newer than at the checkpoint" restore -n c1
	fails 0 '' restore -n c1 --force=stale
	check dump -n c1 -s --replace
done
# in charge of the time, it does not ask
touch /srv/writeback/file
fails 3 "/writeback/file, which a process has open or runs, is newer than at the checkpoint" restore -n c1
fails 0 '' restore -n c1 --force=stale

step 'the container has written to it, and nothing happened since'
for kind in $KINDS; do
	in_container c1 sh -c "echo more >>/$kind/file"
done
check dump -n c1 -s --replace
fails 0 '' restore -n c1
check_equal '' "$said" 'what the restore says'
