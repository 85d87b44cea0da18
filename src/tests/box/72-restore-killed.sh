#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Any process, killed at any stage of a restore: the container runs with its network attached, or
# nothing of it is there and its checkpoint is whole. The next restore works.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"

begin_faults 1
restore_faults criu command callback
end_faults
