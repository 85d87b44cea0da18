#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The container's own packet filters come back: of nftables, and of the older iptables, in its
# network namespace and in one inside; also those that it makes at the last moment. Where it has
# none of the older kind CRIU runs no program of iptables, at a dump or at a restore.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
FRESH=1

# filters [PID]: what there is in the network namespace of a process; of c1's init by default
filters()
{
	local program

	nsenter -n -t "${1:-$(init_pid c1)}" nft list ruleset
	for program in iptables-legacy-save ip6tables-legacy-save; do
		nsenter -n -t "${1:-$(init_pid c1)}" "$program" | sed '/^#/d; s/\[.*//'
	done
}

# The container's process in a network namespace inside, as the host sees it.
inner_pid()
{
	pgrep -f '^/bin/busybox sleep 4242'
}

again()
{
	local wanted=$1

	rm -rf "$IMG"
	check dump -n c1 -s
	check restore -n c1
	check_equal "$wanted" "$(filters)" 'filters'
	wait_for 5 answers
}

# Started again, and without filters.
anew()
{
	start_container c1
	wait_for 20 has_address c1
	ADDRESS=$(address c1)
	wait_for 60 answers
}

# Whoever is run says so.
watch_iptables()
{
	local program

	cat >/run/watched <<-'END'
		#!/bin/sh
		echo "$0 $*" >>/run/iptables-ran
		exit 1
	END
	chmod 755 /run/watched
	for program in xtables-nft-multi xtables-legacy-multi; do
		mount --bind /run/watched /usr/sbin/$program
	done
}

start_counter c1 1

step 'none: no program of iptables runs'
# the first time after the boot CRIU looks at what the kernel has, by iptables too
check dump -n c1
rm -r "$IMG"
watch_iptables
check_not iptables-save -V
check test -e /run/iptables-ran
rm /run/iptables-ran
check dump -n c1 -s
check restore -n c1
check_not test -e /run/iptables-ran
check_equal '' "$(find "$IMG" -name 'ip*tables-*.img')" 'texts without a line'
umount /usr/sbin/xtables-nft-multi /usr/sbin/xtables-legacy-multi
check_equal '' "$(filters)" 'filters'

step 'of nftables'
nsenter -n -t "$(init_pid c1)" iptables -A INPUT -p tcp --dport 9 -j DROP
nft=$(filters)
check grep -q 'tcp dport 9' <<<"$nft"
again "$nft"

step 'of the older kind too'
for program in iptables-legacy ip6tables-legacy; do
	nsenter -n -t "$(init_pid c1)" $program -A INPUT -p tcp --dport 10 -j DROP
done
both=$(filters)
check_equal 2 "$(grep -c -- '--dport 10 -j DROP' <<<"$both")" 'rules of the older kind'
again "$both"
again "$both"

step 'made while CRIU is at work'
check lxc-stop -n c1 -k
anew
cp -a /usr/local/libexec/lxc-checkpoint /run/libexec
mv /run/libexec/lxc-restore-net /run/libexec/real
cat >/run/libexec/lxc-restore-net <<-'END'
	#!/bin/sh
	[ "$LXC_CHECKPOINT_VERB:$CRTOOLS_SCRIPT_ACTION" != dump:network-lock ] ||
		nsenter -n -t "$CRTOOLS_INIT_PID" iptables-legacy -A INPUT -p tcp --dport 11 -j DROP
	exec /run/libexec/real
END
chmod 755 /run/libexec/lxc-restore-net
rm -rf "$IMG"
LXC_CHECKPOINT_LIBEXEC=/run/libexec check dump -n c1 -s
check restore -n c1
check grep -q -- '--dport 11 -j DROP' <<<"$(filters)"

step 'an action script finds the real programs'
nsenter -n -t "$(init_pid c1)" nft add table inet own
cat >/run/script <<-'END'
	#!/bin/sh
	[ "$CRTOOLS_SCRIPT_ACTION" != network-lock ] || iptables-save -V >/run/version
END
chmod 755 /run/script
rm -rf "$IMG"
check dump -n c1 -s -A /run/script
check_equal "$(iptables-save -V)" "$(cat /run/version)" 'version'
check restore -n c1
check grep -q 'table inet own' <<<"$(filters)"
check lxc-stop -n c1 -k

step 'in a network namespace inside, and nowhere else'
echo '::once:/bin/busybox unshare -n /bin/busybox sleep 4242' >>/var/lib/lxc/c1/rootfs/etc/inittab
anew
wait_for 10 inner_pid >/dev/null
inner=$(inner_pid)
check_not test "/proc/$inner/ns/net" -ef "/proc/$(init_pid c1)/ns/net"
nsenter -n -t "$inner" iptables-legacy -A INPUT -p tcp --dport 12 -j DROP
inside=$(filters "$inner")
check grep -q -- '--dport 12 -j DROP' <<<"$inside"
again ''
check_equal "$inside" "$(filters "$(inner_pid)")" 'filters inside'
