#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The source of a mount in a directory that others may write to: the container never sees the target
# of a symbolic link that is there, or that appears while CRIU restores.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# swapper STAGE WHAT TARGET: makes /run/swap-STAGE, which has a link to TARGET take WHAT's place.
swapper()
{
	cat >"/run/swap-$1" <<-END
		#!/bin/sh
		[ "\$CRTOOLS_SCRIPT_ACTION" = $1 ] || exit 0
		mv $2 /srv/moved && ln -s $3 $2
	END
	chmod +x "/run/swap-$1"
}

# mend WHAT
mend()
{
	rm "$1"
	mv /srv/moved "$1"
}

mount -t tmpfs -o mode=755 srv /srv
mkdir -m 777 /srv/shared
mkdir -p /srv/shared/dir/data /srv/other/data
echo ours >/srv/shared/dir/data/passwd
echo theirs >/srv/other/data/passwd
before_start=$(make_bridge && start_dhcp && leftovers)
start_counter c1 <<-'END'
	lxc.mount.entry = /srv/shared/dir/data data none bind,create=dir 0 0
END
check_equal ours "$(in_container c1 cat /data/passwd)" 'what is mounted'
check dump -n c1 -s

step 'a link that is there before'
mv /srv/shared/dir /srv/moved
ln -s /srv/moved /srv/shared/dir
fails 3 'its path contains a symbolic link now' restore -n c1
check grep -q '/srv/shared/dir/data' <<<"$said"
check_left "$before_start"
mend /srv/shared/dir

# before CRIU makes the mounts, and after it has forked
for stage in pre-restore setup-namespaces; do
	step "a link that comes at $stage"
	swapper "$stage" /srv/shared/dir /srv/other
	fails 1 'became something else during the restore' restore -n c1 -A "/run/swap-$stage"
	check grep -q '/srv/shared/dir/data' <<<"$said"
	check_left "$before_start"
	mend /srv/shared/dir
done

step 'and in the place of the source itself, which CRIU does not follow'
swapper pre-restore /srv/shared/dir/data /srv/other/data
fails 1 'c1 was not restored' restore -n c1 -A /run/swap-pre-restore
check_left "$before_start"
mend /srv/shared/dir/data

step 'a link to what it was is not harmful, and neither is one that comes too late'
swapper pre-restore /srv/shared/dir /srv/moved
check restore -n c1 -A /run/swap-pre-restore
check_equal ours "$(in_container c1 cat /data/passwd)" 'what is mounted'
check lxc-stop -n c1 -k
mend /srv/shared/dir
swapper pre-resume /srv/shared/dir /srv/other
check restore -n c1 -A /run/swap-pre-resume
check_equal ours "$(in_container c1 cat /data/passwd)" 'what is mounted'
check_equal ok "$(ask check)" 'the memory'
mend /srv/shared/dir
check lxc-stop -n c1 -k
check_left "$before_start"
