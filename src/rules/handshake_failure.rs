//! Handshakes that ended without a word.

use super::documents::COLLABORATION_EDGE_ISSUES;
use super::finding::{Evidence, Observation, Severity};
use super::reaction::{Reaction, reaction};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::selection;
use super::words::Text;
use crate::connection::{Claim, Connection, Outcome};
use crate::time::duration_text;
use crate::tls::Role;
use crate::wire::text::count;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[SERVER_NOT_TLS, HANDSHAKE_UNFINISHED];

const SERVER_NOT_TLS: Rule = Rule {
    id: "server-does-not-speak-tls",
    severity: Severity::Error,
    summary: Text::en("The server answered the ClientHello with something that is not TLS"),
    sentence: Text::en(
        "{server} {how} {bytes} that {verb} not TLS: another service, or plain text, listens on port {port}.",
    ),
    remedy: Text::en(
        "Check what listens on port {port} of {server}: a plain HTTP or SIP service, or a proxy in the path that answers in clear. On Unified CM, look whether the secure service is activated.",
    ),
    needs: &[],
    applies: Text::en("Every TLS connection"),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Whether the server sent bytes, before or after the ClientHello of a client that said nothing else, all of them captured, and none of them is a TLS record.",
        ),
        why: Text::en(
            "A client that gets plain text where it wants TLS gives up at once, and its message (wrong version number) sounds like a fault of TLS versions.",
        ),
        symptom: Text::en(
            "Every connection to this port fails at once; OpenSSL says: wrong version number",
        ),
        steps: Text::en(
            "1. Follow the TCP stream in Wireshark: what does the server say? 2. Connect to the right port, or switch TLS on for the service.",
        ),
        caveat: Text::en("A damaged first record looks the same."),
    },
    references: &["RFC 8446, 5.1"],
    check: Check::Connection(server_not_tls),
};

fn server_not_tls(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let hello = selection::client_hello_frame(connection)?;
    let handshake = &connection.handshake;
    let silent = handshake.entries.iter().all(|entry| entry.from == Role::Client);
    let said = said(connection, hello);
    let ended = connection.outcome.failed() && connection.outcome != Outcome::Unanswered;
    // Text of a server behind the ClientHello looks like the begin of a STARTTLS; the header of
    // the PROXY protocol begins no dialogue.
    let upgraded = handshake
        .started_by
        .is_some_and(|protocol| !matches!(protocol, "another protocol" | "PROXY protocol"));
    let (how, bytes) = said.filter(|_| silent)?;
    if !ended || upgraded || !handshake.gaps().is_empty() {
        return None;
    }
    let values = scene::values(connection)
        .with_words("how", how)
        .with("bytes", bytes.map_or_else(|| "bytes".to_owned(), |bytes| count(bytes, "byte")))
        .with("verb", if bytes == Some(1) { "is" } else { "are" });
    let sent = Evidence::new(hello, "tls.handshake.type", "client_hello").expecting("server_hello");
    Some(Observation {
        values,
        evidence: [sent].into_iter().chain(scene::ending(connection)).collect(),
        severity: None,
        of: None,
    })
}

const ANSWERED: Text = Text::en("answered the ClientHello of {client} with");
const SPOKE_FIRST: Text =
    Text::en("did not answer the ClientHello of {client}; it had greeted the client with");

/// How many bytes the server sent that are no TLS, where it sent any and that can be told, and
/// when: what it said before the ClientHello is no answer, but not counted apart. It tells
/// something where it is no part of a dialogue that asks for TLS.
fn said(connection: &Connection, hello: u64) -> Option<(Text, Option<u64>)> {
    let Some(plain) = connection.handshake.plain_of_server else {
        // More than was looked at.
        return (connection.tcp.server.bytes > 0).then_some((ANSWERED, None));
    };
    if plain.last_frame < hello {
        let alone = connection.handshake.started_by.is_none();
        return alone.then_some((SPOKE_FIRST, Some(plain.bytes)));
    }
    Some((ANSWERED, (plain.first_frame > hello).then_some(plain.bytes)))
}

const HANDSHAKE_UNFINISHED: Rule = Rule {
    id: "handshake-unfinished",
    severity: Severity::Warning,
    summary: Text::en("The handshake ended, or fell silent, without an alert"),
    sentence: Text::en("{ending}: {client} to {server}."),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en("Every TLS connection"),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Whether a side reset or closed the TCP connection, or the server never answered, or the capture file is cut off, before the handshake was over and without an alert.",
        ),
        why: Text::en(
            "TLS programs normally say why they give up. Silence points to something else: a firewall that inspects TLS or SIP, a service that is down or no TLS service, a client that gave up waiting.",
        ),
        symptom: Text::en(
            "Expressway logs: No SSL error available, probably remote disconnect; or Got EOF on socket",
        ),
        steps: Text::en(
            "1. Capture on both machines at once: if one sends a reset that the other never sent, something between them did. 2. Switch off SIP and TLS inspection on firewalls between them. 3. Check that the service runs and speaks TLS on this port. 4. If it is the client that ended right after the server's certificate, treat it as a refused certificate.",
        ),
        caveat: Text::en(
            "The capture may simply have ended before the handshake did. A client that only tests whether the port is open looks the same.",
        ),
    },
    references: &["RFC 8446, 6.1", "RFC 5246, 7.2.1", COLLABORATION_EDGE_ISSUES],
    check: Check::Connection(handshake_unfinished),
};

fn handshake_unfinished(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let hello = selection::client_hello_frame(connection)?;
    let waited = connection.waited(Role::Client);
    let stuck = stuck(connection);
    let ending = match connection.outcome {
        _ if stuck == Some(Role::Client) => Text::en(
            "The client sent its part again and again, and the server never acknowledged all of it: it did not arrive",
        ),
        _ if stuck == Some(Role::Server) => Text::en(
            "The server sent its part again and again, and the client never acknowledged all of it: it did not arrive",
        ),
        Outcome::Closed { by: Role::Client, .. } | Outcome::Reset { by: Role::Client, .. }
            if waited.is_some() && is_the_clients_turn(connection) =>
        {
            Text::en("The client did not go on {stage}, and left after {waited}")
        }
        Outcome::Closed { by: Role::Client, .. } | Outcome::Reset { by: Role::Client, .. }
            if waited.is_some() =>
        {
            Text::en("The server fell silent {stage}, and the client gave up after {waited}")
        }
        Outcome::Reset { by: Role::Client, .. } => {
            Text::en("The client reset the connection {stage} {how}")
        }
        Outcome::Reset { by: Role::Server, .. } => {
            Text::en("The server reset the connection {stage} {how}")
        }
        Outcome::Closed { by: Role::Client, .. } => {
            Text::en("The client closed the connection {stage} {how}")
        }
        Outcome::Closed { by: Role::Server, .. } => {
            Text::en("The server closed the connection {stage} {how}")
        }
        Outcome::Unanswered => Text::en("The server never answered the ClientHello"),
        Outcome::Unfinished => Text::en("The handshake stops {stage}"),
        Outcome::CutOff => Text::en("The capture file is cut off {stage}"),
        _ => return None,
    };
    let (stage, remedy) = stage(connection);
    let remedy = if stuck.is_some() { CHECK_PATH } else { remedy };
    let said = last_alert(connection);
    let how = if said.is_some() { WITH_ALERT } else { WITHOUT_ALERT };
    let evidence = scene::ending(connection)
        .unwrap_or_else(|| Evidence::new(hello, "tls.handshake.type", "client_hello"));
    let values = scene::values(connection)
        .with_words("ending", ending)
        .with_words("how", how)
        .with("waited", waited.map(duration_text).unwrap_or_default())
        .with_words("stage", stage)
        .with_words("remedy", remedy);
    let values = match said {
        Some(alert) => values.with("alert", scene::alert(alert)),
        None => values,
    };
    // The file is at fault, not the handshake.
    let severity = (connection.outcome == Outcome::CutOff).then_some(Severity::Info);
    Some(Observation { values, evidence: vec![evidence], severity, of: None })
}

/// The side whose payload did not arrive, as far as everything that was sent is captured.
fn stuck(connection: &Connection) -> Option<Role> {
    let failed = connection.outcome.failed() || connection.outcome == Outcome::Unfinished;
    let whole = connection.handshake.gaps().is_empty();
    Role::BOTH.into_iter().find(|of| failed && whole && connection.tcp.is_stuck(*of))
}

const CHECK_PATH: Text = Text::en(
    "Capture on both machines at once. Where small packets arrive and full ones do not, the path lets only smaller ones through (VPN, tunnel, MTU) and a firewall drops the ICMP messages that say so: allow these (fragmentation needed), or lower the MTU of the machines. Whether the certificates are accepted shows only then.",
);
const WITHOUT_ALERT: Text = Text::en("without an alert");
const WITH_ALERT: Text = Text::en("with alert {alert}");

/// What the side that left said last: close_notify, or another alert that tells no error.
fn last_alert(connection: &Connection) -> Option<u8> {
    let by = connection.outcome.aborted_by()?;
    let alerts = connection.handshake.alerts().filter(|alert| alert.from == by);
    alerts.last().map(|alert| alert.description)
}

/// How far the handshake had come, and what to try.
fn stage(connection: &Connection) -> (Text, Text) {
    let by = connection.outcome.aborted_by();
    let waited = connection.waited(Role::Client).is_some();
    if connection.outcome == Outcome::CutOff {
        return (reached(connection), COPY_AGAIN);
    }
    let reached = reached(connection);
    if !has_chosen(connection) && connection.handshake.hello_retry_request().is_none() {
        return (reached, NO_ANSWER);
    }
    match by {
        _ if breaks_off_in_certificate(connection) => (reached, CHECK_PATH),
        Some(Role::Client) if has_shown(connection) && left_at_the_certificate(connection) => {
            (reached, PERHAPS_REFUSED)
        }
        Some(Role::Client) if is_the_clients_turn(connection) && has_all(connection) => {
            (reached, ASK_CLIENT)
        }
        Some(Role::Server) if sent_certificate(connection) => (
            Text::en("after the client's answer to the CertificateRequest"),
            PERHAPS_CLIENT_REFUSED,
        ),
        Some(Role::Server) if has_answered(connection) => (reached, NOT_CONFIRMED),
        Some(Role::Client) if has_answered(connection) && waited => (reached, NOT_CONFIRMED),
        _ => (reached, CAPTURE_BOTH),
    }
}

fn reached(connection: &Connection) -> Text {
    if !has_chosen(connection) {
        before_the_server_hello(connection)
    } else if breaks_off_in_certificate(connection) {
        Text::en("in the middle of the server's certificate")
    } else if has_answered(connection) {
        Text::en("after the client's last message")
    } else if !connection.server_certificates.is_empty() {
        Text::en("after the server's certificate")
    } else if has_shown(connection) {
        Text::en("after the server's flight, in which TLS 1.3 hides its certificate")
    } else {
        Text::en("after the ServerHello")
    }
}

/// Whether the server began to send its certificate, and the rest never came.
fn breaks_off_in_certificate(connection: &Connection) -> bool {
    let handshake = &connection.handshake;
    let in_part = handshake.certificates_are_whole(Role::Server) == Some(false);
    // A client that goes on has received it, whatever its records look like here.
    in_part && !handshake.limit_hit && !handshake.has(Role::Client, 16)
}

fn has_chosen(connection: &Connection) -> bool {
    connection.handshake.server_hello().is_some()
}

/// A server that asks for another ClientHello has answered the first (RFC 8446, 4.1.4).
fn before_the_server_hello(connection: &Connection) -> Text {
    let handshake = &connection.handshake;
    match (handshake.hello_retry_request(), handshake.client_hellos().nth(1)) {
        (None, _) => Text::en("after the ClientHello"),
        (Some(_), None) => Text::en("after the HelloRetryRequest"),
        (Some(_), Some(_)) => {
            Text::en("after the second ClientHello, which answers the HelloRetryRequest")
        }
    }
}

/// Whether the server's certificate was sent, as far as can be seen.
fn has_shown(connection: &Connection) -> bool {
    let handshake = &connection.handshake;
    let hidden = || {
        let flight = handshake.encrypted(Role::Server).next();
        handshake.hides_certificates(Role::Server) && flight.is_some()
    };
    !connection.server_certificates.is_empty() || hidden()
}

/// Whether the client answered a CertificateRequest, as far as can be seen.
fn sent_certificate(connection: &Connection) -> bool {
    let hidden = connection.inferred(|claim| match claim {
        Claim::ClientCertificate { sent } => Some(*sent),
        _ => None,
    });
    connection.client_certificates.is_some() || hidden.is_some_and(|(_, sent)| sent)
}

/// Whether the server's flight is at its end, and the client has not sent its last one.
fn is_the_clients_turn(connection: &Connection) -> bool {
    let done = connection.handshake.has(Role::Server, 14);
    (done || connection.has_server_finished()) && !has_answered(connection)
}

/// Whether the client acknowledged everything that the server sent.
fn has_all(connection: &Connection) -> bool {
    connection.tcp.server.unacknowledged == 0
}

fn left_at_the_certificate(connection: &Connection) -> bool {
    reaction(connection, Role::Server) == Reaction::Left
}

/// Whether the client sent its last flight: what it encrypts comes at the end of it.
fn has_answered(connection: &Connection) -> bool {
    let handshake = &connection.handshake;
    let finished = || handshake.finished(Role::Client).is_some();
    finished() || handshake.encrypted(Role::Client).next().is_some()
}

const COPY_AGAIN: Text = Text::en(
    "Copy the file again, or capture again and stop the capture before copying: its end is missing.",
);
const NO_ANSWER: Text = Text::en(
    "Check that the service runs and speaks TLS on port {port}; capture on both machines at once, and look for a firewall between them that inspects TLS or SIP.",
);
const PERHAPS_REFUSED: Text = Text::en(
    "A client that leaves here has most likely refused the certificate: see its log, and the findings about the certificate.",
);
const ASK_CLIENT: Text = Text::en(
    "The server has done its part: see the log of {client}, which received all of it and did not answer. It may have waited for a check of the certificate (revocation by OCSP or CRL, a question to the user).",
);
const PERHAPS_CLIENT_REFUSED: Text = Text::en(
    "A server that leaves here has most likely refused the client's certificate: see its log, and check that it trusts the CA chain of {client}.",
);
const NOT_CONFIRMED: Text = Text::en(
    "The client has done its part, and the server did not confirm it: see the log of {server}; and capture on both machines at once, for a reset or silence that only one of them sees comes from between them (firewall, TLS or SIP inspection).",
);
const CAPTURE_BOTH: Text = Text::en(
    "Capture on both machines at once: a reset or silence that only one of them sees comes from between them (firewall, TLS or SIP inspection).",
);

#[cfg(test)]
mod tests {
    use super::super::finding::{Finding, Severity};
    use super::super::testing::{EXPRESSWAY, WITHOUT_ROOT, bent, finding, findings, judged};
    use crate::connection::{Connection, Outcome};
    use crate::flow::Mark;
    use crate::time::Timestamp;
    use crate::tls::{Body, Entry, Role, What};

    const ID: &str = "handshake-unfinished";

    #[test]
    fn a_server_that_answers_in_clear_is_told() {
        let found = finding("server-does-not-speak-tls", "server-speaks-http.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("that are not TLS"));
        for sample in ["xmpp-starttls.pcap", "reset-after-client-hello.pcap"] {
            assert!(findings("server-does-not-speak-tls", sample, EXPRESSWAY).is_empty());
        }
    }

    #[test]
    fn a_server_that_greets_in_clear_is_told() {
        let greeted = |started_by| {
            let id = "server-does-not-speak-tls";
            bent(id, "server-speaks-http.pcap", EXPRESSWAY, |connection| {
                let handshake = &mut connection.observed.handshake;
                handshake.started_by = started_by;
                let plain = handshake.plain_of_server.as_mut().unwrap();
                (plain.first_frame, plain.last_frame) = (1, 1);
            })
        };
        let said = greeted(None).unwrap().sentence();
        assert!(said.contains("did not answer the ClientHello of 10.30.5.20; it had"), "{said}");
        assert!(greeted(Some("SMTP")).is_none());
    }

    /// A server that is set up for the header of a proxy answers its absence in clear, and one
    /// that is not answers the header.
    #[test]
    fn an_answer_in_clear_to_the_header_of_a_proxy_is_told() {
        let id = "server-does-not-speak-tls";
        let told = |protocol| {
            let found = bent(id, "server-speaks-http.pcap", EXPRESSWAY, |connection| {
                connection.observed.handshake.started_by = Some(protocol);
            });
            found.is_some()
        };
        assert!(told("PROXY protocol") && !told("SMTP"));
    }

    /// The server answered the first ClientHello, so that it does speak TLS.
    #[test]
    fn a_server_that_asked_for_another_client_hello_has_answered() {
        let ends_behind = |entries: usize| {
            bent(ID, "hello-retry-request.pcap", EXPRESSWAY, |connection| {
                connection.observed.handshake.entries.truncate(entries);
                connection.observed.outcome = Outcome::Closed { by: Role::Server, frame: 9 };
            })
            .unwrap()
        };
        let retry = ends_behind(2);
        assert!(retry.sentence().contains("after the HelloRetryRequest without an alert"));
        let entries = judged("hello-retry-request.pcap", EXPRESSWAY).remove(0).connection;
        let entries = entries.observed.handshake.entries;
        let second = |entry: &Entry| match &entry.what {
            What::Message(message) => matches!(message.body, Body::ClientHello(_)),
            _ => false,
        };
        let behind = entries.iter().rposition(second).unwrap() + 1;
        let found = ends_behind(behind);
        assert!(found.sentence().contains("after the second ClientHello, which answers the"));
        assert!(found.remedy().starts_with("Capture on both machines at once"));
    }

    #[test]
    fn an_alert_that_answers_the_end_of_the_stream_is_a_close() {
        let found = finding(ID, "closed-after-client-hello.pcap", EXPRESSWAY);
        assert!(
            found.sentence().starts_with("The server closed the connection after the ClientHello")
        );
    }

    #[test]
    fn a_reset_and_silence_are_told() {
        let found = finding(ID, "reset-after-client-hello.pcap", EXPRESSWAY);
        assert!(found.sentence().starts_with(
            "The server reset the connection after the ClientHello without an alert: "
        ));
        assert_eq!(findings(ID, "client-hello-unanswered.pcap", EXPRESSWAY).len(), 1);
    }

    /// Only who has received a certificate can refuse it.
    #[test]
    fn a_client_that_leaves_before_the_end_of_a_certificate_refuses_nothing() {
        let left = |change: fn(&mut Connection)| {
            bent(ID, "root-missing.pcap", EXPRESSWAY, |connection| {
                connection.observed.outcome = Outcome::Closed { by: Role::Client, frame: 11 };
                change(connection);
            })
            .unwrap()
        };
        let refused = left(|_| {});
        assert!(
            refused.sentence().starts_with("The client closed the connection after the server")
        );
        assert!(refused.remedy().contains("most likely refused the certificate"));
        let not_received = left(|connection| connection.observed.tcp.server.unacknowledged = 700);
        assert!(!not_received.remedy().contains("refused"));
        let broken_off = left(|connection| {
            for entry in &mut connection.observed.handshake.entries {
                if let What::Message(message) = &mut entry.what
                    && matches!(message.body, Body::Certificate(_))
                {
                    message.whole = false;
                }
            }
        });
        assert!(broken_off.sentence().contains("in the middle of the server's certificate"));
        assert!(broken_off.remedy().contains("MTU"));
    }

    /// The handshake of `sample` up to the first entry that `comes_late` picks; then nothing for
    /// five seconds, and the client leaves.
    fn left_after_waiting(sample: &str, comes_late: fn(&Entry) -> bool) -> Finding {
        bent(ID, sample, EXPRESSWAY, |connection| {
            let observed = &mut connection.observed;
            let entries = &mut observed.handshake.entries;
            entries.truncate(entries.iter().position(comes_late).unwrap());
            let last = entries.iter().map(|entry| entry.time.nanos()).max().unwrap();
            let left = Mark { frame: 99, time: Timestamp::from_nanos(last + 5_000_000_000) };
            (observed.tcp.client.fin, observed.tcp.server.fin) = (Some(left), None);
            observed.outcome = Outcome::Closed { by: Role::Client, frame: left.frame };
        })
        .unwrap()
    }

    #[test]
    fn the_side_that_had_to_go_on_is_told() {
        let answer = |entry: &Entry| {
            let hello = matches!(&entry.what, What::Message(message) if message.kind == 1);
            entry.from == Role::Client && !hello
        };
        for (sample, stage) in [
            ("rsa-trusted.pcap", "after the server's certificate"),
            (
                "tls13-trusted.pcap",
                "after the server's flight, in which TLS 1.3 hides its certificate",
            ),
        ] {
            let found = left_after_waiting(sample, answer);
            let wanted = format!("The client did not go on {stage}, and left after 5.00 s: ");
            assert!(found.sentence().starts_with(&wanted), "{}", found.sentence());
            assert!(found.remedy().contains("received all of it and did not answer"));
        }
    }

    /// A client that sent its Finished has accepted the certificate.
    #[test]
    fn a_server_that_does_not_answer_the_finished_is_told() {
        let found = left_after_waiting("rsa-trusted.pcap", |entry| {
            entry.from == Role::Server && entry.what == What::ChangeCipherSpec
        });
        let wanted =
            "The server fell silent after the client's last message, and the client gave up";
        assert!(found.sentence().starts_with(wanted), "{}", found.sentence());
        assert!(found.remedy().contains("the server did not confirm it: see the log of "));
    }

    #[test]
    fn a_cut_file_is_no_fault_of_the_server() {
        let found = finding(ID, "truncated.pcap", EXPRESSWAY);
        assert_eq!(found.severity, Severity::Info);
        assert!(
            found.sentence().starts_with("The capture file is cut off after the ClientHello: ")
        );
    }

    #[test]
    fn an_end_with_an_alert_and_a_finished_handshake_are_silent() {
        assert!(findings(ID, "root-missing.pcap", WITHOUT_ROOT).is_empty());
        assert!(findings(ID, "rsa-trusted.pcap", EXPRESSWAY).is_empty());
        assert!(findings(ID, "client-to-server-only.pcap", EXPRESSWAY).is_empty());
    }
}
