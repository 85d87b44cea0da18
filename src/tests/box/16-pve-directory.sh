#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A directory (-D) that holds other things as well, as Proxmox VE's directory of backups: a
# checkpoint goes into a subdirectory of its container's name, and nothing else is touched.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
export FRESH=1

DIR=/srv/dump

# c2, without a network
second()
{
	make_container c2
	sed -i 's/^lxc.net.0.*//' /var/lib/lxc/c2/config
	echo 'lxc.net.0.type = empty' >>/var/lib/lxc/c2/config
	start_container c2
}

# names DIRECTORY: what is there
names()
{
	(cd "$1" && find . -mindepth 1 -maxdepth 1 -printf '%P\n' | sort | paste -sd ' ')
}

is_stopped()
{
	state_is "$1" STOPPED
}

# suspend and resume, as pct calls us, but for --foreground
suspend()
{
	lxc-checkpoint -n "$1" -s -D "$DIR"
	wait_for 10 is_stopped "$1"
}

resume()
{
	lxc-checkpoint -n "$1" -r -D "$DIR"
	wait_for 10 state_is "$1" RUNNING
}

mount -t tmpfs -o mode=755 srv /srv
mkdir -m 755 "$DIR"
echo backup >"$DIR/vzdump-lxc-101.tar.zst"
echo log >"$DIR/vzdump-lxc-101.log"
mkdir "$DIR/vzdump-lxc-101.tmp"
echo part >"$DIR/vzdump-lxc-101.tmp/part"
echo disk >"$DIR/disk.img"
before=$(cd "$DIR" && find . -type f -exec md5sum {} + | sort)

# untouched: what was there, and the directory's mode
untouched()
{
	check_equal "$before" "$(cd "$DIR" && find . -path ./c1 -prune -o -path ./c2 -prune -o -type f -exec md5sum {} + | sort)" files
	check_equal 755 "$(stat -c %a "$DIR")" mode
}

step 'among backups; two rounds without --replace'
start_counter c1
check lxc-checkpoint --check -n c1 -s -D "$DIR"
check_not test -e "$DIR/c1"
for round in 1 2 3; do
	check suspend c1
	check_equal 700 "$(stat -c %a "$DIR/c1")" mode
	untouched
	check lxc-checkpoint -r --check -n c1 -D "$DIR"
	check lxc-checkpoint --verify -n c1 -D "$DIR"
	check grep -q "$DIR/c1\$" <(lxc-checkpoint --info -n c1 -D "$DIR")
	check_not lxc-checkpoint --info -D "$DIR" 2>/dev/null
	check resume c1
	wait_for 10 answers
	check lxc-checkpoint --check -n c1 -s -D "$DIR"
	echo "round $round"
done

step 'one that was not restored stays, and so does one of a container that kept running'
check suspend c1
check_equal 'c1 disk.img vzdump-lxc-101.log vzdump-lxc-101.tar.zst vzdump-lxc-101.tmp' "$(names "$DIR")" names
check lxc-checkpoint -r -n c1 -D "$DIR"
check lxc-checkpoint -n c1 -D "$DIR"
fails 3 "$DIR/c1 already holds a checkpoint" lxc-checkpoint -n c1 -s -D "$DIR"
fails 0 "$DIR/c1 already holds a checkpoint" lxc-checkpoint --check -n c1 -s -D "$DIR"
check lxc-checkpoint -n c1 -s -D "$DIR" --replace
untouched

step 'two containers at once'
second
check resume c1
lxc-checkpoint -n c1 -s -D "$DIR" &
check lxc-checkpoint -n c2 -s -D "$DIR"
check wait $!
untouched
lxc-checkpoint -n c1 -r -D "$DIR" &
check lxc-checkpoint -n c2 -r -D "$DIR"
check wait $!

step 'a failed one leaves nothing but its log'
cat >/run/fail <<-'END'
	#!/bin/sh
	[ "$CRTOOLS_SCRIPT_ACTION" != post-dump ]
END
chmod +x /run/fail
rm -r "$DIR/c1"
fails 1 'keeps running' lxc-checkpoint -n c1 -s -D "$DIR" -A /run/fail
check_equal 'dump.log incomplete' "$(names "$DIR/c1")" 'what is left'
fails 3 'was never completed' lxc-checkpoint --verify -n c1 -D "$DIR"
check suspend c1
check resume c1
untouched

step 'a link to another disk'
mkdir /run/disk
rm -r "$DIR/c1"
ln -s /run/disk "$DIR/c1"
check suspend c1
check test -e /run/disk/manifest.json
check resume c1
rm "$DIR/c1"

step 'a file of its name'
echo mine >"$DIR/c1"
fails 3 "cannot open the directory $DIR/c1" lxc-checkpoint -n c1 -s -D "$DIR"
check_equal mine "$(cat "$DIR/c1")"
rm "$DIR/c1"
mkdir "$DIR/c1"
echo mine >"$DIR/c1/mine"
fails 3 "$DIR/c1 is not empty, and holds no checkpoint" lxc-checkpoint -n c1 -s -D "$DIR"
rm -r "$DIR/c1"
fails 3 '/var/lib/lxc/c1 is not empty' lxc-checkpoint -n c1 -s -D /var/lib/lxc

step 'a directory that another user owns, or may write to'
chown 1000 "$DIR"
fails 3 "$DIR, on the path to the image, does not belong to root" lxc-checkpoint -n c1 -s -D "$DIR"
chown 0 "$DIR"
chmod 777 "$DIR"
fails 3 "$DIR, on the path to the image, is writable" lxc-checkpoint -n c1 -s -D "$DIR"
chmod 1777 "$DIR"
mkdir "$DIR/c1"
chown 1000 "$DIR/c1"
fails 3 'is writable by users other than root' lxc-checkpoint -n c1 -s -D "$DIR"
rmdir "$DIR/c1"
chmod 755 "$DIR"

step 'an empty or missing one is the image itself'
DIR=/srv/two/images
check suspend c1
check_equal 700 "$(stat -c %a "$DIR")" mode
check test -e "$DIR/manifest.json"
check resume c1
fails 3 "$DIR already holds a checkpoint" lxc-checkpoint -n c1 -s -D "$DIR"
check lxc-checkpoint -n c1 -s -D "$DIR" --replace
check_equal 'images' "$(names /srv/two)"

step 'the checkpoint of another container stays, and both come back'
first=$(md5sum <"$DIR/manifest.json")
for replace in '' --replace; do
	check lxc-checkpoint -n c2 -s -D "$DIR" $replace
	check_equal "$first" "$(md5sum <"$DIR/manifest.json")" 'the other checkpoint'
	check resume c2
done
check lxc-checkpoint --verify -D "$DIR"
check resume c1

step 'a checkpoint that has got company is not replaced with it'
check lxc-checkpoint -n c1 -s -D "$DIR" --replace
check test -e "$DIR/c1/manifest.json" -a -e "$DIR/c2/manifest.json"
check_equal "$first" "$(md5sum <"$DIR/manifest.json")" 'the old one'
check resume c1
check_equal 1 "$(wc -l <"$DIR/c1/restored")" 'the new one was restored'

step 'what came beside an unfinished one stays'
DIR=/srv/three
fails 1 'keeps running' lxc-checkpoint -n c1 -s -D "$DIR" -A /run/fail
check_equal 'dump.log incomplete' "$(names "$DIR")"
mkdir "$DIR/backups"
echo backup >"$DIR/backups/a"
echo backup >"$DIR/b.tar"
check suspend c1
check_equal 'b.tar backups c1 dump.log incomplete' "$(names "$DIR")"
check_equal backup "$(cat "$DIR/backups/a")"
check resume c1

step 'and what comes while one is made'
DIR=/srv/four
holder post-dump
check lxc-checkpoint -n c1 -D "$DIR"
lxc-checkpoint -n c1 -D "$DIR" --replace -A /run/hold-post-dump >/tmp/said 2>&1 &
dump=$!
read -r _ </run/held
echo backup >"$DIR/late.tar"
echo go >/run/go-on
check_not wait "$dump"
check grep -q "$DIR holds files that are not part of its checkpoint" /tmp/said
check_equal backup "$(cat "$DIR/late.tar")"
check test -e "$DIR/manifest.json"
check answers

step 'a name that a checkpoint has for its files'
for name in incomplete c1.new; do
	make_container "$name"
	sed -i 's/^lxc.net.0.*//' "/var/lib/lxc/$name/config"
	start_container "$name"
	fails 3 "is not empty" lxc-checkpoint -n "$name" -s -D /srv/three
	lxc-stop -k -n "$name"
done
