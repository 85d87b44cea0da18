#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Some cycles of what scripts/soak does for longer.
. "${0%/*}/lib.sh"
. "${0%/*}/counter.sh"
. "${0%/*}/faults.sh"
. "${0%/*}/soak.sh"

soak "${1:-12}" "${2:-1}"
