"""Compares what tlsight read and predicted with what really happened."""
import collections
import concurrent.futures
import fnmatch
import json
import os
import subprocess

WORKERS = 4
HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = ["version", "suite", "certificate_sha256", "chain", "name", "outcome", "alert"]
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


def each(folder, settings, work):
    """`work(folder, setting)` for all, several at once, in order."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda setting: work(folder, setting), settings))


# --- what was read -------------------------------------------------------------------------------

def facts_of(binary, folder, settings):
    """The lines about captures that tlsight reads otherwise than OpenSSL's trace tells: none, one hopes."""
    return sum(each(folder, settings, lambda *job: facts_of_one(binary, *job)), [])


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
