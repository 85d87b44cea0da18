#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# CRIU is killed while TCP sockets are in repair mode, while it writes memory and while it waits for
# the end of the checkpoint: the container keeps running, loses no connection and no byte, and its
# sockets are unchanged. (Not while CRIU is putting its own code into a process or taking it out:
# such a process may die.)
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"
. "${0%/*}/lib/streams.sh"

# microseconds after the first MiB of 384, of the memory of a process that comes behind those with the
# sockets; code: when it has been told to hand more of it over; -: when CRIU waits for an answer
MOMENTS=(0 5000 20000 code -)

# Inode, state, SO_REUSEADDR and repair mode of each
sockets()
{
	local pid

	for pid in "${servers[@]}"; do
		/tmp/payload/repair show "$pid"
	done
}

# killed_at MOMENT VICTIMS DUMP-OPTION...: one checkpoint that does not come to its end
killed_at()
{
	local moment=$1 victims=$2 before

	shift 2
	before=$(sockets)
	[ "$moment" != code ] || moment=code:${servers[-1]}
	if [ "$moment" = - ]; then
		with_fault "post-dump waiting $victims" dump -n c1 "$@"
		STRUCK=$((STRUCK + 1))
	else
		# shellcheck disable=SC2086 # words
		/tmp/payload/repair strike "${servers[0]}" "$IMG" "$moment" $victims >/tmp/struck &
		fault dump -n c1 "$@"
		check wait $!
		if [ "$(cat /tmp/struck)" = struck ]; then
			STRUCK=$((STRUCK + 1))
		else
			LATE=$((LATE + 1))
		fi
	fi
	wait_for 20 quiet
	# over before it was struck
	if state_is c1 STOPPED; then
		check restore -n c1
		find_servers
	elif [[ $victims = *command* ]]; then
		# the next one for it mends the network
		check dump -n c1 --replace
		check_equal "$before" "$(sockets)" "sockets after $victims at $moment"
	else
		[ "$status" = 0 ] || check grep -q 'keeps running' /tmp/said
		check_equal "$before" "$(sockets)" "sockets after $victims at $moment"
	fi
	check_equal lxcbr0 "$(bridge_of "$(veth)")" bridge
	streams_go_on
	check_client false
	rm -rf "$IMG"
}

# The server of the streams first, the large process last
find_servers()
{
	mapfile -t servers < <(pgrep -f '^/tmp/stream serve'; pgrep -f '^/tmp/stream self'; pgrep -f '^/bin/counter [0-9]* 1$'; pgrep -f '^/bin/counter 7003')
}

payload stream >/dev/null
payload repair >/dev/null
INITTAB=$'::once:/bin/counter 7003 384\n'$STREAMS begin_faults 1 <<<"$STREAMS_CONFIG"
start_streams
# that of the large process too, which has to fill its memory first
all_serve()
{
	find_servers
	[ "$(sockets | wc -l)" -ge 9 ]
}
wait_for 60 all_serve
streams_go_on
# accepted ones have it too
check test "$(sockets | awk '$2 == 1 && $3 == 1' | wc -l)" -ge 2
STRUCK=0 LATE=0

for victims in criu 'criu command'; do
	for stop in '' -s; do
		step "$victims${stop:+, with $stop}"
		for moment in "${MOMENTS[@]}"; do
			# shellcheck disable=SC2086 # none, or one
			killed_at "$moment" "$victims" $stop
		done
	done
done
check test "$STRUCK" -ge 8

step 'to the end: all that was sent has come'
end_streams
end_faults
echo "$STRUCK times killed in repair mode, $LATE times too late for it; $STREAMED"
