#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# --drop-outside: a restored process has /dev/null in the place of files and pipes of the host, twice,
# and the container that runs on keeps them.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/outside.sh"
. "${0%/*}/lib/blocker.sh"

# link: what the process has at descriptor 9
link()
{
	readlink "/proc/$(left)/fd/9"
}

# access: how it may use that, and whether it appends
access()
{
	local flags

	flags=$(awk '$1 == "flags:" { print $2 }' "/proc/$(left)/fdinfo/9")
	printf '%o\n' $((0$flags & 02003))
}

make_bridge
start_dhcp
make_container c1
with_blocker c1
start_container c1
in_container c1 mkfifo /never
DROP=--drop-outside

step 'in a container that runs on'
pass_on pipe-writer
before=$(link)
check_equal '' "$(blocking)" 'what blocks'
fails 1 'keeps running' dump -n c1 -s --drop-outside -A /bin/false
check_equal "$before" "$(link)" 'descriptor 9 after a failure'
dump -n c1 --drop-outside 2>/tmp/said
check grep -q 'whose other end is outside of the container.*/dev/null.*(descriptor 9)' /tmp/said
check_equal "$before" "$(link)" 'descriptor 9'
rm -r "$IMG"
let_go works

for mode in pipe-reader pipe-writer log program folder zero removed; do
	step "$mode"
	pass_on "$mode"
	before=$(access)
	check dump -n c1 -s --drop-outside 2>/dev/null
	for _ in 1 2; do
		check restore -n c1
		rm -r "$IMG"
		check_equal /dev/null "$(link)" 'descriptor 9'
		check_equal 1:3 "$(stat -L -c %Hr:%Lr "/proc/$(left)/fd/9")" 'its device'
		check_equal "$before" "$(access)" 'its access'
		check dump -n c1 -s
	done
	check restore -n c1
	rm -r "$IMG"
	case $mode in pipe-*) let_go 'is closed' ;; *) let_go works ;; esac
done

step 'what cannot be dropped'
for mode in fifo udp pair; do
	pass_on "$mode"
	fails 3 hint: dump -n c1 --drop-outside
	let_go works
done
# shellcheck disable=SC2034 # pass_on has it
LEFT='blocker watched-nine /ready'
pass_on pipe-reader
wait_for 10 test -s /var/lib/lxc/c1/rootfs/ready
check_equal 'outside-pipe 9' "$(blocking)" 'what an epoll watches'
let_go works
