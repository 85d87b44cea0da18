# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh, counter.sh and terminal.sh: the table of LXC's tools. One container is
# started by lxc-start, used by every tool, saved, restored, and used again; what the
# tools say, how they end and what they do has to be the same both times.

# Rows that are not the same yet, whatever the version, and why. When one is, the case fails
# until it is taken out; a case adds what is its version's.
declare -A KNOWN=()

# by COMMAND...: of the suite that is looked at. No chroot: what lxc-start started in
# one would have another root than its mount namespace, which CRIU cannot save.
by()
{
	"${IN[@]}" "$@"
}

# enter SUITE: sets IN, what a command of that suite has before it
enter()
{
	local pid

	IN=()
	[ -d "/mnt/$1" ] || return 0
	mkfifo /run/entered
	# a Debian testing has no pivot_root in its essential packages; that of the suite runs here
	unshare --mount --propagation slave sh -euc "cd /mnt/$1
		usr/sbin/pivot_root . mnt
		umount -l /mnt
		echo >/run/entered
		exec sleep infinity" </dev/null &
	pid=$!
	read -r _ </run/entered
	rm /run/entered
	IN=(nsenter --mount --target "$pid" --wd=/)
}

# What has to be another, put into the words for it. Columns are as wide as what is in them.
normal()
{
	sed -E -e "s/\\b(PID: *|RUNNING +|FROZEN +|init )$INIT\\b/\\1INIT/" -e 's/10\.0\.3\.[0-9]+/ADDRESS/g' \
		-e 's/\bveth[A-Za-z0-9]{6}\b/VETH/g' -e 's/\bfe80::[0-9a-f:]+/LINK-LOCAL/g' \
		-e 's/[0-9]+(\.[0-9]+)? ?([KMG]i?B|bytes|seconds)\b/N/g' \
		-e 's/([RT]X|Total) bytes: +[0-9]+/\1 bytes: N/' -e 's/[ -]+$//' -e 's/ +/ /g' -e 's/\r$//'
}

ROW_LIMIT=30

gone()
{
	! kill -0 "$1" 2>/dev/null
}

# row NAME STATUS WORDS COMMAND...: a row of the table, in the column $COLUMN. That the
# container that lxc-start started has this STATUS, and these WORDS (an extended
# regular expression), shows that the row is about something.
row()
{
	local name=$1 status=$2 words=$3 raw=/tmp/rows/$COLUMN/$1.raw found=0 pid

	shift 3
	# a process group of its own, for the end of one that does not end
	set -m
	(
		# a tool that fails is what is looked at, not the end
		set +e
		trap - ERR
		"$@"
	) </dev/null >>"$raw" 2>&1 &
	pid=$!
	set +m
	(wait_for "$ROW_LIMIT" gone "$pid") 2>/dev/null || {
		echo "no end within $ROW_LIMIT s" >>"$raw"
		kill -KILL -- "-$pid"
	}
	wait "$pid" || found=$?
	{
		normal <"$raw"
		echo "exit status $found"
	} >"/tmp/rows/$COLUMN/$name"
	if [ "$COLUMN" = native ]; then
		ROWS+=("$name")
		if [ "$found" != "$status" ] || ! grep -qzE "$words" "/tmp/rows/native/$name"; then
			sed 's/^/    /' "/tmp/rows/native/$name"
			printf 'row %s: wanted exit status %s and "%s"\n' "$name" "$status" "$words"
			POINTLESS+=("$name")
		fi
	fi
}

# words that lxc-info and the others are asked for, one a line
all_keys()
{
	by python3 -c 'import lxc
c = lxc.Container("c1")
print(*sorted(k for k in c.get_keys() if not k.startswith("lxc.net.")), sep="\n")
print(*("lxc.net.0." + k for k in c.get_keys("lxc.net.0")), sep="\n")
print("lxc.net", "lxc.net.0", "lxc.net.1.type", "lxc.cgroup2", "lxc.no.such.key", sep="\n")'
}

running_items()
{
	local key items=()

	for key in $(all_keys); do
		items+=(-c "$key")
	done
	by lxc-info -n c1 "${items[@]}"
}

pid_is_inits()
{
	awk '/^NSpid/ { print $NF }' "/proc/$(by lxc-info -n c1 -pH)/status"
}

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

# What is on this host because of the container, that anybody can see.
traces()
{
	local parent

	parent=$(awk '/^PPid/ { print $2 }' "/proc/$INIT/status")
	tr '\0' '\n' <"/proc/$parent/cmdline"
	echo
	cat "/proc/$parent/cgroup"
	readlink "/proc/$parent/cwd"
	sed -n 's, 00010000 .*\(@/.*/command\)$, \1,p' /proc/net/unix | cut -d ' ' -f 3-
	(cd /sys/fs/cgroup && find . -mindepth 1 -type d | grep -v '^\./lxc.pivot$' | sort)
	bridge_of "$(host_veth)"
}

attach()
{
	by lxc-attach -n c1 "$@"
}

# shellcheck disable=SC2016 # for the container's shell
LOOK_AROUND='hostname; id; pwd; umask; cat /proc/self/cgroup; env | sort
	grep -E "^(Cap|NoNew|Seccomp|Groups|Sig[BIC])" /proc/self/status
	for f in cgroup ipc mnt net pid uts user; do
		[ /proc/self/ns/$f -ef /proc/1/ns/$f ] && echo $f
	done; true'

on_terminal()
{
	# shellcheck disable=SC2016 # the container's shell expands it
	terminal_open attach "${IN[@]}" lxc-attach -n c1 "$@" -- \
		sh -c 'echo on $(tty); stty size; stty -a; echo go on; read -r x; echo "it read <$x>"; exit 9'
	terminal attach expect 10 'go on'
	terminal attach send 'some words\r'
	terminal attach expect 10 'it read <some words>'
	terminal attach wait 10
	echo "status $ANSWER"
	terminal attach seen
	echo -e "$ANSWER" | sed 's,/pts/[0-9]*,/pts/N,'
	terminal_close attach
}

top()
{
	terminal_open top "${IN[@]}" lxc-top -b -d 1
	terminal top expect 10 c1
	terminal top send '\x03'
	terminal top wait 10
	echo "status $ANSWER"
	terminal top seen
	echo -e "$ANSWER" | grep -a -m1 c1 | sed -E ':a; s/(^|,)[0-9.]+(,|\r|$)/\1N\2/; ta'
	terminal_close top
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

# connected NAME TTY: by lxc-console, on a terminal called NAME here
connected()
{
	terminal_open "$1" "${IN[@]}" lxc-console -n c1 ${2:+-t "$2"}
	terminal "$1" expect 10 'to exit the console'
	terminal "$1" raw 10
}

leave()
{
	terminal "$1" send '\x01q'
	terminal "$1" wait 10
	echo "status $ANSWER"
	terminal "$1" seen
	echo -e "$ANSWER" | head -n 3
	terminal_close "$1"
}

console_tty()
{
	connected tty 1
	terminal tty send '\r'
	terminal tty expect 10 'login: '
	leave tty
}

console_any()
{
	connected first
	connected second
	leave second
	connected third
	leave third
	leave first
	connected again
	leave again
}

refused()
{
	terminal_open "refused" "${IN[@]}" lxc-console -n c1 -t "$1"
	terminal refused expect 10 'Denied'
	terminal refused wait 10
	echo "status $ANSWER"
	terminal refused seen
	echo -e "$ANSWER"
	terminal_close refused
}

console_busy()
{
	connected mine "$1"
	refused "$1"
	leave mine
	connected mine "$1"
	# whoever is killed leaves it too
	kill -KILL "$(pgrep -f "^lxc-console -n c1 -t $1")"
	terminal mine wait 10
	terminal_close mine
	wait_for 10 free_tty "$1"
}

free_tty()
{
	(connected mine "$1" && leave mine) >/dev/null 2>&1
}

console_output()
{
	connected console 0
	in_container c1 sh -c 'echo from the inside >/dev/console'
	terminal console expect 10 'from the inside'
	leave console
}

cgroup_items()
{
	local item

	for item in pids.max memory.current cpu.weight cgroup.type cgroup.procs cpu.stat devices.list \
		no.such.item; do
		by lxc-cgroup -n c1 "$item" || echo "status $?"
	done
	by lxc-cgroup -n c1 pids.max 100 || echo "status $?"
	by lxc-cgroup -n c1 devices.allow 'c 1:7 rwm' || echo "status $?"
	full
	by lxc-cgroup -n c1 devices.deny 'c 1:7 rwm' || echo "status $?"
	full
}

# What opening a device that the rules do not mention says, and one that they allow.
full()
{
	in_container c1 sh -c 'head -c 0 </dev/full && echo can be read; head -c 0 </dev/null && echo null'
}

device()
{
	local status=0

	by lxc-device -n c1 "$@" || status=$?
	in_container c1 stat -c '%A %u:%g %t:%T' /dev/kmsg || :
	in_container c1 sh -c 'head -c 0 </dev/kmsg && echo can be read' || :
	return "$status"
}

python()
{
	by python3 - <<-'PYTHON'
	import os, lxc

	c = lxc.Container("c1")

	def show(name, call):
	    try:
	        print(name, call())
	    except Exception as e:
	        print(name, type(e).__name__, e)

	def console():
	    fd = c.console_getfd(2)
	    return type(fd).__name__, os.isatty(fd if isinstance(fd, int) else fd[0])

	show("state", lambda: (c.state, c.running, c.controllable, c.defined))
	show("init", lambda: c.init_pid)
	show("pidfd", lambda: c.init_pidfd() >= 0)
	show("item", lambda: c.get_running_config_item("lxc.uts.name"))
	show("veth", lambda: c.get_running_config_item("lxc.net.0.veth.pair"))
	show("none", lambda: c.get_running_config_item("lxc.no.such"))
	show("interfaces", lambda: sorted(c.get_interfaces()))
	show("addresses", lambda: c.get_ips(family="inet"))
	show("cgroup", lambda: c.get_cgroup_item("cgroup.type"))
	show("set", lambda: c.set_cgroup_item("pids.max", "100"))
	show("freeze", lambda: (c.freeze(), c.state))
	show("unfreeze", lambda: (c.unfreeze(), c.state))
	show("wait", lambda: (c.wait("RUNNING", 5), c.wait("FROZEN", 1)))
	show("attach", lambda: c.attach_wait(lxc.attach_run_command, ["sh", "-c", "exit 3"]))
	show("console", console)
	show("start", lambda: c.start())
	show("checkpoint", lambda: hasattr(c, "checkpoint"))
	show("active", lambda: lxc.list_containers(active=True, defined=False))
	PYTHON
}

# All that leaves it running.
live_rows()
{
	local state

	row traces 0 'lxc monitor' traces

	row info 0 'State: RUNNING' by lxc-info -n c1
	row info-s 0 'State: RUNNING' by lxc-info -n c1 -s
	row info-sH 0 'RUNNING' by lxc-info -n c1 -sH
	row info-p 0 'PID: INIT' by lxc-info -n c1 -p
	row info-p-is-init 0 '^1' pid_is_inits
	row info-i 0 'IP: ADDRESS' by lxc-info -n c1 -i
	row info-iH 0 ADDRESS by lxc-info -n c1 -iH
	row info-S 0 'Link: VETH' by lxc-info -n c1 -S
	row info-SH 0 'Link: VETH' by lxc-info -n c1 -SH
	row info-c 0 'lxc.uts.name = c1' running_items

	row ls 0 c1 by lxc-ls
	row ls-1 0 c1 by lxc-ls -1
	row ls-active 0 c1 by lxc-ls --active
	row ls-running 0 c1 by lxc-ls --running
	row ls-defined 0 c1 by lxc-ls --defined
	row ls-stopped 0 '^exit' by lxc-ls --stopped
	row ls-frozen 0 '^exit' by lxc-ls --frozen
	row ls-f 0 'c1 RUNNING' by lxc-ls -f
	row ls-f-active 0 'c1 RUNNING' by lxc-ls -f --active
	row ls-F 0 'c1 RUNNING INIT' by lxc-ls -f -F \
		NAME,STATE,PID,RAM,SWAP,AUTOSTART,GROUPS,INTERFACE,IPV4,IPV6,UNPRIVILEGED
	row ls-g 0 c1 by lxc-ls -g one
	row ls-filter 0 '^exit' by lxc-ls --filter '^c2$'

	row attach-status 7 . attach -- sh -c 'exit 7'
	# shellcheck disable=SC2016 # the container's shell expands it
	row attach-signal 143 . attach -- sh -c 'kill -TERM $$'
	row attach-none 127 . attach -- /no/such/program
	row attach 0 'c1' attach -- sh -c "$LOOK_AROUND"
	row attach-clear 0 'A=1 2' attach --clear-env -v 'A=1 2' --keep-var LANG -- sh -c "$LOOK_AROUND"
	row attach-v 0 'B=3' attach -v A=1 --set-var B=3 -- sh -c "$LOOK_AROUND"
	row attach-u 0 'uid=1000.*gid=1000' attach -u 1000 -g 1000 -- sh -c "$LOOK_AROUND"
	row attach-e 0 c1 attach -e -- sh -c "$LOOK_AROUND"
	for state in CGROUP CAP LSM 'CGROUP|CAP|LSM'; do
		row "attach-e-${state//|/-}" 0 c1 attach "-e$state" -- sh -c "$LOOK_AROUND"
	done
	row attach-s 0 net attach -s 'NETWORK|PID' -- bash -c 'exec 2>&1; readlink /proc/self/ns/net >/dev/null
		ls -d /var/lib/lxc/c1; ip -br link show dev eth0 | cut -c 1-4; echo net'
	row attach-s-mount 0 'halted' attach -s 'MOUNT|PID|UTSNAME' -- sh -c 'hostname; ls / ; cat /proc/1/comm; echo halted'
	row attach-R 0 c1 attach -R -e -- sh -c 'hostname; grep -E " /(sys|proc) " /proc/self/mounts'
	row attach-a 0 x86_64 attach -a x86_64 -- uname -m
	row attach-stdin 0 'through' sh -c 'echo through stdin | "$@"' - "${IN[@]}" lxc-attach -n c1 -- cat
	row attach-terminal 0 'status 9' on_terminal
	row attach-terminal-e 0 'status 9' on_terminal -e
	row attach-other 1 . by lxc-attach -n c2 -- true

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

	row console-1 0 'Connected to tty 1' console_tty
	row console-any 0 'Connected to tty 2.*tty 1' console_any
	row console-0 0 'Connected' console_output
	row console-busy-0 0 'status 1' console_busy 0
	row console-busy-2 0 'status 1' console_busy 2
	row console-none 0 'status 1' refused 99

	row cgroup 0 'can' cgroup_items
	row cgroup-devices 0 null full
	row device-add 0 'can be read' device add /dev/kmsg
	row device-del 0 'no such file' device del /dev/kmsg
	row top 0 c1 top
	row python 0 "state \('RUNNING'" python

	row start 0 'already running' by lxc-start -n c1
	row execute 1 'already running' by lxc-execute -n c1 -- true
	row autostart-L 0 . by lxc-autostart -L
	row autostart 0 . by lxc-autostart
	row autostart-group 0 . by lxc-autostart -L -g one
	row copy 1 . by lxc-copy -n c1 -N c2
	row rename 1 . by lxc-copy -n c1 -R -N c2
	row snapshot 1 . by lxc-snapshot -n c1
	row snapshot-L 0 . by lxc-snapshot -n c1 -L
	row destroy 1 'is running' by lxc-destroy -n c1
	row check 0 'can be checkpointed' lxc-checkpoint -n c1 --check
	row checkpoint 0 . lxc-checkpoint -n c1 -D /run/second --replace
	row restore-running 3 'already running' lxc-checkpoint -n c1 -r -D /run/second
	row still 0 'State: RUNNING' by lxc-info -n c1
}

# --- rows that end it ----------------------------------------------------------------------------

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
		restore -n c1
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

stop_without_waiting()
{
	by lxc-stop -n c1 -W
	by lxc-wait -n c1 -s STOPPED -t 20
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
	row stop-W 0 'STOPPING.*STOPPED.*/halted' ends stop_without_waiting
	row stop-k 0 'STOPPING.*STOPPED.*No such file' ends by lxc-stop -n c1 -k
	row stop-t 0 'STOPPED.*/halted' hanging by lxc-stop -n c1 -t 1
	row stop-nokill 0 'RUNNING.*its init lives' hanging by lxc-stop -n c1 -t 1 --nokill
	row stop-nolock 0 'STOPPED' ends by lxc-stop -n c1 -k --nolock
	row stop-stopped 2 'not running' by lxc-stop -n c1
	# what is attached gets init's signal
	row poweroff 143 'STOPPED' ends attach -- sh -c 'poweroff; sleep 60'
	row autostart-s 0 'STOPPED' ends by lxc-autostart -s -t 10 -g one
	row destroy-f 0 '^kept' destroy
}

# --- the table -----------------------------------------------------------------------------------

# compare: prints the table. What is not the same and not in KNOWN ends the case, and so
# does what is in KNOWN and is the same.
compare()
{
	local name why verdict bad=0

	printf -- '--- LXC %s: a tool, and whether it says and does the same\n' "$VERSION"
	for name in "${ROWS[@]}"; do
		why=${KNOWN[$name]:-}
		verdict=same
		diff -a -u "/tmp/rows/native/$name" "/tmp/rows/restored/$name" >/tmp/diff || verdict='NOT THE SAME'
		case $verdict${why:+ known} in
		same | 'NOT THE SAME known') ;;
		'same known')
			bad=1
			verdict='same, and it should not be'
			;;
		*) bad=1 ;;
		esac
		printf '%-24s %s%s\n' "$name" "$verdict" "${why:+: $why}"
		[ "$verdict" = same ] || sed '1,2d; s/^/    /' /tmp/diff
	done
	[ ${#POINTLESS[@]} = 0 ] || die "not what they are meant to be (above): ${POINTLESS[*]}"
	[ "$bad" = 0 ] || die "a restored container is not as a started one to LXC $VERSION"
}

# compare_tools SUITE: all of it
compare_tools()
{
	local ROWS=() POINTLESS=() IN=() COLUMN INIT LAST_STATE=''

	mkdir -p /tmp/rows/{native,restored}
	enter "$1"
	VERSION=$(by lxc-start --version)
	payload counter >/dev/null
	make_bridge
	make_container c1 <<-'CONFIG'
		lxc.start.auto = 1
		lxc.group = one
		lxc.group = onboot
		lxc.environment = FROM_CONFIG=yes
		lxc.net.0.ipv4.address = 10.0.3.50/24
		lxc.cgroup2.devices.deny = a
		lxc.cgroup2.devices.allow = c 1:3 rwm
		lxc.cgroup2.devices.allow = c 1:5 rwm
		lxc.cgroup2.devices.allow = c 1:9 rwm
		lxc.cgroup2.devices.allow = c 5:* rwm
		lxc.cgroup2.devices.allow = c 136:* rwm
	CONFIG
	# it starts often: no DHCP
	printf '#!/bin/sh\n/bin/syslogd\n' >/var/lib/lxc/c1/rootfs/etc/init.d/rcS
	echo '::shutdown:/bin/sh -c ">/halted; while [ -e /hang ]; do usleep 50000; done"' \
		>>/var/lib/lxc/c1/rootfs/etc/inittab

	step "LXC $VERSION: started"
	COLUMN=native
	begin
	live_rows
	check dump -n c1 -s
	final_rows

	step "LXC $VERSION: restored"
	COLUMN=restored
	begin
	live_rows
	lxc-stop -n c1 -k
	final_rows
	compare
}
