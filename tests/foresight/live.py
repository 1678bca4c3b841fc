"""Tries for real what the predictions hand to the engineer: the commands that shall confirm them."""
import collections
import os
import re
import shutil
import ssl
import subprocess
import hashlib

import grid
import record
import talk

SHELL = ["sh", "-c"]
# The line is for a client without a certificate, and with OpenSSL's own signature algorithms and groups.
FITTING = {"sigalgs": grid.ECDSA_SIGNED_FIRST, "groups": None, "certificate": None}


def confirm(folder, settings, documents, names):
    """Runs the command of every prediction that has one against the changed server: how many agreed, and what did not."""
    stage = record.Stage(os.path.join(folder, "pki"))
    jobs = [(number, one, document) for number, (one, document) in enumerate(zip(settings, documents)) if fits(one)]
    try:
        told = record.pooled(lambda job: confirm_one(stage, names, *job), jobs)
    finally:
        stage.close()
    counts, wrong = collections.Counter(), []
    for agreed, differences in told:
        counts.update(agreed)
        wrong += differences
    return counts, wrong


def fits(setting):
    plain = all(client[field] == value for client in setting["clients"] for field, value in FITTING.items())
    return plain and setting["server"]["ask"] != "demand"


def confirm_one(stage, names, number, setting, document):
    counts, wrong = collections.Counter(), []
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
                    wrong.append("%s: %s shows %s %s, predicted %s" % (
                        setting["name"], one["confirm"], field, value, predicted["value"]))
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
