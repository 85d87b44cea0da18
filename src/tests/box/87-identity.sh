#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A container is one container, however its directory is spelled: each spelling finds it, and it
# never runs twice. Each container has a lock of its own, and what is not a container has none.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

LOCKS=/run/lxc-checkpoint

locks()
{
	(cd "$LOCKS" && find . -name '*.lock' | sort | paste -sd ' ')
}

# lock_of DIRECTORY: its name is that of the container's directory, by whatever path
lock_of()
{
	local name=${1##*/}

	stat -c "%Hd:%Ld-%i-${name//-/\\x2d}.lock" "$1"
}

# instances: how many monitors there are of a c1
instances()
{
	grep -c ' 00010000 .*@.*/c1/command$' /proc/net/unix || :
}

start_counter c1
lxc-stop -k -n c1
ln -s /var/lib/lxc /run/link
mkdir /run/bound
mount --bind /var/lib/lxc /run/bound
cd /var/lib
spellings='/var/lib/lxc /var/lib/lxc/ /var//lib/./lxc /var/lib/lxc/../lxc lxc ./lxc/ ../lib/lxc /run/link
	/run/link/ /run/bound'

step 'a checkpoint by each spelling, of one that was started by another'
# by a relative one LXC starts it in the foreground only
for started in /var/lib/lxc /run/link /run/bound; do
	lxc-start -P "$started" -n c1
	lxc-wait -P "$started" -n c1 -s RUNNING -t 10
	for spelling in $spellings; do
		said=$(lxc-checkpoint -P "$spelling" -n c1 --check) || die "$spelling, started by $started: $said"
		fails 3 'c1 is already running' lxc-checkpoint -P "$spelling" -n c1 -r -D /run/image
		check_equal 1 "$(instances)" 'instances'
	done
	check lxc-checkpoint -P lxc -n c1 -D /run/image
	fails 3 'c1 is already running' lxc-checkpoint -P lxc -n c1 -r -D /run/image
	fails 3 'c1 is already running' lxc-checkpoint -P /run/bound -n c1 -r -D /run/image
	check_equal 1 "$(instances)" 'instances'
	rm -r /run/image
	lxc-stop -k -P "$started" -n c1
done

step 'that it runs is seen of one with a relative LXCPATH too'
setsid lxc-start -F -P lxc -n c1 </dev/null >/dev/null 2>&1 &
lxc-wait -P lxc -n c1 -s RUNNING -t 10
fails 3 'started with -P lxc' lxc-checkpoint -n c1 -r -D /run/image
(cd / && fails 3 'started with -P lxc' lxc-checkpoint -n c1 -r -D /run/image)
lxc-checkpoint --json -P /run/link -n c1 --check >/tmp/check.json || :
check_not grep -q 'is not running' /tmp/check.json
lxc-stop -k -P lxc -n c1
wait

step 'a restored one is found where a relative path leads, and stopped and saved by each'
start_container c1
check lxc-checkpoint -P lxc -n c1 -s -D /run/image
check lxc-checkpoint -P lxc -n c1 -r -D /run/image
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
check lxc-checkpoint -P /run/link -n c1 -s -D /run/second
check_equal STOPPED "$(lxc-info -n c1 -sH)" state
check lxc-checkpoint -P /run/link/ -n c1 -r -D /run/second
check_equal RUNNING "$(lxc-info -P /run/link -n c1 -sH)" state
fails 3 'started with -P /run/link' lxc-checkpoint -n c1 -r -D /run/second
check_equal 1 "$(instances)" 'instances'

step 'all of it was one lock, and a name that was mistyped leaves none'
before=$(locks)
check_equal "./$(lock_of /var/lib/lxc/c1)" "$before" 'locks'
for arguments in '-n nobody' '-r -n nobody' '-n c2 -s' '-P /run/nowhere -n c1' '--check -n nobody'; do
	# shellcheck disable=SC2086 # words
	fails 3 'there is no container' lxc-checkpoint $arguments
done
fails 2 '-P needs a directory' lxc-checkpoint -P '' -n c1
check_equal "$before" "$(locks)" 'locks'

step 'one at a time, by whatever path'
holder post-dump
holder post-restore
lxc-checkpoint -P /run/bound -n c1 -D /run/third -A /run/hold-post-dump >/tmp/first 2>&1 &
command=$!
read -r _ </run/held
fails 3 'a checkpoint of c1 has been running since' lxc-checkpoint -n c1 -D /run/fourth
fails 3 'a checkpoint of c1 has been running since' lxc-checkpoint -P /run/link -n c1 -r -D /run/second
fails 3 'BLOCKS   a checkpoint of c1 has been running since' lxc-checkpoint -n c1 --check
# what one has left is mended by way of the other
veth=$(ip -o link show type veth | sed -n 's/^[0-9]*: \([^@:]*\).*/\1/p')
check_not test -e "/sys/class/net/$veth/master"
kill -KILL "$command" "$(pgrep -x criu)"
echo go >/run/go-on
wait "$command" || :
check lxc-checkpoint -n c1 -D /run/fourth
check_equal "$veth" "$(host_veth)" 'what is on the bridge'
lxc-stop -k -P /run/link -n c1
lxc-checkpoint -P /run/bound -n c1 -r -D /run/fourth -A /run/hold-post-restore --force=stale >/tmp/first 2>&1 &
command=$!
read -r _ </run/held
fails 3 'a restore of c1 has been running since' lxc-checkpoint -n c1 -r -D /run/second
echo go >/run/go-on
check wait "$command"
check_equal 1 "$(instances)" 'instances'

step 'names that differ in where the dashes are have different locks'
mkdir -p /run/a/b-c /run/a-b/c
touch /run/a/b-c/config /run/a-b/c/config
fails 3 'b-c is not running' lxc-checkpoint -P /run/a -n b-c
fails 3 'c is not running' lxc-checkpoint -P /run/a-b -n c
check_equal "$(printf './%s\n' "$(lock_of /run/a/b-c)" "$(lock_of /run/a-b/c)" "$(lock_of /var/lib/lxc/c1)" | sort | paste -sd ' ')" \
	"$(locks)" 'locks'
