#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 600
#
# What an id map can be: with holes, with a user of the host let through, and laid
# over the rootfs by the mount.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/idmap.sh"

# Mounts as the container has them, of which the peer groups have other numbers.
mounts()
{
	sed 's/shared:[0-9]*/shared/' "/proc/$(init_pid "$1")/mountinfo" | cut -d' ' -f4- |
		grep -v -e ' /dev/console ' -e ' /dev/tty[0-9] ' | sort
}

# look_around NAME: what is there, by the ids of inside and of outside
look_around()
{
	cat "/proc/$(init_pid "$1")"/[ug]id_map
	mounts "$1"
	# shellcheck disable=SC2016 # for the shell in the container
	in_container "$1" sh -c '
		cd / && stat -c "%n %u:%g %a" bin dev/* root root/* tmp
		[ ! -d srv ] || stat -c "%n %u:%g %a" srv srv/* srv/*/*
		for file in /srv/file /srv/share/mine /srv/share/sub/mine /dev/zero; do
			if head -c 0 $file 2>/dev/null; then echo "can read $file"; fi
			if (: >>$file) 2>/dev/null; then echo "can write $file"; fi
		done
	'
	(cd "/var/lib/lxc/$1/rootfs" && stat -c '%n %u:%g %a' bin root root/*)
	cat "/sys/fs/cgroup/lxc.payload.$1/memory.max"
}

# twice NAME: through two checkpoints and restores, without a change
twice()
{
	local round

	look_around "$1" >/tmp/before
	for round in 1 2; do
		IMG=/var/tmp/$1
		check dump -n "$1" -s --replace
		check restore -n "$1"
		look_around "$1" >/tmp/after
		diff /tmp/before /tmp/after || die "not as before, round $round"
		check_client_goes_on
	done
	check_equal ok "$(ask check)" 'the memory'
	end_client
}

printf 'root:%s\n' 100000:65536 1000:1 | tee /etc/subuid >/etc/subgid

step 'holes, a user of the host let through, its directories, rules for devices'
mkdir -p /tmp/host/share/sub /tmp/host/one
mount -t tmpfs sub /tmp/host/share/sub
chown 1000:1000 /tmp/host/share /tmp/host/share/sub
echo hello >/tmp/host/one/file
map '0 100000 1000' '1000 1000 1' '1001 101001 60000' '65534 165534 1' >/tmp/c1.conf
CREATE_CONFIG=/tmp/c1.conf start_counter c1 <<'END'
lxc.mount.entry = /tmp/host/share srv/share none rbind,create=dir 0 0
lxc.mount.entry = /tmp/host/one/file srv/file none ro,bind,create=file 0 0
lxc.cgroup2.memory.max = 64M
lxc.cgroup2.devices.deny = a
lxc.cgroup2.devices.allow = c 1:3 rwm
lxc.cgroup2.devices.allow = c 5:* rwm
lxc.cgroup2.devices.allow = c 136:* rwm
END
start_client
in_container c1 sh -c 'touch /root/mine && chown 0:1000 /root/mine'
setpriv --reuid 1000 --regid 1000 --clear-groups touch /tmp/host/share/mine /tmp/host/share/sub/mine
look_around c1 | tee /tmp/seen
for line in 'root/mine 0:1000 644' 'root/mine 100000:1000 644' 'srv/share/mine 1000:1000 644' \
	'can read /srv/file' 'can read /srv/share/sub/mine' 67108864; do
	check grep -qFx "$line" /tmp/seen
done
check_not grep -e 'write /srv/file' -e 'read /dev/zero' /tmp/seen
twice c1
check lxc-stop -n c1 -k

step 'its rootfs is shown with its ids, and has those of the host'
map '0 100000 65536' >/tmp/c2.conf
echo 'lxc.rootfs.options = idmap=container' >>/tmp/c2.conf
start_counter c2 </tmp/c2.conf
chmod 755 /var/lib/lxc/c2
start_client
in_container c2 sh -c 'touch /root/mine; chown 33:34 /root/mine'
look_around c2 | tee /tmp/seen
check_equal 2 "$(grep -cx 'root/mine 33:34 644' /tmp/seen)" 'the same ids inside and outside'
check grep -q 'rootfs / rw,relatime,idmapped ' /tmp/seen
twice c2
check lxc-stop -n c2 -k
