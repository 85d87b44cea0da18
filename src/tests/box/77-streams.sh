#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# No byte is lost: two streams that never pause for an answer, with each byte checked where it
# arrives, over checkpoints that stop the container, that do not, and that fail. Nobody acknowledges
# what arrives between the saving of a container and its end.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/streams.sh"

holder post-dump

acknowledged()
{
	ss -tinH dst "$ADDRESS:7001" | grep -o 'bytes_acked:[0-9]*'
}

# is_full: what is not acknowledged is sent no further
is_full()
{
	local was=$sent

	read -r _ sent </tmp/streamed
	[ "$was" = "$sent" ]
}

# held DUMP-OPTION...: while CRIU waits, with all of it saved, nothing that is sent is taken
held()
{
	local before

	dump -n c1 -A /run/hold-post-dump "$@" &
	read -r _ </run/held
	before=$(acknowledged)
	sent=0
	wait_for 60 is_full
	check_equal "$before" "$(acknowledged)" 'what was acknowledged meanwhile'
	echo go >/run/go-on
	check wait $!
}

# All of it, with the lock that the container's port leads to
round()
{
	local action

	step "$1: it runs on"
	held
	streams_go_on

	step "$1: it is stopped and restored"
	held -s --replace
	check restore -n c1
	streams_go_on

	for action in network-lock post-dump; do
		step "$1: a checkpoint that fails at $action"
		printf '#!/bin/sh\n[ "%s" != %s ]\n' "\$CRTOOLS_SCRIPT_ACTION" "$action" >/run/fail
		fails 1 'keeps running' dump -n c1 -s --replace -A /run/fail
		streams_go_on
	done

	step "$1: a checkpoint whose command is killed"
	dump -n c1 -s --replace -A /run/hold-post-dump >/dev/null 2>&1 &
	read -r _ </run/held
	# of this shell's child it is the child
	kill -KILL "$(pgrep -oxf "lxc-checkpoint -D $IMG -n c1 .*")"
	echo go >/run/go-on
	wait $! || :
	streams_go_on
	rm -r "$IMG"
}

payload stream >/dev/null
printf '#!/bin/sh\n' >/run/fail
chmod +x /run/fail
make_bridge
start_dhcp
sysctl -qw net.ipv4.tcp_rto_max_ms=1000
INITTAB=$STREAMS start_counter c1 <<<"$STREAMS_CONFIG"
start_streams
streams_go_on

round 'off its bridge'

# CRIU locks its network then
ip link set dev "$(host_veth)" type bridge_slave hairpin on
round 'with settings of its port'

step 'to the end: all that was sent has come'
end_streams
echo "$STREAMED"
