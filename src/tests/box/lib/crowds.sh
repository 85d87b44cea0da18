# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After blocker.sh: a container with very much of something, by payload/crowd.c, is looked at.

# checked SECONDS STATUS WORDS: --check ends within them, with STATUS, and says WORDS
checked()
{
	local began=${EPOCHREALTIME/[^0-9]/} status=0

	# killed where it goes on: what waits in the kernel is not
	timeout -k 1 "$1" lxc-checkpoint --check -n c1 -D "$IMG" >/tmp/check 2>&1 || status=$?
	check_equal "$2" "$status" "exit status ($(head -c 2000 /tmp/check))"
	check grep -qF -- "$3" /tmp/check
	echo "$BLOCKED: $(((${EPOCHREALTIME/[^0-9]/} - began) / 1000)) ms"
}

restart()
{
	lxc-stop -k -n c1
	lxc-wait -n c1 -s STOPPED -t 60
	start_container c1
}
