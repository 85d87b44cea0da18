#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A missing capability is named before anything is touched. The callback, which CRIU starts with all
# its capabilities, keeps one.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"

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

step 'what the callback runs has CAP_NET_ADMIN alone before it reads its file'
libexec=/usr/local/libexec/lxc-checkpoint
mkfifo /run/network-file
"$libexec/lxc-restore-net" network-lock /run/network-file &
callback=$!
exec {file}>/run/network-file
status_is()
{
	[ "$(sed -n "s/^$1:\t//p" "/proc/$callback/status")" = "$2" ]
}
wait_for 10 status_is NoNewPrivs 1
check_equal lxc-checkpoint- "$(cat "/proc/$callback/comm")" 'what it is'
for set in CapPrm CapEff CapBnd; do
	check status_is "$set" 0000000000001000
done
for set in CapInh CapAmb; do
	check status_is "$set" 0000000000000000
done
exec {file}>&-
wait "$callback" || die 'an empty file is none that is bad'

step 'neither ip nor setpriv nor nsenter runs'
for program in ip setpriv nsenter; do
	program=$(readlink -f "$(command -v "$program")")
	mount --bind /bin/false "$program"
	hidden+=("$program")
done
check lxc-checkpoint -n c1 -D /run/third -s
check lxc-checkpoint -n c1 -D /run/third -r
umount "${hidden[@]}"
check_equal lxcbr0 "$(bridge_of "$(host_veth)")" 'bridge'
check answers
