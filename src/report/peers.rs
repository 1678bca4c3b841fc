//! The servers of a run: what each shows, whom it asks for, and whom it accepts. From
//! this its trust store is inferred, as far as a capture tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::{Judged, Report};
use super::words::subject;
use crate::connection::Connection;
use crate::expressway::service;
use crate::packet::Endpoint;
use crate::rules::{Reaction, reaction};
use crate::tls::{Role, names};
use crate::wire::text::{count, hex, printable};
use crate::x509::{Certificate, Name};

/// One server.
#[derive(Debug)]
pub struct Peer {
    /// Where it listens.
    pub server: Endpoint,
    /// Server names by which it was asked for.
    pub names: Vec<String>,
    /// TLS connections to it.
    pub connections: u64,
    /// Its own certificates, in order of appearance.
    pub certificates: Vec<Shown>,
    /// Connections in which it asked for a client certificate in clear.
    pub requests: u64,
    /// Whether one of those requests named no authority, so that any will do.
    pub asks_for_any: bool,
    /// The names of CAs that it asked for or that issued what clients showed.
    pub authorities: Vec<Authority>,
    /// Client certificates, in order of appearance; `None` for those hidden by TLS 1.3.
    pub clients: Vec<ClientShown>,
    /// Connections in which the client answered with an empty list.
    pub empty_answers: u64,
}

/// A certificate that a server showed.
#[derive(Debug)]
pub struct Shown {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// Streams in which it was shown, each with the number of its capture.
    pub streams: Vec<(usize, u64)>,
}

/// A certificate that clients showed, and what the server made of it.
#[derive(Debug)]
pub struct ClientShown {
    /// The certificate; `None` when TLS 1.3 hides it.
    pub certificate: Option<Arc<Certificate>>,
    /// Connections in which the server went on.
    pub accepted: u64,
    /// Connections in which the server refused, with its alerts (`None`: encrypted).
    pub refused: Vec<Option<u8>>,
    /// Connections that do not tell.
    pub unknown: u64,
    /// Whether a CA above it was among the names asked for; `None` when the server
    /// named none.
    pub requested: Option<bool>,
}

/// A CA as far as this server is concerned.
#[derive(Debug)]
pub struct Authority {
    /// Its name.
    pub name: Name,
    /// Whether the server's CertificateRequest names it.
    pub offered: bool,
    /// Connections in which a certificate that it issued was accepted.
    pub accepted: u64,
    /// Connections in which one was refused.
    pub refused: u64,
    /// Whether it issued what a client showed, and neither it nor a CA above it was
    /// among the names asked for.
    pub missing: bool,
}

/// The servers by address and port.
#[must_use]
pub fn collect(report: &Report) -> Vec<Peer> {
    let mut peers: BTreeMap<Endpoint, Peer> = BTreeMap::new();
    for judged in &report.connections {
        let server = judged.connection.server;
        peers.entry(server).or_insert_with(|| Peer::new(server)).add(judged);
    }
    peers.into_values().collect()
}

impl Peer {
    const fn new(server: Endpoint) -> Self {
        Self {
            server,
            names: Vec::new(),
            connections: 0,
            certificates: Vec::new(),
            requests: 0,
            asks_for_any: false,
            authorities: Vec::new(),
            clients: Vec::new(),
            empty_answers: 0,
        }
    }

    fn add(&mut self, judged: &Judged) {
        let connection = &judged.connection;
        self.connections += 1;
        if let Some(name) = connection.server_name()
            && !self.names.contains(&name)
        {
            self.names.push(name);
        }
        if let Some(leaf) = connection.server_leaf() {
            self.showed(leaf, (judged.capture, connection.stream));
        }
        if let Some(names) = connection.requested_authorities() {
            self.requests += 1;
            self.asks_for_any |= names.is_empty();
            for name in &names {
                self.authority(name, |authority| authority.offered = true);
            }
        }
        self.client(connection);
    }

    fn showed(&mut self, leaf: &Arc<Certificate>, stream: (usize, u64)) {
        update(
            &mut self.certificates,
            |shown| shown.certificate.sha256 == leaf.sha256,
            || Shown { certificate: Arc::clone(leaf), streams: Vec::new() },
            |shown| shown.streams.push(stream),
        );
    }

    fn client(&mut self, connection: &Connection) {
        let answer = reaction(connection, Role::Client);
        let leaf = connection.certificates(Role::Client).first().and_then(|shown| shown.parsed());
        if leaf.is_none() && connection.client_certificates.is_some() {
            self.empty_answers += 1;
            return;
        }
        // Under TLS 1.3 a reaction means that a certificate was told by its length.
        if leaf.is_none() && answer == Reaction::Unknown {
            return;
        }
        let requested = connection.client_issuer_requested();
        if let Some(leaf) = leaf {
            self.authority(&leaf.issuer, |authority| {
                authority.accepted += u64::from(answer == Reaction::Accepted);
                authority.refused += u64::from(matches!(answer, Reaction::Refused(_)));
                authority.missing |= requested == Some(false);
            });
        }
        self.client_shown(leaf, |client| {
            client.requested = requested.or(client.requested);
            match answer {
                Reaction::Accepted => client.accepted += 1,
                Reaction::Refused(alert) => client.refused.push(alert),
                Reaction::Left | Reaction::Unknown => client.unknown += 1,
            }
        });
    }

    fn authority(&mut self, name: &Name, change: impl FnOnce(&mut Authority)) {
        let new = || Authority {
            name: name.clone(),
            offered: false,
            accepted: 0,
            refused: 0,
            missing: false,
        };
        update(&mut self.authorities, |authority| authority.name == *name, new, change);
    }

    fn client_shown(
        &mut self,
        leaf: Option<&Arc<Certificate>>,
        change: impl FnOnce(&mut ClientShown),
    ) {
        let new = || ClientShown {
            certificate: leaf.cloned(),
            accepted: 0,
            refused: Vec::new(),
            unknown: 0,
            requested: None,
        };
        update(&mut self.clients, |shown| shown.certificate.as_ref() == leaf, new, change);
    }
}

/// Changes the entry of a list that is meant, or a new one.
fn update<T>(
    list: &mut Vec<T>,
    is_meant: impl Fn(&T) -> bool,
    new: impl FnOnce() -> T,
    change: impl FnOnce(&mut T),
) {
    match list.iter_mut().find(|entry| is_meant(entry)) {
        Some(entry) => change(entry),
        None => {
            let mut entry = new();
            change(&mut entry);
            list.push(entry);
        }
    }
}

/// The servers for people.
#[must_use]
pub fn render(peers: &[Peer]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for peer in peers {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(head(peer));
        lines.extend(peer.certificates.iter().map(own));
        lines.extend(asked(peer));
        lines.extend(peer.authorities.iter().map(|authority| authority_line(peer, authority)));
        lines.extend(peer.clients.iter().map(client_line));
        if peer.empty_answers > 0 {
            lines.push(format!(
                "  answered with an empty list in {}",
                count(peer.empty_answers, "connection")
            ));
        }
    }
    if lines.is_empty() {
        lines.push("no TLS connection".to_owned());
    }
    lines.iter().map(|line| printable(line) + "\n").collect()
}

fn head(peer: &Peer) -> String {
    let names = if peer.names.is_empty() { "no server name".into() } else { peer.names.join(", ") };
    let service = service(peer.server.port).map(|service| format!(", {}", service.name));
    format!(
        "{} {names}{}: {}",
        peer.server,
        service.unwrap_or_default(),
        count(peer.connections, "TLS connection")
    )
}

/// The first digits of a fingerprint, enough to tell certificates apart by eye.
fn short(certificate: &Certificate) -> String {
    hex(certificate.sha256.get(..8).unwrap_or_default())
}

fn described(certificate: &Certificate) -> String {
    format!(
        "{} (serial {}, {}, SHA-256 {})",
        subject(certificate),
        certificate.serial,
        certificate.public_key.label(),
        short(certificate)
    )
}

fn own(shown: &Shown) -> String {
    let times = count(shown.streams.len() as u64, "connection");
    format!("  shows {} in {times}", described(&shown.certificate))
}

fn asked(peer: &Peer) -> Option<String> {
    if peer.requests == 0 {
        return None;
    }
    let any = if peer.asks_for_any { ", naming no CA (any will do)" } else { "" };
    Some(format!("  asks for a client certificate in {}{any}", count(peer.requests, "connection")))
}

fn authority_line(peer: &Peer, authority: &Authority) -> String {
    let mut said = Vec::new();
    if authority.offered {
        said.push("offered".to_owned());
    } else if authority.missing {
        said.push("not offered, nor is a CA above it".to_owned());
    } else if !peer.asks_for_any && peer.requests > 0 {
        said.push("not offered itself, but a CA above it".to_owned());
    }
    if authority.accepted > 0 {
        said.push(format!("seen accepted in {}", count(authority.accepted, "connection")));
    }
    if authority.refused > 0 {
        said.push(format!("seen refused in {}", count(authority.refused, "connection")));
    }
    if authority.missing {
        said.push("missing ours: it issued what the client shows".to_owned());
    }
    format!("    CA {}: {}", authority.name, said.join("; "))
}

fn client_line(client: &ClientShown) -> String {
    let what = match &client.certificate {
        Some(certificate) => {
            format!("{}, issuer {}", described(certificate), certificate.issuer)
        }
        None => "a certificate that TLS 1.3 hides".to_owned(),
    };
    let mut said = Vec::new();
    if client.accepted > 0 {
        said.push(format!("accepted in {}", count(client.accepted, "connection")));
    }
    if !client.refused.is_empty() {
        let mut alerts: Vec<String> = client.refused.iter().copied().map(alert).collect();
        alerts.sort();
        alerts.dedup();
        let times = count(client.refused.len() as u64, "connection");
        said.push(format!("refused in {times} ({})", alerts.join(", ")));
    }
    if client.unknown > 0 {
        said.push(format!("no answer seen in {}", count(client.unknown, "connection")));
    }
    format!("  client shows {what}: {}", said.join("; "))
}

/// `unknown_ca (48)`.
#[must_use]
pub fn alert(code: Option<u8>) -> String {
    code.map_or_else(
        || "encrypted alert".to_owned(),
        |code| format!("{} ({code})", names::alert_name(code)),
    )
}
