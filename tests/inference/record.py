#!/usr/bin/env python3
"""Records TLS 1.3 handshakes of real stacks, every server with every client.

    record.py FOLDER [--part N/M] [--servers NAMES] [--clients NAMES]

Writes FOLDER/handshakes.pcap and FOLDER/truth.tsv: for each address and port that was
connected to, who played the two sides and what they did. FOLDER/bin holds the peers
that run.sh built. A stack that is not installed is left out, and told.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

KEYS = {
    "RSA-2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "RSA-3072": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "RSA-4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "P-521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "Ed25519": ["-algorithm", "ED25519"],
}
HASHES = {
    "sha256": ("TLS_AES_128_GCM_SHA256", "AES-128-GCM", "1301"),
    "sha384": ("TLS_AES_256_GCM_SHA384", "AES-256-GCM", "1302"),
    "ccm8": ("TLS_AES_128_CCM_8_SHA256", "AES-128-CCM-8", None),
}
CLIENTS = ["openssl", "gnutls", "nss", "java", "go", "rustls", "node"]
SERVERS = ["openssl", "openssl-split", "gnutls", "nss", "java", "go", "rustls", "node"]
# What a client does: its certificate, and whether it knows the server's CA.
DEEDS = {
    "empty": (None, True),
    "rsa": ("client-rsa", True),
    "ec": ("client-ec", True),
    "unknown": ("client-unknown", True),
    "refuse": (None, False),
}
FIRST_PORT = 21000


def run(*arguments, **more):
    return subprocess.run(
        [str(a) for a in arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True, **more
    )


class Pki:
    """Keys and certificates, made anew for each run."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n"
        (folder / "ca.ext").write_text(extensions)
        names = "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n"
        (folder / "leaf.ext").write_text(names + "keyUsage=digitalSignature\n")
        # NSS wants keyEncipherment of an RSA key.
        (folder / "rsa-leaf.ext").write_text(names + "keyUsage=digitalSignature,keyEncipherment\n")
        for family, key, name in (("rsa", "RSA-2048", "RSA"), ("ec", "P-256", "EC"), ("client", "P-256", "client"),
                                  # Of the same name, so that clients find their certificate asked for.
                                  ("other", "P-256", "client")):
            self.key(f"{family}-root", key)
            run("openssl", "req", "-x509", "-new", "-key", folder / f"{family}-root.key", "-days", 30, "-out",
                folder / f"{family}-root.pem", "-subj", f"/O=Example/CN=Example {name} root",
                "-addext", "keyUsage=critical,keyCertSign")
            self.sign(f"{family}-one", f"{family}-root", key, "ca")
            self.sign(f"{family}-two", f"{family}-one", key, "ca")
        self.roots()
        for kind in KEYS:
            self.key(kind, kind)
            family = "rsa" if kind.startswith("RSA") else "ec"
            for length, issuers in self.issuers(family).items():
                self.leaf(f"{kind}-{length}", kind, issuers)
        self.leaf("client-rsa", self.key("client-rsa-key", "RSA-2048"), self.issuers("client")[1])
        self.leaf("client-ec", self.key("client-ec-key", "P-256"), self.issuers("client")[2])
        self.leaf("client-unknown", "client-ec-key", self.issuers("other")[1])

    @staticmethod
    def issuers(family):
        return {1: [f"{family}-root"], 2: [f"{family}-one"], 3: [f"{family}-two", f"{family}-one"]}

    def key(self, name, kind):
        run("openssl", "genpkey", *KEYS[kind], "-out", self.folder / f"{name}.key")
        return name

    def sign(self, name, issuer, kind, extensions, key=None):
        folder = self.folder
        if key is None:
            key = self.key(name, kind)
        run("openssl", "req", "-new", "-key", folder / f"{key}.key", "-subj", f"/O=Example/CN={name}.example.org",
            "-out", folder / "request")
        run("openssl", "x509", "-req", "-in", folder / "request", "-CA", folder / f"{issuer}.pem", "-CAkey",
            folder / f"{issuer}.key", "-CAcreateserial", "-days", 30, "-extfile", folder / f"{extensions}.ext", "-out",
            folder / f"{name}.pem")

    def leaf(self, name, key, issuers):
        """NAME.pem holds the certificate and the intermediates, NAME.key its key."""
        folder = self.folder
        self.sign(name, issuers[0], None, "rsa-leaf" if "rsa" in name.lower() else "leaf", key)
        chain = "".join((folder / f"{issuer}.pem").read_text() for issuer in issuers if not issuer.endswith("root"))
        (folder / f"{name}.chain").write_text(chain)
        with open(folder / f"{name}.pem", "a") as file:
            file.write(chain)
        shutil.copy(folder / f"{key}.key", folder / f"{name}.key")
        run("openssl", "pkcs12", "-export", "-in", folder / f"{name}.pem", "-inkey", folder / f"{name}.key",
            "-name", name, "-passout", "pass:secret", "-out", folder / f"{name}.p12")

    def roots(self):
        both = "".join((self.folder / f"{family}-root.pem").read_text() for family in ("rsa", "ec"))
        (self.folder / "servers-root.pem").write_text(both)

    def ca_of(self, kind):
        return self.folder / ("rsa-root.pem" if kind.startswith("RSA") else "ec-root.pem")

    def message_length(self, name):
        """Length of the Certificate message of NAME.pem without extensions (RFC 8446, 4.4.2)."""
        import ssl
        pem = (self.folder / f"{name}.pem").read_text()
        blocks = pem.split("-----BEGIN CERTIFICATE-----")[1:]
        ders = [ssl.PEM_cert_to_DER_cert("-----BEGIN CERTIFICATE-----" + block) for block in blocks]
        return 4 + 1 + 3 + sum(3 + len(der) + 2 for der in ders)

    def nss(self):
        """Databases for NSS: the servers', and one per deed of a client."""
        for name, roots, pairs in (
            ("nss-server", ["client-root"], [f"{kind}-{n}" for kind in KEYS for n in (1, 2, 3)]),
            ("nss-know", ["rsa-root", "ec-root"], []),
            ("nss-own", ["rsa-root", "ec-root"], ["client-rsa", "client-ec", "client-unknown"]),
            ("nss-refuse", [], []),
        ):
            folder = self.folder / name
            folder.mkdir()
            run("certutil", "-N", "-d", folder, "--empty-password")
            for root in roots:
                run("certutil", "-A", "-d", folder, "-n", root, "-t", "CT,C,C", "-i", self.folder / f"{root}.pem")
            for pair in pairs:
                subprocess.run(["pk12util", "-i", self.folder / f"{pair}.p12", "-d", folder, "-W", "secret", "-K", ""],
                               capture_output=True)


class Case:
    """One server configuration: a port."""

    def __init__(self, port, server, kind, chain, ask):
        self.port, self.server, self.kind, self.chain, self.ask = port, server, kind, chain, ask

    @property
    def name(self):
        return f"{self.kind}-{self.chain}"

    def deeds(self):
        if self.ask == "none":
            return ["empty"] + (["refuse"] if self.chain == 2 else [])
        if self.ask == "request":
            return ["empty", "rsa", "ec", "refuse"]
        return ["empty", "rsa", "unknown"]


def cases(server):
    """Every key with every length of chain; the client certificate at one length each."""
    port = FIRST_PORT + 100 * SERVERS.index(server)
    for kind in KEYS:
        for chain in (1, 2, 3):
            asks = {1: ["none", "require"], 2: ["none"], 3: ["none", "request"]}[chain]
            for ask in asks:
                yield Case(port, server, kind, chain, ask)
                port += 1


class Recording:
    def __init__(self, folder):
        self.folder, self.bin = folder, folder / "bin"
        self.pki = Pki(folder / "pki")
        self.pki.nss() if shutil.which("certutil") else None
        self.processes = []
        self.request = folder / "request"
        self.request.write_text("GET / HTTP/1.0\r\n\r\n")
        self.truth = ["address\tport\tclient\tserver\tkey\tchain\task\tdeed\thash\tcertificate_message"]

    # --- servers -------------------------------------------------------------

    def start(self, server, group):
        """Starts the servers; returns the cases that came to listen."""
        if server in ("java", "go", "rustls", "node"):
            self.start_listed(server, group)
        else:
            for case in group:
                self.spawn(self.server_command(server, case))
        deadline = time.time() + 15
        waiting = {case.port for case in group}
        while waiting and time.time() < deadline:
            time.sleep(0.1)
            waiting -= listening()
        return [case for case in group if case.port not in waiting]

    def spawn(self, command):
        self.processes.append(
            subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL))

    def start_listed(self, server, group):
        pki = self.pki.folder
        lines = [
            f"{case.port} {pki}/{case.name}.pem {pki}/{case.name}.key {case.ask} "
            + ("-" if case.ask == "none" else f"{pki}/client-root.pem")
            for case in group
        ]
        self.spawn(self.peer(server) + ["server", self.write_list(lines)])

    def peer(self, stack):
        return {
            "java": ["java", "-cp", self.bin, "Peer"],
            "go": [self.bin / "peer-go"],
            "rustls": [self.bin / "rustls-peer"],
            "node": ["node", Path(__file__).parent / "peer.js"],
        }[stack]

    def write_list(self, lines):
        file = self.folder / "list"
        file.write_text("".join(f"{line}\n" for line in lines))
        return file

    def server_command(self, server, case):
        pki, name = self.pki.folder, case.name
        ask = case.ask
        if server.startswith("openssl"):
            command = ["openssl", "s_server", "-accept", case.port, "-quiet", "-www", "-cert", pki / f"{name}.pem", "-key",
                       pki / f"{name}.key", *self.chain(name), "-cipher", "ALL:@SECLEVEL=0",
                       "-ciphersuites", ":".join(suite for suite, _, _ in HASHES.values())]
            if server == "openssl-split":
                command += ["-max_send_frag", "700"]
            if ask != "none":
                command += ["-CAfile", pki / "client-root.pem", "-verify_return_error"]
                command += ["-verify" if ask == "request" else "-Verify", "5"]
            return command
        if server == "gnutls":
            command = ["gnutls-serv", "-q", "--http", "-p", case.port, "--x509certfile", pki / f"{name}.pem",
                       "--x509keyfile", pki / f"{name}.key", "--priority", "NORMAL:+AES-128-CCM-8"]
            if ask == "none":
                return command + ["-a"]
            command += ["--x509cafile", pki / "client-root.pem", "--verify-client-cert"]
            return command + (["-r"] if ask == "require" else [])
        command = ["selfserv", "-d", pki / "nss-server", "-p", case.port, "-n", name, "-V", "tls1.3:tls1.3", "-w", "",
                   "-c", ":1301:1302"]
        return command + {"none": [], "request": ["-r"], "require": ["-r", "-r"]}[ask]

    def chain(self, name):
        """The intermediates as s_client and s_server want them: apart."""
        file = self.pki.folder / f"{name}.chain"
        return ["-cert_chain", file] if file.stat().st_size else []

    def stop(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
        self.processes.clear()

    # --- clients -------------------------------------------------------------

    def connect(self, client, group):
        pki = self.pki.folder
        lines = []
        for case in group:
            for deed in case.deeds():
                for number, (hash_name, suite) in enumerate(HASHES.items()):
                    if not supported(client, case, hash_name):
                        continue
                    address = f"127.{64 + CLIENTS.index(client)}.{list(DEEDS).index(deed)}.{number + 1}"
                    self.tell(address, client, case, deed, hash_name)
                    certificate, knows = DEEDS[deed]
                    ca = self.pki.ca_of(case.kind) if knows else pki / "other-root.pem"
                    if client in ("java", "go", "rustls", "node"):
                        pair = f"{pki}/{certificate}.pem {pki}/{certificate}.key" if certificate else "- -"
                        lines.append(f"{address} {case.port} {ca} {pair} {hash_name}")
                    else:
                        self.connect_once(self.client_command(client, address, case, certificate, knows, ca, suite))
        if lines:
            self.connect_once(self.peer(client) + ["client", self.write_list(lines)], patience=120)

    def tell(self, address, client, case, deed, hash_name):
        length = self.pki.message_length(case.name)
        row = [address, case.port, client, case.server, case.kind, case.chain, case.ask, deed, hash_name, length]
        self.truth.append("\t".join(str(column) for column in row))

    @staticmethod
    def connect_once(command, patience=3):
        try:
            subprocess.run([str(part) for part in command], input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True,
                           timeout=patience)
        except subprocess.TimeoutExpired:
            pass

    def client_command(self, client, address, case, certificate, knows, ca, suite):
        pki = self.pki.folder
        name, gnutls_name, nss_code = suite
        if client == "openssl":
            command = ["openssl", "s_client", "-connect", f"{address}:{case.port}", "-quiet", "-tls1_3", "-ciphersuites",
                       name, "-cipher", "ALL:@SECLEVEL=0", "-CAfile", ca, "-verify", "5", "-verify_return_error"]
            pair = ["-cert", pki / f"{certificate}.pem", "-key", pki / f"{certificate}.key"]
            return command + (pair + self.chain(certificate) if certificate else [])
        if client == "gnutls":
            command = ["gnutls-cli", "-p", case.port, "--priority",
                       f"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+{gnutls_name}", "--x509cafile", ca,
                       "--verify-hostname", "localhost"]
            pair = ["--x509certfile", pki / f"{certificate}.pem", "--x509keyfile", pki / f"{certificate}.key"]
            return command + (pair if certificate else []) + [address]
        command = ["tstclnt", "-h", address, "-p", case.port, "-a", "localhost", "-d",
                   pki / ("nss-own" if certificate else "nss-know" if knows else "nss-refuse"), "-V", "tls1.3:tls1.3",
                   "-w", "", "-c", f":{nss_code}", "-O", "-A", self.request]
        return command + (["-n", certificate] if certificate else [])


def supported(client, case, hash_name):
    if hash_name == "ccm8":
        able = ("openssl", "gnutls")
        return client in able and case.server in able and case.ask == "none"
    # Go's suites of TLS 1.3 cannot be chosen.
    return client != "go" or hash_name == "sha256"


def listening():
    rows = Path("/proc/net/tcp").read_text().splitlines() + Path("/proc/net/tcp6").read_text().splitlines()
    fields = [row.split() for row in rows]
    return {int(row[1].rsplit(":", 1)[1], 16) for row in fields if row[3] == "0A"}


def installed(stack, folder):
    program = {
        "openssl": "openssl", "gnutls": "gnutls-serv", "nss": "selfserv", "java": "java", "node": "node",
        "go": str(folder / "bin/peer-go"), "rustls": str(folder / "bin/rustls-peer"),
    }[stack.split("-")[0]]
    found = shutil.which(program) is not None
    if not found:
        print(f"{stack}: {program} is not there, left out", file=sys.stderr)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="1/1", help="N/M: every Mth server configuration, from the Nth")
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--clients", default=",".join(CLIENTS))
    options = parser.parse_args()
    folder = options.folder
    part, parts = (int(number) for number in options.part.split("/"))
    clients = [stack for stack in options.clients.split(",") if installed(stack, folder)]
    recording = Recording(folder)
    capture = folder / "handshakes.pcap"
    tcpdump = subprocess.Popen(["tcpdump", "-i", "lo", "-B", "65536", "-U", "-w", str(capture), "net 127.64.0.0/10"],
                               stderr=subprocess.DEVNULL)
    try:
        for server in options.servers.split(","):
            if not installed(server, folder):
                continue
            began = time.time()
            group = recording.start(server, list(cases(server))[part - 1::parts])
            for client in clients:
                before = time.time()
                recording.connect(client, group)
                print(f"  {server} <- {client}: {time.time() - before:.0f}s", file=sys.stderr)
            recording.stop()
            print(f"{server}: {len(group)} ports, {time.time() - began:.0f}s", file=sys.stderr)
        time.sleep(1)
    finally:
        recording.stop()
        tcpdump.terminate()
        tcpdump.wait()
    (folder / "truth.tsv").write_text("\n".join(recording.truth) + "\n")


if __name__ == "__main__":
    main()
