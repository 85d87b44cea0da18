#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The console and the ttys of a restored container are connected and unchanged: whoever uses one
# notices nothing, and new clients can connect.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"

# ticks PID: of CPU time
ticks()
{
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# settings TERMINAL...
settings()
{
	# shellcheck disable=SC2016 # the container's shell expands it
	in_container c1 sh -c 'for t; do echo $t; stty -F /dev/$t -g; stty -F /dev/$t size 2>&1; done' - "$@" \
		</dev/null
}

# size_is TTY SIZE
size_is()
{
	[ "$(in_container c1 stty -F "/dev/$1" size </dev/null)" = "$2" ]
}

owners()
{
	in_container c1 stat -c '%n %u:%g %a' /dev/console /dev/tty1 /dev/tty2 /dev/tty3 /dev/tty4 /dev/tty5
}

# The console's and tty4's
logged_out()
{
	[ "$(vpid c1 /bin/sh | wc -l)" = 1 ]
}

# connect NAME TTY: with lxc-console on a terminal called NAME here
connect()
{
	local name=$1 tty=$2

	terminal_open "$name" lxc-console -n c1 -t "$tty"
	terminal "$name" expect 10 'Connected to tty'
	terminal "$name" raw 10
}

leave()
{
	terminal "$1" send '\x01q'
	terminal_ends "$1" 0
}

# A program that remembers what it was told, on a tty.
INITTAB=$(cat <<'END'
tty2::respawn:/bin/sh -c 'trap "echo interrupted" INT; said=; while :; do read -r line && said=$said$line, && echo "it has $said"; done'
END
)
start_counter c1
start_client
getty=$(vpid c1 /bin/getty)
check test -n "$getty"
connect before 2
terminal before send 'one\r'
terminal before expect 10 'it has one,'
leave before
memory=$(vpid c1 /bin/sh)
# tty1 and the console are open in the container, tty3 is not
in_container c1 stty -F /dev/tty1 -echo rows 33 cols 101
in_container c1 stty -F /dev/tty3 -icanon min 5 intr ^X rows 34 cols 102
in_container c1 stty -F /dev/console -opost rows 35 cols 103
in_container c1 sh -c 'chown 1:2 /dev/tty3 && chmod 640 /dev/tty3'
settings console tty1 tty2 >/tmp/open.before
settings tty3 tty5 >/tmp/unopened.before
check grep -qx '33 101' /tmp/open.before
check grep -qx '35 103' /tmp/open.before
check grep -qx '34 102' /tmp/unopened.before
owners >/tmp/owners.before
check dump -n c1 -s
check restore -n c1

step 'their settings, owners and modes'
owners >/tmp/owners.after
diff /tmp/owners.before /tmp/owners.after || die 'a terminal has changed hands'
settings console tty1 tty2 >/tmp/open.after
settings tty3 tty5 >/tmp/unopened.after
diff /tmp/open.before /tmp/open.after || die 'the settings of a terminal have changed'
in_container c1 stty -F /dev/console opost

step 'getty waits and does not spin'
check_equal "$getty" "$(vpid c1 /bin/getty)" 'pid of getty in the container'
pid=$(host_pid c1 "$getty")
check_equal getty "$(cat "/proc/$pid/comm")" 'its name'
before=$(ticks "$pid")
wait_for 60 counted_past $(($(counted) + 2000))
check test $(($(ticks "$pid") - before)) -le 2
check_equal "$getty" "$(vpid c1 /bin/getty)" 'pid of getty in the container'

step 'lxc-console -t 1: a login'
connect first 1
terminal first send '\r'
terminal first expect 10 'login: '

step 'one at a time'
terminal_open second lxc-console -n c1 -t 1
terminal second wait 10
check_not [ "$ANSWER" = 0 ]
terminal_close second
terminal first send '\r'
terminal first expect 10 'login: '
leave first
connect third 1
terminal third send '\r'
terminal third expect 10 'login: '
check_equal "$getty" "$(vpid c1 /bin/getty)" 'pid of getty in the container'

leave third

step 'what is on tty2 goes on'
connect memory 2
terminal memory send 'two\r'
terminal memory expect 10 'it has one,two,'
# the signal that a terminal sends: it still controls its session
terminal memory send '\x03'
terminal memory expect 10 'interrupted'
terminal memory resize 42 112
wait_for 10 size_is tty2 '42 112'
check_equal "$memory" "$(vpid c1 /bin/sh)" 'its pid'
leave memory

step 'any free tty'
terminal_open any lxc-console -n c1
terminal any expect 10 'Connected to tty 1'
terminal any raw 10
leave any

step 'lxc-console -t 0: what is written to /dev/console'
connect console 0
in_container c1 sh -c 'echo from the inside >/dev/console'
terminal console expect 10 'from the inside'
# init's askfirst shell is there
terminal console send '\r'
terminal console expect 10 '# '
# shellcheck disable=SC2016 # the container's shell expands it
terminal console send 'echo "is $((7 * 8))"\r'
terminal console expect 10 'is 56'
# its window is the container's, at once and without a key
terminal console resize 43 113
wait_for 10 size_is console '43 113'
# nobody stays there
terminal console send 'exit\r'
wait_for 10 logged_out
leave console

step 'settings of terminals that no process had open'
diff /tmp/unopened.before /tmp/unopened.after || die 'the settings of an unused terminal have changed'

step 'the end'
end_client
check lxc-stop -n c1 -k
