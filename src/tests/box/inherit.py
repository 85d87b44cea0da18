#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What processes inherit.

    inherit.py run COMMAND...   runs it with every limit and setting that a process inherits
                                made an unusual one
    inherit.py show PID...      what these processes have of each
"""

import ctypes
import os
import resource
import signal
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
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
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
                                      "CapInh", "CapAmb", "Uid", "Gid"):
                print(line.strip())
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(") ", 1)[1].split()
    print("nice:", words[16], "policy:", words[38])
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


if sys.argv[1] == "run":
    make_unusual()
    os.execve("/usr/bin/env", ["env", "-i"] + sys.argv[2:], os.environ)
for number in sorted(sys.argv[2:], key=inner):
    show(number)
