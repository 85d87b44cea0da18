#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A hostile root in the container changes what it has for /: no path of the host that it names is
# opened, nothing else is taken for the rootfs, and nobody waits for what it serves.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/loop.sh"

make_file()
{
	truncate -s 16M /srv/c1.img
	mkfs.ext4 -q -d /var/lib/lxc/c1/rootfs /srv/c1.img
	set_config lxc.rootfs.path loop:/srv/c1.img
}

# put_on_root TYPE SOURCE BELOW
put_on_root()
{
	in_container c1 sh -c "mount --make-rprivate / && mkdir -p /p && mount -t $1 $2 /p && mkdir -p /p/$3 && cd /p && pivot_root . $3" </dev/null
}

step 'a filesystem that has a path of the host as its source'
BEFORE_START=make_file start_counter c1
check lxc-checkpoint --check -n c1
mkfifo /srv/trap
echo >/srv/trap &
trap=$!
put_on_root tmpfs /srv/trap old
fails 3 'no loop device with that file' lxc-checkpoint --check -n c1
# it waits for a reader
check kill "$trap"
lxc-stop -k -n c1
wait_for 10 none_attached

step 'proc, with the loop device as its source: a restore would mount that of the host'
start_container c1
put_on_root proc "$(attached)" fs
fails 3 'no loop device with that file' lxc-checkpoint --check -n c1
lxc-stop -k -n c1
wait_for 10 none_attached

step 'a filesystem that nobody serves'
set_config lxc.rootfs.path dir:/var/lib/lxc/c1/rootfs
start_container c1
coproc STUCK { exec python3 "${0%/*}/lib/stuck_root.py" "$(init_pid c1)"; }
read -r -t 10 said <&"${STUCK[0]}"
check_equal 'done' "$said"
status=0
timeout -s KILL 30 lxc-checkpoint --check -n c1 >/tmp/said 2>&1 || status=$?
cat /tmp/said
check_equal 3 "$status" 'within 30 s'
kill "$STUCK_PID"
lxc-stop -k -n c1
