# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After counter.sh: a process of c1, a child of its init, that lxc-attach has left behind with
# something of the host's at descriptor 9. The container has a FIFO /never.

# what is left there
LEFT='cat 0<>/never'

# left: PID of the process on the host
left()
{
	pgrep -x -P "$(init_pid c1)" "${LEFT%% *}"
}

has_left()
{
	left >/dev/null
}

no_left()
{
	! has_left && ! pgrep -r Z -x "${LEFT%% *}" >/dev/null
}

# pass_on MODE: as outside.py has it; OUTSIDE_PID has the other end
pass_on()
{
	coproc OUTSIDE {
		exec python3 "${0%/*}/lib/outside.py" "$1" lxc-attach -n c1 --clear-env -- \
			sh -c "setsid $LEFT & exit 0"
	}
	read -r -t 20 -u "${OUTSIDE[0]}"
	check_equal ok "$REPLY" "what outside.py says to $1"
	wait_for 10 has_left
}

# let_go WHAT: what becomes of the other end, which "works" or "is closed"
let_go()
{
	local pid=$OUTSIDE_PID

	echo >&"${OUTSIDE[1]}"
	read -r -t 20 -u "${OUTSIDE[0]}"
	check_equal "$1" "$REPLY" 'the other end'
	wait "$pid"
	kill -KILL "$(left)"
	wait_for 10 no_left
}

# DROP: an option of --check
DROP=

# blocking: "WORD DESCRIPTOR" for each finding that blocks a checkpoint of c1
blocking()
{
	# shellcheck disable=SC2086 # empty: none
	lxc-checkpoint --check --json -n c1 -D "$IMG" $DROP >/tmp/outside.json || :
	python3 -c '
import json
for f in json.load(open("/tmp/outside.json"))["findings"]:
    if f["blocks"]:
        print(f["check"], f["descriptor"])
'
}
