"""Log, configuration and status of diagnostic archives: imitations in the published forms."""

import base64
import datetime

UTC = datetime.timezone.utc
PUB, SUB, IMP, EXPE = "10.30.7.11", "10.30.7.12", "10.30.7.13", "192.0.2.30"
NAMES = {PUB: "cucmpub.example.org", SUB: "cucmsub.example.org", IMP: "imp.example.org",
         EXPE: "expe.example.org"}

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
