"""Compares what tlsight read and predicted with what really happened."""
import collections
import fnmatch
import json
import os
import re
import subprocess

import record

HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = ["version", "suite", "certificate_sha256", "chain", "chain_error", "name", "outcome", "alert"]
SUITES = os.path.join(HERE, "..", "..", "src", "tls", "names", "data", "cipher_suites.tsv")
# What stays unknown because the handshake does not come to it is a claim as well: there is none.
NONE = "the server ends the handshake before it chooses"
# Of 100 values that are predicted, so many must be right: the bar of the issue.
AGREEMENT = 99.0
# Of 100 values in settings whose observations suffice, so many may stay unknown. Not 0, because a setting suffices as a
# whole while one value of it may still hang on something unseen: a suite that no offer had before.
UNKNOWN = 5.0
# Below these the grid proves nothing.
LEAST_SETTINGS, LEAST_DEFINITE = 200, 2000
CLOSE_NOTIFY = 0


class Tally:
    """What was counted, and the lines that tell what is wrong."""

    def __init__(self):
        self.agreed, self.wrong, self.unknown = (collections.Counter() for _ in range(3))
        self.reasons = collections.Counter()
        self.enough, self.enough_unknown = 0, 0
        self.differences, self.explained = [], collections.Counter()


# --- what was read -------------------------------------------------------------------------------

def facts_of(binary, folder, settings):
    """The lines about captures that tlsight reads otherwise than OpenSSL's trace tells: none, one hopes."""
    return sum(record.pooled(lambda setting: facts_of_one(binary, folder, setting), settings), [])


def facts_of_one(binary, folder, setting):
    wrong = []
    for state in ("before", "after"):
        capture, keys = (os.path.join(folder, "%s.%s.%s" % (setting["name"], state, end)) for end in ("pcap", "keys"))
        document = run(binary, "--json", "--fail-on", "never", *key_log(keys), capture)
        read = [read_facts(one) for one in document["connections"]]
        real = [{field: one[field] for field in ("version", "suite", "certificate_sha256", "alert")}
                for one in setting[state]]
        if read != real:
            wrong.append("%s, %s: read %s, real %s" % (setting["name"], state, read, real))
    return wrong


def read_facts(connection):
    alerts = [{"from": one["from"], "code": one["code"]} for one in connection["alerts"] if one["code"] != CLOSE_NOTIFY]
    answered = connection["server_hello"] is not None
    shown = connection["server_certificates"]
    return {"version": connection["version"] if answered else None,
            "suite": connection["cipher_suite"]["code"] if answered else None,
            "certificate_sha256": shown[0]["sha256"] if shown else None, "alert": alerts[0] if alerts else None}


def key_log(file):
    """The option, if the handshakes came so far that there were secrets."""
    with open(file, encoding="ascii") as lines:
        return ["--keylog", file] if any(not line.startswith("#") for line in lines) else []


def run(binary, *arguments):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError("%s: %s" % (" ".join(arguments), done.stderr.strip()))
    return json.loads(done.stdout)


# --- what was predicted ----------------------------------------------------------------------------

def documents_of(binary, folder, settings):
    """What is predicted for each setting."""
    return record.pooled(lambda setting: whatif(binary, folder, setting), settings)


def predictions_of(settings, documents):
    """The tally over all settings."""
    tally, exceptions, suites = Tally(), read_exceptions(), suite_names()
    for setting, document in zip(settings, documents):
        told = document["connections"]
        if len(told) != len(setting["after"]):
            tally.differences.append("%s: %d connections predicted" % (setting["name"], len(told)))
            continue
        for number, (one, real) in enumerate(zip(told, setting["after"])):
            for field in FIELDS:
                count(tally, setting, number, field, one["after"][field], truth(field, real, suites), exceptions)
    tally.differences += ["no longer needed in exceptions.tsv: %s" % "\t".join(exception)
                          for exception in exceptions if not tally.explained[exception]]
    return tally


def whatif(binary, folder, setting):
    """The document of `tlsight whatif` for the setting."""
    base = os.path.join(folder, setting["name"] + ".before.")
    flags = key_log(base + "keys") if setting["keylog"] else []
    flags += ["--server-product", setting["product"]] if setting["product"] else []
    store = os.path.join(folder, "pki", "store-%s.pem" % setting["clients"][0]["trust"])
    return run(binary, "whatif", base + "pcap", "--json", "--trust", store, *flags, *change_flags(folder, setting))


def change_flags(folder, setting):
    kind, value = setting["change"]
    pki = os.path.join(folder, "pki")
    if kind == "ciphers":
        return ["--ciphers", value]
    if kind == "disable-ecdsa":
        return ["--disable", "ecdsa"]
    if kind == "tls12-only":
        return ["--tls12-only"]
    if kind == "sigalg-pref-rsa":
        return ["--sigalg-pref", "rsa"]
    if kind == "add-anchor":
        return ["--add-anchor", os.path.join(pki, value + ".pem")]
    return ["--replace-cert", os.path.join(pki, value + ".sent")]


def truth(field, real, suites):
    """What really happened, in the words of the document."""
    if field == "suite":
        return real["suite"] and suites[real["suite"]]
    if field == "chain":
        return {None: None, 0: "accepted"}.get(real["chain_error"], "refused")
    if field == "chain_error":
        return real["chain_error"] or None
    if field == "name":
        return {None: None, True: "matches", False: "differs"}[real["name_matches"]]
    return real[field]


def same(field, value, real):
    """An alert that was encrypted before has no code in the prediction."""
    if field == "alert" and value and real and value["code"] is None:
        return value["from"] == real["from"]
    return value == real


def suite_names():
    """IANA's names by code and by OpenSSL's name."""
    with open(SUITES, encoding="ascii") as table:
        rows = [line.rstrip("\n").split("\t") for line in table if line.strip() and not line.startswith("#")]
    names = {"0x%04x" % int(row[0], 16): row[1] for row in rows}
    names.update({row[2].split(",")[0]: row[1] for row in rows if len(row) > 2 and row[2]})
    return names


def count(tally, setting, number, field, predicted, real, exceptions):
    tally.enough += setting["enough"]
    if predicted.get("unknown") == NONE:
        predicted = {"value": None}
    if "unknown" in predicted:
        tally.unknown[field] += 1
        tally.reasons[short(predicted["unknown"])] += 1
        tally.enough_unknown += setting["enough"]
        return
    value = predicted["value"]
    if same(field, value, real):
        tally.agreed[field] += 1
        return
    tally.wrong[field] += 1
    matching = [one for one in exceptions if fnmatch.fnmatch(setting["name"], one[0]) and one[1] in (field, "*")]
    tally.explained.update(matching)
    if not matching:
        because = "; ".join(one["text"] for one in predicted.get("because", []))
        tally.differences.append("%s, connection %d, %s: predicted %s because %s, real %s" % (
            setting["name"], number, field, value, because, real))


def short(reason):
    """The first of several reasons, without the name of a suite."""
    return re.sub(r"\bTLS_\w+", "a suite", reason.split("; ")[0])


def read_exceptions():
    """Setting (a pattern), field (* for any): the reason stands behind them."""
    with open(os.path.join(HERE, "exceptions.tsv"), encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if line.strip() and not line.startswith("#")]
    if not all(len(row) == 3 and row[2] for row in rows):
        raise RuntimeError("exceptions.tsv: three columns expected")
    return [tuple(row[:2]) for row in rows]


def bars(settings, tally):
    """What is below a bar."""
    agreed, wrong = sum(tally.agreed.values()), sum(tally.wrong.values())
    share = 100.0 * agreed / max(1, agreed + wrong)
    unknown = 100.0 * tally.enough_unknown / max(1, tally.enough)
    failures = []
    if len(settings) < LEAST_SETTINGS or agreed + wrong < LEAST_DEFINITE:
        failures.append("%d settings, %d predicted values: too few" % (len(settings), agreed + wrong))
    if share < AGREEMENT:
        failures.append("%.2f %% of the predicted values agree, bar is %.2f %%" % (share, AGREEMENT))
    if unknown > UNKNOWN:
        failures.append("%.2f %% unknown where enough was seen, bar is %.2f %%" % (unknown, UNKNOWN))
    return failures


def table(tally):
    yield "%-20s %8s %8s %8s" % ("value", "agreed", "wrong", "unknown")
    for field in FIELDS + ["all"]:
        counts = [sum(one.values()) if field == "all" else one[field]
                  for one in (tally.agreed, tally.wrong, tally.unknown)]
        yield "%-20s %8d %8d %8d" % (field, *counts)
    yield "where enough was seen: %d values, %d unknown" % (tally.enough, tally.enough_unknown)
    for reason, number in tally.reasons.most_common():
        yield "unknown %5d: %s" % (number, reason)
