//! The document of `tlsight peers --json`.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use crate::expressway::service;
use crate::foresight::{
    Answer, Authority, Chosen, ClientShown, Negotiation, Offer, Peer, Seen, Shown, Standing,
    kind_name,
};
use crate::report::peers::alert;
use crate::tls::names;
use crate::wire::text::hex;
use crate::x509::Certificate;

#[derive(Serialize)]
struct PeersDocument {
    peers: Vec<PeerDocument>,
}

#[derive(Serialize)]
struct PeerDocument {
    server: String,
    service: Option<&'static str>,
    names: Vec<String>,
    connections: u64,
    certificates: Vec<ShownDocument>,
    certificate_requests: u64,
    asks_for_any: bool,
    authorities: Vec<AuthorityDocument>,
    client_certificates: Vec<ClientDocument>,
    empty_answers: u64,
    /// Whose order of cipher suites decides: `client`, `own`, or null.
    order: Option<&'static str>,
    /// What shows that.
    order_seen: Vec<StreamDocument>,
    versions: Vec<StandingDocument>,
    cipher_suites: Vec<StandingDocument>,
    groups: Vec<StandingDocument>,
    signature_algorithms: Vec<StandingDocument>,
    /// Its answers to offers, each different pair once.
    answers: Vec<AnswerDocument>,
    answers_left_out: u64,
}

/// What a server did with something that was offered, and where first.
#[derive(Serialize)]
struct StandingDocument {
    name: String,
    accepted: Option<StreamDocument>,
    refused: Option<StreamDocument>,
}

#[derive(Serialize)]
struct AnswerDocument {
    #[serde(flatten)]
    seen: StreamDocument,
    times: u64,
    server_name: Option<String>,
    offered: OfferDocument,
    /// Null when the server ended the handshake instead.
    chosen: Option<ChosenDocument>,
    /// The alert that ended it.
    alert: Option<String>,
}

#[derive(Serialize)]
struct OfferDocument {
    versions: Vec<String>,
    cipher_suites: Vec<String>,
    signature_algorithms: Vec<String>,
    groups: Vec<String>,
}

#[derive(Serialize)]
struct ChosenDocument {
    version: String,
    cipher_suite: String,
    group: Option<String>,
    signature_algorithm: Option<String>,
    /// `RSA`, `ECDSA`; null where nothing tells.
    certificate: Option<&'static str>,
}

#[derive(Serialize)]
struct ShownDocument {
    #[serde(flatten)]
    certificate: CertificateDocument,
    streams: Vec<StreamDocument>,
}

#[derive(Serialize)]
struct StreamDocument {
    input: usize,
    stream: u64,
    frame: u64,
}

#[derive(Serialize)]
struct CertificateDocument {
    subject: String,
    issuer: String,
    serial: String,
    key: String,
    sha256: String,
}

#[derive(Serialize)]
struct AuthorityDocument {
    name: String,
    offered: bool,
    seen_accepted: u64,
    seen_refused: u64,
    missing_ours: bool,
}

#[derive(Serialize)]
struct ClientDocument {
    /// Null when TLS 1.3 hides it.
    certificate: Option<CertificateDocument>,
    issuer_requested: Option<bool>,
    accepted: u64,
    refused: u64,
    alerts: Vec<String>,
    unknown: u64,
}

/// Writes the servers of a run.
///
/// # Errors
/// What the writer says.
pub fn write_peers(peers: &[Peer], out: &mut impl Write) -> io::Result<()> {
    formatter::pretty(&PeersDocument { peers: peers.iter().map(PeerDocument::of).collect() }, out)
}

impl PeerDocument {
    fn of(peer: &Peer) -> Self {
        Self {
            server: peer.server.to_string(),
            service: service(peer.server.port).map(|service| service.name),
            names: peer.names.clone(),
            connections: peer.connections,
            certificates: peer.certificates.iter().map(ShownDocument::of).collect(),
            certificate_requests: peer.requests,
            asks_for_any: peer.asks_for_any,
            authorities: peer.authorities.iter().map(AuthorityDocument::of).collect(),
            client_certificates: peer.clients.iter().map(ClientDocument::of).collect(),
            empty_answers: peer.empty_answers,
            order: peer.order().word(),
            order_seen: peer.order().seen().iter().map(StreamDocument::of).collect(),
            versions: standings(&peer.versions(), names::version_name),
            cipher_suites: standings(&peer.suites(), names::cipher_suite_name),
            groups: standings(&peer.groups(), names::group_name),
            signature_algorithms: standings(
                &peer.signature_algorithms(),
                names::signature_scheme_name,
            ),
            answers: peer.negotiations.iter().map(AnswerDocument::of).collect(),
            answers_left_out: peer.negotiations_left_out,
        }
    }
}

fn standings(list: &[Standing], name: impl Fn(u16) -> Cow<'static, str>) -> Vec<StandingDocument> {
    let told = |one: &Standing| StandingDocument {
        name: name(one.code).into_owned(),
        accepted: one.accepted.as_ref().map(StreamDocument::of),
        refused: one.refused.as_ref().map(StreamDocument::of),
    };
    list.iter().map(told).collect()
}

impl AnswerDocument {
    fn of(one: &Negotiation) -> Self {
        let refusal = match &one.answer {
            Answer::Refused { alert: code } => Some(alert(*code)),
            Answer::Chosen(_) => None,
        };
        Self {
            seen: StreamDocument::of(&one.seen),
            times: one.times,
            server_name: one.server_name.clone(),
            offered: OfferDocument::of(&one.offer),
            chosen: one.chosen().map(ChosenDocument::of),
            alert: refusal,
        }
    }
}

impl OfferDocument {
    fn of(offer: &Offer) -> Self {
        let named = |list: &[u16], name: fn(u16) -> Cow<'static, str>| {
            list.iter().map(|code| name(*code).into_owned()).collect()
        };
        Self {
            versions: named(&offer.versions, names::version_name),
            cipher_suites: named(&offer.suites, names::cipher_suite_name),
            signature_algorithms: named(&offer.signature_algorithms, names::signature_scheme_name),
            groups: named(&offer.groups, names::group_name),
        }
    }
}

impl ChosenDocument {
    fn of(chosen: &Chosen) -> Self {
        let scheme = |code| names::signature_scheme_name(code).into_owned();
        Self {
            version: names::version_name(chosen.version).into_owned(),
            cipher_suite: names::cipher_suite_name(chosen.suite).into_owned(),
            group: chosen.group.map(|code| names::group_name(code).into_owned()),
            signature_algorithm: chosen.signature.map(scheme),
            certificate: chosen.kind.map(kind_name),
        }
    }
}

impl ShownDocument {
    fn of(shown: &Shown) -> Self {
        Self {
            certificate: CertificateDocument::of(&shown.certificate),
            streams: shown.seen.iter().map(StreamDocument::of).collect(),
        }
    }
}

impl StreamDocument {
    const fn of(seen: &Seen) -> Self {
        Self { input: seen.capture, stream: seen.stream, frame: seen.frame }
    }
}

impl CertificateDocument {
    fn of(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject.to_string(),
            issuer: certificate.issuer.to_string(),
            serial: certificate.serial.to_string(),
            key: certificate.public_key.label(),
            sha256: hex(&certificate.sha256),
        }
    }
}

impl AuthorityDocument {
    fn of(authority: &Authority) -> Self {
        Self {
            name: authority.name.to_string(),
            offered: authority.offered,
            seen_accepted: authority.accepted,
            seen_refused: authority.refused,
            missing_ours: authority.missing,
        }
    }
}

impl ClientDocument {
    fn of(client: &ClientShown) -> Self {
        Self {
            certificate: client.certificate.as_deref().map(CertificateDocument::of),
            issuer_requested: client.requested,
            accepted: client.accepted,
            refused: client.refused.len() as u64,
            alerts: client.refused.iter().copied().map(alert).collect(),
            unknown: client.unknown,
        }
    }
}
