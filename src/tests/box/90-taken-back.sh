#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A signal to the command cancels a restore: nothing of the container is left, no process of it has
# run, and the next restore of the same image works, with its connections. When it is too late for
# that, the restore is completed, and says so.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"
. "${0%/*}/lib/taken.sh"

begin_held
check dump -n c1 -s
check ls $IMG/tcp-stream-*.img

signals=(INT TERM HUP)
n=0
for where in criu 'pre-restore before' 'setup-namespaces before' 'post-setup-namespaces before' \
	'post-setup-namespaces after' 'post-restore before' 'network-unlock before'; do
	signal=${signals[n++ % 3]}
	step "SIG$signal at $where"
	# nobody tells what is held to go on, and a second one does not hurt
	is_taken_back "$where" "$signal" "$signal"
done

for where in 'network-unlock after' 'pre-resume before' 'post-resume before'; do
	step "SIGTERM at $where, when connections have their network"
	is_too_late "$where" TERM
done

step 'a hook is waited for, and those of the end run'
is_taken_back_after pre-start TERM

step 'with -F'
for signal in INT TERM; do
	held 'post-restore before' -F
	interrupt $signal
	taken_back
done
and_restores
