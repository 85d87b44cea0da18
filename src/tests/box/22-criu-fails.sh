#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Whatever happens to CRIU, the user learns what happened and what to do, the container keeps
# running with its network attached, and no directory looks like a checkpoint without being one.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"

export FAKE_CRIU=/run/fake
mkdir -p "$FAKE_CRIU"

# fake: the criu to be used is the fake one, with the plan on stdin
fake()
{
	cat >"$FAKE_CRIU/plan"
	# what was found of the last one is not looked for again
	rm -f "$FAKE_CRIU/argv" /run/lxc-checkpoint/criu
	export LXC_CHECKPOINT_CRIU=${0%/*}/../fakes/criu
	LXC_CHECKPOINT_CRIU=$(readlink -f "$LXC_CHECKPOINT_CRIU")
}

# The container is as if nothing had been.
check_unharmed()
{
	check_equal RUNNING "$(lxc-info -n c1 -sH)" 'state'
	check_equal lxcbr0 "$(bridge_of "$veth")" "bridge of $veth"
	check_client_goes_on
	check_not test -e "$IMG/manifest.json"
	check_left "$before"
}

WITH_BLOCKER=1 start_counter c1
start_client
veth=$(host_veth)
before=$(leftovers)

step 'no criu at all'
LXC_CHECKPOINT_CRIU=/nowhere/criu fails 3 'not the absolute path of a program' dump -n c1
# a PATH without it, and an empty directory over the places that are looked at besides
mkdir /run/nothing /run/sbin
# shellcheck disable=SC2016 # for that bash
fails 3 'criu is not installed' unshare -m bash -c '
	for tool in bash lxc-checkpoint; do ln -s "$(command -v $tool)" /run/nothing/; done
	mount -t overlay -o lowerdir=/run/sbin:/usr/sbin none /mnt 2>/dev/null || :
	mount --bind /run/sbin /usr/sbin
	PATH=/run/nothing lxc-checkpoint -n c1 -D /run/image'
case $said in *'apt-get install criu'*) ;; *) die "no word of what to install: $said" ;; esac
check_not test -e "$IMG"
check_unharmed

step 'a criu that is too old, and one that cannot work on this kernel'
fake <<<'version 3.9'
fails 3 'is version 3.9.0; at least 3.17 is required' dump -n c1
check_not test -e "$FAKE_CRIU/argv"
fake <<<'check 1'
fails 3 'it cannot work on this kernel' dump -n c1
case $said in *'vdso: Unexpected rt vDSO area bounds'*) ;; *) die "the cause is not told: $said" ;; esac
check_not test -e "$IMG"
check_unharmed

step 'a criu that would lose something of a process'
block c1 no-new-privileges
fake <<<'version 3.18'
# on a kernel that is too new for it there is more
fails 3 'which this CRIU' dump -n c1
fails 3 'has no_new_privs set, which this CRIU would lose' lxc-checkpoint --check -n c1
case $said in *'install CRIU 3.19'*) ;; *) die "no remedy: $said" ;; esac
check_not test -e "$IMG"
unblock c1
# lxc-attach has made itself a cgroup
before=$(leftovers)
check_unharmed

step 'its log has the cause, and the table of hints the remedy'
fake <<-'END'
	log (00.000001) Version: 4.2.1
	log (00.000002) Error (criu/tty.c:1234): tty: Unable to find a master for /4
	log (00.000003) Error (criu/cr-dump.c:2093): Dumping FAILED.
	exit 1
END
fails 1 'tty: Unable to find a master for /4' dump -n c1 -s
case $said in *hint:*) ;; *) die "no hint: $said" ;; esac
case $said in *"$IMG/dump.log"*) ;; *) die "no log: $said" ;; esac
case $said in *'keeps running'*) ;; *) die "what of the container? $said" ;; esac
grep -q 'Unable to find' "$IMG/dump.log"
check_unharmed

step 'it dies between network-lock and network-unlock'
fake <<-'END'
	script network-lock
	kill
END
fails 1 'killed by signal 9' dump -n c1 -s
check_unharmed

step 'it fails between network-lock and network-unlock'
fake <<-'END'
	script network-lock
	exit 1
END
fails 1 'exited with 1' dump -n c1
check_unharmed

step 'it says nothing at all'
fake <<<'exit 3'
fails 1 'criu dump exited with 3' dump -n c1
check_unharmed

step 'it dies with the image sealed'
fake <<-'END'
	script network-lock
	script post-dump
	kill
END
fails 1 'killed by signal 9' dump -n c1 -s
check_unharmed

step 'what passes by itself is tried again, but not with the image sealed'
cat >/run/count <<-'END'
	#!/bin/sh
	[ "$CRTOOLS_SCRIPT_ACTION" != pre-dump ] || echo >>/run/called
END
chmod +x /run/count
for stage in network-lock post-dump; do
	fake <<-END
		script pre-dump
		script network-lock
		script $stage
		log (00.000002) Error (soccr/soccr.c:371): recv failed (8192, want 4096): Invalid argument
		log (00.000003) Error (criu/sk-tcp.c:147): tcp: libsoccr_save() failed with -6
		exit 1
	END
	rm -f /run/called
	fails 1 'recv failed' dump -n c1 -s -A /run/count
	check grep -q 'hint: a TCP connection waits' <<<"$said"
	check_equal "$([ $stage = post-dump ] && echo 1 || echo 5)" "$(wc -l </run/called)" "tries with $stage"
	check_unharmed
done

step 'nothing is tried again while its network is off, which the next checkpoint would not know of'
cat >/run/no-bridge <<-'END'
	#!/bin/sh
	[ "$CRTOOLS_SCRIPT_ACTION" = network-lock ] || exit 0
	ip link delete dev lxcbr0
	echo real >/run/fake/next
	mv /run/fake/next /run/fake/plan
END
chmod +x /run/no-bridge
fake <<-'END'
	script network-lock
	log (00.000002) Error (soccr/soccr.c:371): recv failed (8192, want 4096): Invalid argument
	exit 1
END
fails 1 "ip link set dev $veth master lxcbr0" dump -n c1 -s -A /run/no-bridge
make_bridge
ip link set dev "$veth" master lxcbr0
check_unharmed

step 'the callback cannot do its work'
ip link set dev "$veth" nomaster
ip link delete dev lxcbr0
fake <<<'real'
# a veth that is on no bridge is CRIU's to lock: it can be checkpointed all the same
check dump -n c1
make_bridge
ip link set dev "$veth" master lxcbr0
rm -r "$IMG"
check_client_goes_on

step 'the disk cannot take the image'
mkdir -p /run/small
mount -t tmpfs -o size=100k small /run/small
unset LXC_CHECKPOINT_CRIU
before=$(leftovers)
IMG=/run/small/image
fails 3 'left for /run/small/image' dump -n c1 -s
check_not test -e "$IMG"
check_unharmed
# enough when it is looked at, and used up by others when it begins
mount -o remount,size=64m /run/small
cat >/run/fill <<'END'
#!/bin/sh
[ "$CRTOOLS_SCRIPT_ACTION" != pre-dump ] || dd if=/dev/zero of=/run/small/filler bs=4k 2>/dev/null
exit 0
END
chmod +x /run/fill
fails 1 'keeps running' dump -n c1 -s -A /run/fill
check_unharmed
rm /run/small/filler
check dump -n c1 -s
check restore -n c1
check_client_goes_on
IMG=/run/image
veth=$(host_veth)
before=$(leftovers)

step 'the command is killed while CRIU dumps'
holder post-dump
lxc-checkpoint -n c1 -s -D "$IMG" -A /run/hold-post-dump &
command=$!
read -r _ </run/held
check_equal '' "$(bridge_of "$veth")" 'bridge while it is being dumped'
kill -KILL "$command"
wait "$command" || :
echo go >/run/go-on
criu_is_gone()
{
	! pgrep -x criu >/dev/null
}
wait_for 10 criu_is_gone
check_unharmed
check dump -n c1 -s
check restore -n c1
check_client_goes_on

step 'a restore that fails leaves nothing, and the next one works'
check dump -n c1 -s --replace
before=$(leftovers)
for how in kill 'exit 1' $'script network-unlock\nkill'; do
	fake <<<"$how"
	fails 1 'c1 was not restored' restore -n c1
	check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
	check_left "$before"
	grep -qx -- --restore-sibling "$FAKE_CRIU/argv"
done
unset LXC_CHECKPOINT_CRIU

step 'so does one whose network cannot be attached'
cat >/run/no-bridge <<'END'
#!/bin/sh
[ "$CRTOOLS_SCRIPT_ACTION" != post-restore ] || ip link delete dev lxcbr0
END
chmod +x /run/no-bridge
fails 1 'of eth0, to lxcbr0' restore -n c1 -A /run/no-bridge
check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
check_left "$before"
fails 3 'the bridge lxcbr0' restore -n c1
make_bridge
check restore -n c1
check_client_goes_on
check_equal ok "$(ask check)" 'the memory'
end_client
