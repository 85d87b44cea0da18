#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# State that 28-state.sh cannot make from within the container.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/state.sh"

start_state

step 'message queues that CRIU saves and cannot fill again'
set_states sysv-messages
nsenter -t "$(init_pid c1)" -i sh -c 'echo 8 >/proc/sys/kernel/msgmnb'
fails 1 'holds 16 bytes, and CRIU cannot restore more than its kernel.msgmnb, which is 8' \
	lxc-checkpoint -n c1 -D /var/tmp/refused -s
nsenter -t "$(init_pid c1)" -i sh -c 'echo 16384 >/proc/sys/kernel/msgmnb'
verify_states
ask_state end
