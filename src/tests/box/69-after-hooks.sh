#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pre-start hooks that make the rootfs, the sources of mounts and a bridge, as with Proxmox: a
# restore checks these after the hooks have run. A finding then fails it with 1, and everything is
# undone.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
export FRESH=1

ROOTFS=/var/lib/lxc/c1/rootfs
REAL=/var/lib/lxc/c1/real

restored()
{
	fails 0 '' restore -n c1 "$@"
	wait_for 10 answers
}

# What the hooks make is there while the container runs alone.
taken_down()
{
	check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
	check_not mountpoint -q "$ROOTFS"
	check_not test -e /run/made
	check_not test -e /sys/class/net/hookbr
	check_left "$nothing"
}

# refused STATUS WORDS [OPTION]...
refused()
{
	local status=$1 words=$2

	shift 2
	fails "$status" "$words" restore -n c1 "$@"
	taken_down
}

make_bridge
start_dhcp
nothing=$(leftovers)
cat >/run/make <<-END
	#!/bin/sh
	echo start >>/run/hooks-ran
	mount --bind $REAL $ROOTFS
	[ -e /run/make-nothing ] || { mkdir -p /run/made/data && echo made >/run/made/data/file; }
	[ -e /run/make-no-bridge ] || ip link add hookbr type bridge
END
cat >/run/unmake <<-END
	#!/bin/sh
	echo stop >>/run/hooks-ran
	umount $ROOTFS
	rm -rf /run/made
	ip link delete hookbr 2>/dev/null || :
END
chmod +x /run/make /run/unmake
payload counter >/dev/null
payload client >/dev/null
payload holdfile >/dev/null
make_container c1 <<-'END'
	lxc.hook.pre-start = /run/make
	lxc.hook.post-stop = /run/unmake
	lxc.mount.entry = /run/made/data srv/data none bind,create=dir 0 0
	lxc.net.1.type = veth
	lxc.net.1.link = hookbr
END
install -m 755 /tmp/payload/counter /tmp/payload/holdfile "$ROOTFS/bin/"
printf '%s\n' "::once:/bin/counter $PORT 1" '::once:/bin/holdfile /ready a=/log' >>"$ROOTFS/etc/inittab"
echo log >"$ROOTFS/log"
mv "$ROOTFS" "$REAL"
mkdir "$ROOTFS"
start_container c1
wait_for 20 has_address c1
ADDRESS=$(address c1)
wait_for 60 answers
wait_for 10 test -s "$REAL/ready"

step 'what the hooks make is not there, and need not be'
check dump -n c1 -s
wait_for 10 state_is c1 STOPPED
taken_down
rm /run/hooks-ran
fails 0 'c1 has pre-start hooks, which may make its rootfs, what it mounts and its bridges' \
	lxc-checkpoint -r --check -n c1 -D "$IMG"
fails 0 'note ' lxc-checkpoint -r --check -n c1 -D "$IMG"
check_not test -e /run/hooks-ran
taken_down
restored
check_equal '' "$said" 'what the restore says'
check_equal made "$(in_container c1 cat /srv/data/file)" 'what is mounted'
check dump -n c1 -s --replace
wait_for 10 state_is c1 STOPPED
taken_down

step 'they do not make what is mounted'
touch /run/make-nothing
refused 1 '/run/made/data, which the container had on /srv/data, is not on this host'
rm /run/make-nothing

step 'nor the bridge'
touch /run/make-no-bridge
refused 1 'the bridge hookbr, which eth1 of the container was on, is missing'
rm /run/make-no-bridge

step 'another rootfs, without the files that are open'
mv "$REAL" /var/lib/lxc/c1/other
mkdir "$REAL"
refused 1 'which a process has open or runs, is missing'
case $said in
*'more reasons') ;;
*'more reasons'$'\n'*) ;;
*) die "no number of the others: $said" ;;
esac
rmdir "$REAL"
mv /var/lib/lxc/c1/other "$REAL"

step 'files of another time, and what they are overridden by'
echo more >>"$REAL/log"
refused 1 '/log, which a process has open or runs, is newer than at the checkpoint'
check_equal 'start stop start stop start stop start stop' "$(tail -n 8 /run/hooks-ran | paste -sd ' ')" 'hooks'
check grep -q 'WARN.*/log, which a process has open\|ERROR.*/log, which a process has open' /var/lib/lxc/c1/c1.log /var/log/lxc/c1.log
restored --force=stale
check dump -n c1 -s --replace
wait_for 10 state_is c1 STOPPED
restored
check_equal '' "$said" 'what the restore says'
lxc-stop -k -n c1
lxc-wait -n c1 -s STOPPED -t 10
wait_for 10 test ! -e /run/made
taken_down

step 'what is in the way before the hooks is told before, and nothing is touched'
rm /run/hooks-ran
sed -i 's/^lxc.mount.entry = .run.made.*//' /var/lib/lxc/c1/config
refused 3 'lxc.mount.entry has been removed'
check_not test -e /run/hooks-ran
