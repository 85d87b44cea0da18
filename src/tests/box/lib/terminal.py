#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a command on a pseudo terminal of its own, and does what it is told.

    terminal.py COMMAND...

Requests come on standard input, one a line; each is answered with one line,
"ok" or "no" and a text. (terminal.sh has the functions for the cases.)

    expect SECONDS TEXT   TEXT appears behind what was expected last
    send TEXT             typed; \\r, \\x01 and so on are as in Python
    seen                  all that the command has written so far
    raw SECONDS           the command takes every byte as it is typed; what was typed earlier may be lost
    settings              the terminal's, as one word
    resize ROWS COLUMNS   the window has another size
    hangup                the terminal goes away
    wait SECONDS          the command's exit status, 128 and the signal if one ended it
    end                   of this program
"""
import codecs
import fcntl
import os
import signal
import subprocess
import sys
import termios
import threading
import time

master, slave = os.openpty()
termios.tcsetwinsize(slave, (24, 80))
changed = threading.Condition()
output = b''
expected = 0


def take_terminal():
    """In the child, which leads a session that has none yet."""
    # a shell that starts something in the background has it ignore these
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


command = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave,
                           start_new_session=True, preexec_fn=take_terminal)


def collect():
    """All that comes, all the time: a full terminal would stop the command."""
    global output
    while True:
        try:
            new = os.read(master, 4096)
        except OSError:
            return
        with changed:
            output += new
            changed.notify_all()


def expect(seconds, text):
    global expected
    wanted = codecs.decode(text, 'unicode_escape').encode()
    with changed:
        if not changed.wait_for(lambda: wanted in output[expected:], float(seconds)):
            return 'no %r' % output[expected:]
        expected = output.index(wanted, expected) + len(wanted)
    return 'ok'


def send(text):
    os.write(master, codecs.decode(text, 'unicode_escape').encode())
    return 'ok'


def seen():
    with changed:
        return 'ok %r' % output


def settings():
    return 'ok ' + repr(termios.tcgetattr(slave)).replace(' ', '')


def raw(seconds):
    deadline = time.monotonic() + float(seconds)
    while termios.tcgetattr(slave)[3] & termios.ICANON:
        if time.monotonic() > deadline:
            return 'no it is not'
        time.sleep(0.02)
    return 'ok'


def resize(rows, columns):
    # tells the command as a terminal emulator does
    termios.tcsetwinsize(master, (int(rows), int(columns)))
    return 'ok'


def hangup():
    # TIOCVHANGUP: what closing the master does to all who have the terminal open
    fcntl.ioctl(slave, 0x5437)
    return 'ok'


def wait(seconds):
    try:
        status = command.wait(float(seconds))
    except subprocess.TimeoutExpired:
        return 'no it is still running'
    return 'ok %d' % (status if status >= 0 else 128 - status)


def main():
    threading.Thread(target=collect, daemon=True).start()
    requests = {'expect': (expect, 2), 'send': (send, 1), 'seen': (seen, 0), 'raw': (raw, 1),
                'settings': (settings, 0), 'resize': (resize, 2), 'hangup': (hangup, 0), 'wait': (wait, 1)}
    for line in sys.stdin:
        name, _, rest = line.rstrip('\n').partition(' ')
        if name == 'end':
            break
        function, n = requests[name]
        print(function(*rest.split(' ', n - 1)[:n]), flush=True)


main()
