# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Rows of tools.sh: who changes a container's state, and who waits for it.

frozen_is()
{
	grep -qx "frozen $1" /sys/fs/cgroup/lxc.payload.c1/cgroup.events
}

# then_frozen 0|1 COMMAND...: and how it is afterwards. (lxc-freeze comes back a moment
# early now and then, on any container.)
then_frozen()
{
	local wanted=$1 status=0

	shift
	"$@" || status=$?
	by lxc-info -n c1 -sH
	wait_for 5 frozen_is "$wanted"
	return "$status"
}

# monitored COMMAND...: what lxc-monitor says of it
monitored()
{
	local monitor status=0

	"${IN[@]}" lxc-monitor -n c1 >/tmp/monitor.said 2>&1 &
	monitor=$!
	wait_for 10 subscribed
	"$@" || status=$?
	# messages are in order: what is asked for now comes after all of them
	wait_for 10 grep -q "$LAST_STATE" /tmp/monitor.said
	kill "$monitor"
	wait "$monitor" || :
	by lxc-monitor -Q -n c1 >/dev/null 2>&1 || :
	wait_for 10 no_monitord
	cat /tmp/monitor.said
	return "$status"
}

# The states in which it is not.
wait_for_others()
{
	local state status waiting=()

	set -o pipefail
	for state in STARTING STOPPING ABORTING FREEZING FROZEN THAWED STOPPED; do
		"${IN[@]}" lxc-wait -n c1 -s $state -t 1 2>&1 | sed "s/^/$state: /" >"/tmp/wait.$state" &
		waiting+=("$!" "$state")
	done
	set -- "${waiting[@]}"
	for (( ; $# > 0; )); do
		status=0
		wait "$1" || status=$?
		cat "/tmp/wait.$2"
		echo "$2 $status"
		shift 2
	done
}

subscribed()
{
	grep -q ' 0001 03 .*@lxc/ad055575fe28ddd5//var/lib/lxc' /proc/net/unix
}

no_monitord()
{
	! grep -q '@lxc/ad055575fe28ddd5//var/lib/lxc' /proc/net/unix
}

freeze_and_thaw()
{
	by lxc-freeze -n c1
	by lxc-unfreeze -n c1
}

state_rows()
{
	row freeze 0 FROZEN then_frozen 1 by lxc-freeze -n c1
	row freeze-again 0 FROZEN then_frozen 1 by lxc-freeze -n c1
	row frozen-ls 0 c1 by lxc-ls --frozen
	row frozen-ls-running 0 c1 by lxc-ls --running
	row frozen-ls-f 0 'c1 FROZEN' by lxc-ls -f
	row frozen-wait 0 . by lxc-wait -n c1 -s FROZEN -t 10
	row frozen-wait-running 1 . by lxc-wait -n c1 -s RUNNING -t 1
	row frozen-start 0 . by lxc-start -n c1
	row unfreeze 0 RUNNING then_frozen 0 by lxc-unfreeze -n c1
	row unfreeze-running 0 RUNNING then_frozen 0 by lxc-unfreeze -n c1

	row wait-others 0 'STARTING 1.*STOPPED 1' wait_for_others
	row wait-RUNNING 0 . by lxc-wait -n c1 -s RUNNING -t 10
	row wait-or 0 . by lxc-wait -n c1 -s 'STOPPED|RUNNING' -t 10
	row wait-nonsense 1 . by lxc-wait -n c1 -s NONSENSE -t 0
	LAST_STATE=RUNNING row monitor 0 FREEZING.*FROZEN.*THAWED.*RUNNING monitored freeze_and_thaw
}
