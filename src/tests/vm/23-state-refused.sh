#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 600
# suites: trixie forky
#
# The rest of what 21-state.sh and 22-state-more.sh have: kinds of state that cannot be saved or restored,
# and one that takes a clock which can be set.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/../box/lib/state.sh"

start_state
test_refused_states

step 'a timer for a time of day that comes nearer while the container is stopped'
lxc-destroy -n c1 -f
start_state
set_states timerfds
check dump -n c1 -s --replace
date -s '+1 hour'
check restore -n c1
verify_states
