#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Processes that hold /dev/tty in unusual states: those that can be saved come back twice, and the
# others are refused before anything happens.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

rootfs=/var/lib/lxc/c1/rootfs
holder='^/bin/python3 /holds_tty.py'

# a process of lxc-attach is saved once that has ended
# shellcheck disable=SC2016 # the container's shell expands it
attach=(lxc-attach -n c1 --clear-env -- sh -c
	'setsid /bin/python3 /holds_tty.py "$1" /ready ${2:-} & exit 0' -)

# hold MODE: returns when it does
hold()
{
	rm -f "$rootfs/ready"
	"${attach[@]}" "$1" </dev/null >/dev/null 2>&1
	wait_for 10 test -s "$rootfs/ready"
}

# hold_foreign MODE: the same with a terminal of the host's. let_go: ends the host's.
hold_foreign()
{
	rm -f "$rootfs/ready"
	coproc HOST { exec python3 "${0%/*}/lib/foreign_tty.py" "${attach[@]}" "$1"; }
	read -r -t 20 -u "${HOST[0]}"
	wait_for 10 test -s "$rootfs/ready"
}

let_go()
{
	local pid=$HOST_PID to=${HOST[1]}

	exec {to}>&-
	wait "$pid"
}

drop()
{
	pkill -KILL -f "$holder" || :
	wait_for 10 no_holder
}

# nor an unreaped one: CRIU does not always restore the zombies of a session that has ended
no_holder()
{
	! pgrep -f "$holder" >/dev/null && ! pgrep -r Z -x python3 >/dev/null
}

# of the last of them
last_state()
{
	local pid

	pid=$(pgrep -nf "$holder")
	awk '{ print $3 }' "/proc/$pid/stat"
}

start_counter c1 <<<'lxc.pty.max = 1024'
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
	check test "$(pgrep -cf "$holder")" -ge 2
	drop
done

for mode in only other-flags path watched; do
	step "$mode"
	hold "$mode"
	fails 3 'has its terminal open by the name /dev/tty' dump -n c1
	check test ! -e "$IMG"
	drop
done

step 'the terminal of that number in another devpts'
for mode in foreign foreign-daemon; do
	hold_foreign "$mode"
	fails 3 'has its terminal open by the name /dev/tty' dump -n c1
	drop
	let_go
done
step 'numbers that are taken on the host too'
hold_foreign foreign
drop
hold daemon
for _ in 1 2; do
	check dump -n c1 -s
	check restore -n c1
	rm -r "$IMG"
done
drop
let_go
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
