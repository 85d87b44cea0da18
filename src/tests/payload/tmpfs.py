#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a tmpfs can have in it.

  tmpfs.py make DIR [WORD...]   makes one of everything; WORD leaves something out
  tmpfs.py show DIR             a line for each file, with all that there is to say of it

To be run on the host, with DIR in /proc/PID/root of a container.
"""
import base64
import os
import socket
import stat
import struct
import sys


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)


NOBODY_ID = 0xFFFFFFFF
ACCESS = acl((1, 6, NOBODY_ID), (2, 4, 1000), (4, 4, NOBODY_ID), (16, 4, NOBODY_ID), (32, 0, NOBODY_ID))
DEFAULT = acl((1, 7, NOBODY_ID), (4, 5, NOBODY_ID), (8, 5, 1001), (16, 5, NOBODY_ID), (32, 0, NOBODY_ID))
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)  # net_bind_service=ep


def write(path, data=b"x"):
    with open(path, "wb") as f:
        f.write(data)


def make(top, *without):
    def p(name):
        return os.path.join(os.fsencode(top), name)

    os.mkdir(p(b"dir"), 0o2751)
    os.chmod(p(b"dir"), 0o2751)
    for name in (b"plain", b"with space", b"new\nline", b"back\\slash", b"\\n", b"\xff\xfe", b"*?[", b"-x",
                 b"n" * 255, "\u00e4\u20ac".encode(), b"dir/" + b"m" * 255, b"tab\t", b"~", b"#a", b"'\"$(a)"):
        write(p(name), name[:40])
    deep = p(b"deep")
    for _ in range(20):
        os.mkdir(deep)
        deep += b"/" + b"d" * 60
    os.link(p(b"plain"), p(b"dir/hard"))
    os.symlink(b"plain", p(b"soft"))
    os.symlink(b"t" * 4000, p(b"long-target"))
    os.mkfifo(p(b"fifo"), 0o640)
    write(p(b"modes"))
    os.chown(p(b"modes"), 1000, 2000)
    os.chmod(p(b"modes"), 0o6755)
    write(p(b"empty"), b"")
    with open(p(b"sparse"), "wb") as f:
        f.seek(50 << 20)
        f.write(b"end")
        f.truncate(60 << 20)
    if "devices" not in without:
        os.mknod(p(b"null"), stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(p(b"whiteout"), stat.S_IFCHR, 0)
    socket.socket(socket.AF_UNIX).bind("/proc/self/fd/%d/socket" % os.open(p(b""), os.O_PATH))
    write(p(b"attributes"))
    for name, value in ("user.text", b"value"), ("user.bytes", bytes(range(256))), ("user.empty", b""):
        if "user" not in without:
            os.setxattr(p(b"attributes"), name, value)
    if "trusted" not in without:
        os.setxattr(p(b"attributes"), "trusted.a", b"b")
    write(p(b"capability"))
    os.chmod(p(b"capability"), 0o755)
    os.setxattr(p(b"capability"), "security.capability", CAPABILITY)
    write(p(b"acl"))
    os.setxattr(p(b"acl"), "system.posix_acl_access", ACCESS)
    os.mkdir(p(b"acl-dir"))
    os.setxattr(p(b"acl-dir"), "system.posix_acl_default", DEFAULT)
    write(p(b"acl-dir/inherits"))
    write(p(b"nanoseconds"))
    os.utime(p(b"nanoseconds"), ns=(1234567890123456789, 1234567890123456789))
    write(p(b"before-1970"))
    os.utime(p(b"before-1970"), ns=(-1234567890123456789, -1234567890123456789))
    write(p(b"far"))
    os.utime(p(b"far"), ns=(5000000000987654321, 5000000000987654321))


def show(top):
    top = os.fsencode(top)
    seen = {}
    names = [b""]
    for at, dirs, files in os.walk(top):
        names += [os.path.relpath(os.path.join(at, n), top) for n in dirs + files]
    for name in sorted(names):
        path = os.path.join(top, name)
        s = os.lstat(path)
        line = [repr(name), oct(s.st_mode), s.st_uid, s.st_gid, s.st_mtime_ns,
                seen.setdefault(s.st_ino, repr(name)), s.st_rdev]
        if stat.S_ISREG(s.st_mode):
            with open(path, "rb") as f:
                line += [s.st_size, s.st_blocks < 1000, hash_of(f)]
        if stat.S_ISLNK(s.st_mode):
            line.append(os.readlink(path))
        for a in sorted(os.listxattr(path, follow_symlinks=False)):
            line.append(a + "=" + base64.b64encode(os.getxattr(path, a, follow_symlinks=False)).decode())
        print(*line)


def hash_of(f):
    total = 0
    while data := f.read(1 << 20):
        total = total * 31 + sum(data)
    return total


{"make": make, "show": show}[sys.argv[1]](*sys.argv[2:])
