//! Judges chains as the real verdicts are judged, each distinct question once.

use std::collections::HashMap;
use std::sync::Arc;

use super::change::Change;
use super::reason::{Predicted, Reason};
use super::state::{ChainWord, chain_word};
use crate::connection::Terms;
use crate::tls::Role;
use crate::trust::{Epochs, Store, validate};
use crate::x509::{Certificate, Sha256};

/// A trust store as it was, and as it is after the changes.
struct Pair<'s> {
    before: &'s Store,
    after: Option<Store>,
    epochs: Epochs,
}

type Question = (usize, bool, Role, Vec<Sha256>, usize);

/// Every store of a case, and the answers so far.
pub(super) struct Bench<'s> {
    terms: Terms,
    pairs: Vec<Pair<'s>>,
    answers: HashMap<Question, Predicted<ChainWord>>,
}

impl<'s> Bench<'s> {
    pub(super) fn new(terms: Terms) -> Self {
        Self { terms, pairs: Vec::new(), answers: HashMap::new() }
    }

    /// What `store` says of a chain that the side `of` shows at `time` (unix seconds): as
    /// it was, or with the changes.
    pub(super) fn judge(
        &mut self,
        store: Option<&'s Store>,
        changes: Option<&[Change]>,
        chain: &[Arc<Certificate>],
        time: Option<i64>,
        of: Role,
    ) -> Predicted<ChainWord> {
        let Some(store) = store else { return Predicted::unknown("no trust store given") };
        let Some(time) = time else {
            return Predicted::unknown("the capture has no times; give one with --at");
        };
        let Some((leaf, others)) = chain.split_first() else {
            return Predicted::unknown("no certificate can be read");
        };
        let at = self.place(store, changes);
        let Some(pair) = self.pairs.get(at) else { return Predicted::unknown("no trust store") };
        let store = match (&pair.after, changes) {
            (Some(after), Some(_)) => after,
            _ => pair.before,
        };
        let epoch = pair.epochs.with(chain.iter().map(|one| &**one), time);
        let shown = chain.iter().map(|one| one.sha256).collect();
        let key = (at, changes.is_some(), of, shown, epoch);
        if let Some(known) = self.answers.get(&key) {
            return known.clone();
        }
        let answer = chain_word(&validate(&self.terms.question(leaf, others, store, time, of)));
        let answer = with_reason(answer, changes.is_some());
        self.answers.insert(key, answer.clone());
        answer
    }

    /// The place of a time (unix seconds) among the dates of a store and of what is shown.
    pub(super) fn epoch(
        &mut self,
        store: Option<&'s Store>,
        changes: Option<&[Change]>,
        shown: &[&Arc<Certificate>],
        time: Option<i64>,
    ) -> usize {
        let (Some(store), Some(time)) = (store, time) else { return 0 };
        let at = self.place(store, changes);
        self.pairs.get(at).map_or(0, |pair| pair.epochs.with(shown.iter().map(|one| &***one), time))
    }

    /// The place of a store, with the changes made to it.
    fn place(&mut self, store: &'s Store, changes: Option<&[Change]>) -> usize {
        let known = self.pairs.iter().position(|pair| std::ptr::eq(pair.before, store));
        let at = known.unwrap_or_else(|| {
            let epochs = Epochs::of(store.anchors().iter().map(|anchor| &*anchor.certificate));
            self.pairs.push(Pair { before: store, after: None, epochs });
            self.pairs.len() - 1
        });
        if let (Some(changes), Some(pair)) = (changes, self.pairs.get_mut(at))
            && pair.after.is_none()
        {
            let after = changed(store, changes);
            let both = store.anchors().iter().chain(after.anchors());
            pair.epochs = Epochs::of(both.map(|anchor| &*anchor.certificate));
            pair.after = Some(after);
            // Places among the dates are others now.
            self.answers.retain(|key, _| key.0 != at);
        }
        at
    }
}

fn with_reason(answer: Predicted<ChainWord>, after: bool) -> Predicted<ChainWord> {
    let store = if after { "the trust list after the change" } else { "the trust list" };
    match answer {
        Predicted::Known { value, .. } => {
            let text = match value {
                ChainWord::Accepted => format!("{store} vouches for the chain"),
                ChainWord::Refused(error) => format!(
                    "{store} does not vouch for the chain: {}, error {} at depth {}",
                    error.text, error.code, error.depth
                ),
            };
            Predicted::known(value, vec![Reason::given(text)])
        }
        unknown => unknown,
    }
}

/// A store with the changes made to it: what is taken out goes first, what is added comes
/// behind what is there.
pub(super) fn changed(store: &Store, changes: &[Change]) -> Store {
    let mut out: Vec<usize> = Vec::new();
    for change in changes {
        if let Change::RemoveAnchors(list) = change {
            let anchors = store.anchors().iter().enumerate();
            let meant = anchors.filter(|(_, anchor)| list.contains(&anchor.certificate));
            out.extend(meant.map(|(at, _)| at));
        }
    }
    let mut after = store.without(&out);
    for change in changes {
        if let Change::AddAnchors(list) = change {
            for anchor in list {
                if !after.contains(&anchor.certificate.sha256) {
                    after.add(Arc::clone(&anchor.certificate), &anchor.source, anchor.line);
                }
            }
        }
    }
    after
}
