//! How the other side took a certificate, as far as the wire tells.

use super::finding::Severity;
use super::scene;
use super::words::{Text, Values};
use crate::connection::{Claim, Connection, Outcome};
use crate::tls::Role;

/// Alerts that speak about a certificate (RFC 5246, 7.2.2), with internal_error (80),
/// which the traffic server sends when the name does not match, and decrypt_error
/// (51), which is OpenSSL's for a bad signature.
const ABOUT_CERTIFICATES: &[u8] = &[42, 43, 44, 45, 46, 48, 49, 51, 80];

/// bad_certificate: OpenSSL means some faults by it, GnuTLS nearly every one.
pub(super) const BAD_CERTIFICATE: u8 = 42;

/// What the other side did after it had seen a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It went on.
    Accepted,
    /// It refused with an alert; `None` when the alert is encrypted.
    Refused(Option<u8>),
    /// It ended the TCP connection at once, without an alert.
    Left,
    /// The capture does not tell, or the handshake ended for another reason.
    Unknown,
}

/// How the other side took the certificate of `of`.
#[must_use]
pub fn reaction(connection: &Connection, of: Role) -> Reaction {
    let Some(shown) = shown_in(connection, of) else { return Reaction::Unknown };
    if connection.tcp.is_stuck(of) {
        return Reaction::Unknown;
    }
    if connection.outcome == Outcome::Completed || went_on(connection, of) {
        return Reaction::Accepted;
    }
    match connection.outcome {
        // Frames do not tell what came first where one direction was recorded before
        // the other; an alert about certificates can only mean the one that was shown.
        Outcome::Alert { by, description, .. } if by != of => match description {
            Some(code) if !ABOUT_CERTIFICATES.contains(&code) => Reaction::Unknown,
            known => Reaction::Refused(known),
        },
        Outcome::Reset { by, frame } | Outcome::Closed { by, frame }
            if by != of && frame >= shown && took_all(connection, of) =>
        {
            Reaction::Left
        }
        _ => Reaction::Unknown,
    }
}

/// Whether the other side took all that `of` sent, and did not wait in vain for more: only then
/// leaving is an answer.
pub(super) fn took_all(connection: &Connection, of: Role) -> bool {
    connection.tcp.side(of).unacknowledged == 0 && connection.waited(of.other()).is_none()
}

/// Frame in which `of` showed a certificate; under TLS 1.3 the flight that hides it.
fn shown_in(connection: &Connection, of: Role) -> Option<u64> {
    if !connection.handshake.is_tls13() || connection.handshake.is_decrypted(of) {
        return scene::certificate_frame(connection, of);
    }
    match of {
        Role::Server => connection.handshake.server_hello().map(|(entry, _)| entry.frame),
        Role::Client => hidden_answer(connection, true),
    }
}

/// A client sends ClientKeyExchange (16) only after it accepted the server's
/// certificate (RFC 5246, 7.4.7).
fn went_on(connection: &Connection, of: Role) -> bool {
    of == Role::Server && connection.handshake.has(Role::Client, 16)
}

/// Frame of the client's answer to a CertificateRequest that TLS 1.3 hides: a
/// certificate, or an empty list; shown by a key log, or told by its length.
pub(super) fn hidden_answer(connection: &Connection, with_certificate: bool) -> Option<u64> {
    if connection.handshake.is_decrypted(Role::Client) {
        let (entry, list) = connection.handshake.certificates(Role::Client)?;
        return (list.certificates.is_empty() != with_certificate).then_some(entry.frame);
    }
    let (inference, ()) = connection.inferred(|claim| {
        matches!(claim, Claim::ClientCertificate { sent } if *sent == with_certificate)
            .then_some(())
    })?;
    inference.frames().first().copied()
}

/// Whether the other side ended the handshake in a way that tells one of `alerts`.
pub(super) fn tells(connection: &Connection, of: Role, alerts: &[u8]) -> bool {
    match reaction(connection, of) {
        Reaction::Refused(Some(code)) => alerts.contains(&code),
        Reaction::Refused(None) | Reaction::Left => true,
        Reaction::Accepted | Reaction::Unknown => false,
    }
}

/// A fault that the other side did not mind is a warning.
pub(super) fn severity(connection: &Connection, of: Role) -> Option<Severity> {
    (reaction(connection, of) == Reaction::Accepted).then_some(Severity::Warning)
}

/// Adds `{reaction}` and what it names: the other side's answer as a clause.
pub(super) fn with_reaction(
    values: Values,
    connection: &Connection,
    of: Role,
    alerts: &[u8],
) -> Values {
    let judge = connection.end(of.other()).host();
    let values = values.with("judge", judge);
    match reaction(connection, of) {
        Reaction::Accepted => values.with_words("reaction", ACCEPTED),
        Reaction::Refused(None) => values.with_words("reaction", REFUSED_UNREADABLY),
        Reaction::Refused(Some(code)) => {
            let words = match code {
                _ if alerts.contains(&code) => REFUSED,
                BAD_CERTIFICATE => REFUSED_IN_GENERAL,
                _ => REFUSED_OTHERWISE,
            };
            values.with("alert", scene::alert(code)).with_words("reaction", words)
        }
        Reaction::Left => values.with_words("reaction", LEFT),
        Reaction::Unknown => values.with_words("reaction", UNKNOWN),
    }
}

const ACCEPTED: Text =
    Text::en("{judge} went on all the same, but a peer that checks this would refuse it");
const REFUSED: Text = Text::en("{judge} refused it with alert {alert}");
const REFUSED_IN_GENERAL: Text = Text::en(
    "{judge} refused it with alert {alert}, which some programs (GnuTLS) send for nearly every fault of a certificate",
);
const REFUSED_OTHERWISE: Text =
    Text::en("{judge} gave up with alert {alert}, which tells another fault; this one comes next");
const REFUSED_UNREADABLY: Text = Text::en("{judge} refused it with an alert that is encrypted");
const LEFT: Text = Text::en("{judge} ended the connection without an alert");
const UNKNOWN: Text = Text::en("a peer that checks this refuses it");
