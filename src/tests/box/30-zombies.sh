#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Zombies whose sessions have lost their leaders: CRIU makes a leader that hands each over to init,
# and waits for that for ever if it is a moment late. So they are made in init's session.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

ROOTFS=/var/lib/lxc/c1/rootfs
payload zombies >/dev/null

# PID, status, session
zombies()
{
	in_container c1 sh -c 'cat /proc/[0-9]*/stat' | awk '$3 == "Z" { print $1, $2, $6 }'
}

make_bridge
make_container c1 <<-'END'
	lxc.init.cmd = /bin/zombies
END
cp /tmp/payload/zombies "$ROOTFS/bin/"
start_container c1
wait_for 20 test -e "$ROOTFS/ready"
check_equal 3 "$(zombies | wc -l)" zombies
pids=$(zombies | cut -d' ' -f1)
for i in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
	check_equal "$(for pid in $pids; do echo "$pid (zombies) 1"; done)" "$(zombies)" "zombies, round $i"
done
kill -USR1 "$(init_pid c1)"
wait_for 10 test -e "$ROOTFS/reaped"
check_equal "$(for pid in $pids; do echo "$pid 7"; done)" "$(sort -n "$ROOTFS/reaped")" 'what init hears of them'
