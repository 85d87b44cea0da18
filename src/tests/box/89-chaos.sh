#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Some rounds of what scripts/chaos does for longer.
. "${0%/*}/lib.sh"
. "${0%/*}/counter.sh"
. "${0%/*}/faults.sh"
. "${0%/*}/chaos.sh"

chaos "${1:-8}" "${2:-1}"
