#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The monitor of a restored container answers every command byte for byte as lxc-start's does,
# whatever is sent with it: LXC 7.0, 6.0 and 5.0.
# also: trixie bookworm
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/tools.sh"

ask_all()
{
	all_keys | python3 "${0%/*}/lib/protocol.py" ask c1 "$(init_pid c1)" "$1" >"/tmp/$1" ||
		{ tail -n 3 "/tmp/$1" && die "the monitor of the $1 one"; }
}

payload counter >/dev/null
[ -e /sys/class/net/lxcbr0 ] || make_bridge
make_container c1 <<-'CONFIG'
	lxc.group = one
	lxc.group = two
	lxc.net.0.ipv4.address = 10.0.3.50/24
	lxc.console.buffer.size = 65536
	lxc.console.logfile = /tmp/console
	lxc.cgroup2.devices.deny = a
	lxc.cgroup2.devices.allow = c 1:3 rwm
	lxc.cgroup2.devices.allow = c 5:* rwm
	lxc.cgroup2.devices.allow = c 136:* rwm
CONFIG
printf '#!/bin/sh\n' >/var/lib/lxc/c1/rootfs/etc/init.d/rcS

for suite in ${SUITES:-forky trixie bookworm}; do
	enter "$suite"
	step "LXC $(by lxc-start --version)"
	rm -f /tmp/console
	by lxc-start -n c1
	check lxc-wait -n c1 -s RUNNING -t 20
	wait_for 20 runs c1 /bin/getty
	# the last that comes by itself
	wait_for 20 grep -qs 'Please press Enter' /tmp/console
	check dump -n c1 --replace
	ask_all native
	check restore -n c1
	ask_all restored
	check python3 "${0%/*}/lib/protocol.py" compare /tmp/native /tmp/restored
done
