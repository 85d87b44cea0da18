#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of a container's command socket that LXC has none of.

  abuse.py NAME rubbish    wrong bytes, wrong sizes, half frames: each costs its own connection
  abuse.py NAME big        requests of many MiB
  abuse.py NAME strangers  every command, from another user: refused
  abuse.py NAME crowd      500 at once, among 200 that hang
  abuse.py NAME many N     N commands, one after another
"""
import array
import os
import random
import socket
import struct
import sys

GET_STATE, RUNNING = 3, 2
GET_PID, GET_CONFIG_ITEM, ADD_STATE_CLIENT, CONSOLE_LOG, ADD_LISTENER = 4, 7, 10, 11, 13
STOP, SERVE_STATE_CLIENTS, DEVICE_RULE, FREEZE, UNFREEZE, GET_CGROUP_CTX = 2, 12, 14, 15, 16, 23
N_COMMANDS = 27
PATIENCE = 20


def dial():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # blocking: where the queue is full, as long as it takes; the case has a limit of its own
    s.connect('\0/var/lib/lxc/%s/command' % name)
    s.settimeout(PATIENCE)
    return s


def header(cmd, datalen=0, data=0):
    return struct.pack('=iiq', cmd, datalen, data)


def take(s, n):
    got = b''
    while len(got) < n:
        part = s.recv(n - len(got))
        if not part:
            raise EOFError('after %d of %d bytes' % (len(got), n))
        got += part
    return got


def response(s):
    """ret, data, body; descriptors that come along are closed"""
    got, control, flags, _ = s.recvmsg(16, socket.CMSG_SPACE(4 * 20))
    for level, kind, value in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds = array.array('i')
            fds.frombytes(value)
            for fd in fds:
                os.close(fd)
    ret, datalen, data = struct.unpack('=iiq', got)
    return ret, data, take(s, datalen)


def ask(cmd, data=0, payload=b''):
    with dial() as s:
        s.sendall(header(cmd, len(payload), data) + payload)
        return response(s)


def ended(s):
    """Nothing more comes: the monitor has closed it."""
    try:
        rest = s.recv(4096)
        assert rest == b'', rest
    except ConnectionResetError:
        pass
    s.close()


def serving():
    assert ask(GET_STATE) == (0, RUNNING, b'')


def rubbish():
    rng = random.Random(1)
    # whole frames that no command has: an answer, and it is an error
    for cmd in (-1, -2**31, N_COMMANDS, 99, 2**31 - 1):
        assert ask(cmd)[0] == -38, cmd
        assert ask(cmd, payload=b'x' * 8192)[0] == -38, cmd
    for cmd, sizes in {
            GET_CONFIG_ITEM: (0, 1, 8192), ADD_STATE_CLIENT: (0, 1, 31, 33, 8192),
            CONSOLE_LOG: (0, 23), DEVICE_RULE: (0, 39, 41),
            24: (0, 79, 81), 25: (0, 79, 81)}.items():
        for size in sizes:
            assert ask(cmd, -1, b'x' * size) == (-22, 0, b''), (cmd, size)
    for state in (-1, 8, 2**31 - 1, -2**31):
        assert ask(SERVE_STATE_CLIENTS, state)[0] == -22, state
    # a struct that is too short or too long for it is answered as far as it goes
    for size in (1, 95, 96, 97, 8192):
        assert len(ask(GET_CGROUP_CTX, payload=b'\0' * size)[2]) == min(size, 96), size
    # a length that is none is no payload
    for datalen in (-1, -2**31):
        with dial() as s:
            s.sendall(header(GET_STATE, datalen))
            assert response(s) == (0, RUNNING, b'')
    # more than anybody has
    for cmd in (GET_STATE, GET_CONFIG_ITEM, 99):
        for datalen in (8193, 2**31 - 1):
            s = dial()
            s.sendall(header(cmd, datalen))
            ended(s)
    # half of it, and gone, or with its end said
    for frame in (header(GET_STATE), header(GET_CONFIG_ITEM, 9) + b'lxc.arc'):
        for n in range(len(frame)):
            dial().close()
            s = dial()
            s.sendall(frame[:n])
            s.close()
            s = dial()
            s.sendall(frame[:n])
            s.shutdown(socket.SHUT_WR)
            ended(s)
    # a request with nobody left for its answer
    for cmd in range(N_COMMANDS):
        if cmd in (STOP, SERVE_STATE_CLIENTS, FREEZE, UNFREEZE, DEVICE_RULE):
            continue
        s = dial()
        s.sendall(header(cmd))
        s.close()
    # descriptors that nobody asked for
    for _ in range(100):
        s = dial()
        socket.send_fds(s, [header(GET_STATE)], [0, 1, 2])
        response(s)
        s.close()
    # noise, of which nothing is a command that changes something
    for _ in range(500):
        s = dial()
        noise = rng.randbytes(rng.randrange(1, 3000))
        try:
            s.sendall(b'\xff' + noise)
            s.shutdown(socket.SHUT_WR)
            while s.recv(4096):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
        s.close()
    serving()


def big():
    """A request for the console's buffer may have any size, and most of it is thrown away."""
    for size in (25, 8192, 8193, 2**20, 2**25):
        assert ask(CONSOLE_LOG, payload=bytes(size))[0] == -14, size
    # some that never come to an end
    all = [dial() for _ in range(50)]
    for s in all:
        s.sendall(header(CONSOLE_LOG, 2**31 - 1) + bytes(2**20))
    serving()
    for s in all:
        s.close()
    serving()


def strangers():
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    for cmd in [*range(N_COMMANDS + 1), -1]:
        for payload in (b'', b'x' * 40, b'x' * 8192):
            with dial() as s:
                s.sendall(header(cmd, len(payload)) + payload)
                assert response(s) == (-1, 0, b''), cmd
                ended(s)
    with dial() as s:
        s.sendall(header(CONSOLE_LOG, 2**20) + bytes(2**20))
        assert response(s) == (-1, 0, b'')
        ended(s)


def hung():
    """Say nothing, half a header, or half a payload."""
    all = []
    for i in range(200):
        s = dial()
        s.sendall((b'', b'half', header(GET_CONFIG_ITEM, 9) + b'lxc')[i % 3])
        all.append(s)
    return all


def crowd():
    others = hung()
    clients = [dial() for _ in range(500)]
    for s in clients:
        s.sendall(header(GET_STATE))
    for s in reversed(clients):
        assert response(s) == (0, RUNNING, b'')
        ended(s)
    serving()
    for s in others:
        s.close()
    serving()


def many(n):
    requests = [
        (GET_STATE, b''), (GET_PID, b''), (5, b''), (6, b'freezer\0'), (8, b''), (9, b''),
        (GET_CONFIG_ITEM, b'lxc.arch\0'), (GET_CONFIG_ITEM, b'lxc.no.such\0'), (17, b''),
        (18, b''), (19, b'freezer\0'), (20, b''), (21, b''), (22, b''), (26, b''), (99, b''),
        (GET_CGROUP_CTX, b'\0' * 96), (24, b'\0' * 16 + b'devices' + b'\0' * 57),
        (25, b'\0' * 16 + b'devices' + b'\0' * 57), (CONSOLE_LOG, b'\0' * 24),
        (ADD_STATE_CLIENT, struct.pack('=8i', 0, 0, 1, 0, 0, 0, 0, 0)),
        (ADD_STATE_CLIENT, struct.pack('=8i', 0, 0, 0, 0, 0, 0, 1, 0)), (0, b''),
        (DEVICE_RULE, struct.pack('=c3xii4si4xqq', b'c', 10, 200, b'rwm\0', 1, 0, 0)),
        (DEVICE_RULE, struct.pack('=c3xii4si4xqq', b'c', 10, 200, b'rwm\0', 0, 0, 0)),
    ]
    for i in range(n):
        cmd, payload = requests[i % len(requests)]
        ask(cmd, payload=payload)
    serving()


if len(sys.argv) < 3:
    sys.exit(__doc__)
name = sys.argv[1]
{'rubbish': rubbish, 'strangers': strangers, 'crowd': crowd,
 'big': big, 'many': lambda: many(int(sys.argv[3]))}[sys.argv[2]]()
