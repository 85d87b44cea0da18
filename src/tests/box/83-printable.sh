#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The names of processes, files and mount points in a container move no cursor, reverse no text and
# forge no line, wherever they are printed.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# A title, a colour, C1 in UTF-8, right-to-left override, and a line of its own.
name=$'a\e]0;x\ab\e[31mc\xc2\x9b31md\xe2\x80\xaee\n  hint: run this'

# What a manifest takes: nothing of the first 32.
softer=$'a\xc2\x9b31mb\xe2\x80\xaec\xe2\x80\xa8d'

# clean FILE: nothing in it but lines of what is seen
clean()
{
	python3 - "$1" <<-'END'
		import sys, unicodedata
		text = open(sys.argv[1], "rb").read().decode()
		bad = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
		assert text and not bad, (bad, text)
		assert "\n  hint: run this" not in text, text
	END
}

# tells WORDS STATUS COMMAND...: what it says is clean, and WORDS are in it
tells()
{
	local words=$1 status=$2 found=0

	shift 2
	"$@" >/tmp/told 2>&1 || found=$?
	check_equal "$status" "$found" "exit status of $* ($(cat -v /tmp/told))"
	clean /tmp/told
	check grep -qF "$words" /tmp/told
}

make_bridge
start_dhcp
touch /run/outside
make_container c1 <<-'END'
	lxc.mount.entry = /run/outside outside none bind,create=file 0 0
END
start_container c1

step 'a mount point, in --info, in text and as JSON'
# shellcheck disable=SC2016 # for that shell
in_container c1 sh -c ': >"/$1" && mount --bind /outside "/$1"' sh "$softer"
check dump -n c1
tells '/a??31mb???c???d from /run/outside' 0 lxc-checkpoint --info -n c1 -D "$IMG"
lxc-checkpoint --info --json -n c1 -D "$IMG" >/tmp/told
clean /tmp/told
python3 - "$softer" <<-'END'
	import json, sys
	mounts = [m["target"] for m in json.load(open("/tmp/told"))["mounts"]]
	assert "/" + sys.argv[1] in mounts, mounts
END
rm -r "$IMG"

step 'one that stands in the way, in a refusal, in the log and in --check'
# shellcheck disable=SC2016 # for that shell
in_container c1 sh -c 'umount "/$1"; rm "/$1"; : >"/$2" && mount --bind /outside "/$2"' sh "$softer" "$name"
rm /run/outside
words='mount /outside shows'
tells "$words" 3 lxc-checkpoint -n c1 -D "$IMG" -s
in_container c1 umount /outside
words='/a?]0;x?b?[31mc??31md???e?  hint: run this shows'
tells "$words" 3 lxc-checkpoint -n c1 -D "$IMG" -s
tells "$words" 3 lxc-checkpoint -n c1 -D "$IMG" -s -o /tmp/log
clean /tmp/log
check grep -qF "$words" /tmp/log
tells "$words" 3 lxc-checkpoint --check -n c1 -D "$IMG"
lxc-checkpoint --check --json -n c1 -D "$IMG" >/tmp/told || :
clean /tmp/told
check python3 -m json.tool /tmp/told /dev/null
# shellcheck disable=SC2016 # for that shell
in_container c1 sh -c 'umount "/$1"; rm "/$1"' sh "$name"

step 'a process and its file'
# shellcheck disable=SC2016 # for that shell
lxc-attach -n c1 --clear-env -- sh -c ': >"/$1"; exec 5<"/$1"; rm "/$1"; printf "%s" "$1" >/proc/self/comm
	read -r _' sh "$name" </dev/zero >/dev/null 2>&1 &
attached()
{
	lxc-checkpoint --check -n c1 -D "$IMG" >/tmp/told 2>&1 || :
	grep -q '^warning  a?]0;x?' /tmp/told
}
wait_for 10 attached
clean /tmp/told
check dump -n c1 -s >/tmp/told 2>&1
clean /tmp/told
