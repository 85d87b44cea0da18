#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Two commands at once on one container or one directory: the second learns who is at work, and
# disturbs nothing. A lock of a dead process does not count.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

TIME='[0-9-]* [0-9:]*'

# begin ACTION ARGUMENT...: sets $command; returns when CRIU is held there
begin()
{
	local action=$1

	shift
	lxc-checkpoint -n c1 "$@" -A "/run/hold-$action" >/tmp/first 2>&1 &
	command=$!
	read -r _ </run/held
}

# finish: how it ended is $status
finish()
{
	echo go >/run/go-on
	status=0
	wait "$command" || status=$?
}

# told WORDS: by the last one that failed
told()
{
	grep -qx "lxc-checkpoint: $1" <<<"$said" || die "it says \"$said\", not \"$1\""
}

holder post-dump
holder post-restore
before_start=$(make_bridge && start_dhcp && leftovers)
start_counter c1
start_client
make_container c2 </dev/null
check dump -n c1 -s
check_equal '' "$(find /run/lxc-checkpoint -name '*.record' -o -name '*.links')" records
check restore -n c1
check_client_goes_on
running=$(leftovers)

step 'during a checkpoint'
begin post-dump -D /run/first
for arguments in '-D /run/second' '-D /run/second -s' '-D /run/first' '-D /run/first --replace' \
	'-r -D /run/image'; do
	# shellcheck disable=SC2086 # words
	fails 3 'of c1 has been running since' lxc-checkpoint -n c1 $arguments
	told "a checkpoint of c1 has been running since $TIME (process $command)"
done
check_not test -e /run/second
fails 3 "BLOCKS   a checkpoint of c1 has been running since" lxc-checkpoint -n c1 --check
check_equal 'c1 cannot be checkpointed: 1 reason' "$(tail -n 1 <<<"$said")"
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
check grep -q 'already running' <<<"$(lxc-start -n c1 2>&1)"
check_not lxc-destroy -n c1
check_not lxc-copy -n c1 -N c3
check_not lxc-snapshot -n c1
finish
check_equal 0 "$status" "of the first ($(cat /tmp/first))"
check test -s /run/first/manifest.json
check_client_goes_on
check_left "$running"

step 'one directory for two containers'
begin post-dump -D /run/third
check lxc-start -n c2 -o /dev/null
fails 3 'is in use' lxc-checkpoint -n c2 -D /run/third
told "/run/third is in use by a checkpoint since $TIME (process $command)"
finish
check_equal 0 "$status" "of the first ($(cat /tmp/first))"
check lxc-stop -n c2 -k
running=$(leftovers)

step 'a checkpoint whose command was killed is one until CRIU has ended'
begin post-dump -D /run/fourth
kill -KILL "$command"
wait "$command" || :
fails 3 'its command was killed, but CRIU is still working' lxc-checkpoint -n c1 -D /run/fifth
# what is about to end is waited for
lxc-checkpoint -n c1 -D /run/fifth >/tmp/second 2>&1 &
second=$!
echo go >/run/go-on
check wait "$second"
check test -s /run/fifth/manifest.json
check_not test -e /run/fourth/manifest.json
check_client_goes_on
check_left "$running"

step 'a command in a PID namespace of its own sees no monitor, and leaves the network alone'
number=$(cat "/sys/class/net/$(host_veth)/ifindex")
fails 3 'c1 is not running' unshare -pf --mount-proc lxc-checkpoint -n c1 -D /run/elsewhere
check_equal "$number" "$(cat "/sys/class/net/$(host_veth)/ifindex")" 'number of the link'
check_client_goes_on

step 'a lock that a dead process of an earlier version left is none'
LOCK=$(echo /run/lxc-checkpoint/*-c1.lock)
RECORD=${LOCK%.lock}.record
printf '# 999999 1 a restore\n' >"$LOCK"
check lxc-checkpoint -n c1 -D /run/sixth
check_equal '' "$(cat "$LOCK")" 'what the lock says when nobody has it'
check_not test -e "$RECORD"

step 'what it left off its bridge is put back'
link=$(host_veth)
ip link set "$link" nomaster
printf '# 999999 1 a checkpoint\n# init %s %s\nveth eth0 %s lxcbr0 - 1500 on\n' "$(init_pid c1)" \
	"$(sed 's/.*) //' "/proc/$(init_pid c1)/stat" | cut -d' ' -f20)" "$link" >"$LOCK"
check lxc-checkpoint -n c1 -D /run/sixth --replace
check_equal lxcbr0 "$(bridge_of "$link")" bridge
check_equal '' "$(cat "$LOCK")" 'what the lock says when nobody has it'

step 'half a record is not believed, nor passed over'
printf '{ "pid": 99' >"$RECORD"
fails 3 "cannot read $RECORD" lxc-checkpoint -n c1 -D /run/sixth --replace
rm "$RECORD"
printf '{ "pid": 99' >"/run/lxc-checkpoint/.${RECORD##*/}"
check lxc-checkpoint -n c1 -D /run/sixth --replace
check_not test -e "$RECORD"
check_not test -e "/run/lxc-checkpoint/.${RECORD##*/}"

step 'during a restore'
check lxc-checkpoint -n c1 -s -D /run/seventh
check_left "$before_start"
begin post-restore -r -D /run/seventh
for arguments in '-r -D /run/seventh' '-r -D /run/image' '-D /run/second' \
	'-D /run/seventh --replace'; do
	# shellcheck disable=SC2086 # words
	fails 3 'of c1 has been running since' lxc-checkpoint -n c1 $arguments
	told "a restore of c1 has been running since $TIME (process $command)"
done
check lxc-start -n c2 -o /dev/null
# another container's goes beneath
check lxc-checkpoint -n c2 -D /run/seventh --replace
check test -s /run/seventh/c2/manifest.json
check lxc-stop -n c2 -k
finish
check_equal 0 "$status" "of the first ($(cat /tmp/first))"
check_client_goes_on

step 'a restore whose command was killed goes on, and is one until it is done'
check lxc-checkpoint -n c1 -s -D /run/seventh --replace
begin post-restore -r -D /run/seventh
kill -KILL "$command"
wait "$command" || :
fails 3 'its command was killed, but CRIU is still working' lxc-checkpoint -n c1 -r -D /run/seventh
echo go >/run/go-on
check lxc-wait -n c1 -s RUNNING -t 20
check_client_goes_on
check lxc-checkpoint -n c1 -s -D /run/seventh --replace

step 'lxc-start during a restore'
begin post-restore -r -D /run/seventh
# it finds it running, or starting, and touches nothing; some versions call that a success
timeout 20 lxc-start -n c1 -o /run/start.log || :
finish
check_equal 0 "$status" "of the restore ($(cat /tmp/first))"
check_client_goes_on

step 'lxc-destroy during a restore, from the default directory, which it would remove'
check lxc-checkpoint -n c1 -s
begin post-restore -r
timeout 60 lxc-destroy -n c1 >/tmp/destroyed 2>&1 &
destroying=$!
finish
check_equal 0 "$status" "of the restore ($(cat /tmp/first))"
check_not wait "$destroying"
check grep -q 'c1 is running' /tmp/destroyed
check test -s /var/lib/lxc/c1/checkpoint/manifest.json
check_client_goes_on

step 'a restore right after lxc-stop, and lxc-start right after a checkpoint, whose monitor still cleans up'
check lxc-checkpoint -n c1 -s -D /run/seventh --replace
check lxc-checkpoint -n c1 -r -D /run/seventh
check_client_goes_on
end_client
check lxc-stop -n c1 -k
check lxc-checkpoint -n c1 -r -D /run/seventh
check lxc-checkpoint -n c1 -s -D /run/seventh --replace
check lxc-start -n c1 -o /run/start.log
check lxc-wait -n c1 -s RUNNING -t 10
check lxc-stop -n c1 -k
check_left "$before_start"

step 'a link is another one, though it has the name of one that the dead have made'
# another NAME: takes it from the link, which the kernel removes too, but when it pleases
another()
{
	ip link del "$1" 2>/dev/null || :
	ip link add "$1" type veth peer name other0
	number=$(cat "/sys/class/net/$1/ifindex")
}

# check_another NAME: it is there, and on no bridge
check_another()
{
	check_equal "$number" "$(cat "/sys/class/net/$1/ifindex")" "number of $1"
	check_not test -e "/sys/class/net/$1/master"
	ip link del "$1"
}

step '... at a restore of which all have been killed'
check lxc-start -n c1 -o /run/start.log
check lxc-wait -n c1 -s RUNNING -t 10
check lxc-checkpoint -n c1 -s -D /run/seventh --replace
begin post-restore -r -D /run/seventh
link=$(sed -n '/"links"/,/\]/s/.*"name": "\(.*\)",/\1/p' "$RECORD")
cgroup=$(sed -n 's/.*"path": "\(.*payload.*\)"/\1/p' "$RECORD")
criu=$(pgrep -x criu | head -n 1)
kill -KILL "$command" "$(ps -o ppid= -p "$criu" | tr -d ' ')" "$criu"
echo 1 >"$cgroup/cgroup.kill"
echo go >/run/go-on
wait "$command" || :
another "$link"
check lxc-checkpoint -n c1 -r -D /run/seventh
check_another "$link"

step '... at the end of a container that has deleted its interface itself'
link=$(host_veth)
nsenter -t "$(init_pid c1)" -n ip link del eth0
another "$link"
check lxc-stop -n c1 -k
check_another "$link"

step '... after a checkpoint that was killed with the network detached'
check lxc-checkpoint -n c1 -r -D /run/seventh --force=stale
link=$(host_veth)
begin post-dump -D /run/eighth
criu=$(pgrep -x criu | head -n 1)
kill -KILL "$command" "$criu"
echo go >/run/go-on
wait "$command" || :
nsenter -t "$(init_pid c1)" -n ip link del eth0
another "$link"
check lxc-checkpoint -n c1 -D /run/ninth
check_another "$link"
check lxc-stop -n c1 -k
check_left "$before_start"

# kill_monitor: c1's, while somebody holds its network namespace, so that the kernel cannot delete
# its link; that is $link
kill_monitor()
{
	link=$(host_veth)
	number=$(cat "/sys/class/net/$link/ifindex")
	exec {held}<"/proc/$(init_pid c1)/ns/net"
	kill -KILL "$(monitor_pid c1)"
	wait_for 10 state_is c1 STOPPED
	check_equal "$number" "$(cat "/sys/class/net/$link/ifindex")" "number of $link"
}

# check_one_link: c1 has a new one, by its name, and no other is on the bridge
check_one_link()
{
	check_equal "$link" "$(host_veth)" 'the links on the bridge'
	check_not test "$number" = "$(cat "/sys/class/net/$link/ifindex")"
	wait_for 20 has_address c1
	ADDRESS=$(address c1)
	wait_for 20 answers
	exec {held}<&-
}

step 'the network of a container whose monitor was killed has gone when it is restored'
check lxc-checkpoint -n c1 -r -D /run/seventh --force=stale
kill_monitor
check lxc-checkpoint -n c1 -r -D /run/seventh --force=stale
check_one_link

step '... also where it was started by lxc-start, if there was a checkpoint since'
check lxc-stop -n c1 -k
check_not test -e "${LOCK%.lock}.links"
check lxc-start -n c1 -o /run/start.log
wait_for 20 has_address c1
check lxc-checkpoint -n c1 -D /run/tenth
kill_monitor
check lxc-checkpoint -n c1 -r -D /run/tenth --force=stale
check_one_link

step '... but not a link that is another one by now'
kill_monitor
ip link set "$link" address 02:00:00:00:00:77
check lxc-checkpoint -n c1 -r -D /run/tenth --force=stale
check_equal "$number" "$(cat "/sys/class/net/$link/ifindex")" "number of $link"
check_equal 2 "$(host_veth | wc -l)" 'links on the bridge'
exec {held}<&-
wait_for 20 test ! -e "/sys/class/net/$link"
check lxc-checkpoint -n c1 -s -D /run/tenth --replace
check_not test -e "${LOCK%.lock}.links"
check_left "$before_start"

step 'lxc-destroy of a stopped one takes its checkpoint along'
check lxc-destroy -n c1 >/dev/null
check_not test -e /var/lib/lxc/c1
fails 3 'there is no container c1' lxc-checkpoint -n c1 -r -D /run/seventh
