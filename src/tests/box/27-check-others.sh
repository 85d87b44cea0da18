#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# As 27-check, for the other half of what cannot be checkpointed, and all of the host's at once.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/check.sh"

# What CRIU was seen to fail at: MODE, and what --check has to find, a
# WHO=CHECK each. WHO is p, the process, c, a child of its, or n, no process.
blockers()
{
	cat <<-'END'
		locked-connection n=socket-locked p=file-kind
		locked-listener p=file-kind p=socket-locked
		namespace-user p=nested-namespace
		namespace-uts p=nested-namespace
		netlink-groups p=socket-kind
		other-user p=other-user
		packet-ring p=packet-ring
		path-of-socket p=file-kind
		perf-event p=file-kind
		pidfd-of-thread p=file-kind
		seccomp-notify p=file-kind
		secret-memory p=file-kind
		traced c=traced
		unix-outside p=unix-peer
		unix-outside-datagram p=unix-peer
		userfault p=file-kind
		vsock p=socket-kind
		watch-proc p=watch
		watch-sys p=watch
		xdp p=socket-kind
	END
}

make_bridge
start_dhcp
start_with_outside

step 'what cannot'
while read -r mode expected; do
	# shellcheck disable=SC2086 # words
	blocks "$mode" $expected
	unblock c1
done < <(blockers)

step 'what has /dev/tty open, beside another descriptor of the same terminal'
for mode in pty-job pty-shell tty-shell; do
	passes "$mode"
	unblock c1
done

step 'what is the host'"'"'s and cannot be saved hides nothing else'
restart
# it has its address before it is cut off
block c1 nothing
unblock c1
rm /run/outside.datagram
in_container c1 sh -c 'touch /tmp/over && mount --bind /tmp/over /dev/console'
ip link set dev "$(host_veth)" nomaster
mount --bind /dev/null /usr/sbin/iptables-restore
block c1 landlock
# a getty may have had the console open already
found=$(findings)
check_equal 'n=mount-source n=network-lock n=network-lock n=terminal p=file-kind' \
	"${found#c=covered-file }" 'findings'
umount /usr/sbin/iptables-restore
fails 3 'more reasons: see lxc-checkpoint --check' dump -n c1 -s
fails 3 'hint: mount its source again on the host, or unmount /outside.datagram' dump -n c1
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
