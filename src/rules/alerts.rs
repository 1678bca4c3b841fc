//! Alerts: who told whom what, and what it means at this place.

use super::finding::{Evidence, Observation, Severity};
use super::reaction::{self, Reaction};
use super::rule::{Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::connection::{Connection, Outcome};
use crate::expressway::{Checker, service};
use crate::tls::Role;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[TLS13_CLIENT_REFUSED_CERTIFICATE, ALERT_RECEIVED];

const TLS13_CLIENT_REFUSED_CERTIFICATE: Rule = Rule {
    id: "tls13-client-refused-certificate",
    severity: Severity::Error,
    summary: Text::en("Under TLS 1.3 the client refused the server's certificate"),
    sentence: Text::en(
        "{client} refused the certificate of {server}, which TLS 1.3 hides, with {alert}: {meaning}.",
    ),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en(
        "TLS 1.3; Expressway as client on SIP from X15.2 on by default, Unified CM from 15SU2",
    ),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Whether the client ended a TLS 1.3 handshake with an alert right after the server's flight. OpenSSL sends it in clear; others encrypt it, and it is told by its length (19 bytes, 35 from Java).",
        ),
        why: Text::en(
            "The certificate cannot be seen, but the alert tells that it was refused and, in clear, why.",
        ),
        symptom: Text::en("As for the same fault under TLS 1.2: login or registration fails"),
        steps: Text::en(
            "1. Read the alert: unknown_ca (48) is the chain, internal_error (80) the name, certificate_expired (45) the date. 2. Get the certificate from the server (`openssl s_client -connect HOST:PORT -showcerts`), or test with TLS 1.2 for SIP (`xConfiguration SIP Advanced SipTlsVersions: 'TLSv1.2'`). 3. Repair as for TLS 1.2.",
        ),
        caveat: Text::en(
            "That OpenSSL sends this alert in clear was measured with OpenSSL 3.0. An encrypted alert may also be about something else than the certificate.",
        ),
    },
    references: &[
        "RFC 8446, 4.4.2.4",
        "RFC 8446, 6.2",
        "Understand Mobile and Remote Access Certificate Requirements and Apache Traffic Server History (225476)",
    ],
    check: tls13_client_refused_certificate,
};

fn tls13_client_refused_certificate(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    if !connection.handshake.is_tls13() || !connection.server_certificates.is_empty() {
        return None;
    }
    let Reaction::Refused(alert) = reaction::reaction(connection, Role::Server) else {
        return None;
    };
    let (meaning, remedy) = match alert {
        Some(48) => (NO_ANCHOR, TRUST_HIDDEN),
        Some(80) => (WRONG_NAME, RENAME),
        Some(45) => (EXPIRED, RENEW),
        Some(43) => (WRONG_PURPOSE, LOOK),
        Some(_) => (UNTOLD, LOOK),
        None => (ENCRYPTED, LOOK),
    };
    let values = scene::values(connection)
        .with("alert", said(alert))
        .with("wanted", "the CA certificates above the server's certificate")
        .with_words("upload", scene::upload(connection))
        .with_words("meaning", meaning)
        .with_words("remedy", remedy);
    Some(Observation {
        values,
        evidence: scene::ending(connection).into_iter().collect(),
        severity: None,
        of: Some(Role::Server),
    })
}

fn said(alert: Option<u8>) -> String {
    alert.map_or_else(
        || "an encrypted alert".to_owned(),
        |code| format!("alert {}", scene::alert(code)),
    )
}

const NO_ANCHOR: Text = Text::en(
    "its trust list lacks the CA of that certificate, or the certificate itself if it is self-signed",
);
const WRONG_NAME: Text = Text::en(
    "the traffic server of Expressway says so when the certificate does not carry the name that was asked for",
);
const EXPIRED: Text = Text::en("that certificate, or a CA above it, has expired");
const WRONG_PURPOSE: Text = Text::en("that certificate is not for servers (extended key usage)");
const UNTOLD: Text = Text::en("the alert does not tell whether chain, name or date is at fault");
const ENCRYPTED: Text = Text::en("the reason is encrypted, and so is what was wrong");

const TRUST_HIDDEN: Text = Text::en(
    "Get the certificate from the server (`openssl s_client -connect HOST:PORT -showcerts`). {upload}.",
);
const RENAME: Text = Text::en(
    "Compare the server name of the ClientHello with the certificate; on Unified CM, System > Server has to list the fully qualified domain name that the certificate carries.",
);
const RENEW: Text =
    Text::en("Renew the certificate of {server}, or the CA certificate above it that has expired.");
const LOOK: Text = Text::en(
    "Get the certificate from the server (`openssl s_client -connect HOST:PORT -showcerts`), and the reason from the log of {client}; for SIP, test with `xConfiguration SIP Advanced SipTlsVersions: 'TLSv1.2'` to see it in a capture.",
);

const ALERT_RECEIVED: Rule = Rule {
    id: "alert-received",
    severity: Severity::Error,
    summary: Text::en("A side ended the handshake with an alert"),
    sentence: Text::en("{sender} ended the handshake with {alert}, sent to {receiver}: {meaning}."),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en("Every TLS connection"),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Fatal alerts in clear, and encrypted ones that length and place give away.",
        ),
        why: Text::en(
            "The alert is the only thing that a side says about its reason. Who sent it matters most: the sender is the one that refused, and its own log and trust list tell why.",
        ),
        symptom: Text::en(
            "Depends on the service; the log of the receiver names the alert: tlsv1 alert unknown ca",
        ),
        steps: Text::en(
            "1. Look at the sender: the fault is in what the other side showed, or in the trust list of the sender. 2. Look for another finding on the same connection; it names the fault. 3. Read the sender's log at that time.",
        ),
        caveat: Text::en(
            "Java says certificate_unknown (46) for nearly every fault of a certificate. An alert in clear is not authenticated: a middlebox can send it as well.",
        ),
    },
    references: &["RFC 8446, 6.2", "RFC 5246, 7.2.2"],
    check: alert_received,
};

fn alert_received(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let Outcome::Alert { by, description, frame, .. } = connection.outcome else { return None };
    let ends = [connection.client.address.to_string(), scene::server(connection)];
    let [client, server] = ends;
    let (sender, receiver) = match by {
        Role::Client => (client, server),
        Role::Server => (server, client),
    };
    let evidence = match description {
        Some(code) => Evidence::new(frame, "tls.alert_message.desc", scene::alert(code)),
        None => Evidence::new(frame, "tls.record.length", "encrypted alert"),
    };
    let values = scene::values(connection)
        .with("sender", sender)
        .with("receiver", receiver)
        .with("alert", said(description))
        .with_words("meaning", meaning(connection, by, description))
        .with_words("remedy", ASK_THE_SENDER);
    Some(Observation { values, evidence: vec![evidence], severity: None, of: None })
}

const ASK_THE_SENDER: Text = Text::en(
    "The reason is with {sender}: look at the other findings of this connection, and at its log for this time.",
);

/// What an alert means, by its sender and by what the sender had seen.
fn meaning(connection: &Connection, by: Role, alert: Option<u8>) -> Text {
    let about_certificate =
        matches!(reaction::reaction(connection, by.other()), Reaction::Refused(_));
    match (alert, by) {
        (None, _) => Text::en("the alert is encrypted"),
        (Some(code), Role::Client) if about_certificate => of_server_certificate(connection, code),
        (Some(code), Role::Server) if about_certificate => of_client_certificate(code),
        (Some(code), _) => of_handshake(code),
    }
}

fn of_server_certificate(connection: &Connection, code: u8) -> Text {
    let checker = service(connection.server.port).map(|service| service.checker);
    match code {
        48 => Text::en(
            "its trust list lacks the chain of the certificate that the server has just shown",
        ),
        80 if checker == Some(Checker::TrafficServer) => Text::en(
            "after a certificate the traffic server of Expressway says so when the name does not match",
        ),
        80 => Text::en("an error of its own, after it had seen the server's certificate"),
        45 => Text::en("the server's certificate or a CA above it has expired"),
        44 => Text::en("the server's certificate has been revoked"),
        43 => Text::en("the server's certificate is not for this use (extended key usage)"),
        42 => Text::en(
            "the server's certificate is refused: not valid yet, key too short, or wrong name",
        ),
        46 => Text::en("the server's certificate is refused; Java says so for every reason"),
        51 => Text::en("a signature did not verify"),
        _ => Text::en("the server's certificate is refused"),
    }
}

fn of_client_certificate(code: u8) -> Text {
    match code {
        48 => Text::en(
            "its trust list lacks the chain of the certificate that the client has just shown",
        ),
        45 => Text::en("the client's certificate or a CA above it has expired"),
        44 => Text::en("the client's certificate has been revoked"),
        43 => {
            Text::en("the client's certificate is not for this use (extended key usage clientAuth)")
        }
        46 => Text::en("the client's certificate is refused; Java says so for every reason"),
        51 => Text::en("a signature of the client did not verify"),
        _ => Text::en("the client's certificate is refused"),
    }
}

fn of_handshake(code: u8) -> Text {
    match code {
        10 => Text::en("a message came that was not expected at this place"),
        20 => Text::en("a record could not be decrypted"),
        40 => Text::en(
            "both sides have no cipher suite, group or signature algorithm in common, or a certificate that the server requires did not come",
        ),
        47 | 50 => Text::en("a message was malformed; think of a middlebox"),
        70 => Text::en("both sides have no TLS version in common"),
        71 => Text::en("what was offered is too weak for the server"),
        80 => Text::en("an error inside the sender"),
        86 => Text::en("the client fell back to an older version without need"),
        112 => Text::en("the server does not know the server name that was asked for"),
        116 => Text::en("the server requires a client certificate"),
        120 => Text::en("both sides have no application protocol (ALPN) in common"),
        _ => Text::en("see RFC 8446, 6.2"),
    }
}
