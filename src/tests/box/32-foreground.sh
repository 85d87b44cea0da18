#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-checkpoint -r -F: the container's console is here, and the command is
# over when the container is, with its status.
. "${0%/*}/lib.sh"
. "${0%/*}/counter.sh"
. "${0%/*}/terminal.sh"

found_in()
{
	grep -q -- "$2" "$1"
}

# on_terminal NAME: restores c1 in the foreground, on a terminal
on_terminal()
{
	terminal_open "$1" sh -c "stty -echo; exec lxc-checkpoint -r -F -n c1 -D $IMG"
	terminal "$1" raw 20
	check state_is c1 RUNNING
}

nothing_left()
{
	check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
	check_equal "$before_start" "$(leftovers)" 'what is left of the container'
}

before_start=$(make_bridge && start_dhcp && leftovers)
INITTAB='::shutdown:/bin/touch /halted'
start_counter c1
start_client
check dump -n c1 -s

step 'on a terminal: both ways'
# What its settings are before: those of "stty -echo".
terminal_open plain sh -c 'stty -echo'
terminal plain wait 10
terminal plain settings
before=$ANSWER
terminal_close plain
on_terminal front
check_client_goes_on
in_container c1 sh -c 'echo written inside >/dev/console'
terminal front expect 10 'written inside\r\n'
# init's askfirst shell
terminal front send '\r'
terminal front expect 10 '# '
# shellcheck disable=SC2016 # the container's shell expands it
terminal front send 'echo "typed on $(tty): $((6 * 7))" | tee /typed\r'
terminal front expect 10 'typed on /dev/console: 42'
check_equal 'typed on /dev/console: 42' "$(in_container c1 cat /typed)"
check_equal '24 80' "$(in_container c1 stty -F /dev/console size)" "the console's size"
# ^C is the container's, not the command's
terminal front send 'cat\r'
wait_for 10 runs c1 cat
terminal front send '\x03'
# (which also throws away what was typed and not read)
terminal front expect 10 '^C'
terminal front expect 10 '# '
# shellcheck disable=SC2016
terminal front send 'echo "still $((7 * 8))"\r'
terminal front expect 10 'still 56'

check_client_goes_on

step 'killed: 137'
end_client
check lxc-stop -n c1 -k
terminal front wait 20
check_equal 137 "$ANSWER" 'exit status'
terminal front settings
check_equal "$before" "$ANSWER" 'settings of the terminal afterwards'
terminal_close front
nothing_left

step 'halted: 0'
on_terminal halted
check lxc-stop -n c1
check test -e /var/lib/lxc/c1/rootfs/halted
terminal halted wait 20
check_equal 0 "$ANSWER" 'exit status'
terminal halted settings
check_equal "$before" "$ANSWER" 'settings of the terminal afterwards'
terminal_close halted
nothing_left

step 'the command is killed: the container goes too'
on_terminal killed
check kill -KILL "$(pgrep -xf "lxc-checkpoint -r -F -n c1 -D $IMG")"
terminal_ends killed 137
wait_for 20 state_is c1 STOPPED
check lxc-wait -n c1 -s STOPPED -t 20
nothing_left

step 'from /dev/null into a pipe'
mkfifo /tmp/out
cat /tmp/out >/tmp/out.all &
reader=$!
lxc-checkpoint -r -F -n c1 -D "$IMG" </dev/null >/tmp/out 2>/tmp/err &
command=$!
wait_for 20 state_is c1 RUNNING
check ask look >/dev/null
in_container c1 sh -c 'echo into the pipe >/dev/console'
wait_for 10 found_in /tmp/out.all 'into the pipe'
# the end of its input is not the end of the command
check kill -0 "$command"
check lxc-stop -n c1 -k
status=0
wait "$command" || status=$?
check_equal 137 "$status" 'exit status'
check wait "$reader"
check_equal '' "$(cat /tmp/err)" 'errors'
nothing_left

step 'typed through a pipe'
mkfifo /tmp/in
exec {typed}<>/tmp/in
lxc-checkpoint -r -F -n c1 -D "$IMG" </tmp/in >/tmp/out.all 2>/tmp/err &
command=$!
wait_for 20 state_is c1 RUNNING
printf '\r' >&"$typed"
wait_for 10 found_in /tmp/out.all '# '
# shellcheck disable=SC2016 # the container's shell expands it
printf 'echo "sum $((20 + 3))"\r' >&"$typed"
wait_for 10 found_in /tmp/out.all '^sum 23'
check lxc-stop -n c1 -k
status=0
wait "$command" || status=$?
check_equal 137 "$status" 'exit status'
nothing_left

step 'a restore that is refused ends at once, and says why'
status=0
timeout 20 lxc-checkpoint -r -F -n c1 -D /run/no-such </dev/null >/tmp/out.all 2>/tmp/err || status=$?
check_equal 3 "$status" 'exit status'
check grep -q /run/no-such /tmp/err
nothing_left
