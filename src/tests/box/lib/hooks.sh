# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh and counter.sh: a hook that tells of its calls, and what it told.

# make_hook: /tmp/hook WHAT writes each call to /run/called, with its arguments and environment and
# without what is another each time. And without the time namespace: CRIU gives the container one,
# LXC does not unless it is asked to. It fails where /run/fail-at names it.
make_hook()
{
	cat >/tmp/hook <<-'END'
	#!/bin/bash
	what=$1; shift
	veth=$(ls /sys/class/net | grep -c ^veth)
	{
		echo "$what ($*)"
		env | grep -E '^LXC_(NAME|CONFIG_FILE|ROOTFS_PATH|CGNS_AWARE|HOOK_|NET_TYPE|NET_PARENT|NET_PEER|TARGET|[A-Z]*_NS)' | sort
		echo "pid=${LXC_PID:+set} veths=$veth payload=$(ls -d /sys/fs/cgroup/lxc.payload.c1 2>/dev/null)"
		# the namespaces can be entered
		[ "$what" != stop ] || nsenter --uts="$LXC_UTS_NS" hostname
		# for a while the container's socket is gone, and this not
		[ "$what" != post-stop ] || sleep 1.5
	} 2>&1 | sed -E -e 's|/proc/[0-9]+/fd/[0-9]+|FD|g' -e 's/veth[A-Za-z0-9]{6}/VETH/g' \
		-e 's/ time:FD//' -e '/^LXC_TIME_NS/d' >>/run/called
	[ "$what" != "$(cat /run/fail-at 2>/dev/null)" ] || { echo "no $what today" >&2; exit 3; }
	END
	chmod +x /tmp/hook
}

# hook_config: all of them, as lines of a config
hook_config()
{
	local hook

	for hook in pre-start pre-mount mount start-host stop post-stop; do
		echo "lxc.hook.$hook = /tmp/hook $hook"
	done
	echo 'lxc.net.0.script.up = /tmp/hook up'
	echo 'lxc.net.0.script.down = /tmp/hook down'
}

called()
{
	sed -n 's/^\([a-z-]*\) (.*/\1/p' /run/called | paste -sd ' '
}

# The monitor of c1 has ended, and with it the last hook.
is_down()
{
	! monitor_pid c1 >/dev/null
}
