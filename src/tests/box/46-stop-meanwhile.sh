#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-stop during a checkpoint of a started and of a restored container: the container stops in
# order, and nothing frozen or half-made remains.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

holder post-dump

is_down()
{
	! monitor_pid c1 >/dev/null && ! pgrep -x criu >/dev/null
}
# It has no memory any more, but cannot end before CRIU lets go of the others.
init_is_dying()
{
	[ -z "$(tr -d '\0' <"/proc/$1/cmdline")" ]
}

# A container of the kind that $1 is: started, or restored
run_one()
{
	check lxc-start -n c1
	check lxc-wait -n c1 -s RUNNING -t 10
	# until its init's children are there
	wait_for 20 has_address c1
	ADDRESS=$(address c1)
	wait_for 60 answers
	[ "$1" = restored ] || return 0
	check dump -n c1 -s --replace
	check restore -n c1
	rm -r "$IMG"
}

# begin DUMP-OPTION...: sets $command; returns in the middle of the checkpoint
begin()
{
	dump -n c1 "$@" -A /run/hold-post-dump >/tmp/said 2>&1 &
	command=$!
	read -r _ </run/held
}

# go_on: how the checkpoint ended is $status
go_on()
{
	echo go >/run/go-on
	status=0
	wait "$command" || status=$?
}

check_nothing_left()
{
	wait_for 30 is_down
	check_equal STOPPED "$(lxc-info -n c1 -sH)" state
	check_left "$before_start"
}

before_start=$(make_bridge && start_dhcp && leftovers)
start_counter c1
check lxc-stop -n c1 -k

for kind in started restored; do
	for stop in '' -s; do
		step "lxc-stop -k of one that was $kind, in a checkpoint ${stop:-without -s}"
		run_one "$kind"
		init=$(init_pid c1)
		begin ${stop:+"$stop"}
		lxc-stop -n c1 -k &
		stopping=$!
		wait_for 10 init_is_dying "$init"
		go_on
		check wait "$stopping"
		# CRIU had all of it by then
		check_equal 0 "$status" "the checkpoint's exit status ($(cat /tmp/said))"
		check test -s "$IMG/manifest.json"
		check_nothing_left
		rm -rf "$IMG"
	done

	step "lxc-stop of one that was $kind, which waits for the checkpoint"
	run_one "$kind"
	begin
	lxc-stop -n c1 -t 60 &
	stopping=$!
	go_on
	check_equal 0 "$status" "the checkpoint's exit status ($(cat /tmp/said))"
	check wait "$stopping"
	check test -s "$IMG/manifest.json"
	check_nothing_left
	rm -r "$IMG"
done
