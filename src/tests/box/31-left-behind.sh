#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Processes that lxc-attach has left behind, with what it had open on the host: /dev/null becomes the
# container's, with the same flags.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# left: PID of the process on the host
left()
{
	pgrep -x -P "$(init_pid c1)" cat
}

# adopted: the process is a child of the container's init now
adopted()
{
	left >/dev/null || return
}

flags()
{
	awk '$1 == "flags:" { print $2 }' "/proc/$(left)/fdinfo/"{1,2,7}
}

# places: the mounts of what it has open
places()
{
	awk '$1 == "mnt_id:" { print $2 }' "/proc/$(left)/fdinfo/"{1,2,7} | sort -u
}

# mounts: the IDs of the container's mounts
mounts()
{
	awk '{ print $1 }' "/proc/$(init_pid c1)/mountinfo"
}

start_counter c1
step "the host's /dev/null"
in_container c1 sh -c 'mkfifo /never; setsid cat 0<>/never & exit 0' </dev/null >>/dev/null 2>/dev/null 7<>/dev/null
wait_for 10 adopted
check_not grep -qFx "$(places)" <(mounts)
before=$(flags)
check_equal '' "$(lxc-checkpoint --check -n c1 -D "$IMG" 2>&1 | grep -v 'can be checkpointed' || :)" check
check dump -n c1
check_equal "$before" "$(flags)" flags
check_not grep -qFx "$(places)" <(mounts)
rm -r "$IMG"
for _ in 1 2; do
	check dump -n c1 -s
	check restore -n c1
	rm -r "$IMG"
	check_equal "$before" "$(flags)" flags
	check grep -qFx "$(places)" <(mounts)
	check_equal 1:3 "$(stat -L -c %Hr:%Lr "/proc/$(left)/fd/7")" device
done
