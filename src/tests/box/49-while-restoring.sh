#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# LXC's tools during a restore that is held in the middle: they get an answer at once, or wait for
# the container as while lxc-start starts it. lxc-stop -k cancels the restore. Compares the states
# of a restore, and of a failing one, with lxc-start's.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

holder post-restore

# What lxc-monitor has seen of c1; what is said twice in a row (lxc-start says ABORTING twice) once.
seen()
{
	sed -n "s/^'c1' changed state to \[\(.*\)\]$/\1/p" /tmp/watched | uniq | paste -sd ' '
}
seen_is()
{
	[ "$(seen)" = "$1" ]
}
is_watched()
{
	: >/tmp/watched
	lxc-freeze -n watched
	lxc-unfreeze -n watched
	grep -q 'watched.*RUNNING' /tmp/watched
}

# begin: returns in the middle of the restore
begin()
{
	: >/tmp/watched
	restore -n c1 -A /run/hold-post-restore >/tmp/said 2>&1 &
	command=$!
	read -r _ </run/held
}
go_on()
{
	echo go >/run/go-on
	check wait "$command"
}

is_down()
{
	! monitor_pid c1 >/dev/null && ! pgrep -x criu >/dev/null
}
# A process of ours that waits for the container: it is connected to its monitor, and has not ended.
is_waiting()
{
	kill -0 "$1" && [ "$(grep -c '@/var/lib/lxc/c1/command$' /proc/net/unix)" -ge "$2" ]
}

make_bridge
start_dhcp
start_counter c1
lxc-monitor '.*' >>/tmp/watched 2>&1 &
make_container watched </dev/null
check lxc-start -n watched
check lxc-wait -n watched -s RUNNING -t 10
wait_for 10 is_watched
check lxc-stop -n watched -k
check dump -n c1 -s
# lxc-monitord is no leftover of a container
before=$(leftovers)

step 'who asks is answered'
begin
check_equal STARTING "$(timeout 5 lxc-info -n c1 -sH)" 'lxc-info -s'
said=$(timeout 10 lxc-info -n c1) || die 'lxc-info hangs'
check_equal 'Name: c1 State: STARTING' "$(awk '{ print $1, $2 }' <<<"$said" | head -n 2 | paste -sd ' ')" lxc-info
check_not grep -q PID <<<"$said"
said=$(timeout 10 lxc-ls -f -F NAME,STATE,PID,IPV4 --filter '^c1$') || die 'lxc-ls hangs'
check_equal 'c1 STARTING - -' "$(sed -n '2s/ *$//;2s/  */ /gp' <<<"$said")" lxc-ls
check timeout 5 lxc-wait -n c1 -s STARTING
# (LXC's own: that is no error)
fails 0 'already running' timeout 5 lxc-start -n c1
fails 3 'a restore of c1 has been running since' restore -n c1
# shellcheck disable=SC2016 # python's
check timeout 5 python3 -c '
import lxc, sys
c = lxc.Container("c1")
sys.exit(0 if c.running and c.state == "STARTING" and c.controllable and c.init_pid == -1 else 1)'

step 'who needs the container waits for it'
here=$(grep -c '@/var/lib/lxc/c1/command$' /proc/net/unix)
lxc-wait -n c1 -s RUNNING -t 60 &
waiting=$!
lxc-attach -n c1 --clear-env -- hostname </dev/null >/tmp/hostname &
attaching=$!
lxc-console -n c1 -t 1 </dev/null >/dev/null 2>&1 &
typing=$!
# each with a connection that the monitor has taken: one end here is named, the other is theirs
wait_for 10 is_waiting "$waiting" $((here + 2))
check kill -0 "$attaching"
go_on
check wait "$waiting"
check wait "$attaching"
check_equal c1 "$(cat /tmp/hostname)" 'what lxc-attach ran'
kill "$typing" 2>/dev/null || :
wait_for 10 seen_is 'STARTING RUNNING'
wait_for 60 answers

step 'lxc-stop waits, and then it is as ever'
check lxc-stop -n c1 -k
wait_for 10 is_down
begin
lxc-stop -n c1 -t 60 &
stopping=$!
wait_for 10 is_waiting "$stopping" 2
go_on
check wait "$stopping"
wait_for 20 is_down
wait_for 10 seen_is 'STARTING RUNNING STOPPING STOPPED'
check_left "$before"

step 'lxc-stop -k ends the restore'
begin
check timeout 30 lxc-stop -n c1 -k
# all is gone when it returns
check_equal STOPPED "$(lxc-info -n c1 -sH)" state
check_equal "$before" "$(leftovers | grep -v '^process ')" 'what is left of the container'
status=0
wait "$command" || status=$?
check_equal 1 "$status" "the restore's exit status ($(cat /tmp/said))"
check grep -q 'c1 was stopped while it was being restored' /tmp/said
wait_for 10 is_down
wait_for 10 seen_is 'STARTING ABORTING STOPPING STOPPED'
check restore -n c1
wait_for 60 answers
check lxc-stop -n c1 -k
wait_for 10 is_down
check_left "$before"

step 'while a hook runs'
cat >/run/slow-hook <<'END'
#!/bin/sh
echo here >/run/held
read -r _ </run/go-on
END
chmod +x /run/slow-hook
for hook in pre-start start-host; do
	echo "lxc.hook.$hook = /run/slow-hook" >>/var/lib/lxc/c1/config
	restore -n c1 >/tmp/said 2>&1 &
	command=$!
	read -r _ </run/held
	check_equal STARTING "$(timeout 5 lxc-info -n c1 -sH)" "state in $hook"
	lxc-stop -n c1 -k &
	stopping=$!
	wait_for 10 is_waiting "$stopping" 2
	echo go >/run/go-on
	check wait "$stopping"
	check_not wait "$command"
	check grep -q 'c1 was stopped while it was being restored' /tmp/said
	wait_for 10 is_down
	check_left "$before"
	sed -i '/slow-hook/d' /var/lib/lxc/c1/config
done

step 'states of a start and of a restore that a hook ends'
for hook in pre-start start-host; do
	echo "lxc.hook.$hook = /bin/false" >>/var/lib/lxc/c1/config
	: >/tmp/watched
	check_not lxc-start -n c1
	wait_for 10 seen_is 'STARTING ABORTING STOPPING STOPPED'
	wait_for 10 is_down
	: >/tmp/watched
	check_not restore -n c1
	wait_for 10 seen_is 'STARTING ABORTING STOPPING STOPPED'
	wait_for 10 is_down
	sed -i '/bin.false/d' /var/lib/lxc/c1/config
done
check_left "$before"
check restore -n c1
wait_for 60 answers
