#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The command gets a signal at any stage: the checkpoint or restore is cancelled or complete, and
# the exit status says which. (Case 90 holds a restore still for that; here it goes on.)
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"

# an asynchronous command of a script ignores SIGINT
interruptible()
{
	env --default-signal=INT,TERM,HUP lxc-checkpoint -D "$IMG" "$@"
}

begin_faults 1
for signal in INT TERM HUP; do
	for stage in 'pre-dump before' 'network-lock before' 'post-dump before' 'post-dump waiting' \
		'network-unlock before'; do
		for stop in '' -s; do
			[ "$stage $stop" != 'network-unlock before -s' ] || continue
			step "SIG$signal at $stage${stop:+, with $stop}"
			with_fault "$stage command:$signal" interruptible -n c1 $stop
			case $stage in
			network-unlock*) check_equal 0 "$status" "exit status ($(cat /tmp/said))" ;;
			*)
				check_equal 1 "$status" "exit status ($(cat /tmp/said))"
				check grep -q 'keeps running: interrupted' /tmp/said
				;;
			esac
			survived_dump
			rm -rf "$IMG"
		done
	done
done
check dump -n c1 -s
for stage in pre-restore setup-namespaces post-setup-namespaces post-restore network-unlock \
	pre-resume post-resume; do
	# it is one handler for all of them
	for signal in TERM HUP; do
		step "SIG$signal at $stage"
		with_fault "$stage before command:$signal" interruptible -r --force=stale -n c1
		if [ "$status" != 0 ]; then
			check_equal 1 "$status" "exit status ($(cat /tmp/said))"
			check grep -q 'c1 was not restored: interrupted' /tmp/said
			check_left "$STOPPED"
			check restore -n c1
		fi
		check_client false
		check_left "$RUNNING"
		check dump -n c1 -s --replace
		check_left "$STOPPED"
	done
done
check restore -n c1
end_faults
