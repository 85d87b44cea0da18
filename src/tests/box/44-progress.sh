#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A dump that takes longer than a second shows its progress on a terminal, and nowhere else.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"

LINE='c1: '

# CRIU waits in it until somebody writes into the FIFO.
cat >/tmp/script <<'END'
#!/bin/sh
[ "$CRTOOLS_SCRIPT_ACTION" = post-dump ] || exit 0
echo reached >/tmp/reached
read -r go </tmp/go
END
chmod +x /tmp/script
mkfifo /tmp/go /tmp/reached

# The time that shows whether a line comes: it is due after one second
past_two_seconds()
{
	[ "${EPOCHREALTIME/[^0-9]/}" -gt $((since + 2000000)) ]
}

start_counter c1 8
start_client

for stop in '' -s; do
	step "on a terminal${stop:+, with $stop}"
	terminal_open user lxc-checkpoint -n c1 -D "$IMG" $stop -A /tmp/script
	read -r _ </tmp/reached
	terminal user expect 20 "$LINE"
	terminal user expect 20 ' MiB written, '
	terminal user expect 20 ' s\x1b[K'
	# it is one that lives
	terminal user expect 20 '\r'"$LINE"
	terminal user expect 20 ' s\x1b[K'
	echo go >/tmp/go
	terminal user expect 20 '\r\x1b[K'
	terminal user wait 20
	check_equal 0 "$ANSWER" 'exit status'
	terminal user seen
	mib=$(grep -oE '[0-9]+\.[0-9] MiB' <<<"$ANSWER" | tail -n 1)
	check test "${mib%%.*}" -ge 8
	# the last thing is that the line goes
	check_equal "\\r\\x1b[K'" "${ANSWER: -9}" 'the end of what it shows'
	check_not grep -q '\\n' <<<"$ANSWER"
	terminal_close user
	[ "$stop" ] || { check_client_goes_on && rm -r "$IMG"; }
done
check restore -n c1
check_client_goes_on

step 'not on a terminal with -q'
rm -r "$IMG"
terminal_open user lxc-checkpoint -q -n c1 -D "$IMG" -A /tmp/script
read -r _ </tmp/reached
since=${EPOCHREALTIME/[^0-9]/}
wait_for 10 past_two_seconds
echo go >/tmp/go
terminal user wait 20
check_equal 0 "$ANSWER" 'exit status'
terminal user seen
check_equal "b''" "$ANSWER" 'what it shows'
terminal_close user

step 'not in a pipe'
rm -r "$IMG"
lxc-checkpoint -n c1 -D "$IMG" -A /tmp/script 2>&1 | cat >/tmp/out &
read -r _ </tmp/reached
since=${EPOCHREALTIME/[^0-9]/}
wait_for 10 past_two_seconds
echo go >/tmp/go
check wait $!
check_equal '' "$(cat /tmp/out)" 'what it shows'
check test -s "$IMG/manifest.json"

step 'a short one shows nothing'
# one on a machine with much to do may not be short: what it shows then is of a second and later
rm -r "$IMG"
since=${EPOCHREALTIME/[^0-9]/}
terminal_open user lxc-checkpoint -n c1 -D "$IMG"
terminal user wait 120
took=$((${EPOCHREALTIME/[^0-9]/} - since))
check_equal 0 "$ANSWER" 'exit status'
terminal user seen
[ "$took" -ge 1000000 ] || check_equal "b''" "$ANSWER" 'what it shows'
check_not grep -q ' written, 0 s' <<<"$ANSWER"
terminal_close user

step 'the end'
check_client_goes_on
end_client
check lxc-stop -n c1 -k
