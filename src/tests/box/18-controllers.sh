#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# On a host whose cgroup2 has controllers, as every real host has, the monitor's answers and the
# names of cgroups are LXC's too.
# controllers: yes
. "${0%/*}/lib/lib.sh"

check test -n "$(cat /sys/fs/cgroup/cgroup.controllers)"
SUITES=forky check "${0%/*}/54-protocol.sh"
check lxc-destroy -n c1
check "${0%/*}/48-cgroup-names.sh"
