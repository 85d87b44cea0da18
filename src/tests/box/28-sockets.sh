#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Options and multicast groups of all kinds of sockets, and the users of those that listen, survive
# two rounds. The same image without the files that have them shows that CRIU would lose them.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/state.sh"

step 'everything is there'
start_state
mapfile -t kinds < <(ask_state list | grep -E '^(options-|multicast|unix-listening-)')
check [ "${#kinds[@]}" -ge 20 ]
set_states "${kinds[@]}"
verify_states

step 'checkpoint, and it runs on'
check lxc-checkpoint -n c1 -D /var/tmp/first
verify_states

for _ in 1 2; do
	step 'checkpoint and stop, restore'
	check dump -n c1 -s --replace
	check restore -n c1
	verify_states
done
step 'without the file, as CRIU alone would have them'
check dump -n c1 -s --replace
python3 - "$IMG/manifest.json" <<'END'
import json, sys
m = json.load(open(sys.argv[1]))
m["files"] = [f for f in m["files"] if f["name"] not in ("sockets", "listeners")]
open(sys.argv[1], "w").write(json.dumps(m, indent=2) + "\n")
END
reseal "$IMG"
mv "$IMG/sockets" "$IMG/listeners" /tmp
check restore -n c1
ask_state verify >/tmp/said
printf '%d of %d kinds have lost something\n' "$(grep -vc ': ok$' /tmp/said)" "${#kinds[@]}"
for kind in "${kinds[@]}"; do
	check_not grep -qx "$kind: ok" /tmp/said
done
ask_state end

check grep -q SO_TIMESTAMP_OLD=1 /tmp/sockets
