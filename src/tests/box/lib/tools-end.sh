# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Rows of tools.sh: what ends a container.

ready()
{
	runs c1 /bin/getty
}

# begin: it runs, as this column's does. Says nothing.
begin()
{
	rm -f /var/lib/lxc/c1/rootfs/{halted,hang}
	if [ "$COLUMN" = native ]; then
		by lxc-start -n c1 -l debug -o /tmp/lxc-start.c1.log
		wait_for 20 ready
		wait_for 20 has_address c1
	else
		# its rootfs is a copy, of which there is a warning
		restore -q -n c1 --force=stale
	fi
	INIT=$(init_pid c1)
}

# What is left of it.
after()
{
	by lxc-info -n c1 -s
	by lxc-ls -f
	leftovers | sed 's/^[0-9]*$//'
	ls /var/lib/lxc/c1/rootfs/halted 2>&1
	[ -e "/proc/$INIT" ] && echo 'its init lives' || echo 'its init is gone'
}

# ends COMMAND...: what it and those who watch say
ends()
{
	local status=0 state waiting=()

	begin >/dev/null
	for state in STOPPED STOPPING ABORTING; do
		"${IN[@]}" lxc-wait -n c1 -s $state -t 20 &
		waiting+=($!)
	done
	wait_for 10 waited_for 3
	LAST_STATE='\[STOPPED\]' monitored "$@" || status=$?
	after
	for state in "${waiting[@]:0:2}"; do
		wait "$state" && echo 'seen' || echo "status $?"
	done
	kill "${waiting[2]}" 2>/dev/null || :
	wait "${waiting[2]}" || :
	return "$status"
}

# A tool that waits is another end of the command socket.
waited_for()
{
	[ "$(grep -c ' 0001 03 .*@/var/lib/lxc/c1/command$' /proc/net/unix)" -ge "$1" ]
}

# hanging COMMAND...: where init does not come to an end when it is asked to
hanging()
{
	begin >/dev/null
	: >/var/lib/lxc/c1/rootfs/hang
	"$@" || echo "status $?"
	after
	by lxc-stop -n c1 -k || :
}

# stop_without_waiting OPTION...: which says to do so
stop_without_waiting()
{
	local status=0

	by lxc-stop -n c1 "$@" || status=$?
	by lxc-wait -n c1 -s STOPPED -t 20
	return "$status"
}

runs_anew()
{
	local init

	# between two monitors nobody is there to be asked, of which some versions complain
	init=$(init_pid c1 2>/dev/null)
	[ -n "$init" ] && [ "$init" != "$INIT" ]
}

# reboots COMMAND...: it runs afterwards, as another one
reboots()
{
	local status=0

	begin >/dev/null
	"$@" || status=$?
	wait_for 20 runs_anew
	echo 'another init'
	wait_for 20 ready
	INIT=$(init_pid c1)
	by lxc-info -n c1 -s
	by lxc-ls -f -F NAME,STATE,AUTOSTART,GROUPS
	by lxc-stop -n c1 -k
	after
	return "$status"
}

destroy()
{
	local status=0

	begin >/dev/null
	cp -a /var/lib/lxc/c1 /var/lib/lxc/kept
	by lxc-destroy -n c1 -f || status=$?
	by lxc-ls --defined
	leftovers | sed 's/^[0-9]*$//'
	mv /var/lib/lxc/kept /var/lib/lxc/c1
	return "$status"
}

final_rows()
{
	row stop 0 'STOPPING.*STOPPED.*/halted' ends by lxc-stop -n c1
	row stop-W 0 'STOPPING.*STOPPED.*/halted' ends stop_without_waiting -W
	row stop-t-0 0 'STOPPING.*STOPPED.*/halted' ends stop_without_waiting -t 0
	row stop-k 0 'STOPPING.*STOPPED.*No such file' ends by lxc-stop -n c1 -k
	row stop-t 0 'STOPPED.*/halted' hanging by lxc-stop -n c1 -t 1
	row stop-nokill 0 'RUNNING.*its init lives' hanging by lxc-stop -n c1 -t 1 --nokill
	row stop-k-nolock 0 'STOPPED' ends by lxc-stop -n c1 -k --nolock
	row stop-r 0 'another init.*RUNNING' reboots by lxc-stop -n c1 -r -t 20
	row stop-r-W 0 'another init.*RUNNING' reboots by lxc-stop -n c1 -r -W
	row stop-r-t 0 'status 1.*RUNNING.*its init lives' hanging by lxc-stop -n c1 -r -t 1
	row stop-stopped 2 'not running' by lxc-stop -n c1
	# what is attached gets init's signal
	row poweroff 143 'STOPPED' ends attach -- sh -c 'poweroff; sleep 60'
	row autostart-s 0 'STOPPED' ends by lxc-autostart -s -t 10 -g one
	row autostart-k 0 'STOPPED' ends by lxc-autostart -k -g one
	row autostart-r 0 'another init.*RUNNING' reboots by lxc-autostart -r -t 20 -g one
	row destroy-f 0 '^kept' destroy
}
