#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a container has or says does not make root write, open, wait for or remove anything
# that is not the container's.
. "${0%/*}/lib.sh"
. "${0%/*}/counter.sh"

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

# pressure NAME: how often that process was told of pressure
waits()
{
	[ "$(cat "$rootfs/tmp/$1.count" 2>/dev/null)" = 0 ]
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
wait_for 20 waits cpu
before=$(cat "/proc/$(init_pid c1)/oom_score_adj")
full=$(ask_liar)
check dump -n c1 -s
SECONDS=0
check timeout -s KILL 60 lxc-checkpoint -r -D "$IMG" -n c1
check [ "$SECONDS" -lt 15 ]
check_equal "$before" "$(cat "/proc/$(init_pid c1)/oom_score_adj")" "init's oom_score_adj"
check_equal "$full" "$(ask_liar)" 'the files'
check waits cpu
