#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The cgroups of the container and of its monitor are where the configuration wants them, before a
# checkpoint and after a restore, and nowhere when it has stopped.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

directories()
{
	(cd /sys/fs/cgroup && find . -mindepth 1 -type d | sort)
}

# Without what lxc-attach makes, and where monitors go to die.
where()
{
	local init

	init=$(init_pid "$1")
	directories | grep -vE '/\.lxc$|lxc\.pivot$|/piv$'
	sed -n 's/^0::/init /p' "/proc/$init/cgroup"
	sed -n 's/^0::/monitor /p' "/proc/$(awk '/^PPid/ { print $2 }' "/proc/$init/status")/cgroup"
	in_container "$1" sed -n 's/^0::/attached /p' /proc/self/cgroup </dev/null
	lxc-freeze -n "$1"
	# it comes back a moment early now and then, on any container
	wait_for 5 grep -qx 'frozen 1' "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$init/cgroup")/cgroup.events"
	grep -lr 'frozen 1' /sys/fs/cgroup --include=cgroup.events | grep -v '/\.lxc/' | sort
	lxc-unfreeze -n "$1"
	python3 "${0%/*}/lib/protocol.py" cgroups "$1" "$init" native |
		grep -v "79 bytes"
	# its own view, and whose limits and rules hold
	in_container "$1" cat /proc/1/cgroup </dev/null
	find /sys/fs/cgroup -name cgroup.max.depth -exec grep -H 7 {} + | sort || :
	in_container "$1" sh -c 'head -c 0 </dev/full && echo full; head -c 0 </dev/null && echo null' </dev/null 2>&1 || :
}

# make NAME LINE...: a small one, with LINES in its config, started
make()
{
	local name=$1

	shift
	make_container "$name" < <(printf '%s\n' "$@")
	sed -i '/^lxc.net/d' "/var/lib/lxc/$name/config"
	echo 'lxc.net.0.type = empty' >>"/var/lib/lxc/$name/config"
	printf '#!/bin/sh\n' >"/var/lib/lxc/$name/rootfs/etc/init.d/rcS"
	start_container "$name"
}

# names NAME WANTED LINE...: WANTED is init's cgroup
names()
{
	local name=$1 wanted=$2 before

	shift 2
	step "${*:-the names that LXC gives}"
	make "$name" "$@"
	where "$name" >/tmp/before
	grep -qx "init $wanted" /tmp/before
	check lxc-checkpoint -n "$name" -s -D "/run/$name"
	# that lxc-start's monitor left its lxc.pivot behind is right
	before=$(directories)
	check lxc-checkpoint -n "$name" -r -D "/run/$name"
	where "$name" | diff /tmp/before - || die 'the cgroups are others'
	check lxc-stop -n "$name" -k
	check_equal "$before" "$(directories)" 'cgroups after its end'
}

names c1 /lxc.payload.c1
names c2 /mine/here/lxc.payload.c2 'lxc.cgroup.dir = mine/here'
names c3 /a/con 'lxc.cgroup.dir.monitor = a/mon' 'lxc.cgroup.dir.container = a/con' \
	'lxc.cgroup.dir.monitor.pivot = a/piv'
mkdir /sys/fs/cgroup/sub
echo $$ >/sys/fs/cgroup/sub/cgroup.procs
names c4 /sub/lxc.payload.c4 'lxc.cgroup.relative = 1'

names c5 /b/con/in 'lxc.cgroup.dir.monitor = b/mon' 'lxc.cgroup.dir.container = b/con' \
	'lxc.cgroup.dir.monitor.pivot = b/piv' 'lxc.cgroup.dir.container.inner = in' \
	'lxc.cgroup2.cgroup.max.depth = 7' 'lxc.cgroup2.devices.deny = a' \
	'lxc.cgroup2.devices.allow = c 1:3 rwm' 'lxc.cgroup2.devices.allow = c 5:* rwm' \
	'lxc.cgroup2.devices.allow = c 136:* rwm'

# where the host's init is, not in a scope of its own, is where all begin
echo 1 >/sys/fs/cgroup/sub/cgroup.procs
names c6 /sub/lxc.payload.c6
names c7 /sub/e/con 'lxc.cgroup.dir.monitor = e/mon' 'lxc.cgroup.dir.container = e/con'
echo 'lxc.cgroup.pattern = kind/%n/is' >/etc/lxc/lxc.conf
names c8 /sub/kind/c8/is/payload
names c9 /sub/mine/lxc.payload.c9 'lxc.cgroup.dir = mine'
