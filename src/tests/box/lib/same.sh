# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh and counter.sh: what a container is, as its host and it itself see it,
# for a comparison of before the dump with after the restore.

# SAME_CONFIG: what can be asked for in a config and is no limit of a controller
SAME_CONFIG=$(cat <<'END_OF_CONFIG'
lxc.proc.oom_score_adj = 300
lxc.prlimit.nofile = 512:1024
lxc.prlimit.nproc = 4000
lxc.prlimit.core = 0
lxc.prlimit.stack = 4194304:unlimited
lxc.sysctl.net.ipv4.ip_forward = 1
lxc.sysctl.net.ipv4.ip_unprivileged_port_start = 80
lxc.sysctl.net.ipv4.ip_local_port_range = 20000 30000
lxc.sysctl.net.ipv4.tcp_keepalive_time = 123
lxc.sysctl.net.ipv4.conf.all.rp_filter = 2
lxc.sysctl.net.ipv6.conf.all.forwarding = 1
lxc.sysctl.net.core.somaxconn = 77
lxc.sysctl.net.unix.max_dgram_qlen = 33
lxc.cap.drop =
lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio sys_boot
lxc.no_new_privs = 1
lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
lxc.monitor.unshare = 1
lxc.signal.halt = SIGUSR1
lxc.signal.stop = SIGKILL
lxc.cgroup.relative = 0
lxc.cgroup2.cgroup.max.depth = 9
lxc.cgroup2.devices.deny = a
lxc.cgroup2.devices.allow = c 1:3 rwm
lxc.cgroup2.devices.allow = c 1:5 rwm
lxc.cgroup2.devices.allow = c 1:9 rwm
lxc.cgroup2.devices.allow = c 5:* rwm
lxc.cgroup2.devices.allow = c 136:* rwm
END_OF_CONFIG
)

payload_cgroup()
{
	printf '/sys/fs/cgroup%s' "$(sed -n 's/^0:://p' "/proc/$(init_pid c1)/cgroup")"
}

# Each process by its number in the container.
processes()
{
	local pid

	while read -r pid; do
		printf '%s %s\n' "$(awk '/^NSpid/ { print $NF }' "/proc/$pid/status")" "$pid"
	done <"$(payload_cgroup)/cgroup.procs" | sort -n
}

# Those that are its own. (After a restore it has a time namespace whatever it had before.)
namespaces_of()
{
	local ns init

	init=$(init_pid c1)
	for ns in cgroup ipc mnt net pid user uts; do
		[ "/proc/$1/ns/$ns" -ef "/proc/self/ns/$ns" ] && echo "$ns is the host's"
		[ "/proc/$1/ns/$ns" -ef "/proc/$init/ns/$ns" ] || echo "$ns is its own"
	done
}

process_facts()
{
	local inside pid file

	while read -r inside pid; do
		printf 'process %s %s\n' "$inside" "$(tr '\0' ' ' <"/proc/$pid/cmdline")"
		# numbers of the host, sizes in memory and what is counted
		grep -vE '^(State|SigQ|Tgid|Ngid|Pid|PPid|TracerPid|NS[a-z]*|Vm.*|Rss.*|HugetlbPages|.*ctxt_switches|untag_mask|x86_.*|FDSize):' \
			"/proc/$pid/status" || :
		cat "/proc/$pid/"{limits,oom_score_adj,cgroup,uid_map,gid_map,setgroups,loginuid,sessionid,environ} |
			tr '\0' '\n'
		for file in comm personality timerslack_ns coredump_filter; do
			echo "$file $(cat "/proc/$pid/$file")"
		done
		namespaces_of "$pid"
		ionice -p "$pid"
		chrt -p "$pid" | sed 's/^pid [0-9]*//'
		cat "/proc/$pid/attr/current" 2>/dev/null || :
		readlink "/proc/$pid/"{root,cwd}
		# by its file: a program of busybox has many names
		stat -L -c '%d %i' "/proc/$pid/exe"
	done < <(processes)
}

# Without the numbers that mounts and their groups have, and not in the order in which
# they were made; propagation itself counts. The terminals are ptys of the host's devpts
# after a restore, where they were of the container's own.
mount_facts()
{
	sed -E 's/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; s/(shared|master|propagate_from):[0-9]+/\1/g
		s,^/[0-9]+ (/dev/(tty[0-9]+|console) .*) - devpts .*,\1 is a terminal,' \
		"/proc/$(init_pid c1)/mountinfo" | sort
}

sysctl_facts()
{
	# shellcheck disable=SC2016 # for the shell in the container
	in_container c1 sh -c '
		for file in $(find /proc/sys/net /proc/sys/fs/mqueue /proc/sys/kernel/shm* /proc/sys/kernel/msg* \
				/proc/sys/kernel/sem /proc/sys/kernel/hostname /proc/sys/kernel/domainname \
				/proc/sys/kernel/auto_msgmni /proc/sys/user -type f); do
			echo "$file $(cat $file 2>/dev/null | tr "\n" " ")"
		done' </dev/null 2>/dev/null | sort
}

cgroup_facts()
{
	local file dir

	dir=$(payload_cgroup)
	echo "$dir"
	find "$dir" -type f \( -perm -u+w -o -name 'cgroup.*' -o -name 'cpuset.*' \) |
		grep -vE '/\.lxc|cgroup\.(procs|threads|stat|events|kill|pressure)|\.stat|\.current|\.peak|\.events|\.pressure|\.reclaim' |
		sort |
		while read -r file; do
			printf '%s %s\n' "$file" "$(cat "$file" 2>/dev/null | tr '\n' ' ')"
		done
}

device_facts()
{
	# shellcheck disable=SC2016 # for the shell in the container
	in_container c1 sh -c 'for d in null zero full random urandom tty ptmx console; do
		head -c 0 </dev/$d 2>/dev/null && echo "$d can be read" || echo "$d cannot be read"
		(: >>/dev/$d) 2>/dev/null && echo "$d can be written" || echo "$d cannot be written"
	done
	for node in "c 1 3" "c 1 9" "c 5 0" "c 136 0" "c 1 7" "c 10 200" "b 7 0" "b 8 0"; do
		rm -f /tmp/node
		mknod /tmp/node $node 2>&1 && echo "$node can be made"
	done
	rm -f /tmp/node' </dev/null
}

monitor_facts()
{
	local monitor

	monitor=$(awk '/^PPid/ { print $2 }' "/proc/$(init_pid c1)/status")
	if [ "/proc/$monitor/ns/mnt" -ef /proc/self/ns/mnt ]; then
		echo "the monitor is in the host's mount namespace"
	else
		echo 'the monitor has a mount namespace of its own'
	fi
	tr '\0' ' ' <"/proc/$monitor/cmdline"
	echo
	cat "/proc/$monitor/cgroup" "/proc/$monitor/oom_score_adj"
	grep -E '^(Umask|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|SigBlk)' "/proc/$monitor/status"
}

own_facts()
{
	local file=/var/lib/lxc/c1/rootfs/same

	rm -f "$file"
	in_container c1 killall -USR1 same </dev/null
	wait_for 10 test -e "$file"
	cat "$file"
}

FACTS='process mount sysctl cgroup device monitor own'

# Its init sleeps for a moment after a signal, and after a restore, and then waits again.
init_waits()
{
	grep -q '^128 ' "/proc/$(init_pid c1)/syscall"
}

# facts DIR: a file of each kind
facts()
{
	local kind

	mkdir -p "$1"
	wait_for 10 init_waits
	for kind in $FACTS; do
		"${kind}_facts" >"$1/$kind" 2>&1
		check test -s "$1/$kind"
	done
}

same_is_running()
{
	test -e /var/lib/lxc/c1/rootfs/same
}

# start_same [<CONFIG LINES]
start_same()
{
	payload same >/dev/null
	INITTAB='::once:/tmp/payload/same /same' start_counter c1 1 < <(cat && printf '%s\n' "$SAME_CONFIG" \
		'lxc.mount.entry = /tmp/payload tmp/payload none ro,bind,create=dir 0 0')
	wait_for 10 same_is_running
}

# compare_facts BEFORE AFTER
compare_facts()
{
	local kind bad=0

	for kind in $FACTS; do
		diff -u "$1/$kind" "$2/$kind" || bad=1
	done
	[ "$bad" = 0 ] || die 'the container is not as it was'
}
