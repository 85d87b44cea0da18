#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Core scheduling: who shares a cookie with whom is after a restore as it was, of the
# container's own (lxc.sched.core) and of those that its processes have made; what is attached
# has the container's. Where there is no SMT, a restore warns and goes on.
#
# It wants a kernel with CONFIG_SCHED_CORE, as Ubuntu's (linux-image-*-generic and linux-modules-*-generic):
#
#   scripts/vm --kernel FOLDER sched-core
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"

pids()
{
	find /sys/fs/cgroup/lxc.payload.c1 -name cgroup.procs -exec cat {} + | sort -n
}

# Each thread of the container, and whose cookie it has.
cookies()
{
	# shellcheck disable=SC2046 # numbers
	/tmp/payload/cookies show $(pids)
}

cookie_of()
{
	cookies | awk -v name="$1" '$2 == name { print $3; exit }'
}

set_apart()
{
	cookies | grep -q cookies-thread && cookies | grep -q cookies-child
}

# What is attached is in the container's group as natively: it asks about itself and init.
check_attached()
{
	check_equal '1 1' "$(lxc-attach -n c1 -- /tmp/payload/cookies show 1 self | awk '{ print $3 }' | paste -sd ' ')" \
		'the cookies of init and of what is attached'
}

step 'a container with three cookies'
check_equal 1 "$(cat /sys/devices/system/cpu/smt/active)" 'SMT'
payload cookies >/dev/null
INITTAB=$'::once:/tmp/payload/cookies apart' start_counter c1 <<'END'
lxc.sched.core = 1
lxc.apparmor.profile = unconfined
lxc.mount.entry = /tmp/payload tmp/payload none ro,bind,create=dir 0 0
END
wait_for 20 set_apart
for pid in $(pids); do
	[ "$(cat "/proc/$pid/comm")" != udhcpc ] || check /tmp/payload/cookies clear "$pid"
done
cookies | tee /tmp/before
check_equal 1 "$(cookie_of init)" "init's"
check_equal 1 "$(cookie_of counter)" "the counter's"
check_equal 0 "$(cookie_of udhcpc)" 'that of who has none'
check_equal "$(cookie_of cookies-parent)" "$(cookie_of cookies-child)" "a child's"
check_equal '1 2 3' "$(for name in counter cookies-parent cookies-thread; do cookie_of "$name"; done |
	sort -n | paste -sd ' ')" 'cookies'
check_equal 0 "$(/tmp/payload/cookies show $$ | awk '{ print $3 }')" 'that of the host'
check_attached
lxc-info -n c1 -c lxc.sched.core | tee /tmp/item
start_client

for round in 1 2; do
	step "restore $round"
	check dump -n c1 -s --replace
	check restore -n c1 2>/tmp/said
	check_equal '' "$(cat /tmp/said)" 'what the restore says'
	cookies | diff /tmp/before - || die 'the cookies are others'
	check_attached
	check_equal 0 "$(/tmp/payload/cookies show "$(monitor_pid c1)" | awk '{ print $3 }')" "the monitor's"
	check diff /tmp/item <(lxc-info -n c1 -c lxc.sched.core)
	check_client_goes_on
done

step 'without SMT'
check dump -n c1 -s --replace
echo off >/sys/devices/system/cpu/smt/control
fails 0 'core-scheduling' lxc-checkpoint -r --check -n c1 -D "$IMG"
fails 0 'this machine has no SMT' restore -n c1
check_client_goes_on
end_client
