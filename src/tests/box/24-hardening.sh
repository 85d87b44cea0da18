#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Mishaps around a checkpoint do no harm: processes that are killed together, directories of others,
# settings of the host, odd names.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

port_setting()
{
	cat "/sys/class/net/$veth/brport/$1"
}

runs_and_answers()
{
	check_equal RUNNING "$(lxc-info -n c1 -sH)" 'state'
	check_equal lxcbr0 "$(bridge_of "$veth")" "bridge of $veth"
	check_client_goes_on
}

# somebody in it talks to itself, which the bridge does not hold up
INITTAB=$'::once:/bin/counter 7001 1\n::respawn:/tmp/client 127.0.0.1 7001 count /inner' start_counter c1 <<-'END'
	lxc.mount.entry = /tmp/payload tmp none ro,bind 0 0
END
veth=$(host_veth)

locks()
{
	nsenter -n -t "$(init_pid c1)" nft list tables
}

inner_counts()
{
	[ "$(cat /var/lib/lxc/c1/rootfs/inner 2>/dev/null)" != "$1" ]
}

check_talks_to_itself()
{
	wait_for 10 inner_counts "$(cat /var/lib/lxc/c1/rootfs/inner)"
}

wait_for 10 inner_counts ''
holder post-dump
holder network-unlock

step 'command and CRIU are killed together: the next command puts the network back'
# A connection with something to read does not survive a killed CRIU: the socket is in repair
# mode when the application reads it. One that is silent does.
/tmp/payload/client "$ADDRESS" "$PORT" silent /run/silent >/tmp/silent &
silent=$!
wait_for 5 test -s /tmp/silent
lxc-checkpoint -n c1 -s -D "$IMG" -A /run/hold-post-dump &
command=$!
read -r _ </run/held
check_equal '' "$(bridge_of "$veth")" 'bridge while it is being dumped'
check grep -q CRIU <<<"$(locks)"
kill -KILL "$command" "$(pgrep -x criu)"
wait "$command" || :
check_equal RUNNING "$(lxc-info -n c1 -sH)" 'state'
pkill -KILL -f hold-post-dump || :
check grep -q CRIU <<<"$(locks)"
check lxc-checkpoint -n c1 -D "$IMG"
check_equal '' "$(locks)" 'locks of the network'
check_talks_to_itself
start_client
runs_and_answers
: >/run/silent
wait "$silent" || die 'the silent connection is lost'
check test "$(wc -l </tmp/silent)" = 2
grep -q '"bridge": "lxcbr0"' "$IMG/manifest.json"

no_criu()
{
	! pgrep -x criu >/dev/null
}

step 'a command that is interrupted takes everything back first'
for signal in TERM INT HUP; do
	# an asynchronous command of a script ignores SIGINT
	env --default-signal=INT lxc-checkpoint -n c1 -s -D /run/third -A /run/hold-post-dump \
		2>/tmp/said &
	command=$!
	read -r _ </run/held
	kill "-$signal" "$command"
	echo go >/run/go-on
	status=0
	wait "$command" || status=$?
	check_equal 1 "$status" "exit status after SIG$signal"
	grep -q 'interrupted' /tmp/said
	check_not test -e /run/third/manifest.json
	runs_and_answers
done

step 'a host that ignores SIGCHLD'
check env --ignore-signal=CHLD lxc-checkpoint -n c1 -s -D /run/third
check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
check env --ignore-signal=CHLD lxc-checkpoint -n c1 -r -D /run/third
veth=$(host_veth)
runs_and_answers

step 'the callback fails when the network is to be attached again: it is, without it'
cat >/run/no-link <<'END'
#!/bin/sh
# once, at network-unlock
[ "$CRTOOLS_SCRIPT_ACTION" = post-dump ] || exit 0
mount --bind /bin/false /usr/local/libexec/lxc-checkpoint/lxc-checkpoint-link
END
chmod +x /run/no-link
check lxc-checkpoint -n c1 -D /run/fourth -A /run/no-link
umount /usr/local/libexec/lxc-checkpoint/lxc-checkpoint-link
check_equal lxcbr0 "$(bridge_of "$veth")" bridge
runs_and_answers
check lxc-checkpoint -n c1 -D /run/fifth

step 'a bridge port keeps its settings'
ip link set dev "$veth" type bridge_slave hairpin on isolated on guard on priority 7
check lxc-checkpoint -n c1 -D /run/sixth
for setting in hairpin_mode isolated bpdu_guard; do
	check_equal 1 "$(port_setting $setting)" "$setting"
done
check_equal 7 "$(port_setting priority)" priority
ip link set dev "$veth" type bridge_slave hairpin off isolated off guard off priority 32
runs_and_answers

step 'what /etc/criu says is for others'
mkdir -p /etc/criu
echo leave-running >/etc/criu/default.conf
check lxc-checkpoint -n c1 -s -D /run/seventh
check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'

step 'a monitor that is killed late in a restore leaves no container without an owner'
# its network is attached when it is killed, so that this ends the connection
kill "$CLIENT"
lxc-checkpoint -n c1 -r -D /run/seventh -A /run/hold-network-unlock 2>/tmp/said &
command=$!
read -r _ </run/held
kill -KILL "$(monitor_pid c1)"
echo go >/run/go-on
status=0
wait "$command" || status=$?
check_equal 1 "$status" 'exit status'
wait_for 10 no_criu
counter_is_gone()
{
	! pgrep -x counter >/dev/null
}
wait_for 10 counter_is_gone
check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
check lxc-checkpoint -n c1 -r -D /run/seventh --force=stale
veth=$(host_veth)
wait "$CLIENT" || :
start_client
runs_and_answers
end_client

step 'directories of others'
mkdir -m 755 /run/nobodys
chown 65534 /run/nobodys
fails 3 'does not belong to root' lxc-checkpoint -n c1 -D /run/nobodys
cp -a /run/seventh /run/eighth
chmod 777 /run/eighth
check lxc-stop -n c1 -k
fails 3 'is writable by users other than root' lxc-checkpoint -n c1 -r -D /run/eighth
chmod 700 /run/eighth
chown 65534 /run/eighth/pages-1.img
fails 3 'does not belong to root' lxc-checkpoint -n c1 -r -D /run/eighth
chown 0 /run/eighth/pages-1.img
# it has run since, and written
check lxc-checkpoint -n c1 -r -D /run/eighth --force=stale

step 'a name that no manifest could hold is refused while the container runs'
in_container c1 sh -c 'mkdir "/with	tab" && mount --bind /lib "/with	tab"'
fails 3 'cannot represent a name' lxc-checkpoint -n c1 -s -D /run/ninth
check_equal RUNNING "$(lxc-info -n c1 -sH)" 'state'
in_container c1 umount '/with	tab'

step 'what an action script leaves in the image directory is no part of it'
cat >/run/litter <<'END'
#!/bin/sh
echo notes >"$CRTOOLS_IMAGE_DIR/my notes~"
END
chmod +x /run/litter
check lxc-checkpoint -n c1 -s -D /run/ninth -A /run/litter
check lxc-checkpoint -n c1 -r -D /run/ninth

step '--replace through a symlink, and after one that was killed at its end'
mkdir /run/real
ln -s /run/real /run/link
check lxc-checkpoint -n c1 -D /run/link
check lxc-checkpoint -n c1 -D /run/link --replace
check test -L /run/link
check test -s /run/real/manifest.json
cp -a /run/real /run/real.new
echo old >/run/real.new/replaced
check lxc-checkpoint -n c1 -D /run/link --replace
check_not test -e /run/real.new
check_not test -e /run/real/replaced
(cd /run/real && check lxc-checkpoint -n c1 -D . --replace)
check test -s /run/real/manifest.json
check lxc-stop -n c1 -k
check lxc-checkpoint -n c1 -r -D /run/link --force=stale
check_equal ok "$(ask check)" 'the memory'
