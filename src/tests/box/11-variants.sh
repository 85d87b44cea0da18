#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Containers with configurations other than the stock one: each goes through two checkpoints and
# restores, and then has the same mounts, links, addresses, terminals, cgroup and process
# attributes.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

make_bridge
mkdir -p /tmp/shared '/tmp/with space'
echo hello >/tmp/shared/file

# A process's view; the numbers of devices and ptys are the host's.
look_around()
{
	# shellcheck disable=SC2016 # for the shell in the container
	in_container "$1" sh -c '
		cut -d" " -f 5,6 /proc/1/mountinfo | grep -v -e /dev/tty -e /dev/console -e /dev/lxc | sort
		for dir in /sys/class/net/*; do
			echo "${dir##*/} $(cat "$dir/address" "$dir/mtu" "$dir/flags")"
		done | sort
		ip -o addr | sed "s/ tentative//; s/ *\\\\ .*//" | sort
		ip route
		grep -E "^(Uid|Gid|Groups|NoNewPrivs|Seccomp|Cap)" /proc/1/status
		cat /proc/1/limits /proc/1/cgroup
		stat -c "%A %U:%G %N" /dev/* /dev/lxc/* /srv/* 2>/dev/null
		cat /srv/file 2>/dev/null
		ps -o args | grep -x -e init -e "/bin/getty .*" -e "/bin/syslogd" | sort
	'
}

has_settled()
{
	! in_container "$1" ip -o addr | grep -v ' lo ' | grep -q tentative
}

# The terminal and the log of its boot are over; addresses are there.
has_booted()
{
	in_container "$1" ps -o args | grep -q '^/bin/syslogd' &&
		! in_container "$1" ps -o args | grep -q rcS
}

# variant NAME WHAT <CONFIG: in the place of the stock network
variant()
{
	local name=$1 round

	step "$2"
	make_container "$name" </dev/null
	sed -i '/^lxc\.net/d' "/var/lib/lxc/$name/config"
	cat >>"/var/lib/lxc/$name/config"
	# nobody answers its DHCP client here
	sed -i '/udhcpc/d' "/var/lib/lxc/$name/rootfs/etc/init.d/rcS"
	start_container "$name"
	wait_for 10 has_booted "$name"
	wait_for 10 has_settled "$name"
	look_around "$name" >/tmp/before
	for round in 1 2; do
		check lxc-checkpoint -n "$name" -s --replace -D "/run/$name"
		check lxc-checkpoint -n "$name" -r -D "/run/$name"
		wait_for 10 has_settled "$name"
		look_around "$name" >/tmp/after
		diff /tmp/before /tmp/after || die "$2: not the same after round $round"
	done
	check lxc-stop -n "$name" -k
	lxc-destroy -n "$name"
}

nothing=$(leftovers)
variant empty 'a network namespace with nothing in it' <<<'lxc.net.0.type = empty'
variant none "the host's network" <<<'lxc.net.0.type = none'
variant notty 'no ttys' <<<'lxc.tty.max = 0'
variant nocons 'no console' <<<'lxc.console.path = none'
variant pty 'the console in its own devpts' <<<'lxc.pty.max = 1024'
variant ttydir 'ttys in a folder of /dev' <<<'lxc.tty.dir = lxc'
variant nics 'two interfaces with everything set' <<-'END'
	lxc.net.0.type = veth
	lxc.net.0.link = lxcbr0
	lxc.net.0.name = lan
	lxc.net.0.flags = up
	lxc.net.0.ipv4.address = 10.0.3.7/24
	lxc.net.0.ipv4.gateway = 10.0.3.1
	lxc.net.3.type = veth
	lxc.net.3.link = lxcbr0
	lxc.net.3.name = wan
	lxc.net.3.flags = up
	lxc.net.3.hwaddr = 00:16:3e:11:22:33
	lxc.net.3.veth.pair = vfixed
	lxc.net.3.mtu = 1400
	lxc.net.3.ipv6.address = fd00::7/64
END
variant nobridge 'an interface on no bridge' <<-'END'
	lxc.net.0.type = veth
	lxc.net.0.flags = up
	lxc.net.0.ipv4.address = 10.9.3.7/24
END
variant down 'an interface that is down' <<-'END'
	lxc.net.0.type = veth
	lxc.net.0.link = lxcbr0
END
variant binds 'mounts of its own and of the host' <<-'END'
	lxc.mount.entry = /tmp/shared srv/shared none bind,ro,create=dir 0 0
	lxc.mount.entry = /tmp/shared/file srv/file none bind,nosuid,create=file 0 0
	lxc.mount.entry = /tmp/with\040space srv/with\040space none bind,create=dir 0 0
	lxc.mount.entry = tmpfs srv/tmp tmpfs size=1m,create=dir 0 0
END
# CRIU gives only the first of several mounts of one filesystem its options
variant alike 'mounts of one filesystem with the same options' <<-'END'
	lxc.mount.entry = /tmp/shared srv/one none bind,ro,nosuid,create=dir 0 0
	lxc.mount.entry = /tmp/shared srv/two none bind,ro,nosuid,create=dir 0 0
	lxc.mount.entry = /tmp/shared/file srv/file none bind,ro,nosuid,create=file 0 0
END
variant writable '/proc, /sys and cgroups writable' <<<'lxc.mount.auto = cgroup:rw:force proc:rw sys:rw'
variant readonly 'a rootfs that cannot be written' <<<'lxc.rootfs.options = ro'
variant unshare 'a monitor in a mount namespace of its own' <<<'lxc.monitor.unshare = 1'
variant limits 'seccomp, no_new_privs, limits' <<-'END'
	lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
	lxc.no_new_privs = 1
	lxc.prlimit.nofile = 100:200
END
variant cgdir 'cgroups in a folder' <<<'lxc.cgroup.dir = my/containers'
variant cgdirs 'cgroups by name' <<-'END'
	lxc.cgroup.dir.monitor = mon/x
	lxc.cgroup.dir.container = pay/x
	lxc.cgroup.dir.monitor.pivot = piv
END

step 'what is not supported is said before anything is touched'
make_container macvlan </dev/null
start_container macvlan
nsenter -t "$(init_pid macvlan)" -n ip link add mac9 link eth0 type macvlan
status=0
said=$(lxc-checkpoint -n macvlan -s -D /run/macvlan 2>&1) || status=$?
check_equal 3 "$status" 'exit status'
case $said in *'mac9 of macvlan is of the kind macvlan'*) ;; *) die "it says: $said" ;; esac
check lxc-stop -n macvlan -k
check_equal "$nothing" "$(leftovers | grep -v -e '^./my' -e '^./mon$' -e '^./pay$' -e '^./piv')" 'leftovers'
