#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Queueing disciplines of all kinds that are carried, most of which the kernel of a box need not
# have: each has the same options after two rounds of saving and restoring. What a new link gets
# by itself is no such state.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
export FRESH=1

in_network()
{
	nsenter -t "$(init_pid c1)" -n "$@"
}

# A kind and its options; each gets a link of its own.
disciplines()
{
	cat <<-'END'
		bfifo limit 12345
		cake bandwidth 10mbit besteffort flowblind nat wash rtt 50ms
		clsact
		codel limit 100 target 7ms interval 90ms ecn
		fq limit 5000 flow_limit 50 quantum 4000 maxrate 50mbit
		fq_codel limit 2000 flows 512 target 6ms interval 80ms quantum 1000 noecn
		fq_pie limit 900 flows 256 target 16ms
		hhf limit 800 quantum 1600 hh_limit 1024
		htb default 10
		ingress
		mq
		multiq
		netem delay 1ms loss 0.5% duplicate 0.1%
		noqueue
		pfifo limit 77
		pfifo_fast
		pfifo_head_drop limit 66
		pie limit 700 target 17ms alpha 3 beta 21 ecn
		prio bands 4 priomap 1 2 3 3 1 2 0 0 1 1 1 1 1 1 1 1
		sfq perturb 10 quantum 3000 limit 100
		skbprio limit 55
		tbf rate 10mbit burst 32kbit latency 400ms
	END
}

add()
{
	local link=$1

	shift
	case $1 in
	clsact | ingress) in_network tc qdisc add dev "$link" "$@" ;;
	*) in_network tc qdisc add dev "$link" root "$@" ;;
	esac
}

look()
{
	in_network tc -d qdisc | sed 's/ seed [0-9]*//; s/ direct_packets_stat [0-9]*//' | sort
}

start_counter c1
step 'each kind on a link of its own'
n=0
while read -r kind options; do
	in_network ip link add "$kind" type veth peer name "peer$n"
	# shellcheck disable=SC2086 # words
	add "$kind" "$kind" $options || die "$kind cannot be set here"
	in_network ip link set "$kind" up
	n=$((n + 1))
done < <(disciplines)
in_network ip tuntap add tun7 mode tun
in_network ip link set tun7 up
look >/tmp/before
while read -r kind _; do
	grep -q "^qdisc $kind [0-9a-f]*: dev $kind " /tmp/before || die "$kind is not seen: $(cat /tmp/before)"
done < <(disciplines)
lxc-checkpoint -n c1 --check | tee /tmp/check
check_not grep -q 'does not bring back' /tmp/check

step 'the same in two rounds'
for i in 1 2; do
	check dump -n c1 -s --replace
	check restore -n c1 || { cat "$IMG/restore.log"; die "round $i"; }
	look >/tmp/after
	diff /tmp/before /tmp/after || die "not the same after round $i"
done
wait_for 10 answers
