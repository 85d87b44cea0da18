#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A folder that a process has open is deleted after the checks, and another file takes its path: a
# restore would take that for the folder, so there is no checkpoint.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

ROOTFS=/var/lib/lxc/c1/rootfs
make_bridge
start_dhcp
make_container c1
mkdir "$ROOTFS/held"
echo "::once:/bin/sh -c 'exec sleep 1000 </held'" >>"$ROOTFS/etc/inittab"
start_container c1
cat >/run/take <<-END
	#!/bin/sh
	[ "\$CRTOOLS_SCRIPT_ACTION" = pre-dump ] || exit 0
	rmdir $ROOTFS/held && : >$ROOTFS/held
END
chmod +x /run/take
for option in '' -s; do
	wait_for 20 pgrep -x sleep
	# shellcheck disable=SC2086 # none, or one
	fails 1 'at its place there is another file by now: /held' dump -n c1 -A /run/take $option
	check_equal RUNNING "$(lxc-info -n c1 -sH)" state
	check test ! -e "$IMG/manifest.json"
	lxc-stop -k -n c1
	rm -rf "$ROOTFS/held" "$IMG"
	mkdir "$ROOTFS/held"
	start_container c1
done
