#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# IPv6 connections continue, and their addresses keep their attributes. Routes by links without a
# carrier come back, in the container and in a network namespace inside it, as do routes of other
# tables, rules and neighbours. A socket that CRIU cannot bind to its address again is refused.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

rootfs=/var/lib/lxc/c1/rootfs

# tell FIFO COMMAND...: to a talk6, which can do it
tell()
{
	local fifo=$rootfs/$1

	shift
	echo "$*" >"$fifo"
	read -r -t 20 REPLY <>"$fifo.answer" || die "no answer to: $*"
	check_equal ok "$REPLY" "$*"
}

# Connections of this shell's to talk6, as descriptors: next_is FD COUNT
next_is()
{
	echo next >&"$1"
	read -r -t 20 -u "$1" REPLY || die "no answer on $1"
	check_equal "$2" "$REPLY" "count of connection $1"
}

in_network()
{
	nsenter -t "$(init_pid c1)" -n "$@"
}

nested_pid()
{
	host_pid c1 "$(vpid c1 /bin/talk6 | tail -n 1)"
}

in_nested()
{
	nsenter -t "$(nested_pid)" -n "$@"
}

is_settled()
{
	! "$1" ip -6 address | grep -q tentative
}

# Without seconds, which go by.
look()
{
	"$1" ip -o address | sed 's/[0-9]*sec/SEC/g'
	"$1" ip -d -o route show table all | sed 's/[0-9]*sec/SEC/g' | sort
	"$1" ip -d -o -6 route show table all | sed 's/[0-9]*sec/SEC/g' | sort
	"$1" ip rule
	"$1" ip -6 rule
	"$1" ip neighbour show nud permanent | sort
}

look_at_all()
{
	look in_network
	look in_nested
}

make_bridge
ip -6 address add fd00::1/64 dev lxcbr0 nodad
ip -6 address add fe80::1/64 dev lxcbr0 nodad
payload talk6 >/dev/null
make_container c1 <<-'END'
	lxc.net.1.type = veth
	lxc.net.1.link = lxcbr0
	lxc.net.1.veth.pair = second
	lxc.net.1.flags = up
END
sed -i '/udhcpc/d' "$rootfs/etc/init.d/rcS"
install -m 755 /tmp/payload/talk6 "$rootfs/bin/talk6"
mkfifo "$rootfs"/{talk6,talk6.answer,nested,nested.answer}
printf '%s\n' '::once:/bin/talk6 7000 /talk6' '::once:/bin/talk6 7001 /nested nested' \
	>>"$rootfs/etc/inittab"
start_container c1
in_network ip address add 10.0.3.7/24 dev eth0
in_network ip -6 address add fd00::7/64 dev eth0
in_network ip -6 address add fd00::8/64 dev eth0 valid_lft 5000 preferred_lft 3000
in_network ip -6 address add fd00::9/64 dev eth0 valid_lft 5000 preferred_lft 0
in_network ip -6 address add fd00::a/64 dev eth0 nodad noprefixroute
in_network ip -6 address add fd00:5::1/64 dev eth0 valid_lft 5000 preferred_lft 5000
in_network ip -6 route add fd00:6::/64 via fd00::1 expires 5000

step 'a network namespace inside, with a veth pair, and a bridge without ports'
both_run()
{
	[ "$(vpid c1 /bin/talk6 | wc -l)" = 2 ] &&
		[ "$(readlink "/proc/$(nested_pid)/ns/net")" != "$(readlink "/proc/$(init_pid c1)/ns/net")" ]
}
wait_for 10 both_run
in_nested ip link add v0 type veth peer name v1
in_nested ip link set lo up
in_nested ip link set v0 up
in_nested ip link set v1 up
in_nested ip link add br0 type bridge
in_nested ip link set v1 master br0
in_nested ip link set br0 up
in_nested ip link set v1 nomaster
in_nested ip address add 10.7.0.1/24 dev br0
in_nested ip -6 address add fd07::1/64 dev br0 nodad
in_nested ip route add 10.8.0.0/16 via 10.7.0.2
in_nested ip route add 10.9.0.0/16 nexthop via 10.7.0.2 nexthop via 10.7.0.3 weight 5
in_nested ip -6 route add fd08::/64 via fd07::2
in_nested ip -6 address add fd01::1/64 dev v0
wait_for 10 is_settled in_network
wait_for 10 is_settled in_nested
has_linkdown()
{
	"$1" ip route | grep -q linkdown
}
wait_for 10 has_linkdown in_nested

step 'connections in all states that have a process, and other sockets'
exec {plain}<>/dev/tcp/fd00::7/7000 {deprecated}<>/dev/tcp/fd00::9/7000 \
	{timed}<>/dev/tcp/fd00::8/7000 {shut}<>/dev/tcp/fd00::7/7000 {kept}<>/dev/tcp/fd00::7/7000
for connection in $plain $deprecated $timed; do
	next_is "$connection" 1
done
echo shut >&"$shut"
read -r -t 10 -u "$shut" REPLY
exec {kept4}<>/dev/tcp/10.0.3.7/7000
for connection in $kept $kept4; do
	echo keep >&"$connection"
	read -r -t 10 -u "$connection" REPLY
done
exec {kept}>&- {kept4}>&-
nc -lk 9000 >/dev/null &
nc -lk fd00::1 9001 >/dev/null &
nc -lku fd00::1 9002 >/dev/null &
nc -lk fe80::1%lxcbr0 9003 >/dev/null &
nc -lku fe80::1%lxcbr0 9004 >/dev/null &
listening()
{
	[ "$(ss -Hlntu | grep -c ':900[0-4] ')" = 5 ]
}
wait_for 10 listening
# a MAC address may have fe80 in it, too
link_local=$(in_network ip -6 -br address show dev eth0 scope link | grep -o 'fe80::[^/]*')
tell talk6 tcp ::ffff:10.0.3.1 - 9000
tell talk6 tcp ::1 - 7000
tell talk6 tcp fd00::1 - 9001
tell talk6 udp fd00::1 - 9002
tell talk6 udp fe80::1 eth0 9004
tell talk6 listen "$link_local" eth0 8000
tell talk6 listen fd00::7 - 8001
tell nested check

step 'routes by a link without carrier: the host has it down'
in_network ip address add 10.0.4.7/24 dev eth1
in_network ip route add 10.10.0.0/16 via 10.0.4.1
in_network ip route add 10.11.0.0/16 nexthop via 10.0.3.1 nexthop via 10.0.4.1
in_network ip -6 address add fd04::7/64 dev eth1 nodad
in_network ip -6 route add fd05::/64 nexthop via fd00::1 nexthop via fd04::1

step 'other tables, rules, neighbours'
mac=00:16:3e:aa:bb:cc
in_network ip route add 10.20.0.0/16 via 10.0.3.1 table 100
in_network ip route add default via 10.0.4.1 table 1000
in_network ip route add unreachable 10.21.0.0/16 table 100
in_network ip route add local 10.22.0.0/16 dev lo
in_network ip -6 route add fd20::/64 via fd00::1 table 100
in_network ip -6 route add local fd22::/64 dev lo
in_network ip rule add from 10.0.4.0/24 table 1000 priority 500
in_network ip rule add fwmark 0x10/0xff iif eth0 goto 700 priority 400
in_network ip rule add iif none0 prohibit priority 700
in_network ip rule add from 10.0.5.0/24 table 1000 priority 500
in_network ip rule delete priority 32767
in_network ip -6 rule add from fd00::8 table 100 priority 600
in_network ip -6 rule add not fwmark 5 suppress_prefixlength 0 table main priority 601
in_network ip neighbour add 10.0.3.99 lladdr $mac nud permanent dev eth0
in_network ip neighbour add fd00::99 lladdr $mac nud permanent router dev eth0
in_network ip nexthop add id 7 via 10.0.3.1 dev eth0
in_network ip route add 10.30.0.0/16 nhid 7
in_network ip route add 10.31.0.0/16 nhid 7 table 100
in_nested ip neighbour add 10.7.0.9 lladdr $mac nud permanent dev br0
in_nested ip -6 rule add priority 50 table 50
in_nested ip -6 route add fd50::/64 via fd07::2 table 50
look_at_all >/tmp/before
for word in 'table 100' 'fd20::' 'fd22::' '10.31.0.0/16 nhid 7' 'local 10.22.0.0/16' 'goto 700' '0:	from all lookup local' \
	"10.0.3.99 dev eth0 lladdr $mac PERMANENT" "fd00::99 dev eth0 lladdr $mac router PERMANENT" \
	'from all lookup 50'; do
	grep -q -- "$word" /tmp/before || die "not seen before: $word"
done
ip link set dev second down
wait_for 10 has_linkdown in_network

# Both have the peer's window, which is 64 KiB at most, and nobody who does not answer is waited for.
check_half_closed()
{
	local line n=0

	check_equal '' "$(in_network ip neighbour show nud incomplete)" 'who is waited for'
	while read -r line; do
		line=${line##* snd_wnd:}
		line=${line%% *}
		check test "${line:-0}" -gt 0
		check test "$line" -le 65536
		n=$((n + 1))
	done < <(in_network ss -HOtin state close-wait)
	check_equal 2 "$n" 'number of half-closed connections'
}

go_on()
{
	check_half_closed
	wait_for 10 is_settled in_network
	wait_for 10 is_settled in_nested
	look_at_all >/tmp/after
	diff /tmp/before /tmp/after || die "not the same after $1"
	for connection in $plain $deprecated $timed; do
		next_is "$connection" "$2"
	done
	tell nested check
	for ((i = 0; i < 5; i++)); do
		tell talk6 say "$i"
	done
}

step 'one round'
check dump -n c1 -s
check restore -n c1
go_on 'one round' 2

step 'another, and an image as it was written before routes were mended'
ip link set dev second down
wait_for 10 has_linkdown in_network
check dump -n c1 -s --replace
python3 - "$IMG" <<-'END'
	import ctypes, glob, struct, sys
	class Sum(ctypes.Structure):
	    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]
	xxh3 = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
	xxh3.restype, xxh3.argtypes = Sum, [ctypes.c_char_p, ctypes.c_size_t]
	def checksum(data):
	    found = xxh3(data, len(data))
	    return b"%016x%016x" % (found.high, found.low)
	manifest = open(sys.argv[1] + "/manifest.json", "rb").read()
	changed = 0
	for path in glob.glob(sys.argv[1] + "/route*-*.img"):
	    was = open(path, "rb").read()
	    data = bytearray(was)
	    at = data.index(struct.pack("<I", 0x45311224)) + 4
	    while at + 16 <= len(data):
	        size, kind = struct.unpack_from("<IH", data, at)
	        flags, = struct.unpack_from("<I", data, at + 24)
	        if kind == 24:
	            assert not flags & 0x11, path
	            struct.pack_into("<I", data, at + 24, flags | 0x10)
	            changed += 1
	        at += (size + 3) & ~3
	    assert checksum(was) in manifest, path
	    manifest = manifest.replace(checksum(was), checksum(bytes(data)))
	    open(path, "wb").write(data)
	assert changed > 4, changed
	open(sys.argv[1] + "/manifest.json", "wb").write(manifest)
END
reseal "$IMG"
check restore -n c1
go_on 'the second round' 3

step 'what ip itself has saved is read'
in_network ip nexthop delete id 7
unshare -n sleep 1000 &
other=$!
in_other()
{
	nsenter -t "$other" -n "$@"
}
is_apart()
{
	[ "$(readlink "/proc/$other/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}
look_at_main()
{
	"$1" ip -o address | sed 's/[0-9]*sec/SEC/g'
	"$1" ip -d -o route | sed 's/[0-9]*sec/SEC/g' | sort
	"$1" ip -d -o -6 route | sed 's/[0-9]*sec/SEC/g' | sort
	"$1" ip rule
}
wait_for 10 is_apart
in_other ip link set lo up
for link in eth0 eth1; do
	read -r index _ < <(in_network ip -o link show "$link" | tr : ' ')
	address=$(in_network ip -o link show "$link" | sed 's/.*link.ether \([^ ]*\).*/\1/')
	in_other ip link add "$link" index "$index" address "$address" type veth \
		peer name "to-$link" index "$((index + 1000))"
	in_other ip link set "$link" up
	in_other ip link set "to-$link" addrgenmode none up
done
for what in addr route '-6 route' rule; do
	# shellcheck disable=SC2086 # words
	in_network ip $what save >/run/saved
	# shellcheck disable=SC2086 # as CRIU: without the -6
	check in_other /usr/local/libexec/lxc-checkpoint/lxc-checkpoint-ip ${what#-6 } restore </run/saved
done
wait_for 10 is_settled in_other
look_at_main in_network >/tmp/before.main
look_at_main in_other >/tmp/after.main
diff /tmp/before.main /tmp/after.main || die 'not what ip has saved'
in_other ip -6 rule >/tmp/rules6
check_equal 2 "$(wc -l </tmp/rules6)" "the kernel's own rules of IPv6"
kill "$other"
for words in '' 'link show' 'addr flush'; do
	# shellcheck disable=SC2086 # words
	fails 1 'CRIU does not call ip like this' /usr/local/libexec/lxc-checkpoint/lxc-checkpoint-ip $words
done
fails 1 'cannot read the rules' /usr/local/libexec/lxc-checkpoint/lxc-checkpoint-ip rule restore </dev/null

step 'a route with several links, of which one is down inside'
in_network ip link set dev eth1 down
check dump -n c1 -s --replace
check restore -n c1
next_is "$plain" 4
check grep -q 'lxc-checkpoint-ip: a route goes without a link that is down' "$IMG/restore.log"
check_equal '10.11.0.0/16 via 10.0.3.1 dev eth0' \
	"$(in_network ip route show 10.11.0.0/16 | sed 's/ *$//')" 'the route'

step 'what cannot be bound to its address again'
refused()
{
	fails 3 "$1" lxc-checkpoint --check -n c1
	fails 3 "$1" dump -n c1 -s --replace
}
tell talk6 tcp fe80::1 eth0 9003
refused "by the link-local address $link_local"
tell talk6 close 7
check lxc-checkpoint -q --check -n c1
in_network ip address add 10.0.3.8/24 dev eth0
exec {gone}<>/dev/tcp/10.0.3.8/7000
next_is "$gone" 1
in_network ip address del 10.0.3.8/24 dev eth0
refused 'has a TCP connection open (descriptor'
refused 'at the address 10.0.3.8, which no interface has'
in_network ip address add 10.0.3.8/24 dev eth0
check dump -n c1 -s --replace
check restore -n c1
next_is "$gone" 2

step 'the end: no interface is held by them'
check ip link set lxcbr0 down
check timeout 30 lxc-stop -k -n c1
no_veth()
{
	[ -z "$(ip -o link show type veth)" ]
}
wait_for 30 no_veth
