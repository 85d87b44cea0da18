#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 900
#
# Life and death under AppArmor: a restored container is rebooted, halted and killed, and each
# time the hooks that run, with their environment, and the profile that is loaded or
# removed are those that the same has with a container that lxc-start has started.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/../box/lib/hooks.sh"
. "${0%/*}/apparmor.sh"

reboots='reboot reboot-inside'
ends='halt halt-inside kill'

# Its init listens to signals, and nothing is still to come.
is_up()
{
	wait_for 60 has_address c1
	ADDRESS=$(address c1)
	wait_for 60 answers
}

# cause EVENT: to the running container, until it is through with it
cause()
{
	local init

	init=$(init_pid c1)
	: >/run/called
	case $1 in
	reboot) check timeout 60 lxc-stop -n c1 -r -t 60 ;;
	reboot-inside) in_container c1 reboot </dev/null ;;
	halt) check lxc-stop -n c1 -t 60 ;;
	halt-inside) in_container c1 poweroff </dev/null ;;
	kill) check lxc-stop -n c1 -k ;;
	esac
	case $1 in
	reboot*)
		wait_for 60 is_another "$init"
		is_up
		;;
	*) wait_for 60 is_down ;;
	esac
}

# outcome: of what was caused. Of a start that follows not the environment, in which LXC leaves
# what it has set for the end.
outcome()
{
	awk '/^[a-z-]+ \(/ { end = /^(down|stop|post-stop) / } end || /^[a-z-]+ \(/' /run/called
	loaded
	lxc-info -n c1 -sH
	[ ! -e /sys/fs/cgroup/lxc.payload.c1 ] || tr -d '\0' <"/proc/$(init_pid c1)/attr/current"
}

start()
{
	check lxc-start -n c1
	check lxc-wait -n c1 -s RUNNING -t 30
	is_up
}

make_hook
start_counter c1 < <(hook_config)
check grep -q '^lxc.apparmor.profile = generated' <(cat /var/lib/lxc/c1/config /etc/lxc/default.conf)
loaded >/tmp/loaded
check_equal 2 "$(wc -l </tmp/loaded)" 'the profile and its namespace'

step 'as LXC does it'
for event in $reboots $ends; do
	# anew each time: after a reboot LXC's monitor has in its environment what it has set for hooks
	state_is c1 STOPPED || check lxc-stop -n c1 -k
	start
	cause "$event"
	outcome >"/tmp/native-$event"
done
check grep -q '^down (' /tmp/native-kill
check_not grep -q '^lxc-c1_' /tmp/native-kill
check_equal 'down stop post-stop pre-start up pre-mount mount start-host' \
	"$(sed -n 's/^\([a-z-]*\) (.*/\1/p' /tmp/native-reboot | paste -sd ' ')" 'hooks of a reboot'
check grep -qx LXC_TARGET=reboot /tmp/native-reboot

start
check dump -n c1 -s
check_equal '' "$(loaded)" 'loaded of the stopped container'
for event in $reboots $ends; do
	step "restored: $event"
	! state_is c1 RUNNING || check lxc-stop -n c1 -k
	# with its last hook
	wait_for 60 is_down
	: >/run/called
	check restore -n c1
	check_equal 'pre-start up start-host' "$(called)" 'hooks of a restore'
	check diff /tmp/loaded <(loaded)
	cause "$event"
	outcome | diff "/tmp/native-$event" - || die "not as without a checkpoint: $event"
done
