#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc.console.path: a terminal of the host is the container's console, before and after a
# checkpoint. Also any number of ttys, in a directory of their own.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"

# here NAME: a terminal of the host, called NAME; sets PTS. Nobody else reads or writes there.
here()
{
	rm -f /tmp/pts
	terminal_open "$1" sh -c 'tty >/tmp/pts.new; mv /tmp/pts.new /tmp/pts; exec sleep infinity'
	wait_for 10 test -e /tmp/pts
	PTS=$(cat /tmp/pts)
}

size_is()
{
	[ "$(in_container c1 stty -F "/dev/$1" size </dev/null)" = "$2" ]
}

busy()
{
	terminal_open other lxc-console -n c1 "$@"
	terminal other wait 10
	check_not [ "$ANSWER" = 0 ]
	terminal_close other
}

connect()
{
	local name=$1 tty=$2

	shift 2
	terminal_open "$name" lxc-console -n c1 "$@"
	terminal "$name" expect 10 "Connected to tty $tty"
	terminal "$name" raw 10
	terminal "$name" send '\r'
	terminal "$name" expect 10 'login: '
}

leave()
{
	terminal "$1" send '\x01q'
	terminal_ends "$1" 0
}

logged_out()
{
	[ -z "$(vpid c1 /bin/sh)" ] || [ "$(vpid c1 /bin/sh | wc -l)" = 1 ]
}

# works [ROWS]: whoever is at the terminal "host" has the console, and nobody else gets it
works()
{
	in_container c1 sh -c 'echo from the inside >/dev/console' </dev/null
	terminal host expect 10 'from the inside'
	terminal host raw 10
	terminal host send '\r'
	terminal host expect 10 '# '
	# shellcheck disable=SC2016 # the container's shell expands it
	terminal host send 'echo "typed on $(tty): $((6 * 7))"\r'
	terminal host expect 10 'typed on /dev/console: 42'
	if [ $# -gt 0 ]; then
		terminal host resize "$1" 77
		wait_for 10 size_is console "$1 77"
	fi
	terminal host send 'exit\r'
	wait_for 10 logged_out
	busy -t 0
}

# ttys_work: two, each for one at a time
ttys_work()
{
	check_equal "$1" "$(in_container c1 ls -l /dev/tty1 /dev/tty2 /dev/lxc </dev/null | awk '{ print $1, $3, $4, $NF }')"
	connect one 1
	connect two 2
	busy
	busy -t 1
	busy -t 2
	busy -t 3
	leave one
	connect again 1 -t 1
	terminal again resize 37 78
	wait_for 10 size_is tty1 '37 78'
	leave again
	leave two
}

before_start=$(make_bridge && start_dhcp && leftovers)
here host
terminal host settings
settings=$ANSWER
INITTAB='tty2::respawn:/bin/getty -L tty2 115200 vt100'
start_counter c1 <<END
lxc.console.path = $PTS
lxc.tty.max = 2
lxc.tty.dir = lxc
END
start_client
nodes=$(in_container c1 ls -l /dev/tty1 /dev/tty2 /dev/lxc </dev/null | awk '{ print $1, $3, $4, $NF }')
step 'under lxc-start'
# (its monitor does not notice a new size of a terminal that controls another session)
works
ttys_work "$nodes"
check dump -n c1 -s
terminal host settings
check_equal "$settings" "$ANSWER" 'settings of the terminal when it stops'

step 'restored'
check restore -n c1
check_client_goes_on
works 32
ttys_work "$nodes"

step 'and once more'
rm -r "$IMG"
check dump -n c1 -s
terminal host settings
check_equal "$settings" "$ANSWER" 'settings of the terminal when it stops'
check restore -n c1
check_client_goes_on
works 33

step 'the terminal goes away: the container runs on'
terminal host hangup
check_client_goes_on
in_container c1 sh -c 'echo to nobody >/dev/console' </dev/null
check_client_goes_on
end_client
check lxc-stop -n c1 -k
terminal_close host
check_left "$before_start"

step 'no terminal: refused, with nothing left behind'
touch /tmp/file
sed -i 's|^lxc.console.path.*|lxc.console.path = /tmp/file|' /var/lib/lxc/c1/config
fails 3 'it is not a terminal' restore -n c1
sed -i 's|^lxc.console.path.*|lxc.console.path = /dev/no-such|' /var/lib/lxc/c1/config
fails 3 'cannot use /dev/no-such for the console of c1 (lxc.console.path): No such file' restore -n c1
check_left "$before_start"

step 'another terminal, with -F elsewhere: the configured one is the console'
here host
sed -i "s|^lxc.console.path.*|lxc.console.path = $PTS|" /var/lib/lxc/c1/config
terminal_open front lxc-checkpoint -r -F -n c1 --force=stale -D "$IMG"
wait_for 20 state_is c1 RUNNING
works 34
check lxc-stop -n c1 -k
terminal_ends front 137
terminal_close host

step 'none: there is no console, and it stays so'
# (with a folder for ttys lxc-start fails then: the console is what makes the folder)
sed -i 's|^lxc.console.path.*|lxc.console.path = none|; /^lxc.tty.dir/d' /var/lib/lxc/c1/config
start_container c1
rm -r "$IMG"
busy -t 0
check dump -n c1 -s
check restore -n c1
busy -t 0
connect one 1 -t 1
leave one
check lxc-stop -n c1 -k
check_left "$before_start"
