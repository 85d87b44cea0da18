#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Links in network namespaces that processes of the container have made: those that CRIU can make
# again go through two rounds, and the others are refused before CRIU runs, with the process.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

nested_pid()
{
	pgrep -f -x '/bin/cat /dev/ptmx'
}

in_network()
{
	nsenter -t "$(init_pid c1)" -n "$@"
}

in_nested()
{
	nsenter -t "$(nested_pid)" -n "$@"
}

INITTAB='::once:/bin/unshare -n /bin/cat /dev/ptmx' start_counter c1
wait_for 10 in_nested true

# refused REASON: by --check and by -s, which leaves it running
refused()
{
	fails 3 "cat (pid" lxc-checkpoint --check -n c1
	case $said in *"$1"*) ;; *) die "not said: $1: $said" ;; esac
	fails 3 "$1" dump -n c1 -s --replace
	answers || die 'it does not answer'
}

step 'kinds that CRIU does not know'
in_nested ip link add odd9 type vxlan id 9 dstport 4789
refused 'with an interface odd9 of the kind vxlan'
in_nested ip link delete odd9
in_nested ip link add odd9 type ifb
refused 'with an interface odd9 of the kind ifb'
in_nested ip link delete odd9

step 'macvlan, which CRIU makes on links of the host only'
in_nested ip link add p0 type veth peer name p1
in_nested ip link add link p0 name mac9 type macvlan
refused 'with an interface mac9 of the kind macvlan'
in_nested ip link delete p0

step 'a veth whose other end is on the host, and one in another container'
ip link add out9 type veth peer name in9 netns "$(nested_pid)"
refused 'with an interface in9 whose other end is outside'
ip link delete out9
ip netns add elsewhere
ip -n elsewhere link add out9 type veth peer name in9 netns "$(nested_pid)"
refused 'with an interface in9 whose other end is outside'
ip -n elsewhere link delete out9

step 'a veth with the name of that of the container'
in_network ip link add k0 type veth peer name eth0 netns "$(nested_pid)"
refused 'with an interface eth0 which has the name of one of the container'
in_nested ip link set eth0 name k1
fails 0 '' lxc-checkpoint --check -n c1

step 'those that CRIU makes'
in_network ip address add 10.7.0.1/24 dev k0
in_network ip link set k0 up
in_nested ip address add 10.7.0.2/24 dev k1
in_nested ip link set k1 up
in_nested ip link add p0 type veth peer name p1
in_nested ip link add br9 type bridge
in_nested ip link set p0 master br9
in_nested ip tuntap add mode tap name tap0
in_nested ip tuntap add mode tun name tun0
look()
{
	in_nested ip -br link | sed 's/@.*DOWN/ DOWN/' | sort
	in_nested ip -4 -br address
	in_nested bridge -o link | cut -d ' ' -f 2
	in_nested ping -c 1 -W 5 10.7.0.1 >/dev/null && echo answers
}
look >/tmp/before
for i in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
	look >/tmp/after
	diff /tmp/before /tmp/after || die "not the same after round $i"
done

step 'very many'
printf 'link add many%d type ifb\n' {1..300} >/tmp/many
in_nested ip -b /tmp/many
refused 'of the kind ifb'
