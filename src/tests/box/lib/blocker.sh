# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After counter.sh: processes of a container, children of its init, each in a
# state of payload/blocker.c's: make_container, with_blocker, start_container; then
# `block c1 MODE`, and `unblock c1`.

# with_blocker NAME: to what lxc-create has made, before it starts
with_blocker()
{
	local rootfs=/var/lib/lxc/$1/rootfs

	[ -x /tmp/payload/blocker ] || payload blocker >/dev/null
	install -m 755 /tmp/payload/blocker "$rootfs/bin/blocker"
	cat >"$rootfs/bin/launch" <<-'END'
		#!/bin/sh
		# twice a child: it becomes init's, which waits for it
		while :; do
			read -r mode </mode || continue
			(/bin/blocker "$mode" /ready 2>/said &)
		done
	END
	chmod 755 "$rootfs/bin/launch"
	mkfifo "$rootfs/mode"
	echo '::once:/bin/launch' >>"$rootfs/etc/inittab"
}

# block NAME MODE: sets BLOCKED, its number in the container.
block()
{
	local name=$1 mode=$2 rootfs=/var/lib/lxc/$1/rootfs

	rm -f "$rootfs/ready" "$rootfs/said"
	# shellcheck disable=SC2016 # for that shell
	timeout 60 sh -c 'echo "$1" >"$2"' sh "$mode" "$rootfs/mode" ||
		die "$name starts no blocker for $mode"
	wait_for 60 is_ready "$rootfs"
	read -r BLOCKED <"$rootfs/ready"
}

is_ready()
{
	[ ! -s "$1/said" ] || die "$(cat "$1/said")"
	[ -s "$1/ready" ]
}

# unblock NAME: it is gone when this returns, and init has collected it
unblock()
{
	local pid

	pid=$(host_pid "$1" "$BLOCKED")
	kill -KILL "$pid"
	wait_for 60 blocker_is_gone "$pid"
}

blocker_is_gone()
{
	[ ! -d "/proc/$1" ]
}
