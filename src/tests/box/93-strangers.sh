#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Programs of strangers that once were saved and never restored, or came back as something else, or
# blocked CRIU without end. --check reports all of them, and a dump refuses them with the process
# and the reason. Their neighbours, which come back, pass.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"

# MODE, the check that finds it, and words of what is said
strangers()
{
	cat <<-'END'
		alarm-timer file-kind wakes the machine up
		children-namespace nested-namespace PID, for its children
		deadline-in-thread scheduling-class (deadline)
		fan-filesystem watch watches a whole filesystem
		proc-directory proc-file the folder of a process
		proc-folder proc-file the folder of a process
		proc-of-descriptor proc-file a file about a descriptor
		proc-of-thread proc-file a file of a thread
		shares-folder shared-state shares its working directory
		shares-memory shared-state shares its memory
		thread-files thread-apart descriptors of its own
		thread-folder thread-apart a working directory
		thread-name thread-apart a UTS namespace of its own
		thread-network thread-apart a network namespace of its own
	END
}

innocents='class-reset-on-fork proc-of-first-thread shares-files sockets threads unlinked-socket'

# told CHECK WORDS: of a process that is not init, in /tmp/said
told()
{
	grep -F "[$1]" /tmp/said | grep -qF "$2" || die "no $1 with \"$2\": $(cat /tmp/said)"
}

# alone MODE CHECK WORDS: it is refused, and the container runs on
alone()
{
	block c1 "$1"
	lxc-checkpoint --check -n c1 >/tmp/said 2>&1 || :
	told "$2" "$3"
	fails 3 "$3" dump -n c1 -s
	check_equal RUNNING "$(lxc-info -n c1 -sH)" "state after $1"
}

make_bridge
start_dhcp
make_container c1
with_blocker c1
install -m 755 "$(command -v tail)" /var/lib/lxc/c1/rootfs/bin/gnutail
echo a >/var/lib/lxc/c1/rootfs/lines
cat >>/var/lib/lxc/c1/rootfs/etc/inittab <<-'END'
	::once:/bin/gnutail -f /lines >/seen
	::once:/bin/sleep 100000
END
start_container c1

step 'each is told, with its process'
while read -r mode name words; do
	block c1 "$mode"
	lxc-checkpoint --check -n c1 >/tmp/said 2>&1 || :
	told "$name" "$words"
	check_equal 1 "$(grep -c '^BLOCKS' /tmp/said)" "findings in $mode ($(cat /tmp/said))"
	unblock c1
done < <(strangers)
wait_for 10 lxc-checkpoint -q --check -n c1

step 'one is enough for a refusal, in time'
alone proc-of-thread proc-file 'a file of a thread'
check_not test -e "$IMG"
unblock c1

step 'what is beside it comes back'
for mode in $innocents; do
	block c1 "$mode"
done
check_equal 'c1 can be checkpointed' "$(lxc-checkpoint --check -n c1 2>&1)" 'answer'
for _ in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
done

step 'a socket that was renamed is worth a warning'
for mode in linked-socket renamed-socket; do
	block c1 "$mode"
	check lxc-checkpoint --check -n c1 >/tmp/said 2>&1
	told socket-name 'whose name has changed since it was bound (/tmp/early.'
	unblock c1
done

step 'terminals of another devpts'
alone other-devpts terminal 'another devpts'
unblock c1
check in_container c1 umount /tmp/pts

step 'a frozen cgroup in it holds nothing up'
alone frozen-child frozen-cgroup 'own cgroup still'
in_container c1 sh -c 'echo 0 >/sys/fs/cgroup/still/cgroup.freeze'
check dump -n c1 -s --replace
check restore -n c1

step 'nor does one that it freezes after the check'
cat >/run/freezes <<'END'
#!/bin/sh
[ "$CRTOOLS_SCRIPT_ACTION" != "$(cat /run/moment)" ] ||
	echo 1 >/sys/fs/cgroup/lxc.payload.c1/still/cgroup.freeze
END
chmod +x /run/freezes
for moment in pre-dump network-lock; do
	echo $moment >/run/moment
	fails 1 'has frozen its own cgroup still meanwhile' dump -n c1 -s --replace -A /run/freezes
	check_equal RUNNING "$(lxc-info -n c1 -sH)" "state after $moment"
	check_equal 1 "$(cat /sys/fs/cgroup/lxc.payload.c1/still/cgroup.freeze)" "frozen after $moment"
	in_container c1 sh -c 'echo 0 >/sys/fs/cgroup/still/cgroup.freeze'
done
check dump -n c1 -s --replace
check restore -n c1

step 'what poll() and sleep() wait for goes on: tail -f, sleep'
ROOTFS=/var/lib/lxc/c1/rootfs
seen()
{
	[ "$(tail -n 1 "$ROOTFS/seen")" = "$1" ]
}
lxc-stop -k -n c1
lxc-wait -n c1 -s STOPPED -t 10
start_container c1
wait_for 10 seen a
wait_for 10 runs c1 /bin/sleep
before=$(vpid c1 /bin/gnutail) sleeps=$(vpid c1 /bin/sleep)
for line in b c; do
	check dump -n c1 -s --replace
	check restore -n c1
	echo "$line" >>"$ROOTFS/lines"
	wait_for 10 seen "$line"
	check_equal "$before" "$(vpid c1 /bin/gnutail)" 'tail'
	check_equal "$sleeps" "$(vpid c1 /bin/sleep)" 'sleep'
done

step 'a rootfs that is an overlay, and what is watched there'
lxc-stop -k -n c1
lxc-wait -n c1 -s STOPPED -t 10
mkdir /run/overlay
mount -t tmpfs overlay /run/overlay
mkdir /run/overlay/upper /run/overlay/work
mount -t overlay -o "lowerdir=$ROOTFS,upperdir=/run/overlay/upper,workdir=/run/overlay/work" \
	overlay "$ROOTFS"
start_container c1
block c1 event-files
check lxc-checkpoint --check -n c1 >/tmp/said 2>&1
told watch 'watches a file of an overlay with inotify'
check dump -n c1 -s --replace
check restore -n c1
unblock c1
check_equal 'c1 can be checkpointed' "$(lxc-checkpoint --check -n c1 2>&1)" 'answer'
