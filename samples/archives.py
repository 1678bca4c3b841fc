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

import base64
import datetime
import gzip
import io
import struct
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "archives" / "recorded"
UTC = datetime.timezone.utc

# The default string up to X15.0.1, and the same with RSA first.
ECDSA_FIRST = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH"
RSA_FIRST = "ECDHE-RSA-AES256-GCM-SHA384:" + ECDSA_FIRST

PUB, SUB, IMP, EXPE = "10.30.7.11", "10.30.7.12", "10.30.7.13", "192.0.2.30"
NAMES = {PUB: "cucmpub.example.org", SUB: "cucmsub.example.org", IMP: "imp.example.org",
         EXPE: "expe.example.org"}

# --- captures ---------------------------------------------------------------------


class Packet:
    """A frame with its time in microseconds, and the TCP segment in it, if any."""

    def __init__(self, time, frame, length):
        self.time, self.frame, self.length = time, frame, length
        self.tcp = None
        if frame[12:14] == b"\x08\x00" and frame[23] == 6:
            head = 14 + (frame[14] & 15) * 4
            end = 14 + struct.unpack(">H", frame[16:18])[0]
            source, target = struct.unpack(">HH", frame[head:head + 4])
            body = head + (frame[head + 12] >> 4) * 4
            host = lambda at: ".".join(map(str, frame[at:at + 4]))
            self.tcp = ((host(26), source), (host(30), target), frame[head + 13], frame[body:end])


def read_capture(name):
    """The packets of a classic pcap file with microseconds, and its link type."""
    path = RECORDED / name if (RECORDED / name).exists() else HERE / name
    data = path.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack("<IHHiIII", data[:24])
    assert (magic, link) == (0xA1B2C3D4, 1), name
    packets, at = [], 24
    while at < len(data):
        seconds, micros, kept, length = struct.unpack("<IIII", data[at:at + 16])
        packets.append(Packet(seconds * 1_000_000 + micros, data[at + 16:at + 16 + kept], length))
        at += 16 + kept
    return packets


def write_capture(packets):
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    for packet in packets:
        head = (*divmod(packet.time, 1_000_000), len(packet.frame), packet.length)
        parts.append(struct.pack("<IIII", *head) + packet.frame)
    return b"".join(parts)


def moved(names, start):
    """Captures one after the other, the first of them from `start` (seconds) on."""
    packets = []
    for name in names:
        more = read_capture(name)
        shift = (start - more[0].time // 1_000_000) * 1_000_000
        for packet in more:
            packet.time += shift
        packets += more
        start = packets[-1].time // 1_000_000 + 5
    return packets


class Connection:
    """What the packets of one TCP connection tell."""

    def __init__(self, client, server, time):
        self.client, self.server, self.first, self.last = client, server, time, time
        self.alert = None  # by the client?, number, time


def connections(packets):
    known, order = {}, []
    for packet in packets:
        if packet.tcp is None:
            continue
        source, target, flags, body = packet.tcp
        if flags & 0x12 == 0x02:
            known[source, target] = Connection(source, target, packet.time)
            order.append(known[source, target])
        connection = known.get((source, target)) or known.get((target, source))
        if connection is None:
            continue
        connection.last = packet.time
        # An alert in clear: two bytes, the first says fatal.
        if len(body) >= 7 and body[0] == 21 and body[3:6] == b"\x00\x02\x02":
            connection.alert = (source == connection.client, body[6], packet.time)
    return order


# --- log --------------------------------------------------------------------------

# OpenSSL's words for an alert that was received, and the end of its error number.
RECEIVED = {
    43: ("14094413", "sslv3 alert unsupported certificate"),
    48: ("14094418", "tlsv1 alert unknown ca"),
    80: ("14094438", "tlsv1 alert internal error"),
}
PATHS = {8443: "cucm-uds/clusterUser?username=alice", 6971: "CSFALICE.cnf.xml", 6972: "CSFALICE.cnf.xml"}


class Log:
    """Lines in the order of their times. `zone` is in minutes, `skew` in microseconds:
    how far the clock of the Expressway is ahead of that of the capture."""

    def __init__(self, case):
        self.case, self.lines, self.txn = case, [], 100

    def line(self, time, process, body):
        time += self.case.skew
        at = datetime.datetime.fromtimestamp(time / 1_000_000, UTC)
        zone = datetime.timezone(datetime.timedelta(minutes=self.case.zone))
        local = at.astimezone(zone).isoformat(timespec="milliseconds")
        stamp = at.strftime("%Y-%m-%d %H:%M:%S,") + f"{at.microsecond // 1000:03}"
        body = body.replace("{utc}", f'UTCTime="{stamp}"')
        self.lines.append((time, f"{local} {self.case.host} {process}: {body}"))

    def text(self):
        self.lines.sort(key=lambda line: line[0])
        return "".join(text + "\n" for _, text in self.lines)

    def started(self, time):
        self.line(time, "management", '{utc} Event="Diagnostic Logging Started" '
                  'Detail="Network Log Level DEBUG, tcpdump On" Level="1"')

    def http(self, connection, name, error):
        """A request through the traffic server, and what became of it."""
        self.txn += 1
        ids = f'Txn-id="{self.txn}" TrackingID="5f1c0a72-33d4-4be8-9b6e-{self.txn:012}"'
        host, port = connection.server
        true_name = base64.b64encode(f"example.org/https/{name}/{port}".encode()).decode().rstrip("=")
        process = "traffic_server[21544]"
        head = '{utc} Module="network.http.trafficserver" Level="INFO":  '
        path = PATHS.get(port, "")
        self.line(connection.first - 3000, process, head + f'Detail="Receive Request" {ids} Src-ip="127.0.0.1" '
                  f'Src-port="{30000 + self.txn}" Last-via-addr="" '
                  f'Msg="GET http://vcs_control.example.org:8443/{true_name}/{path} HTTP/1.1"')
        self.line(connection.first - 1000, process, head + f'Detail="Sending Request" {ids} Dst-ip="{host}" '
                  f'Dst-port="{port}" Msg="GET /{path} HTTP/1.1"')
        self.refused_by_traffic_server(connection, name, error, process)
        answer = "HTTP/1.1 502 connect failed " if connection.alert else "HTTP/1.1 200 OK"
        self.line(connection.last + 2000, process, head + f'Detail="Sending Response" {ids} Dst-ip="127.0.0.1" '
                  f'Dst-port="{30000 + self.txn}" Msg="{answer}"')

    def refused_by_traffic_server(self, connection, name, error, process):
        if connection.alert is None:
            return
        by_client, number, time = connection.alert
        host, _ = connection.server
        if not by_client:
            code, words = RECEIVED[number]
            words = f"error:{code}:SSL routines:ssl3_read_bytes:{words}"
            self.line(time + 1000, process, f"[ET_NET 1] ERROR: SSL connection failed for '{name}': {words}")
        elif number == 80:
            self.line(time - 200, process, f"[ET_NET 0] WARNING: SNI ({name}) not in certificate. "
                      f"Action=Terminate server={name}({host})")
        else:
            text, depth = error
            self.line(time - 200, process, "[ET_NET 0] WARNING: Core server certificate verification failed for "
                      f"({name}). Action=Terminate Error={text} server={name}({host}) depth={depth}")

    def sip(self, connection, error):
        """What SIP writes of a connection that failed."""
        if connection.alert is None:
            return
        inbound = connection.server[0] == self.case.address
        by_client, number, time = connection.alert
        refused_here = by_client != inbound
        detail = error[0] if refused_here else RECEIVED[number][1]
        (source, from_port), (target, to_port) = connection.client, connection.server
        way = "Inbound" if inbound else "Outbound"
        self.line(time + 1000, "tvcs", '{utc} ' + f'Event="{way} TLS Negotiation Error" Service="SIP" '
                  f'Src-ip="{source}" Src-port="{from_port}" Dst-ip="{target}" Dst-port="{to_port}" '
                  f'Detail="{detail}" Protocol="TLS" Level="1"')


# --- configuration and status -----------------------------------------------------


def settings(case):
    """Path and value of each setting; numbers are written without quotes."""
    rows = [
        ("Alternates Cluster Name", case.cluster),
        ("Ciphers HTTPSCiphers Value", case.ciphers),
        ("Ciphers HTTPSProtocol Value", "minTLSv1.2"),
        ("Ciphers ReverseProxyTLSCiphers Value", case.ciphers),
        ("Ciphers SIPTLSCiphers Value", case.sip_ciphers or case.ciphers),
        ("Ciphers UcClientTLSCiphers Value", case.ciphers),
        ("Ciphers UcClientTLSProtocol Value", "minTLSv1.2"),
        ("Ciphers XCPTLSCiphers Value", case.ciphers),
        ("CollaborationEdge Enabled", "On"),
        ("DNS Server 1 Address", "10.30.5.10"),
        ("Ethernet 1 IP V4 Address", case.address),
        ("IP DNS Domain Name", "example.org"),
        ("IP DNS Hostname", case.host),
        ("Logger Network network.http.trafficserver Level", "DEBUG"),
        ("SIP Advanced SipTlsVersions", case.sip_versions),
        ("SIP TLS Certificate Revocation Checking Mode", "Off"),
        ("SIP TLS Mode", "On"),
        ("SystemUnit Name", case.host),
        ("TimeZone Name", case.zone_name),
    ]
    loggers = ("http", "http_trans", "iocore", "ssl")
    rows += [(f"Logger Developer developer.trafficserver.{name} Level", case.logger) for name in loggers]
    rows += [(f"Alternates Peer {at} Address", peer) for at, peer in enumerate(case.peers, 1)]
    for at, (name, kind, peer, port, transport, verify) in enumerate(case.zones, 1):
        zone = f"Zones Zone {at}"
        rows += [(f"{zone} Name", name), (f"{zone} Type", kind), (f"{zone} {kind} SIP Port", port),
                 (f"{zone} {kind} SIP TLS Verify Mode", verify)]
        rows += [(f"{zone} {kind} Peer 1 Address", peer)] if peer else []
        rows += [(f"{zone} {kind} SIP Transport", transport)] if kind == "Neighbor" else []
    return sorted(rows + list(case.more.items()))


def configuration_text(case):
    quoted = lambda value: str(value) if isinstance(value, int) else f'"{value}"'
    return "".join(f"*c xConfiguration {path}: {quoted(value)}\n" for path, value in settings(case))


def as_xml(root, case, rows):
    """Each path as nested elements; a number is the `item` of the word before it."""
    tree = {}
    for path, value in rows:
        words, here = path.split(), tree
        for at, word in enumerate(words):
            if word.isdigit():
                continue
            item = words[at + 1] if at + 1 < len(words) and words[at + 1].isdigit() else "1"
            here = here.setdefault((word, item), {})
        here[None] = str(value)
    lines = ['<?xml version="1.0"?>', f'<{root} product="VCS" version="{case.version}">']
    write_xml(tree, lines, 1)
    return "\n".join([*lines, f"</{root}>", ""])


def write_xml(tree, lines, depth):
    for (name, item), below in tree.items():
        open_tag = " " * depth + f'<{name} item="{item}">'
        if None in below:
            value = below[None].replace("&", "&amp;").replace("<", "&lt;")
            lines.append(f"{open_tag}{value}</{name}>")
            continue
        lines.append(open_tag)
        write_xml(below, lines, depth + 1)
        lines.append(" " * depth + f"</{name}>")


def configuration_xml(case):
    rows = settings(case)
    for at, (address, verify) in enumerate(case.uc_servers, 1):
        server = f"CUCMConfig Server {at}"
        rows += [(f"{server} Address", address), (f"{server} TlsVerifyMode", verify)]
    return as_xml("Configuration", case, rows)


def status_text(case):
    lines = ["xstatus", "*s SystemUnit: /", f'  Product: "{case.product}"', f'  TimeZone: "{case.zone_name}"',
             "  Software: /", f'    Version: "{case.version}"', '    Name: "s42700"', "    Configuration: /",
             f'      Expressway: "{case.edge}"', "*s/end", "*s Ethernet 1: /", "  IPv4: /",
             f'    Address: "{case.address}"', '    SubnetMask: "255.255.0.0"', "*s/end", "*s Zones: /"]
    by_name = {name: address for address, name in NAMES.items()}
    for at, (name, kind, peer, port, _, _) in enumerate(case.zones, 1):
        lines += [f"  Zone {at}: /", f'    Name: "{name}"', f'    Type: "{kind}"',
                  '    Status: "%s"' % ("Active" if kind.startswith("Traversal") else "Address resolvable")]
        if peer in by_name:
            lines += [f"    {kind}: /", "      Peer 1: /", f'        Address: "{peer}"', "        SIP: /",
                      '          Status: "Active"', f'          Address: "{by_name[peer]}"',
                      f'          Port: "{port}"']
    return "\n".join([*lines, "*s/end", "*s Warnings: /", "*s/end", "", "OK", ""])


def status_xml(case):
    rows = [("SystemUnit Product", case.product), ("SystemUnit Software Version", case.version),
            ("Ethernet 1 IPv4 Address", case.address)]
    return as_xml("Status", case, rows)


# --- archives ---------------------------------------------------------------------


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
    Case(5, connections=2, captures=["short-host-name.pcap", "address-instead-of-name.pcap"], trust="trust/expressway.pem",
         own=OLD_OWN, ciphers=ECDSA_FIRST, zones=PLAIN, names={(PUB, 8443, 1): "cucmpub", (PUB, 8443, 2): PUB}),
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
    Case(12, connections=3, version="X14.2.6", captures=["subscriber-bad.pcap"], zones=PLAIN, errors={(SUB, 8443): SELF_SIGNED}),
    Case(13, connections=3, captures=["sip-oauth.pcap"], zones=(*SECURE, OAUTH_ZONE)),
    Case(14, version="X15.3", captures=["no-client-auth.pcap"], own=("expc-server-only", "voice-root"), zones=SECURE,
         more={"SIP Advanced TlsSignatureAlgoPrefRsa": "On"}),
    # one where all is well, a cluster, and other shapes
    Case(15, connections=7, version="X15.2.2", captures=["healthy.pcap"], zones=SECURE, logger="INFO",
         more={"SIP Advanced TlsSignatureAlgoPrefRsa": "On"}),
    Case(17, connections=7, version="X15.2.2", captures=["healthy.pcap"], zones=SECURE, arrange=two_interfaces,
         folder="diagnostic_log_expc_2026-05-17_09_01_00/", more={"SIP Advanced TlsSignatureAlgoPrefRsa": "On"}),
    Case(18, connections=4, version="X14.3.4", captures=["mra-login-ecdsa-untrusted.pcap"], trust="trust/expressway.pem",
         own=OLD_OWN, only_log=True, errors=EC_REFUSED),
    Case(19, connections=3, version="X15.3", host="expe", address=EXPE, edge=True, own=("expe", "voice-root"),
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
