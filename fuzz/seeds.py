"""Turns captures into inputs of the fuzz targets.

seeds.py frames FILE                       frames of a pcap file behind their lengths, to standard output
seeds.py pieces NAME [--secrets PCAPNG]    payloads, as lines "stream, port of the sender, bytes in hexadecimal",
                                           to NAME-0, NAME-1, ...; behind the key log of a pcapng file, if named
"""

import struct
import sys

# Link types in the order of fuzz_targets/packet_flow.rs.
LINKS = [0, 1, 9, 12, 50, 51, 101, 113, 228, 276]


def frames(path):
    data = open(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    out = bytearray([LINKS.index(struct.unpack(order + "I", data[20:24])[0])])
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack(order + "I", data[at + 8 : at + 12])[0]
        frame = data[at + 16 : at + 16 + length]
        out += struct.pack(">H", len(frame)) + frame
        at += 16 + length
    sys.stdout.buffer.write(out)


def pieces(name, log):
    streams = {}
    for line in sys.stdin:
        stream, port, payload = line.rstrip("\n").split("\t")
        streams.setdefault(stream, []).append((port, bytes.fromhex(payload)))
    for stream, segments in streams.items():
        out = bytearray(log)
        for port, payload in segments:
            side = int(port != segments[0][0])
            for at in range(0, len(payload), 255):
                piece = payload[at : at + 255]
                out += bytes([side, len(piece)]) + piece
        open(f"{name}-{stream}", "wb").write(out)


def secrets(path):
    """The key logs in the decryption secrets blocks (little-endian files), with their length before them."""
    data = open(path, "rb").read()
    log, at = b"", 0
    while at + 20 <= len(data):
        kind, length = struct.unpack("<II", data[at : at + 8])
        if kind == 10:
            size = struct.unpack("<I", data[at + 12 : at + 16])[0]
            log += data[at + 16 : at + 16 + size]
        at += max(length, 12)
    return struct.pack(">H", len(log)) + log


def main(arguments):
    if arguments[0] == "frames":
        return frames(arguments[1])
    log = secrets(arguments[3]) if arguments[2:3] == ["--secrets"] else b""
    return pieces(arguments[1], log)


main(sys.argv[1:])
