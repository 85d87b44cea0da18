#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Obstacles that pass in a moment, such as a message that has not been received yet: the dump tries
# again a few times, not without end.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

tries()
{
	wc -l </tmp/called
}

# As much as the container would do between two tries: at the beginning of number N it
# takes the message.
cat >/tmp/script <<'END'
#!/bin/bash
[ "$CRTOOLS_SCRIPT_ACTION" = pre-dump ] || exit 0
echo >>/tmp/called
[ "$(wc -l </tmp/called)" = "$(cat /tmp/takes-at)" ] || exit 0
kill -USR1 "$(cat /tmp/pid)"
for ((i = 0; i < 500; i++)); do
	[ ! -e /var/lib/lxc/c1/rootfs/taken ] || exit 0
	sleep 0.02
done
exit 1
END
chmod +x /tmp/script

payload queue >/dev/null
INITTAB='::once:/tmp/queue /taken' start_counter c1 <<-'END'
	lxc.mount.entry = /tmp/payload tmp none ro,bind 0 0
END
start_client
wait_for 10 runs c1 /tmp/queue
host_pid c1 "$(vpid c1 /tmp/queue)" >/tmp/pid

step 'it is in the way for ever'
echo 0 >/tmp/takes-at
fails 1 'Control messages in queue' dump -n c1 -s -A /tmp/script
check grep -q 'try again' <<<"$said"
check_equal 5 "$(tries)" tries
check_client_goes_on
check_not test -e "$IMG/manifest.json"

step 'it goes away'
rm /tmp/called
echo 3 >/tmp/takes-at
check dump -n c1 -s -A /tmp/script
check_equal 3 "$(tries)" tries

step 'and what was saved at last can be restored'
check restore -n c1
check_equal ok "$(ask check)" 'the memory'
check_client_goes_on
end_client
