#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 600
# suites: trixie forky
#
# The other half of the kinds of 21-state.sh.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/../box/lib/state.sh"

PART=1
# shellcheck disable=SC2119 # none are left out
test_states
