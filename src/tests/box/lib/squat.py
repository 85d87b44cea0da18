#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
squat.py NAME UID READY answer PID | silent | full | aliases

Takes the command socket of a container that does not run, as that user, and answers what its
monitor would: it runs, and PID is its init. silent: takes connections and says nothing.
full: does not even take them, aliases: nor by twenty other spellings of the LXCPATH. Says so on the FIFO READY.
"""
import os
import socket
import struct
import sys
import threading

GET_STATE, GET_INIT_PID = 3, 4

name, uid, ready, how = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
with open(ready, "w", encoding="ascii") as fifo:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0/var/lib/lxc/{name}{'/elsewhere' if how == 'aliases' else ''}/command")
    listener.listen(0 if how == "full" else 50)
    clients = []
    if how == "full":
        for _ in range(8):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            client.connect_ex(f"\0/var/lib/lxc/{name}/command")
            clients.append(client)
    if how == "aliases":
        for i in range(1, 20):
            alias = socket.socket(socket.AF_UNIX)
            alias.bind(f"\0/var/lib{'/.' * i}/lxc/{name}/command")
            alias.listen(0)
            clients.append(alias)
            for _ in range(8):
                client = socket.socket(socket.AF_UNIX)
                client.setblocking(False)
                client.connect_ex(alias.getsockname())
                clients.append(client)
    fifo.write("ready\n")


def serve(client):
    while head := client.recv(16, socket.MSG_WAITALL):
        command, length, _ = struct.unpack("=iiq", head)
        if length > 0:
            client.recv(length, socket.MSG_WAITALL)
        data = {GET_STATE: 2, GET_INIT_PID: int(sys.argv[5])}.get(command, 0)
        client.sendall(struct.pack("=iiq", 0, 0, data))


while how in ("full", "aliases"):
    threading.Event().wait()
while True:
    connection, _ = listener.accept()
    clients.append(connection)
    if how == "answer":
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
