#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Nothing that a container has or says makes root write, open, wait for or remove anything that is
# not the container's.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

rootfs=/var/lib/lxc/c1/rootfs

# start_by_init SCRIPT <LINES: init tries until it is there
start_by_init()
{
	cat >"$rootfs$1.new"
	mv "$rootfs$1.new" "$rootfs$1"
}

said()
{
	[ -e "$rootfs/tmp/ready.said" ]
}

# What the files that are only named as pressure files are by now.
ask_liar()
{
	rm -f "$rootfs/tmp/ready.said"
	pkill -USR1 -f '^/bin/named_pressure /tmp/ready'
	wait_for 10 said
	cat "$rootfs/tmp/ready.said"
}

# How often the process that waits for pressure was told of it, and of whatever else polls.
told()
{
	cat "$rootfs/tmp/cpu.count"
}
told_after()
{
	[ "$(told)" -gt "$1" ]
}

# More work than there are CPUs: there is one event in each window of two seconds.
check_told()
{
	local before loops=() i

	before=$(told)
	for ((i = 0; i < 6; i++)); do
		while :; do :; done &
		loops+=($!)
	done
	(wait_for 30 told_after "$before") || die 'nobody was told of the pressure'
	kill "${loops[@]}"
	wait "${loops[@]}" || :
	# where it is told of an error there is no end to it
	check [ "$(told)" -lt $((before + 20)) ]
}

INITTAB='::respawn:/bin/sh /liar
::respawn:/bin/sh /many
::respawn:/bin/sh /cpu' start_counter c1
payload pressure >/dev/null
payload named_pressure >/dev/null
install /tmp/payload/pressure /tmp/payload/named_pressure "$rootfs/bin"

step 'files that are named as those of pressure are, and one that is'
# its init's own, of which the host's root may lower the score
start_by_init /liar <<END
touch /tmp/bound.pressure
mount --bind /proc/1/oom_score_adj /tmp/bound.pressure
export MEMORY_PRESSURE_WATCH=/tmp/bound.pressure MEMORY_PRESSURE_WRITE=$(printf -- -900 | base64)
exec /bin/named_pressure /tmp/ready regular fifo memfd bound /tmp/bound.pressure
END
start_by_init /many <<-'END'
	exec /bin/named_pressure /tmp/many many /sys/fs/cgroup/memory.pressure
END
start_by_init /cpu <<-'END'
	exec /bin/pressure /proc/pressure/cpu 'some 500000 2000000' /tmp/cpu.count
END
wait_for 20 test -e "$rootfs/tmp/ready"
wait_for 20 test -e "$rootfs/tmp/many"
wait_for 20 test -e "$rootfs/tmp/cpu.count"
before=$(cat "/proc/$(init_pid c1)/oom_score_adj")
full=$(ask_liar)
check dump -n c1 -s
SECONDS=0
# deep cgroups come later, for the monitor
ulimit -Sn 1024
# and a log that nobody reads
mkdir -p /var/log/lxc
mkfifo /var/log/lxc/c1.log
check timeout -s KILL 60 lxc-checkpoint -r -D "$IMG" -n c1 -l TRACE
check [ "$SECONDS" -lt 15 ]
check_equal "$before" "$(cat "/proc/$(init_pid c1)/oom_score_adj")" "init's oom_score_adj"
check_equal "$full" "$(ask_liar)" 'the files'
check_told

step 'what lies at the place of a terminal is not opened'
cat >/run/opened.py <<-'END'
	import ctypes, os, sys
	libc = ctypes.CDLL(None, use_errno=True)
	fd = libc.inotify_init()
	assert libc.inotify_add_watch(fd, sys.argv[1].encode(), 0x20) >= 0  # IN_OPEN
	open("/run/watching", "w").close()
	os.read(fd, 4096)
	open("/run/opened", "w").close()
END
in_container c1 sh -c 'mknod /tmp/device c 1 3 && mount --bind /tmp/device /dev/console'
python3 /run/opened.py "/proc/$(init_pid c1)/root/tmp/device" &
watcher=$!
wait_for 10 test -e /run/watching
fails 3 'something else covers the container'\''s terminal /dev/console' \
	lxc-checkpoint -n c1 -D /run/second --check
fails 3 'unmount what is mounted over /dev/console' lxc-checkpoint -n c1 -D /run/second
check_not test -e /run/opened
cat "/proc/$(init_pid c1)/root/tmp/device"
wait "$watcher"
check test -e /run/opened
in_container c1 umount /dev/console
check lxc-checkpoint -n c1 -D /run/second --check

step 'names of tables are no words of the language of nft'
cat >/run/table.py <<-'END'
	import socket, struct, sys

	def message(kind, flags, family, resource, attributes=b""):
	    body = struct.pack("=BB", family, 0) + struct.pack("!H", resource) + attributes
	    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body

	name = sys.argv[1].encode() + b"\0"
	attribute = struct.pack("=HH", 4 + len(name), 1) + name + b"\0" * (-len(name) % 4)
	s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
	# begin of a batch, a new inet table, its end
	s.send(message(16, 1, 0, 10) + message(10 << 8, 0x405, 1, 0, attribute) + message(17, 1, 0, 10))
	error = struct.unpack_from("=i", s.recv(4096), 16)[0]
	assert error == 0, error
END
in_network()
{
	nsenter -t "$(init_pid c1)" -n "$@"
}
for name in 'CRIU-a; add table inet pwned' 'CRIU-b; include "/run/pwned"' CRIU-a CRIU-b; do
	in_network python3 /run/table.py "$name"
done
cat >/run/refuse <<-'END'
	#!/bin/sh
	[ "$CRTOOLS_SCRIPT_ACTION" != post-dump ]
END
chmod +x /run/refuse
echo 'add table inet included' >/run/pwned
check_not lxc-checkpoint -n c1 -D /run/second -A /run/refuse
tables=$(in_network nft list tables)
check_equal '' "$(grep -E '^table inet (CRIU-[ab]|pwned|included)$' <<<"$tables")" 'tables'
check [ "$(grep -c '^table inet CRIU-[ab]; ' <<<"$tables")" = 2 ]
in_network nft flush ruleset

step 'the interface of another container is not taken for the other end of one'
make_container c2 </dev/null
start_container c2
# "2: eth0@if17: ...": its number there, and that of its other end here
eth0=$(nsenter -t "$(init_pid c2)" -n ip -o link show eth0)
inside=${eth0%%:*} outside=${eth0#*@if}
outside=${outside%%:*}
other=$(ip -o link show | sed -n "s/^$outside: \([^@:]*\).*/\1/p")
check_equal lxcbr0 "$(bridge_of "$other")"
nsenter -t "$(init_pid c1)" -n unshare -n sleep 1000 &
sleeper=$!
is_apart()
{
	! [ "/proc/$sleeper/ns/net" -ef "/proc/$(init_pid c1)/ns/net" ] &&
		! [ "/proc/$sleeper/ns/net" -ef /proc/self/ns/net ]
}
wait_for 10 is_apart
nsenter -t "$(init_pid c1)" -n ip link delete eth0
nsenter -t "$(init_pid c1)" -n ip link add eth0 index "$inside" type veth \
	peer name b index "$outside" netns "$sleeper"
fails 3 'has no other end in this network namespace' lxc-checkpoint -n c1 -D /run/second -s
check_equal lxcbr0 "$(bridge_of "$other")"
kill "$sleeper"
check lxc-stop -n c2 -k

step 'cgroups that are deeper than there may be descriptors do not stay'
python3 - <<-'END'
	import os
	os.chdir("/sys/fs/cgroup/lxc.payload.c1")
	for _ in range(1200):
	    os.mkdir("a")
	    os.mkdir("b")
	    os.chdir("a")
END
check lxc-stop -n c1 -k
is_gone()
{
	[ ! -e /sys/fs/cgroup/lxc.payload.c1 ]
}
wait_for 30 is_gone
