#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Which hooks and network scripts run at a restore and at a restored container's end, with
# LXC's arguments and environment: at the end they are those that a container that was
# started shows. One that fails at a restore undoes all of it.
. "${0%/*}/lib.sh"
. "${0%/*}/counter.sh"

# Each call with its arguments and environment, without what is another each time. And without the
# time namespace: CRIU gives the container one, LXC does not unless it is asked to.
cat >/run/hook <<'END'
#!/bin/bash
what=$1; shift
veth=$(ls /sys/class/net | grep -c ^veth)
{
	echo "$what ($*)"
	env | grep -E '^LXC_(NAME|CONFIG_FILE|ROOTFS_PATH|CGNS_AWARE|HOOK_|NET_TYPE|NET_PARENT|NET_PEER|TARGET|[A-Z]*_NS)' | sort
	echo "pid=${LXC_PID:+set} veths=$veth payload=$(ls -d /sys/fs/cgroup/lxc.payload.c1 2>/dev/null)"
	# the namespaces can be entered
	[ "$what" != stop ] || nsenter --uts="$LXC_UTS_NS" hostname
} 2>&1 | sed -E -e 's|/proc/[0-9]+/fd/[0-9]+|FD|g' -e 's/veth[A-Za-z0-9]{6}/VETH/g' \
	-e 's/ time:FD//' -e '/^LXC_TIME_NS/d' >>/run/called
[ "$what" != "$(cat /run/fail-at 2>/dev/null)" ] || { echo "no $what today" >&2; exit 3; }
END
chmod +x /run/hook

called()
{
	sed -n 's/^\([a-z-]*\) (.*/\1/p' /run/called | paste -sd ' '
}

# part WHAT FILE: what that hook said there
part()
{
	awk -v w="$1" '/^[a-z-]+ \(/ { on = $1 == w } on' "$2"
}

is_down()
{
	! pgrep -xf '\[lxc monitor\] /var/lib/lxc c1' >/dev/null
}

end_container()
{
	: >/run/called
	check lxc-stop -n c1 -k
	wait_for 10 is_down
}

before_start=$(make_bridge && start_dhcp && leftovers)
start_counter c1 1 <<END
$(for hook in pre-start pre-mount mount start-host stop post-stop; do
	echo "lxc.hook.$hook = /run/hook $hook"
done)
lxc.net.0.script.up = /run/hook up
lxc.net.0.script.down = /run/hook down
END

for version in 0 1; do
	step "lxc.hook.version = $version, as LXC does it"
	if [ "$version" = 1 ]; then
		echo 'lxc.hook.version = 1' >>/var/lib/lxc/c1/config
		: >/run/called
		check lxc-start -n c1
		check lxc-wait -n c1 -s RUNNING -t 10
	fi
	check_equal 'pre-start up pre-mount mount start-host' "$(called)" 'hooks of a start'
	mv /run/called /run/native-start
	check dump -n c1 --replace -s
	check_equal 'down stop post-stop' "$(called)" 'hooks of the end'
	mv /run/called /run/native-end

	step 'at a restore'
	: >/run/called
	check restore -n c1
	check_equal 'pre-start up start-host' "$(called)" 'hooks of a restore'
	for hook in pre-start up start-host; do
		diff <(part "$hook" /run/native-start) <(part "$hook" /run/called) ||
			die "not as at a start: $hook"
	done

	step 'at the end'
	end_container
	check_equal 'down stop post-stop' "$(called)" 'hooks of the end'
	diff /run/native-end /run/called || die 'not as at the end of one that was started'
	check_equal "$before_start" "$(leftovers)" 'what is left of the container'
done

step 'one that fails undoes the restore'
while read -r hook wanted; do
	: >/run/called
	echo "$hook" >/run/fail-at
	fails 1 "no $hook today" restore -n c1
	case $said in *"/run/hook $hook"*'exited with 3'*) ;; *) die "which one? $said" ;; esac
	check_equal "$wanted" "$(called)" "hooks when $hook fails"
	check_equal STOPPED "$(lxc-info -n c1 -sH)" state
	check_equal "$before_start" "$(leftovers)" 'what is left of the container'
done <<'END'
pre-start pre-start
up pre-start up stop post-stop
start-host pre-start up start-host down stop post-stop
END
rm /run/fail-at
check restore -n c1

step 'at a reboot'
: >/run/called
init=$(init_pid c1)
check timeout 60 lxc-stop -n c1 -r -t 60
check_equal 'down stop post-stop pre-start up pre-mount mount start-host' "$(called)" 'hooks of a reboot'
check grep -qx LXC_TARGET=reboot <(part stop /run/called)
check_not test -e "/proc/$init"

step 'a failing post-stop forbids it'
check dump -n c1 --replace -s
check restore -n c1
echo post-stop >/run/fail-at
check_not timeout 60 lxc-stop -n c1 -r -t 60
wait_for 10 is_down
check_equal STOPPED "$(lxc-info -n c1 -sH)" state
check_equal "$before_start" "$(leftovers)" 'what is left of the container'
