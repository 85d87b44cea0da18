#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Restoring an image runs code as root: an image that another user could have written or replaced is
# refused, and nothing is started. The reason is named; once it is corrected, the same image is
# restored.
# shellcheck disable=SC2016 # $IMG is another one in each step, when it is evaluated
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

OTHER=65534

# Everything that a restore makes, and the image itself.
world()
{
	leftovers
	lxc-info -n c1 -sH
	ls /run/lxc-checkpoint
	pgrep -c counter || :
}

# bad WORDS BREAK MEND: where BREAK has been run a restore is refused with WORDS.
bad()
{
	local words=$1 before

	before=$(world)
	eval "$2"
	fails 3 "$words" lxc-checkpoint -n c1 -r -D "$IMG"
	check_equal "$before" "$(world)" "the world after: $2"
	eval "$3"
}

# What was mended is restored.
works()
{
	local before

	before=$(world)
	check restore -n c1
	check_equal ok "$(ask check)" 'the memory'
	check lxc-stop -n c1 -k
	check_equal "$before" "$(world)" 'the world after a restore'
}

# As `setfacl -m u:$OTHER:rw` does it.
let_write()
{
	python3 - "$1" <<-'END'
		import os, struct, sys
		acl = struct.pack("<I", 2)
		for tag, access, who in (1, 6, -1), (2, 6, 65534), (4, 0, -1), (16, 6, -1), (32, 0, -1):
		    acl += struct.pack("<HHi", tag, access, who)
		os.setxattr(sys.argv[1], "system.posix_acl_access", acl)
	END
}

# A way to the image of directories that can be spoilt, and back.
way()
{
	mkdir -p "$1"
	mv /run/image "$1/image"
	IMG=$1/image
}

back()
{
	mv "$IMG" /run/image
	IMG=/run/image
}

start_counter c1
check dump -n c1 -s

step 'one that others can read, as after a copy, is told'
chmod 755 "$IMG"
chmod 644 "$IMG/manifest.json"
fails 0 "users other than root can read $IMG" lxc-checkpoint -n c1 -r --check -D "$IMG"
chmod 700 "$IMG"
fails 0 'c1 can be restored' lxc-checkpoint -n c1 -r --check -D "$IMG"
check_not grep -q 'can read' <<<"$said"
chmod 600 "$IMG/manifest.json"

step 'what a dump and a restore write is for root alone'
check_equal 700 "$(stat -c %a "$IMG")" 'mode of the directory'
check_equal '' "$(find "$IMG" -type f -perm /077)" 'files for others'
check restore -n c1
check test -s "$IMG/restore.log" -a -s "$IMG/stats-restore"
check_equal '' "$(find "$IMG" -type f -perm /077)" 'files for others'
check lxc-stop -n c1 -k
check_equal 700 "$(stat -c %a /run/lxc-checkpoint)" 'mode of /run/lxc-checkpoint'
check_equal '' "$(find /run/lxc-checkpoint -type f -perm /077)" 'files for others there'

step 'files'
bad "$IMG/pstree.img does not belong" "chown $OTHER \$IMG/pstree.img" 'chown 0 $IMG/pstree.img'
bad "$IMG/pages-1.img is writable by users other" 'chmod 620 $IMG/pages-1.img' 'chmod 600 $IMG/pages-1.img'
bad "$IMG/core-1.img is writable by users other" 'chmod 602 $IMG/core-1.img' 'chmod 600 $IMG/core-1.img'
bad "$IMG/core-1.img is writable by users other" 'let_write $IMG/core-1.img' 'chmod 600 $IMG/core-1.img'
bad "$IMG/network has a set-id bit" 'chmod 4600 $IMG/network' 'chmod 600 $IMG/network'
bad "$IMG/network has a set-id bit" 'chmod 2600 $IMG/network' 'chmod 600 $IMG/network'
bad "$IMG/files.img has another name" 'ln $IMG/files.img /run/files' 'rm /run/files'
bad "$IMG/manifest.json has another name" 'ln $IMG/manifest.json /run/json' 'rm /run/json'
bad "$IMG/restore.log has another name" 'ln $IMG/restore.log /run/log' 'rm /run/log'
bad "$IMG/manifest.json does not belong" "chown $OTHER \$IMG/manifest.json" 'chown 0 $IMG/manifest.json'
works

step 'links'
bad "$IMG/core-1.img is a symbolic link" 'mv $IMG/core-1.img /run && ln -s /run/core-1.img $IMG/' \
	'mv /run/core-1.img $IMG/'
bad "$IMG/manifest.json is a symbolic link" 'mv $IMG/manifest.json /run && ln -s /run/manifest.json $IMG/' \
	'mv /run/manifest.json $IMG/'
# root would write the log there
bad "$IMG/restore.log is a symbolic link" 'rm $IMG/restore.log && ln -s /run/precious $IMG/restore.log' \
	'rm $IMG/restore.log'
bad "$IMG/parent is a symbolic link" 'ln -s ../other $IMG/parent' 'rm $IMG/parent'
works

step 'what is no file'
bad "$IMG/pages-1.img is a device, a socket or a FIFO" 'mv $IMG/pages-1.img /run && mkfifo $IMG/pages-1.img' \
	'mv /run/pages-1.img $IMG/'
bad "$IMG/extra is a device" 'mkfifo $IMG/extra' 'rm $IMG/extra'
bad "$IMG/extra is a device" 'mknod $IMG/extra c 1 3' 'rm $IMG/extra'
bad "$IMG/extra is a device" 'python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"$IMG/extra\")"' \
	'rm $IMG/extra'
bad "$IMG/extra.img is a directory" 'mkdir $IMG/extra.img' 'rmdir $IMG/extra.img'
mkdir "$IMG/extra"
works
rmdir "$IMG/extra"
works

step 'files that are not part, and that CRIU would read'
bad "$IMG/tcp-stream-77.img is not part of this checkpoint" ': >$IMG/tcp-stream-77.img' 'rm $IMG/tcp-stream-77.img'
bad "$IMG/parent is not part" 'echo >$IMG/parent' 'rm $IMG/parent'
bad "$IMG/core does not belong to root" 'echo >$IMG/core && chown $OTHER $IMG/core' 'rm $IMG/core'
works

step 'files that nobody reads are named, and ignored'
echo note >"$IMG/notes"
cp "$IMG/inventory.img" "$IMG/inventory.img.bak"
: >"$IMG/core.77"
: >"$IMG/my notes"
lxc-checkpoint -n c1 -r --check -D "$IMG" >/tmp/said
check_equal "core.77 inventory.img.bak notes " \
	"$(sed -n "s|^warning *$IMG/\(.*\) is not part of the checkpoint, and is ignored.*|\1|p" /tmp/said | sort | tr '\n' ' ')"
check_equal '' "$(lxc-checkpoint --verify -D "$IMG" | grep 'notes\|core\|bak')" 'what --verify says of them'
works
rm "$IMG/notes" "$IMG/inventory.img.bak" "$IMG/core.77"

step 'what an interruption or a person leaves there is no harm'
mkdir "$IMG/lost+found"
echo '{' >"$IMG/.manifest.json.tmp"
: >"$IMG/notes~"
works

step 'the directory'
bad "$IMG is writable by users other" 'chmod 770 $IMG' 'chmod 700 $IMG'
bad "$IMG is writable by users other" 'chmod 1777 $IMG' 'chmod 700 $IMG'
bad "$IMG does not belong to root" "chown $OTHER \$IMG" 'chown 0 $IMG'
works

step 'the way to it'
way /run/a/b/c
bad '/run/a/b, on the path to the image, does not belong to root' "chown $OTHER /run/a/b" 'chown 0 /run/a/b'
bad '/run/a, on the path to the image, is writable' 'chmod 777 /run/a' 'chmod 755 /run/a'
bad '/run/a/b, on the path to the image, is writable' "chgrp $OTHER /run/a/b; chmod 775 /run/a/b" 'chmod 755 /run/a/b'
# the group root may, as it may in what lxc-create makes
chgrp 0 /run/a/b
chmod 770 /run/a/b
works
back
way /tmp/mine
works
bad '/tmp, on the path to the image, is writable' "chown $OTHER /tmp/mine" 'chown 0 /tmp/mine'
bad '/tmp, on the path to the image, is writable' 'chmod 777 /tmp' 'chmod 1777 /tmp'
back

step 'links on the way'
mkdir -m 777 /run/open
ln -s /run/image /run/open/link
ln -s /run/image /run/good
fails 3 '/run/open, on the path' lxc-checkpoint -n c1 -r -D /run/open/link
fails 3 '/run/open, on the path' lxc-checkpoint -n c1 -r -D /run/open/../image
ln -s /run/image /tmp/link
chown -h "$OTHER" /tmp/link
fails 3 '/tmp, on the path' lxc-checkpoint -n c1 -r -D /tmp/link
check lxc-checkpoint -n c1 -r -D /run/good

step 'a dump goes nowhere from where it could not be restored'
for dir in /run/open/new /run/open/deep/new; do
	fails 3 '/run/open, on the path' lxc-checkpoint -n c1 -D "$dir"
	check_not test -e "$dir"
	check_equal RUNNING "$(lxc-info -n c1 -sH)" state
	fails 3 '/run/open, on the path' lxc-checkpoint -n c1 --check -D "$dir"
done
check dump -n c1 -D /tmp/new
check_equal ok "$(ask check)" 'the memory'

step 'what others could have written to is not believed'
chmod 777 /run/lxc-checkpoint
fails 3 /run/lxc-checkpoint lxc-checkpoint -n c1 -D /run/again
chmod 700 /run/lxc-checkpoint
chown "$OTHER" /run/lxc-checkpoint/*.lock
fails 3 'c1.lock' lxc-checkpoint -n c1 -D /run/again
chown 0 /run/lxc-checkpoint/*.lock
check lxc-checkpoint -n c1 -D /run/again
