# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After counter.sh: a container c1 with processes of payload/nested.c's, mostly in mount
# namespaces of their own: with_nested after make_container, `begin MODE...`, `rounds`.

rootfs=/var/lib/lxc/c1/rootfs
here=$(dirname "${BASH_SOURCE[0]}")

# To what lxc-create has made, before it starts.
with_nested()
{
	payload nested >/dev/null
	install -m 755 /tmp/payload/nested "$rootfs/bin/nested"
	mkdir -p "$rootfs/run"
	cat >"$rootfs/bin/launch" <<-'END'
		#!/bin/sh
		while :; do
			read -r mode </mode || continue
			/bin/nested $mode /ready 2>/said &
		done
	END
	chmod 755 "$rootfs/bin/launch"
	mkfifo "$rootfs/mode"
	echo '::once:/bin/launch' >>"$rootfs/etc/inittab"
}

# nested MODE: adds its number here to $nested
nested()
{
	rm -f "$rootfs/ready"
	timeout 20 sh -c "echo $1 >$rootfs/mode" || die 'the container starts no process'
	wait_for 10 is_ready
	nested="$nested $(host_pid c1 "$(cat "$rootfs/ready")")"
	modes="$modes $1"
}

is_ready()
{
	[ ! -s "$rootfs/said" ] || die "$(cat "$rootfs/said")"
	[ -s "$rootfs/ready" ]
}

# All that is to stay. Their numbers here are others after a restore.
seen()
{
	local pid

	# shellcheck disable=SC2086 # words
	python3 "$here/mounts.py" "$(init_pid c1)" $nested
	for pid in $nested; do
		stat -L -c '%n: %t:%T %s' "/proc/$pid/root/file" "/proc/$pid/fd/20" | sed "s/$pid/PID/"
		cat "/proc/$pid/fd/20"
		readlink "/proc/$pid/root"
		! [ -d "/proc/$pid/root/many/part" ] || contents "/proc/$pid/root/many"
	done
}

contents()
{
	(
		cd "$1" || exit 1
		stat -c '%N %F %a %u:%g %s %y' . link part part/file b b/file
		tail -n 1 part/file a/file b/file g/part/file ../etc/passwd
		find c -mindepth 1 -maxdepth 1 ! -name "[0-9]*" -printf "%P\n" | sort
		ls d
		stat -L -c '%t:%T' ../proc/kmsg e/kmsg
	)
}

# The parent of the last one, which is another of them.
with_parent()
{
	nested="$nested $(awk '/^PPid/ { print $2 }' "/proc/${nested##* }/status")"
}

# A checkpoint that the container outlives changes nothing.
outlives()
{
	step 'it runs on'
	seen >/tmp/before
	check dump -n c1
	seen >/tmp/after
	diff /tmp/before /tmp/after || die 'the checkpoint has changed something'
	rm -r "$IMG"
}

numbers()
{
	nested=
	for number in $container_numbers; do
		nested="$nested $(host_pid c1 "$number")"
	done
}

# The terminal that each has open is the container's.
terminals_work()
{
	local pid own

	own=$(stat -c %t:%T "/proc/$(init_pid c1)/root/dev/tty2")
	for pid in $nested; do
		check_equal "$own" "$(stat -L -c %t:%T "/proc/$pid/fd/21")" "the terminal of $pid"
	done
}

# rounds [COMMAND]: two checkpoints with their restores, COMMAND between them
rounds()
{
	local round pid

	container_numbers=
	for pid in $nested; do
		container_numbers="$container_numbers $(awk '/^NSpid/ { print $NF }' "/proc/$pid/status")"
	done
	seen >/tmp/before
	for round in first second; do
		step "the $round checkpoint of:$modes"
		check lxc-checkpoint -q --check -n c1 -D "$IMG"
		check dump -n c1 -s
		"${1:-:}"
		check restore -n c1
		numbers
		seen >/tmp/after
		diff /tmp/before /tmp/after || die "not the same after the $round restore"
		terminals_work
		rm -r "$IMG"
	done
}

begin()
{
	local mode

	nested='' modes=''
	start_container c1
	for mode; do
		nested "$mode"
	done
}

stop()
{
	lxc-stop -k -n c1
	lxc-wait -n c1 -s STOPPED -t 10 || die 'c1 does not stop'
}
