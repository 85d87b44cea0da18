#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a process of the container has open and whose other end is outside, as lxc-attach passes it on:
# a checkpoint would bring it back with that end closed, so --check finds it. What looks similar and
# is none comes back.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/outside.sh"
. "${0%/*}/lib/blocker.sh"

make_bridge
start_dhcp
make_container c1
with_blocker c1
start_container c1
in_container c1 mkfifo /never /dev/inside /rootfs.fifo

step 'what comes in'
while read -r mode check; do
	pass_on "$mode"
	check_equal "$check 9" "$(blocking)" "what blocks with $mode"
	fails 3 hint: dump -n c1
	fails 3 hint: dump -n c1 -s
	let_go works
done <<-'END'
	pipe-writer outside-pipe
	pipe-reader outside-pipe
	pair outside-socket
	datagram-pair outside-socket
	udp outside-socket
	tcp outside-socket
	netlink outside-socket
	file outside-file
	fifo outside-file
END

step 'a pipe names both processes'
pass_on pipe-writer
fails 3 "has a pipe open whose other end is outside of the container, in process $OUTSIDE_PID (python3)" \
	dump -n c1
let_go works

step 'a FIFO that a restore makes anew'
init=$(init_pid c1)
in_container c1 sh -c 'setsid cat /dev/inside & exit 0' <>/dev/null >&0 2>&0
exec {outside}>"/proc/$init/root/dev/inside"
check_equal 'outside-pipe 3' "$(blocking)" 'with a writer outside'
exec {outside}>&-
wait_for 10 no_left
in_container c1 sh -c 'setsid cat /rootfs.fifo & exit 0' <>/dev/null >&0 2>&0
exec {outside}>"/proc/$init/root/rootfs.fifo"
check_equal '' "$(blocking)" 'with one that stays'
exec {outside}>&-
wait_for 10 no_left

step 'a FIFO whose other end a process of lxc-attach has, which is left out'
has_end()
{
	has_left && readlink "/proc/$(left)/fd/"* | grep -qx /dev/inside
}
while read -r end other; do
	in_container c1 sh -c "setsid cat $end & exit 0" <>/dev/null >&0 2>&0
	coproc ATTACHED {
		exec lxc-attach -n c1 --clear-env -- sh -c "exec 8$other; echo open; read x"
	}
	read -r -t 20 -u "${ATTACHED[0]}"
	check_equal open "$REPLY" 'what that process says'
	wait_for 10 has_end
	check_equal '' "$(blocking)" "what blocks with $end"
	attached=$ATTACHED_PID
	echo >&"${ATTACHED[1]}"
	wait "$attached"
	! has_left || kill -KILL "$(left)"
	wait_for 10 no_left
done <<-'END'
	/dev/inside >/dev/inside
	0<>/never>/dev/inside </dev/inside
END

step 'what is only similar'
for mode in fifo-never-written pipe-by-proc pipe-in-message; do
	block c1 "$mode"
done
check_equal '' "$(blocking)" 'what blocks'

step 'processes that come and go'
in_container c1 sh -c 'setsid sh -c "while :; do echo 1 | cat | cat >/dev/null; done" & exit 0' \
	<>/dev/null >&0 2>&0
for _ in 1 2 3 4 5 6 7 8; do
	check_equal '' "$(blocking)" 'what blocks'
done
pkill -KILL -P "$init" -f 'while :'
wait_for 10 no_left

step 'ends that are closed'
for mode in closed-writer closed-reader; do
	pass_on "$mode"
	for _ in 1 2; do
		check dump -n c1 -s
		check restore -n c1
		rm -r "$IMG"
		check_equal pipe "$(readlink "/proc/$(left)/fd/9" | cut -d: -f1)" 'descriptor 9'
	done
	let_go works
done
