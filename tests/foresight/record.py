"""Records the grid: for each setting the capture of the unchanged state, and what really happens after the change."""
import concurrent.futures
import ctypes
import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

import grid
import pki
import talk

# On the loopback interface, who connects tells what it is for.
SERVER, BEFORE, AFTER, PROBE = "127.0.2.1", "127.0.1.1", "127.0.1.2", "127.0.1.3"
FIRST_PORT = 20000
WORKERS = 4


def record(folder):
    """Fills `folder`: pki/, NAME.before.pcap, NAME.after.pcap, their .keys, and settings.json with the truth."""
    os.makedirs(folder, exist_ok=True)
    stage = Stage(os.path.join(folder, "pki"))
    whole = os.path.join(folder, "whole.pcap")
    with Sniffer(whole):
        told = pooled(lambda job: one(stage, folder, *job), enumerate(grid.settings()))
    stage.close()
    split(whole, folder, {FIRST_PORT + number: setting["name"] for number, setting in enumerate(told)})
    os.unlink(whole)
    with open(os.path.join(folder, "settings.json"), "w", encoding="ascii") as file:
        json.dump(told, file, indent=1)
    return told


def own_network():
    """Leaves for a network namespace with nothing but a loopback interface, so that several runs do not meet. Where the
    right to do that is missing, stays."""
    new_network, get_flags, set_flags, up = 0x40000000, 0x8913, 0x8914, 1
    if ctypes.CDLL(None).unshare(new_network):
        return
    with socket.socket() as any_socket:
        asked = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, get_flags, asked))[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh22x", b"lo", flags | up))


def pooled(work, jobs):
    """The answers of `work` for all jobs, several at once, in order."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, jobs))


def address(number):
    """Where the server of a setting listens."""
    return "%s:%d" % (SERVER, FIRST_PORT + number)


class Stage:
    """Keys and certificates, and the trust stores that come of adding anchors to others."""

    def __init__(self, folder):
        self.pki = folder
        self.scratch = tempfile.mkdtemp(prefix="foresight.")
        self.lock = threading.Lock()
        if not os.path.isdir(folder):
            pki.make(folder)

    def store(self, name):
        """The file of a trust store, made if it comes of others, as in none+root and both-without-root."""
        file = "store-%s.pem" % name
        with self.lock:
            if not os.path.exists(os.path.join(self.pki, file)):
                pki.write(self.pki, file, self.anchors(name))
        return os.path.join(self.pki, file)

    def anchors(self, name):
        file = "store-%s.pem" % name
        if os.path.exists(os.path.join(self.pki, file)):
            return pki.read(self.pki, file)
        base, operator, anchor = re.fullmatch(r"(.+)(\+|-without-)(.+?)", name).groups()
        text, certificate = self.anchors(base), pki.read(self.pki, anchor + ".pem")
        return text + certificate if operator == "+" else text.replace(certificate, "")

    def close(self):
        shutil.rmtree(self.scratch)


def one(stage, folder, number, setting):
    """The setting with what really happened, before and after."""
    change = setting["change"]
    keys = os.path.join(folder, setting["name"] + ".%s.keys")
    before = converse(stage, address(number), BEFORE, setting["server"], setting["clients"], keys % "before")
    after = converse(stage, address(number), AFTER, grid.served(change, setting["server"]),
                     [grid.apply(change, client) for client in setting["clients"]], keys % "after")
    return dict(setting, before=before, after=after)


def converse(stage, where, source, server, clients, keylog=None):
    """One connection after another."""
    process = talk.Server(stage.pki, where, server)
    try:
        return [tried(stage, where, source, client, keylog) for client in clients]
    finally:
        process.stop()


def tried(stage, where, source, client, keylog=None):
    """One connection. A client that stops at the first error does not tell the others: one that goes on is asked."""
    stage.store(client["trust"])
    facts = talk.connect(stage.pki, stage.scratch, where, source, client, keylog)
    errors = facts.pop("errors")
    if errors and client["verify"]:
        errors = talk.connect(stage.pki, stage.scratch, where, PROBE, dict(client, verify=False))["errors"]
    chain = [error for error in errors if error != talk.HOSTNAME_MISMATCH]
    shown = facts["certificate_sha256"] is not None
    facts["chain_error"] = (chain[0] if chain else 0) if shown else None
    facts["name_matches"] = talk.HOSTNAME_MISMATCH not in errors if shown else None
    return facts


# --- captures ----------------------------------------------------------------------------------

class Sniffer:
    """tcpdump, from before the first packet to after the last."""

    def __init__(self, file):
        # No immediate mode: its buffer has room for as many packets as it has times the longest one.
        self.command = ["tcpdump", "-i", "lo", "-B", "65536", "-s", "65535", "-w", file,
                        "tcp and host %s and (host %s or host %s)" % (SERVER, BEFORE, AFTER)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        while line and "listening on" not in line:
            line = self.process.stderr.readline()
        if not line:
            raise RuntimeError("tcpdump cannot capture on lo")

    def __exit__(self, *_):
        # until the last packets are handed over
        time.sleep(2)
        self.process.terminate()
        told = self.process.stderr.read()
        self.process.wait()
        if not re.search(r"^0 packets dropped by kernel", told, re.M):
            raise RuntimeError("tcpdump lost packets: " + told)


def split(whole, folder, names):
    """Each packet goes into the capture of its setting, by the server's port, and of its state, by the client."""
    with open(whole, "rb") as file:
        data = file.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    parts, at = {}, 24
    while at + 16 <= len(data):
        size = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        name = belongs(data[at + 16:at + 16 + size], names)
        parts.setdefault(name, [data[:24]]).append(data[at:at + 16 + size])
        at += 16 + size
    for name, pieces in parts.items():
        with open(os.path.join(folder, name + ".pcap"), "wb") as file:
            file.write(b"".join(pieces))


def belongs(frame, names):
    """Ethernet, IPv4 without options, TCP: the loopback interface of Linux."""
    ends = [(".".join(map(str, frame[26 + 4 * n:30 + 4 * n])), int.from_bytes(frame[34 + 2 * n:36 + 2 * n], "big"))
            for n in (0, 1)]
    port = next(port for address, port in ends if address == SERVER)
    state = "before" if BEFORE in (ends[0][0], ends[1][0]) else "after"
    return "%s.%s" % (names[port], state)
