#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 1800
#
# The same without AppArmor.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/../box/lib/terminal.sh"
. "${0%/*}/systemd.sh"

make_guest <<-'END'
	lxc.apparmor.profile = unconfined
END
furnish_guest
run_guest
