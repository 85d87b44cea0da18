#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# --check reports what cannot be checkpointed, with its process, and a dump refuses it before
# anything is touched. Both accept what can be checkpointed.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"

# What CRIU was seen to fail at: MODE, and what --check has to find, a
# WHO=CHECK each. WHO is p, the process, c, a child of its, or n, no process.
blockers()
{
	cat <<-'END'
		block-device p=device
		bpf-map p=file-kind
		bpf-prog p=file-kind
		dead-leader p=dead-leader
		dispatch p=syscall-dispatch
		dispatch-in-thread p=syscall-dispatch
		fan-watch-sys p=watch
		fuse-device p=device
		io-uring p=file-kind
		landlock p=file-kind
		loop-control p=device
		mount-fd p=file-kind
		mptcp p=socket-kind
		namespace-cgroup p=nested-namespace
		namespace-fd p=namespace-file
		namespace-ipc p=nested-namespace
		namespace-pid p=nested-namespace c=nested-namespace
		namespace-time p=nested-namespace c=nested-namespace
		namespace-user p=nested-namespace
		namespace-uts p=nested-namespace
		netlink-groups p=socket-kind
		other-user p=other-user
		packet-ring p=packet-ring
		path-of-socket p=file-kind
		perf-event p=file-kind
		pidfd-of-thread p=file-kind
		pty-job c=terminal c=terminal
		pty-shell c=terminal
		seccomp-notify p=file-kind
		secret-memory p=file-kind
		traced c=traced
		tty-shell c=terminal
		unix-outside p=unix-peer
		unix-outside-datagram p=unix-peer
		userfault p=file-kind
		vsock p=socket-kind
		watch-proc p=watch
		watch-sys p=watch
		xdp p=socket-kind
	END
}

# The same of mounts, which stay when the process is gone.
mount_blockers()
{
	cat <<-'END'
		cgroup-file-mount i=cgroup-file
		covered-file p=covered-file
		fuse-mount n=filesystem p=device
		message-queue n=filesystem p=file-kind
		mount-on-tracefs n=filesystem
		namespace-mnt-cgroup-file p=cgroup-file
		namespace-mnt-services c=nested-namespace
		namespace-mount n=mount-root
		watch-queues p=watch
		overlay-mount n=filesystem
		shared-folders n=mount-sharing
		tracefs-file p=file-kind p=file-kind
	END
}

innocents='asynchronous-io deleted deleted-mapped deleted-with-link devices event-files fan-watch
	kmsg-device locks many-processes mapping-opened memory-files namespace-net netlink no-new-privileges nothing
	own-namespace-fd passed-descriptor pidfd-of-child pipes pty-without-master sigsys-handler sockets
	stopped-child threads tty-getty tun-device watch-cgroup zombie-child raw-socket'
mount_innocents='bracket-mount hugepage-mount mqueue-empty namespace-mnt-own namespace-mnt-private
	namespace-mnt-service namespace-mnt-shared namespace-mnt-slave'

# findings: "WHO=CHECK" for each that blocks, "WHO=(CHECK)" for a warning
findings()
{
	lxc-checkpoint --check --json -n c1 -D "$IMG" >/tmp/check.json || :
	echo "$BLOCKED" >&"${READER[1]}"
	read -r -t 60 -u "${READER[0]}" REPLY || die "no answer from the reader: $(cat /tmp/check.json)"
	printf '%s\n' "$REPLY"
}

# One for all, since there are many
coproc READER {
	exec python3 -u -c '
import json, sys
for blocked in sys.stdin:
    answer = json.load(open("/tmp/check.json"))
    assert answer["container"] == "c1"
    assert answer["checkpointable"] == (not any(f["blocks"] for f in answer["findings"]))
    said = []
    for f in answer["findings"]:
        pid = f["container_pid"]
        assert (pid is None) == (f["process"] is None) == (f["pid"] is None)
        assert f["reason"] and f["remedy"], f
        who = "n" if pid is None else "p" if pid == int(blocked) else "i" if pid == 1 else "c"
        said.append(who + "=" + (f["check"] if f["blocks"] else "(" + f["check"] + ")"))
    print(*sorted(said))
'
}

# What a look or a refusal could have changed.
world()
{
	leftovers
	init_pid c1
	ls "$IMG" 2>&1 || :
	bridge_of "$(host_veth)"
	cat /sys/fs/cgroup/lxc.payload.c1/cgroup.freeze
	find /var/lib/lxc/c1 -xdev ! -path '*/rootfs/tmp*' ! -path '*/rootfs/var/log*' ! -path '*/rootfs/var/run*' -printf '%p %s %T@\n'
}

# blocks MODE WHO=CHECK...
blocks()
{
	local mode=$1 before pid

	shift
	block c1 "$mode"
	before=$(world)
	check_equal "$(printf '%s\n' "$@" | sort | paste -sd ' ')" "$(findings)" "findings in $mode"
	fails 3 'cannot be checkpointed' lxc-checkpoint --check -n c1 -D "$IMG"
	fails 3 hint: dump -n c1 -s
	check_equal "$before" "$(world)" "the world after $mode"
	pid=$(host_pid c1 "$BLOCKED")
	check test -d "/proc/$pid"
}

# passes MODE
passes()
{
	block c1 "$1"
	check_equal '' "$(findings)" "findings in $1"
	check dump -n c1
	rm -r "$IMG"
}

restart()
{
	lxc-stop -k -n c1
	lxc-wait -n c1 -s STOPPED -t 10 || die 'c1 does not stop'
	start_container c1
}

make_bridge
start_dhcp
make_container c1 <<-'END'
	lxc.mount.entry = /run/outside.socket outside.socket none bind,create=file 0 0
	lxc.mount.entry = /run/outside.datagram outside.datagram none bind,create=file 0 0
END
with_blocker c1
socat UNIX-LISTEN:/run/outside.socket,fork EXEC:cat &
socat -u UNIX-RECV:/run/outside.datagram OPEN:/dev/null &
wait_for 10 test -S /run/outside.socket
wait_for 10 test -S /run/outside.datagram
start_container c1

step 'what can be checkpointed'
innocent=()
for mode in $innocents; do
	block c1 "$mode"
	check_equal '' "$(findings)" "findings in $mode"
	innocent+=("$BLOCKED")
done
check dump -n c1
rm -r "$IMG"
for BLOCKED in "${innocent[@]}"; do
	unblock c1
done

are_gone()
{
	local pid

	for pid in $1; do
		[ ! -d "/proc/$pid" ] || return 1
	done
}

step 'what cannot'
while read -r mode expected; do
	# shellcheck disable=SC2086 # words
	blocks "$mode" $expected
	children=$(pgrep -P "$(host_pid c1 "$BLOCKED")" || :)
	unblock c1
	# the init of a namespace takes its time to die, and would be found with the next one
	[ "$mode" != namespace-pid ] || wait_for 10 are_gone "$children"
done < <(blockers)

step 'a process that waits is worth a warning'
block c1 waiting-for-vfork
state_of_blocked()
{
	grep -q "^State:.$1" "/proc/$(host_pid c1 "$BLOCKED")/status"
}
wait_for 10 state_of_blocked D
check_equal 'p=(uninterruptible)' "$(findings)" 'findings'
check lxc-checkpoint -q --check -n c1
unblock c1

step 'a dead process of lxc-attach is in the way only if nobody collects it'
block c1 nothing
init=$(init_pid c1)
kill -STOP "$init"
in_container c1 sh -c '(: & )'
dead_child()
{
	pgrep -r Z -P "$init" >/dev/null
}
wait_for 10 dead_child
check_equal 'c=foreign-session' "$(findings)" 'findings'
kill -CONT "$init"
check_equal '' "$(findings)" 'findings'
unblock c1

step 'several at once: all are told, the first by the dump too'
block c1 seccomp-notify
first=$BLOCKED
block c1 landlock
check_equal 'c=file-kind p=file-kind' "$(findings)" 'findings'
fails 3 '1 more reason: see lxc-checkpoint --check -n c1 -D /run/image' dump -n c1
fails 3 'c1 cannot be checkpointed: 2 reasons' lxc-checkpoint --check -n c1
case $said in
*"BLOCKS   blocker (pid $(host_pid c1 "$BLOCKED"), in the container $BLOCKED) has a landlock"*) ;;
*) die "it says $said" ;;
esac
unblock c1
BLOCKED=$first
unblock c1

step 'the unit of systemd that a process belongs to'
block c1 landlock
pid=$(host_pid c1 "$BLOCKED")
mkdir -p /sys/fs/cgroup/lxc.payload.c1/system.slice/demo.service
echo "$pid" >/sys/fs/cgroup/lxc.payload.c1/system.slice/demo.service/cgroup.procs
fails 3 "blocker (pid $pid, in the container $BLOCKED, demo.service) has a landlock" \
	lxc-checkpoint --check -n c1
fails 3 "process $pid (blocker, demo.service) of c1 has a landlock" dump -n c1
check_equal p=file-kind "$(findings)" 'findings'
check grep -q '"unit": "demo.service"' /tmp/check.json
unblock c1
rmdir /sys/fs/cgroup/lxc.payload.c1/system.slice/demo.service /sys/fs/cgroup/lxc.payload.c1/system.slice

step 'what came in by lxc-attach is not part of a checkpoint, and told so'
lxc-attach -n c1 --clear-env -- sleep 1000 </dev/null >/dev/null 2>&1 &
attached=$!
wait_for 10 runs c1 sleep
BLOCKED=$(vpid c1 sleep)
check_equal 'p=(not-in-tree)' "$(findings)" 'findings'
unblock c1
wait "$attached" || :
check_equal '' "$(findings)" 'findings afterwards'

step 'room for the image'
mkdir /run/small
mount -t tmpfs -o size=100k small /run/small
fails 3 'left for /run/small/image' lxc-checkpoint --check -n c1 -D /run/small/image
fails 3 'left for /run/small/image' lxc-checkpoint -n c1 -D /run/small/image
check_not test -e /run/small/image
umount /run/small

step 'iptables, where CRIU has to lock the network by it'
ip link set dev "$(host_veth)" nomaster
mount --bind /dev/null /usr/sbin/iptables-restore
check_equal 'n=network-lock n=network-lock' "$(findings)" 'findings'
umount /usr/sbin/iptables-restore
check_equal '' "$(findings)" 'findings with it'

step 'mounts'
for mode in $mount_innocents; do
	restart
	passes "$mode"
done
while read -r mode expected; do
	restart
	# shellcheck disable=SC2086 # words
	blocks "$mode" $expected
done < <(mount_blockers)
for mode in ramfs hugepage-file; do
	restart
	block c1 "$mode"
	check_equal 'n=(lost-content)' "$(findings)" "findings in $mode"
	check dump -n c1
	rm -r "$IMG"
done
check dump -n c1
restart

step 'what is the host'"'"'s and cannot be saved hides nothing else'
rm /run/outside.datagram
in_container c1 sh -c 'touch /tmp/over && mount --bind /tmp/over /dev/console'
ip link set dev "$(host_veth)" nomaster
mount --bind /dev/null /usr/sbin/iptables-restore
block c1 landlock
check_equal 'n=(directory) n=mount-source n=network-lock n=network-lock n=terminal p=file-kind' "$(findings)" 'findings'
umount /usr/sbin/iptables-restore
fails 3 'leads there any more; 2 more reasons' dump -n c1 -s
fails 3 'hint: mount its source again on the host, or unmount /outside.datagram' dump -n c1
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
: >/run/outside.datagram
restart

step 'a directory that holds a checkpoint is worth a warning, one with other things blocks'
BLOCKED=0
check_equal 'n=(directory)' "$(findings)" 'findings'
mkdir /run/other
touch /run/other/file
fails 3 '/run/other is not empty' lxc-checkpoint --check -n c1 -D /run/other
rm -r "$IMG"

step 'not running, frozen, not there'
before=$(world)
lxc-freeze -n c1
check_equal 'n=state' "$(findings)" 'findings of a frozen container'
fails 3 'hint: lxc-unfreeze -n c1' lxc-checkpoint --check -n c1
check_equal FROZEN "$(lxc-info -n c1 -sH)" state
lxc-unfreeze -n c1
check_equal "$before" "$(world)" 'the world'
lxc-stop -k -n c1
fails 3 'c1 is not running' lxc-checkpoint --check -n c1
fails 3 'there is no container nobody' lxc-checkpoint --check -n nobody
start_container c1

step 'a CRIU that is too old for what there is'
export FAKE_CRIU=/run/fake
mkdir -p "$FAKE_CRIU"
old_criu()
{
	echo "version $1" >"$FAKE_CRIU/plan"
	# what was found of the other one
	rm -f /run/lxc-checkpoint/criu
	LXC_CHECKPOINT_CRIU=$(readlink -f "${0%/*}/../fakes/criu")
	export LXC_CHECKPOINT_CRIU
}
# old MODE VERSION FINDING NEWER-VERSION
old()
{
	block c1 "$1"
	old_criu "$2"
	check_equal "$3" "$(findings)" "findings in $1 with CRIU $2"
	old_criu "$4"
	check_equal '' "$(findings)" "findings in $1 with CRIU $4"
	unset LXC_CHECKPOINT_CRIU
	unblock c1
}
# a kernel that has that option on all sockets suits all of them
refused='p=socket-kind'
! python3 -c 'import socket; socket.socket().getsockopt(1, 16)' 2>/dev/null || refused=''
old no-new-privileges 3.18 p=no-new-privs 3.19
old pidfd-of-child 4.0 p=file-kind 4.2
old sockets 4.1.1 "$refused" 4.2

step 'without a CRIU, and with privileges missing'
LXC_CHECKPOINT_CRIU=/nowhere fails 3 'not the absolute path of a program' lxc-checkpoint --check -n c1
fails 3 'cap_kill is missing' setpriv --bounding-set -kill --inh-caps -kill \
	lxc-checkpoint --check -n c1

step 'usage'
fails 2 'conflict' lxc-checkpoint --check -r -d -n c1
fails 2 'conflict' lxc-checkpoint --check -r -F -n c1
fails 2 '--force without -r' lxc-checkpoint --check --force=cpu -n c1
fails 2 'conflict' lxc-checkpoint --check -A /bin/true -n c1
fails 2 '-d without -r' lxc-checkpoint --check -d -n c1
fails 2 '-F without -r' lxc-checkpoint --check -F -n c1
fails 2 '--json without --check' lxc-checkpoint --json -n c1
check_equal '' "$(lxc-checkpoint -q --check -n c1)" 'output with -q'
check_equal 'c1 can be checkpointed' "$(lxc-checkpoint --check -s c1)" 'output'
