#!/usr/bin/env python3
"""Proves the predictions of `tlsight whatif`, and the remedies of the report, on real servers and clients.

    python3 tests/foresight/run.py TLSIGHT_BINARY [--keep FOLDER | --compare FOLDER]

Records the settings of grid.py over the loopback interface: a capture of the unchanged state, and what really happens
after the change. Then predicts the change from the capture, compares, runs the commands that shall confirm it, and
tries the remedies that the report calls good or useless. --keep leaves the recording in FOLDER (made anew), --compare
takes it from there. Ends with 1 when fewer than 99 of 100 predicted values agree, when too much is unknown although
enough was seen, when a difference is not explained in exceptions.tsv or stands there without need, or when a command
or a remedy does otherwise. Needs openssl 3.0, tcpdump, and the right to capture; haproxy is in it where installed.
"""
import argparse
import json
import os
import sys
import tempfile

import compare
import live
import record

SHOWN = 40


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--keep")
    parser.add_argument("--compare")
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.binary)
    record.own_network()
    if arguments.compare:
        with open(os.path.join(arguments.compare, "settings.json"), encoding="ascii") as file:
            sys.exit(judge(binary, arguments.compare, json.load(file)))
    if arguments.keep:
        os.makedirs(arguments.keep)
        sys.exit(judge(binary, arguments.keep, record.record(arguments.keep)))
    with tempfile.TemporaryDirectory(prefix="foresight.") as folder:
        sys.exit(judge(binary, folder, record.record(folder)))


def judge(binary, folder, settings):
    failures = compare.facts_of(binary, folder, settings)
    documents = compare.documents_of(binary, folder, settings)
    exceptions = compare.Exceptions()
    tally = compare.predictions_of(settings, documents, exceptions)
    confirmed, differences = live.confirm(folder, settings, documents, exceptions)
    tried, otherwise = live.remedies(binary, folder, settings)
    effects, others = live.side_effects(binary, folder, settings)
    enough = sum(confirmed.values()), tried["would work, tried"]
    failures += compare.bars(settings, tally, *enough) + tally.differences + differences + otherwise + others
    failures += exceptions.unneeded(settings)
    print("%d settings, %d connections before and after" % (len(settings), sum(len(one["before"]) for one in settings)))
    for line in compare.table(tally):
        print(line)
    print("commands that confirm: %s" % ", ".join("%s %d" % one for one in sorted(confirmed.items())))
    print("remedies: %s" % ", ".join("%s %d" % one for one in sorted(tried.items())))
    print("side effects: %s" % ", ".join("%s %d" % one for one in sorted(effects.items())))
    with open(os.path.join(folder, "failures.txt"), "w", encoding="utf-8") as file:
        file.writelines(failure + "\n" for failure in failures)
    for failure in failures[:SHOWN]:
        print("FAILED " + failure)
    return 1 if failures else 0


if __name__ == "__main__":
    main()
