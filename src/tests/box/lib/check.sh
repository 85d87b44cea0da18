# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After blocker.sh: what --check finds in c1 in a state of payload/blocker.c's, and that neither
# it nor a refused dump changes anything.

# findings: "WHO=CHECK" for each that blocks, "WHO=(CHECK)" for a warning
findings()
{
	local status=0

	lxc-checkpoint --check --json -n c1 -D "$IMG" >/tmp/check.json || status=$?
	echo "$status" >/tmp/check.status
	echo "$BLOCKED" >&"${READER[1]}"
	read -r -t 60 -u "${READER[0]}" REPLY || die "no answer from the reader: $(cat /tmp/check.json)"
	printf '%s\n' "$REPLY"
}

# One for all, since there are many
coproc READER {
	exec python3 -u -c '
import json, sys
for blocked in sys.stdin:
    answer = json.load(open("/tmp/check.json"))
    assert answer["container"] == "c1"
    assert answer["checkpointable"] == (not any(f["blocks"] for f in answer["findings"]))
    said = []
    for f in answer["findings"]:
        pid = f["container_pid"]
        assert (pid is None) == (f["process"] is None) == (f["pid"] is None)
        assert f["reason"] and f["remedy"], f
        who = "n" if pid is None else "p" if pid == int(blocked) else "i" if pid == 1 else "c"
        said.append(who + "=" + (f["check"] if f["blocks"] else "(" + f["check"] + ")"))
    print(*sorted(said))
'
}

# No more is on its way: a monitor closes a connection when it gets to it, and the monitor of a
# container that was stopped takes its time to go.
is_quiet()
{
	[ "$(grep -c '@/.*/command$' /proc/net/unix)" = 1 ] && [ "$(pgrep -cf '^\[lxc monitor\]')" = 1 ]
}

# What a look or a refusal could have changed.
world()
{
	wait_for 10 is_quiet
	leftovers
	init_pid c1
	ls "$IMG" 2>&1 || :
	bridge_of "$(host_veth)"
	cat /sys/fs/cgroup/lxc.payload.c1/cgroup.freeze
	find /var/lib/lxc/c1 -xdev ! -path '*/rootfs/tmp*' ! -path '*/rootfs/var/log*' ! -path '*/rootfs/var/run*' -printf '%p %s %T@\n'
}

is_world()
{
	[ "$(world)" = "$1" ]
}

# blocks MODE WHO=CHECK...
blocks()
{
	local mode=$1 before pid

	shift
	block c1 "$mode"
	before=$(world)
	check_equal "$(printf '%s\n' "$@" | sort | paste -sd ' ')" "$(findings)" "findings in $mode"
	check_equal 3 "$(cat /tmp/check.status)" "exit status in $mode"
	fails 3 hint: dump -n c1 -s
	# what passes in a moment is no change
	(wait_for 10 is_world "$before") 2>/dev/null ||
		check_equal "$before" "$(world)" "the world after $mode"
	pid=$(host_pid c1 "$BLOCKED")
	check test -d "/proc/$pid"
}

# passes MODE
passes()
{
	block c1 "$1"
	check_equal '' "$(findings)" "findings in $1"
	check dump -n c1
	rm -r "$IMG"
}

restart()
{
	lxc-stop -k -n c1
	lxc-wait -n c1 -s STOPPED -t 10 || die 'c1 does not stop'
	start_container c1
}

# c1, which has two Unix sockets of the host
start_with_outside()
{
	make_container c1 <<-'END'
		lxc.mount.entry = /run/outside.socket outside.socket none bind,create=file 0 0
		lxc.mount.entry = /run/outside.datagram outside.datagram none bind,create=file 0 0
	END
	with_blocker c1
	socat UNIX-LISTEN:/run/outside.socket,fork EXEC:cat &
	socat -u UNIX-RECV:/run/outside.datagram OPEN:/dev/null &
	wait_for 10 test -S /run/outside.socket
	wait_for 10 test -S /run/outside.datagram
	start_container c1
}
