//! Questions about chains: each distinct one is answered once.

use std::sync::Arc;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::known::{AnswerKey, Answers, Around};
use crate::connection::{
    Chain, Connection, LedgerClass, NotJudged, Otherwise, Outcome, PathVerdict, Presented, Terms,
};
use crate::tls::Role;
use crate::trust::{
    Anchor, Conclusion, Epochs, Needed, PathValidation, Question, Store, StoreSemantics,
    VerifyError, by_itself, remedy, validate,
};
use crate::x509::{Certificate, Name, Sha256};

/// Certificates of the capture that may stand above a failed path; a hostile capture
/// has more.
const MAX_NEAR: usize = 32;

/// A question about a chain, as far as its answer depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct QuestionKey {
    /// Which chain, by the order in which they came.
    chain: usize,
    /// The time as a place among the dates at which an answer can change.
    epoch: usize,
}

/// A chain that was shown: which one it is, and when the answer about it can change.
struct Shown {
    chain: usize,
    epochs: Epochs,
}

/// Judges the chains that one side showed by the trust store of the other, or by themselves
/// where that is not known.
pub(super) struct Court<'c> {
    store: Option<&'c Store>,
    /// Whose chains are judged.
    role: Role,
    terms: Terms,
    /// The chains that were shown, by their certificates in order.
    shown: HashMap<Vec<Sha256>, Shown>,
    answers: HashMap<QuestionKey, Arc<Chain>>,
    facts: Arc<Facts>,
    /// Answers that other captures of the run have brought.
    shared: Option<&'c Answers>,
    stores: Stores<'c>,
}

/// What follows from a trust store alone.
pub(super) struct Facts {
    /// Dates of the anchors at which an answer can change.
    epochs: Epochs,
    /// The same store with the other lookup, where that may answer otherwise.
    otherwise: Option<Store>,
}

impl Facts {
    pub(super) fn of(store: Option<&Store>) -> Self {
        let anchors = store.into_iter().flat_map(Store::anchors);
        let epochs = Epochs::of(anchors.map(|anchor| &*anchor.certificate));
        let otherwise = store.filter(|store| store.has_namesakes()).map(|store| {
            let other = match store.semantics() {
                StoreSemantics::OpenSsl => StoreSemantics::Expressway,
                StoreSemantics::Expressway => StoreSemantics::OpenSsl,
            };
            store.clone().with_semantics(other)
        });
        Self { epochs, otherwise }
    }
}

impl<'c> Court<'c> {
    pub(super) fn new(
        store: Option<&'c Store>,
        role: Role,
        terms: Terms,
        facts: Arc<Facts>,
        shared: Option<&'c Answers>,
        stores: Stores<'c>,
    ) -> Self {
        let (shown, answers) = (HashMap::new(), HashMap::new());
        Self { store, role, terms, shown, answers, facts, shared, stores }
    }

    /// Gives the connections at the places `mine` their verdicts.
    pub(super) fn judge(&mut self, connections: &mut [Connection], mine: &[usize], pool: &Pool) {
        let ask = |at: &usize| self.question_key(connections.get(*at)?);
        let asked: Vec<Option<QuestionKey>> = mine.iter().map(ask).collect();
        self.answer_all(connections, mine, &asked, pool);
        for (at, key) in mine.iter().zip(asked) {
            if let Some(connection) = connections.get_mut(*at) {
                let answer = key.and_then(|key| self.answers.get(&key));
                *connection.path_mut(self.role) = self.verdict(connection, answer);
                if self.store.is_none() {
                    *connection.by_itself_mut(self.role) = answer.map(Arc::clone);
                }
            }
        }
    }

    /// Answers what the connections ask anew.
    fn answer_all(
        &mut self,
        connections: &[Connection],
        mine: &[usize],
        asked: &[Option<QuestionKey>],
        pool: &Pool,
    ) {
        let mut questions: HashMap<QuestionKey, &Connection> = HashMap::new();
        for (at, key) in mine.iter().zip(asked) {
            if let (Some(connection), Some(key)) = (connections.get(*at), *key)
                && !self.answers.contains_key(&key)
            {
                questions.entry(key).or_insert(connection);
            }
        }
        let questions: Vec<(QuestionKey, &Connection)> = questions.into_iter().collect();
        let answers: Vec<(QuestionKey, Arc<Chain>)> = questions
            .into_par_iter()
            .filter_map(|(key, connection)| Some((key, self.answer(key, connection, pool)?)))
            .collect();
        self.answers.extend(answers);
    }

    /// The verdict on a connection whose question was answered.
    fn verdict(&self, connection: &Connection, answer: Option<&Arc<Chain>>) -> PathVerdict {
        if let Some(reason) = not_shown(connection, self.role) {
            return PathVerdict::NotJudged(reason);
        }
        if self.store.is_some() && connection.clock().is_none() {
            return PathVerdict::NotJudged(NotJudged::NoTime);
        }
        match answer.filter(|_| self.store.is_some()) {
            None => PathVerdict::NotJudged(NotJudged::NoTrustStore),
            Some(chain) if lacks_what_is_cut(chain, connection, self.role) => {
                PathVerdict::NotJudged(NotJudged::NotAllCaptured)
            }
            Some(chain) => PathVerdict::Judged(Arc::clone(chain)),
        }
    }

    /// What a connection asks; nothing where that cannot be answered.
    fn question_key(&mut self, connection: &Connection) -> Option<QuestionKey> {
        connection.clock()?;
        let shown = connection.certificates(self.role);
        shown.first()?.parsed()?;
        let certificates: Vec<Sha256> = shown.iter().map(|shown| *shown.sha256()).collect();
        let chain = self.shown.len();
        let known = self.shown.entry(certificates).or_insert_with(|| Shown {
            chain,
            epochs: self.facts.epochs.and(readable(shown).map(|one| &**one)),
        });
        let epoch = known.epochs.place(connection.judged_at.seconds());
        Some(QuestionKey { chain: known.chain, epoch })
    }

    fn answer(&self, key: QuestionKey, connection: &Connection, pool: &Pool) -> Option<Arc<Chain>> {
        let shown = connection.certificates(self.role);
        let chain: Vec<Sha256> = shown.iter().map(|shown| *shown.sha256()).collect();
        let key = AnswerKey { chain, epoch: key.epoch, around: None };
        let leaf = shown.first()?.parsed()?.clone();
        let others: Vec<Arc<Certificate>> = readable(shown.get(1..)?).cloned().collect();
        let time = connection.judged_at.seconds();
        let nothing = Store::default();
        let store = self.store.unwrap_or(&nothing);
        let question = self.terms.question(&leaf, &others, store, time, self.role);
        Some(match self.store {
            Some(_) => self.explained(&key, &question, pool),
            None => self.once(key, || Chain::of(by_itself(&question))),
        })
    }

    /// The answer, what would mend it, and what the other lookup says.
    fn explained(&self, key: &AnswerKey, question: &Question<'_>, pool: &Pool) -> Arc<Chain> {
        let answered = self.once(key.clone(), || self.validated(question));
        if answered.validation.conclusion() != Conclusion::Refused {
            return answered;
        }
        // What mends a chain depends on the certificates of the capture around it.
        let near = pool.near(question, &answered.validation, &self.stores);
        let around = Around {
            certificates: near.iter().map(|certificate| certificate.sha256).collect(),
            epoch: Epochs::default().with(near.iter().map(|one| &**one), question.time),
        };
        let key = AnswerKey { around: Some(around), ..key.clone() };
        let chain = self.once(key, || mended(question, &answered, &near));
        self.with_places(chain)
    }

    /// Adds where other trust stores have what the remedy adds. Another capture of the run may
    /// have other stores, so that this is not shared with it.
    fn with_places(&self, mut chain: Arc<Chain>) -> Arc<Chain> {
        let added = chain.remedy.iter().flat_map(|remedy| &remedy.add);
        let elsewhere: Vec<Anchor> = added
            .filter_map(|needed| match needed {
                Needed::Present { certificate, sent_by_peer: false } => {
                    self.stores.find(certificate).cloned()
                }
                _ => None,
            })
            .collect();
        if !elsewhere.is_empty() {
            Arc::make_mut(&mut chain).elsewhere = elsewhere;
        }
        chain
    }

    /// What `answer` gives, or what it gave for another capture.
    fn once(&self, key: AnswerKey, answer: impl FnOnce() -> Chain) -> Arc<Chain> {
        let answer = || Arc::new(answer());
        match self.shared {
            Some(shared) => shared.answer(key, answer),
            None => answer(),
        }
    }

    fn validated(&self, question: &Question<'_>) -> Chain {
        let validation = validate(question);
        let otherwise = self.facts.otherwise.as_ref().and_then(|store| {
            let other = validate(&Question { store, ..question.clone() });
            (other.ok() != validation.ok())
                .then_some(Otherwise { semantics: store.semantics(), validation: other })
        });
        Chain { otherwise, ..Chain::of(validation) }
    }
}

/// The answer with what would mend it.
fn mended(question: &Question<'_>, answered: &Chain, near: &[Arc<Certificate>]) -> Chain {
    let remedy = remedy(question, &answered.validation, near);
    let anchors = question.store.anchors();
    let positions = remedy.iter().flat_map(|remedy| &remedy.remove);
    let in_the_way = positions.filter_map(|&at| anchors.get(at).cloned()).collect();
    Chain { remedy, in_the_way, ..answered.clone() }
}

/// All trust stores that are known: what one lacks another may have.
#[derive(Clone)]
pub(super) struct Stores<'c>(Vec<&'c Store>);

impl<'c> Stores<'c> {
    pub(super) fn of(stores: impl Iterator<Item = &'c Store>) -> Self {
        Self(stores.collect())
    }

    fn named(&self, name: &Name) -> impl Iterator<Item = &'c Anchor> {
        self.0.iter().flat_map(move |store| store.named(name).map(|(_, anchor)| anchor))
    }

    fn find(&self, certificate: &Certificate) -> Option<&'c Anchor> {
        self.named(&certificate.subject)
            .find(|anchor| anchor.certificate.sha256 == certificate.sha256)
    }
}

/// Readable certificates of the capture by subject.
pub(super) struct Pool(HashMap<Box<[u8]>, Vec<Arc<Certificate>>>);

impl Pool {
    pub(super) fn new<'p>(certificates: impl Iterator<Item = &'p Arc<Certificate>>) -> Self {
        let mut by_subject: HashMap<Box<[u8]>, Vec<Arc<Certificate>>> = HashMap::new();
        for certificate in certificates {
            let list = by_subject.entry(certificate.subject.canonical().into()).or_default();
            list.push(Arc::clone(certificate));
        }
        // The order in which a hash table gives its entries must not show.
        by_subject.values_mut().for_each(|list| list.sort_by_key(|certificate| certificate.sha256));
        Self(by_subject)
    }

    /// What may stand above the certificates of a failed path, and above those: of the capture,
    /// and of other trust stores.
    fn near(
        &self,
        question: &Question<'_>,
        failed: &PathValidation,
        stores: &Stores<'_>,
    ) -> Vec<Arc<Certificate>> {
        let path = failed.path.iter().map(|link| &link.certificate);
        let mut wanted: Vec<Name> = path
            .rev()
            .chain(question.untrusted.iter().rev())
            .map(|certificate| certificate.issuer.clone())
            .collect();
        let mut near: Vec<Arc<Certificate>> = Vec::new();
        let mut at = 0;
        while let Some(name) = wanted.get(at).filter(|_| near.len() < MAX_NEAR) {
            let captured = self.0.get(name.canonical()).into_iter().flatten();
            let others = stores.named(name).map(|anchor| &anchor.certificate);
            let others = others.filter(|one| !question.store.contains(&one.sha256));
            let mut new: Vec<&Arc<Certificate>> = Vec::new();
            for one in captured.chain(others).take(MAX_NEAR) {
                if !near.contains(one) && !new.contains(&one) {
                    new.push(one);
                }
            }
            wanted.extend(new.iter().map(|certificate| certificate.issuer.clone()));
            near.extend(new.into_iter().cloned());
            at += 1;
        }
        near
    }
}

fn readable(list: &[Presented]) -> impl Iterator<Item = &Arc<Certificate>> {
    list.iter().filter_map(Presented::parsed)
}

/// Whether a path ends without an anchor where the capture has only the beginning of the list:
/// what leads on may stand in the rest.
fn lacks_what_is_cut(chain: &Chain, connection: &Connection, role: Role) -> bool {
    connection.handshake.certificates_are_whole(role) == Some(false)
        && chain.validation.errors.iter().any(VerifyError::lacks_trust)
}

/// Why the certificate of a side cannot be judged at all.
pub(super) fn not_shown(connection: &Connection, role: Role) -> Option<NotJudged> {
    let shown = connection.certificates(role).first();
    match (role, shown) {
        (_, Some(leaf)) if leaf.parsed().is_none() => Some(NotJudged::Unreadable),
        (_, Some(_)) => None,
        (Role::Client, None) if connection.client_certificates.is_some() => {
            Some(NotJudged::NotSent)
        }
        (Role::Client, None) if connection.handshake.hides_certificates(Role::Client) => {
            Some(NotJudged::HiddenByTls13)
        }
        (_, None) if !captured(connection, role) => Some(NotJudged::NotCaptured),
        (Role::Client, None) => Some(NotJudged::NotSent),
        (Role::Server, None) if connection.resumption.known() == Some(true) => {
            Some(NotJudged::Resumed)
        }
        (Role::Server, None) if connection.handshake.hides_certificates(Role::Server) => {
            Some(NotJudged::HiddenByTls13)
        }
        (Role::Server, None)
            if matches!(connection.outcome, Outcome::CutOff | Outcome::NotVisible) =>
        {
            Some(NotJudged::NotCaptured)
        }
        (Role::Server, None) if connection.handshake.gaps().is_empty() => Some(NotJudged::NotSent),
        (Role::Server, None) => Some(NotJudged::NotCaptured),
    }
}

/// Whether what a side sent is in the capture at all, its first messages too.
fn captured(connection: &Connection, role: Role) -> bool {
    connection.observed.tcp.side(role).segments > 0
        && connection.ledger != LedgerClass::BegunMidStream
}
