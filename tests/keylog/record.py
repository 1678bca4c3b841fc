"""Records handshakes of real TLS programs on the loopback interface, each with its key log.

    python3 tests/keylog/record.py FOLDER

makes NAME.pcap and NAME.keys for every scenario. Needs openssl and tcpdump, and the right to capture; scenarios of
programs that are not installed (gnutls-cli, selfserv of NSS, java) are left out and named on standard error. NSS and
Java are servers only, because as installed they write no key log.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 10
JAVA_SERVER = os.path.join(os.path.dirname(__file__), "..", "..", "samples", "JavaServer.java")
SUITES13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]
SUITES12 = ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
            "AES128-CCM", "AES256-CCM", "AES128-CCM8", "AES256-CCM8",
            "AES128-SHA", "AES256-SHA", "AES128-SHA256", "AES256-SHA256", "ECDHE-RSA-AES256-SHA384"]
GNUTLS13 = ["AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305", "AES-128-CCM", "AES-128-CCM-8"]


class Stage:
    """A folder with keys and certificates, and the recording of one conversation after another."""

    def __init__(self, out):
        self.out = out
        self.work = tempfile.mkdtemp(prefix="keylog.")
        self.names = []
        make_pki(self.work)

    def path(self, name):
        return os.path.join(self.work, name)

    def record(self, name, server, *clients, env=None):
        """`server` and `clients` are functions of a port that give a command and its input."""
        port = free_port()
        keys = os.path.join(self.out, name + ".keys")
        sniffer = start(["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-w", os.path.join(self.out, name + ".pcap"),
                         "tcp", "port", str(port)], stderr=subprocess.PIPE)
        sniffer.stderr.readline()
        process = start(server(port), stdin=subprocess.PIPE)
        try:
            wait_for(port)
            for client in clients:
                command, text = client(port, keys)
                talk(command, text, dict(os.environ, **(env or {}), SSLKEYLOGFILE=keys))
            time.sleep(0.3)
        finally:
            stop(process, signal.SIGTERM)
            time.sleep(0.5)
            stop(sniffer, signal.SIGINT)
        self.names.append(name)

    # --- programs --------------------------------------------------------------------------

    def openssl_server(self, key, *options):
        return lambda port: ["openssl", "s_server", "-accept", str(port), "-naccept", "9", "-key", self.path(key + ".key"),
                             "-cert", self.path(key + ".pem"), "-cert_chain", self.path("ca.pem"), *options]

    def openssl(self, *options, text="hello\n"):
        return lambda port, keys: (["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-servername",
                                    "tls.example.org", "-keylogfile", keys, *options], text)

    def own(self, name):
        """Options with which openssl shows a certificate of its own."""
        return ["-key", self.path(name + ".key"), "-cert", self.path(name + ".pem")]

    def gnutls(self, priority, *options):
        return lambda port, keys: (["gnutls-cli", "--no-ca-verification", "--priority", priority, "--port", str(port),
                                    *options, "127.0.0.1"], "hello\n")


def start(command, **options):
    options.setdefault("stderr", subprocess.DEVNULL)
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)


def stop(process, how):
    process.send_signal(how)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def talk(command, text, env):
    """Writes line by line, so that each is a record of its own."""
    process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.6)
        for line in text.splitlines(keepends=True):
            process.stdin.write(line.encode())
            process.stdin.flush()
            time.sleep(0.4)
        process.stdin.close()
    except BrokenPipeError:
        pass
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        stop(process, signal.SIGTERM)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    """Until somebody listens, without connecting: that would be in the capture."""
    wanted = ":%04X" % port
    deadline = time.time() + PATIENCE
    while time.time() < deadline:
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table, encoding="ascii") as lines:
                if any(line.split()[1].endswith(wanted) and line.split()[3] == "0A" for line in list(lines)[1:]):
                    return
        time.sleep(0.05)
    raise RuntimeError("nobody listens on port %d" % port)


def make_pki(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    for name in ("ca", "other"):
        openssl("req", "-x509", *new, "-keyout", name + ".key", "-out", name + ".pem", "-subj", "/CN=Key log " + name)
    for name, key in (("rsa", ["rsa:2048"]), ("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
                      ("client", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])):
        openssl("req", "-x509", "-newkey", *key, "-nodes", "-days", "30", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-keyout", name + ".key", "-out", name + ".pem", "-subj", "/CN=%s.example.org" % name)


# --- scenarios -------------------------------------------------------------------------------

def openssl13(stage):
    for suite in SUITES13:
        only = ["-ciphersuites", suite, "-tls1_3"]
        loose = only + ["-cipher", "ALL:@SECLEVEL=0"]
        stage.record("openssl-%s-rsa" % suite, stage.openssl_server("rsa", *loose), stage.openssl(*loose))
        stage.record("openssl-%s-mutual" % suite,
                     stage.openssl_server("ec", *loose, "-Verify", "3", "-CAfile", stage.path("ca.pem")),
                     stage.openssl(*loose, *stage.own("client")))
    tls13 = ["-tls1_3"]
    demand = ["-Verify", "3", "-verify_return_error", "-CAfile", stage.path("other.pem")]
    stage.record("openssl13-client-refused", stage.openssl_server("rsa", *tls13, *demand),
                 stage.openssl(*tls13, *stage.own("client")))
    stage.record("openssl13-client-sends-none", stage.openssl_server("rsa", *tls13, *demand), stage.openssl(*tls13))
    stage.record("openssl13-server-refused", stage.openssl_server("rsa", *tls13),
                 stage.openssl(*tls13, "-CAfile", stage.path("other.pem"), "-verify_return_error"))
    stage.record("openssl13-retry", stage.openssl_server("rsa", *tls13, "-groups", "P-384"),
                 stage.openssl(*tls13, "-groups", "X25519:P-384"))
    stage.record("openssl13-key-update", stage.openssl_server("rsa", *tls13),
                 stage.openssl(*tls13, text="hello\nK\nhello\nk\nhello\n"))
    stage.record("openssl13-alpn", stage.openssl_server("rsa", *tls13, "-alpn", "h2"),
                 stage.openssl(*tls13, "-alpn", "http/1.1,h2"))
    stage.record("openssl13-small-records", stage.openssl_server("rsa", *tls13, "-max_send_frag", "512"),
                 stage.openssl(*tls13, "-max_send_frag", "512"))
    early_data(stage, tls13)


def early_data(stage, tls13):
    session, data = stage.path("session"), stage.path("early")
    with open(data, "w", encoding="ascii") as file:
        file.write("early\n")
    stage.record("openssl13-early-data", stage.openssl_server("rsa", *tls13, "-early_data"),
                 stage.openssl(*tls13, "-sess_out", session),
                 stage.openssl(*tls13, "-sess_in", session, "-early_data", data))


def openssl12(stage):
    for suite in SUITES12:
        only = ["-tls1_2", "-cipher", suite + ":@SECLEVEL=0"]
        stage.record("openssl-%s" % suite, stage.openssl_server("rsa", *only), stage.openssl(*only))
        if "SHA" in suite and "GCM" not in suite:
            stage.record("openssl-%s-mac-first" % suite, stage.openssl_server("rsa", *only, "-no_etm"),
                         stage.openssl(*only, "-no_etm"))
    tls12 = ["-tls1_2"]
    stage.record("openssl12-renegotiation", stage.openssl_server("rsa", *tls12, "-client_renegotiation"),
                 stage.openssl(*tls12, text="hello\nR\nhello\n"))
    session = stage.path("session12")
    stage.record("openssl12-resumed", stage.openssl_server("rsa", *tls12),
                 stage.openssl(*tls12, "-sess_out", session), stage.openssl(*tls12, "-sess_in", session))
    stage.record("openssl12-client-refused",
                 stage.openssl_server("rsa", *tls12, "-Verify", "3", "-verify_return_error",
                                      "-CAfile", stage.path("other.pem")),
                 stage.openssl(*tls12, *stage.own("client")))


def gnutls(stage):
    for cipher in GNUTLS13:
        priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+" + cipher
        loose = ["-tls1_3", "-ciphersuites", ":".join(SUITES13), "-cipher", "ALL:@SECLEVEL=0"]
        stage.record("gnutls-%s" % cipher, stage.openssl_server("rsa", *loose), stage.gnutls(priority))
    strict = lambda port, keys: (["gnutls-cli", "--port", str(port), "--x509cafile", stage.path("other.pem"),
                                  "127.0.0.1"], "hello\n")
    stage.record("gnutls13-server-refused", stage.openssl_server("ec"), strict)
    stage.record("gnutls12", stage.openssl_server("rsa"), stage.gnutls("NORMAL:-VERS-ALL:+VERS-TLS1.2"))


def nss(stage):
    database = "sql:" + stage.path("nss")
    os.mkdir(stage.path("nss"))
    bundle(stage, "rsa")
    for command in (["certutil", "-N", "-d", database, "--empty-password"],
                    ["pk12util", "-i", stage.path("rsa.p12"), "-d", database, "-W", "secret"]):
        subprocess.run(command, check=True, capture_output=True)
    for wanted, options in (("", []), ("-mutual", ["-r", "-r"])):
        server = lambda port, options=options: ["selfserv", "-d", database, "-n", "rsa", "-p", str(port), *options]
        for version in ("-tls1_2", "-tls1_3"):
            stage.record("nss%s%s" % (version, wanted), server, stage.openssl(version, *stage.own("client")))


def java(stage):
    bundle(stage, "ec")
    command = ["java", "-Djavax.net.ssl.keyStore=" + stage.path("ec.p12"), "-Djavax.net.ssl.keyStorePassword=secret",
               "-Djavax.net.ssl.keyStoreType=PKCS12", JAVA_SERVER, "127.0.0.1"]
    for version in ("-tls1_2", "-tls1_3"):
        stage.record("java%s-refused" % version, lambda port: command + [str(port)],
                     stage.openssl(version, *stage.own("client")))
        stage.record("java%s-sends-none" % version, lambda port: command + [str(port)], stage.openssl(version))


def bundle(stage, name):
    subprocess.run(["openssl", "pkcs12", "-export", "-name", name, "-inkey", stage.path(name + ".key"), "-in",
                    stage.path(name + ".pem"), "-out", stage.path(name + ".p12"), "-passout", "pass:secret"],
                   check=True, capture_output=True)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    record_all(sys.argv[1])


def record_all(out):
    stage = Stage(out)
    openssl13(stage)
    openssl12(stage)
    for program, scenarios in (("gnutls-cli", gnutls), ("selfserv", nss), ("java", java)):
        if shutil.which(program):
            scenarios(stage)
        else:
            print("left out: %s is not installed" % program, file=sys.stderr)
    shutil.rmtree(stage.work)
    return stage.names


if __name__ == "__main__":
    main()
