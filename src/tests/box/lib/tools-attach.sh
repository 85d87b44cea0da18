# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Rows of tools.sh: lxc-attach.

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

on_terminal_logged()
{
	rm -f /tmp/pty.log
	on_terminal -L /tmp/pty.log
	echo logged:
	sed 's,/pts/[0-9]*,/pts/N,' /tmp/pty.log
}

attach_rows()
{
	local state

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
	row attach-terminal-L 0 'status 9.*logged:.*it read <some words>' on_terminal_logged
	row attach-f 0 c1 attach -f /var/lib/lxc/c1/config -P /var/lib/lxc -- hostname
	row attach-P 1 . attach -P /var/lib -- hostname
	row attach-other 1 . by lxc-attach -n c2 -- true
}
