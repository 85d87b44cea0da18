#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc.ephemeral: the storage of a restored container is destroyed when it stops, as that of a
# started one; not at a reboot, not after a failed restore, and never what is mounted in it.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

is_down()
{
	! monitor_pid "$1" >/dev/null
}
monitor_pid()
{
	pgrep -xf "\\[lxc monitor\\] /var/lib/lxc $1"
}
# What is left of a container's storage, without its name
left()
{
	find /var/lib/lxc /tmp/srv -mindepth 1 -maxdepth 2 | grep "/$1" | sed "s/$1/NAME/g" | sort
}

# make NAME: in /var/lib/lxc/NAME, and with a rootfs elsewhere
make()
{
	make_container "$1" <<-END
		lxc.ephemeral = 1
		lxc.rootfs.path = dir:/tmp/srv/$1
	END
	cp -a "/var/lib/lxc/$1/rootfs" "/tmp/srv/$1"
	check lxc-start -n "$1"
	check lxc-wait -n "$1" -s RUNNING -t 10
}

mkdir /tmp/srv
make_bridge
start_dhcp
for name in twin c1; do
	make "$name"
	in_container "$name" touch /made-inside </dev/null
done

step 'checkpoint with -s: refused, and said why'
fails 3 'c1 is ephemeral' dump -n c1 -s
case $said in *'omit -s'*) ;; *) die "no remedy: $said" ;; esac
check_not test -e "$IMG"
fails 3 'ephemeral' lxc-checkpoint -n c1 --check -s -D "$IMG"
check lxc-checkpoint -n c1 --check -D "$IMG"
check state_is c1 RUNNING

step 'at the end'
check dump -n c1
# a copy to be restored from, as the end takes what it was started from
cp -a /var/lib/lxc/c1 /tmp/srv/saved.config
cp -a /tmp/srv/c1 /tmp/srv/saved.rootfs
put_back()
{
	cp -a /tmp/srv/saved.config /var/lib/lxc/c1
	cp -a /tmp/srv/saved.rootfs /tmp/srv/c1
}
for name in twin c1; do
	check lxc-stop -n "$name" -k
	wait_for 10 is_down "$name"
	check_equal '' "$(left "$name")" 'what LXC leaves'
done
put_back
check restore -n c1
check state_is c1 RUNNING
check test -e /tmp/srv/c1/made-inside
check lxc-stop -n c1 -k
# all is gone when it returns
check_equal '' "$(left c1)" 'what is left of a restored one'
wait_for 10 is_down c1

step 'it halts by itself'
put_back
check restore -n c1
in_container c1 poweroff </dev/null
wait_for 30 is_down c1
check_equal '' "$(left c1)" 'what is left of a restored one'

step 'a restore that fails takes nothing'
put_back
echo 'lxc.hook.start-host = /bin/false' >>/var/lib/lxc/c1/config
before=$(left c1)
check_not restore -n c1
check_equal "$before" "$(left c1)" 'what there is'
sed -i '/bin.false/d' /var/lib/lxc/c1/config

step 'a reboot takes nothing; its end is then as ever'
check restore -n c1
init=$(init_pid c1)
check timeout 60 lxc-stop -n c1 -r -t 60
check test -e /tmp/srv/c1/made-inside
check_not [ "$init" = "$(init_pid c1)" ]
check lxc-stop -n c1 -k
wait_for 10 is_down c1
check_equal '' "$(left c1)" 'what is left'

step 'what is mounted in it stays'
put_back
mkdir -p /tmp/srv/kept /tmp/srv/c1/mnt/kept
echo precious >/tmp/srv/kept/file
check restore -n c1
mount --bind /tmp/srv/kept /tmp/srv/c1/mnt/kept
check lxc-stop -n c1 -k
wait_for 10 is_down c1
check_equal precious "$(cat /tmp/srv/kept/file)"
check test -e /var/lib/lxc/c1/config
umount /tmp/srv/c1/mnt/kept
