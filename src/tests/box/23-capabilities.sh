#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A capability that is missing is named before anything is touched; and the
# callback, which CRIU starts with all of its own, keeps one.
. "${0%/*}/lib.sh"
. "${0%/*}/counter.sh"
. "${0%/*}/blocker.sh"

WITH_BLOCKER=1 start_counter c1
for cap in sys_admin sys_ptrace net_admin sys_chroot setpcap setuid setgid kill dac_override \
	fowner chown mknod; do
	status=0
	said=$(setpriv --bounding-set "-$cap" --inh-caps "-$cap" \
		lxc-checkpoint -n c1 -D "$IMG" 2>&1) || status=$?
	check_equal 3 "$status" "exit status without $cap ($said)"
	case $said in
	*"cap_$cap is missing"*) ;;
	*) die "without $cap it says: $said" ;;
	esac
	check_not test -e "$IMG"
done

step 'CAP_SYS_RESOURCE is missed only where a process has other ids than root'
drop=(setpriv --bounding-set -sys_resource --inh-caps -sys_resource)
check "${drop[@]}" lxc-checkpoint -n c1 -D "$IMG"
block c1 other-user
status=0
said=$("${drop[@]}" lxc-checkpoint -n c1 -D /run/second 2>&1) || status=$?
check_equal 3 "$status" "exit status ($said)"
case $said in
*'does not run as root, and the capability cap_sys_resource is missing'*) ;;
*) die "it says: $said" ;;
esac
unblock c1

step 'what the callback runs has CAP_NET_ADMIN alone'
# an ip before the real one, that tells what it was given
mkdir /run/bin
cat >/run/bin/ip <<'END'
#!/bin/sh
# criu itself asks ip for routes
[ "$1" = link ] && grep -E '^(Cap(Prm|Eff|Bnd|Inh|Amb)|NoNewPrivs)' /proc/self/status >>/run/ip-status
exec /run/ip-real "$@"
END
chmod +x /run/bin/ip
cp "$(readlink -f /usr/sbin/ip)" /run/ip-real
mount --bind /run/bin/ip "$(readlink -f /usr/sbin/ip)"
check lxc-checkpoint -n c1 -D /run/third
umount "$(readlink -f /usr/sbin/ip)"
net_admin=0000000000001000
for set in CapPrm CapEff CapBnd; do
	check_equal "$net_admin" "$(sed -n "s/^$set:\t//p" /run/ip-status | sort -u)" "$set of ip"
done
for set in CapInh CapAmb; do
	check_equal 0000000000000000 "$(sed -n "s/^$set:\t//p" /run/ip-status | sort -u)" "$set of ip"
done
check_equal 1 "$(sed -n 's/^NoNewPrivs:\t//p' /run/ip-status | sort -u)" 'no_new_privs of ip'
