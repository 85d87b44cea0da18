#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What `make install` installs where, and how programs find it.
. "${0%/*}/lib/lib.sh"

PREFIX=/usr/local
BUILD=/build/obj

step 'make install DESTDIR=: these files and no other'
wanted='bin/lxc-checkpoint
include/lxc/lxccheckpoint.h
lib/liblxc-checkpoint.la
lib/liblxc-checkpoint.so
lib/liblxc-checkpoint.so.0
lib/liblxc-checkpoint.so.0.0.0
lib/pkgconfig/lxc-checkpoint.pc
libexec/lxc-checkpoint/criu-path/ip6tables-restore
libexec/lxc-checkpoint/criu-path/ip6tables-save
libexec/lxc-checkpoint/criu-path/iptables-restore
libexec/lxc-checkpoint/criu-path/iptables-save
libexec/lxc-checkpoint/lxc-checkpoint-ip
libexec/lxc-checkpoint/lxc-checkpoint-iptables
libexec/lxc-checkpoint/lxc-checkpoint-link
libexec/lxc-checkpoint/lxc-checkpoint-monitor
libexec/lxc-checkpoint/lxc-restore-net
share/bash-completion/completions/lxc-checkpoint
share/lxc-checkpoint/systemd/service.d/50-lxc-checkpoint.conf
share/lxc/config/checkpointable.conf
share/lxc/config/checkpointable.seccomp
share/man/man1/lxc-checkpoint.1'
check_equal "$wanted" "$(cd "$BUILD.stage$PREFIX" && find . ! -type d -printf '%P\n' | LC_ALL=C sort)" files
check_equal "" "$(find "$BUILD.stage" ! -type d ! -path "$BUILD.stage$PREFIX/*")" 'files elsewhere'
for program in bin/lxc-checkpoint libexec/lxc-checkpoint/lxc-{checkpoint-monitor,restore-net}; do
	check [ -x "$PREFIX/$program" ]
done

step 'the library exports what its header declares, and liblxc'\''s four functions'
exported=$(nm -D --defined-only "$PREFIX/lib/liblxc-checkpoint.so.0" |
	sed -n 's/.* T \(.*\)@@LXC_CHECKPOINT_1$/\1/p' | LC_ALL=C sort)
declared=$(grep -oE '\blxc_checkpoint_[a-z]+\(' "$PREFIX/include/lxc/lxccheckpoint.h" | tr -d '(')
check_equal "$(printf '%s\n' list_active_containers list_all_containers list_defined_containers \
	lxc_container_new "$declared" | LC_ALL=C sort -u)" "$exported" 'exported symbols'
check_equal "${exported// /}" "$(nm -D --defined-only "$PREFIX/lib/liblxc-checkpoint.so.0" |
	sed -n 's/.* [TDBRVW] \([^@]*\).*/\1/p' | LC_ALL=C sort)" 'symbols without our version'

step 'the monitor, which outlives every tool, carries no liblxc'
check_not grep -q liblxc <(ldd "$PREFIX/libexec/lxc-checkpoint/lxc-checkpoint-monitor")

step 'pkg-config puts the library in front of liblxc'
export PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig
check_equal 0.1.0 "$(pkg-config --modversion lxc-checkpoint)" version
libs=$(pkg-config --libs lxc-checkpoint)
check grep -q -- '-llxc-checkpoint .*-llxc\b' <<<"$libs"

step 'a program that links it so gets our lxc_container_new()'
cat >/tmp/who.c <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <lxc/lxccheckpoint.h>

int main(void)
{
	struct lxc_container *c = lxc_container_new("c1", NULL);
	Dl_info info;

	if (!c || !dladdr((void *)c->checkpoint, &info))
		return 1;
	puts(info.dli_fname);
	return 0;
}
END
# shellcheck disable=SC2046 # they are words
gcc -D_GNU_SOURCE -Wall -o /tmp/who /tmp/who.c $(pkg-config --cflags --libs lxc-checkpoint)
check_equal "$PREFIX/lib/liblxc-checkpoint.so.0" "$(/tmp/who)" 'home of ->checkpoint'

step 'and so does one that links only liblxc, when it is preloaded'
gcc -D_GNU_SOURCE -Wall -o /tmp/who "-I$PREFIX/include" /tmp/who.c -llxc
check_not grep -q lxc-checkpoint <(/tmp/who)
check_equal "$PREFIX/lib/liblxc-checkpoint.so.0" \
	"$(LD_PRELOAD=liblxc-checkpoint.so.0 /tmp/who)" 'home of ->checkpoint'

step 'the completion is found under the name of the command'
check bash -n "$PREFIX/share/bash-completion/completions/lxc-checkpoint"

step 'configure names the package of what is missing'
# configure finds nothing but what this folder has, and that grows.
mkdir /tmp/pc /tmp/configure
cd /tmp/configure
while read -r package modules; do
	/build/src/configure PKG_CONFIG_PATH= PKG_CONFIG_LIBDIR=/tmp/pc >out 2>&1 &&
		die "configure is content without $modules"
	check grep -q "missing (Debian: apt-get install $package)" out
	for module in $modules; do
		printf 'Name: %s\nDescription: %s\nVersion: 99\n' "$module" "$module" >"/tmp/pc/$module.pc"
	done
done <<-'END'
	lxc-dev lxc
	libcap-dev libcap
	libjansson-dev jansson
	libmount-dev mount
	libnl-route-3-dev libnl-3.0 libnl-route-3.0
	libxxhash-dev libxxhash
	check check
END
printf 'Name: lxc\nDescription: lxc\nVersion: 4.0.6\n' >/tmp/pc/lxc.pc
check_not /build/src/configure PKG_CONFIG_PATH= PKG_CONFIG_LIBDIR=/tmp/pc >out 2>&1
check grep -q 'lxc >= 5.0 is missing (Debian: apt-get install lxc-dev)' out
