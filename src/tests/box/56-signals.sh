#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every signal to the monitor of a restored container, the death of that monitor, and the signals in
# its configuration have the same effects as for a twin that lxc-start started.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

HALT=36 STOP=37 REBOOT=38 MARK=64

monitor_of()
{
	pgrep -xf "\\[lxc monitor\\] /var/lib/lxc $1"
}
got()
{
	cat "/var/lib/lxc/$1/rootfs/got"
}
# since NAME LINE: what it got after that many lines
since()
{
	got "$1" | tail -n "+$(($2 + 1))" | paste -sd ' '
}
has_got()
{
	[ "$(since "$1" "$2")" = "$3" ]
}
lines()
{
	got "$1" | wc -l
}
ended()
{
	! kill -0 "$1" 2>/dev/null
}
is_down()
{
	! monitor_of "$1" >/dev/null
}

# make NAME [<CONFIG LINES]: it has the init that says what it gets
make()
{
	make_container "$1"
	cat >>"/var/lib/lxc/$1/config" <<-END
		lxc.init.cmd = /bin/init_signals /got $HALT $STOP $REBOOT
		lxc.net.0.type = empty
	END
	sed -i '/^lxc.net.0.\(link\|flags\|hwaddr\)/d; /^lxc.net.0.type = veth/d' "/var/lib/lxc/$1/config"
	install -m 755 /tmp/payload/init_signals "/var/lib/lxc/$1/rootfs/bin/init_signals"
}

# run: twin by lxc-start, c1 restored
run()
{
	rm -rf "$IMG" /var/lib/lxc/twin/rootfs/got /var/lib/lxc/c1/rootfs/got
	for name in twin c1; do
		check lxc-start -n "$name"
		check lxc-wait -n "$name" -s RUNNING -t 10
		wait_for 10 test -s "/var/lib/lxc/$name/rootfs/got"
	done
	check dump -n c1 -s
	check restore -n c1
}

make_bridge
payload init_signals >/dev/null
make twin </dev/null
make c1 </dev/null
run

step 'how the monitor takes signals'
masks()
{
	grep -E '^Sig(Blk|Ign|Cgt)' "/proc/$(monitor_of "$1")/status"
}
check_equal "$(masks twin)" "$(masks c1)" 'blocked, ignored, caught'

step 'each signal: what init gets of it'
declare -A monitor=([twin]=$(monitor_of twin) [c1]=$(monitor_of c1))
# Without a process of its own: it is asked often.
marked()
{
	local all

	mapfile -t all <"/var/lib/lxc/$1/rootfs/got"
	[ "${all[-1]}" = $MARK ]
}
# A line for each signal: it, and what init got.
table()
{
	got "$1" | awk '/^signal/ { if (n) print n ":" all; n = $2; all = ""; next } { all = all " " $0 }
		END { print n ":" all }'
}
for ((sig = 1; sig < 64; sig++)); do
	case $sig in
	# faults, what ends or stops it whatever it wants, and two of glibc's own
	4 | 7 | 11 | 9 | 19 | 32 | 33) continue ;;
	# of these this init ends, below
	"$HALT" | "$STOP" | "$REBOOT") continue ;;
	1) wanted=15 ;;
	10) wanted='10 pdeath 9' ;;
	17 | 28) wanted='' ;;
	*) wanted=$sig ;;
	esac
	for name in twin c1; do
		echo "signal $sig" >>"/var/lib/lxc/$name/rootfs/got"
		kill "-$sig" "${monitor[$name]}"
		# the highest is always taken last
		kill "-$MARK" "${monitor[$name]}"
		wait_for 10 marked "$name"
	done
	echo "$sig:${wanted:+ $wanted} $MARK" >>/tmp/wanted
done
check diff /tmp/wanted <(table twin)
check diff /tmp/wanted <(table c1)

step 'stopped, and continued'
for name in twin c1; do
	n=$(lines "$name")
	kill -STOP "${monitor[$name]}"
	wait_for 10 grep -q '^State:.T' "/proc/${monitor[$name]}/status"
	kill -USR2 "${monitor[$name]}"
	kill -CONT "${monitor[$name]}"
	wait_for 10 has_got "$name" "$n" '12 18'
	check state_is "$name" RUNNING
done

# A monitor that dies leaves its cgroups.
sweep()
{
	find /sys/fs/cgroup -depth -name 'lxc.*.twin*' -exec rmdir {} + \
		-o -depth -name 'lxc.*.c1*' -exec rmdir {} +
}

for pdeath in SIGKILL SIGTERM 0; do
	step "lxc.monitor.signal.pdeath = $pdeath"
	for name in twin c1; do
		lxc-stop -n "$name" -k || :
		wait_for 10 is_down "$name"
		sed -i '/signal.pdeath/d' "/var/lib/lxc/$name/config"
		echo "lxc.monitor.signal.pdeath = $pdeath" >>"/var/lib/lxc/$name/config"
	done
	run
	for name in twin c1; do
		init=$(init_pid "$name")
		n=$(lines "$name")
		kill -USR1 "$init"
		wait_for 10 has_got "$name" "$n" "10 $(got "$name" | head -n 1)"
		n=$(lines "$name")
		kill -KILL "$(monitor_of "$name")"
		case $pdeath in
		SIGKILL)
			wait_for 10 ended "$init"
			continue
			;;
		SIGTERM) wait_for 10 has_got "$name" "$n" 15 ;;
		0)
			wait_for 10 is_down "$name"
			kill -USR2 "$init"
			wait_for 10 has_got "$name" "$n" 12
			;;
		esac
		# it lives on without
		check kill -0 "$init"
		check state_is "$name" STOPPED
		kill -KILL "$init"
		wait_for 10 ended "$init"
	done
	check_equal "$(got twin | head -n 1)" "$(got c1 | head -n 1)" "init's signal of its parent's death"
	wait_for 10 sweep
done

step 'lxc.signal.halt, .stop, .reboot'
for name in twin c1; do
	sed -i '/signal.pdeath/d' "/var/lib/lxc/$name/config"
	cat >>"/var/lib/lxc/$name/config" <<-END
		lxc.signal.halt = SIGRTMIN+2
		lxc.signal.stop = $STOP
		lxc.signal.reboot = SIGRTMIN+4
	END
done
# one WANTED COMMAND...: of each
one()
{
	local wanted=$1

	shift
	run
	for name in twin c1; do
		n=$(lines "$name")
		check timeout 60 "$@" -n "$name"
		wait_for 10 has_got "$name" "$n" "$wanted"
	done
}
both_stopped()
{
	for name in twin c1; do
		check_equal STOPPED "$(lxc-info -n "$name" -sH)" state
		wait_for 10 is_down "$name"
	done
}
one "$HALT" lxc-stop -t 30
both_stopped
one "$STOP" lxc-stop -k
both_stopped
one "$REBOOT pdeath 9" lxc-stop -r -t 30
check lxc-stop -n twin -k
check lxc-stop -n c1 -k
both_stopped
# an init that does not mind to be halted
sed -i 's/^lxc.signal.halt.*/lxc.signal.halt = 41/' /var/lib/lxc/{twin,c1}/config
one "41 $STOP" lxc-stop -t 1
both_stopped
