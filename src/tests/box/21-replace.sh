#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# --replace: the old checkpoint stays, whole, until the new one is complete. The next checkpoint
# clears what an unfinished one left.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

start_counter c1
created()
{
	sed -n 's/.*"created": "\(.*\)",/\1/p' "$IMG/manifest.json"
	stat -c %i "$IMG/pstree.img"
}

# A script that fails at post-dump: CRIU has written all, and then must give up.
cat >/run/fail <<'END'
#!/bin/sh
[ "$CRTOOLS_SCRIPT_ACTION" != post-dump ]
END
chmod +x /run/fail

step 'a first checkpoint, also with --replace'
check dump -n c1 --replace
first=$(created)

step 'one that fails leaves the old one'
status=0
dump -n c1 -s --replace -A /run/fail 2>/tmp/said || status=$?
check_equal 1 "$status" 'exit status'
grep -q 'keeps running' /tmp/said
check_equal "$first" "$(created)" 'the checkpoint'
check_equal RUNNING "$(lxc-info -n c1 -sH)" 'state'
check test -s "$IMG.new/dump.log"
check_not test -e "$IMG.new/manifest.json"

step 'one that works takes its place, and nothing else stays'
ask next >/dev/null
count=$(ask look)
check dump -n c1 -s --replace
check_not test -e "$IMG.new"
check test "$first" != "$(created)"
check restore -n c1
check_equal "$count" "$(ask look)" 'the count'

step 'a failed first one is cleared away by the next'
IMG=/run/second
status=0
dump -n c1 -A /run/fail 2>/tmp/said || status=$?
check_equal 1 "$status" 'exit status'
check_equal 'dump.log incomplete' "$(cd "$IMG" && echo *)" 'what is left'
status=0
restore -n c1 2>/tmp/said || status=$?
check_equal 3 "$status" 'exit status of a restore while it runs'
check dump -n c1
check_not test -e "$IMG/incomplete"

step 'an image directory that is a mount point'
IMG=/run/mounted
mkdir "$IMG"
mount -t tmpfs images "$IMG"
check dump -n c1
status=0
dump -n c1 --replace 2>/tmp/said || status=$?
check_equal 3 "$status" 'exit status'
grep -q 'is a mount point' /tmp/said
check test -s "$IMG/manifest.json"
