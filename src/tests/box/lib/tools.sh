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

# --- the table -----------------------------------------------------------------------------------

for rows in look attach states console cgroup refused end; do
	# shellcheck source=/dev/null
	. "${BASH_SOURCE[0]%.sh}-$rows.sh"
done

# All that leaves it running.
live_rows()
{
	look_rows
	attach_rows
	state_rows
	console_rows
	cgroup_rows
	refused_rows
}

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
	# shellcheck disable=SC2034 # tools-states.sh uses it
	local LAST_STATE=''
	local ROWS=() POINTLESS=() IN=() COLUMN INIT

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
