#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 1800
#
# The same without AppArmor.
. "${0%/*}/../box/lib.sh"
. "${0%/*}/../box/counter.sh"
. "${0%/*}/../box/terminal.sh"
. "${0%/*}/systemd.sh"

make_guest <<-'END'
	lxc.apparmor.profile = unconfined
END
furnish_guest
run_guest
