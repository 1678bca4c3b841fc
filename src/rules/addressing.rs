//! By what name Expressway-C reaches the nodes of Unified CM, IM and Presence and Unity
//! Connection.

use std::net::IpAddr;

use super::documents::{MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION};
use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::selection;
use super::words::Text;
use crate::expressway::{Event, Verification};
use crate::tls::Role;
use crate::wire::text::printable;
use crate::x509::GeneralName;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] =
    &[IP_ONLY_AS_IP_SAN, UC_ADDRESSED_BY_IP, UC_ADDRESSED_BY_HOSTNAME];

const RENAME: Text = Text::en(
    "On Unified CM, System > Server: replace {shown} by the fully qualified domain name that the certificate carries. Then on Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers.",
);
const APPLIES: Text = Text::en(
    "HTTPS of the traffic server of Expressway-C (443, 8443, 6971, 6972); it breaks from X14.2 on",
);
const STEPS: Text = Text::en(
    "1. On Unified CM, System > Server: each node by its fully qualified domain name; the same for the IM and Presence nodes, and for Unity Connection under User Management > UC Service. 2. The certificates carry that name as DNS name. 3. On Expressway-C: Configuration > Unified Communications > Unified CM servers (IM and Presence Service nodes, Unity Connection servers) > Refresh servers.",
);
const SYMPTOM: Text = Text::en(
    "Discovery with TLS verify mode On fails and the cluster is not added; from X14.2 on login fails with 502 and the log says: SNI (name) not in certificate. Action=Terminate",
);
const SOURCE: &str = "Apache Traffic Server, SSLNetVConnection.cc and SSLClientUtils.cc";

const UC_ADDRESSED_BY_IP: Rule = Rule {
    id: "uc-addressed-by-ip",
    severity: Severity::Warning,
    summary: Text::en("Expressway-C reaches a UC node by its address, not by a name"),
    sentence: Text::en(
        "Expressway-C {client} connects to {server} by address: {how}. No certificate of a CA carries an address as DNS name, so the name check fails.",
    ),
    remedy: RENAME,
    needs: &[Need::Expressway],
    applies: APPLIES,
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the ClientHello of the traffic server has no server name, or the path of the request in the log names an address.",
        ),
        why: Text::en(
            "An address is never sent as server name (RFC 6066, 3), so a ClientHello without one means that Unified CM lists the node by address. The traffic server then compares the text of the address with DNS names and the common name.",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: Text::en(
            "The MRA guide still allows addresses where Unified CM and Expressway are in different domains; document 225476 forbids them.",
        ),
    },
    references: &["RFC 6066, 3", MRA_REQUIREMENTS, SOURCE],
    check: Check::Connection(uc_addressed_by_ip),
};

fn uc_addressed_by_ip(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let hello = selection::client_hello_frame(connection)?;
    if !subject.leg.is_traffic_server() || connection.server_name().is_some() {
        return None;
    }
    let logged = path_host(subject).filter(|host| host.parse::<IpAddr>().is_ok());
    let how = match &logged {
        Some(_) => {
            Text::en("the ClientHello has no server name, and the log names the address {shown}")
        }
        None => Text::en("the ClientHello has no server name"),
    };
    let shown = logged.unwrap_or_else(|| connection.server.address.to_string());
    let evidence = Evidence::new(hello, "tls.handshake.extensions_server_name", "none")
        .expecting("the fully qualified domain name");
    let values = scene::values(connection).with("shown", shown).with_words("how", how);
    Some(observation(subject, values, evidence))
}

const UC_ADDRESSED_BY_HOSTNAME: Rule = Rule {
    id: "uc-addressed-by-hostname",
    severity: Severity::Warning,
    summary: Text::en("Expressway-C reaches a UC node by a host name without its domain"),
    sentence: Text::en(
        "Expressway-C {client} connects to {server} by the short host name {shown}. The certificates of CAs carry fully qualified domain names, so the name check fails.",
    ),
    remedy: RENAME,
    needs: &[Need::Expressway],
    applies: APPLIES,
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the server name that the traffic server sends, or the path of the request in the log, has no dot.",
        ),
        why: Text::en(
            "Expressway-C connects to the name that Unified CM lists under System > Server, and expects it in the certificate.",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: Text::en(
            "A self-signed certificate may carry the short name; then the check passes as long as that certificate itself is trusted.",
        ),
    },
    references: &[MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION],
    check: Check::Connection(uc_addressed_by_hostname),
};

fn uc_addressed_by_hostname(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    if !subject.leg.is_traffic_server() {
        return None;
    }
    let hello = selection::client_hello_frame(connection)?;
    let name = connection.server_name().map(str::to_owned).or_else(|| path_host(subject))?;
    if name.contains('.') || name.contains(':') || name.is_empty() {
        return None;
    }
    let evidence = Evidence::new(hello, "tls.handshake.extensions_server_name", printable(&name))
        .expecting("the fully qualified domain name");
    let values = scene::values(connection).with("shown", &name);
    Some(observation(subject, values, evidence))
}

const IP_ONLY_AS_IP_SAN: Rule = Rule {
    id: "ip-only-as-ip-san",
    severity: Severity::Error,
    summary: Text::en(
        "The address stands in the certificate, but where the traffic server never looks",
    ),
    sentence: Text::en(
        "Expressway-C {client} connects to {server} by address. {certificate} has {shown} as iPAddress, which the traffic server does not compare; it looks at DNS names and the common name only.",
    ),
    remedy: RENAME,
    needs: &[Need::Expressway, Need::ServerCertificate],
    applies: APPLIES,
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the address that the traffic server connects to stands in the certificate as iPAddress and neither as DNS name nor as common name.",
        ),
        why: Text::en(
            "Browsers and `openssl s_client -verify_ip` accept such a certificate. The traffic server calls its check with an address as if it were a host name, so only dNSName entries and the common name count.",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: Text::en(
            "Read from the public source of Apache Traffic Server; Cisco may ship a changed build. Upload with an address in the certificate is refused on Expressway itself.",
        ),
    },
    references: &[SOURCE, "RFC 6066, 3", MRA_REQUIREMENTS],
    check: Check::Connection(ip_only_as_ip_san),
};

fn ip_only_as_ip_san(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    if !subject.leg.is_traffic_server() || connection.server_name().is_some() {
        return None;
    }
    let leaf = connection.server_leaf()?;
    let address = connection.server.address;
    let as_address = leaf
        .extensions
        .subject_alt_names
        .iter()
        .flatten()
        .any(|name| matches!(name, GeneralName::Ip(ip) if *ip == octets(address)));
    let text = address.to_string();
    let found = crate::trust::name::check(crate::trust::name::NameRule::TrafficServer, leaf, &text);
    if !as_address || found.matched {
        return None;
    }
    let frame = scene::certificate_frame(connection, Role::Server)?;
    let evidence = Evidence::new(frame, "x509ce.iPAddress", &text).expecting("a DNS name");
    let values = scene::values(connection).with("certificate", leaf.title()).with("shown", &text);
    Some(observation(subject, values, evidence))
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(four) => four.octets().to_vec(),
        IpAddr::V6(six) => six.octets().to_vec(),
    }
}

/// What does not verify yet only warns.
fn observation(subject: &Subject<'_>, values: super::Values, evidence: Evidence) -> Observation {
    let verified = subject.version().map(crate::expressway::Version::verifies_origin_servers);
    let failed = subject.connection.outcome.failed();
    let severity = (verified == Some(Verification::No) && !failed).then_some(Severity::Info);
    Observation { values, evidence: vec![evidence], severity, of: Some(Role::Server) }
}

/// The host in the path of the request in the log.
fn path_host(subject: &Subject<'_>) -> Option<String> {
    subject.log.iter().find_map(|line| match &line.event {
        Event::ReceiveRequest { wanted: Some(wanted), .. } => Some(wanted.host.clone()),
        _ => None,
    })
}
