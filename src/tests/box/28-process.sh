#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# State that 28-state.sh cannot make from within the container.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/state.sh"

# personality_of_init: in hexadecimal
personality_of_init()
{
	cat "/proc/$(init_pid c1)/personality"
}

# init_has PERSONALITY: that of init soon is this; init sets it itself, when it runs already
init_has()
{
	[ "$(personality_of_init)" = "$1" ]
}

# again COMMAND...: starts the container with it
again()
{
	check lxc-stop -n c1 -k
	rm -r "${STATE:?}"/*.*
	check "$@"
	set_states personality memory-merge
	verify_states
}

start_state

step 'message queues that CRIU saves and cannot fill again'
set_states sysv-messages
nsenter -t "$(init_pid c1)" -i sh -c 'echo 8 >/proc/sys/kernel/msgmnb'
fails 1 'holds 16 bytes, and CRIU cannot restore more than its kernel.msgmnb, which is 8' \
	lxc-checkpoint -n c1 -D /var/tmp/refused -s
nsenter -t "$(init_pid c1)" -i sh -c 'echo 16384 >/proc/sys/kernel/msgmnb'
verify_states
ask_state end

step 'a container that has nothing of the kind has no file for it'
check dump -n c1 -s
check_not test -e "$IMG/process-flags"
check restore -n c1

step 'an init that has a personality of its own'
install -m 755 "$(payload personality)" /var/lib/lxc/c1/rootfs/bin/personality
echo 'lxc.init.cmd = /bin/personality /sbin/init' >>/var/lib/lxc/c1/config
again lxc-start -n c1
check_equal 00020000 "$(personality_of_init)" "init's personality"
for _ in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
	verify_states
	wait_for 10 init_has 00020000
	check_equal 00020000 "$(cat "/proc/$(pgrep -o -P "$(init_pid c1)")/personality")" "its child's"
done

step 'a 32-bit container: its processes, and those that they start'
sed -i '/^lxc.init.cmd/d' /var/lib/lxc/c1/config
echo 'lxc.arch = i686' >>/var/lib/lxc/c1/config
again lxc-start -n c1
for _ in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
	verify_states
	check_equal 00000008 "$(personality_of_init)" "init's personality"
	check_equal i686 "$(lxc-attach -n c1 -- uname -m)" machine
done
