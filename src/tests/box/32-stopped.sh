#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Stopped processes (SIGSTOP) for which signals wait: a checkpoint must not deliver one that ends its
# process. Signals that do nothing are no reason, and still wait after a restore.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/check.sh"

# waiting: of each stopped process, what waits for it
waiting()
{
	local pid

	for pid in $(pgrep -r T -x blocker); do
		awk '$1 == "ShdPnd:" { print $2 }' "/proc/$pid/status"
	done | sort
}

make_bridge
start_dhcp
make_container c1
with_blocker c1
start_container c1

for mode in stopped-killed stopped-dumping; do
	step "$mode"
	blocks "$mode" c=stopped-signal
	unblock c1
done

step 'one that is handled'
block c1 stopped-handled
check_equal 'c=(stopped-signal)' "$(findings)" 'findings'
unblock c1

step 'those that do nothing'
block c1 stopped-harmless
check_equal '' "$(findings)" 'findings'
before=$(waiting)
check grep -q 4000 <<<"$before"
for _ in 1 2; do
	check dump -n c1 -s
	check restore -n c1
	rm -r "$IMG"
	check_equal "$before" "$(waiting)" 'what waits'
done
