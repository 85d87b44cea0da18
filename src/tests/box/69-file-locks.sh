#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Locks of the container on files that it shares with the host, which another process has taken
# since: the restore is refused, and names the file and the process. A lock that is taken after the
# check is waited for within a limit.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
export FRESH=1

ROOTFS=/var/lib/lxc/c1/rootfs
SHARED=/run/shared

# holder HOW FILE: takes that lock, in a session of its own, and sets HOLDER
hold()
{
	rm -f /run/held-now
	setsid /tmp/payload/holdfile /run/held-now "$1=$SHARED/$2" </dev/null >/dev/null 2>/run/hold-said &
	HOLDER=$!
	wait_for 10 is_held
}

is_held()
{
	[ ! -s /run/hold-said ] || die "$(cat /run/hold-said)"
	[ -s /run/held-now ]
}

let_go()
{
	kill -KILL "$HOLDER"
	wait "$HOLDER" 2>/dev/null || :
}

# in_the_way HOW FILE WORDS: with that lock a restore is refused, and names who has it
in_the_way()
{
	hold "$1" "$2"
	fails 3 "/shared/$2, on which process" lxc-checkpoint -r --check -n c1 -D "$IMG"
	fails 3 "is locked by process $HOLDER (holdfile) ($3)" restore -n c1
	check_left "$nothing"
	let_go
}

# no_matter HOW FILE: nothing is found
no_matter()
{
	hold "$1" "$2"
	fails 0 'c1 can be restored' lxc-checkpoint -r --check -n c1 -D "$IMG"
	check_equal 'c1 can be restored' "$said" 'output'
	let_go
}

make_bridge
start_dhcp
nothing=$(leftovers)
mkdir -p "$SHARED"
for f in flock flocksh posix posixsh ofd none; do
	head -c 100 /dev/zero >"$SHARED/$f"
done
payload counter >/dev/null
payload client >/dev/null
payload holdfile >/dev/null
make_container c1 <<-END
	lxc.mount.entry = $SHARED shared none bind,create=dir 0 0
END
install -m 755 /tmp/payload/counter /tmp/payload/holdfile "$ROOTFS/bin/"
printf '%s\n' "::once:/bin/counter $PORT 1" \
	'::once:/bin/holdfile /ready flock=/shared/flock flocksh=/shared/flocksh posix=/shared/posix posixsh=/shared/posixsh ofd=/shared/ofd r=/shared/none' \
	>>"$ROOTFS/etc/inittab"
start_container c1
wait_for 20 has_address c1
ADDRESS=$(address c1)
wait_for 60 answers
wait_for 10 test -s "$ROOTFS/ready"
check dump -n c1 -s
wait_for 10 state_is c1 STOPPED

step 'locks that exclude each other'
in_the_way flock flock flock
in_the_way flocksh flock flock
in_the_way flock flocksh flock
in_the_way posix posix fcntl
in_the_way posix posixsh fcntl
in_the_way posix ofd fcntl
in_the_way posixsh posix fcntl
hold ofd posix
fails 3 'is locked by a process that the kernel does not name (fcntl)' restore -n c1
let_go

step 'and those that do not'
no_matter flocksh flocksh
no_matter posixsh posixsh
no_matter posix flock
no_matter flock posix
no_matter flock none

step 'several at once'
hold flock flock
first=$HOLDER
hold posix posix
lxc-checkpoint -r --check -n c1 -D "$IMG" >/run/found && die 'not refused'
check_equal 2 "$(grep -c 'BLOCKS.*\[file-lock\]' /run/found)" 'findings'
let_go
HOLDER=$first
let_go

# late HOW: a lock that is taken when all has been looked at
late()
{
	cat >/run/take <<-END
		#!/bin/sh
		[ "\$CRTOOLS_SCRIPT_ACTION" = pre-restore ] || exit 0
		[ ! -e /run/held-now ] || exit 0
		# not in the monitor's cgroup, which has to go
		echo \$\$ >/sys/fs/cgroup/init.scope/cgroup.procs
		setsid /tmp/payload/holdfile /run/held-now $1=$SHARED/$1 </dev/null >/dev/null 2>&1 &
		until [ -s /run/held-now ]; do :; done
	END
	chmod +x /run/take
}

for how in flock posix; do
	step "one that comes later: $how"
	late "$how"
	rm -f /run/held-now
	fails 1 "in the container had a lock, has been locked by process " \
		timeout 60 lxc-checkpoint -r -D "$IMG" -n c1 -A /run/take
	check grep -q "has been locked by process $(cat /run/held-now) (holdfile) for more than 10 s" <<<"$said"
	kill -KILL "$(cat /run/held-now)"
	wait_for 10 flock -n "$SHARED/flock" true
	wait_for 10 state_is c1 STOPPED
	check_left "$nothing"
done

step 'and nothing is in the way: the locks are the container'\''s again'
check restore -n c1
wait_for 10 answers
for f in flock flocksh; do
	check_not flock -n "$SHARED/$f" true
done
check flock -n "$SHARED/posix" true
for f in flock flocksh posix posixsh ofd; do
	check grep -q ":$(stat -c %i "$SHARED/$f") " /proc/locks
done
