#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A container as Proxmox VE configures it, suspended and resumed as its `pct` does: volumes that the
# pre-start hook mounts in the monitor's mount namespace, a network that its script connects (with
# its firewall: by a bridge that is gone while the container is stopped), files that the hook
# writes at each start.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/loop.sh"
. "${0%/*}/lib/pve.sh"
export FRESH=1

DUMP=/srv/dump

suspend()
{
	check lxc-checkpoint -n 101 -s -D "$DUMP"
	wait_for 10 state_is 101 STOPPED
	wait_for 10 none_attached
	check_equal '' "$(grep -E ' /var/lib/lxc/(101|\.staged)' /proc/self/mountinfo || :)" mounts
	check_not test -e /sys/class/net/veth101i0
	check_not test -e /sys/class/net/fwbr101i0
	check_not test -e /sys/class/net/fwln101i0
}

# with --foreground it returns when the container has stopped
resume()
{
	: >"$PVE/called"
	check lxc-checkpoint -n 101 -r --check -D "$DUMP"
	check_equal '' "$(cat "$PVE/called")" 'hooks that a check calls'
	lxc-checkpoint -n 101 -r --foreground -D "$DUMP" </dev/null >/run/console 2>&1 &
	RESUMED=$!
	(wait_for 10 state_is 101 RUNNING) || die "$(cat /run/console)"
	wait_for 20 answers
}

# its_mounts: what 101 has of the volumes, without the number of a loop device
its_mounts()
{
	awk '$5 == "/" || $5 == "/mnt/data" { print $4, $5, $6, $9, $11 }' "/proc/$(init_pid 101)/mountinfo" |
		sed 's,shared:[0-9]*,shared,'
}

# rounds BRIDGE: two of them
rounds()
{
	local bridge=$1 before round called

	before=$(its_mounts)
	called='prestart 101 lxc pre-start name=101 path=/var/lib/lxc/101/rootfs target=
netaddbr 101 net up veth veth101i0 name=101 path=/var/lib/lxc/101/rootfs target='
	check_equal "$bridge" "$(bridge_of veth101i0)" bridge
	start_client
	for round in 1 2; do
		suspend
		# what was /dev/loop0 is another one next time
		DEVICE=$(losetup --find --show /srv/other)
		resume
		check_equal "$called" "$(cat "$PVE/called")" 'hooks of a resume'
		check_equal "$bridge" "$(bridge_of veth101i0)" bridge
		check_equal "$before" "$(its_mounts)" mounts
		check_client_goes_on
		check_equal 4 "$(in_container 101 head -c 4 /dev/given </dev/null | wc -c)" 'bytes of the device'
		check_equal 1 "$(wc -l <"$DUMP/101/restored")" "restored, round $round"
		losetup -d "$DEVICE"
	done
	end_client
}

# stop: and what its hook says then
stop()
{
	: >"$PVE/called"
	lxc-stop -k -n 101
	wait_for 20 none_attached
	[ -z "${RESUMED:-}" ] || wait "$RESUMED" || :
	RESUMED=
	check_equal 'poststop 101 lxc post-stop name=101 path=/var/lib/lxc/101/rootfs target=stop' \
		"$(cat "$PVE/called")" 'hooks of the end'
	check_not test -e /sys/class/net/fwbr101i0
}

start()
{
	start_container 101
	wait_for 20 has_address 101
	# shellcheck disable=SC2034 # what counter.sh goes by
	ADDRESS=$(address 101)
	wait_for 20 answers
}

mkdir -m 755 "$DUMP"
echo backup >"$DUMP/vzdump-lxc-100.tar.zst"
truncate -s 1M /srv/other
payload holdfile >/dev/null
cp_holdfile()
{
	install -m 755 /tmp/payload/holdfile /var/lib/lxc/101/rootfs/bin/
	make_pve 101
}

step 'firewall=0'
INITTAB='::once:/bin/holdfile /ready a=/etc/hosts' BEFORE_START=cp_holdfile start_counter 101
check in_container 101 test -s /ready </dev/null
rounds lxcbr0
stop

step 'firewall=1, and a mount point that is a filesystem'
echo 1 >"$PVE/firewall"
truncate -s 8M "$PVE/mp0.raw"
mkfs.ext4 -q "$PVE/mp0.raw"
echo "mp0 $PVE/mp0.raw /mnt/data" >>"$PVE/volumes"
start
in_container 101 sh -c 'echo mine >/mnt/data/file' </dev/null
rounds fwbr101i0
check_equal mine "$(in_container 101 cat /mnt/data/file </dev/null)"
check_equal backup "$(cat "$DUMP/vzdump-lxc-100.tar.zst")"

step 'another filesystem on the mount point'
suspend
mv "$PVE/mp0.raw" "$PVE/ours"
truncate -s 8M "$PVE/mp0.raw"
mkfs.ext4 -q "$PVE/mp0.raw"
fails 1 '/var/lib/lxc/101/rootfs/mnt/data, which the container had on /mnt/data, is in another filesystem' \
	lxc-checkpoint -n 101 -r -D "$DUMP"
wait_for 10 none_attached
check_not test -e /sys/class/net/fwbr101i0
mv "$PVE/ours" "$PVE/mp0.raw"

step 'another rootfs'
cp "$PVE/rootfs.raw" "$PVE/ours"
tune2fs -U random "$PVE/rootfs.raw" >/dev/null
fails 1 'the rootfs /var/lib/lxc/101/rootfs is not the one of the checkpoint' \
	lxc-checkpoint -n 101 -r -D "$DUMP"
wait_for 10 none_attached
mv "$PVE/ours" "$PVE/rootfs.raw"

step 'a script that does not connect it, or fails'
mv "$PVE/netaddbr" "$PVE/ours"
ln -s /bin/true "$PVE/netaddbr"
fails 1 'the script.up of eth0 has not connected veth101i0, its end on the host, which was on fwbr101i0' \
	lxc-checkpoint -n 101 -r -D "$DUMP"
wait_for 10 none_attached
ln -sf /bin/false "$PVE/netaddbr"
fails 1 "$PVE/netaddbr" lxc-checkpoint -n 101 -r -D "$DUMP"
wait_for 10 none_attached
mv "$PVE/ours" "$PVE/netaddbr"

step 'the container with firewall=0 again'
echo 0 >"$PVE/firewall"
resume
check_equal lxcbr0 "$(bridge_of veth101i0)" bridge
stop
