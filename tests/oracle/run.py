#!/usr/bin/env python3
"""Compares tlsight with the reference facts that tshark gave for real captures.

    python3 tests/oracle/run.py TLSIGHT_BINARY [SHARED_FOLDER]

SHARED_FOLDER (default ../shared) holds captures/ and oracle/. The run fails when a
capture makes tlsight crash or hang, when a difference is not explained in
exceptions.tsv, when an explanation is no longer needed, when agreement on a key
field falls below the bar, or when a JA4 differs from the published one.
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# Agreement in per cent of the values that the oracle has. Raise it as it rises.
BAR = 100.0
SHOWN = 40
KEY_FIELDS = ["cipher_suites", "signature_algorithms", "sni", "server.version",
              "server.cipher", "server_certificates.sha256", "client_certificates.sha256"]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    binary = sys.argv[1]
    shared = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "../../../shared")
    captures = capture_files(os.path.join(shared, "captures"))
    candidate = candidate_lines(binary, captures)
    report = compare(shared, candidate)
    unexplained, unneeded = explain(report["differences"])
    failures = [show(d) for d in unexplained]
    failures += ["no longer needed in exceptions.tsv: %s" % " ".join(e) for e in unneeded]
    failures += below_bar(report["fields"], unexplained)
    failures += ja4_differences(shared, candidate)
    print("%d captures, %d connections matched, %d explained differences, %d failures"
          % (len(captures), report["streams"].get("matched", 0),
             len(report["differences"]) - len(unexplained), len(failures)))
    for failure in failures[:SHOWN]:
        print("FAILED " + failure)
    sys.exit(1 if failures else 0)


def capture_files(folder):
    names = sorted(os.listdir(folder))
    return [os.path.join(folder, n) for n in names if n not in ("README.md", "MANIFEST.tsv")]


def candidate_lines(binary, captures):
    run = subprocess.run([sys.executable, os.path.join(HERE, "to_oracle.py"), binary] + captures,
                         capture_output=True, check=True)
    return run.stdout.decode("utf-8")


def compare(shared, candidate):
    """compare.py over all captures at once, as JSON."""
    expected = os.path.join(shared, "oracle", "expected")
    with tempfile.TemporaryDirectory() as folder:
        left, right = os.path.join(folder, "oracle.jsonl"), os.path.join(folder, "tlsight.jsonl")
        with open(left, "w", encoding="utf-8") as out:
            for name in sorted(os.listdir(expected)):
                with open(os.path.join(expected, name), encoding="utf-8") as one:
                    out.write(one.read())
        with open(right, "w", encoding="utf-8") as out:
            out.write(candidate)
        run = subprocess.run([sys.executable, os.path.join(shared, "oracle", "compare.py"),
                              left, right, "--json", "--show", "1000000"],
                             capture_output=True, check=True)
    return json.loads(run.stdout)


def explain(differences):
    """Splits off the differences that exceptions.tsv gives a reason for."""
    exceptions = read_exceptions()
    used, unexplained = set(), []
    for difference in differences:
        matching = [e for e in exceptions if applies(e, difference)]
        used.update(matching)
        if not matching:
            unexplained.append(difference)
    return unexplained, [e for e in exceptions if e not in used]


def read_exceptions():
    """Capture, field (a prefix, * for any), state: the reason stands behind them."""
    with open(os.path.join(HERE, "exceptions.tsv"), encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines
                if line.strip() and not line.startswith("#")]
    for row in rows:
        if len(row) != 4 or not row[3]:
            sys.exit("exceptions.tsv: four columns expected: %r" % row)
    return [tuple(row[:3]) for row in rows]


def applies(exception, difference):
    capture, field, state = exception
    same_capture = capture == "*" or difference["stream"].split(" ")[0] == capture
    same_field = field == "*" or difference["field"].startswith(field)
    return same_capture and same_field and state in ("*", difference["state"])


def below_bar(fields, unexplained):
    worst = []
    wrong = collections.Counter(d["field"] for d in unexplained if d["state"] != "extra")
    for name in KEY_FIELDS:
        agree = fields.get(name, {}).get("agree", 0)
        share = 100.0 * agree / max(1, agree + wrong[name])
        print("%-32s %6.2f %% of %d" % (name, share, agree + wrong[name]))
        if share < BAR:
            worst.append("%s: %.2f %% agreement, bar is %.2f %%" % (name, share, BAR))
    return worst


def ja4_differences(shared, candidate):
    """JA4 against what other projects publish. nDPI writes `d` also without a server
    name and the first two characters of the protocol (the specification: `i`, first
    and last), and hashes an empty list, so these places are not compared for it."""
    ours = collections.defaultdict(set)
    for line in candidate.splitlines():
        record = json.loads(line)
        if record.get("ja4"):
            ends = (record["file"], record["client_ip"], str(record["client_port"]))
            ours[ends].add(record["ja4"])
    wrong = []
    with open(os.path.join(shared, "oracle", "ja4_published.tsv"), encoding="utf-8") as lines:
        for row in [line.rstrip("\n").split("\t") for line in lines][1:]:
            have = ours.get((row[0], row[1], row[2]), set())
            if normal(row[5], row[6]) not in {normal(j, row[6]) for j in have}:
                wrong.append("JA4 %s %s:%s published %s by %s, ours %s"
                             % (row[0], row[1], row[2], row[5], row[6], sorted(have)))
    return wrong


def normal(ja4, publisher):
    if publisher != "ndpi":
        return ja4
    head, suites, rest = ja4.split("_")
    rest = re.sub("^e3b0c44298fc$", "0" * 12, rest)
    return "_".join([head[:3] + head[4:8], suites, rest])


def show(d):
    return "%s %s %s: oracle %s, tlsight %s" % (
        d["stream"], d["field"], d["state"], json.dumps(d["oracle"])[:120],
        json.dumps(d["candidate"])[:120])


if __name__ == "__main__":
    main()
