# SPDX-License-Identifier: LGPL-2.1-or-later
#
# stuck_root.py PID: what a hostile root in the container of PID does: its / becomes a FUSE filesystem
# that nobody serves. Waits until it is killed.
import ctypes
import os
import signal
import sys

CLONE_NEWNS = 0x20000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
SYS_pivot_root = {"x86_64": 155}.get(os.uname().machine, 41)
libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


fuse = os.open("/dev/fuse", os.O_RDWR)
check(libc.setns(os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY), CLONE_NEWNS))
check(libc.mount(b"", b"/", None, MS_REC | MS_PRIVATE, None))
os.makedirs("/stuck", exist_ok=True)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0"
check(libc.mount(b"stuck", b"/stuck", b"fuse", 0, options.encode()))
check(libc.syscall(SYS_pivot_root, b"/stuck", b"/stuck"))
print("done", flush=True)
signal.pause()
