#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Connections to a container's command socket that wait for its states.

  watch.py NAME READY

One for each state, and others of the kind that LXC's library makes. When all are
registered a line is written to READY (a FIFO). Says what each of them got, when
all of them are over.
"""
import os
import select
import socket
import struct
import sys

STATES = 'STOPPED STARTING RUNNING STOPPING ABORTING FREEZING FROZEN THAWED'.split()
ADD_STATE_CLIENT = 10
PATIENCE = 120

# what each waits for: 1 is "is in that state", 2 "next time it comes to it"
WATCHERS = {state.lower(): {state: 1} for state in STATES}
WATCHERS.update({
    'reboot': {'RUNNING': 2},
    'reboot or stop': {'RUNNING': 2, 'STOPPED': 1},
    'frozen or stopped': {'FROZEN': 1, 'STOPPED': 1},
    'any change': {'STARTING': 1, 'STOPPING': 1, 'ABORTING': 1, 'FREEZING': 1},
})

name, ready = sys.argv[1:]
waiting, got = {}, {}


def take(s, n):
    part, whole = s.recv(n), b''
    while part and len(whole) + len(part) < n:
        whole += part
        part = s.recv(n - len(whole))
    return whole + part


for who, states in WATCHERS.items():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect('\0/var/lib/lxc/%s/command' % name)
    wanted = [states.get(state, 0) for state in STATES]
    # with credentials, as LXC's clients do: those that the kernel adds may come too late
    s.sendmsg([struct.pack('=iiq8i', ADD_STATE_CLIENT, 32, 0, *wanted)],
              [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack('=iii', os.getpid(), 0, 0))])
    ret, datalen, data = struct.unpack('=iiq', take(s, 16))
    assert ret >= 0, 'refused with %d' % ret
    got[who] = ['waits' if ret == len(STATES) else 'is ' + STATES[ret]]
    if ret == data == len(STATES):
        waiting[s] = who
    else:
        s.close()

with open(ready, 'w') as fifo:
    fifo.write('ready\n')

while waiting:
    readable, _, _ = select.select(list(waiting), [], [], PATIENCE)
    if not readable:
        sys.exit('still waiting: %s' % ', '.join(waiting.values()))
    for s in readable:
        who, message = waiting[s], take(s, 264)
        if len(message) == 264:
            kind, about, value = struct.unpack('=i256si', message)
            assert (kind, about.rstrip(b'\0').decode()) == (0, name)
            what = STATES[value]
        else:
            what = 'end'
            del waiting[s]
            s.close()
        got[who].append(what)

for who in sorted(got):
    print('%s: %s' % (who, ', '.join(got[who])))
