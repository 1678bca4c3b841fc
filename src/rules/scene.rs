//! Who, where, what: the values that the sentences of many rules share.

use std::sync::Arc;

use super::finding::Evidence;
use super::rule::Subject;
use super::words::{Text, Values};
use crate::connection::{Connection, Outcome, s_client};
use crate::expressway::{Checker, Party, service};
use crate::tls::{Role, names};
use crate::x509::Certificate;

/// `cucmpub.example.org (10.30.7.11:6972)`, or the end alone when the client sent no
/// server name.
pub(super) fn server(connection: &Connection) -> String {
    match connection.server_name() {
        Some(name) => [name, " (", &connection.server.text(), ")"].concat(),
        None => connection.server.text(),
    }
}

/// The same with the service behind the port.
pub(super) fn server_and_service(connection: &Connection) -> String {
    match (connection.server_name(), service(connection.server.port)) {
        (Some(name), _) => [name, " (", &end_and_service(connection), ")"].concat(),
        (None, Some(service)) => [&connection.server.text(), " (", service.name, ")"].concat(),
        (None, None) => connection.server.text(),
    }
}

/// `10.30.7.11:5061, SIP TLS`, or the end alone where the service is not known.
fn end_and_service(connection: &Connection) -> String {
    let end = connection.server.text();
    match service(connection.server.port) {
        Some(service) => [&*end, ", ", service.name].concat(),
        None => end,
    }
}

/// The client with who it is: `Expressway-C expc.example.org (10.30.5.20)`, or the
/// address alone.
pub(super) fn named_client(subject: &Subject<'_>) -> String {
    let address = subject.connection.client.host();
    let party = subject.leg.client;
    let own = subject.leg.client_appliance.and_then(|index| subject.deployment.appliance(index));
    match own.map(|own| own.name.as_str()).filter(|name| !name.is_empty() && *name != address) {
        _ if party == Party::Unknown => address,
        Some(name) => [party.name(), " ", name, " (", &address, ")"].concat(),
        None => [party.name(), " ", &address].concat(),
    }
}

/// The server with who it is and the service behind the port.
pub(super) fn named_server(subject: &Subject<'_>) -> String {
    let server = server_and_service(subject.connection);
    let own = subject.leg.server_appliance.and_then(|index| subject.deployment.appliance(index));
    let said = subject.connection.server_name().is_some();
    let own = own.map(|own| own.name.as_str()).filter(|name| !name.is_empty());
    let known = own.or_else(|| subject.deployment.name_of(subject.connection.server.address));
    match (subject.leg.server, known.filter(|_| !said)) {
        (Party::Unknown, _) => server,
        (party, Some(name)) => {
            [party.name(), " ", name, " (", &end_and_service(subject.connection), ")"].concat()
        }
        (party, None) => [party.name(), " ", &server].concat(),
    }
}

/// Who showed a certificate: the client's address, or the server with its name.
pub(super) fn holder(connection: &Connection, of: Role) -> String {
    match of {
        Role::Client => connection.client.host(),
        Role::Server => server(connection),
    }
}

/// `unknown_ca (48)`.
pub(super) fn alert(description: u8) -> String {
    let mut buffer = itoa::Buffer::new();
    [&*names::alert_name(description), " (", buffer.format(description), ")"].concat()
}

/// `alert unknown_ca (48)`, also where it cannot be read.
pub(super) fn said_alert(description: Option<u8>) -> String {
    description
        .map_or_else(|| "an encrypted alert".to_owned(), |code| ["alert ", &alert(code)].concat())
}

/// `{client}`, `{server}` and `{port}`, which every sentence may use.
pub(super) fn values(connection: &Connection) -> Values {
    Values::new()
        .with("client", connection.client.host())
        .with("server", server(connection))
        .with("port", itoa::Buffer::new().format(connection.server.port))
}

/// The command that fetches the certificates of the server as the client was shown them.
pub(super) fn fetch(connection: &Connection) -> String {
    let reached = s_client(connection).map(|words| words.join(" "));
    let command = reached.unwrap_or_else(|| match connection.handshake.started_by {
        Some("HTTP CONNECT") => {
            ["openssl s_client -proxy ", &connection.server.text(), " -connect HOST:PORT"].concat()
        }
        _ => "openssl s_client -connect HOST:PORT".to_owned(),
    });
    command + " -showcerts"
}

/// Frame of the first Certificate message of a side.
pub(super) fn certificate_frame(connection: &Connection, of: Role) -> Option<u64> {
    connection.certificates(of).first().map(|presented| presented.frame)
}

/// The certificate of a side itself, if it is readable.
pub(super) fn leaf(connection: &Connection, of: Role) -> Option<&Arc<Certificate>> {
    connection.certificates(of).first().and_then(|presented| presented.parsed())
}

/// The serial number of a certificate as Wireshark's field.
pub(super) fn serial_evidence(frame: u64, certificate: &Certificate) -> Evidence {
    Evidence::new(frame, "x509af.serialNumber", certificate.serial.text())
}

/// How the handshake ended, where a frame shows it.
pub(super) fn ending(connection: &Connection) -> Option<Evidence> {
    match connection.outcome {
        Outcome::Alert { description, frame, .. } => Some(alert_evidence(frame, description)),
        Outcome::Reset { frame, .. } => Some(tcp_evidence(frame, true)),
        Outcome::Closed { frame, .. } => Some(tcp_evidence(frame, false)),
        _ => None,
    }
}

/// unknown_ca (RFC 8446, 6.2): whoever sends it has no CA of the certificate that it was shown.
pub(super) const UNKNOWN_CA: u8 = 48;

/// An alert, with its description unless it is encrypted.
pub(super) fn alert_evidence(frame: u64, description: Option<u8>) -> Evidence {
    match description {
        Some(code) => Evidence::new(frame, "tls.alert_message.desc", alert(code)),
        None => Evidence::new(frame, "tls.record.length", "encrypted alert"),
    }
}

/// The RST or FIN that ended a connection.
pub(super) fn tcp_evidence(frame: u64, reset: bool) -> Evidence {
    Evidence::new(frame, if reset { "tcp.flags.reset" } else { "tcp.flags.fin" }, "1")
}

/// Where a client keeps its trust anchors, by what listens on the port. The
/// placeholder `{wanted}` says what to upload.
pub(super) fn upload(subject: &Subject<'_>) -> Text {
    let checker = service(subject.connection.server.port).map(|service| service.checker);
    match (subject.leg.client, checker) {
        (Party::UnifiedCm | Party::ImAndPresence | Party::UcNode, _) => UPLOAD_TO_UNIFIED_CM,
        (Party::Client, _) => UPLOAD_TO_CLIENT,
        (party, _) if party.is_expressway() => UPLOAD_TO_EXPRESSWAY,
        (_, Some(Checker::TrafficServer)) => UPLOAD_TO_POSSIBLE_EXPRESSWAY,
        _ => UPLOAD_TO_EITHER,
    }
}

const UPLOAD_TO_EXPRESSWAY: Text = Text::en(
    "On the Expressway {client}, and on every peer of its cluster: Maintenance > Security > Trusted CA certificate > Append CA certificate, upload {wanted}, then restart it",
);
const UPLOAD_TO_POSSIBLE_EXPRESSWAY: Text = Text::en(
    "If {client} is an Expressway, on it and on every peer of its cluster: Maintenance > Security > Trusted CA certificate > Append CA certificate, upload {wanted}, then restart it",
);
const UPLOAD_TO_CLIENT: Text = Text::en(
    "A client outside trusts what its operating system does: put {wanted} into the trust store of the device {client}, or have the certificate of {server} issued by a CA that devices trust already; and see that {server} sends the intermediate CA certificates with it",
);
const UPLOAD_TO_UNIFIED_CM: Text = Text::en(
    "On every Unified CM node: OS Administration > Security > Certificate Management, upload {wanted} as CallManager-trust and as tomcat-trust; then restart Cisco CallManager, `utils service restart Cisco Tomcat`, `utils service restart Cisco HAProxy`",
);
const UPLOAD_TO_EITHER: Text = Text::en(
    "Upload {wanted} to the trust list of {client}. Expressway: Maintenance > Security > Trusted CA certificate > Append CA certificate on every peer, then restart it. Unified CM: OS Administration > Security > Certificate Management, as CallManager-trust and as tomcat-trust on every node, then restart Cisco Tomcat, Cisco CallManager and Cisco HAProxy",
);
