#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Files that only the checkpoint has: the content of a container's tmpfs comes back with all
# attributes that a file can have.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# content NAME: of its tmpfs
content()
{
	python3 "$TMPFS" show "/proc/$(init_pid "$1")/root/tmpfs"
}

# same_content NAME: after each of two rounds; tar leaves out sockets that no process has
same_content()
{
	content "$1" | grep -v "^b'socket'" >/tmp/before
	for _ in 1 2; do
		check dump -n "$1" -s --replace
		check restore -n "$1"
		content "$1" >/tmp/after
		diff /tmp/before /tmp/after || die 'the tmpfs has changed'
	done
}

TMPFS=$(readlink -f "${0%/*}/../payload/tmpfs.py")
ROOTFS=/var/lib/lxc/c1/rootfs

# name KIND LENGTH: a process with that, see payload/longnames.c. Sets PID, on this host
name()
{
	rm -f "$ROOTFS/ready" "$ROOTFS/said"
	echo "$*" >"$ROOTFS/names"
	wait_for 10 name_is_ready
	PID=$(host_pid c1 "$(cat "$ROOTFS/ready")")
}

name_is_ready()
{
	[ ! -s "$ROOTFS/said" ] || die "$(cat "$ROOTFS/said")"
	[ -s "$ROOTFS/ready" ]
}

is_dead()
{
	[ ! -d "/proc/$1" ]
}

# unname: that process is gone, and its files
unname()
{
	kill -KILL "$(host_pid c1 "$(cat "$ROOTFS/ready")")"
	rm -rf "$ROOTFS"/tmp/* "$ROOTFS"/ddd*
	wait_for 10 is_dead "$PID"
}

# has KIND LENGTH [ROUNDS]: after these it has the file as it was
has()
{
	local kind=$1 round

	name "$1" "$2"
	for ((round = 0; round < ${3:-1}; round++)); do
		check dump -n c1 -s --replace
		check restore -n c1
		PID=$(host_pid c1 "$(cat "$ROOTFS/ready")")
		case $kind in
		program) check cmp -s "/proc/$PID/fd/9" "$ROOTFS/bin/longnames" ;;
		folder) check test -d "/proc/$PID/fd/9" ;;
		fifo) check test -p "/proc/$PID/fd/9" ;;
		*) check_equal "$kind" "$(cat "/proc/$PID/fd/9")" 'content' ;;
		esac
		[ "$kind" = path ] || check grep -q 'deleted' <<<"$(readlink "/proc/$PID/fd/9")"
	done
	unname
}

# has_not KIND LENGTH WORDS: it is refused, in time
has_not()
{
	name "$1" "$2"
	fails 3 "$3" lxc-checkpoint --check -n c1
	check grep -q longnames <<<"$said"
	fails 3 "$3" dump -n c1 -s --replace
	check test -d "/proc/$PID"
	unname
}

# attach COMMAND: in c1, with nothing of this shell
attach()
{
	lxc-attach -n c1 --clear-env -- sh -ec "$1" </dev/null >/dev/null 2>/tmp/attach ||
		die "$1: $(cat /tmp/attach)"
}

make_bridge
start_dhcp
make_container c1 <<-'END'
	lxc.mount.entry = none tmpfs tmpfs rw,create=dir 0 0
	lxc.cgroup2.devices.allow = a
END
payload longnames >/dev/null
install -m 755 /tmp/payload/longnames "$ROOTFS/bin/longnames"
cat >"$ROOTFS/bin/names" <<-'END'
	#!/bin/sh
	while :; do
		read -r words </names || continue
		# shellcheck disable=SC2086 # words
		(/bin/longnames $words /ready 2>/said &)
	done
END
chmod 755 "$ROOTFS/bin/names"
mkfifo "$ROOTFS/names"
echo '::once:/bin/names' >>"$ROOTFS/etc/inittab"
start_container c1

step 'a tmpfs with one of everything'
python3 "$TMPFS" make "/proc/$(init_pid c1)/root/tmpfs"
export TAR_OPTIONS=--no-such-option
same_content c1
unset TAR_OPTIONS

step 'deleted files whose names are as long as can be'
has file 255 2
for kind in mapped fifo folder program; do
	has "$kind" 255
done
has file 244

step 'several in one folder'
name file 255
first=$(cat "$ROOTFS/ready")
name mapped 255
check dump -n c1 -s --replace
check restore -n c1
check_equal mapped "$(cat "/proc/$(host_pid c1 "$(cat "$ROOTFS/ready")")/fd/9")" 'content'
PID=$(host_pid c1 "$first")
check_equal file "$(cat "/proc/$PID/fd/9")" 'content of the other'
kill -KILL "$PID"
unname

step 'long names that CRIU cannot do with'
has linked 245
has_not linked 246 'name, of more than 245 bytes, is deleted'
has path 4094
for length in 4095 4200; do
	has_not path "$length" 'has a file open (descriptor 9) whose path is too long'
done

step 'mounts of what is deleted'
attach 'echo 1 >/a; >/b; mount --bind /a /b; echo 2 >/new; mv /new /a'
fails 3 'what is mounted on /b was deleted, and something else has its place' lxc-checkpoint --check -n c1
fails 3 'something else has its place' dump -n c1 -s --replace
attach 'rm /a'
fails 3 'the file that is mounted on /b was deleted' lxc-checkpoint --check -n c1
attach ': >/b'
check dump -n c1 -s --replace
check restore -n c1
check_equal '' "$(in_container c1 cat /b)" 'what is mounted'
attach 'umount /b; rm /b; mkdir /a /b; mount --bind /a /b; rmdir /a'
check dump -n c1 -s --replace
check restore -n c1
attach 'mkdir /a'
fails 3 'something else has its place' lxc-checkpoint --check -n c1
attach 'rmdir /a'
# when the processes stand still it was looked at long ago
cat >/run/take-place <<END
#!/bin/sh
[ "\$CRTOOLS_SCRIPT_ACTION" != network-lock ] || mkdir $ROOTFS/a
END
chmod +x /run/take-place
fails 1 'something else has its place' dump -n c1 -s --replace -A /run/take-place
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
attach 'rmdir /a; umount /b; rmdir /b; mkdir /tmpfs/a /a; mount --bind /tmpfs/a /a; rmdir /tmpfs/a'
check dump -n c1 -s --replace
check restore -n c1
attach ': >/tmpfs/a'
fails 3 'what is mounted on /a was deleted' lxc-checkpoint --check -n c1
attach 'umount /a'

# Of the machine, which has them for all boxes.
HUGE=/proc/sys/vm/nr_hugepages
if grep -q "^Hugepagesize: *2048 kB" /proc/meminfo; then
	step 'fewer huge pages than at the dump'
	set_aside=$(cat "$HUGE")
	trap 'echo "$set_aside" >"$HUGE"' EXIT
	install -m 755 "$(payload hugepages)" "$ROOTFS/bin/longnames"
	# CRIU needs some for itself, and keeps what it found earlier, which was none
	echo $((set_aside + 16)) >"$HUGE"
	rm -f /run/criu.kdat
	criu check >/dev/null 2>&1 || :
	name 8
	check dump -n c1 -s --replace
	echo $((set_aside + 5)) >"$HUGE"
	fails 3 'have 12 huge pages of 2048 KiB, and 5 are free here' lxc-checkpoint -r --check -n c1 -D "$IMG"
	fails 3 "echo $((set_aside + 12)) >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages" restore -n c1
	echo $((set_aside + 12)) >"$HUGE"
	check restore -n c1
	lxc-stop -k -n c1
	echo "$set_aside" >"$HUGE"
	trap - EXIT
	start_container c1
fi

step 'more mounts than CRIU can be told of'
mount -t tmpfs srv /srv
deep=/srv/$(printf 'd%.0s' {1..200})
for _ in {1..18}; do
	deep+=/$(printf 'd%.0s' {1..200})
done
mkdir -p "$deep"
lxc-stop -k -n c1
echo "lxc.mount.entry = $deep deep none bind,create=dir 0 0" >>/var/lib/lxc/c1/config
start_container c1
# shellcheck disable=SC2016 # for that shell
attach 'mkdir /m; mount -t tmpfs m /m; for i in $(seq 600); do mkdir /m/$i; mount --bind /deep /m/$i; done'
fails 3 'more mounts and terminals than fit on CRIU' lxc-checkpoint --check -n c1
fails 3 'more mounts and terminals than fit on CRIU' dump -n c1 -s --replace
# shellcheck disable=SC2016 # for that shell
attach 'for i in $(seq 201 600); do umount /m/$i; done'
check dump -n c1 -s --replace
check restore -n c1
check_equal 200 "$(in_container c1 grep -c ' /m/[0-9]* ' /proc/self/mountinfo)" 'how many mounts there are'
