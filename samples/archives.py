#!/usr/bin/env python3
"""Writes the diagnostic archives of samples/archives, as an Expressway makes them.

    samples/archives.py

Captures and certificates are real: those of this directory, and what
`record.sh archives` left in archives/recorded. Their times are moved by whole
seconds, so that each archive has a day of its own and keeps its name when captures
are recorded afresh. Configuration, status and log are imitations in the published
forms; what a line of the log says of a connection (its ends, its time, the alert)
is read from the packets.

The same input gives the same bytes.
"""

import datetime
import gzip
import io
import tarfile

from archive_capture import HERE, RECORDED, connections, moved, write_capture
from archive_texts import (EXPE, NAMES, PATHS, PUB, SUB, UTC, Log, configuration_text, configuration_xml,
                           status_text, status_xml)

# The default string up to X15.0.1, and the same with RSA first.
ECDSA_FIRST = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH"
RSA_FIRST = "ECDHE-RSA-AES256-GCM-SHA384:" + ECDSA_FIRST


class Case:
    """One archive. What is not given is that of an Expressway-C of example.org."""

    defaults = {
        "host": "expc", "address": "10.30.5.20", "edge": False, "version": "X14.3.1", "captures": (),
        "trust": ("root", "voice-root"), "own": ("expc", "voice-root"), "ciphers": RSA_FIRST,
        "sip_ciphers": None, "sip_versions": "TLSv1.2:TLSv1.3", "logger": "INFO", "cluster": "", "peers": (),
        "zones": (), "more": {}, "uc_servers": (), "zone": 0, "zone_name": "UTC", "skew": 0, "errors": {},
        "names": {}, "folder": "", "connections": 1, "arrange": None, "only_log": False,
    }

    def __init__(self, day, **given):
        unknown = set(given) - set(self.defaults)
        assert not unknown, unknown
        self.__dict__.update(self.defaults | given)
        self.start = int(datetime.datetime(2026, 5, day, 9, tzinfo=UTC).timestamp())
        self.stamp = f"2026-05-{day:02}_09_01_00"

    @property
    def product(self):
        return "Cisco Expressway-" + ("E" if self.edge else "C")

    @property
    def archive(self):
        return f"diagnostic_log_{self.host}_{self.stamp}.tar.gz"


def certificates(names):
    """PEM of recorded certificates, or of a trust store of the samples."""
    if isinstance(names, str):
        return (HERE / names).read_bytes()
    return b"".join((RECORDED / f"{name}.pem").read_bytes() for name in names)


def log(case, packets):
    written = Log(case)
    written.started(case.start * 1_000_000)
    seen = {}
    for connection in connections(packets):
        host, port = connection.server
        turn = seen[host, port] = seen.get((host, port), 0) + 1
        name = case.names.get((host, port, turn)) or case.names.get((host, port)) or NAMES.get(host, host)
        error = case.errors.get((host, port), ("certificate verify failed", 0))
        if port in PATHS and not case.edge:
            written.http(connection, name, error)
        else:
            written.sip(connection, error)
    return written.text()


def members(case):
    """Name and content of each member, in order."""
    packets = moved(case.captures, case.start + 2)
    assert packets[-1].time < (case.start + 60) * 1_000_000, case.archive
    found = len(connections(packets))
    assert found == case.connections, f"{case.archive}: {found} connections, recorded badly"
    texts = {
        "ca": ("ca_{}.pem", certificates(case.trust)),
        "server": ("server_{}.pem", certificates(case.own)),
        "xconf": ("xconf_dump_{}.txt", configuration_text(case).encode()),
        "xconf-xml": ("xconf_dump_{}.xml", configuration_xml(case).encode()),
        "xstat": ("xstat_dump_{}.txt", status_text(case).encode()),
        "xstat-xml": ("xstat_dump_{}.xml", status_xml(case).encode()),
        "log": ("loggingsnapshot_{}.txt", log(case, packets).encode()),
    }
    if case.only_log:
        return [named(case, *texts["log"])]
    files = [("eth0_diagnostic_logging_tcpdump0_{}.pcap", write_capture(packets))]
    if case.arrange:
        return [named(case, *file) for file in case.arrange(packets, list(texts.values()))]
    return [named(case, *file) for file in files + list(texts.values())]


def named(case, form, content):
    return case.folder + form.format(f"{case.host}_{case.stamp}"), content


def tar(files, start):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(content), start + 60, 0o644
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def packed(case):
    out = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(tar(members(case), case.start))
    return out.getvalue()


def two_interfaces(packets, texts):
    """Rotated files of two interfaces in no order: eth1 leads to Expressway-E, and what
    goes to the publisher is seen on both."""
    def host(packet):
        return set() if packet.tcp is None else {packet.tcp[0][0], packet.tcp[1][0]}
    outside = [packet for packet in packets if host(packet) & {EXPE, PUB}]
    inside = [packet for packet in packets if EXPE not in host(packet)]
    third, half = len(inside) // 3, len(outside) // 2
    parts = {
        ("eth0", 0): inside[:third], ("eth0", 1): inside[third:2 * third], ("eth0", 2): inside[2 * third:],
        ("eth1", 0): outside[:half], ("eth1", 1): outside[half:],
    }
    files = [(f"{interface}_diagnostic_logging_tcpdump{number}_{{}}.pcap", write_capture(part))
             for (interface, number), part in parts.items()]
    order = [files[2], texts[6], files[4], files[0], texts[0], files[3], files[1]]
    return order + texts[1:6]


TRAVERSAL = ("Traversal-to-expe", "TraversalClient", "expe.example.org", 7001, "TLS", "On")
TRAVERSAL_SERVER = ("Traversal-from-expc", "TraversalServer", "", 7001, "TLS", "On")
PLAIN_ZONE = ("CEtcp-cucmpub.example.org", "Neighbor", "cucmpub.example.org", 5060, "TCP", "Off")
TLS_ZONE = ("CEtls-cucmpub.example.org", "Neighbor", "cucmpub.example.org", 5061, "TLS", "On")
OAUTH_ZONE = ("CEOAuth cucmpub.example.org", "Neighbor", "cucmpub.example.org", 5091, "TLS", "On")
PLAIN, SECURE = (TRAVERSAL, PLAIN_ZONE), (TRAVERSAL, PLAIN_ZONE, TLS_ZONE)
SELF_SIGNED = ("self signed certificate", 0)
NO_ISSUER = ("unable to get local issuer certificate", 1)
EC_REFUSED = {(PUB, 6972): SELF_SIGNED, (SUB, 6972): SELF_SIGNED}
# Captures of this directory go with its trust stores, and with what one of them shows of Expressway-C.
OLD_OWN = "chain/expc.pem"

CASES = [
    # a to n: the rows of the vendor's document
    Case(1, connections=6, version="X14.2.5", captures=["refused-by-cucm.pcap"],
         zones=(*SECURE, OAUTH_ZONE)),
    Case(2, connections=4, version="X14.0.5", captures=["not-verifying.pcap"], ciphers=ECDSA_FIRST, zones=PLAIN,
         sip_versions="TLSv1:TLSv1.1:TLSv1.2"),
    Case(3, version="X14.2.2", captures=["root-unknown.pcap"], trust=("voice-root",), zones=PLAIN,
         uc_servers=(("cucmpub.example.org", "Off"),), errors={(PUB, 8443): NO_ISSUER}),
    Case(4, connections=2, captures=["namesakes.pcap"], trust=("root", "voice-root", "tomcat-self", "callmanager-self"),
         zones=SECURE, errors={(PUB, 5061): SELF_SIGNED}),
    Case(5, connections=2, captures=["short-host-name.pcap", "address-instead-of-name.pcap"],
         trust="trust/expressway.pem", own=OLD_OWN, ciphers=ECDSA_FIRST, zones=PLAIN,
         names={(PUB, 8443, 1): "cucmpub", (PUB, 8443, 2): PUB}),
    Case(6, captures=["rsa-trusted.pcap"], trust="trust/expressway.pem", own=OLD_OWN, ciphers=ECDSA_FIRST,
         zones=PLAIN),
    Case(7, connections=4, version="X14.3.4", captures=["mra-login-ecdsa-untrusted.pcap"], trust="trust/expressway.pem",
         own=OLD_OWN, ciphers=ECDSA_FIRST, zones=PLAIN, zone=330, zone_name="Asia/Kolkata", skew=-37_250_000,
         errors=EC_REFUSED),
    Case(8, connections=2, version="X15.2.2", captures=["hidden-certificates.pcap"], trust=("voice-root",), zones=PLAIN,
         more={"SIP Advanced TlsSignatureAlgoPrefRsa": "On"}, errors={(PUB, 8443): NO_ISSUER}),
    Case(9, version="X15.3", captures=["sip-ecdsa-first.pcap"], zones=SECURE,
         more={"SIP Advanced TlsSignatureAlgoPrefRsa": "Off"}, errors={(PUB, 5061): SELF_SIGNED}),
    Case(10, version="X15.2.2", captures=["sip-by-cipher-order.pcap"], zones=SECURE, sip_ciphers=ECDSA_FIRST,
         more={"SIP Advanced TlsSignatureAlgoPrefRsa": "On"}, errors={(PUB, 5061): SELF_SIGNED}),
    Case(11, connections=2, version="X15.3", captures=["certificate-reused.pcap"], zones=SECURE, sip_versions="TLSv1.2",
         more={"SIP Advanced TlsSignatureAlgoPrefRsa": "On"}),
    Case(12, connections=3, version="X14.2.6", captures=["subscriber-bad.pcap"], zones=PLAIN,
         errors={(SUB, 8443): SELF_SIGNED}),
    Case(13, connections=3, captures=["sip-oauth.pcap"], zones=(*SECURE, OAUTH_ZONE)),
    Case(14, version="X15.3", captures=["no-client-auth.pcap"], own=("expc-server-only", "voice-root"), zones=SECURE,
         more={"SIP Advanced TlsSignatureAlgoPrefRsa": "On"}),
    # one where all is well, a cluster, and other shapes
    Case(15, connections=7, version="X15.2.2", captures=["healthy.pcap"], zones=SECURE, logger="INFO",
         more={"SIP Advanced TlsSignatureAlgoPrefRsa": "On"}),
    Case(17, connections=7, version="X15.2.2", captures=["healthy.pcap"], zones=SECURE, arrange=two_interfaces,
         folder="diagnostic_log_expc_2026-05-17_09_01_00/", more={"SIP Advanced TlsSignatureAlgoPrefRsa": "On"}),
    Case(18, connections=4, version="X14.3.4", captures=["mra-login-ecdsa-untrusted.pcap"],
         trust="trust/expressway.pem", own=OLD_OWN, only_log=True, errors=EC_REFUSED),
    Case(14, connections=3, version="X15.3", host="expe", address=EXPE, edge=True, own=("expe", "voice-root"),
         captures=["no-client-auth.pcap", "client-outside.pcap"], zones=(TRAVERSAL_SERVER,)),
    Case(20, version="X12.6", captures=["rsa-trusted.pcap"], trust="trust/expressway-without-root.pem", own=OLD_OWN,
         zones=PLAIN, sip_versions="TLSv1:TLSv1.1:TLSv1.2"),
]

CLUSTER = [
    Case(16, connections=count, version="X14.3.1", host=host, address=address, captures=[capture], trust=trust,
         zones=PLAIN,
         cluster="expc.example.org", peers=("expc1.example.org", "expc2.example.org"),
         errors={(PUB, 8443): NO_ISSUER})
    for host, address, capture, count, trust in (
        ("expc1", "10.30.5.20", "healthy.pcap", 7, ("root", "voice-root")),
        ("expc2", "10.30.5.21", "second-peer.pcap", 1, ("voice-root",)),
    )
]


def main():
    folder = HERE / "archives"
    written = {case.archive: packed(case) for case in CASES}
    written["cluster_2026-05-16.tar"] = tar([(case.archive, packed(case)) for case in CLUSTER], CLUSTER[0].start)
    for old in [*folder.glob("*.tar.gz"), *folder.glob("*.tar")]:
        old.unlink()
    for name, content in written.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
