#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The whole tool, once: the stock container is stopped with a checkpoint, is gone, is restored, and
# is the same: processes, memory, terminals, mounts, network, and a connection that stayed open.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
export FRESH=1

# What a process in the container sees of itself and its surroundings.
look_around()
{
	# shellcheck disable=SC2016 # for the shell in the container
	in_container c1 sh -c '
		# all of them before a pipe has processes of its own
		processes=$(ps -o pid,args)
		echo "$processes" | grep -v "ps -o" | grep -v "sh -c" | sort
		hostname
		ip addr show eth0 | grep -v -e "^[0-9]" -e valid_lft | sed "s/ tentative//"
		ip route
		cut -d" " -f 5,6 /proc/1/mountinfo | grep -v -e /dev/tty -e /dev/console | sort
		grep -E "^(Uid|Gid|Groups|NoNewPrivs|Seccomp|Cap)" /proc/1/status
		cat /proc/1/limits /proc/1/cgroup /proc/1/oom_score_adj
		# without their numbers, which for a pty the host gives
		stat -c "%A %U:%G %n" /dev/* /dev/pts
		cat /proc/sys/kernel/random/boot_id
	'
}

before_start=$(make_bridge && start_dhcp && leftovers)
start_counter c1 8
start_client
look_around >/tmp/before
veth=$(host_veth)

step 'checkpoint and stop'
last=$(counted)
check dump -n c1 -s
check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
check_left "$before_start"
for file in manifest.json network inventory.img dump.log; do
	check test -s "$IMG/$file"
done
check_not test -e "$IMG/incomplete"
check_equal 700 "$(stat -c %a "$IMG")" 'mode of the image directory'
check_equal '' "$(find "$IMG" -type f -perm /077)" 'files that others may read'

step 'the client waits, and gets nothing wrong'
check kill -0 "$CLIENT"
stopped=$(counted)
check test "$stopped" -ge "$last"

step 'restore'
check restore -n c1
check_equal RUNNING "$(lxc-info -n c1 -sH)" 'state'
check_client_goes_on
check_equal ok "$(ask check)" 'the memory'
look_around >/tmp/after
diff /tmp/before /tmp/after || die 'the container is not the same'
check_equal "$veth" "$(host_veth)" "the host's end of eth0"
check_equal lxcbr0 "$(bridge_of "$veth")" 'its bridge'
check_equal 1 "$(cat "/proc/sys/net/ipv6/conf/$veth/disable_ipv6")" 'IPv6 on it'

step 'its name on the host is taken'
check dump -n c1 -s --replace
check ip link add "$veth" type bridge
check restore -n c1
check_client_goes_on
check_not [ "$(host_veth)" = "$veth" ]
check_equal '' "$(bridge_of "$veth")" 'the bridge of the other'
check ip link delete "$veth"

end_client
step 'its name is taken for a moment yet'
check dump -n c1 -s --replace
check restore -n c1
veth=$(host_veth)
check kill -KILL "$(monitor_pid c1)"
wait_for 20 state_is c1 STOPPED
# the kernel frees a dead network namespace, and the veth with it, when it pleases: so another has
# the name, until the restore waits for it
wait_for 60 test ! -e "/sys/class/net/$veth"
check ip link add "$veth" type veth peer name other
# poll(NULL, 0, 10), by which it waits
waits_for_name()
{
	local monitor

	monitor=$(monitor_pid c1) && grep -q '^[0-9]* 0x0 0x0 0xa ' "/proc/$monitor/syscall"
}
(wait_for 20 waits_for_name; ip link delete "$veth") &
check restore -n c1
check_equal "$veth" "$(host_veth)" "the host's end of eth0"

step 'the end'
check lxc-stop -n c1 -k
check_left "$before_start"
