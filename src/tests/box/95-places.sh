#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Open files whose place in the container is gone, or another's. Deleted folders in each other
# come back; a folder whose place another has taken, and a socket that could not be bound, are
# refused with the process. CRIU saves all of these, and then restores none.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
export FRESH=1

ROOTFS=/var/lib/lxc/c1/rootfs

# MODE, the check that finds it, and words of what is said
blockers()
{
	cat <<-'END'
		replaced-by-folder deleted-folder at its place
		replaced-by-file deleted-folder is in a directory that was deleted
		twice deleted-folder had the same path
		file-without-folder deleted-folder has a file open
		pipe-without-folder deleted-folder has a file open
		removed-cgroup removed-cgroup in a cgroup that was removed
		socket-without-folder socket-name the folder /places/s is not there
		socket-moved socket-name the folder /places/s is not there
		socket-renamed socket-name the relative name socket
		on-ramfs lost-content has a file open on a ramfs
		in-ramfs lost-content is in a directory on a ramfs
		mapped-huge lost-content has a file mapped on a hugetlbfs
		shared-code shared-code has code in shared memory
	END
}

is_answered()
{
	[ -s "$ROOTFS/ready.ask" ]
}

right()
{
	: >"$ROOTFS/ready.ask"
	wait_for 10 is_answered
	check_equal right "$(cat "$ROOTFS/ready.ask")" "$1"
	rm "$ROOTFS/ready.ask"
}

make_bridge
start_dhcp
make_container c1
with_blocker c1
install -m 755 "$(payload places)" "$ROOTFS/bin/blocker"
start_container c1

step 'each is told, with its process'
while read -r mode name words; do
	step "  $mode"
	rm -rf "$ROOTFS/places"
	block c1 "$mode"
	fails 3 "[$name]" lxc-checkpoint --check -n c1
	check_equal 1 "$(grep -c '^BLOCKS' <<<"$said")" "findings in $mode ($said)"
	check grep -qF "(pid $(host_pid c1 "$BLOCKED"), in the container $BLOCKED)" <<<"$said"
	check grep -qF "$words" <<<"$said"
	unblock c1
	in_container c1 sh -c 'umount /places/ram /places/huge 2>/dev/null' </dev/null || :
done < <(blockers)

step 'a socket of another root directory is worth a warning'
rm -rf "$ROOTFS/places"
block c1 socket-in-jail
fails 0 'in a root directory of its own (/places/jail/tmp/jailed)' lxc-checkpoint --check -n c1
unblock c1

step 'one is enough for a refusal'
rm -rf "$ROOTFS/places"
block c1 replaced-by-folder
fails 3 'at its place' dump -n c1 -s
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
check test -d "$ROOTFS/places/folder"
unblock c1
rm -rf "$ROOTFS/places"

for mode in folders sockets shared-code-behind; do
	step "what comes back: $mode"
	block c1 "$mode"
	right "$mode"
	check_equal 'c1 can be checkpointed' "$(lxc-checkpoint --check -n c1 2>&1)" 'answer'
	for _ in 1 2; do
		check dump -n c1 -s --replace
		check restore -n c1
		right "$mode after a restore"
	done
	unblock c1
done
