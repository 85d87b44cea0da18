#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The hard limits of whoever calls the command: it raises them for itself, and none of them
# reaches the restored processes. And what a tmpfs holds in a container with ids of its own.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/idmap.sh"
export FRESH=1

tests=$(realpath "${0%/*}/..")
inherit=$tests/box/lib/inherit.py
tool=$(command -v lxc-checkpoint)

# all processes of the container but init, which mostly is in sigtimedwait()
what_they_have()
{
	grep -vxF "$(init_pid "$1")" "/sys/fs/cgroup/lxc.payload.$1/cgroup.procs" |
		xargs python3 "$inherit" show
}

content()
{
	python3 "$tests/payload/tmpfs.py" show "/proc/$(init_pid "$1")/root/tmpfs" | grep -v "^b'socket'"
}

step 'hard limits'
start_counter c1 1 </dev/null
start_client
what_they_have c1 >/tmp/before
for _ in 1 2; do
	check env INHERIT_HARD=1 python3 "$inherit" run "$tool" -n c1 -D "$IMG" -s --replace
	check env INHERIT_HARD=1 python3 "$inherit" run "$tool" -n c1 -D "$IMG" -r
	check_client_goes_on
	what_they_have c1 >/tmp/after
	check diff /tmp/before /tmp/after
done
end_client
check lxc-stop -n c1 -k

step 'a tmpfs in a container with ids of its own'
printf 'root:100000:65536\n' | tee /etc/subuid >/etc/subgid
map '0 100000 65536' >/tmp/c2.conf
echo 'lxc.mount.entry = none tmpfs tmpfs rw,create=dir 0 0' >>/tmp/c2.conf
CREATE_CONFIG=/tmp/c2.conf start_counter c2 1 </dev/null
start_client
pid=$(init_pid c2)
nsenter -U -S 0 -G 0 -t "$pid" python3 "$tests/payload/tmpfs.py" make "/proc/$pid/root/tmpfs" devices trusted
content c2 >/tmp/before
IMG=/var/tmp/c2
for _ in 1 2; do
	check dump -n c2 -s --replace
	check restore -n c2
	check_client_goes_on
	content c2 >/tmp/after
	check diff /tmp/before /tmp/after
done
end_client
