//! What both sides showed of certificates, and what came of it.

use super::facts::{Aspect, Content, Fact, Value, missing};
use crate::connection::{
    Claim, Connection, HiddenKey, LedgerClass, NameVerdict, NotJudged, PathVerdict, Presented,
};
use crate::expressway::{Checker, service};
use crate::report::model::Judged;
use crate::report::peers::alert;
use crate::report::words::{date, subject};
use crate::rules::{Reaction, reaction};
use crate::tls::Role;
use crate::wire::text::hex;
use crate::x509::Certificate;

const SERVER_HELLO_DONE: u8 = 14;
/// Names of a certificate that are told.
const TOLD: usize = 4;

/// The facts about certificates.
pub(super) fn facts(judged: &Judged) -> Vec<(Aspect, Fact)> {
    let connection = &judged.connection;
    let mut facts = vec![
        (Aspect::ServerCertificate, server_certificate(connection)),
        (Aspect::ChainVerdict, chain(&connection.server_path)),
        (Aspect::NameVerdict, name(judged)),
        (Aspect::ClientCertificateRequested, requested(connection)),
        (Aspect::ClientCertificate, client_certificate(connection)),
    ];
    let sent = server_chain(connection).map(|fact| (Aspect::ServerChain, fact));
    facts.extend(sent);
    facts.extend(taken(connection).map(|fact| (Aspect::ClientCertificateTaken, fact)));
    if connection.client_path.judged().is_some() {
        facts.push((Aspect::ClientChainVerdict, chain(&connection.client_path)));
    }
    facts
}

/// The kind of a key that only the lengths of records tell.
pub(super) fn inferred_kind(connection: &Connection) -> Option<&'static str> {
    if connection.server_leaf().is_some() {
        return None;
    }
    let (_, key) = connection.inferred_server_key()?;
    Some(match key {
        HiddenKey::Rsa(_) | HiddenKey::AnyRsa => "RSA",
        HiddenKey::P256 | HiddenKey::P384 | HiddenKey::P521 => "ECDSA",
        HiddenKey::Ed25519 => "Ed25519",
        HiddenKey::Ed448 => "Ed448",
        HiddenKey::AnyElliptic => return None,
    })
}

fn server_certificate(connection: &Connection) -> Fact {
    match connection.server_certificates.first() {
        Some(shown) => certificate(shown),
        None if connection.handshake.raw_public_key(Role::Server).is_some() => {
            Fact::plain("raw public key without a certificate")
        }
        None if connection.ledger == LedgerClass::Decoded => Fact::plain("none"),
        None => Fact::Hidden(missing(connection)),
    }
}

fn certificate(shown: &Presented) -> Fact {
    let id = hex(shown.sha256());
    let Some(certificate) = shown.parsed() else {
        let text = format!("a certificate that cannot be read (SHA-256 {id})");
        return Fact::Seen(Value { id, text, content: Content::Plain });
    };
    Fact::Seen(Value { id, text: brief(certificate), content: Content::Parts(parts(certificate)) })
}

/// `CN=a (serial 56:ff)`.
pub(super) fn brief(certificate: &Certificate) -> String {
    format!("{} (serial {})", subject(certificate), certificate.serial)
}

/// What tells one certificate from another.
pub(super) fn parts(certificate: &Certificate) -> Vec<(&'static str, String)> {
    vec![
        ("subject", subject(certificate)),
        ("issuer", certificate.issuer.to_string()),
        ("serial", certificate.serial.to_string()),
        ("valid from", date(&certificate.not_before)),
        ("valid until", date(&certificate.not_after)),
        ("key", certificate.public_key.label()),
        ("SHA-256", hex(&certificate.sha256)),
    ]
}

/// The certificates behind the first; nothing where there is no first.
fn server_chain(connection: &Connection) -> Option<Fact> {
    let (_, rest) = connection.server_certificates.split_first()?;
    if connection.ledger != LedgerClass::Decoded {
        return Some(Fact::Hidden(missing(connection)));
    }
    if rest.is_empty() {
        return Some(Fact::plain("no other certificate"));
    }
    let id: Vec<String> = rest.iter().map(|shown| hex(shown.sha256())).collect();
    let names: Vec<String> = rest
        .iter()
        .map(|shown| shown.parsed().map_or_else(|| "unreadable".to_owned(), |one| brief(one)))
        .collect();
    let text = names.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
    Some(Fact::Seen(Value { id: id.join(" "), text, content: Content::List(names) }))
}

fn chain(verdict: &PathVerdict) -> Fact {
    match verdict {
        PathVerdict::NotJudged(reason) => Fact::Hidden(reason.reason()),
        PathVerdict::Judged(chain) => match chain.validation.first_error() {
            Some(error) => Fact::plain(format!(
                "{}, error {} at depth {}",
                error.text, error.code, error.depth
            )),
            None if chain.validation.ok() => Fact::plain("trusted"),
            None => Fact::plain("not decided"),
        },
    }
}

/// Whether the certificate has the name, by the way in which the client that connects
/// compares. A name that the client did not say, as one from the DNS, may be in one
/// capture and not in the other; it counts only where it is known to be compared.
fn name(judged: &Judged) -> Fact {
    let connection = &judged.connection;
    let (reference, presented) = match &connection.name {
        NameVerdict::NotJudged(reason) => return Fact::Hidden(reason.reason()),
        NameVerdict::Checked { reference, presented, .. } => (reference, presented),
    };
    let matches = connection.name.found_by(judged.leg.name_rule()) == Some(true);
    let checker = service(connection.server.port).map(|service| service.checker);
    if !reference.is_said() && checker != Some(Checker::TrafficServer) {
        return Fact::Hidden(NotJudged::NoReference.reason());
    }
    let has: Vec<&str> = presented.iter().take(TOLD).map(String::as_str).collect();
    let text = match (matches, has.is_empty()) {
        (true, _) => format!("{reference} is in the certificate"),
        (false, true) => format!("{reference} is not in the certificate"),
        (false, false) => format!("{reference} is not in the certificate ({})", has.join(", ")),
    };
    Fact::Seen(Value { id: matches.to_string(), text, content: Content::Plain })
}

fn requested(connection: &Connection) -> Fact {
    let handshake = &connection.handshake;
    let server_is_done = handshake.has(Role::Server, SERVER_HELLO_DONE)
        || handshake.finished(Role::Server).is_some();
    let inferred = || {
        let (_, asked) = connection.inferred(|claim| match claim {
            Claim::CertificateRequested(asked) => Some(*asked),
            _ => None,
        })?;
        Some(asked)
    };
    let asked = match handshake.certificate_request() {
        Some(_) => Some(true),
        // A resumed session has a Finished and no certificates, asked for or not.
        None if server_is_done && connection.resumption.known() != Some(true) => Some(false),
        None => inferred(),
    };
    match asked {
        Some(true) => Fact::plain("yes"),
        Some(false) => Fact::plain("no"),
        None => Fact::Hidden(missing(connection)),
    }
}

fn client_certificate(connection: &Connection) -> Fact {
    if let Some(list) = &connection.client_certificates {
        return list.first().map_or_else(|| Fact::plain("an empty list"), certificate);
    }
    let sent = connection.inferred(|claim| match claim {
        Claim::ClientCertificate { sent } => Some(*sent),
        _ => None,
    });
    match sent {
        Some((_, true)) => Fact::Hidden(NotJudged::HiddenByTls13.reason()),
        Some((_, false)) => Fact::plain("an empty list"),
        None => match requested(connection) {
            Fact::Seen(value) if value.id == "no" => Fact::plain("none"),
            Fact::Seen(_) => Fact::Hidden(missing(connection)),
            hidden => hidden,
        },
    }
}

/// How the server took the client's certificate; nothing where none was sent, or where
/// the end of the handshake does not tell.
fn taken(connection: &Connection) -> Option<Fact> {
    Some(Fact::plain(match reaction(connection, Role::Client) {
        Reaction::Accepted => "accepted".to_owned(),
        Reaction::Refused(code) => format!("refused: {}", alert(code)),
        Reaction::Left => "refused, without an alert".to_owned(),
        Reaction::Unknown => return None,
    }))
}
