#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What services set for their processes: users and groups, capabilities,
# no_new_privs, limits, niceness. All of it is the same after a restore, and
# after a second one.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
export FRESH=1

# Everything that is to stay as it is, of all processes. One program, because a
# hundred small ones take a minute in a VM.
state()
{
	python3 - /sys/fs/cgroup/lxc.payload.c1 <<-'END'
	import os, re, sys

	def read(pid, name):
	    with open(f"/proc/{pid}/{name}", errors="replace") as file:
	        return file.read()

	kept = ("Name Umask Uid Gid Groups SigBlk SigIgn SigCgt CapInh CapPrm CapEff CapBnd CapAmb "
	        "NoNewPrivs Seccomp Cpus_allowed_list").split()
	found = {}
	for top, _, _ in os.walk(sys.argv[1]):
	    for pid in open(top + "/cgroup.procs").read().split():
	        status = dict(re.findall(r"(\w+):[ \t]*(.*)", read(pid, "status")))
	        param = os.sched_getparam(int(pid)).sched_priority
	        inside = int(status["NSpid"].split()[-1])
	        found[inside] = [f"{name} {status[name]}" for name in kept] + [
	            read(pid, "cmdline"), read(pid, "environ"), read(pid, "limits"), read(pid, "personality"),
	            read(pid, "oom_score_adj"), read(pid, "coredump_filter"), read(pid, "cgroup"),
	            f"nice {os.getpriority(os.PRIO_PROCESS, int(pid))}",
	            f"policy {os.sched_getscheduler(int(pid))} {param}", "cwd " + os.readlink(f"/proc/{pid}/cwd")]
	for inside in sorted(found):
	    for value in found[inside]:
	        for line in re.split(r"[\0\n]", value.strip("\0\n")):
	            print(inside, line)
	END
}

as_before()
{
	state >/tmp/after
	diff -u0 /tmp/before /tmp/after >/tmp/difference
}

# Not at once: a process that waits for signals, as busybox's init, shows another
# mask until it waits again.
check_state()
{
	(wait_for 10 as_before) || {
		cat /tmp/difference
		die 'the processes are not the same'
	}
}

# sleeper N: the number outside of the process that sleeps for N seconds
sleeper()
{
	pgrep -fx "/host/sleep $1"
}

all_sleep()
{
	[ "$(pgrep -cfx '/host/sleep 100000[1-8]')" = 8 ]
}

# field N NAME: of a sleeper's status
field()
{
	sed -n "s/^$2:[ \t]*//p" "/proc/$(sleeper "$1")/status" | tr '\t' ' ' | sed 's/ *$//'
}

verify()
{
	check_equal '33 33 33 33' "$(field 1000001 Uid)" 'the user'
	check_equal '4 24 1000 70000' "$(field 1000001 Groups)" 'its groups'
	check_equal '33 34 34 34' "$(field 1000002 Uid)" 'a real and an effective user'
	check_equal 0000000000000401 "$(field 1000003 CapBnd)" 'the bounding set'
	check_equal 0000000000000400 "$(field 1000004 CapAmb)" 'the ambient set'
	check_equal 1 "$(field 1000004 NoNewPrivs)" 'no_new_privs'
	check_equal '100 200' "$(awk '/^Max open files/ { print $4, $5 }' \
		"/proc/$(sleeper 1000005)/limits")" 'the limit of open files'
	check_equal '7 B' "$(ps -o ni=,cls= -p "$(sleeper 1000006)" | xargs)" 'niceness and class'
	check_equal -5 "$(ps -o ni= -p "$(sleeper 1000007)" | xargs)" 'niceness'
	check_equal '0027 300' \
		"$(field 1000008 Umask) $(cat "/proc/$(sleeper 1000008)/oom_score_adj")" 'umask and oom_score_adj'
}

# setpriv and its kind are the host's, as their libraries are. Busybox's sleep gives
# an effective user up, and ends early: a dump interrupts it (CRIU: "interrupted system call").
INITTAB='::once:/host/setpriv --reuid 33 --regid 33 --groups 4,24,1000,70000 /host/sleep 1000001
::once:/host/setpriv --ruid 33 --euid 34 --rgid 5 --egid 6 --clear-groups /host/sleep 1000002
::once:/host/setpriv --bounding-set -all,+net_bind_service,+chown /host/sleep 1000003
::once:/host/setpriv --reuid 101 --regid 102 --clear-groups --no-new-privs --inh-caps +net_bind_service --ambient-caps +net_bind_service /host/sleep 1000004
::once:/host/prlimit --nofile=100:200 --core=0:0 --memlock=65536:1048576 --nproc=50:60 --stack=1000000:2000000 /host/setpriv --reuid 35 --regid 35 --clear-groups /host/sleep 1000005
::once:/host/nice -n 7 /host/chrt -b 0 /host/setpriv --reuid 36 --regid 36 --clear-groups /host/sleep 1000006
::once:/host/nice -n -5 /host/sleep 1000007
::once:/bin/sh -c "umask 027; echo 300 >/proc/self/oom_score_adj; exec /host/sleep 1000008"' \
	start_counter c1 <<'END'
lxc.apparmor.profile = unconfined
lxc.mount.entry = /usr/bin host none ro,bind,create=dir 0 0
END
wait_for 30 all_sleep
start_client

step 'what was set is there'
verify
state >/tmp/before
check_equal unconfined "$(tr -d '\0' <"/proc/$(init_pid c1)/attr/current")" "init's label"

case $(criu --version) in
*' 3.1'[0-8]*)
	step 'this CRIU would lose some of it, and that is said before anything is touched'
	fails 3 'which this CRIU would lose' dump -n c1 -s
	check_not test -e "$IMG"
	verify
	check_client_goes_on
	end_client
	exit
	;;
esac

step 'checkpoint, and it runs on'
check lxc-checkpoint -n c1 -D /run/first
check_state

for _ in 1 2; do
	step 'checkpoint and stop'
	check dump -n c1 -s --replace
	step 'restore'
	check restore -n c1
	check_state
	verify
	check_client_goes_on
done

step 'the end'
end_client
check lxc-stop -n c1 -k
