#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs on the host: what a process of a container has of it.

    outside.py MODE COMMAND...

Runs COMMAND with what MODE makes at descriptor 9, says "ok", and keeps the other end until a line
comes. Then says whether that end still works, and ends.
"""
import os
import select
import socket
import subprocess
import sys

FD = 9
PATH = '/run/outside'


def pipe_writer():
    end, passed = os.pipe()
    return passed, end


def pipe_reader():
    passed, end = os.pipe()
    return passed, end


def closed_writer():
    return pipe_writer()[0], None


def closed_reader():
    return pipe_reader()[0], None


def kept(kind, *how):
    a, b = socket.socketpair(socket.AF_UNIX, kind, *how)
    return a.detach(), b.detach()


def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('127.0.0.1', 0))
    return s.detach(), None


def tcp():
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen()
    return s.detach(), None


def netlink():
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
    s.bind((0, 0))
    return s.detach(), None


def opened(flags, path=PATH):
    return os.open(path, flags | os.O_CREAT, 0o600), None


def fifo():
    os.path.exists(PATH + '.fifo') or os.mkfifo(PATH + '.fifo')
    end = os.open(PATH + '.fifo', os.O_RDONLY | os.O_NONBLOCK)
    return os.open(PATH + '.fifo', os.O_WRONLY), end


def removed():
    fd = os.open(PATH + '.removed', os.O_RDWR | os.O_CREAT)
    os.unlink(PATH + '.removed')
    return fd, None


MODES = {
    'pipe-writer': pipe_writer,
    'pipe-reader': pipe_reader,
    'closed-writer': closed_writer,
    'closed-reader': closed_reader,
    'pair': lambda: kept(socket.SOCK_STREAM),
    'datagram-pair': lambda: kept(socket.SOCK_DGRAM),
    'udp': udp,
    'tcp': tcp,
    'netlink': netlink,
    'file': lambda: opened(os.O_RDWR),
    'log': lambda: opened(os.O_WRONLY | os.O_APPEND),
    'program': lambda: (os.open('/bin/true', os.O_RDONLY), None),
    'folder': lambda: (os.open('/run', os.O_RDONLY | os.O_DIRECTORY), None),
    'zero': lambda: (os.open('/dev/zero', os.O_RDWR), None),
    'fifo': fifo,
    'removed': removed,
}


def works(end):
    """Whether somebody still has the other end."""
    p = select.poll()
    p.register(end, select.POLLIN | select.POLLOUT)
    return not any(e & (select.POLLHUP | select.POLLERR) for _, e in p.poll(0))


passed, end = MODES[sys.argv[1]]()
os.dup2(passed, FD, inheritable=True)
os.close(passed)
subprocess.run(sys.argv[2:], pass_fds=[FD], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
               stderr=subprocess.DEVNULL, check=True)
os.close(FD)
print('ok', flush=True)
sys.stdin.readline()
print('works' if end is None or works(end) else 'is closed', flush=True)
