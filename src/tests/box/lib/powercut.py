#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""powercut.py ROOT COPIES [--fail N] COMMAND [ARG]...

Runs COMMAND with /tmp/payload/steps.so preloaded and makes copies of ROOT, a
directory, at each step by which it changes something there: of what a power cut
at that moment could leave on disk.

  seen      as it is: all that was done so far
  empty     the same, but contents that nobody has fsynced are not there
  sure      only names whose directory was fsynced since, and fsynced contents
  manifest  the same, and the names manifest.json, should they have come first

Each of them that differs from all before it is COPIES/NUMBER-KIND/; steps.txt
there has a line for each step. With --fail the Nth fsync fails, and there are no
copies. Exits as COMMAND does; with 99 if there was no Nth fsync.
"""

import os
import socket
import subprocess
import sys
import threading

SOCKET = "/run/steps"


class Disk:
    """What of ROOT is surely on disk: contents by inode, names by inode of their directory."""

    def __init__(self, root):
        self.root, self.contents, self.names = root, {}, {}
        for path, _, files in os.walk(root):
            self.sync(path)
            for f in files:
                self.sync(f"{path}/{f}")

    def sync(self, path):
        st = os.stat(path)
        if os.path.isdir(path):
            self.names[st.st_ino] = self.entries(path)
        else:
            with open(path, "rb") as f:
                self.contents[st.st_ino] = f.read()

    @staticmethod
    def entries(path):
        return {e.name: (e.inode(), e.is_dir(follow_symlinks=False)) for e in os.scandir(path)}

    def now(self):
        """The same as it is seen at the moment."""
        contents, names = {}, {}
        for path, _, files in os.walk(self.root):
            names[os.stat(path).st_ino] = self.entries(path)
            for f in files:
                try:
                    with open(f"{path}/{f}", "rb") as file:
                        contents[os.fstat(file.fileno()).st_ino] = file.read()
                except FileNotFoundError:
                    pass
        return contents, names


def tree(inode, contents, names, extra=None):
    """{path: bytes, or None for a directory} below the directory with that inode."""
    out = {}
    entries = dict(names.get(inode, {}))
    for name, entry in (extra or {}).get(inode, {}).items():
        if name == "manifest.json":
            entries[name] = entry
    for name, (ino, is_dir) in entries.items():
        if is_dir:
            out[name] = None
            for path, data in tree(ino, contents, names, extra).items():
                out[f"{name}/{path}"] = data
        else:
            out[name] = contents.get(ino, b"")
    return out


class Copies:
    def __init__(self, root, where):
        self.disk, self.where, self.seen, self.number = Disk(root), where, set(), 0
        self.top = os.stat(root).st_ino
        os.makedirs(where, exist_ok=True)
        self.steps = open(f"{where}/steps.txt", "w", encoding="utf-8")

    def step(self, what, path):
        if what == "fsync":
            self.disk.sync(path)
        self.number += 1
        self.steps.write(f"{self.number:03} {what} {path}\n")
        self.steps.flush()
        contents, names = self.disk.now()
        sure = self.disk.contents, self.disk.names
        self.keep("seen", tree(self.top, contents, names))
        self.keep("empty", tree(self.top, sure[0], names))
        self.keep("sure", tree(self.top, *sure))
        self.keep("manifest", tree(self.top, *sure, names))

    def keep(self, kind, files):
        mark = hash(tuple(sorted(files.items(), key=lambda x: x[0])))
        if mark in self.seen:
            return
        self.seen.add(mark)
        to = f"{self.where}/{self.number:03}-{kind}"
        os.makedirs(to)
        for path, data in sorted(files.items()):
            if data is None:
                os.mkdir(f"{to}/{path}", 0o700)
            else:
                with open(f"{to}/{path}", "wb") as f:
                    f.write(data)
                os.chmod(f"{to}/{path}", 0o600)


class Failure:
    """Lets one fsync fail."""

    def __init__(self, number):
        self.left = number

    def asked(self):
        self.left -= 1
        return self.left != 0


def serve(listener, copies, failure):
    while True:
        client = listener.accept()[0]
        with client, client.makefile("r") as f:
            what, path = f.readline().rstrip("\n").split(" ", 1)
            good = True
            if what == "fsync?":
                good = not failure or failure.asked()
            elif copies:
                copies.step(what, path)
            client.sendall(b"y" if good else b"n")


def main():
    root, where, command, failure = sys.argv[1], sys.argv[2], sys.argv[3:], None
    if command[0] == "--fail":
        failure, command = Failure(int(command[1])), command[2:]
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    listener.listen()
    copies = None if failure else Copies(root, where)
    threading.Thread(target=serve, args=(listener, copies, failure), daemon=True).start()
    env = dict(os.environ, LD_PRELOAD="/tmp/payload/steps.so", STEPS_ROOT=root,
               STEPS_SOCKET=SOCKET)
    status = subprocess.call(command, env=env)
    if copies:
        copies.step("end", root)
    if failure and failure.left > 0:
        status = 99
    sys.exit(status)


main()
