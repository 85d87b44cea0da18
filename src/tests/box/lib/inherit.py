#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What processes inherit.

    inherit.py run COMMAND...   runs it with every limit and setting that a process inherits
                                made an unusual one
    inherit.py seccomp COMMAND...       with a filter that allows all
    inherit.py landlock COMMAND...      in a sandbox that may send TCP nowhere, and nothing else
    inherit.py mdwe COMMAND...          without memory that is made executable
    inherit.py show PID...      what these processes have of each
"""

import ctypes
import os
import resource
import signal
import struct
import sys

libc = ctypes.CDLL("libc.so.6", use_errno=True)

# As low as they can be for a command that does little itself; with INHERIT_HARD in the
# environment the hard ones too, which boxes lack the right to raise again.
LIMITS = {
    "CORE": 0, "CPU": 40, "DATA": 200 << 20, "FSIZE": 2048, "MEMLOCK": 0, "MSGQUEUE": 0,
    "NICE": 0, "NOFILE": 64, "NPROC": 1, "RTPRIO": 0, "RTTIME": 100000000, "SIGPENDING": 1,
    "STACK": 256 << 10, "AS": 300 << 20,
}
PR = {"TIMERSLACK": 29, "THP_DISABLE": 41, "IO_FLUSHER": 57, "MEMORY_MERGE": 67}
SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
SCHED_GETATTR = {"x86_64": 315, "aarch64": 275}
SCHED_CORE = 62
SPECULATION = 52  # to get it; one more to set it
SET_MEMPOLICY = {"x86_64": 238, "aarch64": 237}


def prctl(option, *values):
    values = list(values) + [0] * (4 - len(values))
    return libc.prctl(option, *[ctypes.c_ulong(v) for v in values])


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def make_unusual():
    # the last ones first: what follows has to be allowed still
    prctl(PR["TIMERSLACK"], 7000000)
    prctl(SPECULATION + 1, 0, 4)  # speculative store bypass: disabled
    prctl(SPECULATION + 1, 1, 4)
    prctl(SCHED_CORE, 1, 0, 0)  # a cookie of its own
    prctl(PR["THP_DISABLE"], 1)
    prctl(PR["IO_FLUSHER"], 1)
    prctl(PR["MEMORY_MERGE"], 1)
    libc.personality(0x0040000)  # ADDR_NO_RANDOMIZE
    nodes = ctypes.c_ulong(1)
    libc.syscall(SET_MEMPOLICY[os.uname().machine], 2, ctypes.byref(nodes), 64)  # MPOL_BIND
    write("/proc/self/coredump_filter", "0x7f")
    write("/proc/self/oom_score_adj", "500")
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    os.setpriority(os.PRIO_PROCESS, 0, 7)
    libc.syscall({"x86_64": 251, "aarch64": 30}[os.uname().machine], 1, 0, 3 << 13)  # idle
    for flags in 0x60, 0:  # utilization clamps, where the kernel has them; a slice of 5 ms
        attributes = struct.pack("=IIQiIQQQII", 56, os.SCHED_BATCH, flags, 7, 0, 5000000, 0, 0,
                                 100 if flags else 0, 200 if flags else 0)
        if libc.syscall(SCHED_SETATTR[os.uname().machine], 0, attributes, 0) == 0:
            break
    os.umask(0o777)
    for sig in range(1, signal.NSIG):
        if sig not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, 32, 33):
            signal.signal(sig, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
    for name, value in LIMITS.items():
        number = getattr(resource, "RLIMIT_" + name)
        most = resource.getrlimit(number)[1]
        soft = value if most < 0 else min(value, most)
        resource.setrlimit(number, (soft, soft if os.environ.get("INHERIT_HARD") else most))


def add_filter():
    allow_all = struct.pack("=HBBI", 6, 0, 0, 0x7fff0000)
    program = ctypes.create_string_buffer(allow_all)
    fprog = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", 1, ctypes.addressof(program)))
    assert prctl(22, 2, ctypes.addressof(fprog)) == 0


def add_sandbox():
    attributes = struct.pack("=QQ", 0, 2)  # LANDLOCK_ACCESS_NET_CONNECT_TCP
    fd = libc.syscall(444, attributes, len(attributes), 0)
    assert fd >= 0 and libc.syscall(446, fd, 0) == 0


def add_mdwe():
    assert prctl(65, 1) == 0


def policy(pid):
    with open(f"/proc/{pid}/numa_maps") as f:
        return sorted({line.split()[1] for line in f})


def inner(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[-1]) for line in f if line.startswith("NSpid:"))


def show(pid):
    print("---", inner(pid))
    for name in "limits", "oom_score_adj", "coredump_filter", "timerslack_ns", "personality":
        with open(f"/proc/{pid}/{name}") as f:
            print(name + ":", f.read().strip())
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.split(":")[0] in ("Umask", "NoNewPrivs", "Seccomp", "SigBlk", "SigIgn", "Groups",
                                      "Cpus_allowed", "Mems_allowed", "THP_enabled", "CapBnd",
                                      "CapInh", "CapAmb", "Uid", "Gid",
                                      "Speculation_Store_Bypass", "SpeculationIndirectBranch"):
                print(line.strip())
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(") ", 1)[1].split()
    print("nice:", words[16], "policy:", words[38])
    attributes = ctypes.create_string_buffer(56)
    libc.syscall(SCHED_GETATTR[os.uname().machine], int(pid), attributes, 56, 0)
    print("scheduling:", attributes.raw.hex())
    cookie = ctypes.c_uint64()
    libc.prctl(SCHED_CORE, 0, int(pid), 0, ctypes.byref(cookie))
    print("core scheduling cookie:", cookie.value)
    print("ioprio:", libc.syscall({"x86_64": 252, "aarch64": 31}[os.uname().machine], 1, int(pid)))
    try:
        print("mempolicy:", *policy(pid))
    except OSError:
        pass
    try:
        with open(f"/proc/{pid}/ksm_stat") as f:
            print("ksm:", [line for line in f if "merge_any" in line])
    except OSError:
        pass
    with open(f"/proc/{pid}/environ", "rb") as f:
        print("environ:", f.read())


FOR_GOOD = {"seccomp": add_filter, "landlock": add_sandbox, "mdwe": add_mdwe}
if sys.argv[1] in FOR_GOOD:
    FOR_GOOD[sys.argv[1]]()
    os.execv(sys.argv[2], sys.argv[2:])
if sys.argv[1] == "run":
    make_unusual()
    os.execve("/usr/bin/env", ["env", "-i"] + sys.argv[2:], os.environ)
for number in sorted(sys.argv[2:], key=inner):
    show(number)
