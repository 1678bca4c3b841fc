#!/usr/bin/env python3
"""Compares what tlsight decrypts with what tshark decrypts, over handshakes of real TLS programs.

    python3 tests/keylog/compare_tshark.py TLSIGHT_BINARY [FOLDER]

FOLDER holds NAME.pcap with NAME.keys; without it, record.py records them afresh. For each connection and side,
certificates, alerts with their frames, and the order of all handshake messages must be the same; then the same once
more with the secrets inside a pcapng file. Ends with 1 if anything differs.
"""
import collections
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

import record

FIELDS = ["tcp.stream", "frame.number", "tcp.srcport", "tls.handshake.type", "tls.handshake.certificate",
          "tls.alert_message.desc"]
TYPES = os.path.join(os.path.dirname(__file__), "..", "..", "src", "tls", "names", "data", "handshake_types.tsv")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    if len(sys.argv) == 3:
        names = sorted(name[:-5] for name in os.listdir(sys.argv[2]) if name.endswith(".pcap"))
        sys.exit(compare_all(sys.argv[1], sys.argv[2], names))
    with tempfile.TemporaryDirectory(prefix="keylog.") as folder:
        sys.exit(compare_all(sys.argv[1], folder, record.record_all(folder)))


def compare_all(binary, folder, names):
    types = message_types()
    totals, wrong = collections.Counter(), 0
    for name in names:
        capture, keys = (os.path.join(folder, name + end) for end in (".pcap", ".keys"))
        expected = of_tshark(capture, keys)
        embedded = os.path.join(folder, name + ".pcapng")
        subprocess.run(["editcap", "--inject-secrets", "tls," + keys, capture, embedded], check=True)
        for what, arguments in (("key log", ["--keylog", keys, capture]), ("embedded secrets", [embedded])):
            found, closed = of_tlsight(binary, arguments, types)
            if found != expected or closed:
                wrong += 1
                tell(name, what, expected, found, closed)
        for facts in expected.values():
            totals.update({key: len(value) for key, value in facts.items()})
        totals["captures"] += 1
    print("keylog: %(captures)d captures, %(messages)d messages, %(certificates)d certificates, %(alerts)d alerts"
          % totals + "; %d differ from tshark" % wrong)
    return 1 if wrong or not totals["certificates"] else 0


def tell(name, what, expected, found, closed):
    print("%s, %s: %s" % (name, what, closed or "differs"))
    for side in sorted(set(expected) | set(found)):
        if expected.get(side) != found.get(side):
            print("  %s\n    tshark  %s\n    tlsight %s" % (side, expected.get(side), found.get(side)))


def facts():
    return {"messages": [], "certificates": [], "alerts": []}


def of_tshark(capture, keys):
    # every port is TLS here: by chance a client may have been given a port that tshark takes for another protocol's
    # (34980 is EtherCAT's), and then it reads no TLS in that connection
    command = ["tshark", "-r", capture, "-d", "tcp.port==1-65535,tls", "-o", "tls.keylog_file:" + keys, "-Y", "tls",
               "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a"]
    for field in FIELDS:
        command += ["-e", field]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    sides = collections.defaultdict(facts)
    for line in out.splitlines():
        stream, frame, port, types, certificates, alerts = line.split("\t")
        side = sides[(int(stream), int(port))]
        side["messages"] += [int(x) for x in types.split(",") if x]
        side["certificates"] += [hashlib.sha256(bytes.fromhex(x)).hexdigest() for x in certificates.split(",") if x]
        side["alerts"] += [(int(frame), int(x)) for x in alerts.split(",") if x]
    return {key: side for key, side in sides.items() if any(side.values())}


def of_tlsight(binary, arguments, types):
    document = json.loads(run(binary, "--json", "--fail-on", "never", *arguments))
    sides = collections.defaultdict(facts)
    closed = []
    for connection in document["connections"]:
        stream = connection["stream"]
        ports = {role: int(connection[role].rsplit(":", 1)[1]) for role in ("client", "server")}
        for alert in connection["alerts"]:
            sides[(stream, ports[alert["from"]])]["alerts"].append((alert["frame"], alert["code"]))
        text = run(binary, "show", "--stream", str(stream), *arguments)
        for role, message in re.findall(r"^(client|server) -> (\w+) \(\d+ bytes\)", text, re.M):
            if message in types:
                sides[(stream, ports[role])]["messages"].append(types[message])
        shown(text, sides, stream, ports)
        closed += [anomaly["what"] for anomaly in connection["anomalies"]]
    return dict(sides), closed


def shown(text, sides, stream, ports):
    """The certificates of every Certificate message, also of those that are repeated."""
    role, before = None, {}
    for line in text.splitlines():
        heading = re.match(r"(client|server) -> ", line)
        if heading:
            role = heading[1]
        again = re.match(r" +certificate (\d+): the same as before", line)
        digest = re.match(r" +SHA-256 +(\w+)$", line)
        certificates = sides[(stream, ports[role])]["certificates"] if again or digest else None
        if digest:
            certificates.append(digest[1])
            before.setdefault(role, []).append(digest[1])
        elif again:
            certificates.append(before[role][int(again[1])])


def run(binary, *arguments):
    return subprocess.run([binary, *arguments], check=True, capture_output=True, text=True).stdout


def message_types():
    with open(TYPES, encoding="ascii") as table:
        rows = [line.rstrip("\n").split("\t") for line in table if line.strip() and not line.startswith("#")]
    types = {row[1]: int(row[0]) for row in rows}
    types["hello_retry_request"] = 2
    return types


if __name__ == "__main__":
    main()
