# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh and counter.sh: loop devices, which the machine has for all boxes. Those of this box
# have their files in its /srv, a tmpfs of its own.

mount -t tmpfs -o mode=755 srv /srv

# attached: this box's loop devices
attached()
{
	losetup -n -O NAME,BACK-MAJ:MIN | awk -v "wanted=$(stat -c %Hd:%Ld /srv)" '$2 == wanted { print $1 }'
}

none_attached()
{
	[ -z "$(attached)" ]
}

# What is attached goes with this case.
detach_all()
{
	lxc-stop -k -n c1 2>/dev/null || :
	umount -q /srv/root || :
	attached | xargs -rn 1 losetup -d || :
}
trap detach_all EXIT

# set_config KEY [VALUE]: in c1's configuration, once or not at all
set_config()
{
	sed -i "/^${1//./\\.} /d" /var/lib/lxc/c1/config
	[ -z "${2:-}" ] || printf '%s = %s\n' "$1" "$2" >>/var/lib/lxc/c1/config
}

# start_again: c1, whose counter was started before
start_again()
{
	start_container c1
	wait_for 20 has_address c1
	# shellcheck disable=SC2034 # what counter.sh goes by
	ADDRESS=$(address c1)
	wait_for 20 answers
}
