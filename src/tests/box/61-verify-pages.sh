#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The command verifies a large file of pages while CRIU restores. If the file is damaged, nothing of
# the container runs, everything is undone, and the error is that of any other damage. A cancelled
# restore does not wait for the verification. If there are hooks or an action script, all files are
# verified before any of these runs.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

BAD=/run/bad

# flip FILE: one bit in its middle
flip()
{
	python3 -c 'import os, sys
with open(sys.argv[1], "r+b") as f:
    at = os.path.getsize(sys.argv[1]) // 2
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    f.write(bytes([byte ^ 4]))' "$1"
}

nothing=$(make_bridge && start_dhcp && leftovers)
start_counter c1 40
check dump -n c1 -s
check_left "$nothing"
cp -a "$IMG" "$BAD"
pages=$(find "$BAD" -name 'pages-*.img' -size +32M)
check_equal 1 "$(wc -w <<<"$pages")" 'large files of pages'

step 'damaged: it does not run, and the error says why'
flip "$pages"
for words in '' '-F'; do
	# shellcheck disable=SC2086 # words
	fails 3 "c1 was not restored: $pages is damaged: checksum mismatch" \
		lxc-checkpoint -r $words -n c1 -D "$BAD"
	check grep -q -- '--no-verify restores it as it is' <<<"$said"
	check_equal STOPPED "$(lxc-info -n c1 -sH)" state
	check_left "$nothing"
	# CRIU had come that far
	check grep -q 'Error.*post-restore script' "$BAD/restore.log"
	check_not test -e "$BAD/restored"
done

step 'no hook and no action script runs for it'
printf '#!/bin/sh\ntouch /run/ran\n' >/run/script
chmod +x /run/script
rm "$BAD/restore.log"
for hook in pre-start stop post-stop; do
	echo "lxc.hook.$hook = /run/script" >>/var/lib/lxc/c1/config
	fails 3 "$pages is damaged: checksum mismatch" lxc-checkpoint -r --force=config -n c1 -D "$BAD"
	check_not test -e /run/ran
	check_not test -e "$BAD/restore.log"
	sed -i "/hook.$hook/d" /var/lib/lxc/c1/config
done
fails 3 "$pages is damaged: checksum mismatch" lxc-checkpoint -r -n c1 -D "$BAD" -A /run/script
check_not test -e /run/ran
check_not test -e "$BAD/restore.log"

step 'as it was: it runs, with all of its memory'
flip "$pages"
check lxc-checkpoint -r -n c1 -D "$BAD"
wait_for 5 answers
check lxc-stop -n c1 -k
check_left "$nothing"
