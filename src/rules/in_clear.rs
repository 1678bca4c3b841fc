//! Clients that speak in clear where TLS is expected.

use std::collections::BTreeMap;

use super::case::{Attempt, Case, CaseObservation};
use super::documents::COLLABORATION_EDGE_ISSUES;
use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Page, Part, Rule};
use super::scene;
use super::words::{Text, Values};
use crate::connection::{InClear, Missed};
use crate::expressway::{Checker, service};
use crate::tls::{Answer, Role, Spoken};
use crate::wire::text::count;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[CLIENT_NOT_TLS];

/// Its id, by which the verdict knows it.
pub(super) const ID: &str = "client-does-not-speak-tls";

const CLIENT_NOT_TLS: Rule = Rule {
    id: ID,
    severity: Severity::Error,
    summary: Text::en("A client speaks in clear to a port where TLS is expected"),
    sentence: Text::en(
        "{client} spoke {protocol} in clear to {server} ({expected}): {how}, {times}.",
    ),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en(
        "The ports of Mobile and Remote Access, every port on which the same server speaks TLS elsewhere in the capture, and every server that answers with an alert",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the first words of a client are a request of HTTP or SIP, or the beginning of SSH or XMPP, where TLS is expected, and the server did not answer in kind. What a proxy is asked (CONNECT), what leads to TLS (STARTTLS, Upgrade: TLS) and ports made for clear text are left out.",
        ),
        why: Text::en(
            "The server waits for a ClientHello. To it the request is a broken record: it closes the connection, most often without a word, and no certificate is to blame.",
        ),
        symptom: Text::en(
            "Every connection of this client to the port ends at once; the log of an OpenSSL server says: http request, or wrong version number; that of nginx or Tomcat: plain HTTP request sent to HTTPS port",
        ),
        steps: Text::en(
            "1. Follow the TCP stream in Wireshark: the request stands there to be read. 2. Switch the client to TLS (https, sips, transport TLS), or point it at the port for clear text. 3. Look for a device in between that takes TLS off.",
        ),
        caveat: Text::en(
            "A scanner that tries ports, or a health check of a load balancer, speaks like this too and means no harm. A capture that ends at once may have missed the answer.",
        ),
    },
    references: &["RFC 8446, 5.1", "RFC 9110, 4.2.2", COLLABORATION_EDGE_ISSUES],
    check: Check::Case(client_not_tls),
};

fn client_not_tls(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut groups: BTreeMap<_, Vec<(&Attempt, &InClear)>> = BTreeMap::new();
    for attempt in case.attempts {
        let Missed::InClear(seen) = &attempt.missed else { continue };
        let ended = seen.ended.map(|(by, _, reset)| (by, reset));
        let key = (
            attempt.capture,
            seen.client.address,
            seen.server,
            seen.said.spoken,
            kind(seen),
            ended,
        );
        groups.entry(key).or_default().push((attempt, seen));
    }
    groups.values().filter_map(|group| observation(case, group)).collect()
}

/// What kind of answer it was: frames are left out.
const fn kind(seen: &InClear) -> (u8, Option<u16>) {
    match seen.said.answer {
        Answer::Silence => (0, None),
        Answer::Alert { description, .. } => (1, Some(description as u16)),
        Answer::Text { status, .. } => (2, status),
    }
}

fn observation(case: &Case<'_>, group: &[(&Attempt, &InClear)]) -> Option<CaseObservation> {
    let (first, seen) = group.first()?;
    let expected = expected(case, seen)?;
    let values = Values::new()
        .with("client", seen.client.address.to_string())
        .with("server", seen.server.to_string())
        .with("port", seen.server.port.to_string())
        .with("protocol", seen.said.spoken.name())
        .with("service", service(seen.server.port).map_or("", |known| known.name))
        .with("times", count(group.len() as u64, "time"))
        .with_words("expected", expected)
        .with_words("how", how(seen))
        .with_words("remedy", remedy(seen.said.spoken));
    let (values, answer) = match seen.said.answer {
        Answer::Silence => (values, None),
        Answer::Alert { description, frame } => {
            let evidence = scene::alert_evidence(frame, Some(description));
            (values.with("alert", scene::alert(description)), Some(evidence))
        }
        Answer::Text { status, frame, .. } => {
            let status = status.map_or_else(|| "text".to_owned(), |status| status.to_string());
            let evidence = Evidence::new(frame, "tcp.payload", &status);
            (values.with("status", status), Some(evidence))
        }
    };
    let asked = Evidence::new(seen.said.frame, "tcp.payload", seen.said.spoken.name());
    let ended = seen.ended.map(|(_, frame, reset)| scene::tcp_evidence(frame, reset));
    // The capture may have ended before the answer.
    let open = seen.said.answer == Answer::Silence && seen.ended.is_none();
    Some(CaseObservation {
        observation: Observation {
            values,
            evidence: [asked].into_iter().chain(answer).chain(ended).collect(),
            severity: open.then_some(Severity::Warning),
            of: None,
        },
        capture: Some(first.capture),
        streams: group.iter().map(|(attempt, _)| attempt.stream).collect(),
    })
}

/// Why TLS is expected there, if it is.
fn expected(case: &Case<'_>, seen: &InClear) -> Option<Text> {
    let elsewhere = || {
        case.connections.iter().map(|one| one.subject.connection).any(|connection| {
            connection.server == seen.server
                && connection.handshake.server_hello().is_some()
                && connection.handshake.started_by.is_none()
        })
    };
    let known = service(seen.server.port)
        .filter(|known| seen.said.spoken != Spoken::Xmpp || known.checker != Checker::Xmpp);
    if known.is_some() {
        Some(Text::en("{service}, where TLS is expected"))
    } else if elsewhere() {
        Some(Text::en("where other connections are TLS"))
    } else {
        let alert = matches!(seen.said.answer, Answer::Alert { .. });
        alert.then_some(Text::en("where TLS is expected, by the answer"))
    }
}

fn how(seen: &InClear) -> Text {
    match (seen.said.answer, seen.ended) {
        (Answer::Alert { .. }, _) => Text::en("the server refused it with alert {alert}"),
        (Answer::Text { status: Some(_), .. }, _) => {
            Text::en("the server refused it in clear, with status {status}")
        }
        (Answer::Text { .. }, _) => Text::en("the server answered with something else in clear"),
        (Answer::Silence, Some((Role::Server, _, false))) => {
            Text::en("the server closed the connection without an answer")
        }
        (Answer::Silence, Some((Role::Server, _, true))) => {
            Text::en("the server reset the connection without an answer")
        }
        (Answer::Silence, Some((Role::Client, _, _))) => {
            Text::en("the server gave no answer, and the client gave up")
        }
        (Answer::Silence, None) => Text::en("the server gave no answer"),
    }
}

const fn remedy(spoken: Spoken) -> Text {
    match spoken {
        Spoken::Http => Text::en(
            "Let {client} use https for {server}, or the port for plain HTTP if that is meant; look for a proxy or load balancer in between that takes TLS off.",
        ),
        Spoken::Sip => Text::en(
            "Let {client} use TLS as the transport to port {port} of {server} (Expressway: Configuration > Zones, SIP, Transport; Unified CM: the SIP Trunk Security Profile, Outgoing Transport Type), or the port for SIP in clear if that is meant, mostly 5060.",
        ),
        Spoken::Xmpp | Spoken::Ssh => {
            Text::en("Point {client} at the right port of {server}: on {port} TLS is expected.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, NO_STORE, expressway, findings_of, verdicts};
    use super::*;

    #[test]
    fn a_client_that_speaks_http_to_a_tls_port_is_a_verdict() {
        let verdicts = verdicts("client-speaks-http.pcap", NO_STORE);
        assert_eq!(verdicts[0].cause, ID);
        assert_eq!(verdicts[0].refused_by, None);
        assert_eq!(
            verdicts[0].sentence,
            "10.30.5.20 spoke HTTP in clear to 10.30.7.11:8443 (UDS, AXL and SOAP over HTTPS, \
             where TLS is expected): the server closed the connection without an answer, 1 time."
        );
    }

    #[test]
    fn clear_text_at_its_place_is_no_fault() {
        for sample in ["ssh-and-http-beside-tls.pcap", "xmpp-starttls.pcap"] {
            assert!(findings_of(ID, sample, EXPRESSWAY, expressway()).is_empty(), "{sample}");
        }
    }
}
