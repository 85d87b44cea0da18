#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A container that wants to keep --check busy or waiting: the time is linear in what there is, and
# --check waits for nobody in the container.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/blocker.sh"
. "${0%/*}/lib/crowds.sh"

# Keeps all that connect, in several processes: each may have no more than so many descriptors.
server()
{
	exec python3 -c '
import os, resource, socket
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
s = socket.socket(socket.AF_UNIX)
s.bind("/run/outside.stream")
s.listen(4096)
os.fork()
os.fork()
kept = []
while True:
    kept.append(s.accept()[0])
'
}

make_bridge
start_dhcp
server &
wait_for 10 test -S /run/outside.stream
make_container c1 <<-'END'
	lxc.mount.entry = /run/outside.stream outside.stream none bind,create=file 0 0
END
with_blocker c1
payload crowd >/dev/null
install -m 755 /tmp/payload/crowd /var/lib/lxc/c1/rootfs/bin/blocker
start_container c1

step 'many of a kind'
block c1 outside-sockets-6000
checked 20 3 'is connected through a Unix socket to a process outside'
restart
block c1 terminals-10000
checked 20 0 'c1 can be checkpointed'
restart
block c1 own-mounts-20000
checked 30 0 'c1 can be checkpointed'
restart
block c1 outside-mounts-6000
checked 20 3 'c1 has more than 5000 mounts'
restart

step 'more findings than anybody reads'
block c1 descriptors-10
# shellcheck disable=SC2016 # for that shell
lxc-attach -n c1 --clear-env -- sh -c 'i=0; while [ $i -lt 1100 ]; do sleep 1000 & i=$((i + 1)); done; wait' \
	</dev/null >/dev/null 2>&1 &
attached()
{
	[ "$(pgrep -xc sleep)" -ge 1100 ]
}
wait_for 30 attached
checked 20 0 'there are 101 more findings like these'
check_equal 1001 "$(grep -c '^warning' /tmp/check)" 'findings that are told'
restart

step 'a filesystem whose server does not answer'
block c1 deaf-filesystem-1
checked 20 3 "cannot look at the container's mount /deaf/file: there is no answer"
check grep -q 'hint: .*FUSE' /tmp/check
# and what else there is
check grep -q 'filesystem of type fuse on /deaf' /tmp/check
fails 3 'there is no answer' dump -n c1 -s
check_equal RUNNING "$(lxc-info -n c1 -sH)" state

step 'who is tired of waiting can go'
lxc-checkpoint --check -n c1 -D "$IMG" &
tired=$!
wait_for 10 pgrep -P "$tired"
kill -TERM "$tired"
status=0
wait "$tired" || status=$?
check_equal 143 "$status" 'exit status'
restart

step 'with a cgroup beneath it, for which the processes were looked at already'
block c1 deaf-filesystem-2
checked 20 3 'has mounted a filesystem on /deaf/file that does not answer'
restart
check dump -n c1
