//! The nodes and services of Unified CM beside one another: one works, the other does
//! not.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::case::{Case, CaseConnection, CaseObservation};
use super::documents::{COLLABORATION_EDGE_ISSUES, MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION};
use super::finding::{Evidence, Finding, Observation, Severity};
use super::reaction::{Reaction, reaction};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::words::{Text, Values};
use crate::connection::Connection;
use crate::expressway::{Party, service};
use crate::tls::Role;
use crate::trust::PathValidation;
use crate::x509::Certificate;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] =
    &[SUBSCRIBER_NOT_COVERED, CUCM_SPLIT_TRUST, CERT_REUSE_DETECTED, FOREIGN_CERTIFICATE];

const REUSE: &str =
    "Tomcat certificate reuse (221070); Implement reuse of multi-SAN Tomcat certificate (222534)";

const SUBSCRIBER_NOT_COVERED: Rule = Rule {
    id: "subscriber-not-covered",
    severity: Severity::Error,
    summary: Text::en("One node passes the checks of Expressway-C, another node does not"),
    sentence: Text::en(
        "On port {port} {good} passes the checks of {client}, and {bad} does not (rule {fault}): what needs {bad} fails, while the rest works.",
    ),
    remedy: Text::en(
        "Give {bad} a certificate like that of the other node: one multi-server certificate (multi-SAN) for all nodes, with every node's name and one CA chain, or a certificate of the same CA for that node; or upload the chain of {bad} to the trusted CA list.",
    ),
    needs: &[Need::Parties, Need::ServerCertificate],
    applies: Text::en("Clusters behind Expressway-C from X14.2 on (disputed: X14.0.8)"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether of several UC nodes that Expressway-C reaches on the same port some have a certificate that it accepts and others one that it refuses.",
        ),
        why: Text::en(
            "Discovery with TLS verify mode On checks the publisher only; the subscribers come from the publisher's database. From X14.2 on every node is verified, each time.",
        ),
        symptom: Text::en(
            "TLS verify mode On was accepted, yet some logins fail, redundancy is lost, or failover faults",
        ),
        steps: Text::en(
            "1. Compare the certificates of the nodes (`tlsight peers`). 2. On Unified CM, OS Administration > Security > Certificate Management: create a multi-server (SAN) CSR for tomcat, have it signed, upload it. 3. `utils service restart Cisco Tomcat` on all UCM and IM&P nodes.",
        ),
        caveat: Text::en(
            "Which nodes are one cluster is not in the capture: nodes of two clusters, or Unity Connection beside Unified CM, are compared as well.",
        ),
    },
    references: &[MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION],
    check: Check::Case(subscriber_not_covered),
};

fn subscriber_not_covered(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut ports: BTreeMap<_, Nodes<'_>> = BTreeMap::new();
    for one in case.connections.iter().filter(|one| one.subject.leg.is_traffic_server()) {
        let connection = one.subject.connection;
        let key = (taker(one), connection.client.address, connection.server.port);
        let nodes = ports.entry(key).or_default();
        let node = connection.server.address;
        if let Some(fault) = one.server_certificate_fault() {
            nodes.bad.entry(node).or_insert((one, fault));
        } else if passes(one) {
            nodes.good.entry(node).or_insert(one);
        }
    }
    ports.values().flat_map(Nodes::observations).collect()
}

/// The Expressway by which connections are compared: archives of other boxes, or of the
/// same box at another time, are other cases.
const fn taker(one: &CaseConnection<'_>) -> Option<usize> {
    one.subject.leg.appliance()
}

/// Nodes that were reached on one port.
#[derive(Default)]
struct Nodes<'a> {
    good: BTreeMap<IpAddr, &'a CaseConnection<'a>>,
    bad: BTreeMap<IpAddr, (&'a CaseConnection<'a>, &'a Finding)>,
}

impl Nodes<'_> {
    fn observations(&self) -> Vec<CaseObservation> {
        let of = |(bad, fault): &(&CaseConnection<'_>, &Finding)| {
            let connection = bad.subject.connection;
            let good = self.nearest(bad)?;
            let values = scene::values(connection)
                .with("good", scene::server(good.subject.connection))
                .with("bad", scene::server(connection))
                .with("fault", fault.rule.id);
            Some(bad.observation(Observation {
                values,
                evidence: fault.evidence.clone(),
                severity: None,
                of: Some(Role::Server),
            }))
        };
        self.bad.values().filter_map(of).collect()
    }

    /// The node to compare with: of no other product as far as known, and of the likest name,
    /// because nodes of a cluster are named alike (cucmpub, cucmsub); else the first.
    fn nearest(&self, bad: &CaseConnection<'_>) -> Option<&CaseConnection<'_>> {
        let near = |good: &CaseConnection<'_>| {
            let [one, other] = [good, bad].map(|one| one.subject.leg.server);
            let known = ![one, other].contains(&Party::UcNode);
            (!known || one == other, alike(good.subject.connection, bad.subject.connection))
        };
        let all = self.good.iter().filter(|(node, _)| !self.bad.contains_key(*node));
        // The last of equals is taken, so that the first comes last.
        all.map(|(_, good)| *good).rev().max_by_key(|good| near(good))
    }
}

/// How many letters the names of two servers have in common at their beginning.
fn alike(one: &Connection, other: &Connection) -> usize {
    let [one, other] = [one, other].map(|one| one.server_name().unwrap_or_default());
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}

/// Whether the client took the server's certificate, and nothing speaks against it.
fn passes(one: &CaseConnection<'_>) -> bool {
    reaction(one.subject.connection, Role::Server) == Reaction::Accepted
        && one.subject.connection.server_path.judged().is_none_or(|path| path.ok())
}

const CUCM_SPLIT_TRUST: Rule = Rule {
    id: "cucm-split-trust",
    severity: Severity::Error,
    summary: Text::en("Services of one node show certificates of which only one is trusted"),
    sentence: Text::en(
        "{node} shows {good_certificate} on port {good_port}, which {client} trusts, and {bad_certificate} on port {bad_port}, which it does not: {symptom}",
    ),
    remedy: Text::en(
        "Upload the CA chain of {bad_certificate} too (Maintenance > Security > Trusted CA certificate > Append CA certificate, every peer), or let one certificate serve both: with Unified CM 14 and later reuse the multi-server Tomcat certificate as CallManager certificate (OS Administration > Security > Certificate Management > Reuse Certificate).",
    ),
    needs: &[Need::Parties, Need::TrustStore, Need::ServerCertificate],
    applies: Text::en("Unified CM behind Expressway-C from X14.2 on (disputed: X14.0.8)"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether one address shows different certificates on different ports, of which the trust list covers one and not the other.",
        ),
        why: Text::en(
            "8443 shows the Tomcat certificate, 5061 the CallManager certificate, and 6971 and 6972 one of either or of the EC pair. Seen in the field: 8443 gives a CA-signed RSA certificate and works, while 6972 gives a self-signed EC certificate and fails, in one login.",
        ),
        symptom: Text::en(
            "Login passes UDS on 8443 and dies at the configuration download (502 connect failed), or registers without SIP",
        ),
        steps: Text::en(
            "1. `tlsight peers` shows which port shows which certificate. 2. Upload the missing chain, or sign that certificate by the same CA, or reuse the Tomcat certificate. 3. Restart the Expressway after a change of the trust list.",
        ),
        caveat: Text::en(
            "Which CUCM certificate HAProxy shows on 6971 and 6972 is not documented; the report prints serial and name and does not name the store.",
        ),
    },
    references: &[MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION, REUSE],
    check: Check::Case(cucm_split_trust),
};

fn cucm_split_trust(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut nodes: BTreeMap<_, Vec<&CaseConnection<'_>>> = BTreeMap::new();
    for one in case.connections {
        let connection = one.subject.connection;
        if one.subject.leg.client.is_expressway()
            && one.subject.leg.server.is_uc()
            && connection.server_path.judged().is_some()
        {
            let key = (taker(one), connection.client.address, connection.server.address);
            nodes.entry(key).or_default().push(one);
        }
    }
    nodes.values().filter_map(|node| split(node)).collect()
}

fn split(node: &[&CaseConnection<'_>]) -> Option<CaseObservation> {
    let ok = |one: &CaseConnection<'_>| {
        one.subject.connection.server_path.judged().is_some_and(|path| path.ok())
    };
    let good = node.iter().find(|one| ok(one))?;
    let (good_connection, good_leaf) = shown(good)?;
    let bad = node.iter().find(|one| {
        !ok(one)
            && one.subject.connection.server.port != good_connection.server.port
            && shown(one).is_some_and(|(_, leaf)| leaf.sha256 != good_leaf.sha256)
    })?;
    let (bad_connection, bad_leaf) = shown(bad)?;
    let port = bad_connection.server.port;
    let values = scene::values(bad_connection)
        .with("node", scene::server(bad_connection))
        .with("good_certificate", good_leaf.title())
        .with("good_port", good_connection.server.port.to_string())
        .with("bad_certificate", bad_leaf.title())
        .with("bad_port", port.to_string())
        .with_words("symptom", split_symptom(port));
    let proof = |one: &CaseConnection<'_>, leaf: &Certificate| {
        let frame = scene::certificate_frame(one.subject.connection, Role::Server)?;
        Some(scene::serial_evidence(frame, leaf))
    };
    let same_capture = good.capture == bad.capture;
    let evidence = proof(bad, bad_leaf)
        .into_iter()
        .chain(proof(good, good_leaf).filter(|_| same_capture))
        .collect();
    let accepted = reaction(bad_connection, Role::Server) == Reaction::Accepted;
    let mut found = bad.observation(Observation {
        values,
        evidence,
        severity: accepted.then_some(Severity::Warning),
        of: Some(Role::Server),
    });
    if same_capture {
        found.streams.insert(0, good_connection.stream);
        found.streams.sort_unstable();
    }
    Some(found)
}

const fn split_symptom(port: u16) -> Text {
    match port {
        6971 | 6972 => Text::en(
            "login passes the service on the first port and dies at the configuration download (502).",
        ),
        5061 | 5091 => Text::en("login works and secure SIP registration fails."),
        _ => Text::en("one service works and the other fails."),
    }
}

fn shown<'a>(one: &CaseConnection<'a>) -> Option<(&'a Connection, &'a Arc<Certificate>)> {
    let connection = one.subject.connection;
    Some((connection, connection.server_leaf()?))
}

const CERT_REUSE_DETECTED: Rule = Rule {
    id: "cert-reuse-detected",
    severity: Severity::Info,
    summary: Text::en("A node shows one certificate on several services (certificate reuse)"),
    sentence: Text::en(
        "{node} shows the same certificate {certificate} on ports {ports}: one trust anchor covers them all.{multi}",
    ),
    remedy: Text::en(
        "Nothing to do. On Unified CM `show cert own tomcat` and `show cert own CallManager` print the same serial number.",
    ),
    needs: &[Need::Parties, Need::ServerCertificate],
    applies: Text::en("Unified CM 14 and later (certificate reuse)"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether an address shows one certificate on 8443 and on 5061, 5091, 6971 or 6972.",
        ),
        why: Text::en(
            "From Unified CM 14 on a multi-server Tomcat certificate can be reused as CallManager certificate, and Tomcat-ECDSA as CallManager-ECDSA. Then one anchor is enough, and the trouble of two certificates with one common name (CSCwa12894) is gone.",
        ),
        symptom: Text::en("None: CallManager is no longer shown in the list of certificates"),
        steps: Text::en(
            "To reuse: 1. upload the CA chain of Tomcat as CallManager-trust. 2. OS Administration > Security > Certificate Management > Reuse Certificate. 3. Restart Cisco HAProxy; for the EC pair also Cisco TFTP and Cisco CallManager. 4. In mixed mode `utils ctl update CTLFile`.",
        ),
        caveat: Text::en("A certificate that was uploaded twice by hand looks the same."),
    },
    references: &[MRA_REQUIREMENTS, REUSE],
    check: Check::Case(cert_reuse_detected),
};

fn cert_reuse_detected(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut uses: BTreeMap<_, Vec<&CaseConnection<'_>>> = BTreeMap::new();
    for one in case.connections.iter().filter(|one| one.subject.leg.server.is_uc()) {
        if let Some((connection, leaf)) = shown(one) {
            let key = (taker(one), connection.server.address, leaf.sha256);
            uses.entry(key).or_default().push(one);
        }
    }
    uses.values().filter_map(|list| reuse(list)).collect()
}

fn reuse(list: &[&CaseConnection<'_>]) -> Option<CaseObservation> {
    let ports: BTreeSet<u16> = list.iter().map(|one| one.subject.connection.server.port).collect();
    let of_tomcat = ports.contains(&8443) || ports.contains(&443);
    let of_call_manager = [5061, 6971, 6972].iter().any(|port| ports.contains(port));
    let first = list.first().filter(|_| of_tomcat && of_call_manager)?;
    let (connection, leaf) = shown(first)?;
    let names = leaf.extensions.dns_names().count();
    let multi = if names > 1 {
        Text::en(" It is a multi-server certificate with {names} names.")
    } else {
        Text::en("")
    };
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    let values = scene::values(connection)
        .with("node", scene::server(connection))
        .with("certificate", leaf.title())
        .with("ports", ports.join(", "))
        .with("names", names.to_string())
        .with_words("multi", multi);
    let frame = scene::certificate_frame(connection, Role::Server);
    Some(first.observation(Observation {
        values,
        evidence: frame.map(|frame| scene::serial_evidence(frame, leaf)).into_iter().collect(),
        severity: None,
        of: Some(Role::Server),
    }))
}

const FOREIGN_CERTIFICATE: Rule = Rule {
    id: "foreign-certificate",
    severity: Severity::Warning,
    summary: Text::en("A known host shows a certificate that is not its own"),
    sentence: Text::en(
        "{host} shows {certificate}, but {expected}: a phone proxy or TLS inspection may stand in the path.",
    ),
    remedy: Text::en(
        "Compare the serial number with the certificate on the box itself. If it is not there, look for a firewall with TLS inspection or a phone proxy between {client} and {host}, and take this traffic out of it.",
    ),
    needs: &[Need::ServerCertificate],
    applies: Text::en("5061 and 8443 of Expressway and of UC nodes"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a known Expressway shows a certificate that is not in its archive, or a UC node shows two certificates of one kind of key on one port; for other servers of MRA ports, whether one of two is trusted and the other is not.",
        ),
        why: Text::en(
            "A box in the path that ends TLS shows a certificate of its own. Then trust is right on both sides, and the handshake still fails.",
        ),
        symptom: Text::en(
            "Certificates that nobody installed; registration fails from some networks only",
        ),
        steps: Text::en(
            "1. Compare serial numbers. 2. Capture on both sides of the firewall. 3. Take SIP and HTTPS of these hosts out of inspection.",
        ),
        caveat: Text::en(
            "A certificate that was replaced while the capture ran looks the same, and so do several servers behind one address.",
        ),
    },
    references: &[COLLABORATION_EDGE_ISSUES],
    check: Check::Case(foreign_certificate),
};

fn foreign_certificate(case: &Case<'_>) -> Vec<CaseObservation> {
    let not_in_archive = case.connections.iter().filter_map(|one| {
        let appliance = case.deployment.appliance(one.subject.leg.server_appliance?)?;
        let (connection, leaf) = shown(one)?;
        let own = &appliance.server_certificates;
        let known = own.is_empty() || own.iter().any(|own| own.sha256 == leaf.sha256);
        if known || !matches!(connection.server.port, 5061 | 8443 | 7001..=7004) {
            return None;
        }
        let own = own.first().map(|own| own.serial.text()).unwrap_or_default();
        let values = Values::new()
            .with("own", own)
            .with_words("expected", Text::en("its own certificate has the serial {own}"));
        Some(foreign(one, leaf, values))
    });
    not_in_archive.chain(two_of_a_kind(case)).collect()
}

/// UC nodes that show two certificates of one kind of key on one port; servers of which nothing
/// is known, where one of the two is trusted and the other is not.
fn two_of_a_kind<'a>(case: &'a Case<'_>) -> impl Iterator<Item = CaseObservation> + use<'a> {
    let mut first: BTreeMap<_, &CaseConnection<'_>> = BTreeMap::new();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    let may_be = |one: &&CaseConnection<'_>| {
        let Subject { leg, connection, .. } = &one.subject;
        leg.server.is_uc() || service(connection.server.port).is_some()
    };
    for one in case.connections.iter().filter(may_be) {
        let Some((connection, leaf)) = shown(one) else { continue };
        let kind = format!("{:?}", std::mem::discriminant(&leaf.public_key.kind));
        // Several servers may stand behind one address; the nodes of a deployment do not.
        let name = connection.server_name().filter(|_| !one.subject.leg.server.is_uc());
        let key = (taker(one), connection.server, name, kind);
        let other = *first.entry(key.clone()).or_insert(one);
        let trust = [one, other].map(|one| one.subject.connection.server_path.judged());
        let differs = matches!(trust.map(|path| path.map(PathValidation::ok)),
            [Some(this), Some(that)] if this != that);
        let (_, known) = shown(other).unwrap_or((connection, leaf));
        let counts = one.subject.leg.server.is_uc() || differs;
        if counts && known.sha256 != leaf.sha256 && told.insert(key) {
            found.push(one_of_two(one, other));
        }
    }
    found.into_iter().flatten()
}

/// Tells of the one that is not trusted, or else of the one that came later.
fn one_of_two(one: &CaseConnection<'_>, other: &CaseConnection<'_>) -> Option<CaseObservation> {
    let is_bad = |one: &CaseConnection<'_>| {
        one.subject.connection.server_path.judged().is_some_and(|path| !path.ok())
    };
    let (told, known) = if is_bad(other) && !is_bad(one) { (other, one) } else { (one, other) };
    let ((_, leaf), (_, known)) = (shown(told)?, shown(known)?);
    let values = Values::new().with("own", known.serial.text()).with_words(
        "expected",
        Text::en("in another connection to the same port the serial is {own}"),
    );
    Some(foreign(told, leaf, values))
}

fn foreign(one: &CaseConnection<'_>, leaf: &Certificate, values: Values) -> CaseObservation {
    let connection = one.subject.connection;
    let values = values
        .with("client", connection.client.address.to_string())
        .with("host", scene::server(connection))
        .with("certificate", leaf.title());
    let frame = scene::certificate_frame(connection, Role::Server);
    let evidence: Vec<Evidence> =
        frame.map(|frame| scene::serial_evidence(frame, leaf)).into_iter().collect();
    one.observation(Observation { values, evidence, severity: None, of: Some(Role::Server) })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        EXPRESSWAY, WITH_ECDSA, expressway, findings_across, findings_of, judged,
    };
    use crate::expressway::Appliance;

    const ACROSS: &[&str] = &["mtls-accepted.pcap", "ecdsa-root-missing.pcap"];

    #[test]
    fn a_subscriber_that_fails_where_the_publisher_passes_is_told() {
        let all = findings_across(ACROSS, EXPRESSWAY, expressway());
        let mut found = all.iter().filter(|found| found.rule.id == "subscriber-not-covered");
        let said = found.next().unwrap().sentence();
        assert!(said.starts_with("On port 6972 cucmpub.example.org (10.30.7.11:6972) passes"));
        assert!(said.contains("cucmsub.example.org (10.30.7.12:6972) does not"), "{said}");
        assert!(found.next().is_none());
        let alone = ["ecdsa-root-missing.pcap"];
        let all = findings_across(&alone, EXPRESSWAY, expressway());
        assert!(all.iter().all(|found| found.rule.id != "subscriber-not-covered"));
    }

    #[test]
    fn nodes_of_a_cluster_are_named_alike() {
        let all = judged("mra-login-ecdsa-untrusted.pcap", EXPRESSWAY);
        let at = |address: &str| {
            let mut connections = all.iter().map(|one| &one.connection);
            connections.find(|one| one.server.address.to_string() == address).unwrap()
        };
        assert_eq!(super::alike(at("10.30.7.11"), at("10.30.7.12")), "cucm".len());
    }

    #[test]
    fn services_of_one_node_of_which_one_is_trusted_are_told() {
        let id = "cucm-split-trust";
        let found = findings_of(id, "mra-login-ecdsa-untrusted.pcap", EXPRESSWAY, expressway());
        assert!(found[0].sentence().contains("dies at the configuration download (502)"));
        let found = findings_of(id, "mra-login-works.pcap", WITH_ECDSA, expressway());
        assert!(found.is_empty());
    }

    #[test]
    fn one_certificate_on_two_services_is_told() {
        let all =
            findings_across(&["rsa-trusted.pcap", "mtls-accepted.pcap"], EXPRESSWAY, expressway());
        let mut found = all.iter().filter(|found| found.rule.id == "cert-reuse-detected");
        assert!(found.next().unwrap().sentence().contains("on ports 6972, 8443"));
        let alone =
            findings_of("cert-reuse-detected", "rsa-trusted.pcap", EXPRESSWAY, expressway());
        assert!(alone.is_empty());
    }

    #[test]
    fn a_certificate_that_another_connection_does_not_show_is_told() {
        let id = "foreign-certificate";
        let all = findings_across(&["rsa-trusted.pcap", "expired.pcap"], EXPRESSWAY, expressway());
        assert_eq!(all.iter().filter(|found| found.rule.id == id).count(), 1);
        let server = Appliance { addresses: vec!["10.30.7.11".parse().unwrap()], ..expressway() };
        assert!(findings_of(id, "rsa-trusted.pcap", EXPRESSWAY, server).is_empty());
        // Where nobody is known, one of the two has to be trusted, and the other not.
        let nobody = || Appliance { addresses: Vec::new(), ..expressway() };
        let found = |samples: &[&str]| {
            let all = findings_across(samples, EXPRESSWAY, nobody());
            all.into_iter().filter(|found| found.rule.id == id).collect::<Vec<_>>()
        };
        let told = found(&["expired.pcap", "rsa-trusted.pcap"]);
        assert_eq!(told.len(), 1);
        assert!(found(&["rsa-trusted.pcap", "rsa-trusted.pcap"]).is_empty());
    }
}
