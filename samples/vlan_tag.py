#!/usr/bin/env python3
"""vlan_tag.py TAP INTERFACE VLAN: joins a new TAP device to an interface and tags what passes.

What the kernel's own VLAN device does, for kernels built without it: frames leave
INTERFACE with an IEEE 802.1Q tag, and tagged frames that arrive there lose it.
"""

import fcntl
import os
import selectors
import socket
import struct
import subprocess
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
ETH_P_ALL, TPID = 3, b"\x81\x00"

name, interface, vlan = sys.argv[1], sys.argv[2], int(sys.argv[3])
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
subprocess.run(["ip", "link", "set", name, "up"], check=True)
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
wire.bind((interface, 0))

ready = selectors.DefaultSelector()
ready.register(tap, selectors.EVENT_READ)
ready.register(wire, selectors.EVENT_READ)
while True:
    for key, _ in ready.select():
        if key.fileobj is wire:
            frame, address = wire.recvfrom(65536)
            if address[2] == socket.PACKET_OUTGOING:
                continue
            if frame[12:14] == TPID:  # else the kernel has taken the tag off already
                frame = frame[:12] + frame[16:]
            os.write(tap, frame)
        else:
            frame = os.read(tap, 65536)
            wire.send(frame[:12] + TPID + struct.pack("!H", vlan) + frame[12:])
