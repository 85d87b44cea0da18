#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Something runs out during a checkpoint or restore: disk space, at any file; descriptors;
# processes. Or the directory is not writable.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"

DISK=/run/disk

# An action script: at one stage others take the disk, but for so many KiB
cat >/run/fill <<'END'
#!/bin/bash
read -r action kib </run/leave
[ "$CRTOOLS_SCRIPT_ACTION" = "$action" ] || exit 0
free=$(df --output=avail /run/disk | tail -n 1)
head -c "$(((free - kib) * 1024))" /dev/zero >/run/disk/filler
exit 0
END
chmod +x /run/fill

# disk_full ACTION KIB DUMP-OPTION...: FAILURES counts; of each the cause is told, however little
# room there was to log it
disk_full()
{
	local what="$1 $2"

	echo "$what" >/run/leave
	shift 2
	fault dump -n c1 -A /run/fill "$@"
	rm -f $DISK/filler
	if [ "$status" != 0 ]; then
		FAILURES=$((FAILURES + 1))
		check_equal 1 "$status" "exit status ($what: $(cat /tmp/said))"
		check grep -q "no space is left for $IMG" /tmp/said
		check grep -qE 'hint: free space, or .* -D: [0-9.]+ MiB had been written, and 0\.[0-9] MiB were free after that; its memory takes up to [0-9.]+ MiB$' /tmp/said
		check_not grep -q 'rlimit\|CRIU: (cr' /tmp/said
	fi
	survived_dump
}

# limited KIND N COMMAND...
limited()
{
	local kind=$1 n=$2

	shift 2
	case $kind in
	descriptors) prlimit --nofile="$n" "$@" ;;
	# of cgroup v1, mounted for as long as it takes to get in
	processes)
		(
			mount -t cgroup -o pids pids /mnt/pids
			mkdir -p /mnt/pids/few
			echo "$n" >/mnt/pids/few/pids.max
			exec 9>/mnt/pids/few/cgroup.procs
			umount -l /mnt/pids
			# from here on nothing else may be started
			echo "$BASHPID" >&9
			exec 9>&-
			exec "$@"
		)
		;;
	esac
}

# It is partly in that cgroup of v1, and CRIU does not save such a one: so once more, from outside
restore_elsewhere()
{
	end_client
	check lxc-stop -k -n c1
	check_left "$STOPPED"
	check restore -n c1
	rm /tmp/counted
	start_client
}

mkdir $DISK /mnt/pids
mount -t tmpfs -o size=64m disk $DISK
IMG=$DISK/image
begin_faults 1
FAILURES=0

step 'the disk is full, at whichever file'
for kib in 0 4 8 16 32 64 128 256 512 1024 1536 2048 4096; do
	disk_full pre-dump "$kib" -s
	rm -rf "$IMG"
done
check test "$FAILURES" -ge 8
check test "$FAILURES" -lt 13
FAILURES=0

step 'it is full when the image is sealed'
for stop in '' -s; do
	for kib in 0 4 8 12 16 64; do
		disk_full post-dump "$kib" $stop
		rm -rf "$IMG"
	done
done
check test "$FAILURES" -ge 4
check test "$FAILURES" -lt 12

step 'the one that is to be replaced stays'
check dump -n c1
cp "$IMG/manifest.json" /tmp/manifest
for stage in 'pre-dump 64' 'post-dump 0' 'post-dump 8'; do
	# shellcheck disable=SC2086 # words
	echo $stage >/run/leave
	fault dump -n c1 -A /run/fill -s --replace
	rm -f $DISK/filler
	check_equal 1 "$status" "exit status ($(cat /tmp/said))"
	check cmp "$IMG/manifest.json" /tmp/manifest
	check_client false
	check_left "$RUNNING"
done
check dump -n c1 -s --replace
check restore -n c1
check_client false

step 'a restore on a full disk'
check dump -n c1 -s --replace
head -c 64M /dev/zero >$DISK/filler 2>/dev/null || :
fault restore -n c1
rm $DISK/filler
state_is c1 RUNNING || check restore -n c1
check_client false
check_left "$RUNNING"

step 'a directory that cannot be written to'
rm -r "$IMG"
mount -o remount,ro $DISK
for IMG in $DISK/image $DISK /proc/image /proc/self /sys/fs/cgroup /sys/fs/cgroup/image \
	/dev/pts /etc/passwd /run/image/no$'\n'line; do
	fault dump -n c1 -s
	if [ "$status" != 0 ]; then
		survived_dump
	else
		check restore -n c1
		check_client false
	fi
	[ ! -d /sys/fs/cgroup/image ] || rmdir /sys/fs/cgroup/image
done
IMG=/run/image
rm -rf "$IMG"
check_left "$RUNNING"

for kind in descriptors processes; do
	step "few $kind, for a checkpoint"
	for n in 3 4 5 6 8 10 12 14 16 20 24 32 48; do
		fault limited "$kind" "$n" lxc-checkpoint -D "$IMG" -n c1 -s
		survived_dump
		rm -rf "$IMG"
	done
	check dump -n c1 -s

	step "few $kind, for a restore"
	for n in 1 2 3 4 5 6 8 10 12 14 16 20 24 32 48; do
		fault limited "$kind" "$n" lxc-checkpoint -D "$IMG" -n c1 -r
		wait_for 20 quiet
		wait_for 20 settled
		if [ "$status" != 0 ]; then
			check_left "$STOPPED"
			continue
		fi
		check_client false
		[ $kind = descriptors ] || restore_elsewhere
		# not with what it was limited to
		check dump -n c1 -s --replace
	done
	check restore -n c1
	check_client false
	rm -r "$IMG"
done
end_faults
