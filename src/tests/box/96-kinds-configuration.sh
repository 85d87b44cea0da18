#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The rows of doc/kinds.md about the root filesystem and the configuration:
# Debian testing's column is what is seen here.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/state.sh"
. "${0%/*}/lib/keyring.sh"
. "${0%/*}/lib/kinds.sh"
. "${0%/*}/lib/kinds/configuration.sh"

try_kinds "$@" </dev/null | tee /tmp/kinds
verify_kinds forky </tmp/kinds
