#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 600
# suites: trixie forky
#
# Every kind of state that processes have, as they themselves see it (box/state.sh
# says more): on a stock kernel, under the stock profile, also for other users.
# One half of the kinds; 22-state-more.sh has the other. CRIU 3.17 carries less of them.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/../box/lib/state.sh"

PART=0
# shellcheck disable=SC2119 # none are left out
test_states
