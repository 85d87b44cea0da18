#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Events at the moment of a checkpoint: processes that come and go, a container that stops, and
# another one that starts.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"

# goes_on FILE: the payload still writes to it
goes_on()
{
	local was

	was=$(od -An -tx1 "$1")
	wait_for 10 differs "$1" "$was"
}

differs()
{
	[ "$(od -An -tx1 "$1")" != "$2" ]
}

rootfs=/var/lib/lxc/c1/rootfs
frozen=/sys/fs/cgroup/lxc.payload.c1/cgroup.freeze
payload many >/dev/null
export INITTAB='::once:/tmp/many threads 8 /threads
::once:/tmp/many forks 2 /forks'
begin_faults 1 <<-'END'
	lxc.mount.entry = /tmp/payload tmp none ro,bind 0 0
END
step 'threads and processes that come and go all the time'
for _ in 1 2 3 4 5; do
	check dump -n c1 --replace
	check_equal 0 "$(cat $frozen)" 'cgroup.freeze'
	goes_on $rootfs/threads
	goes_on $rootfs/forks
done
check_client false

# a criu whose first dump comes upon a process that has ended; the second dies as /run/dies says, when
# it has frozen the container
cat >/run/criu <<'END'
#!/bin/bash
[[ " $* " == *' dump '* ]] || exec criu "$@"
echo "$*" >>/run/criu.called
log=$(sed 's/.* -D \([^ ]*\).*/\1/' <<<"$*")/dump.log
freezer=$(sed -n 's/.*--freeze-cgroup \([^ ]*\).*/\1/p' <<<"$*")
if [ -z "$freezer" ]; then
	printf '(00.000001) Dumping processes (pid: 1\n(00.000002) Error (infect.c:132): Unable to interrupt task: 7 (No such process)\n' >"$log"
	exit 1
fi
echo 1 >"$freezer/cgroup.freeze"
! grep -q command /run/dies || kill -KILL "$PPID"
kill -KILL $$
END
chmod +x /run/criu

frozen_is()
{
	[ "$(cat $frozen)" = "$1" ]
}

step 'CRIU dies with the container frozen'
echo criu >/run/dies
fails 1 'keeps running' env LXC_CHECKPOINT_CRIU=/run/criu lxc-checkpoint -n c1 -D "$IMG" --replace
check_equal 2 "$(wc -l </run/criu.called)" tries
check frozen_is 0
goes_on $rootfs/threads

step 'and the command too: the next one thaws it'
echo 'criu and command' >/run/dies
LXC_CHECKPOINT_CRIU=/run/criu lxc-checkpoint -n c1 -D "$IMG" --replace || :
wait_for 10 frozen_is 1
check dump -n c1 --replace
check frozen_is 0
goes_on $rootfs/threads
check_client false

step 'a container that its user has frozen stays so'
check lxc-freeze -n c1
fails 3 'only a RUNNING container' dump -n c1 --replace
check frozen_is 1
check lxc-unfreeze -n c1

# another_life: of the container, after what was done to the first
another_life()
{
	check lxc-stop -n c1 -k
	start_container c1
	wait_for 20 has_address c1
	ADDRESS=$(address c1)
	wait_for 20 answers
}

step 'its life ends after a checkpoint whose command and CRIU were killed, and another begins'
kill -KILL "$CLIENT"
with_fault 'network-lock after command criu' dump -n c1 --replace
wait_for 20 quiet
check grep -q "\"init\": $(init_pid c1)," /run/lxc-checkpoint/*c1*.record
another_life
check dump -n c1 --replace
check_equal lxcbr0 "$(bridge_of "$(veth)")" bridge

step 'the same after a restore'
check dump -n c1 -s --replace
with_fault 'post-restore before command monitor criu' restore -n c1
half_made()
{
	pgrep -xc many >/dev/null
}
check half_made
start_container c1
init=$(init_pid c1)
check dump -n c1 --replace
check_equal "$init" "$(init_pid c1)" init
check_equal 0 "$(find /sys/fs/cgroup/lxc.payload.c1 -name cgroup.procs -exec cat {} + | wc -l)" \
	'half-made processes'
check_equal 1 "$(veth | wc -l)" 'veths'

step 'a container that stands still, for signals'
check lxc-stop -n c1 -k
sed -i '/tmp.many/d' $rootfs/etc/inittab
start_container c1
wait_for 20 has_address c1
ADDRESS=$(address c1)
wait_for 20 answers
start_client

# interrupted SIGNAL ARGUMENT...: the command gets it at /run/here, and ends without CRIU having gone on
on_bridge()
{
	[ "$(bridge_of "$(veth)")" = lxcbr0 ]
}
mkfifo /run/here /run/on
cat >/run/hold <<'END'
#!/bin/sh
[ "$CRTOOLS_SCRIPT_ACTION" = "$(cat /run/where)" ] || exit 0
echo here >/run/here
read -r _ </run/on
END
chmod +x /run/hold
begin()
{
	env --default-signal=INT,TERM,HUP lxc-checkpoint -n c1 -D "$IMG" --replace -A /run/hold "$@" \
		>/tmp/said 2>&1 &
	command=$!
	read -r _ </run/here
}
ends_with()
{
	status=0
	wait "$command" || status=$?
	check_equal "$1" "$status" "exit status ($(cat /tmp/said))"
	wait_for 10 quiet
	check state_is c1 RUNNING
	wait_for 10 on_bridge
	check_client_goes_on
}
for signal in INT TERM; do
	step "SIG$signal before CRIU has done anything: at once, twice"
	echo pre-dump >/run/where
	begin -s
	kill -$signal "$command"
	kill -$signal "$command"
	# nobody tells the script to go on
	ends_with 1
	check_equal 1 "$(grep -c 'interrupted; taking the checkpoint back' /tmp/said)" acknowledgements
	check grep -q 'keeps running: interrupted' /tmp/said
	step "SIG$signal while CRIU reads memory: it fails by itself, and undoes all"
	with_fault "network-lock after command:$signal" env --default-signal=INT,TERM \
		lxc-checkpoint -n c1 -D /run/fresh -s -v
	check_equal 1 "$status" "exit status ($(cat /tmp/said))"
	check grep -q 'taking the checkpoint back' /tmp/said
	check grep -q 'keeps running: interrupted' /tmp/said
	# the log ends where it could write no more
	check grep -q 'network-lock' /run/fresh/dump.log
	check_not grep -q 'Dumping FAILED\|post-dump' /run/fresh/dump.log
	rm -r /run/fresh
	check state_is c1 RUNNING
	wait_for 10 on_bridge
	check_client_goes_on
done

step 'a restore that has not begun is not begun any more'
check dump -n c1 -s --replace
cat >/run/criu <<'END'
#!/bin/bash
[ "$1" != --version ] || kill -TERM "$PPID"
exec criu "$@"
END
LXC_CHECKPOINT_CRIU=/run/criu fails 3 'c1 was not restored: interrupted' \
	env --default-signal=TERM lxc-checkpoint -r -n c1 -D "$IMG"
check state_is c1 STOPPED
check restore -n c1
check_client_goes_on
