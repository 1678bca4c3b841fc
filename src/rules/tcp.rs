//! What fails before TLS begins: names that do not exist, and connections to a service
//! that did not even become TCP connections.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Attempt, Case, CaseObservation, MissingName};
use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Page, Part, Rule};
use super::scene;
use super::words::{Text, Values};
use crate::connection::{Failure, Missed, Outcome, Unopened};
use crate::expressway::service;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[TCP_CONNECTION_FAILED, DNS_NAME_NOT_FOUND];

const DNS_NAME_NOT_FOUND: Rule = Rule {
    id: "dns-name-not-found",
    severity: Severity::Warning,
    summary: Text::en("A host asked the DNS for a name that does not exist"),
    sentence: Text::en("{asker} asked the DNS for {name}, which does not exist ({times}){use}."),
    remedy: Text::en(
        "Correct the name where it is configured (Unified CM: System > Server; Expressway: Configuration > Zones), or create it in the DNS that {asker} uses.",
    ),
    needs: &[],
    applies: Text::en("Every capture with DNS over UDP"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether an answer of the DNS says that a name does not exist (NXDOMAIN), and no other answer to the same host gave it an address. It is a warning for names that a known Expressway connects to, else information.",
        ),
        why: Text::en(
            "A name that cannot be found is never connected to, so no handshake tells of it.",
        ),
        symptom: Text::en("One node is never reached, and no packet goes to it"),
        steps: Text::en(
            "1. Compare the name with the DNS. 2. Correct whichever is wrong. 3. Refresh the servers on Expressway-C.",
        ),
        caveat: Text::en(
            "Resolvers try names with each search domain behind them; such tries do not exist and do no harm.",
        ),
    },
    references: &["RFC 1035, 4.1.1"],
    check: Check::Case(dns_name_not_found),
};

fn dns_name_not_found(case: &Case<'_>) -> Vec<CaseObservation> {
    let told = |missing: &MissingName| {
        let wanted = case.deployment.appliances().iter().any(|appliance| {
            appliance.addresses.contains(&missing.asker) && appliance.connects_to(&missing.name)
        });
        let used = if wanted {
            Text::en("; this Expressway is told to connect to it")
        } else {
            Text::en("")
        };
        let values = Values::new()
            .with("asker", missing.asker.to_string())
            .with("name", &missing.name)
            .with("times", crate::wire::text::count(missing.times, "answer"))
            .with_words("use", used);
        CaseObservation {
            observation: Observation {
                values,
                evidence: vec![Evidence::new(missing.frame, "dns.flags.rcode", "3")],
                severity: (!wanted).then_some(Severity::Info),
                of: None,
            },
            capture: Some(missing.capture),
            streams: Vec::new(),
        }
    };
    // Nobody connects to the name that belongs to an address (RFC 1035, 3.5; RFC 3596, 2.5).
    let of_host = |missing: &&MissingName| !missing.name.trim_end_matches('.').ends_with(".arpa");
    case.missing_names.iter().filter(of_host).map(told).collect()
}

/// Its id, by which the verdict knows it.
pub(super) const ID: &str = "tcp-connection-failed";

const TCP_CONNECTION_FAILED: Rule = Rule {
    id: ID,
    severity: Severity::Error,
    summary: Text::en(
        "A service could not be reached: the TCP connection was refused, unanswered or dropped",
    ),
    sentence: Text::en("{client} could not connect to {server} ({service}): {how}, {times}."),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en("The ports of Mobile and Remote Access"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a SYN to a port of Mobile and Remote Access was answered with RST, or not at all, or the server ended the connection within a second, before the client had said anything.",
        ),
        why: Text::en("Without TCP there is no TLS, and no certificate is to blame."),
        symptom: Text::en("Login fails, or lasts until a timeout; the log says: connect failed"),
        steps: Text::en(
            "1. Refused: the host is up and nothing listens on the port; start the service (Unified CM: `utils service list`). 2. No answer: the host is down, or a firewall drops the packets; capture on the other side. 3. Dropped: the host accepts and lets nobody in; look at the service behind the port, and at what filters in front of it. 4. Check that the address is that of the right host.",
        ),
        caveat: Text::en(
            "A firewall may refuse in the name of the host. A capture that ends at once may have missed the answer.",
        ),
    },
    references: &["RFC 9293, 3.10.7", "Cisco Expressway IP Port Usage Configuration Guide X15.0"],
    check: Check::Case(tcp_connection_failed),
};

fn tcp_connection_failed(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut groups: BTreeMap<_, Vec<(&Attempt, &Unopened)>> = BTreeMap::new();
    for attempt in case.attempts {
        let Missed::Unopened(tried) = &attempt.missed else { continue };
        let kind = kind(tried.failure);
        let key = (attempt.capture, tried.client.address, tried.server, kind);
        groups.entry(key).or_default().push((attempt, tried));
    }
    groups.values().filter_map(|group| observation(case, group)).collect()
}

fn observation(case: &Case<'_>, group: &[(&Attempt, &Unopened)]) -> Option<CaseObservation> {
    let (first, tried) = group.first()?;
    let works = case.connections.iter().any(|one| {
        one.subject.connection.server == tried.server
            && one.subject.connection.outcome == Outcome::Completed
    });
    let (how, remedy) = match tried.failure {
        Failure::Refused(_) => (
            Text::en("the SYN was answered with RST (connection refused)"),
            Text::en(
                "The host answers and nothing listens on port {port}: look whether the service runs on {server}, and whether a firewall between them refuses.",
            ),
        ),
        Failure::Dropped { reset, .. } => (
            if reset { RESET_AT_ONCE } else { CLOSED_AT_ONCE },
            Text::en(
                "Port {port} is open, and what listens there lets {client} go at once: look at the log of the service on {server}, and at a firewall, load balancer or list of allowed hosts in front of it.",
            ),
        ),
        Failure::Unanswered => (
            Text::en("nothing answered the SYN"),
            Text::en(
                "{server} is down, the address is wrong, or a firewall drops the packets: capture on its side, and allow port {port}.",
            ),
        ),
    };
    let attempts: BTreeSet<_> = group.iter().map(|(_, one)| (one.client, one.sequence)).collect();
    let values = Values::new()
        .with("client", tried.client.address.to_string())
        .with("server", tried.server.to_string())
        .with("port", tried.server.port.to_string())
        .with("service", service(tried.server.port).map_or("no known service", |known| known.name))
        .with("times", crate::wire::text::count(attempts.len() as u64, "time"))
        .with_words("how", how)
        .with_words("remedy", remedy);
    let syn = Evidence::new(tried.syn.frame, "tcp.flags.syn", "1");
    let end = match tried.failure {
        Failure::Unanswered => None,
        Failure::Refused(mark) => Some(scene::tcp_evidence(mark.frame, true)),
        Failure::Dropped { mark, reset } => Some(scene::tcp_evidence(mark.frame, reset)),
    };
    Some(CaseObservation {
        observation: Observation {
            values,
            evidence: [syn].into_iter().chain(end).collect(),
            severity: works.then_some(Severity::Warning),
            of: None,
        },
        capture: Some(first.capture),
        streams: group.iter().map(|(attempt, _)| attempt.stream).collect(),
    })
}

/// How it failed, whatever the frame.
const fn kind(failure: Failure) -> u8 {
    match failure {
        Failure::Unanswered => 0,
        Failure::Refused(_) => 1,
        Failure::Dropped { reset: true, .. } => 2,
        Failure::Dropped { reset: false, .. } => 3,
    }
}

const RESET_AT_ONCE: Text =
    Text::en("it was opened, and the server reset it before the client had said anything");
const CLOSED_AT_ONCE: Text =
    Text::en("it was opened, and the server closed it before the client had said anything");

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::testing::{EXPRESSWAY, expressway, findings_of, of_case, verdicts};
    use super::*;
    use crate::expressway::{Appliance, Deployment, Settings};
    use crate::limits::Limits;

    #[test]
    fn a_refused_connection_is_a_verdict() {
        let verdicts = verdicts("connection-refused.pcap", EXPRESSWAY);
        assert_eq!(verdicts[0].cause, ID);
        assert_eq!(
            verdicts[0].sentence,
            "10.30.5.20 could not connect to 10.30.7.11:8443 (UDS, AXL and SOAP over HTTPS): \
             the SYN was answered with RST (connection refused), 1 time."
        );
    }

    #[test]
    fn a_name_that_does_not_exist_matters_where_it_is_wanted() {
        let mut settings = Settings::default();
        let peer = b"*c xConfiguration Zones Zone 2 Name: \"x\"\n\
            *c xConfiguration Zones Zone 2 Type: \"Neighbor\"\n\
            *c xConfiguration Zones Zone 2 Neighbor Peer 1 Address: \"cucm9.example.org\"\n";
        settings.add(peer, &Limits::default());
        let appliance = Appliance { settings: Some(settings), ..expressway() };
        let deployment = Deployment::new(&[Arc::new(appliance)], Vec::new());
        let asker = "10.30.5.20".parse().unwrap();
        let missing = ["cucm9.example.org", "cucm9.example.org.example.org"].map(|name| {
            MissingName { capture: 0, asker, name: name.to_owned(), frame: 7, times: 2 }
        });
        let case = Case {
            deployment: &deployment,
            connections: &[],
            attempts: &[],
            missing_names: &missing,
        };
        let found = of_case("dns-name-not-found", &case);
        assert_eq!((found[0].severity, found[1].severity), (Severity::Warning, Severity::Info));
        assert!(found[0].sentence().contains("(2 answers); this Expressway is told to connect"));
    }

    #[test]
    fn a_handshake_of_which_one_direction_was_recorded_was_opened() {
        let sample = "client-to-server-only.pcap";
        assert!(findings_of(ID, sample, EXPRESSWAY, expressway()).is_empty());
    }
}
