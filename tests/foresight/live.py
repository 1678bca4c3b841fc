"""Tries for real what is handed to the engineer: the commands that shall confirm a prediction, and the remedies."""
import collections
import os
import re
import shutil
import ssl
import subprocess
import hashlib

import compare
import grid
import pki
import record
import talk

SHELL = ["sh", "-c"]
# The line is for a client without a certificate, and with OpenSSL's own signature algorithms and groups.
FITTING = {"sigalgs": grid.ECDSA_SIGNED_FIRST, "groups": None, "certificate": None}


def confirm(folder, settings, documents, exceptions):
    """Runs the command of every prediction against the changed server: how many values agreed, and what did not."""
    names = compare.suite_names()
    stage = record.Stage(os.path.join(folder, "pki"))
    jobs = [(number, one, document) for number, (one, document) in enumerate(zip(settings, documents)) if fits(one)]
    try:
        told = record.pooled(lambda job: confirm_one(stage, names, *job), jobs)
    finally:
        stage.close()
    counts, wrong = collections.Counter(), []
    for agreed, differences in told:
        counts.update(agreed)
        wrong += ["%s, %s: %s" % one for one in differences if not exceptions.explain(*one[:2])]
    return counts, wrong


def fits(setting):
    plain = all(client[field] == value for client in setting["clients"] for field, value in FITTING.items())
    return plain and setting["server"]["ask"] != "demand"


def confirm_one(stage, names, number, setting, document):
    counts, wrong = collections.Counter(), []  # setting, value, words
    after = [grid.apply(setting["change"], client) for client in setting["clients"]]
    place = os.path.join(stage.scratch, "confirm-%d" % number)
    os.mkdir(place)
    server = talk.Server(stage.pki, record.address(number), grid.served(setting["change"], setting["server"]))
    try:
        for client, one in zip(after, document["connections"]):
            if not one["confirm"]:
                continue
            shutil.copy(stage.store(client["trust"]), os.path.join(place, "trust-after.pem"))
            done = subprocess.run(SHELL + [one["confirm"]], cwd=place, env=talk.ENVIRONMENT, capture_output=True,
                                  text=True, check=False, timeout=talk.PATIENCE)
            told = read(done.stdout + done.stderr, names)
            for field, value in told.items():
                predicted = one["after"][field]
                if "value" not in predicted or value is None:
                    continue
                counts[field] += 1
                if predicted["value"] != value:
                    wrong.append((setting["name"], field, "%s shows %s, predicted %s" % (
                        one["confirm"], value, predicted["value"])))
    finally:
        server.stop()
    return counts, wrong


def read(text, names):
    """What `openssl s_client` says in words. It stops at the first error, so that one error does not tell the other."""
    chosen = re.search(r"^New, ([^,]+), Cipher is (\S+)", text, re.M)
    chosen = chosen if chosen and chosen[2] != "(NONE)" else None
    version = re.search(r"^ *Protocol *: (\S+)", text, re.M)
    shown = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S)
    errors = [int(error) for error in re.findall(r"verify error:num=(\d+)", text)]
    chain = [error for error in errors if error != talk.HOSTNAME_MISMATCH]
    fine = chosen and not errors
    told = {"version": chosen and (version[1] if version else chosen[1]), "suite": chosen and names[chosen[2]],
            "certificate_sha256": None, "chain": "refused" if chain else "accepted" if fine else None,
            "chain_error": chain[0] if chain else None,
            "name": "differs" if talk.HOSTNAME_MISMATCH in errors else "matches" if fine else None}
    if shown:
        told["certificate_sha256"] = hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown[0])).hexdigest()
    return told


# --- remedies ------------------------------------------------------------------------------------

def remedies(binary, folder, settings):
    """Tries every remedy of the report whose end is foretold: how many of each kind, and what went otherwise."""
    stage = record.Stage(os.path.join(folder, "pki"))
    jobs = [(number, one) for number, one in enumerate(settings)
            if any(real["outcome"] == "refused" for real in one["before"])]
    try:
        told = record.pooled(lambda job: remedies_of(binary, folder, stage, *job), jobs)
    finally:
        stage.close()
    counts, wrong = collections.Counter(), []
    for tried, differences in told:
        counts.update(tried)
        wrong += differences
    return counts, wrong


def remedies_of(binary, folder, stage, number, setting):
    counts, wrong = collections.Counter(), []
    report = compare.run(binary, "--json", "--fail-on", "never", *compare.given(folder, dict(setting, product=None)))
    for verdict in report["verdicts"]:
        for remedy in verdict["foretold"]:
            prospect = remedy["prospect"]
            ends = None
            if prospect != "cannot be known":
                ends = applied(remedy, setting["clients"][verdict["streams"][0]], setting["server"])
            counts["%s%s" % (prospect, ", tried" if ends else "")] += 1
            if not ends:
                if prospect == "would work":
                    wrong.append("%s: nobody knows how to try: %s" % (setting["name"], remedy["remedy"]))
                continue
            client, server = ends
            stage.store(server["trust"] or "none")
            real = record.converse(stage, record.address(number), record.AFTER, server, [client])[0]
            if not as_foretold(prospect, real):
                wrong.append("%s, stream %s: %s: %s (%s), real %s" % (
                    setting["name"], verdict["streams"][0], prospect, remedy["remedy"], remedy["because"], real))
    return counts, wrong


def as_foretold(prospect, real):
    return {"would work": real["outcome"] == "completed", "would not work": real["outcome"] == "refused",
            "would mend this fault": real["chain_error"] == 0}.get(prospect, True)


def applied(remedy, client, server):
    """Client and server with the remedy; None where it needs something that nobody has."""
    gone, _, new = remedy["remedy"].rpartition("; trust ")
    if remedy["whatif"] is None:
        anchors = certificates(remedy["remedy"])
        of_server = remedy["remedy"].endswith(" in the trust list of the server")
        return (client, dict(server, trust="+".join([server["trust"], *anchors]))) if of_server and anchors else None
    words = remedy["whatif"].replace(" ecdsa", "").replace(" rsa", "").split()
    for word in words:
        if word == "--add-anchor":
            for name in certificates(new):
                client = grid.apply(("add-anchor", name), client)
        elif word == "--remove-anchor":
            for name in certificates(gone or new):
                client = grid.apply(("remove-anchor", name), client)
        elif word != "FILE":
            kind = {"--disable": "disable-ecdsa", "--sigalg-pref": "sigalg-pref-rsa"}.get(word, word[2:])
            client = grid.apply((kind, None), client)
    return client, server


def certificates(text):
    """The names of the certificates that are meant, by their serial numbers."""
    names = {"%04x" % serial: row[0] for serial, row in enumerate(pki.CERTIFICATES, pki.FIRST_SERIAL)}
    return [names[serial.replace(":", "")] for serial in re.findall(r"\(serial ([0-9a-f:]+)\)", text)]


# --- side effects --------------------------------------------------------------------------------

def side_effects(binary, folder, settings):
    """Tries the remedies of one leg on the others that they are said to break or to mend."""
    legs = {record.address(number): (number, one) for number, one in enumerate(settings)
            if one["name"].startswith(grid.LEG)}
    captures = [os.path.join(folder, one["name"] + ".before.pcap") for _, one in legs.values()]
    stage = record.Stage(os.path.join(folder, "pki"))
    counts, wrong = collections.Counter(), []
    try:
        store = stage.store(next(iter(legs.values()))[1]["clients"][0]["trust"])
        report = compare.run(binary, "--json", "--fail-on", "never", "--trust", store, *captures)
        for remedy in (remedy for verdict in report["verdicts"] for remedy in verdict["foretold"]):
            for effect in remedy["side_effects"]:
                counts[effect["fate"]] += 1
                number, leg = legs[effect["server"]]
                client, server = applied(remedy, leg["clients"][effect["stream"]], leg["server"])
                real = record.converse(stage, record.address(number), record.AFTER, server, [client])[0]["outcome"]
                if {"breaks": "refused", "mended": "completed"}.get(effect["fate"], real) != real:
                    wrong.append("%s %s %s, real %s" % (remedy["remedy"], effect["fate"], leg["name"], real))
    finally:
        stage.close()
    if not counts["breaks"] or not counts["mended"]:
        wrong.append("no remedy is said to break and to mend other legs: %s" % dict(counts))
    return counts, wrong
