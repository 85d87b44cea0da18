#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a person and a program are told: one JSON object in every outcome, a true exit status, whole
# commands, and the reason wherever somebody looks for it.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"

# One for all: "STATUS KIND HAS-HINT CHECKS" of the one object in the file that is named
coproc READER {
	exec python3 -u -c '
import json, sys
for name in sys.stdin:
    try:
        o = json.loads(open(name.strip(), encoding="utf-8").read())
        assert isinstance(o, dict) and {"kind", "error", "hint"} <= set(o), o
        assert (o["kind"] is None) == (o["error"] is None), o
        checks = sorted(f["check"] for f in o.get("findings", []) if f["blocks"])
        print(o["kind"], "hint" if o["hint"] else "-", *checks)
    except Exception as e:
        print("wrong:", repr(e).replace("\n", " "))
'
}

# json STATUS WANTED COMMAND...: it exits with STATUS, its stdout is one object, and WANTED is of it
json()
{
	local status=$1 wanted=$2 found=0

	shift 2
	"$@" >/tmp/object 2>/tmp/stderr || found=$?
	check_equal "$status" "$found" "exit status of: $* ($(cat /tmp/stderr))"
	echo /tmp/object >&"${READER[1]}"
	read -r -t 60 -u "${READER[0]}" REPLY || die 'no answer from the reader'
	check_equal "$wanted" "$REPLY" "the object of: $*"
}

nobody=(setpriv --reuid 65534 --clear-groups)
WITH_BLOCKER=1 start_counter c1
make_container stopped </dev/null
check dump -n c1

step 'one JSON object in every outcome'
json 0 'None -' lxc-checkpoint --check --json -n c1 -D /run/second
json 0 'None -' lxc-checkpoint --check --json -n c1 -D /run/second -q
json 3 'refused hint state' lxc-checkpoint -r --check --json -n c1 -D "$IMG"
json 3 'refused hint state' lxc-checkpoint -r --check --json -q -n c1 -D "$IMG"
json 3 'refused - image' lxc-checkpoint -r --check --json -n stopped -D /run/nowhere
json 3 'refused - state' lxc-checkpoint --check --json -n nobody -P /run -D /nowhere/$'\n'/x
json 3 'refused hint' "${nobody[@]}" lxc-checkpoint --check --json -n c1
json 3 'refused hint' "${nobody[@]}" lxc-checkpoint --check --json -q -n c1
json 3 'refused -' lxc-checkpoint --check --json -n c1 --rcfile /nowhere
json 3 'refused -' lxc-checkpoint --check --json -n c1 -o /nowhere/log
json 3 'refused -' lxc-checkpoint --check --json -n ../c1
json 3 'refused - state' lxc-checkpoint --check --json -n $'\xff\x1b[1m'
json 0 'None -' lxc-checkpoint --check --json -n c1 -D $'/run/\xff\x1b[1m'
json 0 'None -' lxc-checkpoint --info --json -D "$IMG"
json 3 'refused -' lxc-checkpoint --info --json -D /run/nowhere
json 3 'refused -' lxc-checkpoint --info --json -q -D $'/run/\xff'
json 3 'refused -' "${nobody[@]}" lxc-checkpoint --info --json -D "$IMG"
cp -a "$IMG" $'/run/\xfe'
json 0 'None -' lxc-checkpoint --info --json -D $'/run/\xfe'
check grep -q '"directory": "/run/?"' /tmp/object
check grep -q '^  directory  *  */run/?$' <<<"$(lxc-checkpoint --info -D $'/run/\xfe')"
json 0 'None -' lxc-checkpoint --verify --json -q -D $'/run/\xfe'
json 3 'refused -' lxc-checkpoint --verify --json -D /run/nowhere
echo >>$'/run/\xfe/pstree.img'
json 1 'failed -' lxc-checkpoint --verify --json -D $'/run/\xfe'
json 1 'failed -' lxc-checkpoint --info --json -D $'/run/\xfe'
check grep -q '"error": ".*pstree.img is damaged: it has ' /tmp/object
json 1 'failed -' lxc-checkpoint --info --json -q -D $'/run/\xfe'
fails 1 '?/pstree.img is damaged: it has ' lxc-checkpoint --info -D $'/run/\xfe'
rm $'/run/\xfe/pstree.img'
json 1 'failed -' lxc-checkpoint --info --json -D $'/run/\xfe'
check grep -q '"error": ".*pstree.img is missing from the checkpoint"' /tmp/object
rm $'/run/\xfe/manifest.json'
json 3 'refused hint' lxc-checkpoint --verify --json -D $'/run/\xfe'
json 2 'usage -' lxc-checkpoint --json
json 2 'usage -' lxc-checkpoint --json -n c1
json 2 'usage -' lxc-checkpoint --no-such-option --json
json 2 'usage -' lxc-checkpoint --check --js -n c1 -P ''
json 2 'usage -' lxc-checkpoint --check --json -n c1 --timeout=5
json 2 'usage -' lxc-checkpoint --check --json -n c1 c2
json 2 'usage -' lxc-checkpoint -r --check --json -n c1 --force=other
json 2 'usage -' lxc-checkpoint --info --json
check_equal '' "$(lxc-checkpoint --check -q --json -n nobody 2>&1 >/dev/null || :)" 'stderr with -q'

step 'what cannot be written is a failure'
for arguments in --help --usage --version '--check -n c1' '--check --json -n c1' '--check --json -n nobody' \
	"--info -D $IMG" "--info --json -D $IMG" "--verify -D $IMG" '--json'; do
	# shellcheck disable=SC2086 # words
	for to in /dev/full closed pipe; do
		status=0
		case $to in
		closed) lxc-checkpoint $arguments >&- 2>/tmp/stderr || status=$? ;;
		pipe)
			# the reader is gone before it begins
			status=$(python3 -c '
import os, subprocess, sys
r, w = os.pipe()
os.close(r)
print(subprocess.run(sys.argv[1:], stdout=w, stderr=open("/tmp/stderr", "w")).returncode)
' lxc-checkpoint $arguments)
			;;
		*) lxc-checkpoint $arguments >"$to" 2>/tmp/stderr || status=$? ;;
		esac
		check_equal 1 "$status" "exit status of $arguments with stdout $to"
		check grep -q 'cannot write the answer to stdout' /tmp/stderr
	done
done
check lxc-checkpoint -n c1 -D /run/second >&-
rm -r /run/second

step 'options of other tools'
fails 2 'there is no option -p here: pre-dumps are not supported' lxc-checkpoint -n c1 -p
fails 2 'there is no option -p here: pre-dumps are not supported' lxc-checkpoint -n c1 -sp
fails 2 'there is no option --pre-dump here: pre-dumps' lxc-checkpoint --pre-dump -n c1
fails 2 'there is no option --predump-dir=/x here: a checkpoint on top of' lxc-checkpoint -n c1 --predump-dir=/x
fails 2 'there is no option -x here' lxc-checkpoint -n c1 -x
fails 2 'there is no option --nothing here' lxc-checkpoint -n c1 --nothing
fails 2 '-n needs an argument' lxc-checkpoint -n
fails 2 '--name needs an argument' lxc-checkpoint --name
fails 2 '--json=x: this option takes no argument' lxc-checkpoint -n c1 --json=x
check grep -q '^Usage: ' <<<"$(lxc-checkpoint -n c1 '-?')"
# a group of short ones, wherever it stands, and whatever stands before it
for arguments in '--check -pv' '-pv --check' '--json -vp' '--timeout=3 -spv' '-pv' '-P /run -pD /run' 'c1 -vpq' '-D --check -pv'; do
	# shellcheck disable=SC2086 # words
	fails 2 'there is no option -p here: pre-dumps are not supported' lxc-checkpoint $arguments
done
fails 2 'there is no option -x here' lxc-checkpoint --check -vxq
fails 2 'there is no option -R here: that is the default' lxc-checkpoint --check -vRq
fails 2 'there is no option -: here' lxc-checkpoint --check -v:q
fails 2 'there is no option -vé here' lxc-checkpoint --check -vé
fails 2 'there is no option -évq here' lxc-checkpoint --check -évq
fails 2 'there is no option -check here: did you mean --check?' lxc-checkpoint -check -n c1
fails 2 'there is no option -restore here: did you mean --restore?' lxc-checkpoint -n c1 -restore
fails 2 '-D needs an argument' lxc-checkpoint --check -vD
fails 2 '--checkpoint-dir needs an argument' lxc-checkpoint --check --checkpoint-dir
fails 2 '--stop=1: this option takes no argument' lxc-checkpoint -v --stop=1
fails 2 '--ver is ambiguous: it may be one of --verbose, --verify, --version' lxc-checkpoint --ver
fails 2 '--re=1 is ambiguous: it may be one of --restore, --replace' lxc-checkpoint --re=1
fails 2 'there is no option --checks here' lxc-checkpoint --checks
check grep -q '^Usage: ' <<<"$(lxc-checkpoint --check '-v?q')"

step 'nothing was touched: 3'
mkdir /run/readonly
mount -t tmpfs -o ro none /run/readonly
fails 3 'cannot make the directory' lxc-checkpoint -n c1 -D /run/readonly/image
fails 3 'left for /proc/image' lxc-checkpoint -n c1 -D /proc/image
fails 3 'cannot write the log' lxc-checkpoint -n c1 -D /run/second -o /nowhere/log
fails 3 'the action script /nowhere cannot be run' lxc-checkpoint -n c1 -D /run/second -A /nowhere
check_equal RUNNING "$(lxc-info -n c1 -sH)" state

mkdir /run/tiny
# room for three directories, and for nothing in them
mount -t tmpfs -o nr_inodes=4 none /run/tiny
fails 3 'cannot write /run/tiny/a/b/c/' lxc-checkpoint -n c1 -D /run/tiny/a/b/c
check_not test -e /run/tiny/a
umount /run/tiny

step 'the suggested command is whole'
lxc-freeze -n c1
ln -s /var/lib/lxc /run/link
fails 3 'hint: lxc-unfreeze -n c1' lxc-checkpoint -n c1
lxc-unfreeze -n c1
fails 3 'hint: stop it first: lxc-stop -n c1' lxc-checkpoint -P /run/link -n c1 -r -D "$IMG"
ip link add dummy0 type dummy 2>/dev/null || :
fails 3 '1 more reason: see lxc-checkpoint -r --check -P /run/link -n c1 -D '"'/run/a b'"' --force=cpu' \
	lxc-checkpoint -P /run/link -n c1 -r -D '/run/a b' --force=cpu

step '--check --replace'
check_equal 'c1 can be checkpointed' "$(lxc-checkpoint --check --replace -n c1 -D "$IMG")" output
check_equal 'c1 can be checkpointed' "$(lxc-checkpoint --check --replace -n c1 -D /run/new)" output
mkdir "$IMG.new"
cp -a "$IMG"/* "$IMG.new"
fails 3 'has not replaced' lxc-checkpoint --check --replace -n c1 -D "$IMG"
fails 3 'has not replaced' lxc-checkpoint --replace -n c1 -D "$IMG"
rm -r "$IMG.new"
mount --bind "$IMG" "$IMG"
fails 3 'is a mount point' lxc-checkpoint --check --replace -n c1 -D "$IMG"
fails 3 'is a mount point' lxc-checkpoint --replace -n c1 -D "$IMG"
umount "$IMG"
check lxc-checkpoint --replace -n c1 -D "$IMG"

step 'a finding names the descriptor that it is about'
for mode in landlock bpf-map vsock block-device; do
	block c1 "$mode"
	pid=$(host_pid c1 "$BLOCKED")
	fails 3 "pid $pid" lxc-checkpoint --check -n c1
	number=$(sed -n "s/^BLOCKS   blocker (pid $pid,.* (descriptor \([0-9]*\)) .*/\1/p" <<<"$said" | head -n 1)
	check test -e "/proc/$pid/fd/$number"
	lxc-checkpoint --check --json -n c1 >/tmp/object || :
	check grep -q "\"descriptor\": $number" /tmp/object
	unblock c1
done

step 'io_uring: how it is switched off'
block c1 io-uring
fails 3 'io_uring_setup with errno 38' lxc-checkpoint --check -n c1
check grep -q 'innodb_use_native_aio=0' <<<"$said"
unblock c1

step 'an interface of the container that cannot be restored'
init=$(init_pid c1)
nsenter -t "$init" -n ip link add inner0 type ifb
fails 3 'inner0 of c1 is of the kind ifb' \
	lxc-checkpoint --check -n c1
nsenter -t "$init" -n ip link del inner0
check lxc-checkpoint -q --check -n c1

step 'lxc-execute'
lxc-execute -n stopped -- sleep 1000 </dev/null >/dev/null 2>&1 &
lxc-wait -n stopped -s RUNNING -t 10
fails 3 'runs a program of the host, as lxc-execute does' lxc-checkpoint --check -n stopped
check grep -q 'hint: start the container with lxc-start' <<<"$said"
lxc-stop -k -n stopped
wait $! || :

step 'a rootfs that somebody has mounted on a directory of the host'
template=/var/lib/lxc/stopped
mount -t tmpfs none /mnt
mkdir /mnt/upper /mnt/work /mnt/merged
truncate -s 64M /mnt/disk
mkfs.ext4 -q -d "$template/rootfs" /mnt/disk
mount -t overlay -o "lowerdir=$template/rootfs,upperdir=/mnt/upper,workdir=/mnt/work" none /mnt/merged
for name in over loop; do
	mkdir "/var/lib/lxc/$name"
	sed "s,stopped,$name,g; s,^lxc.rootfs.path.*,lxc.rootfs.path = /mnt/merged," "$template/config" >"/var/lib/lxc/$name/config"
	start_container "$name"
	check lxc-checkpoint -n "$name" -s
	check lxc-checkpoint -n "$name" -r
	lxc-stop -k -n "$name"
	wait_for 10 umount /mnt/merged
	[ "$name" = loop ] || mount -o loop /mnt/disk /mnt/merged
done

step 'a warning is told at the checkpoint too'
lxc-attach -n c1 --clear-env -- sleep 1000 </dev/null >/dev/null 2>&1 &
attached=$!
wait_for 10 runs c1 sleep
said=$(lxc-checkpoint --check -n c1)
warning=$(sed -n 's/^warning  \(.*\) \[not-in-tree\]$/\1/p' <<<"$said")
[ -n "$warning" ] || die "no warning: $said"
said=$(lxc-checkpoint -n c1 --replace -D "$IMG" 2>&1) || die "$said"
check_equal "lxc-checkpoint: warning: $warning" "$said" 'what a checkpoint says'
check_equal '' "$(lxc-checkpoint -q -n c1 --replace -D "$IMG" 2>&1)" 'what it says with -q'
kill "$attached"
wait "$attached" || :

step 'and of a restore that cannot even begin'
check lxc-checkpoint -n c1 -s --replace -D "$IMG"
LXC_CHECKPOINT_LIBEXEC=/nowhere fails 3 'lxc-checkpoint-monitor' lxc-checkpoint -r -n c1 -D "$IMG"
check restore -n c1

step 'why an action script failed'
cat >/run/script <<'END'
#!/bin/sh
echo "at $CRTOOLS_SCRIPT_ACTION" >&2
[ "$CRTOOLS_SCRIPT_ACTION" != "$(cat /run/at)" ] || { echo 'the database does not answer' >&2; exit 7; }
END
chmod +x /run/script
for at in pre-dump network-lock post-dump; do
	echo "$at" >/run/at
	fails 1 'Script /run/script exited with status 7' lxc-checkpoint -n c1 -s -D /run/third -A /run/script
	check grep -q 'CRIU: the database does not answer' <<<"$said"
	check_equal RUNNING "$(lxc-info -n c1 -sH)" state
done
check grep -q '^Error (lxc-checkpoint): c1 was not checkpointed and keeps running: criu dump exited with 255; hint: ' \
	/run/third/dump.log
check lxc-checkpoint -n c1 -s -D /run/third
for at in pre-restore setup-namespaces post-restore; do
	echo "$at" >/run/at
	fails 1 'Script /run/script exited with status 7' lxc-checkpoint -n c1 -r -D /run/third -A /run/script
	check grep -q 'CRIU: the database does not answer' <<<"$said"
done
check grep -q '^Error (lxc-checkpoint): c1 was not restored: criu restore exited with 1; hint: ' \
	/run/third/restore.log
check lxc-checkpoint -n c1 -r -D /run/third

step '... also where CRIU goes on all the same'
# warned STAGE: it succeeds, with that one warning
warned()
{
	local stage=$1 wanted

	shift
	echo "$stage" >/run/at
	said=$("$@" -A /run/script 2>&1) || die "$said"
	wanted="lxc-checkpoint: warning: the action script /run/script exited with status 7 at $stage: "
	wanted+="at $stage; the database does not answer (CRIU ignores that)"
	check_equal "$wanted" "$(grep -v 'was restored before' <<<"$said")" "what is said of $stage"
}
warned network-unlock lxc-checkpoint -n c1 --replace -D /run/third
check_equal '' "$(lxc-checkpoint -q -n c1 --replace -D /run/third -A /run/script 2>&1)" 'with -q'
check lxc-checkpoint -n c1 -s --replace -D /run/third
for stage in network-unlock pre-resume post-resume; do
	warned "$stage" lxc-checkpoint -n c1 -r -D /run/third --force=stale
	lxc-stop -k -n c1
done
echo none >/run/at
check_equal '' "$(lxc-checkpoint -n c1 -r -D /run/third --force=stale -A /run/script 2>&1 | grep -v 'was restored before' || :)" 'without'

step 'programs that only hear yes or no find the reason in the logs'
theirs()
{
	LD_PRELOAD=liblxc-checkpoint.so.0 /usr/bin/lxc-checkpoint "$@"
}
echo post-dump >/run/at
check_not theirs -n c1 -D /run/fourth -A /run/script -o /run/theirs.log
check grep -q 'ERROR .* - c1 was not checkpointed and keeps running: criu dump exited with 255$' /run/theirs.log
check grep -q 'ERROR .* CRIU: Script /run/script exited with status 7' /run/theirs.log
check grep -q '^Error (lxc-checkpoint): c1 was not checkpointed' /run/fourth/dump.log
check_not theirs -n c1 -D /run/third -o /run/theirs.log
check grep -q 'ERROR .* - /run/third already holds a checkpoint$' /run/theirs.log
check_not grep -q 'Error (lxc-checkpoint)' /run/third/dump.log
lxc-attach -n c1 --clear-env -- sleep 1000 </dev/null >/dev/null 2>&1 &
attached=$!
wait_for 10 runs c1 sleep
check theirs -n c1 -D /run/fourth -o /run/theirs.log
check grep -q 'WARN .* - process .*(sleep) ' /run/theirs.log
kill "$attached"
wait "$attached" || :
# where a program says so of a container
echo 'lxc.log.file = /run/own.log' >>/var/lib/lxc/c1/config
check_not theirs -n c1 -D /run/third
check grep -q 'ERROR .* - /run/third already holds a checkpoint$' /run/own.log
check_not lxc-checkpoint -n nobody
check_not test -e /var/lib/lxc/nobody
check_not test -e /var/log/lxc/nobody

step '--verify names all that is damaged, beside a file that is not part of it'
echo >/run/third/foreign.img
fails 3 'foreign.img is not part of this checkpoint' lxc-checkpoint --verify -D /run/third
json 3 'refused hint' lxc-checkpoint --verify --json -D /run/third
check grep -q '"file": "foreign.img"' /tmp/object
for file in pstree.img inventory.img; do
	printf '\377' | dd of="/run/third/$file" bs=1 seek=8 conv=notrunc status=none
done
rm /run/third/fs-1.img
fails 1 'is damaged: 4 files' lxc-checkpoint --verify -D /run/third
for file in foreign.img pstree.img inventory.img fs-1.img; do
	check grep -q "^/run/third/$file" <<<"$said"
done
json 1 'failed -' lxc-checkpoint --verify --json -D /run/third
check_equal 4 "$(grep -c '"file"' /tmp/object)" 'damaged files'
