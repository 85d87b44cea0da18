#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A monitor that is killed during a restore, alone and with others, at any stage.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"

begin_faults 1
restore_faults monitor 'monitor criu' 'command monitor criu'
end_faults
