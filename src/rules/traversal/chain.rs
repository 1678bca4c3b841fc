//! The chains that the two ends of a traversal zone show each other.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::link::{Link, links};
use super::{EXPRESSWAY_CERTIFICATES, GUIDE, MRA_GUIDE, PORTS, failure};
use crate::expressway::log::Cause;
use crate::expressway::{Appliance, BoxRole};
use crate::rules::case::{Case, CaseConnection, CaseObservation};
use crate::rules::finding::{Observation, Severity};
use crate::rules::own::{self, Own};
use crate::rules::reaction::{Reaction, reaction};
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::scene::{self, UNKNOWN_CA};
use crate::rules::trust_fault::openssl;
use crate::rules::words::{Text, Values};
use crate::tls::Role;
use crate::trust::{PathValidation, Purpose, Question, Store, VerifyError, validate};
use crate::wire::text::count;
use crate::x509::Certificate;

pub(super) const TRAVERSAL_CHAIN_MISSING: Rule = Rule {
    id: "traversal-chain-missing",
    severity: Severity::Error,
    summary: Text::en(
        "An Expressway does not know the chain of the other end of its traversal zone",
    ),
    sentence: Text::en("{told}"),
    remedy: Text::en(
        "On {judge} and on every peer of its cluster: Maintenance > Security > Trusted CA certificate > Append CA certificate, upload the full chain of {holder} (root and intermediates), then restart. Do the same the other way round: the full chain belongs on both sides.",
    ),
    needs: &[Need::Parties],
    applies: Text::en("Traversal zones between Expressway-C and Expressway-E; all versions"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether one end refused the other's certificate on 7001 and up with unknown_ca (48), by the capture or by the log; and, with the archives of both, whether the trusted CA list of each (ca_*.pem) vouches for the certificate of the other (server_*.pem, client_*.pem) at the time of the capture.",
        ),
        why: Text::en(
            "Both ends verify. The trusted CA list needs the full chain of the other end: with the root alone the zone comes up, because the intermediates are sent along, but the SSH tunnels on 2222 do not.",
        ),
        symptom: Text::en(
            "Traversal zone FAILED; or the zone is Active, the SSH tunnels are down, and MRA login fails",
        ),
        steps: Text::en(
            "1. Get root and intermediates of both certificates. 2. Append them to the trusted CA list of the other end, on every peer. 3. Restart: before that a new trust list is not used. 4. Maintenance > Security > Secure traversal test on Expressway-C shows both chains.",
        ),
        caveat: Text::en(
            "Whether an Expressway sends its intermediates is not known from an archive; what its own trusted CA list holds counts as sent here.",
        ),
    },
    references: &[EXPRESSWAY_CERTIFICATES, MRA_GUIDE, GUIDE, "RFC 8446, 6.2"],
    check: Check::Case(traversal_chain_missing),
};

fn traversal_chain_missing(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut told = Told::default();
    let mut found = refused(case, &mut told);
    found.extend(between_known(case, &mut told));
    let appliances = case.deployment.appliances().iter().enumerate();
    let unheard = appliances.filter(|(index, _)| !told.ends.contains(index));
    found.extend(unheard.filter_map(|(_, appliance)| logged(appliance)));
    found
}

/// The known Expressways that findings are about, so that nothing is told twice.
#[derive(Default)]
struct Told {
    /// Those that lack a chain.
    judges: BTreeSet<usize>,
    /// Those, and the ones whose chain it is.
    ends: BTreeSet<usize>,
}

/// Handshakes that ended with unknown_ca: each pair of hosts once.
fn refused(case: &Case<'_>, told: &mut Told) -> Vec<CaseObservation> {
    let mut pairs = BTreeSet::new();
    let mut found = Vec::new();
    for one in case.connections {
        let (connection, leg) = (one.subject.connection, one.subject.leg);
        let expressway = leg.client.is_expressway() || leg.server.is_expressway();
        if !expressway || !PORTS.contains(&connection.server.port) {
            continue;
        }
        for of in [Role::Server, Role::Client] {
            let key = (connection.client.address, connection.server, of == Role::Server);
            if reaction(connection, of) == Reaction::Refused(Some(UNKNOWN_CA)) {
                told.judges.extend(leg.appliance_of(of.other()));
                told.ends.extend(leg.client_appliance.into_iter().chain(leg.server_appliance));
                found.extend(pairs.insert(key).then(|| on_wire(one, of)));
            }
        }
    }
    found
}

fn on_wire(one: &CaseConnection<'_>, of: Role) -> CaseObservation {
    let connection = one.subject.connection;
    let named = |role: Role| {
        format!("{} {}", one.subject.leg.party(role).name(), connection.end(role).address)
    };
    let leaf = scene::leaf(connection, of);
    let certificate = leaf.map_or("(hidden by TLS 1.3)", |leaf| leaf.title());
    let values = Values::new()
        .with("judge", named(of.other()))
        .with("holder", named(of))
        .with("port", connection.server.port.to_string())
        .with("certificate", certificate)
        .with_words("told", BY_ALERT);
    let frame = scene::certificate_frame(connection, of);
    let shown = leaf.zip(frame).map(|(leaf, frame)| scene::serial_evidence(frame, leaf));
    one.observation(Observation {
        values,
        evidence: scene::ending(connection).into_iter().chain(shown).collect(),
        severity: None,
        of: Some(of),
    })
}

const BY_ALERT: Text = Text::en(
    "{judge} refused the certificate {certificate} of {holder} on port {port} with alert unknown_ca (48): its trusted CA list lacks the chain.",
);

/// The trust list of each end against the certificate of the other.
fn between_known(case: &Case<'_>, told: &mut Told) -> Vec<CaseObservation> {
    let Some(now) = case.clock() else { return Vec::new() };
    let all = own::certificates(case);
    let clients = own::shown_as_client(case, BoxRole::Core);
    let mut judged = BTreeSet::new();
    let mut found = Vec::new();
    for link in links(case) {
        for ((judge, index), own) in sides(&link, &all, &clients) {
            let Some(store) = judge.store.as_ref() else { continue };
            if told.judges.contains(&index) || !judged.insert((index, own.leaf.sha256)) {
                continue;
            }
            if let Some(fault) = judgement(judge, store, own, now) {
                told.ends.extend([link.core, link.edge]);
                found.push(fault);
            }
        }
    }
    found
}

type Side<'a> = (&'a Appliance, usize);

/// Who judges which certificate on a link.
fn sides<'l, 'a>(
    link: &'l Link<'a>,
    all: &'l [Own<'a>],
    clients: &'l [Own<'a>],
) -> impl Iterator<Item = (Side<'a>, &'l Own<'a>)> {
    let servers = all.iter().filter(|own| own.index == link.edge && own.role == Role::Server);
    let clients = clients.iter().filter(|own| {
        let shown = own.role == Role::Client || own::one_for_both(own.appliance) != Some(false);
        own.index == link.core && shown
    });
    let by_core = servers.map(|own| ((link.core_box, link.core), own));
    let by_edge = clients.map(|own| ((link.edge_box, link.edge), own));
    by_core.chain(by_edge)
}

fn judgement(judge: &Appliance, store: &Store, own: &Own<'_>, now: i64) -> Option<CaseObservation> {
    let purpose = match own.role {
        _ if own.is_of(BoxRole::Edge) => Purpose::Server,
        _ => Purpose::Client,
    };
    let mut sent: Vec<Arc<Certificate>> = own.beside.clone();
    let anchors = own.appliance.store.iter().flat_map(Store::anchors);
    sent.extend(anchors.map(|anchor| Arc::clone(&anchor.certificate)));
    let ask = |untrusted: &[Arc<Certificate>]| {
        validate(&Question::new(Arc::clone(own.leaf), untrusted, store, now, purpose))
    };
    let with_all = ask(&sent);
    let (error, words, severity) = match untrusted(&with_all) {
        Some(error) => (*error, BY_STORE, None),
        None => {
            let alone = ask(&[]);
            let error = *untrusted(&alone)?;
            (error, ROOT_ALONE, Some(Severity::Warning))
        }
    };
    let values = own
        .values()
        .with("judge", judge.title())
        .with("holder", own.appliance.title())
        .with("openssl", openssl(&error))
        .with_words("told", words);
    let mut found = own.observation(values);
    found.observation.severity = severity;
    Some(found)
}

/// The error that says that no anchor was reached.
fn untrusted(path: &PathValidation) -> Option<&VerifyError> {
    path.errors.iter().find(|error| error.lacks_trust())
}

const BY_STORE: Text = Text::en(
    "The trusted CA list of {judge} (ca_*.pem) does not vouch for the certificate {certificate} of {holder} ({seen}) at the time of the capture (OpenSSL: {openssl}).",
);
const ROOT_ALONE: Text = Text::en(
    "The trusted CA list of {judge} (ca_*.pem) has the root above the certificate {certificate} of {holder} ({seen}), and not every CA in between (OpenSSL without them: {openssl}): the traversal zone comes up if {holder} sends them, but not the SSH tunnels (2222).",
);

/// What the log of an Expressway says, where nothing else told of it.
fn logged(appliance: &Appliance) -> Option<CaseObservation> {
    let mut lines = own::log_lines(appliance).filter_map(|line| {
        let (cause, other) = failure(&line.event)?;
        let own_fault = match cause {
            Cause::AlertReceived(UNKNOWN_CA) => true,
            Cause::Verification(code) if VerifyError::new(code, 0).lacks_trust() => false,
            _ => return None,
        };
        Some((line.number, other, own_fault))
    });
    let (line, other, own_fault) = lines.next()?;
    let times = count(1 + lines.count() as u64, "time");
    let (judge, holder, words) = match own_fault {
        true => (other.ip().to_string(), appliance.title(), LOGGED_REFUSED),
        false => (appliance.title(), other.ip().to_string(), LOGGED_UNTRUSTED),
    };
    let values = Values::new()
        .with("box", appliance.title())
        .with("judge", judge)
        .with("holder", holder)
        .with("times", times)
        .with("line", line.to_string())
        .with_words("told", words);
    Some(own::told(values))
}

const LOGGED_REFUSED: Text = Text::en(
    "The log of {box} says {times} that {judge} refused its certificate on a traversal zone with alert unknown_ca (line {line}): the trusted CA list there lacks the chain.",
);
const LOGGED_UNTRUSTED: Text = Text::en(
    "The log of {box} says {times} that it does not trust the chain of {holder} on a traversal zone (line {line}).",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expressway::{Event, Mapped, Party};
    use crate::rules::testing::{Ca, bent_case, case_findings, expressway, log, settings};
    use crate::trust::StoreSemantics;

    const RULE: &str = "traversal-chain-missing";

    fn store(anchors: &[&Ca]) -> Option<Store> {
        let mut store = Store::new(StoreSemantics::OpenSsl);
        for (line, ca) in anchors.iter().enumerate() {
            store.add(Arc::clone(&ca.certificate), "ca_x.pem", line + 1);
        }
        Some(store)
    }

    /// Expressway-C that trusts `anchors`, with an Expressway-E below two CAs.
    fn pair(chain: [&Ca; 2], anchors: &[&Ca]) -> Vec<Appliance> {
        let [root, middle] = chain;
        let core = Appliance {
            settings: Some(settings(&[
                "Zones Zone 1 Type: \"TraversalClient\"",
                "Zones Zone 1 TraversalClient Peer 1 Address: \"expe.example.org\"",
            ])),
            store: store(anchors),
            log: Some(log(vec![])),
            ..expressway()
        };
        let edge = Appliance {
            name: "expe.example.org".to_owned(),
            role: Some(BoxRole::Edge),
            archive: Some("expe.tar.gz".to_owned()),
            server_certificates: vec![middle.issue(|_| ()), Arc::clone(&middle.certificate)],
            store: store(&[root, middle]),
            addresses: vec![],
            ..expressway()
        };
        vec![core, edge]
    }

    #[test]
    fn the_trust_list_is_held_against_the_chain_of_the_other_end() {
        let (root, stranger) = (Ca::new("Example Edge Root"), Ca::new("Example Other Root"));
        let middle = root.intermediate("Example Edge CA");
        let found = case_findings(RULE, pair([&root, &middle], &[&stranger]));
        let [found] = &found[..] else { panic!("{found:?}") };
        assert_eq!(found.severity, Severity::Error);
        let said = found.sentence();
        assert!(
            said.starts_with(
                "The trusted CA list of Expressway-C expc.example.org (ca_*.pem) does not vouch"
            ),
            "{said}"
        );
        assert!(
            said.contains("of Expressway-E expe.example.org (server_*.pem of expe.tar.gz)"),
            "{said}"
        );
        assert!(case_findings(RULE, pair([&root, &middle], &[&root, &middle])).is_empty());
    }

    #[test]
    fn the_root_alone_is_a_warning() {
        let root = Ca::new("Example Edge Root");
        let middle = root.intermediate("Example Edge CA");
        let found = case_findings(RULE, pair([&root, &middle], &[&root]));
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(found[0].sentence().contains("but not the SSH tunnels (2222)"));
    }

    fn failed(detail: &str, port: u16) -> Event {
        Event::NegotiationError {
            inbound: false,
            source: "10.30.5.20:25001".parse().ok(),
            destination: format!("192.0.2.30:{port}").parse().ok(),
            detail: detail.to_owned(),
            cause: Cause::of(detail),
            common_name: None,
        }
    }

    #[test]
    fn the_log_tells_which_side_lacks_the_chain() {
        let of = |detail, port| {
            let log = Some(log(vec![failed(detail, port)]));
            case_findings(RULE, vec![Appliance { log, ..expressway() }])
        };
        let found = of("tlsv1 alert unknown ca", 7001);
        assert!(found[0].sentence().contains("1 time that 192.0.2.30 refused its certificate"));
        assert!(found[0].remedy().starts_with("On 192.0.2.30 "));
        let found = of("self signed certificate in certificate chain", 7001);
        assert!(found[0].remedy().starts_with("On Expressway-C expc.example.org"));
        assert!(of("tlsv1 alert unknown ca", 5061).is_empty());
        assert!(of("certificate has expired", 7001).is_empty());
    }

    #[test]
    fn an_alert_on_the_port_of_the_zone_is_told_with_both_ends() {
        let of = |port| {
            let edge = Mapped {
                address: "10.30.7.11".parse().unwrap(),
                port: None,
                party: Party::ExpresswayE,
            };
            let known = vec![expressway()];
            bent_case(RULE, "mtls-refused-tls12.pcap", known, vec![edge], |connection| {
                connection.observed.server.port = port;
            })
        };
        let found = of(7001);
        let said = found[0].sentence();
        assert!(said.starts_with("Expressway-E 10.30.7.11 refused the certificate CN="), "{said}");
        assert!(said.contains("of Expressway-C 10.30.5.20 on port 7001"), "{said}");
        assert_eq!(found[0].frames().len(), 2);
        assert!(of(6972).is_empty());
    }
}
