#!/usr/bin/env python3
"""Compares what tlsight infers with the truth that record.py wrote.

    compare.py FOLDER TLSIGHT

Prints the tables of README.md. Exit status 1 when a kind of claim is wrong more often
than once in 100, or is never made at all.
"""

import collections
import json
import subprocess
import sys
from pathlib import Path

KEYS = ["RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384", "P-521", "Ed25519"]
CLIENT_KEYS = {"rsa": "RSA-2048", "ec": "P-256", "unknown": "P-256"}
CLAIMS = {
    "server_key": "kind of server key",
    "server_chain": "length of the server's Certificate message",
    "certificate_requested": "client certificate asked for, or not",
    "client_certificate": "client certificate sent, or empty list",
    "client_key": "kind of client key",
    "client_refused": "client refused the server",
    "server_refused": "server refused the client",
}


def truth_of(row):
    """What each claim has to say; None where it must not be made."""
    asked, deed = row["ask"] != "none", row["deed"]
    refuses = deed == "refuse"
    answered = asked and not refuses
    return {
        "server_key": row["key"],
        "server_chain": f"{row['certificate_message']} bytes",
        "certificate_requested": "yes" if asked else "no",
        "client_certificate": ("empty" if deed == "empty" else "sent") if answered else None,
        "client_key": CLIENT_KEYS.get(deed) if answered else None,
        "client_refused": "yes" if refuses else None,
        "server_refused": "yes" if row["ask"] == "require" and deed in ("empty", "unknown") else None,
    }


def fits(what, claimed, truth):
    """A claim may be less exact than the truth: EC for P-256."""
    family = truth and ("RSA" if truth.startswith("RSA") else "EC")
    return claimed == truth or what.endswith("_key") and claimed == family


def rows_of(folder):
    lines = (folder / "truth.tsv").read_text().splitlines()
    names = lines[0].split("\t")
    rows = [dict(zip(names, line.split("\t"))) for line in lines[1:]]
    return {f"{row['address']}:{row['port']}": row for row in rows}


class Tally:
    def __init__(self):
        self.counts = collections.Counter()

    def add(self, key, verdict):
        self.counts[key, verdict] += 1

    def row(self, key):
        return [self.counts[key, verdict] for verdict in ("right", "wrong", "none")]


def main():
    folder, tlsight = Path(sys.argv[1]), sys.argv[2]
    rows = rows_of(folder)
    out = subprocess.run([tlsight, "--json", str(folder / "handshakes.pcap")], capture_output=True, check=False).stdout
    connections = [c for c in json.loads(out)["connections"] if c["server"] in rows]
    by_claim, by_server, by_client, keys = Tally(), Tally(), Tally(), collections.Counter()
    confidence = collections.Counter()
    wrong, handshakes = [], 0
    for connection in connections:
        row = rows[connection["server"]]
        claims = {claim["what"]: claim for claim in connection["inferred"]}
        if connection["server_hello"] is None:
            wrong += [(row, connection, what) for what in claims]
            continue
        handshakes += 1
        for what, truth in truth_of(row).items():
            claim = claims.get(what)
            if claim is None and truth is None:
                continue
            verdict = "none" if claim is None else "right" if fits(what, claim["value"], truth) else "wrong"
            by_claim.add(what, verdict)
            by_server.add((row["server"], what), verdict)
            by_client.add((row["client"], what), verdict)
            if claim:
                confidence[what, claim["confidence"], verdict] += 1
            if verdict == "wrong":
                wrong.append((row, connection, what))
        keys[row["key"], claims["server_key"]["value"] if "server_key" in claims else "no claim"] += 1
    print(f"{handshakes} TLS 1.3 handshakes\n")
    print_claims(by_claim)
    print_keys(keys)
    print_stacks("server", by_server, ["server_key", "server_chain", "certificate_requested", "server_refused"], rows)
    print_stacks("client", by_client, ["certificate_requested", "client_certificate", "client_key", "client_refused"], rows)
    for (what, sure, verdict), count in sorted(confidence.items()):
        print(f"{what} {sure} {verdict}: {count}", file=sys.stderr)
    for row, connection, what in wrong[:40]:
        claim = next(claim for claim in connection["inferred"] if claim["what"] == what)
        print("wrong:", what, claim["value"], *row.values(), connection["encrypted_records"], file=sys.stderr)
    sys.exit(judge(by_claim))


def print_claims(tally):
    print("| claim | made | right | wrong | not made |\n|---|---|---|---|---|")
    for what, words in CLAIMS.items():
        right, wrong, none = tally.row(what)
        print(f"| {words} | {right + wrong} | {right} | {wrong} | {none} |")
    print()


def print_keys(keys):
    columns = KEYS + ["EC", "no claim"]
    print("| server key | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for key in KEYS:
        print(f"| {key} | " + " | ".join(str(keys[key, column] or "-") for column in columns) + " |")
    print()


def print_stacks(side, tally, claims, rows):
    stacks = sorted({row[side] for row in rows.values()})
    print(f"| {side} | " + " | ".join(claims) + " |\n|" + "---|" * (len(claims) + 1))
    for stack in stacks:
        cells = [" / ".join(str(count) for count in tally.row((stack, what))) for what in claims]
        print(f"| {stack} | " + " | ".join(cells) + " |")
    print("\n(right / wrong / not made)\n")


def judge(tally):
    bad = 0
    for what in CLAIMS:
        right, wrong, _ = tally.row(what)
        if wrong * 99 > right or right == 0:
            print(f"{what}: {right} right, {wrong} wrong", file=sys.stderr)
            bad = 1
    return bad


if __name__ == "__main__":
    main()
