#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The log of a restored container's monitor: in LXC's place and format, with everything that nobody
# else could be told.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

LINE='^lxc-checkpoint c1 [0-9]{14}\.[0-9]{3} (TRACE|DEBUG|INFO|NOTICE|WARN|ERROR) +[a-z_]+ - [a-z_]+\.c:[a-z_]+:[0-9]+ - .'

is_down()
{
	! monitor_pid c1 >/dev/null
}
stop()
{
	check lxc-stop -n c1 -k
	wait_for 10 is_down
}
logged()
{
	grep -qE -- "$2" "$1"
}
# What is of this monitor's; the command itself and liblxc write there too.
check_form()
{
	check grep -qE "$LINE" "$1"
	# all of them are such, lxc-start's as well
	check_not grep -vE '^lxc-[a-z]+ [a-z0-9]+ [0-9]{14}\.[0-9]{3} [A-Z]+ +[a-z_]+ - [^ ]+:[a-z_0-9]+:[0-9]+ - ' "$1"
}

cat >/run/hook <<'END'
#!/bin/sh
echo "said by $1" 
echo "and more"
[ ! -e "/run/$1-fails" ] || exit 7
END
chmod +x /run/hook
make_bridge
start_dhcp
make_container c1 <<END
lxc.hook.stop = /run/hook stop
lxc.hook.post-stop = /run/hook post-stop
lxc.net.0.script.down = /run/hook down
END
start_container c1
check dump -n c1 -s

step 'where LXC has it'
# as the distribution's package makes it
mkdir -p /var/log/lxc
rm -f /var/log/lxc/c1.log
check restore -n c1
stop
check_not test -s /var/log/lxc/c1.log
touch /run/stop-fails /run/down-fails
check restore -n c1
stop
check_form /var/log/lxc/c1.log
check logged /var/log/lxc/c1.log 'ERROR .* the stop hook, /run/hook stop, exited with 7'
check logged /var/log/lxc/c1.log 'ERROR .* said by stop'
check logged /var/log/lxc/c1.log 'ERROR .* the down script of a network, /run/hook down, exited with 7'
rm /run/stop-fails /run/down-fails

step '-o and -l'
cd /tmp
check restore -n c1 -o here.log -l debug
stop
check_form /tmp/here.log
check logged /tmp/here.log 'INFO +main - .* Restored from /run/image, init is [0-9]+$'
check logged /tmp/here.log 'INFO +main - .* Init was killed by signal 9'
for hook in down stop post-stop; do
	check logged /tmp/here.log "DEBUG +hooks - .* said by $hook\$"
done
check logged /tmp/here.log 'DEBUG .* and more$'

step 'the configuration'
cat >>/var/lib/lxc/c1/config <<END
lxc.log.file = /tmp/configured.log
lxc.log.level = INFO
END
check restore -n c1
stop
check logged /tmp/configured.log ' INFO .* Restored from'
check_not logged /tmp/configured.log DEBUG

step 'a hook that fails forbids a reboot'
touch /run/post-stop-fails
check restore -n c1
check_not timeout 60 lxc-stop -n c1 -r -t 60
wait_for 10 is_down
check logged /tmp/configured.log 'INFO .* Init was killed by signal 1 .*: it is a reboot'
check logged /tmp/configured.log 'ERROR .* the post-stop hook, /run/hook post-stop, exited with 7'
check logged /tmp/configured.log 'WARN .* It is stopped and not rebooted'
rm /run/post-stop-fails

step 'what lxc-start says when it does not come up'
: >/tmp/configured.log
check restore -n c1
mv /var/lib/lxc/c1/rootfs /var/lib/lxc/c1/away
mkdir /var/lib/lxc/c1/rootfs
check_not timeout 60 lxc-stop -n c1 -r -t 60
wait_for 10 is_down
check logged /tmp/configured.log '^lxc-checkpoint c1 .* ERROR .* lxc-start exited with 1'
check logged /tmp/configured.log '^lxc-checkpoint c1 .* ERROR .* failed to start'
# its own, in the same file
check logged /tmp/configured.log '^lxc-start c1 .* ERROR'
rm -r /var/lib/lxc/c1/rootfs
mv /var/lib/lxc/c1/away /var/lib/lxc/c1/rootfs

step 'a full disk is no matter, nor is no file at all'
mkdir /tmp/small
mount -t tmpfs -o size=4k tmpfs /tmp/small
check restore -n c1 -o /tmp/small/log -l debug
head -c 4096 /dev/zero >>/tmp/small/log || :
stop
umount /tmp/small
check restore -n c1 -o none -l debug
stop
check_equal STOPPED "$(lxc-info -n c1 -sH)" state
