# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh, counter.sh and faults.sh: a command that restores, and gets a signal while the
# restore stands still at a named place.

# what has run has written, and such an image is refused then
export FRESH=1

ROOTFS=/var/lib/lxc/c1/rootfs

cat >/run/hold <<'END'
#!/bin/sh
echo here >/run/held
read -r _ </run/go-on
END
chmod +x /run/hold
mkfifo /run/held /run/go-on
# a criu that has not come to do anything
cat >/run/slow-criu <<'END'
#!/bin/bash
[[ " $* " != *' restore '* ]] || /run/hold
exec criu "$@"
END
cat >/run/hook <<'END'
#!/bin/sh
echo "$3" >>/run/hooks-run
END
chmod +x /run/slow-criu /run/hook

# an asynchronous command of a script ignores SIGINT
interruptible()
{
	env --default-signal=INT,TERM,HUP lxc-checkpoint -D "$IMG" "$@" >/tmp/said 2>&1 </dev/null &
	command=$!
	read -r _ </run/held
}

# held WHERE ARGUMENT...: a restore that stands still there; $command is the command
held()
{
	local where=$1

	shift
	: >/run/fault
	: >/run/hooks-run
	case $where in
	criu) LXC_CHECKPOINT_CRIU=/run/slow-criu interruptible -r -n c1 "$@" ;;
	pre-start | start-host)
		echo "lxc.hook.$where = /run/hold" >>/var/lib/lxc/c1/config
		interruptible -r -n c1 "$@"
		sed -i '/run.hold/d' /var/lib/lxc/c1/config
		;;
	*)
		printf '%s run:/run/hold\n' "$where" >/run/fault
		interruptible -r -n c1 "$@"
		;;
	esac
}

# interrupt SIGNAL...: the command gets them
interrupt()
{
	local signal

	for signal in "$@"; do
		kill "-$signal" "$command"
	done
}

go_on()
{
	echo go >/run/go-on
}

ends_with()
{
	status=0
	wait "$command" || status=$?
	: >/run/fault
	check_equal "$1" "$status" "exit status ($(cat /tmp/said))"
}

# taken_back: what holds when the command has ended
taken_back()
{
	ends_with 1
	check_equal STOPPED "$(lxc-info -n c1 -sH)" state
	check_equal 'lxc-checkpoint: interrupted; taking the restore back
lxc-checkpoint: c1 was not restored: interrupted' "$(cat /tmp/said)" 'what it says'
	check_equal "$STOPPED" "$(leftovers | grep -v '^process ')" 'what is left'
	check_left "$STOPPED"
	check_equal '' "$(find /run/lxc-checkpoint -name '*c1.record' -o -name '*c1.links')" records
	check_equal '' "$(find $ROOTFS -name '*.ghost')" 'files of CRIU'
	check_equal 'pre-start stop post-stop' "$(paste -sd ' ' /run/hooks-run)" 'hooks'
}

# and_restores: the same image, with its connections
and_restores()
{
	check restore -n c1
	check_client false
	check_left "$RUNNING"
}

# is_taken_back WHERE SIGNAL...: a restore that stands still there; and the next one works
is_taken_back()
{
	held "$1"
	interrupt "${@:2}"
	taken_back
	and_restores
	check dump -n c1 -s --replace
}

# is_taken_back_after WHERE SIGNAL: the same, where what is held has to go on first
is_taken_back_after()
{
	held "$1"
	interrupt "$2"
	wait_for 10 grep -q 'taking the restore back' /tmp/said
	go_on
	taken_back
	and_restores
	check dump -n c1 -s --replace
}

# is_too_late WHERE SIGNAL: the restore is finished
is_too_late()
{
	held "$1"
	interrupt "$2"
	wait_for 10 too_late_known
	go_on
	finished "$TOO_LATE"
	check dump -n c1 -s --replace
}

# finished: it was too late
finished()
{
	ends_with 0
	check_equal "$1" "$(cat /tmp/said)" 'what it says'
	check state_is c1 RUNNING
	check_client false
	check_left "$RUNNING"
}
# shellcheck disable=SC2034 # for the cases
TOO_LATE='lxc-checkpoint: too late to take the restore back; it is finished first (lxc-stop -k ends it)
lxc-checkpoint: c1 was restored and is running'

too_late_known()
{
	grep -q 'too late' /tmp/said
}

begin_held()
{
	payload holdfile >/dev/null
	payload many >/dev/null
	export INITTAB='::once:/tmp/holdfile /ready d=/deleted
::once:/tmp/many threads 1 /threads'
	begin_faults 1 <<-'END'
		lxc.mount.entry = /tmp/payload tmp none ro,bind 0 0
		lxc.hook.pre-start = /run/hook
		lxc.hook.stop = /run/hook
		lxc.hook.post-stop = /run/hook
	END
}
