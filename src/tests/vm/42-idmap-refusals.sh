#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Containers with users of their own that cannot be restored: that is said before
# anything is done, and they run on.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/idmap.sh"

echo 'root:100000:65536' | tee /etc/subuid >/etc/subgid

step 'nobody is left out'
map '0 100000 60000' >/tmp/c3.conf
CREATE_CONFIG=/tmp/c3.conf make_container c3 </dev/null
start_container c3
fails 3 'does not map the user 65534' lxc-checkpoint -n c3 -D /var/tmp/c3 -s
check_not test -e /var/tmp/c3
check state_is c3 RUNNING
check lxc-stop -n c3 -k

step 'a host directory that is mounted with other ids'
mkdir /tmp/one
map '0 100000 65536' >/tmp/c4.conf
CREATE_CONFIG=/tmp/c4.conf make_container c4 <<'END'
lxc.mount.entry = /tmp/one srv/one none bind,idmap=container,create=dir 0 0
END
start_container c4
fails 3 'idmapped", which cannot be restored yet' lxc-checkpoint -n c4 -D /var/tmp/c4 -s
check_not test -e /var/tmp/c4
check state_is c4 RUNNING
check lxc-stop -n c4 -k

step 'started by another user than root'
useradd --create-home somebody
first=$(sed -n 's/^somebody:\([0-9]*\):.*/\1/p' /etc/subuid)
chmod 755 /home/somebody
cat >/home/somebody/config <<END
lxc.net.0.type = empty
lxc.apparmor.profile = unconfined
lxc.idmap = u 0 $first 65536
lxc.idmap = g 0 $first 65536
END
as_somebody()
{
	systemd-run --quiet -p User=somebody -p Delegate=yes -p Type=exec "$@"
}
install -d -o somebody -g somebody /home/somebody/lxc
as_somebody --wait -- lxc-create -P /home/somebody/lxc -n c5 -f /home/somebody/config -t busybox
as_somebody -- lxc-start -F -P /home/somebody/lxc -n c5
check lxc-wait -P /home/somebody/lxc -n c5 -s RUNNING -t 30
fails 3 'the command socket of c5 belongs to another user' lxc-checkpoint -P /home/somebody/lxc -n c5 -D /var/tmp/c5 -s
check_not test -e /var/tmp/c5
fails 3 'only root can checkpoint' setpriv --reuid somebody --regid somebody --init-groups \
	lxc-checkpoint -P /home/somebody/lxc -n c5 -D /var/tmp/c5 -s
check_equal RUNNING "$(lxc-info -P /home/somebody/lxc -n c5 -sH)"
check lxc-stop -P /home/somebody/lxc -n c5 -k
userdel --remove somebody
