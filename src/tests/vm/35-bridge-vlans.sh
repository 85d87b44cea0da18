#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The VLANs of a bridge port, on a bridge that filters them, which the kernel of a box need not
# have: the port has the same ones after a checkpoint, and after two rounds of saving and restoring.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
export FRESH=1

vlans()
{
	bridge -c=never vlan show dev "$(host_veth)" | sed "1d; s/^$(host_veth)//"
}

# rounds WHAT: the port's VLANs are the same after each
rounds()
{
	vlans >/tmp/before
	check lxc-checkpoint -n c1 -D /run/alone --replace
	vlans >/tmp/after
	diff /tmp/before /tmp/after || die "$1: not the same after a checkpoint"
	for _ in 1 2; do
		check dump -n c1 -s --replace
		check restore -n c1
		vlans >/tmp/after
		diff /tmp/before /tmp/after || die "$1: not the same after a restore"
	done
}

start_counter c1
ip link set lxcbr0 type bridge vlan_filtering 1
check_equal 1 "$(vlans | grep -c 'PVID Egress Untagged')" 'VLANs of a new port'

step 'the VLAN that each new port has'
rounds 'the usual VLAN'
wait_for 10 answers

step 'others, one of them for packets without a tag'
bridge vlan del dev "$(host_veth)" vid 1
bridge vlan add dev "$(host_veth)" vid 5 pvid untagged
bridge vlan add dev "$(host_veth)" vid 10-20
bridge vlan add dev "$(host_veth)" vid 30 untagged
rounds 'others'
check grep -q ' 5 PVID Egress Untagged' /tmp/after
check grep -q ' 20$' /tmp/after
check_not grep -q ' 1 ' /tmp/after

step 'none'
bridge vlan del dev "$(host_veth)" vid 5
bridge vlan del dev "$(host_veth)" vid 10-20
bridge vlan del dev "$(host_veth)" vid 30
rounds 'none'
check_equal '' "$(vlans | tr -d ' \n')" 'VLANs'

step 'the usual one again: the container answers'
bridge vlan add dev "$(host_veth)" vid 1 pvid untagged
wait_for 10 answers
