#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# If a start-host hook fails at the restore of a container in the host's network, where CRIU calls
# nobody at network-unlock, no process of the container has run by then, nor does so when CRIU is
# killed.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

ROOTFS=/var/lib/lxc/c1/rootfs

# A process that writes all the time
make_writer()
{
	mkdir -p "$ROOTFS/srv"
	printf '#!/bin/sh\nwhile true; do echo >/srv/ran; done\n' >"$ROOTFS/srv/writer"
	chmod +x "$ROOTFS/srv/writer"
	echo '::once:/srv/writer' >>"$ROOTFS/etc/inittab"
}

written()
{
	stat -c %y "$ROOTFS/srv/ran"
}

make_bridge
make_container c1 </dev/null
sed -i '/^lxc\.net/d' /var/lib/lxc/c1/config
echo 'lxc.net.0.type = none' >>/var/lib/lxc/c1/config
sed -i '/udhcpc/d' "$ROOTFS/etc/init.d/rcS"
make_writer
nothing=$(leftovers)
start_container c1
wait_for 10 test -e "$ROOTFS/srv/ran"
check dump -n c1 -s
last=$(written)

echo 'lxc.hook.start-host = /bin/false' >>/var/lib/lxc/c1/config
for _ in 1 2 3; do
	fails 1 'the start-host hook, /bin/false' restore -n c1
	check_equal "$last" "$(written)" 'last time that it wrote'
	check_left "$nothing"
done

sed -i '/bin.false/d' /var/lib/lxc/c1/config
check restore -n c1
# it writes again
is_past()
{
	[ "$(written)" != "$1" ]
}
wait_for 10 is_past "$last"
check lxc-stop -n c1 -k
