#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-checkpoint -r -F: the container's console is here, and the command exits when the container
# stops, with its status.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"

found_in()
{
	grep -q -- "$2" "$1"
}

# on_terminal NAME: restores c1 in the foreground, on a terminal
on_terminal()
{
	terminal_open "$1" sh -c "stty -echo; exec lxc-checkpoint -r -F -n c1 --force=stale -D $IMG"
	terminal "$1" raw 20
	check state_is c1 RUNNING
}

console_is_sized()
{
	[ "$(in_container c1 stty -F /dev/console size </dev/null)" = "$1" ]
}

# console_takes TEXT: the monitor serves again, and the container may write
console_takes()
{
	timeout 5 lxc-attach -n c1 --clear-env -- sh -c "echo '$1' >/dev/console" </dev/null
}

runs_not()
{
	[ -z "$(vpid "$1" "$2")" ]
}

nothing_left()
{
	check_equal STOPPED "$(lxc-info -n c1 -sH)" 'state'
	check_left "$before_start"
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
terminal front expect 10 '# '
terminal front resize 41 111
wait_for 10 console_is_sized '41 111'
# ^C is the container's, not the command's
terminal front send 'cat\r'
wait_for 10 runs c1 cat
terminal front send '\x03'
# (which also throws away what was typed and not read; and the prompt is there twice,
# where the window's size has changed)
terminal front expect 10 '^C'
terminal front expect 10 '# '
# shellcheck disable=SC2016
terminal front send 'echo "still $((7 * 8))"\r'
terminal front expect 10 'still 56'
# and so are ^Z, ^\\ and what leaves lxc-console
terminal front expect 10 '# '
terminal front send 'cat\r'
wait_for 10 runs c1 cat
terminal front send '\x1a'
terminal front expect 10 'Stopped'
terminal front expect 10 '# '
terminal front send 'kill %1; fg\r'
wait_for 10 runs_not c1 cat
terminal front expect 10 '# '
terminal front send 'cat\r'
wait_for 10 runs c1 cat
terminal front send '\x01q\r'
terminal front expect 10 '\x01q\r\n'
terminal front send '\x1c'
wait_for 10 runs_not c1 cat
# there is one console, and who typed all this sits at it
terminal_open other lxc-console -n c1 -t 0
terminal other wait 10
check_not [ "$ANSWER" = 0 ]
terminal_close other
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

step 'as a job of a shell: stopped, in the background, and back'
terminal_open job bash --norc -i
terminal job expect 10 '# '
terminal job send "lxc-checkpoint -r -F -n c1 --force=stale -D $IMG\\r"
terminal job raw 20
wait_for 20 state_is c1 RUNNING
terminal job send '\r'
terminal job expect 10 '/ # '
command=$(pgrep -xf "lxc-checkpoint -r -F -n c1 --force=stale -D $IMG")
# both of it, as the shell itself would
check kill -STOP -- "-$(ps -o pgid= "$command" | tr -d ' ')"
terminal job expect 10 'Stopped'
# shellcheck disable=SC2016 # the shell there expands it
terminal job send 'echo "the shell has $((6 * 7))"\r'
terminal job expect 10 'the shell has 42\r\n'
terminal job send 'bg\r'
wait_for 10 console_takes 'in the background'
terminal job expect 10 'in the background'
# what is typed is the shell's, which the monitor does not mind
# shellcheck disable=SC2016 # the shell there expands it
terminal job send 'echo "still the shell: $((7 * 8))"\r'
terminal job expect 10 'still the shell: 56\r\n'
terminal job send 'fg\r'
terminal job raw 10
terminal job send '\r'
terminal job expect 10 '/ # '
# shellcheck disable=SC2016 # the shell there expands it
terminal job send 'echo "the container has $((8 * 9))"\r'
terminal job expect 10 'the container has 72'
check lxc-stop -n c1 -k
# shellcheck disable=SC2016 # the shell there expands it
terminal job send 'echo "status $?"\r'
terminal job expect 10 'status 137\r\n'
terminal job send 'exit\r'
terminal_ends job 0
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
check kill -KILL "$(pgrep -xf "lxc-checkpoint -r -F -n c1 --force=stale -D $IMG")"
terminal_ends killed 137
wait_for 20 state_is c1 STOPPED
check lxc-wait -n c1 -s STOPPED -t 20
nothing_left

step 'from /dev/null into a pipe'
mkfifo /tmp/out
cat /tmp/out >/tmp/out.all &
reader=$!
lxc-checkpoint -r -F -n c1 --force=stale -D "$IMG" </dev/null >/tmp/out 2>/tmp/err &
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
check_equal '' "$(grep -v 'is newer than at the checkpoint' /tmp/err)" 'errors'
nothing_left

step 'typed through a pipe'
mkfifo /tmp/in
exec {typed}<>/tmp/in
lxc-checkpoint -r -F -n c1 --force=stale -D "$IMG" </tmp/in >/tmp/out.all 2>/tmp/err &
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
