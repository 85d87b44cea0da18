#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A rootfs that is an overlay which LXC mounts, as `lxc-copy -s` and -e make it too: the restore
# mounts the same one, of the same layers, and no other.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# as_overlay NAME PATH: NAME gets that lxc.rootfs.path. Its own rootfs is then a layer.
as_overlay()
{
	sed -i '/^lxc.rootfs.path/d' "/var/lib/lxc/$1/config"
	printf 'lxc.rootfs.path = %s\n' "$2" >>"/var/lib/lxc/$1/config"
}

# its_root: what c1 has for its /, with all options. The kernel tells uuid=on only at the first mount
# of an upper directory.
its_root()
{
	grep ' / / ' "/proc/$(init_pid c1)/mountinfo" | cut -d ' ' -f 6,10- | sed 's/,uuid=on//'
}

# refused WORDS: by the check and by the restore, before anything runs
refused()
{
	fails 3 "$1" lxc-checkpoint -r --check -n c1 -D "$IMG"
	fails 3 "$1" restore -n c1
	check_equal STOPPED "$(lxc-info -n c1 -sH)" state
	check lxc-checkpoint --verify -D "$IMG"
}

# Two filesystems: a file of one then has another device than the overlay. Each name is what a name
# may be: a space, a comma, colons, a backslash.
LOWER='/srv/lower/a b,c\d' UPPER='/srv/upper/de lta/u:p, x'
LOWER_WORD='/srv/lower/a b\,c\\d' UPPER_WORD='/srv/upper/de lta/u:p\, x'
mount -t tmpfs -o mode=755 srv /srv
mkdir /srv/lower /srv/upper
mount -t tmpfs -o mode=755 lower /srv/lower
mount -t tmpfs -o mode=755 upper /srv/upper
mkdir -p /srv/lower/top/etc "$UPPER"
echo top >/srv/lower/top/etc/layer

make_overlay()
{
	local rootfs=/var/lib/lxc/c1/rootfs

	echo bottom >"$rootfs/etc/layer"
	echo "::once:/bin/sh -c 'exec 5</etc/passwd 6>>/etc/written 7</etc/layer; exec sleep 1000'" >>"$rootfs/etc/inittab"
	mv "$rootfs" "$LOWER"
	as_overlay c1 "overlay:/srv/lower/top:$LOWER_WORD:$UPPER_WORD"
}

step 'three layers, with names that need backslashes; two rounds'
BEFORE_START=make_overlay start_counter c1
before=$(its_root)
in_container c1 sh -c 'echo one >/made; rm /etc/issue 2>/dev/null; chmod 700 /etc/layer' </dev/null
check lxc-checkpoint --check -n c1
start_client
for round in 1 2; do
	check dump -n c1 -s --replace
	check lxc-checkpoint -r --check -n c1 -D "$IMG"
	check restore -n c1
	check_client_goes_on
	check_equal "$before" "$(its_root)" 'the overlay'
	check_equal one "$(in_container c1 cat /made)"
	check_equal top "$(in_container c1 cat /etc/layer)"
	in_container c1 sh -c "echo $round >/round" </dev/null
	check_equal "$round" "$(cat "$UPPER/round")" 'what is in the upper directory'
done
end_client
check_equal '' "$(grep overlay /proc/self/mountinfo | grep /srv || :)" 'what the host has mounted'

step 'without -s it runs on'
check dump -n c1 --replace
check state_is c1 RUNNING
wait_for 20 answers
check dump -n c1 -s --replace

step 'other layers'
mv "$UPPER" "$UPPER.old"
refused 'cannot be looked at: No such file or directory'
mkdir "$UPPER"
refused 'is another one (inode'
rmdir "$UPPER"
mv "$UPPER.old" "$UPPER"
mount -t tmpfs none /srv/upper/de\ lta
refused 'cannot be looked at'
mkdir "$UPPER"
refused 'is in another filesystem'
umount /srv/upper/de\ lta
as_overlay c1 "overlay:$LOWER_WORD:$UPPER_WORD"
refused 'it has 2 layers and had 3'
as_overlay c1 "overlay:$LOWER_WORD:/srv/lower/top:$UPPER_WORD"
refused 'is another one (inode'
as_overlay c1 "$LOWER"
refused 'it was overlay and is a directory'
as_overlay c1 "overlay:/srv/lower/top:$LOWER_WORD:$UPPER_WORD"

step 'a file of the container that has changed is found in the overlay'
mkdir -p "$UPPER/bin"
cp "$LOWER/bin/counter" "$UPPER/bin/counter"
echo more >>"$UPPER/bin/counter"
fails 3 /bin/counter lxc-checkpoint -r -n c1 -D "$IMG"
rm "$UPPER/bin/counter"
check restore -n c1
wait_for 20 answers

step 'a restore that fails leaves nothing'
check dump -n c1 -s --replace
left=$(leftovers)
check_not restore -n c1 -A /bin/false
check_left "$left"
check restore -n c1
wait_for 20 answers
check lxc-stop -n c1 -k

step 'what is not what the configuration says, and what cannot be mounted twice'
as_overlay c1 "overlay:/srv/lower/top:$LOWER_WORD:$UPPER_WORD"
start_container c1
as_overlay c1 "overlay:$LOWER_WORD:$UPPER_WORD"
fails 3 'is mounted with other layers' lxc-checkpoint --check -n c1
as_overlay c1 "overlay:/srv/lower/top:$LOWER_WORD:$UPPER_WORD"
check lxc-checkpoint --check -n c1
mount -t tmpfs none /srv/upper
mkdir -p "$UPPER"
fails 3 'with an upper directory that is not' lxc-checkpoint --check -n c1
umount /srv/upper
lxc-stop -k -n c1
echo 'lxc.rootfs.options = volatile' >>/var/lib/lxc/c1/config
start_container c1
fails 3 'does not mount its upper directory a second time' lxc-checkpoint --check -n c1
lxc-stop -k -n c1
rm -r /srv/upper/de\ lta/work

step 'options'
sed -i 's/^lxc.rootfs.options.*/lxc.rootfs.options = noatime,nodev,index=on,xino=off/' /var/lib/lxc/c1/config
start_container c1
before=$(its_root)
check grep -q 'nodev,noatime.*index=on' <<<"$before"
for round in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
	check_equal "$before" "$(its_root)" "round $round"
done
lxc-stop -k -n c1

step 'lxc-copy -s: its clone is an overlay'
make_container base
check lxc-copy -s -n base -N clone
check grep -q 'overlay.*delta' /var/lib/lxc/clone/config
start_container clone
for round in 1 2; do
	check dump -n clone -s --replace
	check restore -n clone
	in_container clone sh -c "echo $round >/round" </dev/null
	check_equal "$round" "$(cat /var/lib/lxc/clone/overlay/delta/round)"
done
fails 1 '' lxc-destroy -n base
lxc-stop -k -n clone

step 'lxc-copy -e: what is destroyed at the end of a restored one is what LXC destroys'
kept_of()
{
	(cd /var/lib/lxc && find . -mindepth 1 -maxdepth 1 | sort && cat base/lxc_snapshots)
}
before=$(kept_of)
check lxc-copy -e -n base -N brief
check lxc-wait -n brief -s RUNNING -t 10
check_not [ "$before" = "$(kept_of)" ]
fails 3 'is ephemeral' dump -n brief -s --replace
check dump -n brief --replace
cp -a /var/lib/lxc/brief /tmp/brief
cp -a /var/lib/lxc/base/lxc_snapshots /tmp/snapshots
lxc-stop -k -n brief
wait_for 10 [ ! -e /var/lib/lxc/brief ]
check_equal "$before" "$(kept_of)" 'what LXC leaves'
cp -a /tmp/brief /var/lib/lxc/brief
cp -a /tmp/snapshots /var/lib/lxc/base/lxc_snapshots
fails 3 'is another one (inode' restore -n brief
check restore -n brief --force=stale,rootfs
check state_is brief RUNNING
lxc-stop -k -n brief
wait_for 10 [ ! -e /var/lib/lxc/brief ]
check_equal "$before" "$(kept_of)" 'what is left of a restored one'

step 'a list that somebody else has written makes root touch nothing'
# what an escaped process of a container with an ID map could put into its directory
forge()
{
	printf '%s\n' /../../../srv/there other >/tmp/brief/lxc_rdepends
	chown 100000:100000 /tmp/brief/lxc_rdepends
}
mkdir -p /srv/there/other
printf '%s\n' /var/lib/lxc brief >/srv/there/other/lxc_snapshots
forge
cp -a /tmp/brief /var/lib/lxc/brief
check restore -n brief --force=stale,rootfs
lxc-stop -k -n brief
wait_for 10 [ ! -e /var/lib/lxc/brief ]
check [ -s /srv/there/other/lxc_snapshots ]
check [ ! -e /srv/there/.other ]

step 'on a tmpfs that a pre-mount hook makes'
check lxc-copy -e -t -n base -N tmp
check lxc-wait -n tmp -s RUNNING -t 10
fails 3 'after its pre-mount hooks, which a restore does not run' lxc-checkpoint --check -n tmp
check grep -q 'with an upper directory that is not' <<<"$said"
lxc-stop -k -n tmp
