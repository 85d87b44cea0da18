#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Programs that were built before this library existed: Debian's own lxc-checkpoint, and
# python3-lxc.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/terminal.sh"

# Debian's, with our library
theirs()
{
	LD_PRELOAD=liblxc-checkpoint.so.0 /usr/bin/lxc-checkpoint "$@"
}

python()
{
	LD_PRELOAD=liblxc-checkpoint.so.0 python3 -
}

before_start=$(make_bridge && start_dhcp && leftovers)
start_counter c1 4
start_client
check_not grep -q lxc-checkpoint <(ldd /usr/bin/lxc-checkpoint)

step 'without it, theirs fails on this container'
check_not /usr/bin/lxc-checkpoint -s -n c1 -D /run/theirs >/tmp/out 2>&1
check_client_goes_on

step 'checkpoint'
check theirs -n c1 -D "$IMG"
check_client_goes_on
check test -s "$IMG/manifest.json"
check_not theirs -n c1 -D "$IMG"
rm -r "$IMG"

step 'checkpoint -s, restore -d'
check theirs -s -v -n c1 -D "$IMG"
check_equal STOPPED "$(lxc-info -n c1 -sH)" state
check_left "$before_start"
check timeout 30 bash -o pipefail -c \
	"LD_PRELOAD=liblxc-checkpoint.so.0 /usr/bin/lxc-checkpoint -r -d -v -n c1 -D $IMG | cat"
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
check_client_goes_on
check_equal ok "$(ask check)" 'the memory'
check test -n "$(monitor_pid c1)"
# it is nothing that the monitor needs: it outlives every tool
check_not grep -q liblxc "/proc/$(monitor_pid c1)/maps"

step 'ours goes on where theirs was'
rm -r "$IMG"
check dump -n c1 -s
check theirs -r -n c1 -D "$IMG"
check_client_goes_on
rm -r "$IMG"

step 'an action script'
cat >/tmp/script <<'END'
#!/bin/sh
echo "$CRTOOLS_SCRIPT_ACTION" >>/tmp/called
END
chmod +x /tmp/script
check theirs -s -n c1 -D "$IMG" -A /tmp/script
check grep -qx post-dump /tmp/called
check_left "$before_start"

step 'restore -F: over when the container is'
theirs -r -F -n c1 -D "$IMG" </dev/null >/tmp/out 2>&1 &
command=$!
wait_for 20 state_is c1 RUNNING
# it stays; a console on its terminal is what ->restore cannot be asked for
wait_for 20 counted_past $(($(counted) + 500))
check kill -0 "$command"
end_client
check lxc-stop -n c1 -k
status=0
timeout 30 tail --pid="$command" -f /dev/null
wait "$command" || status=$?
check_equal 0 "$status" 'exit status, in which theirs tells nothing of the container'
check_left "$before_start"

step 'python3-lxc'
# Its binding has neither checkpoint nor restore. What is tested is that the
# library does not harm it, and that what it has works on a restored container.
check restore -n c1
check_equal "no RUNNING True $(init_pid c1) $ADDRESS eth0,lo" "$(
	python <<-'END'
		import lxc
		c = lxc.Container("c1")
		print("yes" if hasattr(c, "checkpoint") or hasattr(c, "restore") else "no", c.state,
		      c.running, c.init_pid, *c.get_ips(family="inet", timeout=5),
		      ",".join(sorted(c.get_interfaces())))
	END
)"
python <<'END'
import lxc
assert [c.name for c in lxc.list_containers(as_object=True, active=True)] == ["c1"]
c = lxc.Container("c1")
assert c.get_running_config_item("lxc.tty.max") == "5"
assert c.attach_wait(lxc.attach_run_command, ["sh", "-c", "exit 6"]) >> 8 == 6
assert c.freeze() and c.state == "FROZEN"
assert c.unfreeze() and c.state == "RUNNING"
assert c.wait("RUNNING", 5)
assert c.stop() and c.wait("STOPPED", 20)
END
check_left "$before_start"
