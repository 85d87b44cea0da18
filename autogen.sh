#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes configure out of configure.ac; only needed in a git checkout.
set -e
cd "$(dirname "$0")"
for tool in autoconf automake libtoolize pkg-config; do
	if ! command -v "$tool" >/dev/null 2>&1; then
		package=$tool
		[ "$tool" != libtoolize ] || package=libtool
		echo "autogen.sh: $tool is missing (Debian: apt-get install $package)" >&2
		exit 1
	fi
done
mkdir -p m4
exec autoreconf --install --force
