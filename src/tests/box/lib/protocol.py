#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container's monitor says to every request that there can be, byte for byte.

  protocol.py ask NAME INIT native|restored <KEYS
                                  one line a request, with what came back; the last one stops it
  protocol.py cgroups NAME INIT native|restored
                                  only those that tell of its cgroups
  protocol.py compare ONE OTHER   two such lists: the container that lxc-start started, and restored
"""
import array
import fcntl
import os
import re
import select
import socket
import stat
import struct
import sys

GET_TTY, WINCH, STOP, GET_STATE, GET_PID, GET_FLAGS, GET_CGROUP, GET_CONFIG_ITEM = range(8)
GET_NAME, GET_LXCPATH, ADD_STATE_CLIENT, CONSOLE_LOG, SERVE_STATE, ADD_LISTENER = range(8, 14)
DEVICE_RULE, FREEZE, UNFREEZE, GET_CGROUP2_FD, GET_LIMIT_CGROUP = 14, 15, 16, 17, 19
GET_LIMIT_CGROUP2_FD, GET_CTX = 20, 23
GET_CGROUP_FD, GET_LIMIT_FD = 24, 25
N_COMMANDS = 27
RUNNING, FREEZING, THAWED = 2, 5, 7

# Long enough for an answer on a busy machine, and for an end to be seen as one.
PATIENCE, END = 20, 0.2

# What is not as LXC's monitor has it, on purpose. A label is "command, what was sent".
DIFFERENT = [
    (r'GET_FLAGS', 'CRIU gives it a time namespace, so that its clocks go on: who attaches enters it'),
    (r'GET_CTX, length -', 'LXC takes the length for a large one, here it is none'),
    (r'ADD_LISTENER, alone', 'LXC waits for the message with the listener, and all others with it'),
    (r'GET_CGROUP_FD, 79 bytes', 'LXC reads what lies in its memory behind the payload'),
    (r'GET_LIMIT_FD, 79 bytes', 'the same'),
]
# What depends on LXC's addresses, and on what lies in its memory behind the payload.
CHANCE = [
    r'(GET_TTY|FREEZE|UNFREEZE), \d+ (zeros|x)', r'GET_CONFIG_ITEM, (.*no NUL|40 x)',
    r'CONSOLE_LOG, (1|23) zeros', r'(GET_CGROUP_FD|GET_LIMIT_FD), 40 x',
    # the LXC that has restored it here is 7.0: LXC 5.0 and 6.0 print them in another way
    r"GET_CONFIG_ITEM, 'lxc.(cap.keep|time.offset.boot|time.offset.monotonic|net.0.veth.vlan.id)'",
]
# More than a socket has room for: LXC reads once, and lets go of the connection where it was early.
CUT = [r'CONSOLE_LOG, 100000 zeros']
# What would end LXC's monitor, or corrupt its memory: asked of ours alone.
FATAL = [
    # it takes the argument for an address
    r'(GET_CONFIG_ITEM|CONSOLE_LOG), (int |length |descriptors)',
    # and any number for a state
    r'SERVE_STATE, 40 zeros', r'SERVE_STATE, int (?!([0-7]|4294967296|4294967297)$)',
]
NAMES = ['GET_TTY', 'WINCH', 'STOP', 'GET_STATE', 'GET_PID', 'GET_FLAGS', 'GET_CGROUP',
         'GET_CONFIG_ITEM', 'GET_NAME', 'GET_LXCPATH', 'ADD_STATE_CLIENT', 'CONSOLE_LOG',
         'SERVE_STATE', 'ADD_LISTENER', 'DEVICE_RULE', 'FREEZE', 'UNFREEZE', 'GET_CGROUP2_FD',
         'GET_PIDFD', 'GET_LIMIT_CGROUP', 'GET_LIMIT_CGROUP2_FD', 'GET_DEVPTS', 'GET_SECCOMP_FD',
         'GET_CTX', 'GET_CGROUP_FD', 'GET_LIMIT_FD', 'GET_SCOPE']

INTS = (1, 2, 3, 99, -1, -2, -2**31, 2**31 - 1, 2**32, 2**32 + 1, 2**63 - 1)
LENGTHS = (-1, -2**31)
CONTROLLERS = ('', 'cpu', 'cpuset', 'io', 'memory', 'hugetlb', 'pids', 'rdma', 'misc', 'cgroup',
               'devices', 'freezer', 'blkio', 'cpuacct', 'name=systemd', 'systemd', 'unified',
               'net_cls', 'perf_event', 'no such', 'freezer ', 'x' * 63, 'cgroup2', 'rdma,misc')
UNKNOWN = (N_COMMANDS, 99, -1, -2**31, 2**31 - 1, 256, 65536 + GET_STATE)


# --- one request ---------------------------------------------------------------------------------

def dial():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect('\0/var/lib/lxc/%s/command' % name)
    s.settimeout(PATIENCE)
    return s


def header(cmd, datalen=0, data=0):
    return struct.pack('=iiq', cmd, datalen, data)


def send(s, frame, fds=()):
    """With credentials, as LXC's clients do: those that the kernel adds may come too late."""
    control = [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack('=iii', os.getpid(), 0, 0))]
    if fds:
        control.append((socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds)))
    s.sendmsg([frame], control)


def cgroup_of(fd):
    """Which of the container's cgroups it is: by its number, whatever mount it came by."""
    found = os.fstat(fd).st_ino
    for root, _, _ in os.walk('/sys/fs/cgroup'):
        if os.stat(root).st_ino == found:
            return root[len('/sys/fs/cgroup'):]
    return 'of no cgroup'


def kind(fd):
    st, link = os.fstat(fd), os.readlink('/proc/self/fd/%d' % fd)
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    how = '+'.join(['path'] * bool(flags & os.O_PATH) + [str(flags & os.O_ACCMODE)] +
                   ['nonblock'] * bool(flags & os.O_NONBLOCK))
    if link.startswith('anon_inode:[pidfd]') or link.startswith('pidfd:'):
        with open('/proc/self/fdinfo/%d' % fd) as f:
            pid = re.search(r'^Pid:\s*(\d+)', f.read(), re.M).group(1)
        return 'pidfd of ' + ('INIT' if pid == init else 'another')
    if stat.S_ISCHR(st.st_mode):
        return 'character device, terminal %s, %s' % (os.isatty(fd), how)
    devpts = os.stat('/proc/%s/root/dev/pts' % init)
    if (st.st_dev, st.st_ino) == (devpts.st_dev, devpts.st_ino):
        return 'devpts, ' + how
    return 'cgroup %s, %s' % (cgroup_of(fd), how)


def take_header(s):
    """Its bytes, what kinds of descriptors came along."""
    got, control, flags, _ = s.recvmsg(16, socket.CMSG_SPACE(4 * 32))
    kinds = ['control message cut'] * bool(flags & socket.MSG_CTRUNC)
    for level, type, value in control:
        if (level, type) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds = array.array('i')
            fds.frombytes(value)
            for fd in fds:
                kinds.append(kind(fd))
                os.close(fd)
    return got, kinds


def fate(s):
    """closed, reset, or kept: then it is of use once more"""
    try:
        if not select.select([s], [], [], END)[0]:
            send(s, header(GET_STATE))
            got = s.recv(16)
            if got:
                return 'kept, answers again' if len(got) == 16 else 'kept, answers %r' % got
            return 'closed'
        rest = s.recv(65536)
        return 'more: %r' % rest if rest else 'closed'
    except ConnectionResetError:
        return 'reset'
    except BrokenPipeError:
        return 'closed'


def shown(text):
    text = re.sub(rb'\bveth[A-Za-z0-9]{6}\b', b'VETH', text)
    return repr(text.rstrip(b'\0'))[1:] + ' of %d' % len(text)


def received(s, cmd):
    got, kinds = take_header(s)
    if not got:
        return 'no answer, closed'
    ret, datalen, data = struct.unpack('=iiq', got)
    said = ['ret %d' % ret]
    if datalen:
        body = s.recv(datalen) if datalen > 0 else b''
        # the client's own numbers come into these places, and what LXC has there is its own
        if cmd == GET_CTX:
            body = body[:12]
        elif cmd in (GET_CGROUP_FD, GET_LIMIT_FD):
            body = body[:12] + body[16:]
        said.append('length %d, body %s' % (datalen, shown(body)))
    elif cmd == GET_PID:
        said.append('data INIT' if str(data) == init else 'data %d' % data)
    else:
        # where LXC means none it may have the address of something
        said.append('data %d' % (data if -2**31 <= data < 2**31 else 0))
    said += ['with ' + k for k in kinds]
    said.append(fate(s))
    return ', '.join(said)


def fits(label, patterns):
    return [pattern for pattern in patterns if re.fullmatch(pattern + '.*', label)]


def ask(cmd, what, datalen=0, data=0, payload=b'', fds=(), shut=False):
    label = '%s, %s' % (NAMES[cmd] if 0 <= cmd < N_COMMANDS else cmd, what)
    if native and fits(label, FATAL):
        return
    with dial() as s:
        try:
            send(s, header(cmd, datalen, data), fds)
            if payload:
                s.sendall(payload)
            if shut:
                s.shutdown(socket.SHUT_WR)
            said = received(s, cmd)
        except (ConnectionResetError, BrokenPipeError):
            said = 'no answer, closed'
        except TimeoutError:
            said = 'no answer, kept'
    print('%s: %s' % (label, said), flush=True)
    # now whatever that connection held is free
    with dial() as s:
        send(s, header(GET_STATE))
        s.recv(16)


def ask_bytes(cmd, payload, what):
    ask(cmd, what, datalen=len(payload), payload=payload)


# --- all requests --------------------------------------------------------------------------------

def all_the_same(cmd):
    """What any command may be asked, whatever it does."""
    for n in (0, *INTS):
        ask(cmd, 'int %d' % n, data=n)
    for n in LENGTHS:
        ask(cmd, 'length %d' % n, datalen=n)
    for n in (1, 8192):
        ask_bytes(cmd, b'\0' * n, '%d zeros' % n)
    ask_bytes(cmd, b'x' * 40, '40 x')
    ask(cmd, 'descriptors with it', fds=[0, 1])
    ask(cmd, 'half a payload', datalen=8, payload=b'half', shut=True)
    if cmd != CONSOLE_LOG:
        for n in (8193, 2**31 - 1):
            ask(cmd, 'too long by %d' % (n - 8192), datalen=n)


def strings(cmd, words):
    for word in words:
        ask_bytes(cmd, word.encode() + b'\0', repr(word))
    for word in ('freezer', 'lxc.arch'):
        ask_bytes(cmd, word.encode(), '%r, no NUL' % word)
        ask_bytes(cmd, word.encode() + b'\0\0', '%r, two NULs' % word)
        ask_bytes(cmd, word.encode() + b'\0x\0', '%r and another' % word)


def read_one_byte():
    with dial() as s:
        send(s, header(CONSOLE_LOG, 24) + struct.pack('=??6xQ?7x', 0, 1, 1, 0))
        return struct.unpack('=iiq', s.recv(16))[0] == 0


def console_log():
    ask_bytes(CONSOLE_LOG, struct.pack('=??6xQ?7x', 1, 0, 0, 0), 'cleared')
    with open('/proc/%s/root/dev/console' % init, 'w') as console:
        console.write('!some words')
    while not read_one_byte():
        pass
    for clear, read, most, write in ((0, 0, 0, 0), (0, 1, 4, 0), (0, 1, 0, 0), (1, 0, 0, 0),
                                     (0, 1, 0, 0), (1, 1, 2**63, 0), (0, 0, 0, 1)):
        ask_bytes(CONSOLE_LOG, struct.pack('=??6xQ?7x', clear, read, most, write),
                  'clear %d, read %d of %d, write %d' % (clear, read, most, write))
    for n in (23, 25, 8193, 100000):
        ask_bytes(CONSOLE_LOG, b'\0' * n, '%d zeros' % n)


def cgroup_fds(cmd):
    for type in (0, 0x27e0eb, 0x63677270, 5):
        for controller in CONTROLLERS if type == 0 else ('freezer', 'pids', 'no such'):
            ask_bytes(cmd, struct.pack('=iIii64s', 0, 0, type, 0, controller.encode()),
                      '%r of type %#x' % (controller, type))
    ask_bytes(cmd, struct.pack('=iIii64s', -5, 9, 0, 77, b'devices\0freezer'), 'fields of other use')
    for n in (79, 80, 81):
        ask_bytes(cmd, b'\0' * n, '%d zeros' % n)
        ask_bytes(cmd, (b'\0' * 16 + b'devices' + b'\0' * 64)[:n], '%d bytes, devices' % n)


def states():
    """Each is set, told of, and served to the one who waits for it."""
    for state in range(8):
        with dial() as waiting:
            waits = [0] * 8
            waits[state] = 2 if state == RUNNING else 1
            send(waiting, header(ADD_STATE_CLIENT, 32) + struct.pack('=8i', *waits))
            print('waiting for %d: %r' % (state, waiting.recv(16)))
            # one that is there already is not waited for
            if struct.unpack('=8i', struct.pack('=8i', *waits))[state] and state != now():
                ask(SERVE_STATE, 'int %d' % state, data=state)
                told = waiting.recv(512)
                print('told: type, name, value %r, %d' % (struct.unpack('=i256si', told), len(told)))
                print('then %s' % fate(waiting))
        ask(SERVE_STATE, 'int %d' % state, data=state)
        ask(GET_STATE, 'after state %d' % state)
    for n in INTS:
        ask(SERVE_STATE, 'int %d' % n, data=n)
    ask(SERVE_STATE, 'int %d' % RUNNING, data=RUNNING)
    for n in (0, 1, 31, 33, 8192):
        ask_bytes(ADD_STATE_CLIENT, b'\0' * n, '%d zeros' % n)
    # RUNNING is there already, but for who waits for the next one; what never comes is waited for
    for waits in ((0, 0, 1, 0, 0, 0, 0, 0), (0, 0, 2, 0, 1, 0, 0, 0), (0,) * 8,
                  (0, 0, -1, 0, 1, 0, 0, 0), (0, 0, 0, 0, 7, 0, 0, 0), (0, 0, 1, 0, 1, 0, 0, 0)):
        ask_bytes(ADD_STATE_CLIENT, struct.pack('=8i', *waits), 'states %r' % (waits,))


def now():
    with dial() as s:
        send(s, header(GET_STATE))
        return struct.unpack('=iiq', s.recv(16))[2]


def device_rules():
    def rule(type, major, minor, access, allow):
        ask_bytes(DEVICE_RULE, struct.pack('=c3xii4si4xqq', type, major, minor, access, allow, 0, 0),
                  'rule %r' % ((type, major, minor, access, allow),))

    for allow in (1, 1, 0, 0):
        rule(b'c', 10, 200, b'rwm\0', allow)
    rule(b'b', 7, -1, b'r\0\0\0', 1)
    rule(b'c', -1, -1, b'm\0\0\0', 1)
    for n in (0, 1, 39, 41, 8192):
        ask_bytes(DEVICE_RULE, b'\0' * n, '%d zeros' % n)


def frozen():
    for cmd in (FREEZE, UNFREEZE):
        for timeout in (-1, 0, 5000, -1):
            ask(cmd, 'int %d' % timeout, data=timeout)
            ask(GET_STATE, 'after %s' % NAMES[cmd])


def ttys():
    for n in (0, *range(1, 6), *INTS):
        ask(GET_TTY, 'int %d' % n, data=n)
    # all of them, one more, and again when one has gone
    held = []
    for i in range(6):
        s = dial()
        send(s, header(GET_TTY, 0, -1))
        got, kinds = take_header(s)
        print('tty held, %d: %r %r' % (i, struct.unpack('=iiq', got), kinds))
        held.append(s)
    held[1].close()
    ask(GET_TTY, 'int -1, one is free again', data=-1)
    for s in held:
        s.close()


def listener():
    ask(ADD_LISTENER, 'alone', shut=True)
    with dial() as s:
        send(s, header(ADD_LISTENER, 0, 5))
        socket.send_fds(s, [b'\0'], [0])
        print('ADD_LISTENER, with one: %s' % received(s, ADD_LISTENER))


def stop():
    with dial() as s:
        # in an emulated machine LXC takes that long to end a container
        s.settimeout(5 * PATIENCE)
        send(s, header(STOP))
        try:
            print('STOP: %r' % s.recv(16))
        except ConnectionResetError:
            print("STOP: b''")
    try:
        dial()
        print('afterwards: somebody is there')
    except ConnectionRefusedError:
        print('afterwards: nobody is there')


def cgroups():
    """All that tells where it is."""
    for cmd in (GET_CGROUP, GET_LIMIT_CGROUP):
        ask(cmd, 'nothing')
        strings(cmd, ('freezer', 'devices', 'memory', 'no such'))
    for cmd in (GET_CGROUP2_FD, GET_LIMIT_CGROUP2_FD):
        ask(cmd, 'nothing')
    ask_bytes(GET_CTX, b'\0' * 96, '96 zeros')
    for cmd in (GET_CGROUP_FD, GET_LIMIT_FD):
        cgroup_fds(cmd)


def ask_all(keys):
    special = (GET_TTY, STOP, ADD_STATE_CLIENT, SERVE_STATE, ADD_LISTENER, DEVICE_RULE, FREEZE,
               UNFREEZE)
    for cmd in UNKNOWN:
        all_the_same(cmd)
    for cmd in range(N_COMMANDS):
        if cmd not in special:
            all_the_same(cmd)
    for cmd in (GET_CGROUP, GET_LIMIT_CGROUP):
        strings(cmd, CONTROLLERS)
    strings(GET_CONFIG_ITEM, ['', ' ', 'lxc', 'lxc.', 'lxc.net', 'lxc.net.0', 'lxc.net.1.type',
                              'lxc.net.99', 'lxc.net.-1', 'lxc.net.x', 'LXC.ARCH', 'lxc.arch ',
                              'lxc.no.such', 'lxc.cgroup2', 'lxc.cgroup2.pids.max', 'lxc.cgroup',
                              'lxc.hook', 'lxc.idmap', 'lxc.network', 'x' * 4000, *keys])
    console_log()
    for n in (0, 1, 12, 95, 96, 97, 8192):
        ask_bytes(GET_CTX, b'\0' * n, '%d zeros' % n)
    for cmd in (GET_CGROUP_FD, GET_LIMIT_FD):
        cgroup_fds(cmd)
    ttys()
    listener()
    device_rules()
    frozen()
    states()
    for cmd in (GET_TTY, SERVE_STATE, DEVICE_RULE, FREEZE, UNFREEZE, STOP):
        ask(cmd, 'half a payload', datalen=8, payload=b'half', shut=True)
        ask(cmd, 'too long', datalen=8193)
    for cmd in (GET_TTY, FREEZE, UNFREEZE, SERVE_STATE):
        ask_bytes(cmd, b'\0' * 40, '40 zeros')
    stop()


# --- two of them ---------------------------------------------------------------------------------

def compare(started, restored):
    """Prints what differs; what should differ and does not is as bad."""
    bad, seen = 0, set()
    started, restored = ([line.rstrip('\n').split(': ', 1) for line in open(f)]
                         for f in (started, restored))
    restored = [pair for pair in restored if not fits(pair[0], FATAL)]
    for one, other in zip(started, restored):
        if fits(one[0], CUT) and one[1] == 'no answer, closed':
            one = other
        known = fits(one[0], dict(DIFFERENT))
        if one != other:
            seen.update(known)
        if one != other and not known and not fits(one[0], CHANCE):
            bad += 1
            print('%s\n    started  %s\n    restored %s' % (one[0], one[1], ': '.join(other)))
    for pattern in dict(DIFFERENT):
        if pattern not in seen:
            bad += 1
            print('%s: there is no difference any more' % pattern)
    if len(started) != len(restored):
        bad += 1
        print('%d answers, and %d when it was restored' % (len(started), len(restored)))
    print('%d answers, %d not as they should be' % (len(started), bad))
    return bad > 0


if len(sys.argv) == 4 and sys.argv[1] == 'compare':
    sys.exit(compare(*sys.argv[2:]))
if len(sys.argv) < 5:
    sys.exit(__doc__)
name, init, native = sys.argv[2], sys.argv[3], sys.argv[4] == 'native'
if sys.argv[1] == 'cgroups':
    cgroups()
else:
    ask_all(sys.stdin.read().split())
