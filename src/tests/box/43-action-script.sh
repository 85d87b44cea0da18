#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# CRIU calls the user's action script at its stages beside the callback, and the script can refuse.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

actions()
{
	cut -d ' ' -f 1 "$1" | paste -sd ' '
}

# What a failed checkpoint leaves: the container as it was, and no checkpoint.
check_runs_on()
{
	check_equal RUNNING "$(lxc-info -n c1 -sH)" state
	check_equal "$veth" "$(host_veth)" "what is on the bridge"
	check_client_goes_on
	check ask look >/dev/null
	check_not test -e "$IMG/manifest.json"
	check_equal 3 "$(status_of restore -n c1 2>/dev/null)" 'exit status of a restore from there'
	check_left "$running"
}

status_of()
{
	local status=0

	"$@" || status=$?
	printf '%s' "$status"
}

cat >/tmp/script <<'END'
#!/bin/sh
echo "$CRTOOLS_SCRIPT_ACTION ${CRTOOLS_INIT_PID:--} $(cd "$CRTOOLS_IMAGE_DIR" && ls inventory.img 2>/dev/null)" >>/tmp/called
# which is before or after what the callback does there
echo "$CRTOOLS_SCRIPT_ACTION $(cat /sys/class/net/veth*/ifindex 2>/dev/null | wc -l) $(ls /sys/class/net/lxcbr0/brif | wc -l)" >>/tmp/links
[ "$CRTOOLS_SCRIPT_ACTION" != "$(cat /tmp/fail-at 2>/dev/null)" ]
END
chmod +x /tmp/script
before_start=$(make_bridge && start_dhcp && leftovers)
start_counter c1
start_client
veth=$(host_veth)
running=$(leftovers)

step 'a checkpoint that the container survives'
rm -f /tmp/called /tmp/links
check dump -n c1 -A /tmp/script
check_equal 'pre-dump network-lock post-dump network-unlock' "$(actions /tmp/called)" 'its calls'
# each time before the callback, which takes the veth off its bridge and puts it back
check_equal $'network-lock 1 1\npost-dump 1 0\nnetwork-unlock 1 0' "$(grep -v ^pre-dump /tmp/links)"
check grep -qx "post-dump .* inventory.img" /tmp/called
check_client_goes_on
rm -r "$IMG"

for action in pre-dump network-lock post-dump; do
	for stop in '' -s; do
		step "it fails at $action of a checkpoint${stop:+ with $stop}"
		echo "$action" >/tmp/fail-at
		check_equal 1 "$(status_of dump -n c1 $stop -A /tmp/script 2>/tmp/err)" 'exit status'
		check grep -q 'c1 was not checkpointed and keeps running' /tmp/err
		check_runs_on
		rm -rf "$IMG"
	done
done
rm /tmp/fail-at

step 'one that is not there'
check_equal 3 "$(status_of dump -n c1 -A /no/such/script 2>/tmp/err)" 'exit status'
check grep -q /no/such/script /tmp/err
check_runs_on

step 'with -s'
rm -rf "$IMG"
rm -f /tmp/called /tmp/links
check dump -n c1 -s -A /tmp/script
check_equal 'pre-dump network-lock post-dump' "$(actions /tmp/called | sed 's/ network-unlock$//')" 'its calls'
check_left "$before_start"

# At network-unlock CRIU does not ask how it went, and pre- and post-resume are too late.
for action in pre-restore setup-namespaces post-setup-namespaces post-restore; do
	step "it fails at $action of a restore"
	echo "$action" >/tmp/fail-at
	check_equal 1 "$(status_of restore -n c1 -A /tmp/script 2>/tmp/err)" 'exit status'
	check grep -q 'c1 was not restored' /tmp/err
	check_equal STOPPED "$(lxc-info -n c1 -sH)" state
	check_left "$before_start"
done
rm /tmp/fail-at

step 'a restore'
rm -f /tmp/called /tmp/links
check restore -n c1 -A /tmp/script
check_equal 'pre-restore setup-namespaces post-setup-namespaces post-restore network-unlock pre-resume post-resume' \
	"$(actions /tmp/called)" 'its calls'
# and here after it
check_equal 'network-unlock 1 1' "$(grep ^network-unlock /tmp/links)"
check_equal "$(init_pid c1)" "$(awk '$1 == "pre-resume" { print $2 }' /tmp/called)" 'CRTOOLS_INIT_PID'
check_client_goes_on
check_equal ok "$(ask check)" 'the memory'

step 'the end'
end_client
check lxc-stop -n c1 -k
check_left "$before_start"
