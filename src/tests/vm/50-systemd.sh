#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 1800
#
# A Debian with systemd and the servers that people run, as lxc-create makes it on
# this Debian: under an AppArmor profile that LXC generates. It is saved and
# restored three times with all its clients in the middle of something. Nothing in
# it has been prepared for that; its config has the one line more.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/../box/lib/terminal.sh"
. "${0%/*}/systemd.sh"

make_guest </dev/null
grep -qx 'lxc.apparmor.profile = generated' /var/lib/lxc/c1/config
furnish_guest
run_guest
