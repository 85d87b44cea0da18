#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Sockets of the container that are mounted in mount namespaces of processes, as systemd does with
# the journal's for RootDirectory=: whoever connects there is answered after two checkpoints, and
# after one that the container outlives. In the container's own namespace they are refused.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/nested.sh"

# answered: by each mounted socket, as the process sees it
answered()
{
	local path pid=${nested# }

	for path in /mnt/moved /mnt/rootfs /sockets/folder/socket; do
		check grep -q " $path ro,nosuid,nodev,noexec" "/proc/$pid/mountinfo"
		check_equal answer "$(nsenter -t "$pid" -m -r /bin/nested ask "$path")" "$path"
	done
}

make_bridge
start_dhcp
make_container c1 </dev/null
with_nested

begin sockets
answered
step 'it runs on'
check lxc-checkpoint -q --check -n c1 -D "$IMG"
check dump -n c1
answered
rm -r "$IMG"
container_numbers=$(awk '/^NSpid/ { print $NF }' "/proc/${nested# }/status")
for round in first second; do
	step "the $round checkpoint"
	check lxc-checkpoint -q --check -n c1 -D "$IMG"
	check dump -n c1 -s
	check restore -n c1
	numbers
	answered
	terminals_work
	rm -r "$IMG"
done
stop

step 'one that the container does not see any more'
begin sockets
in_container c1 rm /own.socket </dev/null
fails 3 'has a socket' lxc-checkpoint --check -n c1 -D "$IMG"
