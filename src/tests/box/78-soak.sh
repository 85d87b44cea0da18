#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Some cycles of scripts/soak, which runs longer.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"
. "${0%/*}/lib/soak.sh"

soak "${1:-12}" "${2:-1}"
