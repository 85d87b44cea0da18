#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Locks on shared files that others have taken since, and that /proc/locks does not show to this
# host: the process that took the lock has exited while another has the open file, or is outside the
# PID namespace in which the restore runs. No restore waits for those without a limit, which is one
# for each lock.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
export FRESH=1

ROOTFS=/var/lib/lxc/c1/rootfs
SHARED=/run/shared

make_bridge
start_dhcp
nothing=$(leftovers)
mkdir -p "$SHARED"
for f in flock ofd second; do
	head -c 100 /dev/zero >"$SHARED/$f"
done
payload holdfile >/dev/null
make_container c1 <<-END
	lxc.mount.entry = $SHARED shared none bind,create=dir 0 0
END
install -m 755 /tmp/payload/holdfile "$ROOTFS/bin/"
printf '%s\n' '::once:/bin/holdfile /ready flock=/shared/flock ofd=/shared/ofd flock=/shared/second' >>"$ROOTFS/etc/inittab"
start_container c1
wait_for 10 test -s "$ROOTFS/ready"
holdfile=$(cat "$ROOTFS/ready")
check dump -n c1 -s
wait_for 10 state_is c1 STOPPED

# let_go PID FILE
let_go()
{
	kill -KILL "$1"
	wait_for 10 flock -n "$SHARED/$2" true
}

# never_ends FILE COMMAND...: it is refused while it runs, and says of which file and process
never_ends()
{
	local file=$1

	shift
	fails 1 "shared/$file, on which process $holdfile in the container had a lock, has been locked by a process that /proc/locks of this host does not show for more than 10 s" \
		timeout 60 "$@"
	wait_for 10 state_is c1 STOPPED
	check_left "$nothing"
}

step 'the process that took it has exited'
# sh opens it, flock locks it and exits, and sleep has it
# shellcheck disable=SC2016 # for that shell
setsid sh -c 'exec 9<"$1"; flock 9; echo $$ >/run/keeps; exec sleep 1000' sh "$SHARED/flock" \
	</dev/null >/dev/null 2>&1 &
wait_for 10 test -s /run/keeps
check_not flock -n "$SHARED/flock" true
never_ends flock lxc-checkpoint -r -D "$IMG" -n c1
let_go "$(cat /run/keeps)" flock

step 'the process that took it is in another PID namespace'
rm /run/keeps
setsid flock "$SHARED/flock" sh -c 'echo $$ >/run/keeps; exec sleep 1000' </dev/null >/dev/null 2>&1 &
holder=$!
wait_for 10 test -s /run/keeps
# what runs there is killed with the namespace's init
never_ends flock unshare --pid --fork --mount-proc --kill-child lxc-checkpoint -r -D "$IMG" -n c1
kill -KILL "$holder"
let_go "$(cat /run/keeps)" flock

step 'two that are held in turn, neither for long'
# shellcheck disable=SC2016,SC2086 # for that shell; two words
for hold in 'flock 7' 'second 14'; do
	setsid sh -c 'exec 9<"$1"; flock 9; echo $$ >/run/keeps.$2; exec sleep $3' sh \
		"$SHARED/${hold% *}" $hold </dev/null >/dev/null 2>&1 &
	wait_for 10 test -s "/run/keeps.${hold% *}"
done
check restore -n c1
check lxc-stop -n c1 -k
wait_for 10 state_is c1 STOPPED

step 'and with none in the way'
check restore -n c1
check_not flock -n "$SHARED/flock" true
check grep -q "OFDLCK.*:$(stat -c %i "$SHARED/ofd") " /proc/locks
