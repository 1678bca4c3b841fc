//! Clients that ask in clear for TLS, and are refused.

use std::collections::BTreeMap;

use super::case::{Attempt, Case, CaseObservation};
use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Page, Part, Rule};
use super::words::{Text, Values};
use crate::connection::{Missed, RefusedRequest};
use crate::wire::text::count;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[REQUEST_FOR_TLS_REFUSED];

/// Its id, by which the verdict knows it.
pub(super) const ID: &str = "request-for-tls-refused";

const REQUEST_FOR_TLS_REFUSED: Rule = Rule {
    id: ID,
    severity: Severity::Error,
    summary: Text::en("A client asked for TLS, or a proxy for a tunnel, and was refused"),
    sentence: Text::en("{client} asked {server} {what}, and was refused: {answer} ({times})."),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en("Every connection that begins in clear"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a client asked a proxy for a tunnel (CONNECT), or a server of SMTP, FTP, POP3, IMAP, XMPP, LDAP or PostgreSQL for TLS, and the answer was no. It is information where the same client got through to the same server in another connection.",
        ),
        why: Text::en(
            "No ClientHello is ever sent, so nothing that is said about certificates or versions can be the cause.",
        ),
        symptom: Text::en(
            "The service is never reached, and no handshake is in the capture; what a proxy answers (407, 403, 503) stands only in the log of the client, if at all",
        ),
        steps: Text::en(
            "1. Follow the TCP stream in Wireshark: request and answer stand there to be read. 2. Mend what the answer names, on the proxy or the server. 3. Only then look at certificates.",
        ),
        caveat: Text::en(
            "A client that can do without TLS goes on in clear behind the refusal. One that is asked for its password (407) may answer in the next connection.",
        ),
    },
    references: &["RFC 9110, 9.3.6", "RFC 3207, 4", "RFC 4511, 4.14.2", "RFC 6120, 5.4.2.2"],
    check: Check::Case(request_for_tls_refused),
};

fn request_for_tls_refused(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut groups: BTreeMap<_, Vec<(&Attempt, &RefusedRequest)>> = BTreeMap::new();
    for attempt in case.attempts {
        let Missed::Refused(request) = &attempt.missed else { continue };
        let refused = &request.refused;
        let said = (refused.protocol, &refused.target, &refused.answer);
        let key = (attempt.capture, request.client.address, request.server, said);
        groups.entry(key).or_default().push((attempt, request));
    }
    groups.values().filter_map(|group| observation(case, group)).collect()
}

fn observation(case: &Case<'_>, group: &[(&Attempt, &RefusedRequest)]) -> Option<CaseObservation> {
    let (first, request) = group.first()?;
    let refused = &request.refused;
    let (what, remedy) = match &refused.target {
        Some(_) => (FOR_A_TUNNEL, of_proxy(refused.status)),
        None => (FOR_TLS, SWITCH_ON),
    };
    let values = Values::new()
        .with("client", request.client.address.to_string())
        .with("server", request.server.to_string())
        .with("protocol", refused.protocol)
        .with("target", refused.target.as_deref().unwrap_or_default())
        .with("answer", &refused.answer)
        .with("times", count(group.len() as u64, "time"))
        .with_words("what", what)
        .with_words("remedy", remedy);
    let began = Evidence::new(refused.began, "tcp.payload", refused.protocol);
    let ended = Evidence::new(refused.ended, "tcp.payload", &refused.answer);
    Some(CaseObservation {
        observation: Observation {
            values,
            evidence: vec![began, ended],
            severity: gets_through(case, request).then_some(Severity::Info),
            of: None,
        },
        capture: Some(first.capture),
        streams: group.iter().map(|(attempt, _)| attempt.stream).collect(),
    })
}

/// Whether the same client came to TLS in the same way in another connection.
fn gets_through(case: &Case<'_>, request: &RefusedRequest) -> bool {
    case.connections.iter().map(|one| one.subject.connection).any(|connection| {
        connection.server == request.server
            && connection.client.address == request.client.address
            && connection.handshake.started_by == Some(request.refused.protocol)
    })
}

const FOR_A_TUNNEL: Text = Text::en("for a tunnel to {target} (HTTP CONNECT)");
const FOR_TLS: Text = Text::en("for TLS ({protocol})");

const SWITCH_ON: Text = Text::en(
    "Switch TLS on at {server} and give it a certificate with its key, or let {client} use the port on which TLS begins at once, if the server has one (LDAP 636, SMTP 465, IMAP 993, POP3 995).",
);

/// What to do about the answer of a proxy (RFC 9110, 15).
const fn of_proxy(status: Option<u16>) -> Text {
    match status {
        Some(407) => Text::en(
            "The proxy {server} wants a user and a password: give them where the proxy is configured on {client}, or let the proxy pass {client} without.",
        ),
        Some(403) => Text::en(
            "The proxy {server} forbids it: allow {target} there, host and port, for {client}.",
        ),
        Some(502..=504) => Text::en(
            "The proxy {server} did not get through to {target}: look from there whether the name is found, the port open, and a firewall in between; its log tells which.",
        ),
        _ => Text::en(
            "Look whether {server} is a proxy that allows tunnels (CONNECT) to {target}: a web server, or a proxy for other ports, refuses like this.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, NO_STORE, expressway, findings_of, verdicts};
    use super::*;

    #[test]
    fn a_proxy_that_wants_a_password_is_a_verdict() {
        let verdicts = verdicts("proxy-wants-password.pcap", NO_STORE);
        assert_eq!(verdicts[0].cause, ID);
        assert_eq!(
            verdicts[0].sentence,
            "10.30.5.20 asked 10.30.7.11:3128 for a tunnel to cloud.example.net:443 (HTTP \
             CONNECT), and was refused: HTTP/1.0 407 Proxy Authentication Required (1 time)."
        );
        assert!(verdicts[0].remedies[0].contains("a user and a password"));
    }

    #[test]
    fn a_dialogue_that_gets_to_tls_is_no_fault() {
        for sample in ["ssh-and-http-beside-tls.pcap", "xmpp-starttls.pcap"] {
            assert!(findings_of(ID, sample, EXPRESSWAY, expressway()).is_empty(), "{sample}");
        }
    }
}
