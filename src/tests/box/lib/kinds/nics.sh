# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After kinds.sh: the network interfaces in a container's configuration, and what the host gives them.

# shellcheck disable=SC2016 # titles are Markdown
rows_nics()
{
	section 'Network interfaces'
	alone 'veth on a bridge' nic_veth
	alone 'veth on a bridge, with settings of its port' nic_port
	alone 'veth on a bridge, with VLANs' nic_vlans
	alone 'veth on no bridge' nic_alone
	alone 'veth, with routes of the host (`veth.ipv4.route`)' nic_routes
	alone 'veth in router mode' nic_router
	alone 'several veths' nic_several
	alone 'a veth that was renamed in the container' nic_renamed
	alone 'a veth that was plugged in while the container ran' nic_hot
	alone 'macvlan' nic_macvlan bridge
	alone 'macvlan, passthru' nic_macvlan passthru
	alone 'ipvlan' nic_ipvlan
	alone 'vlan' nic_vlan
	alone 'phys' nic_phys
	alone 'a veth of the host, as phys' nic_phys_veth
	alone 'loopback only (`empty`)' nic_empty
	alone "the host's network (\`none\`)" nic_none
}
rows_nics

# nic TYPE [LINE]...: instead of what lxc-create has made
nic()
{
	sed -i '/^lxc.net/d' /var/lib/lxc/c1/config
	sed -i '/udhcpc/d' "$ROOTFS/etc/init.d/rcS"
	more_nic 0 "$@"
}

# more_nic NUMBER TYPE [LINE]...
more_nic()
{
	printf "lxc.net.$1.type = %s\n" "$2"
	[ $# -lt 3 ] || printf "lxc.net.$1.%s\n" "${@:3}"
}

# nic_state: names, kinds, MACs and addresses inside, but for what the kernel chooses anew
nic_state()
{
	in_net ip -br link show | awk '{ sub(/@.*/, "", $1); print $1, $3, $4 }'
	in_net ip -br -4 address show | awk '{ sub(/@.*/, "", $1); print $1, $3, $4 }'
	in_net ip -4 route show
}

host_end()
{
	lxc-info -n c1 | awk '/^Link:/ { print $2; exit }'
}

nic_veth()
{
	case $1 in
	set) wait_for 60 has_address c1 ;;
	state) nic_state && bridge_of "$(host_end)" ;;
	esac
}

nic_port()
{
	case $1 in
	set) bridge link set dev "$(host_end)" isolated on hairpin on learning off ;;
	state) bridge -d link show dev "$(host_end)" | grep -oE '(isolated|hairpin|learning) (on|off)' ;;
	esac
}

nic_vlans()
{
	case $1 in
	set)
		ip link set lxcbr0 type bridge vlan_filtering 1 || not_here || return
		CLEAN+=('ip link set lxcbr0 type bridge vlan_filtering 0')
		bridge vlan add dev "$(host_end)" vid 5 pvid untagged && bridge vlan add dev "$(host_end)" vid 7
		;;
	state) bridge -c=never vlan show dev "$(host_end)" | sed "1d; s/^$(host_end)//" ;;
	esac
}

nic_alone()
{
	case $1 in
	config) nic veth 'flags = up' 'ipv4.address = 10.9.9.2/24' ;;
	state) nic_state ;;
	esac
}

nic_routes()
{
	case $1 in
	config) nic veth 'flags = up' 'ipv4.address = 10.9.9.2/24' 'veth.ipv4.route = 10.9.9.0/24' 'veth.pair = kind0' ;;
	set) ip address add 10.9.9.1/32 dev kind0 && ip neighbour add proxy 10.9.9.9 dev kind0 ;;
	state)
		nic_state
		ip route show dev kind0
		ip -br address show dev kind0 | grep -o '10.9.9.1/32'
		ip neighbour show proxy dev kind0
		;;
	esac
}

nic_router()
{
	case $1 in
	config)
		sysctl -qw net.ipv4.ip_forward=1
		nic veth 'flags = up' 'veth.mode = router' 'ipv4.address = 10.9.9.2/32' 'veth.pair = kind0'
		;;
	state) nic_state && ip route show dev kind0 && sysctl net.ipv4.conf.kind0.proxy_arp ;;
	esac
}

nic_several()
{
	case $1 in
	config)
		nic veth 'flags = up' 'link = lxcbr0' 'ipv4.address = 10.0.3.201/24'
		more_nic 1 veth 'flags = up' 'name = second' 'ipv4.address = 10.9.8.2/24'
		more_nic 7 veth 'link = lxcbr0' 'hwaddr = 00:16:3e:01:02:03'
		;;
	state) nic_state ;;
	esac
}

nic_renamed()
{
	case $1 in
	config) nic veth 'flags = up' 'link = lxcbr0' ;;
	set) in_net ip link set eth0 down && in_net ip link set eth0 name lan0 && in_net ip link set lan0 up ;;
	state) nic_state ;;
	esac
}

nic_hot()
{
	case $1 in
	set)
		ip link add kind0 type veth peer name kind1 && ip link set kind0 master lxcbr0 up || return
		CLEAN+=('ip link delete kind0')
		ip link set kind1 netns "$(init_pid c1)" name eth1 && in_net ip link set eth1 up
		;;
	state) nic_state && bridge_of kind0 ;;
	esac
}

# The link that others are made on.
parent()
{
	ip link add kind0 type veth peer name kind1 || return
	CLEAN+=('ip link delete kind0')
	ip link set kind0 up && ip link set kind1 up
}

# has_type TYPE: whether the kernel can make such links
has_type()
{
	case $1 in
	ipvlan | vlan) ip link add link kind0 name kind9 type "$@" 2>/dev/null ;;
	*) ip link add name kind9 type "$@" 2>/dev/null ;;
	esac || return
	ip link delete kind9
}

# inside_state KIND: of the link
inside_state()
{
	nic_state && in_net ip -d link show dev eth0 | grep -oE "$1"
}

nic_macvlan()
{
	case $2 in
	config) parent && nic macvlan 'link = kind0' 'flags = up' "macvlan.mode = $1" 'ipv4.address = 10.9.7.2/24' ;;
	state) inside_state 'macvlan mode [a-z]*' ;;
	esac
}

nic_ipvlan()
{
	case $1 in
	config)
		parent && { has_type ipvlan || not_here || return; }
		nic ipvlan 'link = kind0' 'flags = up' 'ipv4.address = 10.9.7.2/24'
		;;
	state) inside_state 'ipvlan.*mode.*' ;;
	esac
}

nic_vlan()
{
	case $1 in
	config)
		parent && { has_type vlan id 7 || not_here || return; }
		nic vlan 'link = kind0' 'flags = up' 'vlan.id = 7' 'ipv4.address = 10.9.7.2/24'
		;;
	state) inside_state 'vlan protocol 802.1Q id 7' ;;
	esac
}

nic_phys()
{
	case $1 in
	config)
		ip link add kind2 type dummy 2>/dev/null || not_here || return
		CLEAN+=('ip link delete kind2')
		nic phys 'link = kind2' 'flags = up' 'ipv4.address = 10.9.7.2/24'
		;;
	state) nic_state ;;
	esac
}

nic_phys_veth()
{
	case $1 in
	config)
		ip link add kind2 type veth peer name kind3 && ip link set kind3 up || return
		CLEAN+=('ip link delete kind3')
		nic phys 'link = kind2' 'flags = up' 'ipv4.address = 10.9.7.2/24'
		;;
	state) nic_state && ip -br link show dev kind3 | cut -d @ -f 1 ;;
	esac
}

nic_empty()
{
	case $1 in
	config) nic empty 'flags = up' ;;
	state) nic_state ;;
	esac
}

nic_none()
{
	case $1 in
	config) nic none ;;
	state) [ "$(readlink "/proc/$(init_pid c1)/ns/net")" = "$(readlink /proc/self/ns/net)" ] && echo "the host's" ;;
	esac
}
