#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The distribution's tools cannot distinguish a restored container from a started one: each tool
# runs on both, and prints and does the same.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"

# same COMMAND...: says the same of c1 and of the twin, standing for NAME, and ends alike.
same()
{
	local name ends=()

	for name in c1 twin; do
		ends+=(0)
		"${@//NAME/$name}" >/tmp/same.out 2>&1 || ends[-1]=$?
		sed "s/\b$name\b/NAME/g" /tmp/same.out >"/tmp/same.$name"
	done
	check_equal "${ends[1]}" "${ends[0]}" "exit status of $*"
	diff /tmp/same.twin /tmp/same.c1 || die "not the same on c1 as on its twin: $*"
}

# lxc-info without what is each container's own, which is looked at on its own
info()
{
	lxc-info -n "$1" | sed -E -e 's/^(PID|IP|Link):( +).*/\1:\2X/' -e 's/[0-9.]+ (bytes|KiB|MiB)$/N/'
}

# listed OPTION: the names that lxc-ls lists, on one line
listed()
{
	lxc-ls -1 "$@" | sort | paste -sd ' '
}

# Its columns are as wide as the longest of all rows.
row()
{
	lxc-ls -f -F NAME,STATE,RAM,SWAP,AUTOSTART,GROUPS,IPV6,UNPRIVILEGED --filter "^$1\$" | tr -s ' '
}

# The value of FIELD in the row of c1
fancy()
{
	lxc-ls -f -F "NAME,$1" --filter '^c1$' | awk 'NR == 2 { print $2 }'
}

# Takes a while in which whatever runs would have run.
others_progress()
{
	for ((i = 0; i < 200; i++)); do
		/tmp/payload/client "$TWIN" "$PORT" ask next >/dev/null
	done
}

events()
{
	grep "^$1 " /sys/fs/cgroup/lxc.payload.c1/cgroup.events
}

# A tool that waits is another end of the command socket.
connections()
{
	grep -c '@/var/lib/lxc/c1/command$' /proc/net/unix || :
}
somebody_waits()
{
	[ "$(connections)" -gt "$1" ]
}

INITTAB='::shutdown:/bin/touch /halted'
start_counter twin
TWIN=$ADDRESS
# the first one makes a cgroup
in_container twin true
before_start=$(leftovers)
start_counter c1
start_client
veth_before=$(lxc-info -n c1 | sed -n 's/^Link: *//p')
check dump -n c1 -s
check restore -n c1
check_client_goes_on

step lxc-info
same info NAME
same lxc-info -n NAME -s
same lxc-info -n NAME -sH
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
init=$(lxc-info -n c1 -pH)
check_equal 1 "$(awk '/^NSpid/ { print $NF }' "/proc/$init/status")" "pid of lxc-info's PID in the container"
check grep -qx '0::/lxc.payload.c1' "/proc/$init/cgroup"
check_equal "$ADDRESS" "$(lxc-info -n c1 -iH)" address
check_equal "$veth_before" "$(lxc-info -n c1 -S | sed -n 's/^Link: *//p')" link
check test -e "/sys/class/net/$veth_before"
for key in lxc.tty.max lxc.pty.max lxc.uts.name lxc.arch lxc.rootfs.path lxc.cap.drop \
	lxc.mount.auto lxc.mount.entry lxc.net lxc.net.0.type lxc.net.0.link lxc.net.0.flags \
	lxc.net.0.veth.pair lxc.signal.halt lxc.signal.reboot lxc.signal.stop \
	lxc.apparmor.profile lxc.autodev lxc.idmap lxc.group lxc.environment lxc.no.such.key; do
	same lxc-info -n NAME -c "$key"
done
check_equal 'lxc.tty.max = 5' "$(lxc-info -n c1 -c lxc.tty.max)"

step lxc-ls
check_equal 'c1 twin' "$(listed)"
check_equal 'c1 twin' "$(listed --running)"
check_equal 'c1 twin' "$(listed --active)"
check_equal '' "$(listed --stopped)$(listed --frozen)"
same row NAME
check_equal "$init" "$(fancy PID)" PID
check_equal "$ADDRESS" "$(fancy IPV4)" IPV4
check_equal 'eth0 lo' "$(lxc-ls -f -F INTERFACE --filter '^c1$' | tail -n 1 | tr -d ' ' | tr , '\n' |
	sort | paste -sd ' ')" INTERFACE

step lxc-attach
same lxc-attach -n NAME -- sh -c 'exit 7' </dev/null
status=0
lxc-attach -n c1 -- sh -c 'exit 7' </dev/null || status=$?
check_equal 7 "$status" 'its exit status'
status=0
lxc-attach -n c1 -- sh -c 'kill -TERM $$' </dev/null || status=$?
check_equal 143 "$status" 'its exit status after a signal'
export FROM_OUTSIDE=seen
same lxc-attach -n NAME -v 'A=1 2' --set-var B=3 -- env </dev/null
check_equal $'A=1 2\nB=3\nFROM_OUTSIDE=seen\ncontainer=lxc' "$(lxc-attach -n c1 -v 'A=1 2' --set-var B=3 -- env </dev/null |
	grep -E '^(A|B|FROM_OUTSIDE|container)=' | sort)" environment
same lxc-attach -n NAME --clear-env -v A=1 --keep-var FROM_OUTSIDE -- env </dev/null
check_equal $'A=1\nFROM_OUTSIDE=seen\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\ncontainer=lxc' \
	"$(lxc-attach -n c1 --clear-env -v A=1 --keep-var FROM_OUTSIDE -- env </dev/null | sort)" environment
check_equal 'through stdin' "$(echo through stdin | lxc-attach -n c1 -- cat)"
# shellcheck disable=SC2016 # the container's shell expands it
same lxc-attach -n NAME -- sh -c 'hostname; id; cat /proc/self/cgroup; grep -E "^(Cap|NoNew|Seccomp)" /proc/self/status;
	for f in cgroup ipc mnt net pid uts; do [ /proc/self/ns/$f -ef /proc/1/ns/$f ] && echo $f; done' </dev/null

step 'lxc-attach on a terminal'
for name in c1 twin; do
	# shellcheck disable=SC2016 # the container's shell expands it
	terminal_open attach lxc-attach -n "$name" -- \
		sh -c 'echo on $(tty); stty size; read -r x; echo "it read <$x>"; exit 9'
	terminal attach expect 10 'on /dev/pts/'
	terminal attach expect 10 '24 80'
	terminal attach send 'some words\r'
	terminal attach expect 10 'it read <some words>'
	terminal_ends attach 9
done

step lxc-freeze
check lxc-freeze -n c1
check_equal 'frozen 1' "$(events frozen)"
check_equal FROZEN "$(lxc-info -n c1 -sH)" state
check_equal c1 "$(listed --frozen)"
# to LXC a frozen one is running too
check_equal 'c1 twin' "$(listed --running)"
stood=$(counted)
others_progress
# one answer may have been on its way
check test "$(counted)" -le $((stood + 1))
check_not lxc-wait -n c1 -s RUNNING -t 1

step lxc-unfreeze
check lxc-unfreeze -n c1
check_equal 'frozen 0' "$(events frozen)"
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
check_client_goes_on

step lxc-cgroup
# LXC 7 knows only items of the hierarchy's controllers, and this one may have none.
for item in pids.max memory.current cpu.weight cgroup.type cpu.stat; do
	same lxc-cgroup -n NAME "$item" >/dev/null
done

step lxc-top
terminal_open top lxc-top -b -d 1
terminal top expect 10 c1
terminal top expect 10 twin
terminal top send '\x03'
terminal_ends top 0

step lxc-wait
check timeout 10 lxc-wait -n c1 -s RUNNING
check timeout 10 lxc-wait -n c1 -s 'STOPPED|RUNNING'
check_not timeout 10 lxc-wait -n c1 -s STOPPED -t 1
n=$(connections)
lxc-wait -n c1 -s STOPPED -t 60 &
waiting=$!
wait_for 10 somebody_waits "$n"

step 'lxc-stop, which asks init'
end_client
check lxc-stop -n c1
check wait "$waiting"
check_not test -e "/proc/$init"
check test -e /var/lib/lxc/c1/rootfs/halted
check_equal STOPPED "$(lxc-info -n c1 -sH)" state
check_left "$before_start"
check_equal twin "$(listed --running)"
check_equal c1 "$(listed --stopped)"

step 'lxc-stop -k, which does not'
rm /var/lib/lxc/c1/rootfs/halted
check restore -n c1
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
check ask look >/dev/null
check lxc-stop -n c1 -k
check_not test -e /var/lib/lxc/c1/rootfs/halted
check_equal STOPPED "$(lxc-info -n c1 -sH)" state
check_left "$before_start"

step 'lxc-start, as if nothing had been'
start_container c1
wait_for 20 has_address c1
# it may have got another one
ADDRESS=$(address c1)
wait_for 60 answers
check_equal 0 "$(ask look)" 'the count'
check lxc-stop -n c1 -k
check_left "$before_start"
