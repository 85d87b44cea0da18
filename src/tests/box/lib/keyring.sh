# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh and counter.sh: a container that does with its keys what it is told.

# start_keys NAME [<CONFIG LINES]
start_keys()
{
	local rootfs=/var/lib/lxc/$1/rootfs

	[ -e /sys/class/net/lxcbr0 ] || { make_bridge && start_dhcp; }
	make_container "$1"
	install -m 755 /tmp/payload/keys "$rootfs/bin/keys"
	mkfifo -m 666 "$rootfs/keys.in"
	echo '::once:/bin/keys /keys.in /keys.out' >>"$rootfs/etc/inittab"
	start_container "$1"
	wait_for 60 has_address "$1"
}

# keys NAME WORD...: what it says to that
keys()
{
	local rootfs=/var/lib/lxc/$1/rootfs

	shift
	rm -f "$rootfs/keys.out"
	echo "$*" >"$rootfs/keys.in"
	wait_for 60 test -e "$rootfs/keys.out"
	sort "$rootfs/keys.out"
}

# check_done WORD...: c1 can do it
check_done()
{
	check_equal 'done' "$(keys c1 "$@")" "$*"
}

# add_keys UID GID: some of each kind that there is, one of them that user's
add_keys()
{
	check_done add user one first
	check_done add keyring ring -
	check_done add user inner second into
	check_done chown "$1" "$2"
	check_done timeout 864000
	check_done perm 3f1f0000
	check_done add keyring deeper - into
	check_done add user deepest third into
	check_done perm 3f000000
	check_done add keyring empty -
	check_done add user name,with%odd:signs 4
}
