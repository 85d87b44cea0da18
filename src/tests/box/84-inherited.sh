#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Whatever limits and settings the command was called with, it saves and restores the same, and none
# of them reaches the restored processes.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

MANY=200
inherit=${0%/*}/lib/inherit.py
tool=$(command -v lxc-checkpoint)

# what_they_have: all processes of the container. In sigtimedwait(), where busybox's init mostly
# is, it blocks other signals than outside.
what_they_have()
{
	xargs python3 "$inherit" show </sys/fs/cgroup/lxc.payload.c1/cgroup.procs |
		awk '/^---/ { first = $2 == 1 } !first || !/^SigBlk/'
}

# there_are: so many processes of the two, their parents included
there_are()
{
	[ "$(pgrep -xc many)" = "$1" ]
}

cat >/run/hook <<'END'
#!/bin/sh
ulimit -S -f >/run/hook.said
END
chmod +x /run/hook
payload many >/dev/null
# one may write no byte to a file: not to CRIU's log either
INITTAB="::once:/tmp/many still $MANY
::once:/bin/sh -c 'ulimit -f 0; exec /tmp/many still 1'" start_counter c1 <<-'END'
	lxc.mount.entry = /tmp/payload tmp none ro,bind 0 0
	lxc.hook.pre-start = /run/hook
END
all=$((MANY + 3))
wait_for 20 there_are $all
start_client

step "a process's own limit, which is less than CRIU's log has"
check dump -n c1
check dump -n c1 -v --replace
check there_are $all
check_client_goes_on

step 'more processes than the command may have files open'
for _ in 1 2; do
	check prlimit --nofile=64: lxc-checkpoint -n c1 -D "$IMG" -s --replace
	check prlimit --nofile=64: lxc-checkpoint -n c1 -D "$IMG" -r
	check there_are $all
	check_client_goes_on
done

step 'limits, settings and an environment that are unusual'
what_they_have >/tmp/before
check python3 "$inherit" run "$tool" -n c1 -D "$IMG" -s --replace
check_equal 0 "$(find "$IMG" ! -user root -o -perm /077 | wc -l)" 'files that others may read'
check python3 "$inherit" run "$tool" -n c1 -D "$IMG" -r --check
check python3 "$inherit" run "$tool" -n c1 -D "$IMG" -r
check there_are $all
check_client_goes_on
what_they_have >/tmp/after
check diff /tmp/before /tmp/after
check_equal 4 "$(cat /run/hook.said)" "the hook's own limit, in half KiB"
check grep -q '^Max cpu time *unlimited' "/proc/$(monitor_pid c1)/limits"

step 'a CRIU that crashes leaves no core in the image'
check dump -n c1 -s --replace
cat >/run/crash <<'END'
#!/bin/sh
[ "$1" != restore ] || { ulimit -c >/run/core-limit; kill -SEGV $$; }
exec criu "$@"
END
chmod +x /run/crash
fails 1 'c1 was not restored' prlimit --core=unlimited env LXC_CHECKPOINT_CRIU=/run/crash lxc-checkpoint -n c1 -D "$IMG" -r
check_equal 0 "$(cat /run/core-limit)" "CRIU's limit for cores"
check lxc-checkpoint -D "$IMG" --verify
check restore -n c1

step 'and what they ran with at the dump does no harm at the next'
check dump -n c1 -s --replace
check restore -n c1 -v
check there_are $all
check_client_goes_on
end_client

step 'what nobody can take from a process again'
check dump -n c1 -s --replace
fails 3 'inherited no_new_privs' setpriv --no-new-privs lxc-checkpoint -n c1 -D "$IMG" -r
fails 3 'inherited no_new_privs' setpriv --no-new-privs lxc-checkpoint -n c1 -D "$IMG" -r --check
fails 3 'inherited locked securebits' setpriv --securebits +noroot_locked \
	lxc-checkpoint -n c1 -D "$IMG" -r
for kind in seccomp landlock mdwe; do
	case $kind in
	seccomp) what='a seccomp filter' ;;
	landlock) what='a landlock sandbox' ;;
	mdwe) what=PR_SET_MDWE ;;
	esac
	for option in '' --check; do
		fails 3 "inherited $what, which every" \
			python3 "$inherit" "$kind" "$tool" -n c1 -D "$IMG" -r ${option:+"$option"}
	done
done
check restore -n c1
check python3 "$inherit" seccomp "$tool" -n c1 -D "$IMG" --check
fails 3 'started in a sandbox (landlock)' python3 "$inherit" landlock "$tool" -n c1 -D /run/second
check_equal RUNNING "$(lxc-info -n c1 -sH)" state
check setpriv --no-new-privs lxc-checkpoint -n c1 -D "$IMG" -s --replace

step 'a filter in the container, and one of the command'
make_container filtered <<-'END'
	lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
END
start_container filtered
check "$tool" -n filtered -D /run/second --check
for option in '' --check; do
	fails 3 'has a seccomp filter, and this command has inherited one too' \
		python3 "$inherit" seccomp "$tool" -n filtered -D /run/second ${option:+"$option"}
done
