# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh and counter.sh: things that go wrong at a named moment. What CRIU calls at its
# stages is taken by a script of this file, which strikes as /run/fault says, and then becomes
# (or runs) the real one. /run/fault has words:
#
#   ACTION before VICTIM...    when CRIU has called, and nothing was done yet
#   ACTION after VICTIM...     when the callback has done its work there
#   ACTION waiting VICTIM...   while the callback waits for the answer
#   ACTION half VICTIM...      when the callback has read one byte of the answer
#
# A VICTIM is criu, callback, monitor or command, "WORD:SIGNAL" for another signal than KILL, or
# "run:PROGRAM" for something else to happen.

LIBEXEC=/usr/local/libexec/faults
FAULTS=0
LOST=0

# arm_faults: whatever is run from here on
arm_faults()
{
	local real=/usr/local/libexec/lxc-checkpoint program

	mkdir -p "$LIBEXEC"
	for program in "$real"/*; do
		ln -sf "$program" "$LIBEXEC/"
	done
	rm "$LIBEXEC/lxc-restore-net"
	sed "s|@REAL@|$real/lxc-restore-net|" >"$LIBEXEC/lxc-restore-net" <<'END'
#!/bin/bash
# CRIU's child
parent_of()
{
	local stat

	read -r stat <"/proc/$1/stat" && stat=${stat##*) } && set -- $stat && echo "$2"
}

strike()
{
	local victim pid signal monitor command

	: >/run/struck
	monitor=$(parent_of $PPID)
	command=$monitor
	[ "$LXC_CHECKPOINT_VERB" = dump ] || command=$(parent_of "$monitor")
	for victim in "$@"; do
		signal=KILL
		case $victim in
		run:*)
			"${victim#run:}"
			continue
			;;
		*:*)
			signal=${victim#*:}
			victim=${victim%:*}
			;;
		esac
		case $victim in
		criu) pid=$PPID ;;
		callback) pid=$$ ;;
		monitor) pid=$monitor ;;
		command) pid=$command ;;
		esac
		kill "-$signal" "$pid" 2>/dev/null
	done
}

# It waits where it reads the answer, and its input is CRIU's pipe then.
callback_waits()
{
	[[ $(readlink "/proc/$$/fd/0") == pipe:* && $(sed 's/.*) //' "/proc/$$/stat") == S* ]]
}

read -ra victims </run/fault
action=${victims[0]:-} moment=${victims[1]:-} victims=("${victims[@]:2}")
[[ $# = 0 && $CRTOOLS_SCRIPT_ACTION = "$action" ]] || exec @REAL@ "$@"
case $moment in
before)
	strike "${victims[@]}"
	# it goes on behind their backs, as late as it can
	[[ " ${victims[*]} " != *' criu '* ]] || sleep 0.3
	exec @REAL@
	;;
half)
	printf '%s %s\n' "$action" "$CRTOOLS_INIT_PID" >"/proc/$PPID/fd/${LXC_CHECKPOINT_NOTIFY%:*}"
	read -rN 1 _ <"/proc/$PPID/fd/${LXC_CHECKPOINT_NOTIFY#*:}"
	strike "${victims[@]}"
	exit 1
	;;
after)
	# what is not CRIU's child does not find its pipes
	if [[ " $LXC_CHECKPOINT_NOTIFY_ACTIONS " == *" $action "* ]]; then
		printf '%s %s\n' "$action" "${CRTOOLS_INIT_PID:-0}" >"/proc/$PPID/fd/${LXC_CHECKPOINT_NOTIFY%:*}"
		read -r answer <"/proc/$PPID/fd/${LXC_CHECKPOINT_NOTIFY#*:}"
		[ "$answer" = "ok $action" ] || exit 1
	fi
	LXC_CHECKPOINT_NOTIFY='' @REAL@
	status=$?
	strike "${victims[@]}"
	exit $status
	;;
waiting)
	# who is to answer does so when the others have been struck
	owner=$(parent_of $PPID)
	kill -STOP "$owner"
	# not of CRIU's process group
	set -m
	(
		for ((i = 0; i < 500; i++)); do
			! callback_waits || break
			sleep 0.01
		done
		strike "${victims[@]}"
		kill -CONT "$owner" 2>/dev/null
	) </dev/null &
	set +m
	exec @REAL@
	;;
esac
END
	chmod +x "$LIBEXEC/lxc-restore-net"
	: >/run/fault
	export LXC_CHECKPOINT_LIBEXEC=$LIBEXEC
}

# with_fault WORDS COMMAND...: how it ended is $status, and what it said is in /tmp/said
# shellcheck disable=SC2034 # for the case
with_fault()
{
	local words=$1

	shift
	printf '%s\n' "$words" >/run/fault
	rm -f /run/struck
	status=0
	"$@" >/tmp/said 2>&1 || status=$?
	: >/run/fault
	[ -e /run/struck ] || die "nothing was struck: $words ($(cat /tmp/said))"
	FAULTS=$((FAULTS + 1))
}

quiet()
{
	! pgrep -x criu >/dev/null && ! pgrep -f 'lxc-restore-net' >/dev/null
}

veth()
{
	ip -o link show type veth | sed -n 's/^[0-9]*: \([^@:]*\).*/\1/p'
}

# begin_faults MIB [<CONFIG LINES]: c1 runs with a client; RUNNING and STOPPED are what there is in
# these states
# shellcheck disable=SC2034 # for the case
begin_faults()
{
	STOPPED=$(make_bridge && start_dhcp && leftovers)
	# what was sent in vain is sent again soon
	sysctl -qw net.ipv4.tcp_rto_max_ms=1000
	start_counter c1 "$1"
	# its own sockets have it when they are restored
	nsenter -n -t "$(init_pid c1)" sysctl -qw net.ipv4.tcp_rto_max_ms=1000
	arm_faults
	start_client
	check dump -n c1 -s
	check restore -n c1
	check_client_goes_on
	rm -r "$IMG"
	RUNNING=$(leftovers)
	BEGAN=$SECONDS
}

end_faults()
{
	check_client false
	end_client
	echo "$FAULTS faults, each survived ($((SECONDS - BEGAN)) s; connections lost: $LOST)"
}

# survived_dump: after a fault that has killed nobody. With -s the container may be stopped.
survived_dump()
{
	wait_for 20 quiet
	if state_is c1 STOPPED; then
		check_equal 0 "$status" "exit status ($(cat /tmp/said))"
		check_left "$STOPPED"
		check restore -n c1
	elif [ "$status" = 0 ]; then
		check test -s "$IMG/manifest.json"
	else
		check grep -q 'keeps running\|refuse\|lxc-checkpoint: ' /tmp/said
		check_not test -e "$IMG/manifest.json"
	fi
	check_equal lxcbr0 "$(bridge_of "$(veth)")" "bridge ($(cat /tmp/said))"
	check_client false
	check_left "$RUNNING"
}

# fault COMMAND...: one without a striker; $status and /tmp/said as of with_fault
fault()
{
	status=0
	"$@" >/tmp/said 2>&1 || status=$?
	FAULTS=$((FAULTS + 1))
}

settled()
{
	case $(lxc-info -n c1 -sH) in
	RUNNING) true ;;
	STOPPED) ! monitor_pid c1 >/dev/null ;;
	*) false ;;
	esac
}

# In a restore a connection is lost only where its end had its network, or ran, when it was killed.
had_network()
{
	[[ $1 =~ ^(network-unlock' after'|pre-resume|post-resume) ]]
}

# survive_restore WORDS: a fault of a restore from $IMG, and everything as it should be after it
survive_restore()
{
	with_fault "$1" restore -n c1
	# where nobody is left, the next one ends what is half made
	[[ $1 == *' command monitor criu' ]] || wait_for 20 quiet
	wait_for 20 settled
	if state_is c1 STOPPED; then
		if [[ " $1 " != *' command '* ]]; then
			check_equal 1 "$status" "exit status ($(cat /tmp/said))"
			check grep -q 'c1 was not restored' /tmp/said
			# a killed monitor cannot remove what it was in
			check_left "$STOPPED" grep -v '^\./lxc\.'
			[[ " $1 " == *' monitor '* ]] || check_left "$STOPPED"
		fi
		check restore -n c1
	fi
	check_equal lxcbr0 "$(bridge_of "$(veth)")" "bridge ($(cat /tmp/said))"
	check_client had_network "$1"
	check_left "$RUNNING"
	# it is whole, and the next one of it too
	check dump -n c1 -s --replace
	check_left "$STOPPED"
}

# restore_faults VICTIMS...: each at each of CRIU's stages
restore_faults()
{
	local victims stage stages=(
		'pre-restore before'
		'setup-namespaces before'
		'post-setup-namespaces before'
		'post-setup-namespaces waiting'
		'post-restore before'
		'post-restore waiting'
		'network-unlock before'
		'network-unlock after'
		'pre-resume before'
		'pre-resume waiting'
		'pre-resume half'
		'post-resume before'
		'post-resume waiting'
	)

	check dump -n c1 -s
	for victims in "$@"; do
		for stage in "${stages[@]}"; do
			# it is not there any more when it has done its work
			[ "$victims $stage" != 'callback network-unlock after' ] || continue
			[[ $stage != *' half' || $victims = callback ]] || continue
			step "$victims at $stage"
			survive_restore "$stage $victims"
		done
	done
	check restore -n c1
}

# What there is of the client and its connection, on both ends.
show_client()
{
	if kill -0 "$CLIENT" 2>/dev/null; then
		echo 'the client waits for an answer'
	else
		echo 'the client has ended'
	fi
	ss -tanoi "( sport = :$PORT or dport = :$PORT )" || :
	nsenter -t "$(init_pid c1)" -n ss -tanoi || :
	cat /tmp/said
}

# check_client MAY-HAVE-LOST: the client gets answers. MAY-HAVE-LOST: whether its connection may be
# lost by what was done, false for none: then the container may take its time. An answer that was
# lost while the network was locked is sent again after twice as long as that was, and more.
check_client()
{
	local last now i looks=150

	[ "$1" != false ] || looks=750
	read -r last </tmp/counted
	for ((i = 0; i < looks; i++)); do
		kill -0 "$CLIENT" 2>/dev/null || break
		read -r now </tmp/counted
		[ "$now" = "$last" ] || return 0
		sleep 0.02
	done
	"$@" || {
		show_client
		die 'a connection was lost'
	}
	kill -KILL "$CLIENT" 2>/dev/null || :
	wait "$CLIENT" 2>/dev/null || :
	LOST=$((LOST + 1))
	rm -f /tmp/counted
	start_client
}
