#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# LXC 7.0, of Debian testing: none of its tools can distinguish a restored container from one that
# its lxc-start started (tools.sh has the table).
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"
. "${0%/*}/lib/tools.sh"

compare_tools forky
