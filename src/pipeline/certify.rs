//! Certificates and verdicts: each distinct certificate is parsed once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use hashbrown::HashMap;
use rayon::prelude::*;

use super::config::{Config, Judging};
use super::court::Pool;
use super::courts::Courts;
use super::engine::Several;
use super::known::{Known, Parsed};
use super::names::{self, Compared, KnownNames};
use crate::connection::{Connection, NameVerdict, NotJudged, Observed, PathVerdict, Presented};
use crate::expressway::Deployment;
use crate::time::Timestamp;
use crate::tls::{Handshake, Role};
use crate::trust::Store;
use crate::x509::{Certificate, Sha256};

/// The certificates that were shown so far, by their DER: comparing it is cheaper than
/// computing a digest again for each handshake.
pub(super) type Certificates = HashMap<Box<[u8]>, Parsed>;

/// Certificates that are remembered from group to group of connections; a hostile capture
/// has new ones in each.
const REMEMBERED: usize = 4096;

/// Turns observed connections into connections with certificates and verdicts.
pub(super) struct Certifier<'c> {
    judging: &'c Judging,
    deployment: &'c Deployment,
    known: &'c Known,
    certificates: Certificates,
    courts: Courts<'c>,
    compared: Compared,
}

impl<'c> Certifier<'c> {
    pub(super) fn new(
        config: &'c Config,
        deployment: &'c Deployment,
        known: &'c Known,
        certificates: Certificates,
    ) -> Self {
        let courts = Courts::new(config, deployment, known);
        let (judging, compared) = (&config.judging, Compared::default());
        Self { judging, deployment, known, certificates, courts, compared }
    }

    /// The certificates that were shown; none when they are too many to be remembered.
    pub(super) fn into_certificates(self) -> Certificates {
        let few = self.certificates.len() <= REMEMBERED;
        if few { self.certificates } else { Certificates::new() }
    }

    /// The trust store by which the certificates of a side are judged.
    pub(super) fn store(
        &self,
        connection: &Connection,
        of: Role,
        own: Option<usize>,
    ) -> Option<&'c Store> {
        self.courts.store(connection, of, own)
    }

    /// Parses, validates and joins; the order is kept.
    pub(super) fn certify(&mut self, observed: Several, known: &KnownNames<'_>) -> Vec<Connection> {
        let (certificates, judging, deployment) =
            (&self.certificates, self.judging, self.deployment);
        let all_known = AtomicBool::new(true);
        let mut connections: Vec<Connection> = observed
            .into_par_iter()
            .map(|(stream, observed)| {
                let at = judging.at.map_or(observed.first.time, Timestamp::from_seconds);
                let mut connection = without_certificates(stream, observed, at);
                connection.reference = names::reference(&connection, judging, known, deployment);
                if !give_certificates(&mut connection, certificates) {
                    all_known.store(false, Ordering::Relaxed);
                }
                connection
            })
            .collect();
        // Mostly all were seen before; each is looked up once then.
        if !all_known.into_inner() {
            self.parse_new(&connections);
            connections.par_iter_mut().for_each(|connection| {
                give_certificates(connection, &self.certificates);
            });
        }
        let pool = Pool::new(self.certificates.values().filter_map(|parsed| parsed.as_ref().ok()));
        self.courts.judge(&mut connections, &pool, known.own);
        for connection in &mut connections {
            connection.name = self.compared.verdict(connection);
        }
        connections
    }

    /// Parses what none of the connections before showed.
    fn parse_new(&mut self, connections: &[Connection]) {
        let here = &self.certificates;
        let mut new: Vec<&[u8]> = connections
            .iter()
            .flat_map(|connection| certificate_bytes(&connection.handshake))
            .filter(|der| !here.contains_key(*der))
            .collect();
        new.sort_unstable();
        new.dedup();
        let parsed: Vec<(Box<[u8]>, Parsed)> = new
            .par_iter()
            .map(|der| {
                let parse = || Certificate::parse(der).map(Arc::new).map_err(Arc::new);
                (Box::from(*der), self.known.certificate(sha256(der), parse))
            })
            .collect();
        self.certificates.extend(parsed);
    }
}

/// A connection of which the certificates are not looked at yet.
fn without_certificates(stream: u64, observed: Box<Observed>, judged_at: Timestamp) -> Connection {
    Connection {
        stream,
        observed,
        judged_at,
        server_certificates: Vec::new(),
        client_certificates: None,
        server_path: PathVerdict::NotJudged(NotJudged::NotSent),
        client_path: PathVerdict::NotJudged(NotJudged::NotSent),
        by_itself: [None, None],
        reference: None,
        name: NameVerdict::NotJudged(NotJudged::NotSent),
    }
}

/// Gives a connection the certificates that its sides showed. False where one is not known.
fn give_certificates(connection: &mut Connection, known: &Certificates) -> bool {
    let server = presented(&connection.handshake, Role::Server, known);
    let client = presented(&connection.handshake, Role::Client, known);
    let (Ok(server), Ok(client)) = (server, client) else { return false };
    connection.server_certificates = server.unwrap_or_default();
    connection.client_certificates = client;
    true
}

/// The certificates that a side showed, if it sent a list; an error where one is not known.
fn presented(
    handshake: &Handshake,
    role: Role,
    known: &Certificates,
) -> Result<Option<Vec<Presented>>, Unknown> {
    let Some((entry, list)) = handshake.certificates(role) else { return Ok(None) };
    let presented = list.certificates.iter().map(|der| {
        let certificate = known.get(der.as_slice()).ok_or(Unknown)?.clone();
        Ok(Presented { frame: entry.frame, certificate })
    });
    presented.collect::<Result<_, _>>().map(Some)
}

/// A certificate that was not parsed yet.
struct Unknown;

/// What both sides of a handshake showed.
fn certificate_bytes(handshake: &Handshake) -> impl Iterator<Item = &[u8]> {
    let shown = |role| handshake.certificates(role).into_iter();
    let lists = [Role::Server, Role::Client].into_iter().flat_map(shown);
    lists.flat_map(|(_, list)| list.certificates.iter().map(Vec::as_slice))
}

fn sha256(bytes: &[u8]) -> Sha256 {
    let mut out = Sha256::default();
    // The digest has exactly this size.
    out.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    out
}
