#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Some rounds of scripts/chaos, which runs longer.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"
. "${0%/*}/lib/chaos.sh"

chaos "${1:-8}" "${2:-1}"
