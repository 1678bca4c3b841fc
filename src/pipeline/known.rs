//! What a run over many files has found out already: each distinct certificate is
//! parsed once, each distinct question about a chain is answered once.
//!
//! An answer is shared for the trust stores of the run's settings only. The trust list
//! of an archive belongs to that archive, and its anchors name the file they came from.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::court::Facts;
use crate::connection::Chain;
use crate::tls::Role;
use crate::trust::Store;
use crate::x509::{Certificate, Sha256, Unparseable};

/// A certificate as far as it can be read.
pub(super) type Parsed = Result<Arc<Certificate>, Arc<Unparseable>>;

/// Certificates remembered. A large network has some thousand; a certificate takes a
/// few kilobytes once parsed.
const CERTIFICATES: usize = 16_384;
/// Answers remembered for each store and side.
const ANSWERS: usize = 8_192;

/// What is remembered from file to file, for one [`super::Config`].
#[derive(Default)]
pub(super) struct Known {
    certificates: Once<Sha256, Parsed>,
    given: Answered,
    peers: Answered,
}

/// The answers by one store.
#[derive(Default)]
pub(super) struct Answered {
    of_servers: Answers,
    of_clients: Answers,
    facts: OnceLock<Arc<Facts>>,
}

/// Answers about the chains of one side.
pub(super) type Answers = Once<AnswerKey, Arc<Chain>>;

/// A question about a chain, as far as its answer depends on it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct AnswerKey {
    /// The certificates in order.
    pub(super) chain: Vec<Sha256>,
    /// The time as a place among the dates at which an answer can change.
    pub(super) epoch: usize,
    /// What may mend the chain, where that was asked.
    pub(super) around: Option<Around>,
}

/// Certificates of the capture that may mend a chain.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Around {
    /// Which, in the order in which they are tried.
    pub(super) certificates: Vec<Sha256>,
    /// The time as a place among their dates.
    pub(super) epoch: usize,
}

impl Known {
    /// The certificate with a digest, by `parse` where it is new.
    pub(super) fn certificate(&self, sha256: Sha256, parse: impl FnOnce() -> Parsed) -> Parsed {
        self.certificates.get(sha256, CERTIFICATES, parse)
    }

    /// The answers by the store given with `--trust`.
    pub(super) const fn given(&self) -> &Answered {
        &self.given
    }

    /// The answers by the store given with `--peer-trust`.
    pub(super) const fn peers(&self) -> &Answered {
        &self.peers
    }
}

impl Answered {
    /// The answers about the chains of a side.
    pub(super) const fn of(&self, role: Role) -> &Answers {
        match role {
            Role::Server => &self.of_servers,
            Role::Client => &self.of_clients,
        }
    }

    /// What follows from the store alone.
    pub(super) fn facts(&self, store: Option<&Store>) -> Arc<Facts> {
        Arc::clone(self.facts.get_or_init(|| Arc::new(Facts::of(store))))
    }
}

impl Answers {
    /// The answer to a question, by `answer` where it is new.
    pub(super) fn answer(&self, key: AnswerKey, answer: impl FnOnce() -> Arc<Chain>) -> Arc<Chain> {
        self.get(key, ANSWERS, answer)
    }
}

/// Values that are computed once, whichever thread comes first; the others wait for it.
pub(super) struct Once<K, V>(Mutex<HashMap<K, Arc<OnceLock<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Once<K, V> {
    /// The value of a key. Past `limit` keys everything is forgotten, which costs time
    /// and changes no result. `compute` must not wait for other threads.
    fn get(&self, key: K, limit: usize, compute: impl FnOnce() -> V) -> V {
        let place = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= limit && !known.contains_key(&key) {
                known.clear();
            }
            Arc::clone(known.entry(key).or_default())
        };
        place.get_or_init(compute).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_computed_once_however_many_ask() {
        let once: Once<u8, u64> = Once::default();
        let computed = std::sync::atomic::AtomicU64::new(0);
        let compute = || computed.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..4).for_each(|key| assert!(once.get(key, 4, compute) < 4)));
            }
        });
        assert_eq!(computed.into_inner(), 4);
    }

    #[test]
    fn more_than_the_limit_is_forgotten_not_kept() {
        let once: Once<u32, u32> = Once::default();
        for key in 0..100 {
            assert_eq!(once.get(key, 7, || key + 1), key + 1);
            assert!(once.0.lock().unwrap().len() <= 7);
        }
        assert_eq!(once.get(99, 7, || 0), 100, "the last one is still known");
    }
}
