//! The model of a server, built only from what was seen of it: which certificates it
//! showed, what it chose from which offers, whom it asks for certificates, and whom it
//! accepted. From this its trust store is inferred, as far as a capture tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::negotiation::Negotiation;
use super::offer::{Kind, curve_of_key, kind_of_key};
use super::reason::Seen;
use crate::connection::Connection;
use crate::packet::Endpoint;
use crate::rules::{Reaction, reaction};
use crate::tls::Role;
use crate::x509::{Certificate, Name};

/// Different pairs of offer and answer that are kept of one server. An honest client has
/// a handful of offers; a scanner has thousands.
const NEGOTIATIONS: usize = 64;

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
    /// Its answers to offers, each different pair once, in order of appearance.
    pub negotiations: Vec<Negotiation>,
    /// Further different pairs, for which there was no room.
    pub negotiations_left_out: u64,
    /// Where it was first seen to ask for a client certificate.
    pub first_request: Option<Seen>,
}

/// A certificate that a server showed.
#[derive(Debug)]
pub struct Shown {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// What came with it, as far as it is readable.
    pub beside: Vec<Arc<Certificate>>,
    /// Where it was shown.
    pub seen: Vec<Seen>,
    /// The server names that clients had sent then; empty when none.
    pub names: Vec<Option<String>>,
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

/// The servers by address and port, from connections with the index of their capture.
#[must_use]
pub fn peers<'c>(connections: impl Iterator<Item = (usize, &'c Connection)>) -> Vec<Peer> {
    let mut peers: BTreeMap<Endpoint, Peer> = BTreeMap::new();
    for (capture, connection) in connections {
        let server = connection.server;
        peers.entry(server).or_insert_with(|| Peer::new(server)).add(capture, connection);
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
            negotiations: Vec::new(),
            negotiations_left_out: 0,
            first_request: None,
        }
    }

    fn add(&mut self, capture: usize, connection: &Connection) {
        self.connections += 1;
        if let Some(name) = connection.server_name()
            && !self.names.iter().any(|known| known == name)
        {
            self.names.push(name.to_owned());
        }
        if let Some(leaf) = connection.server_leaf() {
            self.showed(leaf, capture, connection);
        }
        if let Some(names) = connection.requested_authorities() {
            self.requests += 1;
            let request = connection.handshake.certificate_request();
            let stream = connection.stream;
            let seen = request.map(|(entry, _)| Seen { capture, stream, frame: entry.frame });
            self.first_request = self.first_request.or(seen);
            self.asks_for_any |= names.is_empty() && request.is_some_and(|(_, one)| one.whole);
            for name in &names {
                self.authority(name, |authority| authority.offered = true);
            }
        }
        self.client(connection);
        if let Some(negotiation) = Negotiation::of(capture, connection) {
            self.negotiated(negotiation);
        }
    }

    fn negotiated(&mut self, new: Negotiation) {
        let full = self.negotiations.len() >= NEGOTIATIONS;
        let known = self.negotiations.iter_mut().find(|known| {
            known.offer == new.offer
                && known.answer == new.answer
                && known.server_name == new.server_name
        });
        match known {
            Some(known) => known.times += 1,
            None if full => self.negotiations_left_out += 1,
            None => self.negotiations.push(new),
        }
    }

    fn showed(&mut self, leaf: &Arc<Certificate>, capture: usize, connection: &Connection) {
        let presented = connection.certificates(Role::Server);
        let frame = presented.first().map_or(connection.first.frame, |one| one.frame);
        let seen = Seen { capture, stream: connection.stream, frame };
        let name = connection.server_name().map(str::to_owned);
        let beside = || presented.iter().skip(1).filter_map(|one| one.parsed().cloned());
        update(
            &mut self.certificates,
            |shown| shown.certificate.sha256 == leaf.sha256,
            || Shown {
                certificate: Arc::clone(leaf),
                beside: beside().collect(),
                seen: Vec::new(),
                names: Vec::new(),
            },
            |shown| {
                shown.seen.push(seen);
                if !shown.names.contains(&name) {
                    shown.names.push(name);
                }
            },
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
        let requested = connection.client_issuer_requested().map(|met| met.is_ok());
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

impl Shown {
    /// The kind of its key.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        kind_of_key(&self.certificate.public_key)
    }

    /// The group that is the curve of its key.
    pub(super) fn curve(&self) -> Option<u16> {
        curve_of_key(&self.certificate.public_key)
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
