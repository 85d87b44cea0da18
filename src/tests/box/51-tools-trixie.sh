#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# LXC 6.0, of Debian 13: none of its tools can distinguish a restored container from one that its
# lxc-start started (tools.sh has the table).
# also: trixie
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"
. "${0%/*}/lib/tools.sh"

compare_tools trixie
