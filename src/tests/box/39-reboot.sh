#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A restored container reboots: lxc-start starts it again, and watchers see what LXC shows of a
# reboot of a started container.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# What lxc-monitor has seen of c1, without the time in between.
seen()
{
	sed -n -e "s/^'c1' changed state to \[\(.*\)\]$/\1/p" \
		-e "s/^'c1' exited with status \[\(.*\)\]$/exit \1/p" /tmp/watched | paste -sd ' '
}
seen_is()
{
	[ "$(seen)" = "$1" ]
}
seen_last()
{
	[ "$(seen | sed 's/.* //')" = "$1" ]
}
# What has been seen up to now, which comes a moment later than it is.
forget()
{
	wait_for 10 seen_last RUNNING
	: >/tmp/watched
}
is_watched()
{
	grep -q monitor-sock <(pgrep -af lxc-monitord) || [ -p /run/lxc//var/lib/lxc/monitor-fifo ]
}

# A boot of its own, where the count begins anew.
check_is_new()
{
	wait_for 30 is_another "$1"
	wait_for 20 has_address c1
	ADDRESS=$(address c1)
	wait_for 60 answers
	check_equal 0 "$(ask look)" 'the count'
	check_equal 1 "$(monitor_pid c1 | wc -l)" monitors
	check_equal lxc-start "$(basename "$(readlink "/proc/$(monitor_pid c1)/exe")")" 'who serves it'
	check_equal "$(mask "$running")" "$(mask "$(leftovers)")" 'what there is because of the container'
}

# Each boot has a veth of another name; lxc-attach makes a cgroup.
mask()
{
	sed -e 's/^veth .*/veth/' -e '/\.lxc$/d' <<<"$1"
}

no_monitor()
{
	! monitor_pid c1 >/dev/null
}

save_and_restore()
{
	check dump -n c1 -s --replace
	check restore -n c1
	check_equal lxc-checkpoint-monitor "$(basename "$(readlink "/proc/$(monitor_pid c1)/exe")")" 'who serves it'
	init=$(init_pid c1)
}

start_counter c1
running=$(leftovers)

step 'what LXC shows of a reboot of its own'
# appended to: it is emptied in between
lxc-monitor -n c1 >>/tmp/watched &
wait_for 10 is_watched
# the first state it sees is one of a change, and it has to be there by then
lxc-freeze -n c1
lxc-unfreeze -n c1
wait_for 10 seen_is 'FREEZING FROZEN THAWED RUNNING'
: >/tmp/watched
init=$(init_pid c1)
check lxc-stop -n c1 -r -t 60
wait_for 30 is_another "$init"
check_is_new "$init"
# the exit is that by a signal, of which lxc-monitor shows nothing
wanted='exit 0 STOPPING STOPPED STARTING RUNNING'
wait_for 10 seen_is "$wanted"

step 'lxc-stop -r'
save_and_restore
forget
check timeout 60 lxc-stop -n c1 -r -t 60
check_is_new "$init"
wait_for 10 seen_is "$wanted"

step 'from inside'
save_and_restore
forget
lxc-wait -n c1 -s STOPPED -t 60 &
waiting=$!
in_container c1 reboot </dev/null
check wait "$waiting"
check_is_new "$init"
wait_for 10 seen_is "$wanted"

step 'by the API'
save_and_restore
check timeout 60 python3 -c '
import lxc, sys
c = lxc.Container("c1")
sys.exit(0 if c.reboot() else 1)'
check_is_new "$init"

step 'it does not come up again'
save_and_restore
mv /var/lib/lxc/c1/rootfs /var/lib/lxc/c1/away
mkdir /var/lib/lxc/c1/rootfs
check_not timeout 60 lxc-stop -n c1 -r -t 60
wait_for 10 state_is c1 STOPPED
wait_for 10 no_monitor
rm -r /var/lib/lxc/c1/rootfs
mv /var/lib/lxc/c1/away /var/lib/lxc/c1/rootfs

step 'halted from inside, killed: it stays away, and its status is told'
check restore -n c1
forget
in_container c1 poweroff </dev/null
check timeout 60 lxc-wait -n c1 -s STOPPED
wait_for 10 seen_is 'exit 0 STOPPING STOPPED'
check restore -n c1
forget
kill -KILL "$(init_pid c1)"
check timeout 60 lxc-wait -n c1 -s STOPPED
wait_for 10 seen_is 'exit 0 STOPPING STOPPED'
