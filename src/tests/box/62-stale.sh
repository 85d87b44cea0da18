#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A checkpoint that is older than the container's files: each open or mapped file that is newer, or
# has another size, is named, and the restore is refused. If only the history differs, there is a
# warning. --info shows all of it.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/stale.sh"

W='lxc-checkpoint: warning: '

# of PATH: a member of what --info says, as "restored.0"
of()
{
	info --json | python3 -c 'import json, sys
x = json.load(sys.stdin)
for k in sys.argv[1].split("."):
    x = x[int(k)] if isinstance(x, list) else x[k]
print(json.dumps(x))' "$1"
}

info()
{
	lxc-checkpoint --info -D "$IMG" "$@"
}

# stale WORDS: refused, as is a look, and nothing is begun
stale()
{
	local before

	before=$(leftovers)
	fails 3 "$1" lxc-checkpoint -r --check -n c1 -D "$IMG"
	fails 3 "$1" restore -n c1
	case $said in
	*'--force=stale'*) ;;
	*) die "no word of --force=stale: $said" ;;
	esac
	check_left "$before"
	check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
}

# comes_back [OPTION]...: with what it says in $said
comes_back()
{
	fails 0 '' restore -n c1 "$@"
	wait_for 10 answers
}

# save: a checkpoint of a restored container in the place of the one that is there
save()
{
	check dump -n c1 -s --replace
	wait_for 10 state_is c1 STOPPED
}

kill_it()
{
	lxc-stop -k -n c1
	lxc-wait -n c1 -s STOPPED -t 10 || die 'c1 does not stop'
}

mkdir -p /run/shared /run/backup
echo shared >/run/shared/log
echo shared >/run/shared/same
make_bridge
start_dhcp
payload holdfile >/dev/null
# its programs are there before it is made
INITTAB='::once:/bin/holdfile /ready r=/data/read a=/data/log m=/data/mapped d=/data/gone a=/shared/log r=/tmpfs/file r=/data/same
::once:/bin/holdfile /ready-many many=/many:2000'
hold_files()
{
	mkdir -p "$ROOTFS/data" "$ROOTFS/tmpfs" "$ROOTFS/many"
	for f in read log mapped gone same; do
		head -c 5000 /dev/zero >"$ROOTFS/data/$f"
	done
	install -m 755 /tmp/payload/holdfile "$ROOTFS/bin/holdfile"
	printf '%s\n' '::sysinit:/bin/touch /tmpfs/file' "$INITTAB" >>"$ROOTFS/etc/inittab"
}
payload counter >/dev/null
payload client >/dev/null
make_container c1 <<-'END'
	lxc.mount.entry = /run/shared shared none bind,create=dir 0 0
	lxc.mount.entry = tmpfs tmpfs tmpfs rw,create=dir 0 0
END
hold_files
install -m 755 /tmp/payload/counter "$ROOTFS/bin/counter"
echo "::once:/bin/counter $PORT 1" >>"$ROOTFS/etc/inittab"
start_container c1
wait_for 20 has_address c1
ADDRESS=$(address c1)
wait_for 60 answers
wait_for 10 test -s "$ROOTFS/ready"
wait_for 10 test -s "$ROOTFS/ready-many"

step 'a checkpoint that stops it: nothing has happened since'
check dump -n c1 -s
wait_for 10 state_is c1 STOPPED
check_equal true "$(of stopped)" 'stopped'
check_equal '[]' "$(of restored)" 'restored'
check grep -q 'stopped by the checkpoint' <(info)
check grep -q '^  restored     never$' <(info)
check grep -q '^  open file    /data/log (5000 bytes, changed at 20' <(info)
check grep -q '^  open file    /data/mapped (5000 bytes, ' <(info)
check grep -q '^  open file    /shared/log (7 bytes, ' <(info)
check_equal '' "$(info | grep '^  open file ' | grep -E '/tmpfs/file|/data/gone|/dev/|/proc/' || :)" 'open files that are in the checkpoint'
check_equal 'c1 can be restored' "$(lxc-checkpoint -r --check -n c1 -D "$IMG")" 'output'
comes_back
check_equal '' "$said" 'what the restore says'
[[ $(of restored.0) = '"20'*'Z"' ]] || die 'no time of a restore'
check grep -q '^  restored     once, at 20' <(info)
check lxc-checkpoint --verify -q -D "$IMG"

step 'the same once more: only its history says so'
kill_it
fails 0 'this checkpoint was restored before, at 20' lxc-checkpoint -r --check -n c1 -D "$IMG"
comes_back
[[ $said = "${W}this checkpoint was restored before, at 20"*': what c1 did since then is lost' ]] || die "it says $said"
check grep -q '^  restored     2 times, last at 20' <(info)
kill_it
comes_back
[[ $said = "${W}this checkpoint was restored before, last at 20"* ]] || die "it says $said"

step 'a new one in its place has no such history'
save
check_not test -e "$IMG/restored"
check_equal '[]' "$(of restored)" 'restored'
comes_back
check_equal '' "$said" 'what the restore says'

step 'of a container that ran on'
check dump -n c1 --replace
check_equal false "$(of stopped)" 'stopped'
check grep -q '^  container    kept running after the checkpoint$' <(info)
kill_it
comes_back
[[ $said = "${W}c1 kept running after this checkpoint was made, at 20"*': what it did since then is lost' ]] || die "it says $said"

step 'and wrote'
check dump -n c1 --replace
in_container c1 sh -c 'echo more >>/data/log'
kill_it
stale '/data/log, which a process has open or runs, is newer than at the checkpoint: it was changed at 20'
stale 'Z), and has 5005 bytes (then: 5000)'
comes_back --force=stale
[[ $said = "$W/data/log, which a process has open or runs, is newer"* ]] || die "it says $said"
save
comes_back
check_equal '' "$said" 'what the restore says'

step 'it was started anew since'
cp -a "$ROOTFS" /run/backup/before
save
cp -a "$ROOTFS/." /run/backup/after
rm "$ROOTFS/ready"
start_container c1
wait_for 10 test -s "$ROOTFS/ready"
kill_it
stale '/data/mapped, which a process has open or runs, is newer than at the checkpoint'
# ->restore() cannot say it
check_not env LD_PRELOAD=liblxc-checkpoint.so.0 /usr/bin/lxc-checkpoint -r -n c1 -D "$IMG"
check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'

step 'rolled back: by a snapshot, and by copies that lose a part of the times'
cp -a /run/backup/after/. "$ROOTFS"
comes_back
check_equal '' "$said" 'what the restore says'
save
tar -C "$ROOTFS" --format=ustar -cf /run/backup/rootfs.tar .
mv "$ROOTFS" /run/backup/moved
mkdir "$ROOTFS"
tar -C "$ROOTFS" -xpf /run/backup/rootfs.tar
fails 0 'can be restored' lxc-checkpoint -r --check -n c1 -D "$IMG"
comes_back
[[ $said = "${W}the rootfs $ROOTFS is another directory than the one of the checkpoint" ]] || die "it says $said"
save

step 'of the same size and newer, mapped, by the host'
touch -d '+1 hour' /run/backup/stamp
printf X | dd of="$ROOTFS/data/mapped" conv=notrunc bs=1 status=none
stale '/data/mapped, which a process has open or runs, is newer than at the checkpoint'
fails 0 '' lxc-checkpoint -r --check --json -n c1 -D "$IMG" --force=stale
python3 - "$said" <<-'END'
	import json, sys
	found = json.loads(sys.argv[1])["findings"]
	assert [(f["check"], f["blocks"], f["force"]) for f in found] == [("stale", False, "stale")], found
END
comes_back --force=stale
save

step 'an older one is worth a warning'
touch -d '2001-01-01 00:00:00' "$ROOTFS/data/same"
comes_back
[[ $said = "$W/data/same, which a process has open or runs, is older than at the checkpoint: it was changed at 2001-01-01T00:00:00Z (then: 20"* ]] || die "it says $said"
save

step 'a shared log of the host is told precisely, and only where it was open'
echo other >>/run/shared/same
echo more >>/run/shared/log
stale "/shared/log, which a process has open or runs, is newer than at the checkpoint"
lxc-checkpoint -r --check -n c1 -D "$IMG" >/run/found && die 'not refused'
check_equal 1 "$(grep -c BLOCKS /run/found)" 'what blocks'
comes_back --force=stale
save

step 'a file that CRIU compares too: no word helps, but the time is told'
cp -a "$ROOTFS/data/read" /run/backup/read
echo more >>"$ROOTFS/data/read"
fails 3 '/data/read, which a process has open or runs, had 5000 bytes and has 5005; it was changed at 20' restore -n c1 --force=stale,rootfs
cp -a /run/backup/read "$ROOTFS/data/read"

step 'a mode and a time are two findings, for two words'
chmod 600 "$ROOTFS/data/read"
touch "$ROOTFS/data/read"
fails 3 'is newer than' restore -n c1 --force=rootfs
fails 3 'had the mode 0644 and has 0600' restore -n c1 --force=stale
comes_back --force=stale,rootfs
save

step 'many files at once: some are named, all are counted, one word for all'
check_equal 2000 "$(grep -c "^" <(info | grep ' /many/'))" 'open files in --info'
find "$ROOTFS/many" -type f -exec touch {} +
lxc-checkpoint -r --check -n c1 -D "$IMG" >/run/found && die 'not refused'
check_equal 9 "$(grep -c BLOCKS /run/found)" 'findings'
check grep -q '1992 more files that processes have open or run differ: they were changed' /run/found
comes_back --force=stale
save

step 'an image of an earlier version has neither'
without_file_times
check_equal null "$(of stopped)" 'stopped'
touch "$ROOTFS/data/same"
comes_back
check_equal '' "$said" 'what the restore says'

step 'a file "restored" that is not ours'
kill_it
rm "$IMG/restored"
ln -s /etc/passwd "$IMG/restored"
fails 3 'restored is a symbolic link' restore -n c1
