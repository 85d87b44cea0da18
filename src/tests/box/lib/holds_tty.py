#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs in a container: a process on a pty of its own that holds /dev/tty.

    holds_tty.py MODE READY

Writes to the file READY when it is so, and leaves nothing else of the caller's open.
"""
import fcntl
import os
import pty
import signal
import sys
import time

mode, ready = sys.argv[1:]
os.closerange(3, 64)
null = os.open('/dev/null', os.O_RDWR)
for number in range(3):
    os.dup2(null, number)
os.close(null)
if mode == 'hung-up':
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
said, say = os.pipe()
pid, master = pty.fork()


def tell():
    os.write(say, b'x')


def sleep():
    while True:
        time.sleep(9999)


if pid == 0:
    tty = os.open('/dev/tty', os.O_RDWR)
    if mode in ('daemon', 'stopped') and os.fork():
        sleep()
    if mode == 'daemon':
        os.setsid()
    if mode == 'only':
        null = os.open('/dev/null', os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
    if mode == 'other-flags':
        fcntl.fcntl(tty, fcntl.F_SETFL, os.O_NONBLOCK)
    if mode == 'path':
        os.close(tty)
        os.open('/dev/tty', os.O_PATH)
    tell()
    if mode == 'stopped':
        os.kill(os.getpid(), signal.SIGSTOP)
    while mode == 'busy':
        pass
    sleep()
os.read(said, 1)
if mode == 'hung-up':
    os.close(master)
with open(ready, 'w') as f:
    f.write('%d\n' % os.getpid())
sleep()
