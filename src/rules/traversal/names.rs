//! The names that the two ends of a traversal zone look for.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::link::{self, links};
use super::{EXPRESSWAY_CERTIFICATES, GUIDE, MRA_GUIDE, failure};
use crate::expressway::log::Cause;
use crate::expressway::settings::Zone;
use crate::expressway::{Appliance, BoxRole, Event, Status};
use crate::rules::case::{Case, CaseConnection, CaseObservation};
use crate::rules::finding::{Observation, Severity};
use crate::rules::own;
use crate::rules::reaction::{Reaction, reaction};
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::scene;
use crate::rules::words::{Text, Values};
use crate::tls::Role;
use crate::trust::name::{NameRule, check};
use crate::wire::text::count;
use crate::x509::Certificate;

const MULTI_DOMAIN: &str = "MRA in a Multi-Domain Deployment (117811)";

pub(super) const TRAVERSAL_NAME_MISMATCH: Rule = Rule {
    id: "traversal-name-mismatch",
    severity: Severity::Error,
    summary: Text::en("The traversal zone looks for a name that the other's certificate lacks"),
    sentence: Text::en("{told}"),
    remedy: Text::en("{repair}"),
    needs: &[Need::Archive],
    applies: Text::en("Traversal zones with TLS verify mode On, 7001 and up; all versions"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the peer address in the zone of Expressway-C is a subject alternative name of the Expressway-E certificate, and the TLS verify subject name in the zone of Expressway-E one of the Expressway-C certificate. The certificates are those of the archives, or those on the wire. Where the settings do not tell, the log does: Peer's TLS certificate identity was unacceptable.",
        ),
        why: Text::en(
            "Each end of the zone checks the name of the other. SIP zones compare subject alternative names only; the common name does not count. Before the settings are looked at, nothing of this is on the wire.",
        ),
        symptom: Text::en(
            "Traversal zone FAILED; Event Log: Outbound (or Inbound) TLS Negotiation Error, Peer's TLS certificate identity was unacceptable",
        ),
        steps: Text::en(
            "1. Expressway-C, Configuration > Zones: the peer address is the full domain name that stands in the certificate of the Expressway-E. 2. Expressway-E, Configuration > Zones: TLS verify subject name is a subject alternative name of the Expressway-C certificate, of every peer; the cluster name for a cluster. 3. Or have the certificate issued again with that name.",
        ),
        caveat: Text::en(
            "The settings are those of the moment when logging began. A zone and an Expressway-E whose addresses do not tell that they belong together are paired only where there is one of each.",
        ),
    },
    references: &[MRA_GUIDE, GUIDE, MULTI_DOMAIN, EXPRESSWAY_CERTIFICATES],
    check: Check::Case(traversal_name_mismatch),
};

/// A finding, and which appliance looks for the name.
type Found = (usize, CaseObservation);

fn traversal_name_mismatch(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut found = between_known(case);
    found.extend(on_wire(case));
    let checkers: BTreeSet<usize> = found.iter().map(|(checker, _)| *checker).collect();
    let logged = logged(case).filter(|(checker, _)| !checkers.contains(checker));
    let logged: Vec<Found> = logged.collect();
    found.into_iter().chain(logged).map(|(_, observation)| observation).collect()
}

/// Both ends are known, by their archives.
fn between_known(case: &Case<'_>) -> Vec<Found> {
    let all = own::certificates(case);
    let clients = own::shown_as_client(case, BoxRole::Core);
    let mut found = Vec::new();
    for link in links(case) {
        let servers = all.iter().filter(|own| own.index == link.edge && own.role == Role::Server);
        for own in servers.filter(|_| link.zone.tls_verify == Some(true)) {
            let wanted = Wanted::peer(link.core_box, &link.zone, &link.peer);
            let up = is_up(link.core_box, &link.zone, Some(&link.peer));
            found.extend(lacking(&wanted, own, up).map(|one| (link.core, one)));
        }
        let Some(zone) = link.server_zone.as_ref() else { continue };
        let Some(wanted) = Wanted::subject(link.edge_box, zone) else { continue };
        let shown = clients.iter().filter(|own| own.index == link.core);
        for own in shown.filter(|own| zone.tls_verify == Some(true) && is_shown_as_client(own)) {
            let up = is_up(link.edge_box, zone, None);
            found.extend(lacking(&wanted, own, up).map(|one| (link.edge, one)));
        }
    }
    found
}

/// What a certificate in a file lacks; a warning where the zone is up all the same.
fn lacking(wanted: &Wanted<'_>, own: &own::Own<'_>, up: bool) -> Option<CaseObservation> {
    let mut found = own.observation(wanted.lacking(own.leaf, own.values(), up)?);
    found.observation.severity = up.then_some(Severity::Warning);
    Some(found)
}

/// Whether the status says that the zone is up, to this peer where it has several.
fn is_up(appliance: &Appliance, zone: &Zone, peer: Option<&str>) -> bool {
    let zones = appliance.status.as_ref().map(Status::zones).unwrap_or_default();
    let Some(known) = zones.iter().find(|one| one.name == zone.name) else { return false };
    let active = |word: &Option<String>| {
        word.as_ref().is_some_and(|word| word.eq_ignore_ascii_case("Active"))
    };
    match known.peers.iter().find(|one| peer.is_some() && one.address.as_deref() == peer) {
        Some(peer) => active(&peer.sip_status),
        None => known.peers.len() <= 1 && active(&known.status),
    }
}

fn is_shown_as_client(own: &own::Own<'_>) -> bool {
    own.role == Role::Client || own::one_for_both(own.appliance) != Some(false)
}

/// One end is known, and the other shows its certificate in a capture.
fn on_wire(case: &Case<'_>) -> Vec<Found> {
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for one in case.connections.iter().filter(|one| one.subject.leg.is_traversal()) {
        let leg = one.subject.leg;
        let (of, checker) = match (leg.client_appliance, leg.server_appliance) {
            (Some(core), None) => (Role::Server, core),
            (None, Some(edge)) => (Role::Client, edge),
            _ => continue,
        };
        let Some(leaf) = scene::leaf(one.subject.connection, of) else { continue };
        if told.insert((checker, leaf.sha256)) {
            found.extend(shown(case, one, of, checker, leaf).map(|seen| (checker, seen)));
        }
    }
    found
}

fn shown(
    case: &Case<'_>,
    one: &CaseConnection<'_>,
    of: Role,
    checker: usize,
    leaf: &Arc<Certificate>,
) -> Option<CaseObservation> {
    let connection = one.subject.connection;
    let appliance = case.deployment.appliance(checker)?;
    let (zone, peer) = match of {
        Role::Server => {
            let (zone, peer) = case.deployment.zones(checker)?.to(connection.server, None)?;
            (zone.clone(), Some(peer))
        }
        Role::Client => (link::server_zone(appliance, Some(connection.server.port))?, None),
    };
    // A zone that went on without saying that it verifies does not verify.
    let accepted = reaction(connection, of) == Reaction::Accepted;
    if zone.tls_verify == Some(false) || (accepted && zone.tls_verify.is_none()) {
        return None;
    }
    let wanted = match peer {
        Some(peer) => Wanted::peer(appliance, &zone, peer),
        None => Wanted::subject(appliance, &zone)?,
    };
    let values = Values::new()
        .with("box", connection.end(of).address.to_string())
        .with("certificate", leaf.title())
        .with("port", connection.server.port.to_string())
        .with_words("seen", Text::en("shown on port {port}"));
    let frame = scene::certificate_frame(connection, of);
    let shown = frame.map(|frame| scene::serial_evidence(frame, leaf).expecting(wanted.name));
    Some(one.observation(Observation {
        values: wanted.lacking(leaf, values, false)?,
        evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
        severity: None,
        of: Some(of),
    }))
}

/// A name that a zone looks for.
struct Wanted<'z> {
    checker: &'z Appliance,
    zone: &'z Zone,
    name: &'z str,
    setting: Text,
    repair: Text,
}

impl<'z> Wanted<'z> {
    fn peer(checker: &'z Appliance, zone: &'z Zone, peer: &'z str) -> Self {
        let setting = Text::en("the peer address");
        Self { checker, zone, name: peer, setting, repair: REPAIR_PEER }
    }

    fn subject(checker: &'z Appliance, zone: &'z Zone) -> Option<Self> {
        let name = zone.verify_subject_name.as_deref()?;
        let setting = Text::en("the TLS verify subject name");
        Some(Self { checker, zone, name, setting, repair: REPAIR_SUBJECT })
    }

    /// Completes the values when the certificate lacks the name.
    fn lacking(&self, leaf: &Certificate, values: Values, up: bool) -> Option<Values> {
        if check(NameRule::SipZone, leaf, self.name).matched {
            return None;
        }
        Some(
            values
                .with("checker", self.checker.title())
                .with("zone", &self.zone.name)
                .with("wanted", self.name)
                .with("names", own::dns_names(leaf))
                .with_words("setting", self.setting)
                .with_words("told", BY_SETTINGS)
                .with_words("refuses", if up { UP } else { REFUSES })
                .with_words("repair", self.repair),
        )
    }
}

const BY_SETTINGS: Text = Text::en(
    "{checker} looks for {wanted}, {setting} of its zone {zone} (xconf_dump), in the certificate of {box}, and {certificate} ({seen}) does not carry it as subject alternative name; it carries {names}. {refuses}.",
);
const REFUSES: Text = Text::en("The zone refuses it");
const UP: Text = Text::en(
    "By its status (xstat_dump) the zone was up all the same: most likely the certificate or the setting was changed since it connected, and it refuses the certificate when it connects again",
);
const REPAIR_PEER: Text = Text::en(
    "On {checker}, Configuration > Zones > {zone}: the peer address has to be a full domain name among the subject alternative names of the Expressway-E certificate. Or have the certificate of {box} issued again with {wanted}.",
);
const REPAIR_SUBJECT: Text = Text::en(
    "On {checker}, Configuration > Zones > {zone}: TLS verify subject name has to be a subject alternative name of the Expressway-C certificate, on every peer (the cluster name for a cluster). Or have the certificate of {box} issued again with {wanted}.",
);

/// What the logs say: the first line of each log and direction, and how many there are.
fn logged<'a>(case: &'a Case<'_>) -> impl Iterator<Item = Found> + use<'a> {
    let appliances = case.deployment.appliances().iter().enumerate();
    appliances.filter_map(|(index, appliance)| {
        let mut refused = own::log_lines(appliance).filter_map(|line| {
            let (cause, other) = failure(&line.event)?;
            let inbound = matches!(line.event, Event::NegotiationError { inbound: true, .. });
            (cause == Cause::NameUnacceptable).then_some((line.number, other, inbound))
        });
        let (line, other, inbound) = refused.next()?;
        let (direction, repair) = match inbound {
            true => (Text::en("Inbound"), LOGGED_INBOUND),
            false => (Text::en("Outbound"), LOGGED_OUTBOUND),
        };
        let values = Values::new()
            .with("checker", appliance.title())
            .with("line", line.to_string())
            .with("other", other.to_string())
            .with("times", count(1 + refused.count() as u64, "time"))
            .with_words("direction", direction)
            .with_words("told", BY_LOG)
            .with_words("repair", repair);
        Some((index, own::told(values)))
    })
}

const BY_LOG: Text = Text::en(
    "The log of {checker} says {times}: {direction} TLS Negotiation Error with {other}, Peer's TLS certificate identity was unacceptable (line {line}). The name that the traversal zone looks for is not a subject alternative name of the peer's certificate.",
);
const LOGGED_OUTBOUND: Text = Text::en(
    "On {checker}, Configuration > Zones: the peer address of the traversal zone has to be a full domain name among the subject alternative names of the certificate of {other}.",
);
const LOGGED_INBOUND: Text = Text::en(
    "On {checker}, Configuration > Zones: TLS verify subject name of the traversal zone has to be a subject alternative name of the certificate of {other} (the cluster name for a cluster).",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expressway::{Mapped, Party};
    use crate::rules::testing::{
        bent_case, case_findings, expressway, log, own_certificate, settings,
    };

    const RULE: &str = "traversal-name-mismatch";

    fn carrying(role: BoxRole, name: &str, lines: &[&str]) -> Appliance {
        let certificate = own_certificate(|params| {
            params.subject_alt_names = vec![rcgen::SanType::DnsName(name.try_into().unwrap())];
        });
        Appliance {
            name: name.to_owned(),
            role: Some(role),
            archive: Some("x.tar.gz".to_owned()),
            settings: Some(settings(lines)),
            server_certificates: vec![certificate],
            addresses: vec![],
            ..expressway()
        }
    }

    fn core(peer: &str) -> Appliance {
        let address = format!("Zones Zone 1 TraversalClient Peer 1 Address: \"{peer}\"");
        let lines = [
            "Zones Zone 1 Name: \"UC zone\"",
            "Zones Zone 1 Type: \"TraversalClient\"",
            "Zones Zone 1 TraversalClient SIP Port: 7001",
            "Zones Zone 1 TraversalClient SIP TLS Verify Mode: \"On\"",
            &address,
        ];
        carrying(BoxRole::Core, "expc.example.org", &lines)
    }

    fn edge(subject: &str) -> Appliance {
        let name =
            format!("Zones Zone 2 TraversalServer SIP TLS Verify Subject Name: \"{subject}\"");
        let lines = [
            "Zones Zone 2 Name: \"to C\"",
            "Zones Zone 2 Type: \"TraversalServer\"",
            "Zones Zone 2 TraversalServer SIP Port: 7001",
            "Zones Zone 2 TraversalServer SIP TLS Verify Mode: \"On\"",
            &name,
        ];
        carrying(BoxRole::Edge, "expe.example.org", &lines)
    }

    #[test]
    fn both_ends_are_held_against_the_settings_of_the_other() {
        let both = case_findings(RULE, vec![core("old.example.org"), edge("cluster.example.org")]);
        let [peer, subject] = &both[..] else { panic!("{both:?}") };
        let said = peer.sentence();
        assert!(said.starts_with("Expressway-C expc.example.org looks for old.example.org, the peer address of its zone UC zone (xconf_dump)"), "{said}");
        assert!(said.contains("(server_*.pem of x.tar.gz) does not carry it"), "{said}");
        assert!(said.contains("it carries expe.example.org."), "{said}");
        let said = subject.sentence();
        assert!(
            said.contains(
                "looks for cluster.example.org, the TLS verify subject name of its zone to C"
            ),
            "{said}"
        );
        assert!(subject.remedy().contains("the cluster name for a cluster"));
    }

    #[test]
    fn a_zone_that_is_up_is_not_said_to_refuse() {
        let told = |state: &str| {
            let mut status = Status::default();
            let text = format!(
                "xstatus\n*s Zones: /\n  Zone 1: /\n    Name: \"UC zone\"\n    Status: \"{state}\"\n    Type: \"TraversalClient\"\n*s/end\n"
            );
            status.add(text.as_bytes(), &crate::limits::Limits::default());
            let core = Appliance { status: Some(status), ..core("old.example.org") };
            let mut found = case_findings(RULE, vec![core, edge("expc.example.org")]);
            assert_eq!(found.len(), 1, "{found:?}");
            found.remove(0)
        };
        let up = told("Active");
        assert_eq!(up.severity, Severity::Warning);
        assert!(up.sentence().contains("the zone was up all the same"), "{}", up.sentence());
        let down = told("Failed");
        assert_eq!(down.severity, Severity::Error);
        assert!(down.sentence().ends_with("The zone refuses it."), "{}", down.sentence());
    }

    #[test]
    fn names_that_fit_and_zones_that_do_not_verify_are_silent() {
        assert!(
            case_findings(RULE, vec![core("expe.example.org"), edge("expc.example.org")])
                .is_empty()
        );
        let mut lenient = core("old.example.org");
        lenient.settings = Some(settings(&[
            "Zones Zone 1 Type: \"TraversalClient\"",
            "Zones Zone 1 TraversalClient SIP TLS Verify Mode: \"Off\"",
            "Zones Zone 1 TraversalClient Peer 1 Address: \"old.example.org\"",
        ]));
        assert!(case_findings(RULE, vec![lenient, edge("expc.example.org")]).is_empty());
    }

    #[test]
    fn a_zone_to_another_expressway_is_not_compared() {
        let mut third = edge("expc.example.org");
        third.name = "other.example.org".to_owned();
        let three = vec![core("unknown.example.org"), edge("expc.example.org"), third];
        assert!(case_findings(RULE, three).is_empty());
    }

    fn negotiation(cause: Cause, port: u16) -> Event {
        Event::NegotiationError {
            inbound: false,
            source: "10.30.5.20:25001".parse().ok(),
            destination: format!("192.0.2.30:{port}").parse().ok(),
            detail: String::new(),
            cause,
            common_name: None,
        }
    }

    #[test]
    fn the_log_tells_where_the_settings_do_not() {
        let of = |cause, port| {
            let log = Some(log(vec![negotiation(cause, port), negotiation(cause, port)]));
            case_findings(RULE, vec![Appliance { log, ..expressway() }])
        };
        let found = of(Cause::NameUnacceptable, 7001);
        let said = found[0].sentence();
        assert!(
            said.contains("says 2 times: Outbound TLS Negotiation Error with 192.0.2.30:7001"),
            "{said}"
        );
        assert!(of(Cause::NameUnacceptable, 5061).is_empty());
        assert!(of(Cause::NoAlert, 7001).is_empty());
    }

    #[test]
    fn one_known_end_is_enough_where_the_other_shows_its_certificate() {
        let of = |peer: &str, verify: &str| {
            let lines = [
                "Zones Zone 1 Type: \"TraversalClient\"".to_owned(),
                "Zones Zone 1 TraversalClient SIP Port: 7001".to_owned(),
                format!("Zones Zone 1 TraversalClient SIP TLS Verify Mode: \"{verify}\""),
                format!("Zones Zone 1 TraversalClient Peer 1 Address: \"{peer}\""),
            ];
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let core = Appliance { settings: Some(settings(&lines)), ..expressway() };
            let edge = Mapped {
                address: "10.30.7.11".parse().unwrap(),
                port: None,
                party: Party::ExpresswayE,
            };
            bent_case(RULE, "mtls-accepted.pcap", vec![core], vec![edge], |connection| {
                connection.observed.server.port = 7001;
            })
        };
        let found = of("expe.example.org", "On");
        let said = found[0].sentence();
        assert!(said.contains("in the certificate of 10.30.7.11, and CN="), "{said}");
        assert!(said.contains("(shown on port 7001) does not carry it"), "{said}");
        assert!(!found[0].frames().is_empty());
        assert!(of("expe.example.org", "Off").is_empty());
        assert!(of("cucmpub.example.org", "On").is_empty());
    }
}
