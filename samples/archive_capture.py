"""Captures of diagnostic archives: read, moved in time, and what they tell of each connection."""

import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "archives" / "recorded"


class Packet:
    """A frame with its time in microseconds, and the TCP segment in it, if any."""

    def __init__(self, time, frame, length):
        self.time, self.frame, self.length = time, frame, length
        self.tcp = None
        if frame[12:14] == b"\x08\x00" and frame[23] == 6:
            head = 14 + (frame[14] & 15) * 4
            end = 14 + struct.unpack(">H", frame[16:18])[0]
            source, target = struct.unpack(">HH", frame[head:head + 4])
            body = head + (frame[head + 12] >> 4) * 4
            host = lambda at: ".".join(map(str, frame[at:at + 4]))
            self.tcp = ((host(26), source), (host(30), target), frame[head + 13], frame[body:end])


def read_capture(name):
    """The packets of a classic pcap file with microseconds, and its link type."""
    path = RECORDED / name if (RECORDED / name).exists() else HERE / name
    data = path.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack("<IHHiIII", data[:24])
    assert (magic, link) == (0xA1B2C3D4, 1), name
    packets, at = [], 24
    while at < len(data):
        seconds, micros, kept, length = struct.unpack("<IIII", data[at:at + 16])
        packets.append(Packet(seconds * 1_000_000 + micros, data[at + 16:at + 16 + kept], length))
        at += 16 + kept
    return packets


def write_capture(packets):
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    for packet in packets:
        head = (*divmod(packet.time, 1_000_000), len(packet.frame), packet.length)
        parts.append(struct.pack("<IIII", *head) + packet.frame)
    return b"".join(parts)


def moved(names, start):
    """Captures one after the other, the first of them from `start` (seconds) on."""
    packets = []
    for name in names:
        more = read_capture(name)
        shift = (start - more[0].time // 1_000_000) * 1_000_000
        for packet in more:
            packet.time += shift
        packets += more
        start = packets[-1].time // 1_000_000 + 5
    return packets


class Connection:
    """What the packets of one TCP connection tell."""

    def __init__(self, client, server, time):
        self.client, self.server, self.first, self.last = client, server, time, time
        self.alert = None  # by the client?, number, time


def connections(packets):
    known, order = {}, []
    for packet in packets:
        if packet.tcp is None:
            continue
        source, target, flags, body = packet.tcp
        if flags & 0x12 == 0x02:
            known[source, target] = Connection(source, target, packet.time)
            order.append(known[source, target])
        connection = known.get((source, target)) or known.get((target, source))
        if connection is None:
            continue
        connection.last = packet.time
        # An alert in clear: two bytes, the first says fatal.
        if len(body) >= 7 and body[0] == 21 and body[3:6] == b"\x00\x02\x02":
            connection.alert = (source == connection.client, body[6], packet.time)
    return order
