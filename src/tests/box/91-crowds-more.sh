#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Large numbers in a container are checked completely, in linear time; what may block is given five
# seconds; and what has passed by then is no reason to refuse.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/crowds.sh"

make_bridge
start_dhcp
make_container c1 </dev/null
with_blocker c1
payload crowd >/dev/null
install -m 755 /tmp/payload/crowd /var/lib/lxc/c1/rootfs/bin/blocker
start_container c1

step 'more watches than fit into a MiB, the last of them one that CRIU cannot find again'
block c1 watches-20000
checked 20 3 'watches a file on a filesystem of type sysfs with inotify'
restart

step 'more mappings than fit into 16 MiB, with one at their end that CRIU loses'
block c1 mappings-20000
size=$(wc -c <"/proc/$(host_pid c1 "$BLOCKED")/maps")
check [ "$size" -gt $((16 << 20)) ]
checked 20 3 'shares memory of a socket with the kernel'
restart

step 'deleted files, and as many mounts that could show what has their places'
block c1 deleted-mounts-3000
checked 30 0 'c1 can be checkpointed'
restart

step 'a process that has ended since it was seen is no reason'
block c1 deaf-filesystem-2
lxc-attach -n c1 --clear-env -- sh -c 'sleep 1000 </dev/null >/dev/null 2>&1 & echo $!' </dev/null >/tmp/sleep
checked 20 3 'belongs to a session outside the container'
check grep -qF 'that does not answer' /tmp/check
lxc-checkpoint --check -n c1 -D "$IMG" >/tmp/check 2>&1 &
checker=$!
# that waits for the filesystem, and has seen all processes before
waits()
{
	local age

	for child in $(pgrep -P "$checker"); do
		age=$(ps -o etimes= -p "$child") && [ "$age" -ge 1 ] && return 0
	done
	return 1
}
wait_for 20 waits
kill -KILL "$(host_pid c1 "$(cat /tmp/sleep)")"
status=0
wait "$checker" || status=$?
check_equal 3 "$status" 'exit status'
check grep -qF 'that does not answer' /tmp/check
check_not grep -F 'session outside' /tmp/check
