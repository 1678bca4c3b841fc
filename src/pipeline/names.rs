//! Which name a server's certificate is compared with, and the comparison.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use super::config::{ExpectedName, Judging};
use super::court::not_shown;
use crate::connection::{Connection, NameVerdict, NotJudged, Reference};
use crate::expressway::{Checker, Deployment, Join, service};
use crate::packet::DnsAnswer;
use crate::tls::Role;
use crate::trust::name::{NameRule, check};
use crate::x509::{Certificate, Sha256};

/// Names that hosts looked up, by who asked and what the answer was; the first name of
/// an address counts.
#[derive(Default)]
pub(super) struct LookedUp {
    names: HashMap<(IpAddr, IpAddr), (u64, String)>,
    /// Names that do not exist, by who asked: first frame and number of answers.
    missing: BTreeMap<(IpAddr, String), (u64, u64)>,
    left_out: u64,
}

/// Names that do not exist, of which more than this are not told.
const MISSING_NAMES: usize = 256;

impl LookedUp {
    /// Remembers an answer, as long as there is room.
    pub(super) fn add(&mut self, answer: DnsAnswer, limit: usize) {
        if answer.addresses.is_empty() {
            return self.add_missing(answer);
        }
        for address in answer.addresses {
            let key = (answer.asker, address);
            let full = self.names.len() >= limit;
            match self.names.get_mut(&key) {
                Some(known) if answer.frame < known.0 => {
                    *known = (answer.frame, answer.name.clone());
                }
                Some(_) => {}
                None if full => self.left_out += 1,
                None => drop(self.names.insert(key, (answer.frame, answer.name.clone()))),
            }
        }
    }

    fn add_missing(&mut self, answer: DnsAnswer) {
        let full = self.missing.len() >= MISSING_NAMES;
        let key = (answer.asker, answer.name.to_ascii_lowercase());
        if !full || self.missing.contains_key(&key) {
            let known = self.missing.entry(key).or_insert((answer.frame, 0));
            known.0 = known.0.min(answer.frame);
            known.1 += 1;
        }
    }

    /// Names that a host asked for and that never had an address: who, what, first frame
    /// and number of answers.
    pub(super) fn missing(&self) -> impl Iterator<Item = (IpAddr, &str, u64, u64)> {
        let found: HashSet<(IpAddr, String)> = self
            .names
            .iter()
            .filter(|_| !self.missing.is_empty())
            .map(|((asker, _), (_, name))| (*asker, name.to_ascii_lowercase()))
            .collect();
        self.missing
            .iter()
            .filter(move |(key, _)| !found.contains(*key))
            .map(|((asker, name), (frame, times))| (*asker, name.as_str(), *frame, *times))
    }

    /// Answers for which there was no room.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The name by which a client found its server before it connected.
    fn name(&self, connection: &Connection) -> Option<&str> {
        let key = (connection.client.address, connection.server.address);
        let (frame, name) = self.names.get(&key)?;
        (*frame < connection.first.frame).then_some(name)
    }
}

/// What tells the names of servers beside the handshake itself.
pub(super) struct KnownNames<'n> {
    /// Index of the capture.
    pub(super) capture: usize,
    /// The appliance that took it.
    pub(super) own: Option<usize>,
    /// Names that hosts looked up in it.
    pub(super) looked_up: &'n LookedUp,
    /// The log of the Expressway that took it.
    pub(super) log: Option<&'n Join>,
}

impl KnownNames<'_> {
    /// The name under which the log says that the connection was made.
    fn logged(&self, connection: &Connection) -> Option<&str> {
        let name = self.log?.names.get(&(self.capture, connection.stream))?;
        Some(name.as_str())
    }
}

/// Answers about names: a certificate is compared with the same name once.
#[derive(Default)]
pub(super) struct Compared(hashbrown::HashMap<(Sha256, Reference), NameVerdict>);

/// Answers that are remembered; a hostile capture has another name in each connection.
const REMEMBERED: usize = 2048;

impl Compared {
    /// Compares the certificate of the server with the name that is known for it.
    pub(super) fn verdict(&mut self, connection: &Connection) -> NameVerdict {
        if let Some(reason) = not_shown(connection, Role::Server) {
            return NameVerdict::NotJudged(reason);
        }
        let (Some(leaf), Some(reference)) = (connection.server_leaf(), &connection.reference)
        else {
            return NameVerdict::NotJudged(NotJudged::NoReference);
        };
        let key = (leaf.sha256, reference.clone());
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&key) {
            self.0.clear();
        }
        self.0.entry(key).or_insert_with(|| compare(leaf, reference)).clone()
    }
}

fn compare(leaf: &Certificate, reference: &Reference) -> NameVerdict {
    let name = reference.to_string();
    let result = check(NameRule::OpenSsl, leaf, &name);
    NameVerdict::Checked {
        matches: result.matched,
        traffic_server: check(NameRule::TrafficServer, leaf, &name).matched,
        sip_zone: check(NameRule::SipZone, leaf, &name).matched,
        presented: result.compared.into_iter().map(|name| name.text).collect(),
        reference: reference.clone(),
    }
}

/// The name the user expects; else the peer of the SIP zone that connects; else the
/// server name that the client sent; else the name in the log of the Expressway; else
/// the name that the client looked up; else the address it connected to.
pub(super) fn reference(
    connection: &Connection,
    judging: &Judging,
    known: &KnownNames<'_>,
    deployment: &Deployment,
) -> Option<Reference> {
    if let Some(expected) = expected(connection, &judging.expected_names) {
        return Some(Reference::Expected(expected.name.clone()));
    }
    let hello = connection.handshake.client_hello()?;
    let looked_up = known.looked_up.name(connection);
    if let Some(peer) =
        deployment.zone_peer(connection.client, connection.server, looked_up, known.own)
    {
        return Some(Reference::ZonePeer(peer.to_owned()));
    }
    if let Some(name) = connection.server_name() {
        return Some(Reference::ServerName(name.to_owned()));
    }
    if let Some(name) = known.logged(connection) {
        return Some(Reference::Logged(name.to_owned()));
    }
    let asked = looked_up.filter(|_| !sends_every_name(connection));
    // The rest of the hello may name the server.
    let address = hello.whole.then_some(Reference::Address(connection.server.address));
    asked.map(|name| Reference::DnsAnswer(name.to_owned())).or(address)
}

/// The traffic server sends the name it connects to as server name; where it sends none
/// it connects by address, whatever the DNS was asked before, and compares the address.
fn sends_every_name(connection: &Connection) -> bool {
    let service = service(connection.server.port);
    service.is_some_and(|service| service.checker == Checker::TrafficServer)
}

/// The name given for this very server before one for all.
fn expected<'j>(connection: &Connection, names: &'j [ExpectedName]) -> Option<&'j ExpectedName> {
    let server = connection.server;
    names
        .iter()
        .filter(|name| name.address.is_none_or(|address| address == server.address))
        .filter(|name| name.port.is_none_or(|port| port == server.port))
        .max_by_key(|name| (name.address.is_some(), name.port.is_some()))
}
