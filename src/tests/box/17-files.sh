#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Files that are in the checkpoint alone: what is in a container's tmpfs comes back with all
# that a file can have.
. "${0%/*}/lib.sh"
. "${0%/*}/counter.sh"

# content NAME: of its tmpfs
content()
{
	python3 "$TMPFS" show "/proc/$(init_pid "$1")/root/tmpfs"
}

# same_content NAME: after each of two rounds; tar leaves out sockets that no process has
same_content()
{
	content "$1" | grep -v "^b'socket'" >/tmp/before
	for _ in 1 2; do
		check dump -n "$1" -s --replace
		check restore -n "$1"
		content "$1" >/tmp/after
		diff /tmp/before /tmp/after || die 'the tmpfs has changed'
	done
}

TMPFS=$(readlink -f "${0%/*}/../payload/tmpfs.py")
make_bridge
start_dhcp
make_container c1 <<-'END'
	lxc.mount.entry = none tmpfs tmpfs rw,create=dir 0 0
	lxc.cgroup2.devices.allow = a
END
start_container c1

step 'a tmpfs with one of everything'
python3 "$TMPFS" make "/proc/$(init_pid c1)/root/tmpfs"
export TAR_OPTIONS=--no-such-option
same_content c1
unset TAR_OPTIONS
