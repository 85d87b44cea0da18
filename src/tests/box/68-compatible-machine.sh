#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A checkpoint of another machine, of another CRIU, or with more memory than there is: reported
# before anything begins.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

start_counter c1
check dump -n c1 -s
wait_for 10 state_is c1 STOPPED

step 'CRIU has written down what the processor has'
check test -s "$IMG/cpuinfo.img"
check criu cpuinfo check --cpu-cap=fpu,ins -D "$IMG"

step 'an older CRIU'
FAKE_CRIU=/run/fake
mkdir -p "$FAKE_CRIU"
echo 'version 3.19' >"$FAKE_CRIU/plan"
rm -f /run/lxc-checkpoint/criu
LXC_CHECKPOINT_CRIU=$(readlink -f "${0%/*}/../fakes/criu")
export FAKE_CRIU LXC_CHECKPOINT_CRIU
before=$(leftovers)
fails 3 'CRIU is 3.19.0, and the checkpoint was made with' restore -n c1
case $said in
*--force=criu*) ;;
*) die "it does not say which word overrides it: $said" ;;
esac
fails 3 'c1 cannot be restored: 1 reason' lxc-checkpoint -r --check -n c1 -D "$IMG"
fails 0 'warning  CRIU is 3.19.0' lxc-checkpoint -r --check -n c1 -D "$IMG" --force=criu
check_left "$before"
unset LXC_CHECKPOINT_CRIU

step 'another processor: CRIU is asked, and what it says counts'
# the kernel of this machine, as one with a feature less
sed '/^flags/s/ fpu / /' /proc/cpuinfo >/run/cpuinfo
check_not cmp -s /run/cpuinfo /proc/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo
before=$(leftovers)
fails 0 'c1 can be restored' lxc-checkpoint -r --check -n c1 -D "$IMG"
# CRIU asks the processor itself, so the one that is asked says no in its place
cat >/run/criu <<-'END'
	#!/bin/sh
	[ "$1" != cpuinfo ] || exit 1
	exec /usr/sbin/criu "$@"
END
chmod +x /run/criu
export LXC_CHECKPOINT_CRIU=/run/criu
fails 3 '): fpu' restore -n c1
fails 3 '--force=cpu' lxc-checkpoint -r --check -n c1 -D "$IMG"
check_left "$before"
fails 0 'lxc-checkpoint: warning: the processor (' restore -n c1 --force=cpu
wait_for 10 answers
umount /proc/cpuinfo
unset LXC_CHECKPOINT_CRIU

step 'memory that is not there is worth a warning'
check dump -n c1 -s --replace
wait_for 10 state_is c1 STOPPED
sed 's/^\(MemAvailable\|SwapFree\):.*/\1: 1 kB/' /proc/meminfo >/run/meminfo
mount --bind /run/meminfo /proc/meminfo
fails 0 'MiB are free [memory]' lxc-checkpoint -r --check -n c1 -D "$IMG"
umount /proc/meminfo

step 'a kernel without seccomp'
check test -s "$IMG/seccomp.img"
# which answers EINVAL when it is asked for it
cat >/run/unsecured <<-'END'
	import ctypes, os, struct, sys
	PR_GET_SECCOMP, PR_SET_SECCOMP, FILTER = 21, 22, 2
	LOAD, EQUAL, RETURN, ALLOW, ERRNO, EINVAL = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000, 22
	prctl = {"x86_64": 157, "aarch64": 167}[os.uname().machine]
	code = [(LOAD, 0, 0, 0), (EQUAL, 0, 3, prctl), (LOAD, 0, 0, 16), (EQUAL, 0, 1, PR_GET_SECCOMP),
	        (RETURN, 0, 0, ERRNO | EINVAL), (RETURN, 0, 0, ALLOW)]
	program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
	filter = struct.pack("HxxxxxxP", len(code), ctypes.addressof(program))
	libc = ctypes.CDLL(None, use_errno=True)
	if libc.prctl(PR_SET_SECCOMP, FILTER, filter):
	    sys.exit(os.strerror(ctypes.get_errno()))
	os.execvp(sys.argv[1], sys.argv[1:])
END
fails 3 'confined by seccomp, which this kernel does not support' \
	python3 /run/unsecured lxc-checkpoint -r --check -n c1 -D "$IMG"
fails 3 'confined by seccomp, which this kernel does not support' \
	python3 /run/unsecured lxc-checkpoint -r -n c1 -D "$IMG"
fails 0 'c1 can be restored' lxc-checkpoint -r --check -n c1 -D "$IMG"

step 'a host without cgroup2'
umount -l /sys/fs/cgroup
fails 3 'can only be restored with cgroup2 on /sys/fs/cgroup' lxc-checkpoint -r --check -n c1 -D "$IMG"
mount -t cgroup2 cgroup2 /sys/fs/cgroup
fails 0 'c1 can be restored' lxc-checkpoint -r --check -n c1 -D "$IMG"
check restore -n c1
wait_for 10 answers
