//! Connections to a service that did not even become TCP connections.

use std::collections::BTreeMap;

use super::case::{Attempt, Case, CaseObservation};
use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Page, Part, Rule};
use super::words::{Text, Values};
use crate::connection::Outcome;
use crate::expressway::service;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[TCP_CONNECTION_FAILED];

/// Its id, by which the verdict knows it.
pub(super) const ID: &str = "tcp-connection-failed";

const TCP_CONNECTION_FAILED: Rule = Rule {
    id: ID,
    severity: Severity::Error,
    summary: Text::en(
        "A service could not be reached: the TCP connection was refused or unanswered",
    ),
    sentence: Text::en("{client} could not connect to {server} ({service}): {how}, {times}."),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en("The ports of Mobile and Remote Access"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a SYN to a port of Mobile and Remote Access was answered with RST, or not at all.",
        ),
        why: Text::en("Without TCP there is no TLS, and no certificate is to blame."),
        symptom: Text::en("Login fails, or lasts until a timeout; the log says: connect failed"),
        steps: Text::en(
            "1. Refused: the host is up and nothing listens on the port; start the service (Unified CM: `utils service list`). 2. No answer: the host is down, or a firewall drops the packets; capture on the other side. 3. Check that the address is that of the right host.",
        ),
        caveat: Text::en(
            "A firewall may refuse in the name of the host. A capture that ends at once may have missed the answer.",
        ),
    },
    references: &["RFC 9293, 3.10.7", "Cisco Expressway IP Port Usage Configuration Guide X15.0"],
    check: Check::Case(tcp_connection_failed),
};

fn tcp_connection_failed(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut groups: BTreeMap<_, Vec<&Attempt>> = BTreeMap::new();
    for attempt in case.unopened {
        let tried = &attempt.unopened;
        let refused = tried.refused.is_some();
        let key = (attempt.capture, tried.client.address, tried.server, refused);
        groups.entry(key).or_default().push(attempt);
    }
    groups.values().filter_map(|group| observation(case, group)).collect()
}

fn observation(case: &Case<'_>, group: &[&Attempt]) -> Option<CaseObservation> {
    let first = group.first()?;
    let tried = &first.unopened;
    let works = case.connections.iter().any(|one| {
        one.subject.connection.server == tried.server
            && one.subject.connection.outcome == Outcome::Completed
    });
    let (how, remedy) = match tried.refused {
        Some(_) => (
            Text::en("the SYN was answered with RST (connection refused)"),
            Text::en(
                "The host answers and nothing listens on port {port}: look whether the service runs on {server}, and whether a firewall between them refuses.",
            ),
        ),
        None => (
            Text::en("nothing answered the SYN"),
            Text::en(
                "{server} is down, the address is wrong, or a firewall drops the packets: capture on its side, and allow port {port}.",
            ),
        ),
    };
    let values = Values::new()
        .with("client", tried.client.address)
        .with("server", tried.server)
        .with("port", tried.server.port)
        .with("service", service(tried.server.port).map_or("no known service", |known| known.name))
        .with("times", crate::wire::text::count(group.len() as u64, "time"))
        .with_words("how", how)
        .with_words("remedy", remedy);
    let syn = Evidence::new(tried.syn.frame, "tcp.flags.syn", "1");
    let reset = tried.refused.map(|mark| Evidence::new(mark.frame, "tcp.flags.reset", "1"));
    Some(CaseObservation {
        observation: Observation {
            values,
            evidence: [syn].into_iter().chain(reset).collect(),
            severity: works.then_some(Severity::Warning),
            of: None,
        },
        capture: Some(first.capture),
        streams: group.iter().map(|attempt| attempt.stream).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, expressway, findings_of, verdicts};
    use super::*;

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
    fn a_handshake_of_which_one_direction_was_recorded_was_opened() {
        let sample = "client-to-server-only.pcap";
        assert!(findings_of(ID, sample, EXPRESSWAY, expressway()).is_empty());
    }
}
