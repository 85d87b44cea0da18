#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Processes that hold /dev/tty in unusual states: those that can be saved come back twice, and the
# others are refused before anything happens.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

rootfs=/var/lib/lxc/c1/rootfs

# hold MODE: returns when it does
hold()
{
	rm -f "$rootfs/ready"
	# a process of lxc-attach is saved once that has ended
	# shellcheck disable=SC2016 # the container's shell expands it
	in_container c1 sh -c 'setsid /bin/python3 /holds_tty.py "$1" /ready & exit 0' - "$1" \
		</dev/null >/dev/null 2>&1
	wait_for 10 test -s "$rootfs/ready"
}

drop()
{
	pkill -KILL -f holds_tty.py || :
	wait_for 10 no_holder
}

no_holder()
{
	! pgrep -f holds_tty.py >/dev/null
}

# of the last of them
last_state()
{
	local pid

	pid=$(pgrep -nf holds_tty.py)
	awk '{ print $3 }' "/proc/$pid/stat"
}

start_counter c1
cp /usr/bin/python3 "$rootfs/bin/"
cp "${0%/*}/lib/holds_tty.py" "$rootfs/"

for mode in daemon hung-up stopped busy; do
	step "$mode"
	hold "$mode"
	for _ in 1 2; do
		check dump -n c1 -s
		check restore -n c1
		rm -r "$IMG"
		[ "$mode" != stopped ] || check_equal T "$(last_state)" 'its state'
	done
	check test "$(pgrep -cf holds_tty.py)" -ge 2
	drop
done

for mode in only other-flags path; do
	step "$mode"
	hold "$mode"
	fails 3 'has its terminal open by the name /dev/tty' dump -n c1
	check test ! -e "$IMG"
	drop
done
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
