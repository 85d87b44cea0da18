# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After kinds.sh: links that were made in the container, and what else its network namespace has.

# shellcheck disable=SC2016 # titles are Markdown
rows_network()
{
	section 'Interfaces made in the container'
	kind 'dummy' link dummy
	kind 'bridge' link bridge
	kind 'bridge with a port' link_port
	kind 'veth pair' link veth peer name k-peer
	kind 'veth with the other end in a network namespace within' link_nested
	alone 'in a network namespace within: bridge, with a tap on it' link_within \
		'link add k-wb type bridge' 'tuntap add mode tap name k-wt' 'link set k-wt master k-wb'
	alone 'in a network namespace within: vxlan' link_within 'link add k-wx type vxlan id 5 dstport 4789'
	kind 'tun (made permanent)' link_tun tun
	kind 'tap (made permanent)' link_tun tap
	kind 'sit' link sit local 10.9.1.1 remote 10.9.1.2
	kind 'gre' link gre local 10.9.1.1 remote 10.9.1.2
	kind 'ipip' link ipip local 10.9.1.1 remote 10.9.1.2
	kind 'vlan' link_on_eth0 vlan id 5
	kind 'macvlan' link_on_eth0 macvlan mode bridge
	kind 'ipvlan' link_on_eth0 ipvlan
	kind 'vxlan' link vxlan id 5 dstport 4789
	kind 'bond' link bond
	kind 'vrf' link vrf table 10
	kind 'ifb' link ifb
	kind 'WireGuard' link wireguard

	section 'Network settings in the container'
	kind 'addresses' set_by 'address add 10.9.2.1/24 dev lo' 'address show dev lo'
	kind 'IPv6 addresses' set_by '-6 address add fd09::1/64 dev lo' '-6 address show dev lo'
	kind 'routes' set_by 'route add 10.9.3.0/24 dev lo metric 7' 'route show dev lo'
	kind 'routes of other tables' set_by 'route add 10.9.4.0/24 dev lo table 77' 'route show table 77'
	kind 'IPv6 routes of other tables' set_by '-6 route add fd77::/64 dev lo table 77' '-6 route show table 77'
	kind 'rules' set_by 'rule add from 10.9.4.0/24 table 77' 'rule show'
	kind 'IPv6 rules' set_by '-6 rule add from fd77::/64 table 77' '-6 rule show'
	kind 'nexthop objects' net_nexthops
	kind 'permanent neighbours' set_by \
		'neighbour add 10.0.3.177 lladdr 02:00:00:00:00:77 nud permanent dev eth0' 'neighbour show nud permanent'
	kind 'proxied neighbours' set_by 'neighbour add proxy 10.0.3.178 dev eth0' 'neighbour show proxy'
	kind 'address labels' set_by 'addrlabel add prefix 2001:db8:5::/48 label 99' 'addrlabel show'
	kind 'IPv6 tokens' set_by 'token set ::5 dev eth0' 'token show dev eth0'
	kind 'MTU' set_by 'link set eth0 mtu 1400' '-o link show dev eth0' 'mtu [0-9]*'
	kind 'MAC' set_by 'link set eth0 address 02:00:00:00:00:99' '-o link show dev eth0' 'link/ether [^ ]*'
	kind 'queue length' set_by 'link set eth0 txqueuelen 77' '-o link show dev eth0' 'qlen [0-9]*'
	kind 'alias' set_by 'link set eth0 alias kind' 'link show dev eth0' 'alias .*'
	kind 'other names (`altname`)' set_by 'link property add dev eth0 altname kind-of-name' \
		'link show dev eth0' 'altname kind.*'
	kind 'group' set_by 'link set eth0 group 7' 'link show dev eth0' 'group [^ ]*'
	kind 'sizes of segments (`gso_max_size`, ...)' set_by 'link set eth0 gso_max_size 32768 gro_max_size 40000' \
		'-d -o link show dev eth0' '(gso|gro)_max_size [0-9]*'
	kind 'offloads (`ethtool -K`)' net_ethtool tx 0
	kind 'queues (`ethtool -L`)' net_ethtool channels 2 2
	kind 'multicast and promiscuous mode' set_by 'link set eth0 allmulticast on promisc on' 'link show dev eth0' '<.*>'
	kind 'sysctls in `net`' net_sysctl
	kind 'queueing disciplines' net_qdisc
	kind 'nftables' net_nft
	kind 'iptables (legacy)' net_iptables iptables-legacy
	kind 'iptables (nft)' net_iptables iptables-nft
	kind 'ip6tables (legacy)' net_iptables ip6tables-legacy
	kind 'IPsec (`ip xfrm`)' net_xfrm
}
rows_network

# link TYPE [WORD]...: a link with a name of its own
link()
{
	local name=k-$1

	case ${*: -1} in
	set)
		# those that have no packets go to the module, which may be missing
		in_net ip link add "$name" type "${@:1:$#-1}" || not_here || return
		in_net ip link set "$name" up
		;;
	state) look_at_link "$name" ;;
	unset) in_net ip link delete "$name" ;;
	esac
}

# look_at_link NAME: its kind with its options, MAC and name of what it is on
look_at_link()
{
	in_net ip -d -o link show dev "$1" | grep -oE "^[0-9]*: $1[^:]*|link/ether [^ ]*|mtu [0-9]*|master [^ ]*" |
		sed 's/^[0-9]*: //'
	in_net ip -d -j link show dev "$1" | python3 -c '
import json, sys
info = json.load(sys.stdin)[0].get("linkinfo", {})
data = info.get("info_data", {})
print(info.get("info_kind"), *[f"{k}={v}" for k, v in sorted(data.items()) if "timer" not in k and k not in ("bridge_id", "root_id")])'
}

link_port()
{
	case $1 in
	set) in_net ip link add k-b type bridge && in_net ip link add k-p type veth peer name k-q &&
		in_net ip link set k-p master k-b && in_net ip link set k-b up && in_net ip link set k-p up ;;
	state) look_at_link k-b && look_at_link k-p ;;
	unset) in_net ip link delete k-b && in_net ip link delete k-p ;;
	esac
}

link_nested()
{
	case $1 in
	set)
		mode namespace-net "$1" &&
			in_net ip link add k-n type veth peer name k-m netns "$(host_pid c1 "${PID_OF[namespace-net]}")" &&
			in_net ip address add 10.9.5.1/24 dev k-n && in_net ip link set k-n up &&
			nsenter -t "$(host_pid c1 "${PID_OF[namespace-net]}")" -n -- ip link set k-m up
		;;
	state)
		look_at_link k-n && in_net ip -br -4 address show dev k-n
		nsenter -t "$(host_pid c1 "${PID_OF[namespace-net]}")" -n -- ip -br link show dev k-m
		;;
	unset) in_net ip link delete k-n && mode namespace-net "$1" ;;
	esac
}

# link_within COMMAND...: of ip, in a network namespace that a process has made
link_within()
{
	local within command

	within=$(host_pid c1 "${PID_OF[namespace-net]:-0}")
	case ${*: -1} in
	set)
		mode namespace-net set || return
		within=$(host_pid c1 "${PID_OF[namespace-net]}")
		for command in "${@:1:$#-1}"; do
			# shellcheck disable=SC2086 # words
			nsenter -t "$within" -n -- ip $command || return
		done
		;;
	state) nsenter -t "$within" -n -- ip -br link show | sort ;;
	unset) mode namespace-net unset ;;
	esac
}

link_tun()
{
	case $2 in
	set) in_net ip tuntap add dev "k-$1" mode "$1" ;;
	state) look_at_link "k-$1" ;;
	unset) in_net ip tuntap delete dev "k-$1" mode "$1" ;;
	esac
}

link_on_eth0()
{
	case ${*: -1} in
	set) in_net ip link add link eth0 name "k-on-$1" type "${@:1:$#-1}" || not_here ;;
	state) look_at_link "k-on-$1" ;;
	unset) in_net ip link delete "k-on-$1" ;;
	esac
}

# set_by WORDS WORDS [PATTERN]: how ip sets it, how ip shows it, and which part of that
set_by()
{
	# shellcheck disable=SC2086 # words
	case ${*: -1} in
	set) in_net ip $1 ;;
	state) in_net ip $2 | grep -oE -- "$([ $# -lt 4 ] && echo '.*' || echo "$3")" ;;
	esac
}

# net_ethtool WORD...: see ethtool.py
net_ethtool()
{
	local program=${BASH_SOURCE[0]%/*}/../ethtool.py

	case ${*: -1} in
	set) in_net python3 "$program" eth0 "${@:1:$#-1}" ;;
	state) in_net python3 "$program" eth0 | grep "^$1" ;;
	esac
}

net_nexthops()
{
	case $1 in
	set) in_net ip nexthop add id 5 dev eth0 && in_net ip route add 10.9.6.0/24 nhid 5 ;;
	state) in_net ip nexthop show id 5 && in_net ip route show 10.9.6.0/24 ;;
	esac
}

net_sysctl()
{
	case $1 in
	set) in_net sysctl -qw net.ipv4.conf.eth0.rp_filter=2 net.ipv6.conf.eth0.accept_ra=0 net.ipv4.ping_group_range='5 7' ;;
	state) in_net sysctl net.ipv4.conf.eth0.rp_filter net.ipv6.conf.eth0.accept_ra net.ipv4.ping_group_range ;;
	esac
}

net_qdisc()
{
	case $1 in
	set) in_net tc qdisc add dev eth0 root tbf rate 100mbit burst 64kb latency 50ms || not_here ;;
	state) in_net tc qdisc show dev eth0 | grep -oE '^qdisc [a-z]* .*' ;;
	unset) in_net tc qdisc delete dev eth0 root ;;
	esac
}

net_nft()
{
	case $1 in
	set)
		in_net nft -f - <<-'END'
			table inet kind {
				set s { type ipv4_addr; elements = { 10.9.9.9 } }
				chain c { type filter hook input priority 0; ip saddr @s counter drop; }
			}
		END
		;;
	state) in_net nft list table inet kind ;;
	esac
}

net_iptables()
{
	case $2 in
	set) command -v "$1" >/dev/null || not_here || return
		in_net "$1" -A INPUT -i eth0 -p tcp --dport 99 -j ACCEPT ;;
	state) in_net "$1" -S INPUT ;;
	unset) in_net "$1" -D INPUT -i eth0 -p tcp --dport 99 -j ACCEPT ;;
	esac
}

net_xfrm()
{
	case $1 in
	set) in_net ip xfrm policy add src 10.4.0.0/24 dst 10.4.1.0/24 dir out || not_here ;;
	state) in_net ip xfrm policy show ;;
	unset) in_net ip xfrm policy flush ;;
	esac
}
