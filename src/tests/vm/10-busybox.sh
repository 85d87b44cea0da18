#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The stock container under the AppArmor profile that LXC generates for it: all
# its processes are under that profile again, in its policy namespace, and what
# was denied is denied. LXC removes the profile when the container stops, so a
# restore has to load it again, and the end of the container to remove it.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
export FRESH=1
. "${0%/*}/apparmor.sh"

# The label of each of the container's processes, with its number inside and its name.
labels()
{
	local pid

	find /sys/fs/cgroup/lxc.payload.c1 -name cgroup.procs -exec cat {} + | while read -r pid; do
		printf '%s %s %s\n' "$(sed -n 's/^NSpid:.*\t//p' "/proc/$pid/status")" \
			"$(cat "/proc/$pid/comm")" "$(tr -d '\0' <"/proc/$pid/attr/current")"
	done | sort -n
}

# How a process fares with FILE that was started by one that is as old as the container.
probe()
{
	echo "$1" >/var/lib/lxc/c1/rootfs/probe/question
	timeout 10 cat /var/lib/lxc/c1/rootfs/probe/answer || die 'the probe does not answer'
}

make_probe()
{
	mkdir "$1"
	mkfifo "$1/question" "$1/answer"
	cat >"$1/new" <<-'END'
	while read -r file </probe/question; do
		if head -c 1 "$file" >/dev/null 2>/probe/said; then
			echo "$file: allowed"
		else
			cat /probe/said
		fi >/probe/answer
	done
	END
	# init tries until it is there
	mv "$1/new" "$1/run"
}

look_around()
{
	probe /proc/kcore
	probe /proc/version
	# what is attached gets the profile too
	in_container c1 head -c 1 /proc/kcore 2>&1 || :
	labels
	loaded
}

INITTAB='::respawn:/bin/sh /probe/run' start_counter c1
make_probe /var/lib/lxc/c1/rootfs/probe
start_client

step 'the profile is there and denies'
look_around | tee /tmp/before
label=$(tr -d '\0' <"/proc/$(init_pid c1)/attr/current")
case $label in
'lxc-c1_</var/lib/lxc>//&:lxc-c1_<-var-lib-lxc>:unconfined'*) ;;
*) die "init is under \"$label\"" ;;
esac
check_equal 2 "$(grep -c '/proc/kcore: Permission denied' /tmp/before)" 'denied accesses'
# It is the profile and nothing else that denies.
check lxc-attach -n c1 --elevated-privileges=LSM -- head -c 1 /proc/kcore >/dev/null

step 'checkpoint, and it runs on'
check lxc-checkpoint -n c1 -D /run/first
look_around >/tmp/after
check diff /tmp/before /tmp/after

step 'checkpoint and stop'
check dump -n c1 -s
check_equal '' "$(loaded)" 'loaded for the container'
check kill -0 "$CLIENT"

step 'restore'
check restore -n c1
look_around >/tmp/after
check diff /tmp/before /tmp/after
check_equal ok "$(ask check)" 'the memory'
check_client_goes_on

step 'once more'
check dump -n c1 -s --replace
check restore -n c1
look_around >/tmp/after
check diff /tmp/before /tmp/after
check_client_goes_on
end_client

step 'the end'
check lxc-stop -n c1 -k
check_equal '' "$(loaded)" 'loaded for the container'
