"""The keys, certificates and trust stores of the grid, made afresh in a folder.

For each certificate NAME there are NAME.pem, NAME.chain (what its owner sends behind it) and NAME.sent (both); for each
key NAME.key; for each trust store NAME store-NAME.pem.
"""
import os
import subprocess

HOST = "cucmpub.example.org"
RSA = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
P384 = ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]
P256 = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]

KEYS = {
    "root": RSA, "issuing": RSA, "ec-root": P384, "old-root": RSA, "plain-root": RSA, "plain-old-root": RSA,
    "voice-root": P384, "rsa": RSA, "rsa-new": RSA, "ec": P384, "ec256": P256, "expc": P256, "stranger": P256,
}

# Name: key, subject, issuer, extensions, chain that is sent, dates. A CA's subject is what a lookup goes by, so the old
# roots bear the subject of the new ones; the plain ones carry no key identifiers by which they could be told apart.
CERTIFICATES = [
    ("root", "root", "Example Root CA", "root", "ca", (), None),
    ("old-root", "old-root", "Example Root CA", "old-root", "ca", (), None),
    ("plain-root", "plain-root", "Example Plain Root CA", "plain-root", "plain-ca", (), None),
    ("plain-old-root", "plain-old-root", "Example Plain Root CA", "plain-old-root", "plain-ca", (), None),
    ("ec-root", "ec-root", "Example EC Root CA", "ec-root", "ca", (), None),
    ("voice-root", "voice-root", "Example Voice Root CA", "voice-root", "ca", (), None),
    ("issuing", "issuing", "Example Issuing CA 1", "root", "ca", (), None),
    ("rsa", "rsa", "cucmpub-ms.example.org", "issuing", HOST, ("issuing",), None),
    ("rsa-alone", "rsa", "cucmpub-ms.example.org", "issuing", HOST, (), None),
    ("rsa-expired", "rsa", "cucmpub-ms.example.org", "issuing", HOST, ("issuing",), "old"),
    ("rsa-other-name", "rsa", "cucmsub.example.org", "issuing", "cucmsub.example.org", ("issuing",), None),
    ("rsa-plain", "rsa", "cucmpub-ms.example.org", "plain-root", "plain:" + HOST, (), None),
    ("rsa-renewed", "rsa-new", "cucmpub-ms.example.org", "issuing", HOST, ("issuing",), None),
    ("rsa-moved", "rsa-new", "cucmpub-ms.example.org", "voice-root", HOST, (), None),
    ("rsa-own", "rsa", "cucmpub.example.org", "rsa-own", "self:" + HOST, (), None),
    ("ec", "ec", "cucmpub-EC.example.org", "ec-root", HOST, (), None),
    ("ec-own", "ec", "cucmpub-EC.example.org", "ec-own", "self:" + HOST, (), None),
    ("ec256", "ec256", "cucmpub-EC.example.org", "issuing", HOST, ("issuing",), None),
    ("ec-other-name", "ec", "cucmsub-EC.example.org", "ec-root", "cucmsub.example.org", (), None),
    ("expc", "expc", "expc.example.org", "voice-root", "expc.example.org", (), None),
    ("stranger", "stranger", "expc.example.org", "stranger", "self:expc.example.org", (), None),
]

STORES = {
    "both": ["root", "ec-root"],
    "rsa": ["root"],
    "ec": ["ec-root"],
    "none": ["voice-root"],
    "old": ["old-root"],
    "plain": ["plain-root"],
    "plain-old": ["plain-old-root"],
    "issuing": ["issuing"],
    "ec-own": ["root", "ec-own"],
    "server": ["voice-root", "root"],
    "server-none": ["root"],
}


def make(folder):
    """Everything above, in `folder`, which is made."""
    os.makedirs(folder)
    for name, algorithm in KEYS.items():
        openssl(folder, "genpkey", "-quiet", "-algorithm", *algorithm, "-out", name + ".key")
    write(folder, "ca.cnf", CONFIGURATION)
    for serial, row in enumerate(CERTIFICATES, 0x5a01):
        certificate(folder, "%04x" % serial, *row)
    for row in CERTIFICATES:
        chain = "".join(read(folder, issuer + ".pem") for issuer in row[5])
        write(folder, row[0] + ".chain", chain)
        write(folder, row[0] + ".sent", read(folder, row[0] + ".pem") + chain)
    for name, anchors in STORES.items():
        write(folder, "store-%s.pem" % name, "".join(read(folder, anchor + ".pem") for anchor in anchors))


def certificate(folder, serial, name, key, subject, issuer, kind, _chain, dates):
    issuing = ["-selfsign", "-keyfile", key + ".key"]
    if issuer != name:
        issuing = ["-cert", issuer + ".pem", "-keyfile", issuer + ".key"]
    write(folder, "serial", serial + "\n")
    write(folder, "index", "")
    write(folder, "extensions", extensions(kind))
    openssl(folder, "req", "-new", "-config", "ca.cnf", "-key", key + ".key", "-subj", "/O=Example/CN=" + subject,
            "-out", "request")
    start, end = ("20240101000000Z", "20250101000000Z") if dates == "old" else ("20240101000000Z", "20440101000000Z")
    openssl(folder, "ca", "-batch", "-notext", "-config", "ca.cnf", "-preserveDN", *issuing, "-startdate", start,
            "-enddate", end, "-extfile", "extensions", "-in", "request", "-out", name + ".pem")


def extensions(kind):
    ca = ["basicConstraints = critical, CA:true", "keyUsage = critical, keyCertSign, cRLSign"]
    identifiers = ["subjectKeyIdentifier = hash", "authorityKeyIdentifier = keyid"]
    without = ["subjectKeyIdentifier = none", "authorityKeyIdentifier = none"]
    if kind == "plain-ca":
        return "\n".join(ca + without) + "\n"
    if kind == "ca":
        return "\n".join(ca + identifiers) + "\n"
    how, _, host = kind.rpartition(":")
    usage = ["extendedKeyUsage = serverAuth, clientAuth", "subjectAltName = DNS:" + host]
    if how == "self":
        own = ["keyUsage = digitalSignature, keyEncipherment, keyAgreement, keyCertSign",
               "basicConstraints = critical, CA:true, pathlen:0"]
        return "\n".join(own + usage + identifiers[:1]) + "\n"
    leaf = ["keyUsage = digitalSignature, keyEncipherment"] + usage
    return "\n".join(leaf + (without if how == "plain" else identifiers)) + "\n"


CONFIGURATION = """
[ca]
default_ca = any
[any]
database = index
serial = serial
new_certs_dir = .
policy = any_name
unique_subject = no
default_md = sha256
[any_name]
organizationName = optional
commonName = supplied
[req]
distinguished_name = any_name
"""


def openssl(folder, *arguments):
    run = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError("openssl %s: %s" % (" ".join(arguments), run.stderr.strip()))
    return run.stdout


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(text)


def read(folder, name):
    with open(os.path.join(folder, name), encoding="ascii") as file:
        return file.read()
