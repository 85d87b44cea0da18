#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What an id map can be: with holes, with a user of the host let through, and laid
# over the rootfs by the mount. And those that are refused before anything is done.
. "${0%/*}/../box/lib.sh"
. "${0%/*}/../box/counter.sh"

# map NAME RANGE...: a config file to begin with
map()
{
	local name=$1 kind range

	shift
	cat /etc/lxc/default.conf
	for kind in u g; do
		for range; do
			printf 'lxc.idmap = %s %s\n' "$kind" "$range"
		done
	done >"/tmp/$name.map"
	cat "/tmp/$name.map"
}

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
map c1 '0 100000 1000' '1000 1000 1' '1001 101001 60000' '65534 165534 1' >/tmp/c1.conf
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
map c2 '0 100000 65536' >/tmp/c2.conf
CREATE_CONFIG='' start_counter c2 < <(cat /tmp/c2.map - <<'END'
lxc.rootfs.options = idmap=container
END
)
chmod 755 /var/lib/lxc/c2
start_client
in_container c2 sh -c 'touch /root/mine; chown 33:34 /root/mine'
look_around c2 | tee /tmp/seen
check_equal 2 "$(grep -cx 'root/mine 33:34 644' /tmp/seen)" 'the same ids inside and outside'
check grep -q 'rootfs / rw,relatime,idmapped ' /tmp/seen
twice c2
check lxc-stop -n c2 -k

step 'nobody is left out'
map c3 '0 100000 60000' >/tmp/c3.conf
CREATE_CONFIG=/tmp/c3.conf make_container c3 </dev/null
start_container c3
fails 3 'leaves out the user 65534' lxc-checkpoint -n c3 -D /var/tmp/c3 -s
check_not test -e /var/tmp/c3
check state_is c3 RUNNING
check lxc-stop -n c3 -k

step 'a host directory that is mounted with other ids'
CREATE_CONFIG=/tmp/c2.conf make_container c4 <<'END'
lxc.mount.entry = /tmp/host/one srv/one none bind,idmap=container,create=dir 0 0
END
start_container c4
fails 3 '/srv/one is mounted "rw,relatime,idmapped"' lxc-checkpoint -n c4 -D /var/tmp/c4 -s
check_not test -e /var/tmp/c4
check state_is c4 RUNNING
check lxc-stop -n c4 -k

step 'started by another user than root'
useradd --create-home somebody
first=$(sed -n 's/^somebody:\([0-9]*\):.*/\1/p' /etc/subuid)
chmod 755 /home/somebody
cat >/home/somebody/config <<END
lxc.net.0.type = empty
lxc.apparmor.profile = unconfined
lxc.idmap = u 0 $first 65536
lxc.idmap = g 0 $first 65536
END
as_somebody()
{
	systemd-run --quiet -p User=somebody -p Delegate=yes -p Type=exec "$@"
}
install -d -o somebody -g somebody /home/somebody/lxc
as_somebody --wait -- lxc-create -P /home/somebody/lxc -n c5 -f /home/somebody/config -t busybox
as_somebody -- lxc-start -F -P /home/somebody/lxc -n c5
check lxc-wait -P /home/somebody/lxc -n c5 -s RUNNING -t 30
fails 3 'c5 was started by the user' lxc-checkpoint -P /home/somebody/lxc -n c5 -D /var/tmp/c5 -s
check_not test -e /var/tmp/c5
fails 3 'only root can checkpoint' setpriv --reuid somebody --regid somebody --init-groups \
	lxc-checkpoint -P /home/somebody/lxc -n c5 -D /var/tmp/c5 -s
check_equal RUNNING "$(lxc-info -P /home/somebody/lxc -n c5 -sH)"
check lxc-stop -P /home/somebody/lxc -n c5 -k
userdel --remove somebody
