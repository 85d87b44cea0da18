#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The VM is what a user of this Debian has. What is not as expected here makes
# the other cases prove something else than they say.
. "${0%/*}/../box/lib/lib.sh"

. /etc/os-release
case $VERSION_CODENAME in
bookworm) kernel=6.1. lxc=5.0. criu=3.17 ;;
trixie) kernel=6.12. lxc=6.0. criu=4.1 ;;
# moves on; these are the least
*) kernel='' lxc='' criu='' ;;
esac
step "$PRETTY_NAME, kernel $(uname -r), LXC $(lxc-start --version), $(criu --version | head -n 1)"
case $(uname -r) in "$kernel"*-cloud-amd64) ;; *) die "the kernel is $(uname -r)" ;; esac
case $(lxc-start --version) in "$lxc"*) ;; *) die "LXC is $(lxc-start --version)" ;; esac
case $(criu --version | head -n 1) in *" $criu"*) ;; *) die "CRIU is $(criu --version)" ;; esac

step 'systemd has booted it'
check_equal systemd "$(cat /proc/1/comm)" 'process 1'
check_equal running "$(systemctl is-system-running --wait)" 'the system'

step 'cgroup2, with controllers'
check_equal cgroup2 "$(findmnt -no FSTYPE /sys/fs/cgroup)"
check_equal '' "$(findmnt -rno TARGET -t cgroup || :)" 'version 1 hierarchies'
for controller in cpu cpuset io memory pids; do
	check grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers
done
for controller in memory pids; do
	check grep -qw "$controller" /sys/fs/cgroup/cgroup.subtree_control
done

step 'AppArmor, with the profiles of LXC'
check_equal Y "$(cat /sys/module/apparmor/parameters/enabled)" 'AppArmor'
check grep -q '^lxc-container-default-cgns (enforce)' /sys/kernel/security/apparmor/profiles

step 'all capabilities'
last=$(cat /proc/sys/kernel/cap_last_cap)
check_equal "$(printf '%016x' $(((1 << (last + 1)) - 1)))" "$(sed -n 's/^CapEff:\t//p' /proc/self/status)"

step "LXC's own bridge"
check_equal active "$(systemctl is-active lxc-net)" 'lxc-net'
check ip -4 address show dev lxcbr0

step 'CRIU can, and what is tested is installed'
check criu check
check_equal /usr/local/bin/lxc-checkpoint "$(command -v lxc-checkpoint)"
check lxc-checkpoint --version
