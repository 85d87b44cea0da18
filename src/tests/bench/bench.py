#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs in a box (scripts/bench): this tool and bare criu in turn, on one container.

    bench.py FOLDER_OF_PAYLOADS JSON_OR_- ROUNDS LOAD...

A LOAD is KIND=NUMBER (see start()), or a number of MiB. A round, for each load:
    lxc-checkpoint / criu dump -R       dump: the container runs on
    lxc-checkpoint -s, -r               to the end of the commands
    criu dump, criu restore             the dump until its monitor is done, too
where criu gets the same mounts, terminals and interfaces on its command line,
keeps its default network lock, and puts the veth on the bridge itself. The
container then comes back from lxc-checkpoint's image for the next round.

Medians and ratios of one run are what may be quoted; single times drift with
the machine.
"""

import ctypes
import datetime
import glob
import json
import os
import pty
import select
import shutil
import signal
import statistics
import subprocess
import sys
import time

NAME = "bench"
BRIDGE = "lxcbr0"
PORT = "7000"
IMAGES = "/run/bench"
CGROUP = "/sys/fs/cgroup"
COMMON = ["-v4", "--tcp-established", "--file-locks", "--link-remap", "--manage-cgroups=full",
          "--enable-fs", "all", "--enable-external-sharing", "--enable-external-masters"]
libc = ctypes.CDLL("libc.so.6", use_errno=True)


def run(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def own_cpu(pid):
    """What a process that has ended took itself, without what it ran; in seconds."""
    fields = open(f"/proc/{pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(argv, cpu=None, **kwargs):
    """Seconds until a command ends; its own CPU time is appended to cpu."""
    start = time.perf_counter()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, **kwargs) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        seconds = time.perf_counter() - start
        if cpu is not None:
            cpu.append(own_cpu(process.pid))
    if process.returncode != 0:
        sys.exit(f"bench: {' '.join(argv)} exited with {process.returncode}")
    return seconds


def memory(pid, file, *names):
    """The sum of some lines of a process's file in /proc, in KiB; 0 when it is gone."""
    try:
        lines = open(f"/proc/{pid}/{file}", encoding="utf-8").read().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.split(":")[0] in names)


def ptrace(request, pid, data=0):
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, pid, None, data) < 0:
        sys.exit(f"bench: ptrace: {os.strerror(ctypes.get_errno())}")


def peak(argv):
    """The most memory that a command had itself, in KiB: read when it is about to end."""
    cont, seize, trace_exit, exit_event, wall = 7, 0x4206, 0x40, 6, 0x40000000
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as process:
        ptrace(seize, process.pid, trace_exit)
        while True:
            _, status = os.waitpid(process.pid, wall)
            if not os.WIFSTOPPED(status):
                sys.exit("bench: a command ended without a word")
            if status >> 16 == exit_event:
                break
            ptrace(cont, process.pid, 0 if status >> 16 else os.WSTOPSIG(status))
        most = memory(process.pid, "status", "VmHWM")
        ptrace(cont, process.pid)
    return most


def wait_for(what, condition, seconds=30, pause=0.02):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"bench: not within {seconds} s: {what}")
        time.sleep(pause)


def mounts(pid):
    for line in open(f"/proc/{pid}/mountinfo", encoding="utf-8"):
        left, right = line.rstrip("\n").split(" - ")
        left = left.split()
        yield {"dev": left[2], "root": left[3], "target": left[4], "type": right.split()[0]}


class Container:
    """What bare criu has to be told; read before a dump, used again at the restore."""

    def __init__(self, pid, veth):
        self.pid, self.veth = pid, veth
        self.external, self.ttys = [], []
        host = list(mounts("self"))
        for m in mounts(pid):
            key = m["target"].strip("/").replace("/", "_")
            if m["target"] == "/" or m["type"].startswith("cgroup"):
                continue
            st = os.stat(f"/proc/{pid}/root{m['target']}")
            if m["type"] == "devpts" and m["root"] not in ("/", "/ptmx"):
                self.ttys.append((m["target"], key, f"tty[{st.st_rdev:x}:{st.st_dev:x}]"))
            else:
                source = self.source(m, st, host)
                if source:
                    self.external.append((m["target"], key, source))

    @staticmethod
    def source(m, st, host):
        for h in host:
            if h["dev"] != m["dev"] or not m["root"].startswith(h["root"]):
                continue
            path = h["target"].rstrip("/") + "/" + m["root"][len(h["root"]):].lstrip("/")
            try:
                other = os.stat(path)
            except OSError:
                continue
            if (other.st_dev, other.st_ino) == (st.st_dev, st.st_ino):
                return os.path.realpath(path)
        return None

    def dump_argv(self, images):
        argv = ["criu", "dump", "-t", str(self.pid), "-D", images, "-o", "dump.log"] + COMMON
        for target, key, _ in self.external:
            argv += ["--external", f"mnt[{target}]:{key}"]
        for target, key, tty in self.ttys:
            argv += ["--external", f"mnt[{target}]:{key}", "--external", tty]
        return argv

    def restore_argv(self, images, fds):
        argv = ["criu", "restore", "-D", images, "-o", "restore.log"] + COMMON
        argv += ["--restore-sibling", "--restore-detached", "--root", "/run/rootfs",
                 # the colon: in cgroup2 only, or it makes that cgroup in every v1 hierarchy too
                 "--cgroup-root", f":/lxc.payload.{NAME}",
                 "--external", f"veth[eth0]:{self.veth}@{BRIDGE}"]
        for _, key, source in self.external:
            argv += ["--external", f"mnt[{key}]:{source}"]
        for _, key, tty in self.ttys:
            master, slave = pty.openpty()
            os.set_inheritable(slave, True)
            fds += [master, slave]
            argv += ["--external", f"mnt[{key}]:{os.ttyname(slave)}",
                     "--inherit-fd", f"fd[{slave}]:{tty}"]
        return argv


def enter_rootfs():
    """criu wants the root as a mount of its own, in a mount namespace of its own."""
    slave, private, rec, bind = 1 << 19, 1 << 18, 1 << 14, 1 << 12
    rootfs = f"/var/lib/lxc/{NAME}/rootfs".encode()
    if libc.unshare(0x20000) or libc.mount(None, b"/", None, rec | slave, None) or \
       libc.mount(rootfs, b"/run/rootfs", None, bind, None) or \
       libc.mount(None, b"/run/rootfs", None, rec | private, None):
        os._exit(126)


def init_pid():
    return int(run("lxc-info", "-n", NAME, "-pH"))


def host_veth():
    return json.loads(run("ip", "-j", "link", "show", "master", BRIDGE))[0]["ifname"]


def gone(veth):
    return f"{NAME}/command" not in open("/proc/net/unix", encoding="utf-8").read() and \
        not glob.glob(f"{CGROUP}/lxc.*.{NAME}") and not os.path.exists(f"/sys/class/net/{veth}")


def stats(images):
    """criu's own statistics, in seconds; microseconds in its image."""
    text = open(f"{images}/stats-dump", "rb").read()
    # magic (2 words), size, then a protobuf {1: dump {1: freezing, 2: frozen, ...}}
    body, out, i = text[12:], {}, 0

    def varint():
        nonlocal i
        value = shift = 0
        while True:
            byte = body[i]
            i += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value
    varint()
    varint()
    while i < len(body):
        tag = varint()
        out[tag >> 3] = varint()
    return out.get(2, 0) / 1e6


def fresh(name):
    path = f"{IMAGES}/{name}"
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def ours(result):
    images = fresh("ours")
    # returns when the container is gone, monitor, interfaces, cgroups and all
    result["dump -s, gone"].append(timed(["lxc-checkpoint", "-n", NAME, "-s", "-v", "-D", images]))
    result["frozen"].append(stats(images))
    # a part of the restore, too
    result["of it, verify"].append(timed(["lxc-checkpoint", "--verify", "-q", "-D", images]))
    result["restore"].append(timed(["lxc-checkpoint", "-n", NAME, "-r", "-v", "-D", images]))


def ours_running(result):
    images = fresh("running")
    result["dump"].append(timed(["lxc-checkpoint", "-n", NAME, "-v", "-D", images],
                                cpu=result["of it, own CPU"]))


def bare_running(result):
    images = fresh("running")
    container = Container(init_pid(), host_veth())
    result["dump"].append(timed(container.dump_argv(images) + ["--leave-running"]))


def bare(result):
    images, fds = fresh("bare"), []
    container = Container(init_pid(), host_veth())
    # the command of ours returns when this process has ended, too
    monitor = os.pidfd_open(parent(container.pid))
    start = time.perf_counter()
    timed(container.dump_argv(images))
    select.select([monitor], [], [], 30)
    wait_for("the old container is gone", lambda: gone(container.veth), pause=0.001)
    result["dump -s, gone"].append(time.perf_counter() - start)
    os.close(monitor)
    result["frozen"].append(stats(images))
    os.mkdir(f"{CGROUP}/lxc.payload.{NAME}")
    argv = container.restore_argv(images, fds)
    result["restore"].append(timed(argv, close_fds=False, preexec_fn=enter_rootfs))
    pid = int(open(f"/proc/self/task/{os.getpid()}/children", encoding="utf-8").read().split()[0])
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for fd in fds:
        os.close(fd)
    subprocess.call(["ip", "link", "delete", "dev", container.veth], stderr=subprocess.DEVNULL)
    os.rmdir(f"{CGROUP}/lxc.payload.{NAME}")
    # back to a container for what follows
    timed(["lxc-checkpoint", "-n", NAME, "-r", "-q", "-D", f"{IMAGES}/keep"])


def start(kind, number, payloads):
    """kind: memory (MiB), or what load.c makes: connections, files, mounts, processes."""
    run("lxc-create", "-n", NAME, "-t", "busybox")
    rootfs = f"/var/lib/lxc/{NAME}/rootfs"
    program, words = "load", f"{PORT} {kind} {number}"
    if kind == "memory":
        program, words = "counter", f"{PORT} {number}"
    if number:
        shutil.copy(f"{payloads}/{program}", f"{rootfs}/bin/{program}")
        with open(f"{rootfs}/etc/inittab", "a", encoding="utf-8") as f:
            f.write(f"::once:/bin/{program} {words}\n")
    run("lxc-start", "-n", NAME)
    run("lxc-wait", "-n", NAME, "-s", "RUNNING")
    if number:
        # it listens when all is there
        pid = init_pid()
        wait_for("the payload listens", lambda: f":{int(PORT):04X} " in
                 open(f"/proc/{pid}/net/tcp", encoding="utf-8").read(), 120)


KINDS = ["dump", "dump -s, gone", "frozen", "restore", "of it, verify", "of it, own CPU"]


def measure(kind, number, rounds, payloads):
    """One load: a list of {what, unit, ours, bare}, the last two with all that was measured."""
    mine, theirs = {k: [] for k in KINDS}, {k: [] for k in KINDS}
    start(kind, number, payloads)
    timed(["lxc-checkpoint", "-n", NAME, "-D", fresh("keep")])
    steps = [((ours_running, mine), (bare_running, theirs)), ((ours, mine), (bare, theirs))]
    for i in range(rounds + 1):
        for pair in steps:
            # who comes second finds memory warm: each is that in turn
            for step, result in pair if i % 2 else reversed(pair):
                # the first round warms caches up and is not counted
                step(result if i else {k: [] for k in KINDS})
    found = [{"what": k, "unit": "s", "ours": mine[k], "bare": theirs[k]} for k in KINDS]
    monitor = parent(init_pid())
    # not what is mapped of files: of those on tmpfs, as in a box, each page counts as dirty
    found.append({"what": "monitor, own", "unit": "KiB", "bare": [],
                  "ours": [memory(monitor, "smaps_rollup", "Anonymous")]})
    found.append({"what": "dump, peak", "unit": "KiB", "bare": [],
                  "ours": [peak(["lxc-checkpoint", "-n", NAME, "-D", fresh("running")])]})
    run("lxc-stop", "-n", NAME, "-k")
    run("lxc-destroy", "-n", NAME)
    return found


def together(argvs):
    """Seconds until commands that are started at once have all ended."""
    begin = time.perf_counter()
    running = [subprocess.Popen(argv, stdin=subprocess.DEVNULL) for argv in argvs]
    failed = [process.args for process in running if process.wait() != 0]
    if failed:
        sys.exit(f"bench: {' '.join(failed[0])} failed, one of {len(failed)}")
    return time.perf_counter() - begin


def measure_many(number, rounds):
    """Stock containers, each by a command of its own: at once, and one after the other."""
    names = [f"{NAME}{i}" for i in range(number)]
    found = {word: [] for word in ("dump -s, at once", "restore, at once",
                                   "dump -s, in turn", "restore, in turn")}
    for name in names:
        run("lxc-create", "-n", name, "-t", "busybox")
        run("lxc-start", "-n", name)
        run("lxc-wait", "-n", name, "-s", "RUNNING")
    for i in range(rounds + 1):
        for word, times in found.items():
            if word.startswith("dump"):
                argvs = [["lxc-checkpoint", "-n", n, "-s", "-D", fresh(n)] for n in names]
            else:
                argvs = [["lxc-checkpoint", "-n", n, "-r", "-D", f"{IMAGES}/{n}"] for n in names]
            seconds = together(argvs) if "at once" in word else sum(map(timed, argvs))
            if i:
                times.append(seconds)
    for name in names:
        run("lxc-stop", "-n", name, "-k")
        run("lxc-destroy", "-n", name)
    return [{"what": word, "unit": "s", "ours": times, "bare": []}
            for word, times in found.items()]


def parent(pid):
    return int(open(f"/proc/{pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()[1])


def report(kind, number, found):
    title = f"{number} {'MiB' if kind == 'memory' else kind}" if number else "stock"
    print(f"{title:>18}  {'':16} {'this tool':>10} {'bare criu':>10} {'ratio':>7}")
    for row in found:
        digits = 3 if row["unit"] == "s" else 0
        a = statistics.median(row["ours"])
        line = f"{'':18}  {row['what']:16} {a:10.{digits}f}"
        if row["bare"]:
            b = statistics.median(row["bare"])
            line += f" {b:10.{digits}f} {a / b:7.2f}"
        elif row["unit"] != "s":
            line += f" {row['unit']}"
        print(line)
    sys.stdout.flush()


def machine():
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
             if line.startswith("model name")]
    return {"cpus": os.cpu_count(), "model": model[0] if model else "",
            "kernel": os.uname().release, "criu": run("criu", "--version").splitlines()[0],
            "lxc": run("lxc-info", "--version")}


def main():
    payloads, to, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    loads = [word.split("=") if "=" in word else ("memory", word) for word in sys.argv[4:]]
    os.makedirs(IMAGES)
    os.makedirs("/run/rootfs")
    here = machine()
    result = {"date": datetime.date.today().isoformat(), "machine": here, "rounds": rounds,
              "loads": []}
    print(f"medians of {rounds} rounds in seconds; images on tmpfs; {here['criu']}, "
          f"kernel {here['kernel']}")
    for kind, number in loads:
        if kind == "containers":
            found = measure_many(int(number), rounds)
        else:
            found = measure(kind, int(number), rounds, payloads)
        report(kind, int(number), found)
        result["loads"].append({"kind": kind, "number": int(number), "results": found})
        if to != "-":
            with open(to, "w", encoding="utf-8") as f:
                json.dump(result, f, indent=1)
                f.write("\n")


if __name__ == "__main__":
    main()
