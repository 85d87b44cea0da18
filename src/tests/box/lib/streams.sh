# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh and counter.sh: two streams of payload/stream.c that never pause for an answer, each
# byte looked at where it arrives, one between the host and c1, one within c1. INITTAB has
# $STREAMS, the config $STREAMS_CONFIG; then start_streams.

# shellcheck disable=SC2034 # for who includes this
STREAMS=$'::once:/tmp/stream serve 7001 /streamed\n::once:/tmp/stream self 7002 /itself'
# shellcheck disable=SC2034
STREAMS_CONFIG='lxc.mount.entry = /tmp/payload tmp none ro,bind 0 0'
ROOTFS=/var/lib/lxc/c1/rootfs

# came FILE: bytes that have come, as FILE says
came()
{
	local n=0

	read -r n _ <"$1" || :
	printf '%s\n' "${n:-0}"
}

past()
{
	! grep -E 'lost|damaged|closed' "$1" || die "$1: $(cat "$1")"
	[ "$(came "$1")" -gt "$2" ]
}

# All four directions: out of the container, into it, and within it
streams_go_on()
{
	local file

	for file in /tmp/streamed "$ROOTFS/streamed" "$ROOTFS/itself" "$ROOTFS/itself.other"; do
		wait_for 20 past "$file" $(($(came "$file") + 20000))
	done
}

start_streams()
{
	/tmp/payload/stream talk "$ADDRESS" 7001 /tmp/streamed &
	TALKER=$!
	wait_for 10 test -s "$ROOTFS/streamed"
}

# An end that has been told "closed" says so while it still sends its last.
ended()
{
	grep -q closed "$ROOTFS/streamed" &&
		read -r inner_came inner_sent _ <"$ROOTFS/streamed" && [ "$inner_sent" = "$host_came" ]
}

# All that was sent has come. Sets STREAMED, which says how much.
end_streams()
{
	local host_came host_sent rest inner_came inner_sent

	kill -TERM "$TALKER"
	check wait "$TALKER"
	read -r host_came host_sent rest </tmp/streamed
	check_equal closed "$rest"
	wait_for 10 ended
	check_equal "$host_sent" "$inner_came" 'bytes into the container'
	# shellcheck disable=SC2034 # for who includes this
	STREAMED="$host_sent bytes into the container, $host_came out of it, none lost"
}
