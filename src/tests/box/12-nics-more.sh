#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A container without a word about the network, one whose veth is a port of Open vSwitch, and what
# an interface loses with a warning.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

in_network()
{
	nsenter -t "$(init_pid c1)" -n "$@"
}

# with_network [LINE]...: a container with these lines about the network, and no others
with_network()
{
	make_container c1 </dev/null >/dev/null
	sed -i '/^lxc.net/d' /var/lib/lxc/c1/config
	[ $# -eq 0 ] || printf 'lxc.net.0.%s\n' "$@" >>/var/lib/lxc/c1/config
	sed -i '/udhcpc/d' /var/lib/lxc/c1/rootfs/etc/init.d/rcS
	start_container c1
}

end_container()
{
	check lxc-stop -k -n c1
	lxc-destroy -n c1 >/dev/null || die 'cannot destroy it'
}

look()
{
	[ "$(readlink "/proc/$(init_pid c1)/ns/net")" != "$(readlink /proc/self/ns/net)" ] || echo "the host's"
	in_network ip -br link | sed 's/@.*//'
}

make_bridge

step 'no word about the network'
with_network
look >/tmp/before
for i in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1
	look >/tmp/after
	diff /tmp/before /tmp/after || die "not the same after round $i"
done
end_container

step 'a port of Open vSwitch'
# LXC takes a link that is no bridge for such a bridge, and calls this program
printf '#!/bin/sh\nexit 0\n' >/usr/local/bin/ovs-vsctl
chmod +x /usr/local/bin/ovs-vsctl
ip link add ovs9 type ifb
with_network 'type = veth' 'link = ovs9' 'flags = up'
fails 3 'eth0 of c1 is a port of an Open vSwitch bridge' lxc-checkpoint --check -n c1
fails 3 'eth0 of c1 is a port of an Open vSwitch bridge' dump -n c1 -s
end_container
# by its configuration it could be one, but it is on a bridge
with_network 'type = veth' 'link = ovs9' 'flags = up' 'veth.pair = port9'
ip link set port9 master lxcbr0
fails 0 '' lxc-checkpoint --check -n c1

step 'an XDP program'
mount -t bpf bpf /mnt
python3 - <<-'PYTHON'
	import ctypes, os, struct
	libc = ctypes.CDLL(None, use_errno=True)
	def bpf(command, attributes):
	    r = libc.syscall(321, command, ctypes.create_string_buffer(attributes, 128), 128)
	    if r < 0:
	        raise OSError(ctypes.get_errno(), "bpf")
	    return r
	# r0 = XDP_PASS; exit
	program = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xB7, 0, 0, 2, 0x95, 0, 0, 0))
	license = ctypes.create_string_buffer(b"GPL")
	path = ctypes.create_string_buffer(b"/mnt/pass")
	fd = bpf(5, struct.pack("<IIQQ", 6, 2, ctypes.addressof(program), ctypes.addressof(license)))
	bpf(6, struct.pack("<QI", ctypes.addressof(path), fd))
PYTHON
in_network ip link set dev eth0 xdpgeneric pinned /mnt/pass
fails 0 'the network interface eth0 of c1 has an XDP program' lxc-checkpoint --check -n c1
in_network ip link set dev eth0 xdpgeneric off
fails 0 '' lxc-checkpoint --check -n c1
case $said in *XDP*) die "warned of nothing: $said" ;; esac
end_container
