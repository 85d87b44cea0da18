#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A checkpoint of a container whose threads had core scheduling cookies: a machine with cookies
# gives each group one; on a machine without, a restore warns and continues.
# (src/tests/vm/sched-core.sh tests what makes a cookie, and a checkpoint of it.)
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# group NAME: the numbers that those of that name have for their cookies
group()
{
	awk -v name="$1" '$2 == name { print $3 }' /tmp/cookies | uniq
}

payload cookies >/dev/null
start_counter c1
start_client
counter=$(vpid c1 /bin/counter)
check dump -n c1 -s
python3 - "$IMG/manifest.json" "$counter" <<'END'
import json, sys
m = json.load(open(sys.argv[1]))
del m["checksum"]
usual = {"cpus": None, "io_priority": 0, "timer_slack": 0, "coredump_filter": -1}
# one that is not there does no harm
groups = {1: 7, int(sys.argv[2]): 2, 99999: 3}
m["container"]["threads"] = [dict(usual, tid=tid, core_group=group) for tid, group in groups.items()]
open(sys.argv[1], "w").write(json.dumps(m, indent=2)[:-2] + ',\n  "checksum": ""\n}\n')
END
reseal "$IMG"

if why=$(/tmp/payload/cookies show $$ 2>&1); then
	fails 0 '' restore -n c1
	check_equal '' "$said" 'what the restore says'
	# shellcheck disable=SC2046 # numbers
	/tmp/payload/cookies show $(cat /sys/fs/cgroup/lxc.payload.c1/cgroup.procs) | tee /tmp/cookies
	check_equal '1 2 0' "$(group init) $(group counter) $(group getty)" 'cookies'
	check_equal 0 "$(/tmp/payload/cookies show "$(monitor_pid c1)" | awk '{ print $3 }')" "the monitor's"
else
	case $why in
	*'No such device') why='this machine has no SMT, or it is off' ;;
	*'Invalid argument') why='this kernel has no core scheduling' ;;
	*) die "$why" ;;
	esac
	fails 0 core-scheduling lxc-checkpoint -r --check -n c1 -D "$IMG"
	fails 0 "$why" restore -n c1
fi
check_client_goes_on
end_client
