#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs in a container: a process on a pty of its own that holds /dev/tty.

    holds_tty.py MODE READY [TERMINAL]

Writes to the file READY when it is so, and leaves nothing else of the caller's open.
TERMINAL: a descriptor of one in the host's devpts, to be /dev/tty in the modes "foreign".
"""
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time

mode, ready = sys.argv[1:3]
foreign = int(sys.argv[3]) if len(sys.argv) > 3 else 3
os.closerange(3, foreign)
os.closerange(foreign + 1, 256)
null = os.open('/dev/null', os.O_RDWR)
for number in range(3):
    os.dup2(null, number)
os.close(null)
if mode == 'hung-up':
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
said, say = os.pipe()


def fork_foreign():
    """As pty.fork(), with /dev/tty in the host's devpts and a pty of the same number here."""
    number = os.minor(os.fstat(foreign).st_rdev)
    master, slave = os.openpty()
    while os.minor(os.fstat(slave).st_rdev) != number:
        os.close(slave)
        master, slave = os.openpty()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(foreign, termios.TIOCSCTTY, 0)
        os.dup2(slave, 0)
        os.closerange(foreign + 1, 256)
    os.close(foreign)
    return pid, master


pid, master = fork_foreign() if mode.startswith('foreign') else pty.fork()


def tell():
    os.write(say, b'x')


def sleep():
    while True:
        time.sleep(9999)


if pid == 0:
    tty = os.open('/dev/tty', os.O_RDWR)
    if mode in ('daemon', 'stopped', 'foreign-daemon') and os.fork():
        os.close(tty)
        sleep()
    if mode in ('daemon', 'foreign-daemon'):
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
    if mode == 'watched':
        epoll = select.epoll()
        epoll.register(tty, select.EPOLLIN)
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
