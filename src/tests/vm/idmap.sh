# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For containers with users of their own.

# map RANGE...: a config to begin with
map()
{
	local kind range

	cat /etc/lxc/default.conf
	for kind in u g; do
		for range; do
			printf 'lxc.idmap = %s %s\n' "$kind" "$range"
		done
	done
}
