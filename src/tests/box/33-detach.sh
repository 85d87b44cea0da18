#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-checkpoint -r detaches completely: the monitor keeps nothing of the caller.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"

# stat_field PID N: of /proc/PID/stat; its second field is a name with blanks
stat_field()
{
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f "$(($2 - 2))"
}

# Where each descriptor of PID leads, without what a monitor needs.
foreign_fds()
{
	local fd target

	for fd in "/proc/$1/fd"/*; do
		target=$(readlink "$fd")
		case ${fd##*/}:$target in
		[012]:/dev/null) ;;
		*:/dev/ptmx | *:/dev/pts/[0-9]* | *:/dev/pts | */dev/pts/ptmx) ;;
		*:/sys/fs/cgroup | *:/sys/fs/cgroup/lxc.payload.c1*) ;;
		*:'anon_inode:['* | *:'/memfd:network (deleted)') ;;
		*:user:'['* | *:mnt:'['* | *:pid:'['* | *:uts:'['* | *:ipc:'['* | *:net:'['* | *:cgroup:'['* | *:time:'['*) ;;
		*:"$2") ;;
		*) echo "${fd##*/} $target" ;;
		esac
	done
}

# The command socket of c1, as /proc/PID/fd shows it.
command_socket()
{
	awk '$NF == "@/var/lib/lxc/c1/command" && $6 == "01" { print "socket:[" $7 "]" }' /proc/net/unix
}

is_over()
{
	[ ! -e "/proc/$1" ]
}

check_detached()
{
	local monitor

	monitor=$(monitor_pid c1) || die 'no monitor with that name'
	check_equal 1 "$(wc -w <<<"$monitor")" 'monitors'
	for fd in 0 1 2; do
		check_equal /dev/null "$(readlink "/proc/$monitor/fd/$fd")" "monitor's descriptor $fd"
	done
	check_equal '' "$(foreign_fds "$monitor" "$(command_socket)")" 'foreign descriptors'
	check_not grep -q -e /tmp/extra -e pipe: <(ls -l "/proc/$monitor/fd")
	check_equal / "$(readlink "/proc/$monitor/cwd")" 'its directory'
	check_equal "$monitor" "$(stat_field "$monitor" 6)" 'its session'
	check_equal 0 "$(stat_field "$monitor" 7)" 'its terminal'
	check_equal "$monitor" "$(awk '/^PPid/ { print $2 }' "/proc/$(init_pid c1)/status")" "init's parent"
	check grep -qx '0::/lxc.monitor.c1' "/proc/$monitor/cgroup"
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$monitor/status")
	printf 'the monitor has %s KiB resident\n' "$rss"
	check test "$rss" -lt 3072
}

start_counter c1
start_client
mkdir /tmp/elsewhere
cd /tmp/elsewhere

step 'into a pipe'
check dump -n c1 -s
exec 9>/tmp/extra
check_equal '' "$(timeout 30 bash -o pipefail -c "lxc-checkpoint -r -d -n c1 -D $IMG 2>&1 | cat")" 'its output'
check_detached
check_client_goes_on
exec 9>&-

step '-d is what happens without it, and with -v'
check rm -r "$IMG"
check dump -n c1 -s
check_equal '' "$(timeout 30 bash -o pipefail -c "lxc-checkpoint -r -v -n c1 -D $IMG 2>&1 | cat")" 'its output'
check_detached
check_client_goes_on

step 'with nothing open'
check rm -r "$IMG"
check dump -n c1 -s
status=0
lxc-checkpoint -r -n c1 -D "$IMG" -o /tmp/log <&- >&- 2>&- || status=$?
check_equal 0 "$status" "exit status ($(cat /tmp/log))"
check_detached
check_client_goes_on

step 'the terminal hangs up'
check rm -r "$IMG"
check dump -n c1 -s
terminal_open caller sh -c "lxc-checkpoint -r -d -n c1 -D $IMG; echo back; exec sleep 1000"
terminal caller expect 30 back
check_detached
terminal caller hangup
terminal_ends caller 129
check_detached
check_client_goes_on

step 'an interrupt at the terminal is not for it'
check rm -r "$IMG"
check dump -n c1 -s
terminal_open caller sh -c "lxc-checkpoint -r -d -n c1 -D $IMG; echo back; exec sleep 1000"
terminal caller expect 30 back
terminal caller send '\x03'
terminal_ends caller 130
check_detached
check_client_goes_on

step 'it goes with the container'
monitor=$(monitor_pid c1)
end_client
check lxc-stop -n c1 -k
# its last connection ends a moment before it does
wait_for 5 is_over "$monitor"
