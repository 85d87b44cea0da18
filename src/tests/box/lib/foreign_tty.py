#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs on the host: ptys of the host with all numbers that a container's have.

    foreign_tty.py COMMAND...

Runs COMMAND with the number of a descriptor of the last of them as a further argument, says "ok",
and keeps them until the end of the input.
"""
import os
import subprocess
import sys

COUNT = 40

ends = [os.openpty()]
while os.minor(os.fstat(ends[-1][1]).st_rdev) < COUNT:
    ends.append(os.openpty())
last = ends[-1][1]
subprocess.run(sys.argv[1:] + [str(last)], pass_fds=[last], stdin=subprocess.DEVNULL,
               stdout=subprocess.DEVNULL, check=True)
print('ok', flush=True)
sys.stdin.read()
