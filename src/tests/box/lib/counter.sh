# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh: the container that most cases use. It is what `lxc-create -t
# busybox` makes, on lxcbr0 with an address by DHCP, with the payload "counter"
# started by its init: a count in memory that is asked for over TCP.

PORT=7000
IMG=/run/image

# What the stock container's udhcpc asks; without an answer its rcS never ends.
start_dhcp()
{
	# it would look for three seconds whether somebody has the address already
	dnsmasq --interface=lxcbr0 --bind-interfaces --port=0 --leasefile-ro --no-ping \
		--dhcp-range=10.0.3.2,10.0.3.99 --pid-file=/run/dnsmasq.pid
}

# address NAME: empty until it has one
address()
{
	lxc-info -n "$1" -iH 2>/dev/null | grep -m1 '^10\.0\.3\.' || :
}

has_address()
{
	[ -n "$(address "$1")" ]
}

init_pid()
{
	lxc-info -n "$1" -pH
}

# start_counter NAME [MIB] [<CONFIG LINES]: sets ADDRESS; returns when the counter answers.
# INITTAB: more lines for its init. WITH_BLOCKER=1: with that of blocker.sh. BEFORE_START: a
# function that gets the name of what was made.
start_counter()
{
	local name=$1 mib=${2:-1} rootfs=/var/lib/lxc/$1/rootfs

	[ -e /sys/class/net/lxcbr0 ] || { make_bridge && start_dhcp; }
	payload counter >/dev/null
	payload client >/dev/null
	make_container "$name"
	install -m 755 /tmp/payload/counter "$rootfs/bin/counter"
	printf "%s\n" "::once:/bin/counter $PORT $mib" "${INITTAB:-}" >>"$rootfs/etc/inittab"
	[ -z "${WITH_BLOCKER:-}" ] || with_blocker "$name"
	[ -z "${BEFORE_START:-}" ] || "$BEFORE_START" "$name"
	start_container "$name"
	wait_for 20 has_address "$name"
	ADDRESS=$(address "$name")
	wait_for 60 answers
}

answers()
{
	ask look >/dev/null 2>&1
}

# ask WORD: one question to the counter at ADDRESS, on a connection of its own
ask()
{
	/tmp/payload/client "$ADDRESS" "$PORT" ask "$1"
}

# Holds one connection and counts on it until end_client, which says whether all answers were right.
start_client()
{
	/tmp/payload/client "$ADDRESS" "$PORT" count /tmp/counted &
	CLIENT=$!
	wait_for 5 counted_past 0
}

counted()
{
	local n

	read -r n 2>/dev/null </tmp/counted || :
	printf '%s\n' "${n:-0}"
}

counted_past()
{
	kill -0 "$CLIENT" 2>/dev/null || die 'the client has ended'
	[ "$(counted)" -gt "$1" ]
}

# The connection works: answers come that had not come before.
check_client_goes_on()
{
	wait_for 10 counted_past "$(counted)"
}

end_client()
{
	kill "$CLIENT"
	wait "$CLIENT" || die 'the client got a wrong answer or lost its connection'
}

# What is on this host because of containers, one thing a line: for before-and-after comparisons.
leftovers()
{
	ip -o link show type veth | sed 's/^[0-9]*: \([^@:]*\).*/veth \1/'
	grep -o '@/.*/command$' /proc/net/unix || :
	(cd /sys/fs/cgroup && find . -mindepth 1 -type d | grep -v '^\./lxc.pivot$' | sort || :)
	pgrep -af '^\[lxc monitor\]|^criu |/criu |lxc-restore-net|lxc-checkpoint-link' | sed 's/^[0-9]* /process /' || :
	wc -l </proc/self/mountinfo
}

# is_left WANTED FILTER...
is_left()
{
	local wanted=$1

	shift
	[ "$(leftovers | "$@")" = "$wanted" ]
}

# check_left WANTED [FILTER...]: what is there, at last: the kernel removes a network namespace when
# it pleases
check_left()
{
	local wanted=$1

	shift
	[ $# -gt 0 ] || set -- cat
	# in a shell of its own, because what there is besides is worth telling
	(wait_for 60 is_left "$wanted" "$@") || check_equal "$wanted" "$(leftovers | "$@")" 'what is left'
}

# dump ARGUMENT...: into $IMG
dump()
{
	lxc-checkpoint -D "$IMG" "$@"
}

# Most cases restore one checkpoint again and again, over what the container has logged since. Those
# that are about files, and those that restore each once, set FRESH.
restore()
{
	local force=(--force=stale)

	[ -z "${FRESH:-}" ] || force=()
	lxc-checkpoint -r -D "$IMG" "${force[@]}" "$@"
}

bridge_of()
{
	basename "$(readlink "/sys/class/net/$1/master" 2>/dev/null)" 2>/dev/null || :
}

host_veth()
{
	ip -o link show master lxcbr0 | sed -n 's/^[0-9]*: \([^@:]*\).*/\1/p'
}

# vpid NAME COMMAND: number in the container of the process whose command line begins with COMMAND
vpid()
{
	in_container "$1" ps -o pid,args </dev/null | awk -v c="$2" '$2 == c { print $1 }'
}

runs()
{
	[ -n "$(vpid "$1" "$2")" ]
}

# host_pid NAME VPID: here; without a process for each that the container has
host_pid()
{
	local pid key value

	while read -r pid; do
		while read -r key value; do
			[ "$key" = NSpid: ] || continue
			[ "${value##*[[:space:]]}" != "$2" ] || echo "$pid"
			break
		done 2>/dev/null <"/proc/$pid/status" || :
	done < <(find "/sys/fs/cgroup/lxc.payload.$1" -name cgroup.procs -exec cat {} + 2>/dev/null)
}

# monitor_pid NAME
monitor_pid()
{
	pgrep -xf "\\[lxc monitor\\] /var/lib/lxc $1"
}

state_is()
{
	[ "$(lxc-info -n "$1" -sH)" = "$2" ]
}

# is_another INIT: c1 runs, with another init than that
is_another()
{
	local init

	init=$(lxc-info -n c1 -pH 2>/dev/null) || return 1
	[ "$init" -gt 0 ] 2>/dev/null && [ "$init" != "$1" ] && state_is c1 RUNNING
}

# fails STATUS WORDS COMMAND...: it exits with STATUS and says WORDS; all it says is in $said.
fails()
{
	local status=$1 words=$2 found=0

	shift 2
	said=$("$@" 2>&1) || found=$?
	check_equal "$status" "$found" "exit status of: $* ($said)"
	case $said in
	*"$words"*) ;;
	*) die "\"$*\" says \"$said\", not \"$words\"" ;;
	esac
}

# holder ACTION: makes /run/hold-ACTION, an action script that holds CRIU at one stage, with the whole
# container: it says so on /run/held, and waits for a line on /run/go-on.
holder()
{
	[ -p /run/held ] || mkfifo /run/held /run/go-on
	cat >"/run/hold-$1" <<-END
		#!/bin/sh
		[ "\$CRTOOLS_SCRIPT_ACTION" = $1 ] || exit 0
		echo here >/run/held
		read -r _ </run/go-on
	END
	chmod +x "/run/hold-$1"
}
