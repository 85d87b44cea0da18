#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Any process, killed at any stage of a checkpoint: the container keeps running with its network
# attached, or it is stopped and its checkpoint is whole. The next checkpoint works.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"

# Each at each of CRIU's stages: what is to be killed
victims=(
	criu
	command
	'command criu'
	'criu command'
)
stages=(
	'pre-dump before'
	'network-lock before'
	'network-lock after'
	'post-dump before'
	'post-dump waiting'
)
# Where the container is not to be stopped there is more, and until then it makes no difference.
running_stages=(
	'post-dump waiting'
	'network-unlock before'
	'network-unlock after'
)

is_as_before()
{
	if state_is c1 RUNNING; then
		[ "$(init_pid c1)" = "$init" ]
	else
		settled
	fi
}

# One fault, and everything as it should be after it
survive()
{
	local words=$1

	shift
	init=$(init_pid c1)
	with_fault "$words" dump -n c1 "$@"
	wait_for 20 quiet
	wait_for 20 is_as_before
	if [ "$(lxc-info -n c1 -sH)" = STOPPED ]; then
		check test "${1:-}" = -s
		check_left "$STOPPED"
		check restore -n c1
	elif [ "$(bridge_of "$(veth)")" != lxcbr0 ]; then
		# nobody was left to do it
		case $words in
		*'command criu' | *'criu command') ;;
		*) die 'it is off its bridge' ;;
		esac
	elif [ "$status" != 0 ] && [[ " $words " != *' command '* ]]; then
		check grep -q 'keeps running' /tmp/said
		check_not test -e "$IMG/manifest.json"
	fi
	# the next one works, and mends what is to be mended
	check dump -n c1 --replace
	check_equal lxcbr0 "$(bridge_of "$(veth)")" 'bridge at the end'
	check_client false
	check_left "$RUNNING"
	rm -rf "$IMG"
}

begin_faults 1
for victim in "${victims[@]}" callback; do
	for stage in "${stages[@]}"; do
		step "$victim at $stage, with -s"
		survive "$stage $victim" -s
	done
	for stage in "${running_stages[@]}"; do
		step "$victim at $stage"
		survive "$stage $victim"
	done
done
end_faults
