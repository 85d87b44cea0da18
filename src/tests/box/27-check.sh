#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What cannot be checkpointed is told by --check, of the process that it is, and
# refused by a dump before anything is touched; what can be, is neither.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/check.sh"

# What CRIU was seen to fail at: MODE, and what --check has to find, a
# WHO=CHECK each. WHO is p, the process, c, a child of its, or n, no process.
blockers()
{
	cat <<-'END'
		block-device p=device
		bpf-map p=file-kind
		bpf-prog p=file-kind
		dead-leader p=dead-leader
		dispatch p=syscall-dispatch
		dispatch-in-thread p=syscall-dispatch
		fan-watch-sys p=watch
		fuse-device p=device
		io-uring p=file-kind
		landlock p=file-kind
		loop-control p=device
		mount-fd p=file-kind
		mptcp p=socket-kind
		mptcp-connection p=socket-kind
		namespace-cgroup p=nested-namespace
		namespace-fd p=namespace-file
		namespace-ipc p=nested-namespace
		namespace-pid p=nested-namespace c=nested-namespace
		namespace-time p=nested-namespace c=nested-namespace
	END
}

innocents='asynchronous-io deleted deleted-mapped devices event-files fan-watch
	kmsg-device locks many-processes mapping-opened memory-files namespace-net netlink no-new-privileges nothing
	own-namespace-fd passed-descriptor pidfd-of-child pipes pty-without-master sigsys-handler sockets
	stopped-child threads tty-getty tun-device watch-cgroup zombie-child raw-socket'

make_bridge
start_dhcp
start_with_outside

step 'what can be checkpointed'
innocent=()
for mode in $innocents; do
	block c1 "$mode"
	check_equal '' "$(findings)" "findings in $mode"
	innocent+=("$BLOCKED")
done
check dump -n c1
rm -r "$IMG"
for BLOCKED in "${innocent[@]}"; do
	unblock c1
done

are_gone()
{
	local pid

	for pid in $1; do
		[ ! -d "/proc/$pid" ] || return 1
	done
}

step 'what cannot'
while read -r mode expected; do
	# shellcheck disable=SC2086 # words
	blocks "$mode" $expected
	children=$(pgrep -P "$(host_pid c1 "$BLOCKED")" || :)
	unblock c1
	# the init of a namespace takes its time to die, and would be found with the next one
	[ "$mode" != namespace-pid ] || wait_for 10 are_gone "$children"
done < <(blockers)
