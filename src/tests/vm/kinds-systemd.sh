#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 3600
#
# The rows of doc/kinds.md about containers with systemd, for this Debian's column. Only run when it is
# named, because it takes long.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/../box/lib/blocker.sh"
. "${0%/*}/../box/lib/state.sh"
. "${0%/*}/systemd.sh"
. "${0%/*}/../box/lib/kinds.sh"
. "${0%/*}/../box/lib/kinds/systemd.sh"

. /etc/os-release
try_kinds </dev/null | tee /tmp/kinds
verify_kinds "$VERSION_CODENAME" </tmp/kinds
