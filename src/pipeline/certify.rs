//! Certificates and verdicts: each distinct certificate is parsed once, each
//! distinct question about a chain is answered once.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rayon::prelude::*;

use super::config::Config;
use crate::connection::{
    Connection, NameVerdict, NotJudged, Observed, PathVerdict, Presented, Reference,
};
use crate::tls::{Body, Handshake, Role};
use crate::trust::name::{NameRule, check};
use crate::trust::{PathValidation, Purpose, Question, Store, validate};
use crate::x509::{Certificate, Sha256, Unparseable};

type Parsed = Result<Arc<Certificate>, Arc<Unparseable>>;

/// A question about a chain, as far as its answer depends on it: the certificates in
/// order, and the time as a place among the dates at which an answer can change.
#[derive(Clone, PartialEq, Eq, Hash)]
struct QuestionKey {
    chain: Vec<Sha256>,
    epoch: usize,
}

/// Turns observed connections into connections with certificates and verdicts.
pub(super) struct Certifier<'c> {
    config: &'c Config,
    certificates: HashMap<Sha256, Parsed>,
    answers: HashMap<QuestionKey, Arc<PathValidation>>,
    /// Dates of the anchors at which an answer can change.
    anchor_dates: Vec<i64>,
}

impl<'c> Certifier<'c> {
    pub(super) fn new(config: &'c Config) -> Self {
        let anchors = config.store.iter().flat_map(Store::anchors);
        let mut anchor_dates: Vec<i64> =
            anchors.flat_map(|anchor| turning_points(&anchor.certificate)).collect();
        anchor_dates.sort_unstable();
        anchor_dates.dedup();
        Self { config, certificates: HashMap::new(), answers: HashMap::new(), anchor_dates }
    }

    /// Parses, validates and joins; the order is kept.
    pub(super) fn certify(&mut self, observed: Vec<(u64, Observed)>) -> Vec<Connection> {
        self.parse_all(&observed);
        let mut connections: Vec<Connection> = observed
            .into_iter()
            .map(|(stream, observed)| self.with_certificates(stream, observed))
            .collect();
        self.answer_all(&connections);
        for connection in &mut connections {
            connection.server_path = self.server_verdict(connection);
            connection.client_path = client_verdict(connection);
            connection.name = name_verdict(connection);
        }
        connections
    }

    fn parse_all(&mut self, observed: &[(u64, Observed)]) {
        let known = &self.certificates;
        let mut new: Vec<(Sha256, &[u8])> = observed
            .iter()
            .flat_map(|(_, observed)| certificate_bytes(&observed.handshake))
            .map(|der| (sha256(der), der))
            .filter(|(sha256, _)| !known.contains_key(sha256))
            .collect();
        new.sort_unstable_by_key(|(sha256, _)| *sha256);
        new.dedup_by_key(|(sha256, _)| *sha256);
        let parsed: Vec<(Sha256, Parsed)> = new
            .par_iter()
            .map(|(sha256, der)| (*sha256, Certificate::parse(der).map(Arc::new).map_err(Arc::new)))
            .collect();
        self.certificates.extend(parsed);
    }

    fn with_certificates(&self, stream: u64, observed: Observed) -> Connection {
        let handshake = &observed.handshake;
        let server_certificates = self.presented(handshake, Role::Server).unwrap_or_default();
        let client_certificates = self.presented(handshake, Role::Client);
        let none = || PathVerdict::NotJudged(NotJudged::NotSent);
        Connection {
            stream,
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
            name: NameVerdict::NotJudged(NotJudged::NotSent),
            handshake: observed.handshake,
        }
    }

    fn presented(&self, handshake: &Handshake, role: Role) -> Option<Vec<Presented>> {
        let (entry, list) = handshake.certificates(role)?;
        let presented = list.certificates.iter().filter_map(|der| {
            let certificate = self.certificates.get(&sha256(der))?.clone();
            Some(Presented { frame: entry.frame, certificate })
        });
        Some(presented.collect())
    }

    fn answer_all(&mut self, connections: &[Connection]) {
        let Some(store) = &self.config.store else { return };
        let mut questions: HashMap<QuestionKey, &Connection> = HashMap::new();
        for connection in connections {
            if let Some(key) = self.question_key(connection)
                && !self.answers.contains_key(&key)
            {
                questions.entry(key).or_insert(connection);
            }
        }
        let questions: Vec<(QuestionKey, &Connection)> = questions.into_iter().collect();
        let answers: Vec<(QuestionKey, Arc<PathValidation>)> = questions
            .into_par_iter()
            .filter_map(|(key, connection)| Some((key, Arc::new(answer(connection, store)?))))
            .collect();
        self.answers.extend(answers);
    }

    fn question_key(&self, connection: &Connection) -> Option<QuestionKey> {
        connection.server_leaf()?;
        let time = connection.first.time.seconds();
        let mut dates: Vec<i64> = readable(&connection.server_certificates)
            .flat_map(|certificate| turning_points(certificate))
            .collect();
        dates.extend_from_slice(&self.anchor_dates);
        dates.sort_unstable();
        dates.dedup();
        Some(QuestionKey {
            chain: connection.server_certificates.iter().map(|shown| *shown.sha256()).collect(),
            epoch: dates.partition_point(|date| *date <= time),
        })
    }

    fn server_verdict(&self, connection: &Connection) -> PathVerdict {
        if let Some(reason) = not_shown(connection) {
            return PathVerdict::NotJudged(reason);
        }
        self.question_key(connection)
            .and_then(|key| self.answers.get(&key).cloned())
            .map_or(PathVerdict::NotJudged(NotJudged::NoTrustStore), PathVerdict::Judged)
    }
}

/// The dates of a certificate at which a verdict can change: the first second of
/// its validity, and the first second behind it.
fn turning_points(certificate: &Certificate) -> impl Iterator<Item = i64> {
    let begin = certificate.not_before.unix;
    let end = certificate.not_after.unix.map(|last| last.saturating_add(1));
    begin.into_iter().chain(end)
}

fn readable(list: &[Presented]) -> impl Iterator<Item = &Arc<Certificate>> {
    list.iter().filter_map(Presented::parsed)
}

fn answer(connection: &Connection, store: &Store) -> Option<PathValidation> {
    let leaf = connection.server_leaf()?.clone();
    let others: Vec<Arc<Certificate>> =
        readable(connection.server_certificates.get(1..)?).cloned().collect();
    let time = connection.first.time.seconds();
    Some(validate(&Question::new(leaf, &others, store, time, Purpose::Server)))
}

/// Why the server's certificate cannot be judged at all.
fn not_shown(connection: &Connection) -> Option<NotJudged> {
    match connection.server_certificates.first() {
        Some(leaf) if leaf.parsed().is_none() => Some(NotJudged::Unreadable),
        Some(_) => None,
        None if connection.resumption.known() == Some(true) => Some(NotJudged::Resumed),
        None if connection.handshake.is_tls13() => Some(NotJudged::HiddenByTls13),
        None if connection.handshake.gaps().is_empty() => Some(NotJudged::NotSent),
        None => Some(NotJudged::NotCaptured),
    }
}

/// A client's chain is judged by the server's trust store, which is not known here.
fn client_verdict(connection: &Connection) -> PathVerdict {
    PathVerdict::NotJudged(match &connection.client_certificates {
        Some(list) if !list.is_empty() => NotJudged::NoTrustStore,
        Some(_) => NotJudged::NotSent,
        None if connection.handshake.is_tls13() => NotJudged::HiddenByTls13,
        None => NotJudged::NotSent,
    })
}

fn name_verdict(connection: &Connection) -> NameVerdict {
    if let Some(reason) = not_shown(connection) {
        return NameVerdict::NotJudged(reason);
    }
    let (Some(leaf), Some(_)) = (connection.server_leaf(), connection.handshake.client_hello())
    else {
        return NameVerdict::NotJudged(NotJudged::NoReference);
    };
    let reference = connection
        .server_name()
        .map_or(Reference::Address(connection.server.address), Reference::ServerName);
    let result = check(NameRule::OpenSsl, leaf, &reference.to_string());
    NameVerdict::Checked {
        reference,
        matches: result.matched,
        presented: result.compared.into_iter().map(|name| name.text).collect(),
    }
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
