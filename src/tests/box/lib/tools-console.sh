# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Rows of tools.sh: lxc-console.

# connected NAME TTY: by lxc-console, on a terminal called NAME here
connected()
{
	terminal_open "$1" "${IN[@]}" lxc-console -n c1 ${2:+-t "$2"}
	terminal "$1" expect 10 'to exit the console'
	terminal "$1" raw 10
}

leave()
{
	terminal "$1" send '\x01q'
	terminal "$1" wait 10
	echo "status $ANSWER"
	terminal "$1" seen
	echo -e "$ANSWER" | head -n 3
	terminal_close "$1"
}

console_tty()
{
	connected tty 1
	terminal tty send '\r'
	terminal tty expect 10 'login: '
	leave tty
}

console_any()
{
	connected first
	connected second
	leave second
	connected third
	leave third
	leave first
	connected again
	leave again
}

refused()
{
	terminal_open "refused" "${IN[@]}" lxc-console -n c1 -t "$1"
	terminal refused expect 10 'Denied'
	terminal refused wait 10
	echo "status $ANSWER"
	terminal refused seen
	echo -e "$ANSWER"
	terminal_close refused
}

console_busy()
{
	connected mine "$1"
	refused "$1"
	leave mine
	connected mine "$1"
	# whoever is killed leaves it too
	kill -KILL "$(pgrep -f "^lxc-console -n c1 -t $1")"
	terminal mine wait 10
	terminal_close mine
	wait_for 10 free_tty "$1"
}

free_tty()
{
	(connected mine "$1" && leave mine) >/dev/null 2>&1
}

console_output()
{
	connected console 0
	in_container c1 sh -c 'echo from the inside >/dev/console'
	terminal console expect 10 'from the inside'
	leave console
}

console_rows()
{
	row console-1 0 'Connected to tty 1' console_tty
	row console-any 0 'Connected to tty 2.*tty 1' console_any
	row console-0 0 'Connected' console_output
	row console-busy-0 0 'status 1' console_busy 0
	row console-busy-2 0 'status 1' console_busy 2
	row console-none 0 'status 1' refused 99
}
