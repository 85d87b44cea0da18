#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The monitor that is being made is killed, alone and with others, at whatever stage of a restore.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"

begin_faults 1
restore_faults monitor 'monitor criu' 'command monitor criu'
end_faults
