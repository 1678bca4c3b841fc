//! The document of `tlsight peers --json`.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use crate::expressway::service;
use crate::foresight::{Authority, ClientShown, Peer, Seen, Shown};
use crate::report::peers::alert;
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
