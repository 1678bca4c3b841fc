//! Certificates and verdicts: each distinct certificate is parsed once.

use std::sync::Arc;

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
use crate::tls::{Body, Handshake, Role};
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
        self.parse_all(&observed);
        let (certificates, judging, deployment) =
            (&self.certificates, self.judging, self.deployment);
        let mut connections: Vec<Connection> = observed
            .into_par_iter()
            .map(|(stream, observed)| {
                let at = judging.at.map_or(observed.first.time, Timestamp::from_seconds);
                let mut connection = with_certificates(stream, *observed, at, certificates);
                connection.reference = names::reference(&connection, judging, known, deployment);
                connection
            })
            .collect();
        let pool = Pool::new(self.certificates.values().filter_map(|parsed| parsed.as_ref().ok()));
        self.courts.judge(&mut connections, &pool, known.own);
        for connection in &mut connections {
            connection.name = self.compared.verdict(connection);
        }
        connections
    }

    fn parse_all(&mut self, observed: &[(u64, Box<Observed>)]) {
        let here = &self.certificates;
        let mut new: Vec<&[u8]> = observed
            .iter()
            .flat_map(|(_, observed)| certificate_bytes(&observed.handshake))
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

/// A connection with the certificates that were shown, which are not judged yet.
fn with_certificates(
    stream: u64,
    observed: Observed,
    judged_at: Timestamp,
    known: &Certificates,
) -> Connection {
    let handshake = &observed.handshake;
    let server_certificates = presented(handshake, Role::Server, known).unwrap_or_default();
    let client_certificates = presented(handshake, Role::Client, known);
    let none = || PathVerdict::NotJudged(NotJudged::NotSent);
    Connection {
        stream,
        judged_at,
        client: observed.client,
        server: observed.server,
        first: observed.first,
        last: observed.last,
        tcp: observed.tcp,
        encapsulation: observed.encapsulation,
        outcome: observed.outcome,
        resumption: observed.resumption,
        inferred: observed.inferred,
        ledger: observed.ledger,
        server_certificates,
        client_certificates,
        server_path: none(),
        client_path: none(),
        reference: None,
        name: NameVerdict::NotJudged(NotJudged::NotSent),
        handshake: observed.handshake,
    }
}

fn presented(handshake: &Handshake, role: Role, known: &Certificates) -> Option<Vec<Presented>> {
    let (entry, list) = handshake.certificates(role)?;
    let presented = list.certificates.iter().filter_map(|der| {
        let certificate = known.get(der.as_slice())?.clone();
        Some(Presented { frame: entry.frame, certificate })
    });
    Some(presented.collect())
}

fn certificate_bytes(handshake: &Handshake) -> impl Iterator<Item = &[u8]> {
    handshake.messages().flat_map(|(_, message)| {
        let list = match &message.body {
            Body::Certificate(list) => list.certificates.as_slice(),
            _ => &[],
        };
        list.iter().map(Vec::as_slice)
    })
}

fn sha256(bytes: &[u8]) -> Sha256 {
    let mut out = Sha256::default();
    // The digest has exactly this size.
    out.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    out
}
