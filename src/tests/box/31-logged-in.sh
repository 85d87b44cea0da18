#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Somebody is logged in: shells with job control, which hold /dev/tty, on lxc-console.
# Over two rounds they keep their variables, jobs, signals and windows, and a container that is not
# stopped notices nothing.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"

# connect NAME TTY
connect()
{
	terminal_open "$1" lxc-console -n c1 -t "$2"
	terminal "$1" expect 10 'Connected to tty'
	terminal "$1" raw 10
}

leave()
{
	terminal "$1" send '\x01q'
	terminal_ends "$1" 0
}

# types NAME LINE EXPECTED: the shell sees the line, and what comes is not its echo
types()
{
	terminal "$1" send "$2\\r"
	terminal "$1" expect 10 "$3"
}

# log_in NAME TTY: a shell with a variable, a job in the background and one that is stopped
log_in()
{
	connect "$1" "$2"
	types "$1" '' '# '
	types "$1" "x=$1; while :; do sleep 9999; done & echo is\$((7 * 8))" is56
	# it says when it reads: the shell changes the terminal before, and drops what was typed
	types "$1" "sh -c 'echo up\$((1 + 1)); exec cat'" up2
	types "$1" one one
	terminal "$1" expect 10 one
	terminal "$1" send '\x1a'
	terminal "$1" expect 10 '# '
	types "$1" jobs Stopped
}

# look NAME: all of that is there. Leaves it as it was.
look()
{
	types "$1" "echo \$((7 * 9))\$x" "63$1"
	types "$1" jobs 'Running'
	types "$1" fg exec
	types "$1" two two
	terminal "$1" expect 10 two
	terminal "$1" send '\x1a'
	terminal "$1" expect 10 '# '
	types "$1" jobs Stopped
	types "$1" "sh -c 'echo up\$((1 + 2)); exec cat'" up3
	types "$1" three three
	terminal "$1" expect 10 three
	terminal "$1" send '\x03'
	terminal "$1" expect 10 '# '
}

# holders: the processes that have /dev/tty open
holders()
{
	# shellcheck disable=SC2010,SC2012
	ls -l "/proc/$(init_pid c1)/root/proc"/[0-9]*/fd 2>/dev/null | grep -c -- '-> /dev/tty$' || :
}

size_of()
{
	in_container c1 stty -F "/dev/$1" size </dev/null
}

size_is()
{
	[ "$(size_of "$1" 2>&1)" = "$2" ]
}

resize()
{
	terminal four resize 41 111
	# LXC's own monitor passes no size on to the console
	in_container c1 stty -F /dev/console rows 42 cols 112 </dev/null
	wait_for 10 size_is tty4 '41 111'
	wait_for 10 size_is console '42 112'
}

INITTAB=$(cat <<'END'
tty2::askfirst:/bin/sh
tty4::askfirst:/bin/sh
END
)
start_counter c1
start_client

step 'shells on two ttys and on the console'
log_in two 2
log_in four 4
log_in console 0
check test "$(holders)" -ge 3
resize
step 'a container that goes on'
check_equal '' "$(lxc-checkpoint --check -n c1 -D "$IMG" 2>&1 | grep -v 'can be checkpointed' || :)" check
check dump -n c1
check_equal 0 "$(holders)" 'holders of /dev/tty'
look two
look four
look console
check_client_goes_on
check_equal '41 111' "$(size_of tty4)" 'size of tty4'
rm -r "$IMG"

for round in 1 2; do
	step "round $round"
	check dump -n c1 -s
	check restore -n c1
	rm -r "$IMG"
	check_equal '41 111' "$(size_of tty4)" 'size of tty4'
	check_equal '42 112' "$(size_of console)" 'size of the console'
	for name in two four console; do
		terminal_close "$name"
	done
	connect two 2
	connect four 4
	connect console 0
	look two
	look four
	look console
	check_client_goes_on
	resize
done
for name in two four console; do
	types "$name" 'exit' ''
done
