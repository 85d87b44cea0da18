#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# State of the network that CRIU does not carry comes back in two rounds: settings of links (also
# those of ethtool), labels of addresses, proxied neighbours, traffic control; in the container's network namespace and in one
# that it made.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

in_network()
{
	nsenter -t "$(init_pid c1)" -n "$@"
}

# in_nested COMMAND: in the other network namespace
in_nested()
{
	nsenter -t "$(pgrep -f -x '/bin/cat /dev/ptmx')" -n "$@"
}

# set_state IN LINK: IN runs its arguments in a network namespace
set_state()
{
	local in=$1 link=$2

	"$in" ip link add br9 type bridge
	"$in" ip link set br9 up alias "$(printf '%0255d' 0)"
	"$in" ip link set "$link" txqueuelen 77 group 5 alias "a b ü"
	"$in" ip link property add dev "$link" altname "$link-other-name-that-is-longer" altname second9
	"$in" ip link set "$link" gso_max_size 32768 gro_max_size 40000
	"$in" python3 "$ethtool" "$link" tx 0 gro 1 channels 2 2 >/dev/null
	"$in" sysctl -qw net.ipv6.conf."$link".accept_ra=1
	"$in" ip token set ::77 dev "$link"
	# which keeps the token
	"$in" sysctl -qw net.ipv6.conf."$link".accept_ra=0 net.ipv6.conf."$link".router_solicitations=0
	"$in" ip addrlabel add prefix fd00::/8 label 42
	"$in" ip addrlabel add prefix fd00:77::/32 dev "$link" label 43
	"$in" ip addrlabel del prefix 2001::/32 label 6
	"$in" ip neigh add proxy 10.1.2.3 dev "$link"
	"$in" ip neigh add proxy fd00::3 dev "$link" router
	"$in" ip neigh add proxy fd00::4 dev br9
	"$in" tc qdisc add dev "$link" root handle 1: htb default 10
	"$in" tc class add dev "$link" parent 1: classid 1:1 htb rate 100mbit ceil 100mbit
	"$in" tc class add dev "$link" parent 1:1 classid 1:2 htb rate 50mbit
	"$in" tc class add dev "$link" parent 1:2 classid 1:10 htb rate 10mbit ceil 20mbit burst 15k
	"$in" tc qdisc add dev "$link" parent 1:10 handle 20: tbf rate 10mbit burst 32kbit latency 400ms
	"$in" tc qdisc add dev "$link" parent 20: bfifo limit 99999
	"$in" tc qdisc add dev "$link" clsact
	"$in" tc qdisc add dev br9 root pfifo limit 77
	"$in" tc qdisc add dev lo root pfifo_fast
}

look()
{
	"$1" ip -o link | sed 's/ state [A-Z]*//; s/ <[^>]*>//; s/@if[0-9]*//'
	"$1" ip -d -o link show dev "$2" | grep -oE ' (gso|gro)_max_[a-z]* [0-9]*'
	"$1" python3 "$ethtool" "$2"
	"$1" sysctl net.ipv6.conf."$2".accept_ra net.ipv6.conf."$2".router_solicitations
	"$1" ip token
	"$1" ip addrlabel | sort
	"$1" ip neigh show proxy
	"$1" ip -6 neigh show proxy
	"$1" tc -d qdisc | sed 's/ direct_packets_stat [0-9]*//' | sort
	"$1" tc -d class show dev "$2" | sort
}

look_at_all()
{
	look in_network eth0
	look in_nested nested0
}

INITTAB='::once:/bin/unshare -n /bin/cat /dev/ptmx' start_counter c1
ethtool=$(realpath "${0%/*}/lib/ethtool.py")

step 'state of both network namespaces'
wait_for 10 in_nested true
in_nested ip link add nested0 type veth peer name nested1
in_nested ip link set nested0 up
in_nested ip link set nested1 up
set_state in_network eth0
set_state in_nested nested0
fails 0 '' lxc-checkpoint --check -n c1
case $said in *'does not bring back'*) die "warned of what is carried: $said" ;; esac
look_at_all >/tmp/before
for word in 'gso_max_size 32768' 'gro_max_size 40000' 'channels 2 2' 'tx 0' 'gro 1' 'qlen 77' 'group 5' 'alias a b ü' 'altname second9' 'token ::77' 'fd00::/8 label 42' '10.1.2.3 dev eth0 proxy' \
	'fd00::4 dev br9 proxy' 'htb 1:10 parent 1:2' 'qdisc tbf 20: dev eth0 parent 1:10' 'bfifo' 'clsact' 'pfifo_fast'; do
	grep -q -- "$word" /tmp/before || die "not seen before: $word: $(cat /tmp/before)"
done
in_nested ip xfrm policy add src 10.9.0.0/24 dst 10.8.0.0/24 dir out action block
fails 3 'c1 has IPsec associations or policies' dump -n c1 -s --replace
in_nested ip xfrm policy flush
for i in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
	look_at_all >/tmp/after
	diff /tmp/before /tmp/after || die "not the same after round $i"
done

step 'a dump that lets it run changes nothing'
check dump -n c1 --replace
look_at_all >/tmp/after
diff /tmp/before /tmp/after || die 'a dump has changed something'

step 'what cannot be set again fails a restore, unless it is forced'
ip_tool=/usr/local/libexec/lxc-checkpoint/lxc-checkpoint-ip
in_network "$ip_tool" rule save >/tmp/rules
ip netns add elsewhere
fails 1 'cannot set alias, group, txqueuelen and sizes of segments of no link: No such device; --force=network restores without it' \
	ip netns exec elsewhere "$ip_tool" rule restore </tmp/rules
check env LXC_CHECKPOINT_MAY_FAIL=network ip netns exec elsewhere "$ip_tool" rule restore </tmp/rules
ip -n elsewhere addrlabel | grep -q 'fd00::/8 label 42' || die 'the rest is missing'

step 'without any of it'
check lxc-stop -kn c1
start_container c1
wait_for 20 has_address c1
look in_network eth0 | sed 's/ether [0-9a-f:]*//' >/tmp/before
check dump -n c1 -s --replace
check restore -n c1
look in_network eth0 | sed 's/ether [0-9a-f:]*//' >/tmp/after
diff /tmp/before /tmp/after || die 'not the same'
