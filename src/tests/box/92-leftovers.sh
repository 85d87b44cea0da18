#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# CRIU gives deleted files that are open a name while it restores them, and open files that have
# another name one while it saves them. When it is killed these names stay: neither the next
# restore nor the next checkpoint may fail because of them, and nothing else may be removed.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"

ROOTFS=/var/lib/lxc/c1/rootfs
OUTSIDE=/run/outside
payload leftovers >/dev/null
payload holdfile >/dev/null

# removed PATH...: none of them is there
removed()
{
	local path

	for path in "$@"; do
		[ ! -e "$path" ] && [ ! -L "$path" ] || return 1
	done
}

deleted_are_whole()
{
	in_container c1 /tmp/leftovers check
}

killed_at()
{
	with_fault "$1 before criu" restore -n c1
	check_equal 1 "$status" "exit status ($(cat /tmp/said))"
	wait_for 20 settled
}

ghosts()
{
	find "$ROOTFS" "$OUTSIDE" -xdev -name '*.ghost' | sort
}

mkdir -p "$OUTSIDE" /tmp/payload
export INITTAB="::once:/tmp/leftovers hold"
make_bridge
start_dhcp
start_counter c1 1 <<-END
	lxc.mount.entry = /tmp/payload tmp none ro,bind 0 0
	lxc.mount.entry = $OUTSIDE mnt none rw,bind 0 0
END
wait_for 10 test -s "$ROOTFS/ready"
arm_faults
check dump -n c1 -s
check_equal '' "$(ghosts)" 'files of CRIU'

step 'what a killed CRIU leaves of deleted files is told, and removed by the next restore'
killed_at post-restore
left=$(ghosts)
check_equal 6 "$(wc -l <<<"$left")" "what is left ($left)"
lxc-checkpoint -D "$IMG" -n c1 -r --check >/tmp/said
check_equal 6 "$(grep -c '^note .*left .*\.ghost: the restore removes it \[leftover\]' /tmp/said)" 'notes'
check restore -n c1
check_equal '' "$(ghosts)" 'files of CRIU'
check deleted_are_whole

step 'one that was half written, one under its own name too, and one in a folder above'
check dump -n c1 -s --replace
killed_at post-restore
large=$(find "$ROOTFS" -name 'large.cr.*.ghost')
size=$(stat -c %s "$large")
truncate -s 0 "$large"
truncate -s "$size" "$large"
ln "$(find "$ROOTFS" -name 'small.cr.*.ghost')" "$ROOTFS/small"
check restore -n c1
check removed "$ROOTFS/small"
check_equal '' "$(ghosts)" 'files of CRIU'
check deleted_are_whole

step 'what is not the image'"'"'s stays, and refuses the restore until it is moved'
check dump -n c1 -s --replace
killed_at post-restore
small=$(find "$ROOTFS" -name 'small.cr.*.ghost')
cp -a "$small" /tmp/small
secret=$OUTSIDE/secret
echo secret >"$secret"
# refused REASON: with that in the place of the leftover
refused()
{
	local before

	before=$(ls -l --time-style=full-iso "$small" "$secret")
	fails 3 "$1" restore -n c1
	check_equal "$before" "$(ls -l --time-style=full-iso "$small" "$secret")" 'what is there'
	rm -rf "$small"
}
words="${small#"$ROOTFS"} is where CRIU makes a file for one that was deleted, and holds something else"
echo another >"$small"
refused "$words"
{ cat /tmp/small && echo more; } >"$small"
refused "$words"
ln -s "$secret" "$small"
refused "$words"
mkfifo "$small"
refused "$words"
mknod "$small" c 1 3
refused "$words"
mkdir "$small"
fails 3 "$words" restore -n c1
rmdir "$small"

step 'a link in the way leads nowhere'
at=$(find "$ROOTFS" -name 'deep.cr.*.ghost')
mkdir -p "$OUTSIDE/a"
cp -a "$at" "$OUTSIDE/a/"
mv "$ROOTFS/a" "$ROOTFS/was"
ln -s "$OUTSIDE/a" "$ROOTFS/a"
lxc-checkpoint -D "$IMG" -n c1 -r --check >/tmp/said || :
check_not grep -q 'deep.cr' /tmp/said
check test -e "$OUTSIDE/a/${at##*/}"
rm -r "$ROOTFS/a" "$OUTSIDE/a"
mv "$ROOTFS/was" "$ROOTFS/a"
cp -a /tmp/small "$small"
check restore -n c1
check_equal '' "$(ghosts)" 'files of CRIU'
check deleted_are_whole

step 'names that a killed CRIU gave to files with another name are gone for the next checkpoint'
check lxc-stop -n c1 -k
sed -i '\|::once:/tmp/leftovers hold|d' "$ROOTFS/etc/inittab"
echo '::once:/tmp/holdfile /ready d=/linked d=/mnt/linked' >>"$ROOTFS/etc/inittab"
for folder in "$ROOTFS" "$OUTSIDE"; do
	touch "$folder/linked"
	ln "$folder/linked" "$folder/other"
done
rm "$ROOTFS/ready"
start_container c1
wait_for 20 has_address c1
ADDRESS=$(address c1)
wait_for 10 test -s "$ROOTFS/ready"
says_renamed()
{
	lxc-checkpoint -n c1 --check "$@" | grep -q '^warning .*is deleted, while the file has another.*renamed-link'
}
check says_renamed
check_not says_renamed -s
remaps()
{
	find "$1" -xdev -name 'link_remap.*'
}
for victims in criu 'command criu'; do
	with_fault "post-dump before $victims" dump -n c1 --replace
	wait_for 20 quiet
	[ "$victims" = criu ] || check test -n "$(remaps "$ROOTFS")"
	[ "$victims" != criu ] || check_equal '' "$(remaps "$ROOTFS")" 'names of CRIU'
	# what others may need stays, and is told
	left=$(remaps "$OUTSIDE")
	check test -n "$left"
	fails 1 'Remove it, unless you still need a checkpoint' dump -n c1 --replace
	check_equal "$left" "$(remaps "$OUTSIDE")" 'names beside the rootfs'
	check_equal '' "$(remaps "$ROOTFS")" 'names of CRIU'
	rm "$left"
done

step 'one that is there all the same costs a second try, and what is no such name stays'
with_fault 'post-dump before criu' dump -n c1 --replace
left=$(remaps "$OUTSIDE")
rm "$left"
check dump -n c1 -s --replace
check restore -n c1
check_equal '' "$(remaps "$ROOTFS")" 'names of CRIU'
# whatever number CRIU takes
taken=("$ROOTFS"/link_remap.{2..60})
for name in "${taken[@]}"; do
	ln "$ROOTFS/other" "$name"
done
touch "$ROOTFS/link_remap.x" "$ROOTFS/link_remap.7777"
check dump -n c1 --replace
check_equal "$ROOTFS/link_remap.7777
$ROOTFS/link_remap.x" "$(remaps "$ROOTFS" | sort)" 'names'
for name in "${taken[@]}"; do
	echo mine >"$name"
done
fails 1 'Remove it, unless you still need a checkpoint' dump -n c1 --replace
check_equal 59 "$(grep -lx mine "${taken[@]}" | wc -l)" 'what is there'
rm "${taken[@]}"
check dump -n c1 -s --replace
check restore -n c1
