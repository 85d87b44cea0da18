#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Device rules that are added to a restored container: each has the same effect as on a twin that
# lxc-start started, at once and after another checkpoint.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# What opening each device says, for reading, for writing and for both, and whether a node
# can be made. The shell opens them: where /dev/null is forbidden, others cannot be started.
verdicts()
{
	# shellcheck disable=SC2016 # for the shell in the container
	in_container "$1" sh -c '
		for device in null zero full random tty1; do
			for how in "<" ">" "<>"; do
				if (eval ": $how/dev/$device") 2>&-; then
					echo "$device $how yes"
				else
					echo "$device $how no"
				fi
			done
		done
		for node in "c 1 7" "c 10 200" "b 7 0"; do
			rm -f /dev/made
			if mknod /dev/made $node 2>&-; then
				echo "mknod $node yes"
			else
				echo "mknod $node no"
			fi
		done
		rm -f /dev/made
	' </dev/null 2>/tmp/verdicts.err || { cat /tmp/verdicts.err && die "asking $1"; }
}

# alike: c1 and the twin say the same of each device; in /tmp/c1 afterwards
alike()
{
	verdicts c1 >/tmp/c1
	verdicts twin >/tmp/twin
	diff /tmp/twin /tmp/c1 || die 'c1 is not like its twin'
}

# says WORDS...: of c1, as alike has seen it
says()
{
	grep -qxF "$*" /tmp/c1 || { cat /tmp/c1 && die "not so: $*"; }
}

# both COMMAND...: of c1 and of its twin, standing for NAME; they end alike, and then say alike
both()
{
	local name ends=()

	for name in c1 twin; do
		ends+=(0)
		"${@//NAME/$name}" >"/tmp/said.$name" 2>&1 || ends[-1]=$?
	done
	check_equal "${ends[1]}" "${ends[0]}" "exit status of $* ($(cat /tmp/said.c1))"
	alike
}

again()
{
	check dump -n c1 -s --replace
	check restore -n c1
}

programs()
{
	lxc-checkpoint -n "$1" -D /run/look --replace
	sed -n 's/.*"instructions": "\(.*\)".*/\1/p' /run/look/manifest.json
}

rules()
{
	cat <<-'END'
		lxc.cgroup2.devices.deny = a
		lxc.cgroup2.devices.allow = c 1:3 rwm
		lxc.cgroup2.devices.allow = c 1:5 r
		lxc.cgroup2.devices.allow = c 1:9 rwm
		lxc.cgroup2.devices.allow = c 5:* rwm
		lxc.cgroup2.devices.allow = c 136:* rwm
		lxc.cgroup2.devices.allow = b *:* m
	END
}

start_counter twin < <(rules)
start_counter c1 < <(rules)
again

step 'lxc-device'
alike
says 'full < no'
both lxc-device -n NAME add /dev/full
says 'full < yes'
says 'mknod c 1 7 yes'
says 'zero > no'
check_equal 1 "$(programs c1 | wc -l)" 'programs'
both lxc-device -n NAME del /dev/full
says 'full < no'
both lxc-device -n NAME add /dev/full
both lxc-device -n NAME add /dev/no-such-device

step 'lxc-cgroup'
while read -r verb rule; do
	echo "$verb $rule"
	both lxc-cgroup -n NAME "devices.$verb" "$rule" </dev/null
	verdicts c1 >>/tmp/all
done <<-'END'
	allow c 10:200 m
	allow c 10:200 m
	deny c 10:200 rwm
	deny c 1:9 r
	allow c 1:5 rw
	deny c 1:5 r
	deny c 1:9 rwm
	allow c 1:8 rwm
	allow b 7:0
	deny b *:* m
	deny c 1:7 rwm
	allow x 1:7 rwm
	allow c 1:7 q
	deny c 1:3
END
says 'full < no'
says 'mknod c 10 200 yes'
says 'mknod b 7 0 no'
says 'random < yes'
# each kind of answer was among them
check test "$(sort -u /tmp/all | wc -l)" -ge 22

step 'after one more checkpoint, and more rules then'
again
alike
both lxc-cgroup -n NAME devices.allow 'c 1:7 rwm'
says 'full <> yes'
both lxc-cgroup -n NAME devices.deny 'c 1:8 rwm'
says 'random < no'

step 'everything but'
both lxc-cgroup -n NAME devices.allow a
says 'mknod c 10 200 yes'
says 'zero <> yes'
both lxc-cgroup -n NAME devices.deny 'c 1:5 rw'
says 'zero < no'
says 'mknod c 1 7 yes'
again
alike
both lxc-cgroup -n NAME devices.allow 'c 1:5 rw'
says 'zero < yes'

step 'nothing but'
# lxc-attach itself needs some: it is asked when these are there
for name in c1 twin; do
	check lxc-cgroup -n "$name" devices.deny a
	for rule in 'c 1:3 rwm' 'c 5:* rwm' 'c 136:* rwm'; do
		check lxc-cgroup -n "$name" devices.allow "$rule"
	done
done
alike
says 'full < no'
says 'null <> yes'

step 'it does not grow'
long=$(programs c1 | tail -n 1 | wc -c)
for ((i = 0; i < 20; i++)); do
	check lxc-cgroup -n c1 devices.allow 'c 1:7 rwm'
	check lxc-cgroup -n c1 devices.deny 'c 1:7 rwm'
done
check_equal "$long" "$(programs c1 | tail -n 1 | wc -c)" 'length of the program'
again
alike
check ask look >/dev/null

step 'a container without rules: what is added forbids nothing'
make_container free
# the template's own includes have none
start_container free
wait_for 20 has_address free
check lxc-checkpoint -n free -s -D /run/free
check_not grep -q instructions /run/free/manifest.json
check lxc-checkpoint -n free -r -D /run/free
verdicts free >/tmp/before
check_not grep -q ' no$' /tmp/before
check lxc-device -n free add /dev/full
verdicts free | diff /tmp/before - || die 'other rules than there were'
check lxc-cgroup -n free devices.deny 'c 1:7 rwm'
verdicts free >/tmp/c1
says 'mknod c 1 7 no'
says 'full < no'
says 'null < yes'
check lxc-checkpoint -n free -s -D /run/free --replace
check lxc-checkpoint -n free -r -D /run/free
verdicts free | diff /tmp/c1 - || die 'other rules than there were'
check lxc-device -n free add /dev/full
verdicts free | diff /tmp/before - || die 'other rules than there were'
