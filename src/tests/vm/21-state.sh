#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every kind of state that processes have, as they themselves see it (box/state.sh
# says more): on a stock kernel, under the stock profile, also for other users.
. "${0%/*}/../box/lib.sh"
. "${0%/*}/../box/counter.sh"
. "${0%/*}/../box/state.sh"

# shellcheck disable=SC2119 # none are left out
test_states

step 'a timer for a time of day that comes nearer while the container is stopped'
lxc-destroy -n c1 -f
start_state
set_states timerfds
check dump -n c1 -s --replace
date -s '+1 hour'
check restore -n c1
verify_states
