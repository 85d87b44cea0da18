#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Cgroups that the container made for itself, as systemd does: which controllers
# they pass on, their limits, whose they are, their attributes, who is in them.
# And those who wait for pressure in them still wait after a restore, instead of
# being told of it for ever, and are told when there is some.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"

top=/sys/fs/cgroup/lxc.payload.c1
rootfs=/var/lib/lxc/c1/rootfs

# Everything that is set in the container's cgroups, and which of its processes is where.
state()
{
	python3 - $top <<-'END'
	import os, stat, sys

	top = sys.argv[1]
	wanted = ("cgroup.subtree_control cgroup.type memory.max memory.high memory.low memory.oom.group cpu.max "
	          "cpu.weight cpuset.cpus io.weight pids.max").split()
	for path, folders, files in sorted(os.walk(top)):
	    # lxc-attach's, which comes and goes
	    if ".lxc" in path:
	        continue
	    name = os.path.relpath(path, top)
	    for file in wanted:
	        if file in files:
	            print(name, file, open(f"{path}/{file}").read().strip())
	    for file in [".", *sorted(files)]:
	        st = os.stat(f"{path}/{file}")
	        print(name, file, st.st_uid, st.st_gid, oct(stat.S_IMODE(st.st_mode)))
	    for attribute in sorted(os.listxattr(path)):
	        print(name, attribute, os.getxattr(path, attribute))
	    pids = open(f"{path}/cgroup.procs").read().split()
	    for command in sorted(open(f"/proc/{pid}/cmdline").read() for pid in pids):
	        print(name, "has", command.replace("\0", " "))
	END
}

# pressure NAME: how often that process was told of pressure
pressure()
{
	cat "$rootfs/$1.count"
}

waits()
{
	[ "$(pressure "$1" 2>/dev/null)" = 0 ]
}

told_after()
{
	[ "$(pressure "$1")" -gt "$2" ]
}

# ticks COMMAND: what the process has used of the CPU, in hundredths of a second
ticks()
{
	awk '{ print $14 + $15 }' "/proc/$(pgrep -f "^/bin/pressure $1")/stat"
}

check_idle()
{
	local cpu work

	cpu=$(ticks /sys/fs/cgroup/work/cpu)
	work=$(ticks /sys/fs/cgroup/work/deep/memory)
	# a length of time to measure over
	sleep 2
	cpu=$(($(ticks /sys/fs/cgroup/work/cpu) - cpu))
	work=$(($(ticks /sys/fs/cgroup/work/deep/memory) - work))
	check [ "$cpu" -lt 20 ]
	check [ "$work" -lt 20 ]
}

# More work than there are CPUs, for those who wait for the pressure of it.
# shellcheck disable=SC2016 # for the shell in the container
check_told()
{
	local before loops

	before=$(pressure cpu)
	in_container c1 sh -c '
		echo $$ >/sys/fs/cgroup/work/burn/cgroup.procs
		for i in 1 2 3 4 5 6; do while :; do :; done & done
		wait' || : &
	loops=$!
	(wait_for 30 told_after cpu "$before") || die 'nobody was told of the pressure'
	echo 1 >$top/work/burn/cgroup.kill
	wait $loops
	wait_for 10 empty $top/work/burn
}

set_attribute()
{
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())' "$@"
}

# start_by_init SCRIPT <LINES: init tries until it is there
start_by_init()
{
	cat >"$rootfs$1.new"
	mv "$rootfs$1.new" "$rootfs$1"
}

empty()
{
	grep -q '^populated 0' "$1/cgroup.events"
}

INITTAB='::respawn:/bin/sh /cpu
::respawn:/bin/sh /memory' start_counter c1 1 <<-'END'
	lxc.apparmor.profile = unconfined
END
payload pressure >/dev/null
install /tmp/payload/pressure $rootfs/bin/pressure
start_client

step 'cgroups within the container'
# shellcheck disable=SC2016 # for the shell in the container
in_container c1 sh -euc '
	cd /sys/fs/cgroup
	mkdir -p init.scope work/deep/deeper work/leaf work/burn
	for i in $(cat cgroup.procs); do echo $i >init.scope/cgroup.procs || :; done
	echo +cpu +memory +pids +cpuset +io >cgroup.subtree_control
	echo +memory +pids +cpu +cpuset >work/cgroup.subtree_control
	echo +pids >work/deep/cgroup.subtree_control
	echo 50000000 >work/memory.max
	echo 40000000 >work/memory.high
	echo 80000 100000 >work/cpu.max
	echo 0 >work/cpuset.cpus
	echo 300 >work/leaf/cpu.weight
	echo 1 >work/deep/memory.oom.group
	echo 7 >work/deep/deeper/pids.max
	chown 33:34 work/deep work/deep/cgroup.procs work/deep/cgroup.subtree_control
	chmod 775 work/deep
'
set_attribute $top/work user.delegate 1
set_attribute $top/work/deep/deeper trusted.invocation_id 0123456789abcdef
# one with the usual trigger, and one as a service whose trigger is another
start_by_init /cpu <<-'END'
	echo $$ >/sys/fs/cgroup/work/leaf/cgroup.procs
	exec /bin/pressure /sys/fs/cgroup/work/cpu.pressure 'some 200000 2000000' /cpu.count
END
start_by_init /memory <<-'END'
	echo $$ >/sys/fs/cgroup/work/deep/deeper/cgroup.procs
	export MEMORY_PRESSURE_WATCH=/sys/fs/cgroup/work/deep/memory.pressure
	export MEMORY_PRESSURE_WRITE=c29tZSAxMDAwMDAgNDAwMDAwMAA=
	exec /bin/pressure $MEMORY_PRESSURE_WATCH 'some 100000 4000000' /memory.count
END
wait_for 10 waits cpu
wait_for 10 waits memory
check_idle
check_told
state >/tmp/before
grep -qx 'work memory.max 49999872' /tmp/before
grep -qx 'work/deep . 33 34 0o775' /tmp/before
grep -qx "work user.delegate b'1'" /tmp/before
grep -q '^work/leaf has /bin/pressure' /tmp/before

for round in 1 2; do
	step "round $round"
	check dump -n c1 -s --replace
	check restore -n c1
	state | diff /tmp/before - || die 'the cgroups are not the same'
	check_idle
	check_told
	check_client_goes_on
done
end_client
