#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ethtool does with offloads and queues of a veth: ethtool.py LINK [WORD NUMBER...]..."""

import ctypes
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
VALUES = {"tx": (0x16, 0x17), "sg": (0x18, 0x19), "gso": (0x23, 0x24), "gro": (0x2B, 0x2C)}
GET_CHANNELS, SET_CHANNELS = 0x3C, 0x3D


def call(link, layout, *values):
    data = ctypes.create_string_buffer(struct.pack(layout, *values))
    request = struct.pack("16sP", link.encode(), ctypes.addressof(data))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCETHTOOL, request)
    return struct.unpack_from(layout, data)


def main(link, *words):
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "channels":
            now = list(call(link, "9I", GET_CHANNELS, *[0] * 8))
            now[0] = SET_CHANNELS
            now[5:7] = int(words.pop(0)), int(words.pop(0))
            call(link, "9I", *now)
        else:
            call(link, "II", VALUES[word][1], int(words.pop(0)))
    for name, (get, _) in VALUES.items():
        print(name, call(link, "II", get, 0)[1])
    print("channels", *call(link, "9I", GET_CHANNELS, *[0] * 8)[5:7])


main(*sys.argv[1:])
