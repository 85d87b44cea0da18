#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# NICs of all kinds of the configuration, and interfaces that processes make in the container, go
# through two rounds with their ends on the host. What cannot be restored is refused by name.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

in_network()
{
	nsenter -t "$(init_pid c1)" -n "$@"
}

# Prints what the kernel says about a link of the host, without numbers that change.
look_at()
{
	# whether others have its addresses takes the kernel some time
	ip -o address show dev "$1" | sed '/scope link/d; s/^[0-9]*: //; s/ tentative//'
	ip -4 route show table all dev "$1"
	ip -6 route show table all dev "$1" | sed '/fe80::/d; /ff00::/d; / table local proto kernel /d'
	ip -d -o link show dev "$1" | grep -oE '(gso|gro)_[a-z0-9_]* [0-9]*'
	python3 "${0%/*}/lib/ethtool.py" "$1" | grep channels
	ip neighbour show proxy dev "$1"
	ip neighbour show nud permanent dev "$1"
	(cd /proc/sys/net && grep . ipv4/conf/"$1"/{proxy_arp,forwarding,rp_filter} ipv6/conf/"$1"/{proxy_ndp,forwarding,autoconf})
}

answers()
{
	ping -c 1 -W 1 "$1" >/dev/null
}

new_container()
{
	make_container c1 </dev/null >/dev/null
	sed -i '/^lxc.net/d' /var/lib/lxc/c1/config
	cat >>/var/lib/lxc/c1/config
	sed -i '/udhcpc/d' /var/lib/lxc/c1/rootfs/etc/init.d/rcS
	start_container c1
}

# rounds WHAT FUNCTION...: what the function says is the same after each of two rounds
rounds()
{
	local what=$1 i

	shift
	"$@" >/tmp/before
	for i in 1 2; do
		check dump -n c1 -s --replace
		check restore -n c1
		"$@" >/tmp/after
		diff /tmp/before /tmp/after || die "$what: not the same after round $i"
	done
}

end_container()
{
	check lxc-stop -k -n c1
	lxc-destroy -n c1 >/dev/null || die 'cannot destroy it'
}

make_bridge
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
# the host answers for a router only if it knows a way to it
ip route add default dev lxcbr0

step 'a veth on no bridge, with what an administrator gave it'
new_container <<-'END'
	lxc.net.0.type = veth
	lxc.net.0.flags = up
	lxc.net.0.veth.pair = routed
	lxc.net.0.ipv4.address = 10.9.0.5/32
	lxc.net.0.veth.ipv4.route = 10.9.9.0/24
	lxc.net.0.veth.ipv6.route = fd09:9::/64
END
ip address add 10.9.0.1/32 dev routed
ip address add 10.9.1.1 peer 10.9.1.2/32 dev routed
ip -6 address add fd09::1/64 dev routed
ip route add 10.9.0.5/32 dev routed src 10.9.0.1
ip route add 10.10.0.0/16 via 10.9.0.5 dev routed onlink metric 7 table 100 proto bird
ip -6 route add fd10::/64 via fd09::5 dev routed metric 77
ip neighbour add proxy 10.9.0.77 dev routed
ip neighbour add proxy fd09::77 dev routed
ip neighbour add 10.9.0.78 lladdr 00:16:3e:00:00:78 dev routed nud permanent
sysctl -qw net.ipv4.conf.routed.proxy_arp=1 net.ipv6.conf.routed.proxy_ndp=1
in_network ip route add 10.9.0.1/32 dev eth0
wait_for 10 answers 10.9.0.5
ip link set routed gso_max_size 32768 gro_max_size 30000
python3 "${0%/*}/lib/ethtool.py" routed channels 2 1 >/dev/null
look_at routed >/tmp/before
for word in '10.9.9.0/24' 'fd09:9::/64' '10.10.0.0/16 via 10.9.0.5 table 100 proto bird metric 7 onlink' '10.9.0.77 proxy' \
	'fd09::77 proxy' '00:16:3e:00:00:78 PERMANENT' 'peer 10.9.1.2/32' 'proxy_arp:1' 'gso_max_size 32768' 'gro_max_size 30000' 'channels 2 1'; do
	grep -q -- "$word" /tmp/before || die "not seen before: $word: $(cat /tmp/before)"
done
rounds 'a veth on no bridge' look_at routed
wait_for 10 answers 10.9.0.5
end_container

step 'veth.mode = router'
new_container <<-'END'
	lxc.net.0.type = veth
	lxc.net.0.flags = up
	lxc.net.0.veth.pair = router0
	lxc.net.0.veth.mode = router
	lxc.net.0.ipv4.address = 10.9.0.5/32
	lxc.net.0.ipv4.gateway = 169.254.1.1
	lxc.net.0.ipv6.address = fd09::5/128
	lxc.net.0.ipv6.gateway = fe80::1
END
look_at router0
wait_for 10 answers 10.9.0.5
rounds 'a router' look_at router0
wait_for 10 answers 10.9.0.5
check in_network ping -c 1 -W 5 10.0.3.1 >/dev/null
end_container

step 'macvlan, two of them, and none of its packets before it runs again'
ip link add uplink type veth peer name wire
ip link set uplink up
ip address add 10.8.0.1/24 dev wire
ip link set wire up
new_container <<-'END'
	lxc.net.0.type = macvlan
	lxc.net.0.link = uplink
	lxc.net.0.macvlan.mode = bridge
	lxc.net.0.flags = up
	lxc.net.0.ipv4.address = 10.8.0.5/24
	lxc.net.0.ipv4.gateway = 10.8.0.1
	lxc.net.1.type = macvlan
	lxc.net.1.link = uplink
	lxc.net.1.macvlan.mode = vepa
	lxc.net.1.flags = up
	lxc.net.1.name = second
	lxc.net.1.ipv6.address = fd08::5/64
END
# Without timers, and what a tun gets by being opened once: a carrier, and an fe80:: address.
look_inside()
{
	in_network ip -d -o link |
		sed 's/@if[0-9]*//; s/ <[^>]*>//; s/ state [A-Z]*//; s/ [a-z_]*_timer *[0-9.]*//g; s/ fdb_n_learned [0-9]*//; s/ addrgenmode [a-z0-9_]*//'
	in_network ip -o address | sed '/tun0 .*fe80/d; s/^[0-9]*: //; s/ tentative//'
	in_network ip route | sed 's/ linkdown//'
	in_network ip -6 route | sed '/tun0/d; s/ linkdown//' | sort
}
wait_for 10 answers 10.8.0.5
rounds 'macvlan' look_inside
wait_for 10 answers 10.8.0.5
check dump -n c1 -s --replace
ip link set uplink name away
fails 3 'the interface uplink, on which eth0 of the container was a macvlan, is missing' restore -n c1
ip link set away name uplink
check restore -n c1
wait_for 10 answers 10.8.0.5

step 'interfaces that processes made'
in_network ip link add pair0 type veth peer name pair1
in_network ip address add 10.7.0.1/24 dev pair0
in_network ip link set pair0 up
in_network ip link set pair1 up
odd='odd;&(x)'
in_network ip link add "$odd" type bridge
in_network ip link set pair1 master "$odd"
in_network ip link set "$odd" up
in_network ip address add 10.7.1.1/24 dev "$odd"
in_network ip tuntap add mode tap name tap0
in_network ip tuntap add mode tun name tun0
in_network ip address add 10.7.2.1/24 dev tun0
in_network ip link set tun0 up
rounds 'interfaces inside' look_inside
wait_for 10 answers 10.8.0.5

step 'what is refused, by name'
refused()
{
	fails 3 "$1" lxc-checkpoint --check -n c1
	fails 3 "$1" dump -n c1 -s --replace
}
in_network ip link add mac9 link pair0 type macvlan
refused 'the network interface mac9 of c1 is of the kind macvlan'
in_network ip link del mac9
in_network ip link add ifb9 type ifb
refused 'the network interface ifb9 of c1 is of the kind ifb'
in_network ip link del ifb9
in_network ip link add vx9 type vxlan id 9 dstport 4789 dev eth0
refused 'the network interface vx9 of c1 is of the kind vxlan'
in_network ip link del vx9
in_network ip xfrm policy add src 10.9.0.0/24 dst 10.8.0.0/24 dir out action block
refused 'c1 has IPsec associations or policies'
in_network ip xfrm policy flush
check dump -n c1 -s --replace
check restore -n c1

step 'what is warned of'
warned()
{
	fails 0 "$1" lxc-checkpoint --check -n c1
}
fails 0 '' lxc-checkpoint --check -n c1
case $said in *'does not bring back'*) die "warned of nothing: $said" ;; esac
in_network ip link set "$odd" type bridge stp_state 1
warned 'c1 has options of a bridge (STP'
in_network ip link set "$odd" type bridge stp_state 0
in_network ip link set pair1 type bridge_slave isolated on
warned 'the network interface pair1 of c1 has options of a bridge port'
in_network ip link set pair1 type bridge_slave isolated off
in_network tc qdisc add dev pair0 clsact
fails 0 '' lxc-checkpoint --check -n c1
case $said in *'does not bring back'*) die "warned of a discipline that is carried: $said" ;; esac
in_network tc filter add dev pair0 ingress prio 1 protocol ip u32 match ip dst 10.1.0.0/16 flowid ffff:1
warned 'pair0 of c1 has filters of tc'
in_network tc qdisc del dev pair0 clsact
in_network tc qdisc add dev pair0 root handle 1: htb
in_network tc class add dev pair0 parent 1: classid 1:1 htb rate 1mbit
in_network tc class add dev pair0 parent 1:1 classid 1:2 htb rate 1mbit
in_network tc filter add dev pair0 parent 1:1 prio 1 protocol ip u32 match ip dst 10.1.0.0/16 flowid 1:2
warned 'pair0 of c1 has filters of tc'
in_network tc qdisc del dev pair0 root
in_network tc qdisc add dev pair0 root handle 1: stab linklayer atm tbf rate 1mbit burst 32kbit latency 400ms
warned 'pair0 of c1 has the queueing discipline tbf'
in_network tc qdisc del dev pair0 root
end_container

step 'no interface but lo, one without a link, and those that come later'
new_container <<-'END'
	lxc.net.0.type = empty
END
rounds 'empty' look_inside
ip link add later type veth peer name inside
ip link set later up
ip link set inside netns "$(init_pid c1)" name eth7
in_network ip link set eth7 up
in_network ip link set eth7 down
in_network ip link set eth7 name renamed
in_network ip address add 10.9.0.5/24 dev renamed
in_network ip link set renamed up
ip address add 10.9.0.1/24 dev later
ip link set later master lxcbr0
ip link set later type bridge_slave isolated on
rounds 'a hot-plugged veth' look_inside
check_equal 1 "$(cat /sys/class/net/later/brport/isolated)" 'isolated'
end_container
