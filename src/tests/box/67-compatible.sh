#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A restore knows before it begins whether it can work: each obstacle is found and refuses the
# restore, which leaves nothing. Without the obstacle the restore works.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
export FRESH=1

CONFIG=/var/lib/lxc/c1/config
ROOTFS=/var/lib/lxc/c1/rootfs

# findings: "CHECK" for each that blocks, "(CHECK)" for a warning, "-CHECK" for a note
findings()
{
	lxc-checkpoint -r --check --json -n c1 -D "$IMG" "$@" >/tmp/check.json || :
	python3 - <<-'END'
		import json
		answer = json.load(open("/tmp/check.json"))
		found = answer["findings"]
		assert answer["container"] == "c1" and "checkpointable" not in answer
		assert answer["restorable"] == (not any(f["blocks"] for f in found)), answer
		said = []
		for f in found:
		    assert f["reason"] and f["pid"] is None, f
		    assert f["remedy"] or not f["blocks"], f
		    form = "%s" if f["blocks"] else "-%s" if f["note"] else "(%s)"
		    said.append(form % f["check"])
		print(*sorted(said))
	END
}

# What a refused restore or a look could have changed.
world()
{
	leftovers
	lxc-info -n c1 -sH
	find "$IMG" /var/lib/lxc/c1 -xdev -printf '%p %m %s %T@\n' | sort
}

# in_the_way FINDINGS WORDS: now; the restore is refused and says WORDS.
in_the_way()
{
	local before

	before=$(world)
	check_equal "$1" "$(findings)" 'findings'
	fails 3 "$2" lxc-checkpoint -r --check -n c1 -D "$IMG"
	fails 3 "$2" restore -n c1
	fails 3 'hint: ' restore -n c1
	check_equal "$before" "$(world)" "the world after $1"
}

# It works, and it is the same container.
comes_back()
{
	fails 0 '' restore -n c1 "$@"
	wait_for 10 answers
	check dump -n c1 -s --replace
	wait_for 10 state_is c1 STOPPED
}

nothing_in_the_way()
{
	check_equal '' "$(findings)" 'findings'
}

make_bridge
start_dhcp
mkdir -p /tmp/srv/data /tmp/srv/more
echo one >/tmp/srv/file
start_counter c1 <<-'END'
	lxc.mount.entry = /tmp/srv/data srv/data none bind,create=dir 0 0
	lxc.mount.entry = /tmp/srv/file srv/file none bind,create=file 0 0
END

step 'a container that runs'
check dump -n c1
case " $(findings) " in
*' state '*) ;;
*) die "not found that it runs: $(findings)" ;;
esac
fails 3 'is already running' restore -n c1
check dump -n c1 -s --replace
wait_for 10 state_is c1 STOPPED

step 'nothing is in the way'
nothing_in_the_way
check_equal 'c1 can be restored' "$(lxc-checkpoint -r --check -n c1 -D "$IMG")" 'output'
check_equal '' "$(lxc-checkpoint -q -r --check -n c1 -D "$IMG")" 'output with -q'
comes_back
check_equal '' "$said" 'what the restore says'

step 'the bridge'
ip link set dev lxcbr0 name other0
in_the_way bridge 'the bridge lxcbr0, which eth0 of the container was on, is missing'
ip link set dev other0 name lxcbr0
comes_back

step 'a name on the host that is taken is no more than a note'
name=$(sed -n 's/.*"host_name": "\(.*\)".*/\1/p' "$IMG/manifest.json")
ip link add "$name" type bridge
check_equal -interface-name "$(findings)" 'findings'
comes_back
check_equal '' "$said" 'what the restore says'
ip link delete "$name"

step 'sources of mounts'
mv /tmp/srv/data /tmp/srv/gone
in_the_way mount-source '/tmp/srv/data, which the container had on /srv/data, is not on this host'
touch /tmp/srv/data
in_the_way mount-source '/tmp/srv/data, which the container had on /srv/data, was a directory and is none'
rm /tmp/srv/data
mv /tmp/srv/gone /tmp/srv/data
rm /tmp/srv/file
mkdir /tmp/srv/file
in_the_way mount-source 'was a file and is a directory'
rmdir /tmp/srv/file
echo two >/tmp/srv/file
comes_back

step 'the rootfs'
mv "$ROOTFS" /var/lib/lxc/c1/elsewhere
in_the_way rootfs "the rootfs of c1, $ROOTFS, is missing"
cp -a /var/lib/lxc/c1/elsewhere "$ROOTFS"
check_equal '(rootfs)' "$(findings)" 'findings of a copy'
comes_back
[[ $said = "lxc-checkpoint: warning: the rootfs $ROOTFS is another directory"* ]] || die "it says $said"
rm -r "$ROOTFS"
mv /var/lib/lxc/c1/elsewhere /var/lib/lxc/c1/moved
sed -i "s#^lxc.rootfs.path.*#lxc.rootfs.path = dir:/var/lib/lxc/c1/moved#" "$CONFIG"
check_equal '(rootfs)' "$(findings)" 'findings of another'
comes_back
mv /var/lib/lxc/c1/moved "$ROOTFS"
sed -i "s#^lxc.rootfs.path.*#lxc.rootfs.path = dir:$ROOTFS#" "$CONFIG"
check_equal '-rootfs' "$(findings)" 'findings of the same elsewhere'
comes_back

step 'another size of what a process runs: nothing overrides that'
cp -a "$ROOTFS/bin/counter" /tmp/counter.was
echo more >>"$ROOTFS/bin/counter"
in_the_way open-file '/bin/counter, which a process has open or runs, had '
check_equal open-file "$(findings --force=rootfs)" 'findings'
fails 3 'had ' restore -n c1 --force=rootfs,config,cpu,criu
cp -a /tmp/counter.was "$ROOTFS/bin/counter"
comes_back

step 'one that is gone'
mv "$ROOTFS/bin/counter" "$ROOTFS/bin/gone"
in_the_way open-file '/bin/counter, which a process has open or runs, is missing'
mv "$ROOTFS/bin/gone" "$ROOTFS/bin/counter"
nothing_in_the_way

step 'another mode'
chmod 700 "$ROOTFS/bin/counter"
in_the_way open-file 'had the mode 0755 and has 0700'
check_equal '(open-file)' "$(findings --force=rootfs)" 'findings'
comes_back --force=rootfs
[[ $said = 'lxc-checkpoint: warning: /bin/counter, '*' had the mode 0755 and has 0700' ]] ||
	die "it says $said"

step 'another build of the same size'
# after the program, not in it: a build ID of its own in the place of the one that is there
change_build_id()
{
	python3 - "$1" <<-'END'
		import sys
		text = bytearray(open(sys.argv[1], "rb").read())
		at = text.index(b"GNU\0", text.index(b"\x03\0\0\0GNU\0")) + 4
		text[at] ^= 0xff
		open(sys.argv[1], "wb").write(text)
	END
}
change_build_id "$ROOTFS/bin/counter"
in_the_way open-file '/bin/counter, which a process has open or runs, is another build'
comes_back --force=rootfs

step 'what was only touched is newer'
touch "$ROOTFS/bin/counter"
in_the_way stale '/bin/counter, which a process has open or runs, is newer than at the checkpoint: it was changed at 20'
comes_back --force=stale
[[ $said = "lxc-checkpoint: warning: /bin/counter, "*' is newer than'* ]] || die "it says $said"

step 'the config'
cp "$CONFIG" /tmp/config.was
changed()
{
	cp /tmp/config.was "$CONFIG"
	"$@"
}
add()
{
	printf '%s\n' "$@" >>"$CONFIG"
}
changed add 'lxc.mount.entry = /tmp/srv/more srv/more none bind,create=dir 0 0'
in_the_way config 'lxc.mount.entry has been added: /tmp/srv/more srv/more none bind,create=dir 0 0'
changed sed -i '/tmp.srv.data/d' "$CONFIG"
in_the_way config 'lxc.mount.entry has been removed: /tmp/srv/data srv/data'
changed add 'lxc.net.1.type = veth' 'lxc.net.1.link = lxcbr0'
in_the_way config 'lxc.net.1 has been added'
changed sed -i 's/^lxc.net.0.link.*/lxc.net.0.link = br1/' "$CONFIG"
in_the_way config 'lxc.net.0.link was "lxcbr0" and is "br1"'
changed add 'lxc.cap.drop = sys_boot'
in_the_way config 'lxc.cap.drop has been added: sys_boot'
changed add 'lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536'
in_the_way idmap 'the checkpoint of c1 has the ID map "none"'
check_equal idmap "$(findings --force=config,rootfs)" 'findings'
changed add 'lxc.tty.max = 7'
check_equal '(config)' "$(findings)" 'findings'
comes_back
check_equal 'lxc-checkpoint: warning: lxc.tty.max was "5" and is "7"' "$said" 'what the restore says'
cp "$CONFIG" /tmp/config.was
nothing_in_the_way

step 'several at once: all are told, and the words override what they name'
changed add 'lxc.net.1.type = empty' 'lxc.mount.entry = /tmp/srv/more srv/more none bind,create=dir 0 0'
chmod 755 "$ROOTFS/bin/counter"
in_the_way 'config config open-file' 'lxc.mount.entry has been added'
fails 3 '2 more reasons: see lxc-checkpoint -r --check -n c1 -D /run/image' restore -n c1
check_equal '(config) (config) open-file' "$(findings --force=config)" 'findings'
fails 3 'had the mode 0700 and has 0755' restore -n c1 --force=config
fails 3 'has been added' restore -n c1 --force rootfs
comes_back --force=config --force=rootfs
check_equal 3 "$(grep -c '^lxc-checkpoint: warning: ' <<<"$said")" 'warnings'
cp /tmp/config.was "$CONFIG"
in_the_way 'config config' 'has been removed'
comes_back --force=config,rootfs
nothing_in_the_way
chmod 700 "$ROOTFS/bin/counter"
check_equal '' "$(restore -q -n c1 --force=rootfs 2>&1)" 'what a quiet restore says'
wait_for 10 answers

step 'usage'
fails 2 '--force takes cpu, criu, config, network, rootfs and stale' restore -n c1 --force=all
fails 2 'not "owner"' lxc-checkpoint -r --check -n c1 --force=cpu,owner
fails 2 '--force without -r' dump -n c1 --force=cpu
fails 2 'conflict' lxc-checkpoint -r --check -F -n c1
fails 2 'conflict' lxc-checkpoint -r --check -d -n c1
fails 2 'conflict' lxc-checkpoint -r --check -A /bin/true -n c1
fails 3 'there is no container nobody' lxc-checkpoint -r --check -n nobody -D "$IMG"
fails 3 'there is no checkpoint in /nowhere' lxc-checkpoint -r --check -n c1 -D /nowhere
