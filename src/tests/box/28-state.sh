#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every kind of state that processes have, as they see it themselves (state.sh explains it), for
# processes of root: a box cannot dump those of others.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/state.sh"

# io-flusher takes a capability that boxes have not.
test_states user user-of-files user-of-thread user-of-socket user-of-listener io-flusher
test_refused_states
