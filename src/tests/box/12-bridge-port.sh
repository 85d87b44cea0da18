#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The host's end of a veth has the same settings after a restore, and they hold before the first
# packet passes: those of its bridge port, and of the link itself. A checkpoint alone changes
# nothing, and neither does one that fails. A setting that cannot be given again fails the restore.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

rootfs=/var/lib/lxc/c1/rootfs

veths()
{
	ip -o link show type veth | sed 's/^[0-9]*: \([^@:]*\)[@:].*/\1/' | sort
}

# Everything that the kernel says, but for what counts or differs by nature.
look()
{
	local link

	for link in first second; do
		ip -d link show dev "$link" |
			sed 's/^[0-9]*: //; s/@if[0-9]*//; s/ \(hello\|tcn\|topology\|hold\|message_age\|forward_delay\)[a-z_]* *[0-9.]*//g; s/ designated_[a-z]* *[^ ]*//g; s/ port_\(id\|no\) [^ ]*//g; s/ root_port [^ ]*//g; s/ fdb_[^ ]* [^ ]*//g; s/ mcast_n_groups [0-9]*//'
		bridge -d link show dev "$link" | grep -o 'mcast_max_groups [0-9]*'
		bridge fdb show dev "$link" | grep -v '33:33:\|01:00:5e' | grep 'static\|permanent' | sort
		for file in ipv4/conf/"$link"/{proxy_arp,rp_filter,forwarding,route_localnet,arp_ignore} \
			ipv6/conf/"$link"/{proxy_ndp,accept_ra,forwarding,addr_gen_mode,disable_ipv6}; do
			echo "$file $(cat "/proc/sys/net/$file")"
		done
	done
}

answers()
{
	ping -c 1 -W 1 10.0.3.7 >/dev/null
}

make_bridge
make_container c1 <<-'END'
	lxc.net.0.veth.pair = first
	lxc.net.0.ipv4.address = 10.0.3.7/24
	lxc.net.1.type = veth
	lxc.net.1.link = lxcbr0
	lxc.net.1.veth.pair = second
	lxc.net.1.flags = up
END
sed -i '/udhcpc/d' "$rootfs/etc/init.d/rcS"
start_container c1
wait_for 10 answers
check_equal 'first second' "$(veths | xargs)" 'the links'

step 'settings of every kind'
ip link add spare type veth peer name spare1
ip link set spare master lxcbr0
ip link set first type bridge_slave isolated on hairpin on guard on priority 7 cost 77 learning off \
	flood off mcast_flood off bcast_flood off fastleave on mcast_router 2 neigh_suppress on \
	mcast_to_unicast on group_fwd_mask 0x4000 proxy_arp on root_block on backup_port spare locked on
bridge link set dev first mcast_max_groups 9
bridge fdb add 00:16:3e:00:00:77 dev first master static sticky
bridge fdb add 00:16:3e:00:00:78 dev first master permanent
# shellcheck disable=SC2016 # as they are
ip link set first txqueuelen 77 alias 'the first; $(one) of c1' group 7
# shellcheck disable=SC2016 # as they are
ip link property add dev first altname c1-first-port-of-the-bridge altname 'second$name'
sysctl -qw net.ipv4.conf.second.proxy_arp=1 net.ipv4.conf.second.rp_filter=2 \
	net.ipv4.conf.second.route_localnet=1 net.ipv4.conf.second.arp_ignore=2 \
	net.ipv6.conf.second.proxy_ndp=1 net.ipv6.conf.second.accept_ra=2
ip link set second mtu 1400
look >/tmp/before
for word in 'isolated on' 'hairpin on' 'locked on' 'cost 77' 'learning off' 'alias the first' \
	'altname c1-first' 'backup_port spare' 'group_fwd_mask 0x4000' 'mcast_max_groups 9' \
	'qlen 77' 'group 7' '00:16:3e:00:00:77.*sticky' 'mtu 1400' 'second/proxy_arp 1'; do
	grep -q -- "$word" /tmp/before || die "not seen before: $word"
done
same()
{
	look >/tmp/after
	diff /tmp/before /tmp/after || die "not the same after $1"
}

step 'a checkpoint alone, and one that fails at each place'
check dump -n c1 -D /run/alone
same 'a checkpoint'
cat >/run/no <<'END'
#!/bin/sh
[ "$CRTOOLS_SCRIPT_ACTION" != post-dump ]
END
chmod +x /run/no
fails 1 'action script' dump -n c1 -s -D /run/failed -A /run/no
same 'a failed checkpoint'

step 'two rounds, in which no packet passes before the settings are there'
# what the kernel says of the port, line by line, for the time of a restore
bridge -o -d monitor link >/tmp/events &
monitor=$!
watches()
{
	ip link set spare1 alias "$EPOCHREALTIME"
	grep -q spare1 /tmp/events
}
ip link set spare1 up
wait_for 10 watches
check dump -n c1 -s
check_equal 'spare spare1' "$(veths | xargs)" 'the links that are left'
check restore -n c1
same 'one round'
kill "$monitor"
sed -n '/first/,$p' /tmp/events | sed -n '/Deleted.*first/,$p' | grep ' first' | grep 'state forwarding' >/tmp/open ||
	die 'the port was never open'
check_not grep -v 'isolated on.*' /tmp/open
check dump -n c1 -s --replace
check restore -n c1
same 'the second round'

step 'a setting that cannot be given again fails the restore, and the image is whole'
check dump -n c1 -s --replace
ip link del spare
fails 1 'cannot connect first' restore -n c1
check grep -q 'cannot set port.backup_port of first to spare' "$IMG/restore.log"
check_equal '' "$(veths)" 'the links that are left'
fails 1 'restore again; --force=network does without' restore -n c1
cp -a "$IMG" /run/forced
ip link add spare type veth peer name spare1
ip link set spare master lxcbr0
check restore -n c1
same 'a restore that failed'

step 'who can do without such a setting says so, and gets all others'
check lxc-stop -kn c1
ip link del spare
check restore -n c1 -D /run/forced --force=network
check grep -q 'cannot set port.backup_port of first to spare, which --force=network overrides' \
	/run/forced/restore.log
look | sed '/spare/d' >/tmp/after
sed 's/ backup_port spare//' /tmp/before >/tmp/expected
diff /tmp/expected /tmp/after || die 'another setting is missing'

step 'the container answers as soon as the port lets it'
ip link set first type bridge_slave isolated off locked off flood on bcast_flood on learning on \
	mcast_flood on guard off root_block off neigh_suppress off
wait_for 10 answers
