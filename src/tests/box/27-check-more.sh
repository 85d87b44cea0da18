#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What else --check finds: warnings, several things at once, the host, the directory, the state, a
# CRIU that is too old; and its usage.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/check.sh"

make_bridge
start_dhcp
make_container c1
with_blocker c1
start_container c1

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

step 'a file that CRIU gives a name for as long as it works is worth one, if the container runs on'
block c1 deleted-with-link
check_equal 'p=(renamed-link)' "$(findings)" 'findings'
check lxc-checkpoint -q --check -n c1 -s
unblock c1

step 'so is what an open file has and loses at a restore'
for kind in semaphore unread-event pty-exclusive; do
	block c1 "$kind"
	check_equal 'p=(lost-setting)' "$(findings)" "the findings of $kind"
	check lxc-checkpoint -q --check -n c1
	unblock c1
done

step 'and data that sockets lose, and users whom a restored socket takes for root'
for kind in peer-user=peer-user peer-client=peer-user unaccepted=lost-data \
	unread-datagram=lost-data corked-datagram=lost-data; do
	block c1 "${kind%=*}"
	check_equal "p=(${kind#*=})" "$(findings)" "the findings of $kind"
	check lxc-checkpoint -q --check -n c1
	unblock c1
done
# one that is not root's, which a box cannot save
block c1 peer-same
check_equal 'p=other-user' "$(findings)" 'findings'
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

step 'a directory that holds a checkpoint is worth a warning, one with other things gets a subdirectory'
check dump -n c1
BLOCKED=0
check_equal 'n=(directory)' "$(findings)" 'findings'
mkdir /run/other
touch /run/other/file
check lxc-checkpoint --check -n c1 -D /run/other
check test ! -e /run/other/c1
mkdir /run/other/c1
touch /run/other/c1/file
fails 3 '/run/other/c1 is not empty' lxc-checkpoint --check -n c1 -D /run/other
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
