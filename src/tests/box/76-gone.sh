#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Something that a container needs on its host disappears, at any stage: its bridge, its rootfs, the
# source of a mount. CRIU cannot stop a process, or its log ends in the middle of a line.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/faults.sh"

# In the place of what is there, as programs that run in CRIU's stages
cat >/run/no-bridge <<'END'
#!/bin/sh
exec ip link delete dev lxcbr0
END
cat >/run/no-rootfs <<'END'
#!/bin/sh
exec mv /var/lib/lxc/c1/rootfs /var/lib/lxc/c1/elsewhere
END
cat >/run/no-source <<'END'
#!/bin/sh
exec mv /run/source /run/elsewhere
END
chmod +x /run/no-*

# mend: what was taken away is there again
mend()
{
	[ -e /sys/class/net/lxcbr0 ] || make_bridge
	[ ! -e /var/lib/lxc/c1/elsewhere ] || mv /var/lib/lxc/c1/elsewhere /var/lib/lxc/c1/rootfs
	[ ! -e /run/elsewhere ] || mv /run/elsewhere /run/source
}

# The bridge was deleted under it: whoever makes it again has to plug it in
plug_in()
{
	local link

	link=$(veth)
	[ -z "$link" ] || ip link set dev "$link" master lxcbr0 up
}

mkdir -p /run/source
echo there >/run/source/file
WITH_BLOCKER=1 begin_faults 1 <<-'END'
	lxc.mount.entry = /run/source mnt none bind 0 0
END

for stage in pre-dump network-lock post-dump network-unlock; do
	step "no bridge from $stage on"
	with_fault "$stage before run:/run/no-bridge" dump -n c1
	check state_is c1 RUNNING
	check_equal '' "$(bridge_of "$(veth)")" bridge
	if [ "$status" != 0 ]; then
		check grep -q 'cannot reattach\|keeps running' /tmp/said
	fi
	mend
	plug_in
	check_client false
	check dump -n c1 --replace
	check_left "$RUNNING"
	rm -rf "$IMG"
done

for stage in network-lock post-dump; do
	step "no bridge from $stage on, with -s"
	with_fault "$stage before run:/run/no-bridge" dump -n c1 -s
	check_equal 0 "$status" "exit status ($(cat /tmp/said))"
	fails 3 'the bridge lxcbr0' restore -n c1
	mend
	check restore -n c1
	check_client false
	check_left "$RUNNING"
	rm -rf "$IMG"
done

check dump -n c1 -s
for stage in pre-restore setup-namespaces post-setup-namespaces post-restore network-unlock; do
	for what in bridge rootfs source; do
		step "no $what from $stage on"
		with_fault "$stage before run:/run/no-$what" restore -n c1
		wait_for 20 quiet
		[ "$what $status" != 'bridge 0' ] || die 'it runs without its network'
		if [ "$status" != 0 ]; then
			check_equal STOPPED "$(lxc-info -n c1 -sH)" state
			check_left "$STOPPED"
		fi
		mend
		[ "$status" = 0 ] || check restore -n c1
		check_client false
		check dump -n c1 -s --replace
	done
done

step 'nothing of it from the beginning'
for what in bridge rootfs source; do
	"/run/no-$what"
	fault restore -n c1
	check_equal 3 "$status" "exit status without $what ($(cat /tmp/said))"
	check_left "$STOPPED"
	mend
done
check restore -n c1
check_client false
rm -r "$IMG"

step 'a process that CRIU cannot stop'
block c1 waiting-for-vfork
start=$SECONDS
fault dump -n c1 -s
check_equal 1 "$status" "exit status ($(cat /tmp/said))"
check grep -q 'its processes did not all stop within 10 s' /tmp/said
check grep -q "hint: process $(host_pid c1 "$BLOCKED") (blocker) waits in the kernel.*a larger --timeout" /tmp/said
check test $((SECONDS - start)) -ge 10
check test $((SECONDS - start)) -lt 60
survived_dump
rm -rf "$IMG"
start=$SECONDS
fault dump -n c1 -s --timeout 1
check_equal 1 "$status" "exit status ($(cat /tmp/said))"
check grep -q 'its processes did not all stop within 1 s' /tmp/said
check test $((SECONDS - start)) -lt 10
survived_dump
rm -rf "$IMG"

step 'it stops in time after all'
criu_waits()
{
	[ "$(awk '/^TracerPid/ { print $2 }' "/proc/$blocked/status")" != 0 ]
}
blocked=$(host_pid c1 "$BLOCKED")
dump -n c1 -s --timeout 60 >/tmp/said 2>&1 &
dumping=$!
wait_for 30 criu_waits
# what it waits for has an end
kill -KILL "$(pgrep -P "$blocked")"
status=0
wait $dumping || status=$?
check_equal 0 "$status" "exit status ($(cat /tmp/said))"
check restore -n c1
check_client false
rm -rf "$IMG"
unblock c1
# lxc-attach has made itself a cgroup
RUNNING=$(leftovers)

step 'a log that ends in the middle of a line'
export FAKE_CRIU=/run/fake
mkdir $FAKE_CRIU
rm -rf "$IMG"
for end in 'exit 1' kill; do
	printf 'script network-lock\nlog (00.000001) Error (criu/tty.c:1): Unable to find\ncut (00.000002) Error (criu/t\n%s\n' \
		"$end" >$FAKE_CRIU/plan
	rm -f /run/lxc-checkpoint/criu
	LXC_CHECKPOINT_CRIU=$(readlink -f "${0%/*}/../fakes/criu") fault dump -n c1 -s
	rm -f /run/lxc-checkpoint/criu
	check_equal 1 "$status" "exit status ($(cat /tmp/said))"
	survived_dump
done
check dump -n c1 --replace
end_faults
