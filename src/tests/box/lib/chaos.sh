# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh, counter.sh and faults.sh: random commands on one container, each disturbed in
# random ways (any process of the tool's, any signal, limits, a small disk, a second command,
# LXC's own tools). After each round the container runs as before, or is stopped with a whole
# checkpoint that restores. chaos ROUNDS SEED

DISK=/run/small

# pick WORD...: one of them is $PICKED (no subshell: RANDOM would start anew)
pick()
{
	local words=("$@")

	PICKED=${words[RANDOM % ${#words[@]}]}
}

# What a tool can see of the container that no checkpoint may change.
traits()
{
	local pid

	for pid in 1 "$COUNTER" "$WORKER"; do
		pid=$(host_pid c1 "$pid")
		awk '{ $1 = $1; print }' "/proc/$pid/limits"
		cat "/proc/$pid/oom_score_adj" "/proc/$pid/timerslack_ns" 2>/dev/null
		grep -E '^(Umask|Groups|SigIgn|SigCgt|Cap|NoNewPrivs|Seccomp|Cpus_allowed_list)' \
			"/proc/$pid/status"
		cut -d' ' -f18,19,41 <<<"$(sed 's/.*) //' "/proc/$pid/stat")"
		readlink "/proc/$pid/cwd" "/proc/$pid/root"
	done
	in_container c1 ip -o address show scope global </dev/null |
		sed 's/valid_lft.*//'
	cat /sys/fs/cgroup/lxc.payload.c1/{cgroup.freeze,cgroup.subtree_control}
}

# While the kernel has not freed what a killed monitor leaves, its cgroup is there, and lxc-start
# takes another name. The next restore has the usual one again.
has_usual_cgroup()
{
	grep -q '^0::/.*lxc\.payload\.c1$\|^0::/.*lxc\.payload\.c1/' "/proc/$(init_pid c1)/cgroup"
}

is_in_container()
{
	grep -q 'lxc\.payload' "/proc/$1/cgroup" 2>/dev/null
}

# tool_pids: those of the command that runs, with all that it has started
tool_pids()
{
	local pid

	# not the box itself, which has the name of the cache on its command line
	{ pgrep -f 'lxc-checkpoint|^\[lxc monitor\]|^criu |/criu |lxc-restore-net' || :; } | while read -r pid; do
		[ "$pid" = 1 ] || [ "$pid" = "$BASHPID" ] || is_in_container "$pid" || echo "$pid"
	done
	echo "$1"
}

# title PID: its command line, if it still has one
title()
{
	(tr '\0' ' ' <"/proc/$1/cmdline") 2>/dev/null || :
}

# strike_one COMMAND-PID: any one of them gets any signal; a stopped one goes on a little later
strike_one()
{
	local pids signal victim title

	mapfile -t pids < <(tool_pids "$1" | sort -u)
	victim=${pids[RANDOM % ${#pids[@]}]}
	title=$(title "$victim")
	pick KILL KILL KILL TERM INT HUP QUIT SEGV ABRT PIPE STOP USR1
	# A monitor that is ended takes its container along, as LXC's does. (What it hands on to the
	# container, which may reboot by it, are not faults.)
	if [[ $title = '[lxc monitor]'* ]]; then
		MONITOR_STRUCK=1
		pick KILL SEGV ABRT STOP
	fi
	signal=$PICKED
	WHAT+=" SIG$signal to ${title:0:40};"
	kill "-$signal" "$victim" 2>/dev/null || return 0
	STRUCK=$((STRUCK + 1))
	[ "$signal" = STOP ] || return 0
	a_moment 300
	kill -CONT "$victim" 2>/dev/null || :
}

# a_moment MS: a random part of it passes
a_moment()
{
	local text

	printf -v text '0.%03d' $((RANDOM % $1))
	# shellcheck disable=SC2154 # lib.sh's
	read -rt "$text" <>"$never" || :
}

# disturb COMMAND-PID: once or twice, at random moments
disturb()
{
	local n=$((1 + RANDOM % 2))

	for ((; n > 0; n--)); do
		a_moment "$COMMAND_MS"
		case $((RANDOM % 10)) in
		0)
			WHAT+=' lxc-stop -k;'
			STOPPED_BY_US=1
			timeout 60 lxc-stop -k -n c1 >/dev/null 2>&1 || :
			;;
		1)
			WHAT+=' lxc-start;'
			timeout 60 lxc-start -n c1 >/dev/null 2>&1 && STARTED_BY_US=1
			;;
		2)
			WHAT+=' a second command;'
			pick -s -r --check '-r --check'
			# shellcheck disable=SC2086 # words
			timeout 60 lxc-checkpoint -D "$IMG.2" -n c1 $PICKED >/dev/null 2>&1 || :
			;;
		3)
			WHAT+=' lxc-freeze;'
			timeout 20 lxc-freeze -n c1 >/dev/null 2>&1 || :
			a_moment 300
			timeout 20 lxc-unfreeze -n c1 >/dev/null 2>&1 || :
			;;
		*) strike_one "$1" ;;
		esac
	done
}

# limits: words for prlimit, often none. Soft ones: here root may not raise a hard one again.
limits()
{
	LIMITS=()
	case $((RANDOM % 8)) in
	0) LIMITS=("--nofile=$((8 + RANDOM % 60)):") ;;
	1) LIMITS=("--fsize=$((RANDOM % 400000)):") ;;
	2) LIMITS=("--as=$((20000000 + RANDOM * 3000)):") ;;
	3) LIMITS=("--stack=$((200000 + RANDOM * 10)):" --core=0:) ;;
	4) LIMITS=("--cpu=$((1 + RANDOM % 5)):" "--memlock=$RANDOM:") ;;
	esac
	WHAT+=" ${LIMITS[*]:-}"
}

# Now and then somebody else has filled it, but for some MiB.
small_disk()
{
	local kib=$((RANDOM % 16000)) free

	[ $((RANDOM % 5)) = 0 ] || return 0
	free=$(df --output=avail $DISK | tail -n 1)
	[ "$free" -gt $kib ] || return 0
	WHAT+=" $kib KiB free;"
	head -c $(((free - kib) * 1024)) /dev/zero >$DISK/filler
}

# whole DIR: its checkpoint is complete
whole()
{
	lxc-checkpoint -D "$1" --verify >/tmp/verified 2>&1
}

has_no_veth()
{
	[ -z "$(veth)" ]
}

# bring_back: c1 runs, from the checkpoint if there is one
bring_back()
{
	local status=0 dir=$IMG

	# The network of a container whose monitor was killed answers for its address until the
	# kernel has freed it. Ours are known; of one of lxc-start's nobody has written it down.
	[ -z "$STARTED_BY_US" ] || ! state_is c1 STOPPED || wait_for 240 has_no_veth
	if state_is c1 STOPPED; then
		whole "$IMG" || die "stopped, and no whole checkpoint ($WHAT): $(cat /tmp/verified /tmp/said)"
		[ ! -e "$IMG.2/manifest.json" ] || [ "$IMG" -nt "$IMG.2" ] || dir=$IMG.2
		lxc-checkpoint -D "$dir" -n c1 -r >/tmp/back 2>&1 || status=$?
		# who ran on after this checkpoint may have written
		if [ $status = 3 ] && grep -q 'force=stale' /tmp/back; then
			[ -n "$MONITOR_STRUCK$STOPPED_BY_US$STARTED_BY_US" ] ||
				die "a stale checkpoint, and nobody ran on ($WHAT): $(cat /tmp/back)"
			lxc-checkpoint -D "$dir" -n c1 -r --force=stale >/tmp/back 2>&1 && status=0
		fi
		[ $status = 0 ] || die "it does not come back ($WHAT): $(cat /tmp/back)"
		BACK=$((BACK + 1))
	fi
}

is_settled()
{
	case $(timeout 20 lxc-info -n c1 -sH 2>/dev/null) in
	RUNNING) true ;;
	STOPPED) ! grep -q '@/var/lib/lxc/c1/command$' /proc/net/unix ;;
	*) false ;;
	esac
}

# is_over COMMAND-PID: nothing of the tool's runs but a monitor
is_over()
{
	! kill -0 "$1" 2>/dev/null && quiet
}

# may_be_new: it may have been started anew, with other numbers and another address
may_be_new()
{
	[ -n "$STARTED_BY_US" ]
}

# check_round STATUS: what holds after whatever it was
check_round()
{
	wait_for 60 quiet
	wait_for 60 is_settled
	[ "$1" != 0 ] || [ "$OPERATION" != save ] || whole "$IMG" || die "done, and not whole ($WHAT)"
	if [ "$OPERATION" = save ] && [ "$1" = 0 ] && [ -z "$STARTED_BY_US$STOPPED_BY_US" ]; then
		check state_is c1 STOPPED
	fi
	bring_back
	if may_be_new; then
		wait_for 20 has_address c1
		# shellcheck disable=SC2034 # of counter.sh
		ADDRESS=$(address c1)
	fi
	wait_for 30 answers
	check_equal ok "$(ask check)" "the memory ($WHAT)"
	# by its name: one whose container was killed can still be there
	check_equal lxcbr0 "$(bridge_of "$(lxc-info -n c1 | sed -n 's/^Link: *//p')")" "the bridge ($WHAT)"
	if may_be_new && ! has_usual_cgroup; then
		check dump -n c1 -s --replace
		check restore -n c1
		check has_usual_cgroup
	fi
	if may_be_new; then
		note_processes
		TRAITS=$(traits)
	fi
	check_equal "$TRAITS" "$(traits)" "what the container is ($WHAT)"
}

# with_worker NAME: a process with limits of its own
with_worker()
{
	cat >"/var/lib/lxc/$1/rootfs/bin/worker" <<-'END'
		#!/bin/sh
		ulimit -f 77777
		ulimit -n 333
		umask 027
		while :; do sleep 1000; done
	END
	chmod 755 "/var/lib/lxc/$1/rootfs/bin/worker"
}

# A script: its command line begins with its shell
worker_pid()
{
	in_container c1 ps -o pid,args </dev/null | awk '/\/bin\/worker$/ { print $1 }'
}

worker_runs()
{
	[ -n "$(worker_pid)" ]
}

# note_processes: their numbers in the container
note_processes()
{
	wait_for 20 runs c1 /bin/counter
	wait_for 20 worker_runs
	COUNTER=$(vpid c1 /bin/counter)
	WORKER=$(worker_pid)
}

# round: one
round()
{
	local pid status=0 arguments

	WHAT="round $ROUND:" STOPPED_BY_US='' STARTED_BY_US='' MONITOR_STRUCK=''
	# a checkpoint to fall back to, made by the latest that went well
	case $((RANDOM % 8)) in
	0 | 1 | 2) OPERATION=save arguments='-s --replace' ;;
	3) OPERATION=copy arguments='--replace' ;;
	4) OPERATION=look arguments='--check' ;;
	*) OPERATION=restore arguments=-r ;;
	esac
	WHAT+=" $arguments;"
	rm -rf "$IMG.2"
	if [ $OPERATION = restore ]; then
		check dump -n c1 -s --replace
	fi
	small_disk
	limits
	# shellcheck disable=SC2086 # words
	prlimit "${LIMITS[@]}" lxc-checkpoint -D "$IMG" -n c1 $arguments >/tmp/said 2>&1 &
	pid=$!
	disturb $pid
	wait_for 120 is_over $pid
	wait $pid || status=$?
	rm -f $DISK/filler
	check_round $status
	# and it can be saved and restored as if nothing had been
	check dump -n c1 -s --replace
	check restore -n c1
	wait_for 30 answers
	check_equal "$TRAITS" "$(traits)" "what the container is ($WHAT)"
}

# what_there_is: of everything that could become more
what_there_is()
{
	leftovers | sed 's/^veth .*/veth/' | grep -v '^\./lxc\.monitor'
	echo "names in /run/lxc-checkpoint $(find /run/lxc-checkpoint | wc -l)"
	nft list ruleset | head -n 5
}

is_as_before()
{
	[ "$(what_there_is)" = "$1" ]
}

# explain STATUS: what it was that broke something
explain()
{
	[ "$1" != 0 ] || return 0
	printf '%s\n' "$WHAT"
	tail -n 20 /tmp/said /tmp/back 2>/dev/null || :
	timeout 20 lxc-info -n c1 || :
	echo "asked: $ADDRESS"
	ip -br link; ip -br addr; ip neigh; bridge fdb show br lxcbr0
	ps axf -o pid,stat,wchan:20,args | tail -n 40
}

chaos()
{
	local rounds=$1 before

	RANDOM=$2
	STRUCK=0 BACK=0 COMMAND_MS=900
	export FRESH=1
	mkdir -p $DISK
	mount -t tmpfs -o size=65536k small $DISK
	IMG=$DISK/image
	INITTAB='::respawn:/bin/worker' BEFORE_START=with_worker start_counter c1 8
	note_processes
	BEGAN=$SECONDS
	check dump -n c1 -s
	check restore -n c1
	TRAITS=$(traits)
	before=$(what_there_is)
	trap 'explain $?' EXIT
	for ((ROUND = 1; ROUND <= rounds; ROUND++)); do
		round
		[ $((ROUND % 10)) != 0 ] || echo "$ROUND rounds, $STRUCK struck, $((SECONDS - BEGAN)) s"
	done
	(wait_for 30 is_as_before "$before") || check_equal "$before" "$(what_there_is)" 'what there is'
	echo "$rounds rounds (seed $2), $STRUCK struck, $BACK times brought back," \
		"0 broken; $((SECONDS - BEGAN)) s"
}
