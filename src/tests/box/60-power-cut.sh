#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A power cut during a checkpoint leaves a whole checkpoint or none: powercut.py copies what could
# be on disk after each step, and the case checks each copy. A step that cannot be flushed to disk
# fails the checkpoint.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

ROOT=/run/work
IMG=$ROOT/image

# cut NAME [ARGUMENT]...: the copies of a checkpoint are in /run/NAME, and then $copies says how many
cut()
{
	local name=$1

	shift
	check "${0%/*}/lib/powercut.py" "$ROOT" "/run/$name" lxc-checkpoint -n c1 -D "$IMG" -A /run/stage "$@"
	copies=$(find "/run/$name" -mindepth 1 -maxdepth 1 -type d | wc -l)
	check test "$copies" -ge 20
}

# verdict DIR: "whole", or "none" where there is no checkpoint; anything else is a failure
verdict()
{
	local status=0

	said=$(lxc-checkpoint --verify -D "$1" 2>&1) || status=$?
	case $status:$said in
	"0:$1 is intact") verdict=whole ;;
	3:*"$1 is not a checkpoint"*) verdict=none ;;
	3:*"there is no checkpoint in $1:"*) verdict=none ;;
	*) die "--verify of $1: exit status $status, \"$said\"" ;;
	esac
}

# not_restored DIR: what --verify has called no checkpoint is refused
not_restored()
{
	fails 3 'checkpoint' lxc-checkpoint -r -n stopped -D "$1"
	case $said in
	*"$1 is not a checkpoint"* | *"there is no checkpoint in $1:"*) ;;
	*) die "a restore of $1 says: $said" ;;
	esac
}

# judge NAME: every copy; $whole are those with a whole checkpoint in its place
judge()
{
	local copy

	whole=() none=0
	for copy in "/run/$1"/[0-9]*; do
		verdict "$copy/image"
		if [ $verdict = whole ]; then
			whole+=("$copy")
		else
			none=$((none + 1))
			not_restored "$copy/image"
		fi
		[ ! -e "$copy/image.new" ] || verdict "$copy/image.new"
	done
	printf '%s: %s copies, %s whole\n' "$1" "$((none + ${#whole[@]}))" "${#whole[@]}"
}

# restores COPY COUNT: it is that of a container that has counted so far
restores()
{
	step "restore from $1"
	check lxc-checkpoint -r -n c1 -D "$1/image"
	check_equal "$2" "$(ask look)" 'the count'
	check lxc-stop -n c1 -k
}

created()
{
	sed -n 's/.*"created": "\(.*\)",/\1/p' "$1/manifest.json"
}

mkdir -p "$ROOT" /tmp/payload
gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -shared -fPIC -o /tmp/payload/steps.so \
	"${0%/box/*}/payload/steps.c" -ldl
cat >/run/stage <<'END'
#!/bin/sh
printf 'stage %s\n' "$CRTOOLS_SCRIPT_ACTION" | socat -t 20 - UNIX-CONNECT:/run/steps >/dev/null
END
chmod +x /run/stage
start_counter c1 1
make_container stopped </dev/null
ask next >/dev/null

step 'the container runs on'
cut running
judge running
check test $none -ge 10
check test ${#whole[@]} -ge 1
check answers

step 'it is stopped'
rm -rf "$IMG"
ask next >/dev/null
count=$(ask look)
cut stopped -s
judge stopped
check test $none -ge 10
check test ${#whole[@]} -ge 2
restores "${whole[0]}" "$count"
restores "${whole[-1]}" "$count"

step 'it goes on for what follows'
check lxc-checkpoint -r -n c1 -D "$IMG"

step 'an fsync that fails is a failed checkpoint: the container runs on, with its network'
rm -rf "$IMG"
fsyncs=$(grep -c ' fsync ' /run/stopped/steps.txt)
check test "$fsyncs" -ge 20
for ((n = 1; n <= fsyncs; n++)); do
	# most of them are of one file after the other
	[ $n -le 4 ] || [ $n -ge $((fsyncs - 5)) ] || [ $((n % 6)) = 0 ] || continue
	status=0
	"${0%/*}/lib/powercut.py" "$ROOT" /run/none --fail $n lxc-checkpoint -n c1 -D "$IMG" -s 2>/tmp/said ||
		status=$?
	# an image can have a file less than that one had: so this was the last, and it is complete
	if [ $status = 99 ] && [ $n -ge $((fsyncs - 5)) ]; then
		check lxc-checkpoint -r -n c1 -D "$IMG"
		break
	fi
	# 3: that early nothing was touched
	if [ $status != 3 ] || [ $n -gt 4 ]; then
		check_equal 1 $status "exit status with fsync $n of $fsyncs failing: $(cat /tmp/said)"
	fi
	check_equal RUNNING "$(lxc-info -n c1 -sH)" 'state'
	check answers
	verdict "$IMG"
	check_equal none $verdict "what is there with fsync $n of $fsyncs failing"
done
rm -rf "$IMG"

step 'in the place of another: at any moment the old one or the new one is there'
check lxc-checkpoint -n c1 -D "$IMG"
old=$(created "$IMG")
ask next >/dev/null
next=$(ask look)
check test "$next" -gt "$count"
# the times in manifests are of seconds
new_second()
{
	[ "$(date -u +%Y-%m-%dT%H:%M:%SZ)" '>' "$old" ]
}
wait_for 3 new_second
cut replaced -s --replace
judge replaced
check_equal 0 $none 'copies without a checkpoint'
check_equal "$old" "$(created "${whole[0]}/image")" 'the first one'
check_not test "$old" = "$(created "${whole[-1]}/image")"
for copy in "${whole[@]}"; do
	[ "$(created "$copy/image")" = "$old" ] || break
	last_old=$copy
done
restores "$last_old" "$count"
restores "$copy" "$next"

step 'what a power cut has left is no hindrance'
for name in running stopped replaced; do
	for copy in "/run/$name"/[0-9]*; do
		last=$copy
	done
done
check lxc-checkpoint -r -n c1 -D "$last/image"
for name in running stopped replaced; do
	for copy in "/run/$name"/*-sure "/run/$name"/*-empty; do
		[ $((tried = (${tried:-0} + 1) % 4)) = 0 ] || continue
		verdict "$copy/image"
		if [ -e "$copy/image.new/manifest.json" ] && [ ! -e "$copy/image.new/replaced" ]; then
			fails 3 'has not replaced' lxc-checkpoint -n c1 -D "$copy/image" --replace
		else
			check lxc-checkpoint -n c1 -D "$copy/image" --replace
			verdict "$copy/image"
			check_equal whole $verdict "$copy"
		fi
	done
done
