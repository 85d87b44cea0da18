#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Which hooks and network scripts run at a restore and at the end of a restored container, with
# LXC's arguments and environment: at the end the same as for a started container. A hook that fails
# at a restore undoes the restore.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/hooks.sh"

# part WHAT FILE: what that hook said there
part()
{
	awk -v w="$1" '/^[a-z-]+ \(/ { on = $1 == w } on' "$2"
}

end_container()
{
	: >/run/called
	check lxc-stop -n c1 -k
	wait_for 10 is_down
}

before_start=$(make_bridge && start_dhcp && leftovers)
make_hook
start_counter c1 < <(hook_config)

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
	# it returns when all is done, however long a hook takes
	check is_down
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
	check_left "$before_start"
done

# What LXC runs where one fails at a start, of those that a restore runs. It leaves out script.down
# even where script.up has run; a restore does not.
called_at_start()
{
	: >/run/called
	check_not lxc-start -n c1 </dev/null 2>/dev/null
	wait_for 10 is_down
	called | sed 's/ pre-mount mount//'
}

step 'one that fails undoes the restore'
while read -r hook wanted; do
	: >/run/called
	echo "$hook" >/run/fail-at
	fails 1 "no $hook today" restore -n c1
	case $said in *"/tmp/hook $hook"*'exited with 3'*) ;; *) die "which one? $said" ;; esac
	check_equal "$wanted" "$(called)" "hooks when $hook fails"
	check_equal "${wanted/ down/}" "$(called_at_start)" "hooks when $hook fails at a start"
	check_equal STOPPED "$(lxc-info -n c1 -sH)" state
	check_left "$before_start"
done <<'END'
pre-start pre-start stop post-stop
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
check_left "$before_start"
