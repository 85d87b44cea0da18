# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After kinds.sh: a Debian with systemd and servers, whose disk only the VM has. Its services are looked at.

# shellcheck disable=SC2016 # titles are Markdown
rows_systemd()
{
	section 'systemd'
	alone 'with `checkpointable.conf`' systemd_guest 'lxc.include = /usr/local/share/lxc/config/checkpointable.conf'
	alone 'as it is' systemd_guest ''
}
rows_systemd

# systemd_guest LINE: at the end of its configuration
systemd_guest()
{
	case $2 in
	config)
		[ -b /dev/vdc ] || not_here || return
		rm -rf "$ROOTFS"
		CLEAN+=('losetup -D' 'dmsetup remove --retry guest' "umount $ROOTFS")
		mount_guest
		{
			printf 'lxc.include = /usr/share/lxc/config/common.conf\nlxc.arch = linux64\n'
			cat /etc/lxc/default.conf
			printf 'lxc.rootfs.path = dir:%s\nlxc.uts.name = c1\n' "$ROOTFS"
		} >/var/lib/lxc/c1/config
		echo "$1"
		;;
	set) (wait_for 400 guest_runs) ;;
	state)
		in_container c1 systemctl is-system-running
		in_container c1 systemctl --failed --plain --no-legend
		in_container c1 systemctl show --value -p MainPID redis-server nginx ssh rsyslog dbus systemd-journald \
			systemd-logind systemd-networkd
		;;
	esac
}
