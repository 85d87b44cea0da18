#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 5400
#
# All rows of doc/kinds.md, for this Debian's column. Only run when it is named, since it takes long.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/../box/lib/blocker.sh"
. "${0%/*}/../box/lib/state.sh"
. "${0%/*}/../box/lib/kinds.sh"
. "${0%/*}/../box/lib/kinds/configuration.sh"
. "${0%/*}/../box/lib/kinds/nics.sh"
. "${0%/*}/../box/lib/kinds/namespaces.sh"
. "${0%/*}/../box/lib/kinds/network.sh"
. "${0%/*}/../box/lib/kinds/programs.sh"

. /etc/os-release
try_kinds </dev/null | tee /tmp/kinds
verify_kinds "$VERSION_CODENAME" </tmp/kinds
