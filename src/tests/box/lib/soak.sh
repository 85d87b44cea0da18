# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh, counter.sh and faults.sh: one container under load is checkpointed and restored again
# and again, and now and then somebody is killed, at whatever moment. soak CYCLES SEED

CLIENTS=4

# own_client I: a connection with a count of its own; ends when an answer is wrong
own_client()
{
	rm -f "/tmp/own.$1"
	/tmp/payload/client "$ADDRESS" "$PORT" own "/tmp/own.$1" 2>"/tmp/own.$1.err" &
	OWN[$1]=$!
	wait_for 10 test -s "/tmp/own.$1"
}

own_count()
{
	local n=0

	read -r n <"/tmp/own.$1" || :
	printf '%s\n' "${n:-0}"
}

# own_goes_on I COUNT
own_goes_on()
{
	! grep -q after "/tmp/own.$1.err" || die "a wrong answer: $(cat "/tmp/own.$1.err")"
	! kill -0 "${OWN[$1]}" 2>/dev/null || [ "$(own_count "$1")" -gt "$2" ]
}

# check_own MAY-BE-LOST: each connection gets right answers
check_own()
{
	local i n deadline=$((SECONDS + 20))

	for ((i = 0; i < CLIENTS; i++)); do
		n=$(own_count "$i")
		# one whose end is gone silently waits for ever
		until own_goes_on "$i" "$n" || [ $SECONDS -ge $deadline ]; do
			sleep 0.02
		done
		if kill -0 "${OWN[$i]}" 2>/dev/null && [ "$(own_count "$i")" -gt "$n" ]; then
			continue
		fi
		[ "$1" = yes ] || die "a connection was lost: $(cat "/tmp/own.$i.err")"
		LOST=$((LOST + 1))
		ANSWERS=$((ANSWERS + $(own_count "$i")))
		kill -KILL "${OWN[$i]}" 2>/dev/null || :
		wait "${OWN[$i]}" 2>/dev/null || :
		own_client "$i"
	done
}

# took COMMAND...: in milliseconds
took()
{
	local start=${EPOCHREALTIME/[.,]/}

	check "$@" >/dev/null
	echo $(((${EPOCHREALTIME/[.,]/} - start) / 1000))
}

# struck MOST COMMAND...: somebody of it is killed at some moment of the first MOST milliseconds;
# VICTIM says who
struck()
{
	local victims=(command criu callback) pid when=$((RANDOM % $1))

	shift
	[[ " $* " != *' -r '* ]] || victims+=(monitor)
	VICTIM=${victims[RANDOM % ${#victims[@]}]}
	"$@" >/tmp/said 2>&1 &
	pid=$!
	sleep "$((when / 1000)).$(printf '%03d' $((when % 1000)))"
	case $VICTIM in
	command) kill -KILL $pid 2>/dev/null ;;
	criu) pkill -KILL -x criu ;;
	callback) pkill -KILL -f '/bin/sh .*/lxc-restore-net' ;;
	monitor) kill -KILL "$(monitor_pid c1)" 2>/dev/null ;;
	esac && FAULTS=$((FAULTS + 1)) || VICTIM=none
	wait $pid || :
	wait_for 30 quiet
	wait_for 30 settled
}

# may_lose: whether who was killed may have taken connections along
may_lose()
{
	case $VICTIM in
	criu | monitor) echo yes ;;
	*) echo no ;;
	esac
}

# What there is of everything that could become more; check_name looks at the name
inventory()
{
	leftovers | sed 's/^veth .*/veth/'
	echo "ptys $(find /dev/pts -mindepth 1 | wc -l)"
	echo "zombies $(pgrep -c -r Z || :)"
	echo "descriptors of the monitor $(find "/proc/$(monitor_pid c1)/fd" -mindepth 1 | wc -l)"
	echo "names in /run/lxc-checkpoint $(find /run/lxc-checkpoint | wc -l)"
	echo "sockets $(wc -l </proc/net/unix)"
}

resident()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$(monitor_pid c1)/status"
}

# The host's veth has the name that it had, and is alone, also where a monitor was killed.
check_name()
{
	check_equal "$NAME" "$(veth)" "the veth ($VICTIM killed)"
}

# cycle: one, with a fault every third time on an average
cycle()
{
	local before=$LOST in=nothing

	VICTIM=none
	case $((RANDOM % 6)) in
	0)
		in='a checkpoint'
		struck "$DUMP_MS" lxc-checkpoint -D "$IMG" -n c1 --replace
		;;
	1)
		in='a checkpoint that stops'
		struck "$DUMP_MS" lxc-checkpoint -D "$IMG" -n c1 -s --replace
		;;
	2)
		in='a restore'
		check dump -n c1 -s --replace
		struck "$RESTORE_MS" lxc-checkpoint -D "$IMG" -n c1 -r
		;;
	esac
	# what was killed in between is mended by the next
	if state_is c1 RUNNING; then
		check dump -n c1 -s --replace
	fi
	check restore -n c1
	check_own "$(may_lose)"
	[ "$LOST" = "$before" ] ||
		echo "cycle $CYCLE: $((LOST - before)) connections lost, $VICTIM killed in $in"
	check_name
}

soak()
{
	local cycles=$1 seed=$2 i before after rss

	RANDOM=$seed
	ANSWERS=0
	OWN=()
	begin_faults 8
	end_client
	for ((i = 0; i < CLIENTS; i++)); do
		own_client "$i"
	done
	DUMP_MS=$(took dump -n c1 -s --replace)
	RESTORE_MS=$(took restore -n c1)
	check_own no
	before=$(inventory)
	NAME=$(veth)
	rss=$(resident)
	for ((CYCLE = 1; CYCLE <= cycles; CYCLE++)); do
		cycle
		[ $((CYCLE % 10)) != 0 ] || echo "$CYCLE cycles, $FAULTS killed, $((SECONDS - BEGAN)) s"
	done
	check_equal ok "$(ask check)" 'the memory'
	# the kernel and others take a moment
	for ((i = 0; i < 100; i++)); do
		after=$(inventory)
		[ "$before" != "$after" ] || break
		sleep 0.1
	done
	check_equal "$before" "$after" 'what there is'
	check test $(($(resident) - rss)) -lt 256
	for ((i = 0; i < CLIENTS; i++)); do
		ANSWERS=$((ANSWERS + $(own_count "$i")))
		kill -KILL "${OWN[$i]}"
		wait "${OWN[$i]}" 2>/dev/null || :
	done
	echo "$cycles cycles (seed $seed), $FAULTS killed at some moment, $ANSWERS answers all right;" \
		"$LOST connections lost with a killed CRIU or monitor, none else;" \
		"the monitor: $rss KiB, now $(resident); $((SECONDS - BEGAN)) s"
}
