#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 1200
#
# LXC's own lxc-checkpoint and this one, on the same containers: prints the table
# that doc/comparison.md has. Ours has to work on each; what LXC's does is only told.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/systemd.sh"

LXCS=/usr/bin/lxc-checkpoint
OURS=/usr/local/bin/lxc-checkpoint
top=/sys/fs/cgroup/lxc.payload.c1

# What has to be the same after a restore, of any container. (systemd ends its hostnamed when it is idle.)
state()
{
	all_state 2>/dev/null | grep -v hostnam
}

all_state()
{
	sed 's/^/label /' "/proc/$(init_pid c1)/attr/current"
	(cd $top && find . -name '*.max' -exec grep -H . {} + -o -name cgroup.subtree_control -exec grep -H . {} + | sort) || :
	devices
	find $top -name cgroup.procs -exec cat {} + | while read -r pid; do
		grep -hE '^(Name|Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp):' "/proc/$pid/status" | tr '\n\t' '  '
		echo
	done | sort
}

# Whether a device that no rule allows can be opened: what the container's device program decides.
devices()
{
	local said

	mknod "/proc/$(init_pid c1)/root/full" c 1 7
	said=$(lxc-attach -n c1 --clear-env -- head -c 1 /full 2>&1 >/dev/null) || :
	rm -f "/proc/$(init_pid c1)/root/full"
	case $said in
	*ermi* | *denied*) echo 'a forbidden device cannot be opened' ;;
	*) echo 'a forbidden device can be opened' ;;
	esac
}

# The first error in a log of CRIU's, without its time and place; what the command said where there is none.
reason()
{
	local line

	line=$(grep -hm1 'Error (' "$1" 2>/dev/null | sed 's/.*Error ([^)]*): //') || :
	[ -n "$line" ] || line=$(grep -m1 -i -e error -e fail /tmp/said) || :
	printf '%s' "${line:-it does not say why}" | tr '|`' '/ ' | cut -c 1-100
}

# cycle COMMAND: says what went wrong, or nothing
cycle()
{
	rm -rf $IMG
	timeout 90 "$1" -n c1 -D $IMG -s </dev/null >/tmp/said 2>&1 || {
		printf 'the checkpoint fails: "%s"' "$(reason $IMG/dump.log)"
		return
	}
	timeout 90 "$1" -r -n c1 -D $IMG -d </dev/null >/tmp/said 2>&1 &&
		[ "$(timeout 10 lxc-info -n c1 -sH 2>/dev/null)" = RUNNING ] || {
		printf 'the restore fails: "%s"' "$(reason $IMG/restore.log)"
		return
	}
	("${WORKS[@]}") >/dev/null 2>&1 || {
		printf 'restored, but nobody answers'
		return
	}
	state >/tmp/after 2>&1 || :
	diff /tmp/before /tmp/after >/tmp/difference ||
		printf 'restored, but then: "%s"' "$(sed -n 's/^> //p' /tmp/difference | cut -c 1-70 | head -n 1)"
}

# try COMMAND KIND [bent]: two cycles; says how that went
try()
{
	local said

	"start_$2" ${3:+"$3"} >/tmp/start.log 2>&1 </dev/null || { cat /tmp/start.log >&2 && return 1; }
	state >/tmp/before
	said=$(cycle "$1")
	if [ -z "$said" ]; then
		said=$(cycle "$1")
		said=${said:+works once, then $said}
	fi
	printf '%s\n' "${said:-works}"
	[ "$said" = '' ] || [ "$1" = $LXCS ] || cat /tmp/said /tmp/difference >&2 || :
	clear_away
}

is_empty()
{
	[ ! -e $top ] || grep -q 'populated 0' $top/cgroup.events
}

# Whatever became of it, and of what was to save it.
clear_away()
{
	# one that waits for an answer waits on at a SIGTERM
	kill -KILL "$CLIENT" 2>/dev/null || :
	wait "$CLIENT" 2>/dev/null || :
	timeout 30 lxc-stop -n c1 -k >/dev/null 2>&1 || :
	pkill -KILL -f '^\[lxc monitor\].* c1$' || :
	[ ! -e $top ] || echo 1 >$top/cgroup.kill
	wait_for 20 is_empty
	if mountpoint -q /var/lib/lxc/c1/rootfs; then
		umount -l /var/lib/lxc/c1/rootfs
		dmsetup remove --retry guest
		losetup -D
	fi
	rm -rf /var/lib/lxc/c1 /tmp/counted /tmp/connected $IMG
}

# --- the containers ------------------------------------------------------------------------------

# start [bent] [<LINES]. bent: without what LXC's command cannot save, at the cost of a container that
# has no terminals, no console and no profile.
start()
{
	local lines

	lines=$(cat)
	if [ "${1:-}" = bent ]; then
		lines+=$'\nlxc.tty.max = 0\nlxc.console.path = none\nlxc.apparmor.profile = unconfined'
	fi
	WORKS=(check_client_goes_on)
	start_counter c1 1 <<<"$lines"
	start_client >/dev/null 2>&1
}

start_stock()
{
	start "$@" </dev/null
}

start_limits()
{
	start "$@" <<-'END'
	lxc.cgroup2.memory.max = 64M
	lxc.cgroup2.pids.max = 50
	END
}

start_users()
{
	INITTAB='::once:/host/setpriv --reuid 33 --regid 33 --groups 4,24 --no-new-privs /host/sleep 1000001' \
		start "$@" <<-'END'
	lxc.mount.entry = /usr/bin host none ro,bind,create=dir 0 0
	END
}

# shellcheck disable=SC2016 # for the shell in the container
start_nested()
{
	start "$@" </dev/null
	in_container c1 sh -euc '
		cd /sys/fs/cgroup
		mkdir init.scope work
		for i in $(cat cgroup.procs); do echo $i >init.scope/cgroup.procs || :; done
		echo +memory >cgroup.subtree_control
		echo 50000000 >work/memory.max'
}

start_unprivileged()
{
	echo 'root:100000:65536' | tee /etc/subuid >/etc/subgid
	{
		cat /etc/lxc/default.conf
		printf 'lxc.idmap = %s 0 100000 65536\n' u g
	} >/tmp/create.conf
	CREATE_CONFIG=/tmp/create.conf start "$@" </dev/null
}

# With the line in its config that ours asks for.
start_systemd()
{
	[ -e /sys/class/net/lxcbr0 ] || { make_bridge && start_dhcp; }
	if [ "${1:-}" = bent ]; then
		printf '%s\n' 'lxc.tty.max = 0' 'lxc.console.path = none' 'lxc.apparmor.profile = unconfined'
	fi | make_guest
	start_guest
	check_equal running "$(in_container c1 systemctl is-system-running)" 'the container'
	WORKS=(in_container c1 systemctl is-system-running)
	sleep infinity >/dev/null 2>&1 &
	CLIENT=$!
}

# shellcheck disable=SC2016 # as Markdown has it
kinds=(
	'stock:what `lxc-create -t busybox` makes'
	'limits:the same with limits for memory and processes'
	'users:the same with a process of another user'
	'nested:the same with cgroups of its own'
	'unprivileged:the same with `lxc.idmap`'
	'systemd:a Debian with systemd, nginx, PostgreSQL, Redis, sshd'
)

printf '| container | LXC %s: lxc-checkpoint | the same, on it without terminals, console and AppArmor | this one |\n|---|---|---|---|\n' \
	"$(lxc-info --version)"
failed=()
for kind in "${kinds[@]}"; do
	name=${kind%%:*}
	theirs=$(try $LXCS "$name")
	bent=$(try $LXCS "$name" bent)
	ours=$(try $OURS "$name")
	printf '| %s | %s | %s | %s |\n' "${kind#*:}" "$theirs" "$bent" "$ours"
	[ "$ours" = works ] || failed+=("$name")
done
check_equal '' "${failed[*]}" 'containers that this one fails on'
