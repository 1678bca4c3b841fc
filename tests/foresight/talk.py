"""One real handshake of `openssl s_client` with `openssl s_server` or HAProxy, and what its own trace tells.

A client is a dictionary: ciphers, sigalgs, groups, versions ("1.2", "1.3" or "both"), trust (a store), name (asked for
and compared with the certificate), verify (whether it refuses what it cannot verify), certificate (its own, or None).
A server: program, certificates (one or two), ciphers, sigalgs, groups, versions, own_order, ask (None, "ask" or
"demand"), trust. A HAProxy has certificates only.
"""
import hashlib
import os
import re
import select
import subprocess
import time

PATIENCE = 10
VERSIONS = {"1.2": ["-tls1_2"], "1.3": ["-tls1_3"], "both": []}
# The same on every machine, whatever its openssl.cnf and its build say.
ENVIRONMENT = dict(os.environ, OPENSSL_CONF="/dev/null")
LEVEL = ":@SECLEVEL=1"
ANSWERS = (b"thgislt", b"HTTP/1.")
HELLO_RETRY = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
HOSTNAME_MISMATCH = 62


class Server:
    """An `openssl s_server` that answers each line with the line reversed, or a HAProxy that calls it a bad request."""

    def __init__(self, pki, address, server):
        if server["program"] == "haproxy":
            self.start(haproxy(pki, address, server), pki)
            wait_for(address)
            return
        command = s_server(address, server, lambda name: os.path.getsize(os.path.join(pki, name + ".chain")) > 0)
        self.start(command, pki)
        said = read_until(self.process.stdout, b"ACCEPT")
        if b"ACCEPT" not in said:
            self.stop()
            raise RuntimeError("%s: %s" % (" ".join(command), said.decode(errors="replace")))

    def start(self, command, folder):
        self.process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def s_server(address, server, has_chain):
    command = ["openssl", "s_server", "-accept", address, "-rev", *VERSIONS[server["versions"]]]
    for certificate, d in zip(server["certificates"], ("", "d")):
        command += ["-%scert" % d, certificate + ".pem", "-%skey" % d, key_of(certificate)]
        if has_chain(certificate):
            command += ["-%scert_chain" % d, certificate + ".chain"]
    command += lists(server) + (["-serverpref"] if server["own_order"] else [])
    if server["ask"]:
        command += ["-verify" if server["ask"] == "ask" else "-Verify", "3", "-verify_return_error",
                    "-CAfile", "store-%s.pem" % server["trust"]]
    return command


def haproxy(pki, address, server):
    base = os.path.join(pki, "haproxy-" + address.replace(":", "-"))
    for certificate in server["certificates"]:
        kind = ".rsa" if certificate.startswith("rsa") else ".ecdsa"
        with open(base + ".pem" + kind, "w", encoding="ascii") as out:
            for part in (certificate + ".sent", key_of(certificate)):
                with open(os.path.join(pki, part), encoding="ascii") as file:
                    out.write(file.read())
    with open(base + ".cfg", "w", encoding="ascii") as out:
        out.write(HAPROXY % (address, base))
    return ["haproxy", "-db", "-q", "-f", base + ".cfg"]


HAPROXY = """
global
    ssl-default-bind-options ssl-min-ver TLSv1.2
    tune.ssl.default-dh-param 2048
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
frontend tomcat
    bind %s ssl crt %s.pem
"""


def wait_for(address):
    """Until somebody listens, without connecting: that would be in the capture."""
    host, port = address.split(":")
    wanted = "%s:%04X" % (bytes(int(part) for part in reversed(host.split("."))).hex().upper(), int(port))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with open("/proc/net/tcp", encoding="ascii") as lines:
            if any(line.split()[1] == wanted and line.split()[3] == "0A" for line in list(lines)[1:]):
                return
        time.sleep(0.02)
    raise RuntimeError("nobody listens on " + address)


def key_of(certificate):
    """The first word names the key, but for those that got a new one."""
    return ("rsa-new" if certificate in ("rsa-renewed", "rsa-moved") else certificate.split("-")[0]) + ".key"


def lists(side):
    """The options that both programs have in common."""
    options = ["-cipher", (side["ciphers"] or "DEFAULT") + LEVEL]
    for option, field in (("-sigalgs", "sigalgs"), ("-groups", "groups")):
        if side[field]:
            options += [option, side[field]]
    return options


def connect(pki, scratch, address, source, client, keylog=None):
    """What happened, from one client that connects to `address` from the address `source`."""
    trace = os.path.join(scratch, source + "-" + address.replace(":", "-") + ".trace")
    command = ["openssl", "s_client", "-connect", address, "-bind", source + ":0", "-msg", "-msgfile", trace,
               "-servername", client["name"], "-verify_hostname", client["name"], "-no-CApath", "-no-CAstore",
               "-CAfile", "store-%s.pem" % client["trust"], *VERSIONS[client["versions"]], *lists(client)]
    if client["verify"]:
        command.append("-verify_return_error")
    if client["certificate"]:
        command += ["-cert", client["certificate"] + ".pem", "-key", key_of(client["certificate"])]
    if keylog:
        command += ["-keylogfile", keylog]
    said, answered = converse(command, pki)
    with open(trace, encoding="ascii", errors="replace") as file:
        facts = read_trace(file.read())
    os.unlink(trace)
    facts["outcome"] = "completed" if answered else "refused"
    facts["errors"] = [int(number) for number in re.findall(r"verify error:num=(\d+)", said)]
    return facts


def converse(command, folder):
    """Says a line, and waits for the answer. Errors of verification are told on standard error."""
    process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        process.stdin.write(b"tlsight\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass
    said = read_until(process.stdout, *ANSWERS)
    answered = any(answer in said for answer in ANSWERS)
    try:
        process.stdin.close()
    except BrokenPipeError:
        pass
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
    return said.decode(errors="replace"), answered


def read_until(pipe, *wanted):
    said, deadline = b"", time.monotonic() + PATIENCE
    while not any(one in said for one in wanted):
        ready, _, _ = select.select([pipe], [], [], max(0, deadline - time.monotonic()))
        more = os.read(pipe.fileno(), 65536) if ready else b""
        if not more:
            break
        said += more
    return said


def read_trace(text):
    """The messages of `-msg`: version, suite, the server's certificates, whether it asked for one, the first alert."""
    facts = {"version": None, "suite": None, "chain_shown": [], "asked": False, "alert": None}
    for sent, heading, dump in messages(text):
        content = bytes.fromhex(dump)
        if "Alert" in heading and len(content) == 2 and content[1] and not facts["alert"]:
            facts["alert"] = {"from": "client" if sent else "server", "code": content[1]}
        elif not sent and content[:1] == b"\x02" and "Handshake" in heading:
            server_hello(facts, content)
        elif not sent and content[:1] == b"\x0b" and "Handshake" in heading:
            facts["chain_shown"] = certificates(content, facts["version"])
        elif not sent and content[:1] == b"\x0d" and "Handshake" in heading:
            facts["asked"] = True
    facts["certificate_sha256"] = facts["chain_shown"][0] if facts["chain_shown"] else None
    return facts


def messages(text):
    for part in re.split(r"^(?=<<<|>>>)", text, flags=re.M):
        heading, _, dump = part.partition("\n")
        if heading[:3] in ("<<<", ">>>"):
            yield heading.startswith(">>>"), heading, dump.replace("...", "")


def server_hello(facts, content):
    """RFC 8446, section 4.1.3: the version of TLS 1.3 stands in an extension (43)."""
    if content[6:38].hex() == HELLO_RETRY:
        return
    at = 39 + content[38]
    facts["suite"] = "0x%02x%02x" % tuple(content[at:at + 2])
    version, at = int.from_bytes(content[4:6], "big"), at + 5
    while at + 4 <= len(content):
        kind, size = int.from_bytes(content[at:at + 2], "big"), int.from_bytes(content[at + 2:at + 4], "big")
        if kind == 43:
            version = int.from_bytes(content[at + 4:at + 6], "big")
        at += 4 + size
    facts["version"] = {0x0304: "TLSv1.3", 0x0303: "TLSv1.2"}.get(version, "0x%04x" % version)


def certificates(content, version):
    """SHA-256 of each certificate of the message; TLS 1.3 adds a context before the list and extensions after each."""
    at, shown = 7, []
    if version == "TLSv1.3":
        at += 1 + content[4]
    while at + 3 <= len(content):
        size = int.from_bytes(content[at:at + 3], "big")
        shown.append(hashlib.sha256(content[at + 3:at + 3 + size]).hexdigest())
        at += 3 + size
        if version == "TLSv1.3":
            at += 2 + int.from_bytes(content[at:at + 2], "big")
    return shown
