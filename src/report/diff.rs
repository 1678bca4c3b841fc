//! Two runs compared, leg by leg: what was mended, what broke, and what changed.
//!
//! What differs by chance (ports of clients, times, randoms, session ids, the order of
//! connections, which of them were resumed) never counts. Nothing is judged here: that a
//! handshake failed is its outcome, and causes are those of the verdicts.

mod appliances;
mod certificates;
mod facts;
mod offer;
mod pairing;
mod store;
pub mod text;

use std::collections::BTreeMap;
use std::net::IpAddr;

pub use appliances::{ApplianceDifference, SettingChange};
pub use facts::{Aspect, Content, Fact, Value};
use pairing::Try;
pub use store::StoreDifference;

use super::legs;
use super::model::{Judged, Report};
use crate::connection::Outcome;
use crate::expressway::Leg;
use crate::packet::Endpoint;
use crate::rules::Verdict;
use crate::trust::Store;

/// One of the two runs.
#[derive(Clone, Copy, Debug)]
pub struct Side<'r> {
    /// What came of it.
    pub report: &'r Report,
    /// The trust store that the user gave for it.
    pub store: Option<&'r Store>,
    /// The same of the servers.
    pub peer_store: Option<&'r Store>,
}

/// What two runs differ in.
#[derive(Debug)]
pub struct Difference {
    /// The legs, worst first.
    pub legs: Vec<LegDifference>,
    /// The Expressways that are known on a side.
    pub appliances: Vec<ApplianceDifference>,
    /// What the trust stores that the user gave differ in; `None` where they do not.
    pub store: Option<StoreDifference>,
    /// The same of the servers.
    pub peer_store: Option<StoreDifference>,
}

/// What became of a leg. The order is that of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Handshakes that completed before fail now, at least some.
    Broken,
    /// There was no such leg before.
    OnlyAfter,
    /// How its handshakes ended is visible on one side only.
    NotSeen,
    /// It works as it did, or fails as it did, and something else is new.
    Changed,
    /// There is no such leg any more.
    OnlyBefore,
    /// Handshakes that failed before complete now, all of them.
    Fixed,
    /// As before.
    Unchanged,
}

impl Class {
    /// All classes, in the order of the report.
    pub const ALL: [Self; 7] = [
        Self::Broken,
        Self::OnlyAfter,
        Self::NotSeen,
        Self::Changed,
        Self::OnlyBefore,
        Self::Fixed,
        Self::Unchanged,
    ];

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::OnlyAfter => "only after",
            Self::NotSeen => "not seen",
            Self::Changed => "changed",
            Self::OnlyBefore => "only before",
            Self::Fixed => "fixed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// How the handshakes of a leg ended on one side, as far as that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All completed.
    Works,
    /// All failed.
    Fails,
    /// Some completed, some failed.
    Mixed,
    /// It was not seen.
    Unknown,
}

impl State {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Fails => "fails",
            Self::Mixed => "mixed",
            Self::Unknown => "not seen",
        }
    }

    /// Whether any handshake failed.
    #[must_use]
    pub const fn fails(self) -> bool {
        matches!(self, Self::Fails | Self::Mixed)
    }
}

/// A leg on both sides.
#[derive(Debug)]
pub struct LegDifference {
    /// What became of it.
    pub class: Class,
    /// The leg before.
    pub before: Option<Half>,
    /// The leg after.
    pub after: Option<Half>,
    /// What is not the same, or visible on one side only, in the order of [`Aspect`].
    pub changes: Vec<Change>,
}

impl LegDifference {
    /// Whether handshakes of this leg fail after the change.
    #[must_use]
    pub fn fails_after(&self) -> bool {
        self.after.as_ref().is_some_and(|half| half.state().fails())
    }

    /// Whether this leg fails and is not known to have failed before.
    #[must_use]
    pub fn newly_fails(&self) -> bool {
        let before = self.before.as_ref().map(Half::state);
        self.class == Class::Broken || (self.fails_after() && before.is_none_or(|b| !b.fails()))
    }
}

/// A leg on one side.
#[derive(Debug)]
pub struct Half {
    /// The host that connects, of the first connection.
    pub client: IpAddr,
    /// What it connects to.
    pub server: Endpoint,
    /// The name by which the server was reached, if there was one.
    pub name: Option<String>,
    /// Who they are.
    pub leg: Leg,
    /// Connections.
    pub connections: u64,
    /// Handshakes that completed.
    pub completed: u64,
    /// Handshakes that failed.
    pub failed: u64,
    /// Capture and stream of each connection.
    pub streams: Vec<(usize, u64)>,
    /// What was seen, each value with the number of connections that have it.
    seen: BTreeMap<Aspect, Seen>,
}

/// What was seen of one aspect of a leg on one side.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The values by their identity, with the number of connections that have each.
    values: BTreeMap<String, (Value, u64)>,
    /// Why it is hidden, where no connection shows it.
    pub hidden: Option<&'static str>,
}

impl Seen {
    /// The values, each with the number of connections that have it; always in the same
    /// order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &(Value, u64)> {
        self.values.values()
    }

    fn add(&mut self, fact: Fact) {
        match fact {
            Fact::Hidden(reason) => self.hidden = self.hidden.or(Some(reason)),
            Fact::Seen(value) => {
                self.values.entry(value.id.clone()).or_insert((value, 0)).1 += 1;
            }
        }
    }

    /// Whether both sides show the same values, or none.
    fn same(&self, other: &Self) -> bool {
        self.values.keys().eq(other.values.keys())
    }
}

/// Something that is not the same, or visible on one side only.
#[derive(Debug)]
pub struct Change {
    /// What it is.
    pub aspect: Aspect,
    /// As it was.
    pub before: Seen,
    /// As it is now.
    pub after: Seen,
}

impl Change {
    /// Whether both sides are visible: else nothing is known to have changed.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.before.values.is_empty() && !self.after.values.is_empty()
    }
}

/// Compares two runs.
///
/// ```
/// use tlsight::pipeline::{Config, analyze, source_from_file};
/// use tlsight::report::diff::{Class, Side, compare};
///
/// let run = |name: &str| analyze(vec![source_from_file(name.into())], &Config::default());
/// let before = run("samples/remedies/upgraded.pcap");
/// let after = run("samples/remedies/rsa-prefix.pcap");
/// let side = |report| Side { report, store: None, peer_store: None };
/// let difference = compare(side(&before), side(&after));
/// assert_eq!(difference.count(Class::Fixed), 2);
/// ```
#[must_use]
pub fn compare(before: Side<'_>, after: Side<'_>) -> Difference {
    let (causes, causes_after) = (facts::causes(before.report), facts::causes(after.report));
    let mut legs: Vec<LegDifference> = pairing::pairs(before.report, after.report)
        .into_iter()
        .map(|(old, new)| LegDifference::of(Half::of(&old, &causes), Half::of(&new, &causes_after)))
        .collect();
    legs.sort_by_key(|leg| (leg.class, !leg.fails_after()));
    Difference {
        legs,
        appliances: appliances::compare(before.report, after.report),
        store: StoreDifference::of(before.store, after.store),
        peer_store: StoreDifference::of(before.peer_store, after.peer_store),
    }
}

impl Difference {
    /// How many legs are of a class.
    #[must_use]
    pub fn count(&self, class: Class) -> u64 {
        self.legs.iter().filter(|leg| leg.class == class).count() as u64
    }
}

impl LegDifference {
    fn of(before: Option<Half>, after: Option<Half>) -> Self {
        let changes = match (&before, &after) {
            (Some(before), Some(after)) => changes(before, after),
            _ => Vec::new(),
        };
        let state = |half: &Option<Half>| half.as_ref().map(Half::state);
        let class = class(state(&before), state(&after), changes.iter().any(Change::is_known));
        Self { class, before, after, changes }
    }
}

const fn class(before: Option<State>, after: Option<State>, changed: bool) -> Class {
    use State::{Fails, Mixed, Unknown, Works};
    match (before, after) {
        (None, _) => Class::OnlyAfter,
        (_, None) => Class::OnlyBefore,
        (Some(Works), Some(Fails | Mixed)) | (Some(Mixed), Some(Fails)) => Class::Broken,
        (Some(Fails | Mixed), Some(Works)) => Class::Fixed,
        (Some(Unknown), Some(Works | Fails | Mixed)) => Class::NotSeen,
        (Some(Works | Fails | Mixed), Some(Unknown)) => Class::NotSeen,
        (Some(Fails), Some(Mixed)) => Class::Changed,
        _ if changed => Class::Changed,
        _ => Class::Unchanged,
    }
}

fn changes(before: &Half, after: &Half) -> Vec<Change> {
    let of = |half: &Half, aspect| half.seen.get(&aspect).cloned();
    Aspect::ALL
        .into_iter()
        .filter_map(|aspect| {
            let (before, after) = (of(before, aspect)?, of(after, aspect)?);
            (!before.same(&after)).then_some(Change { aspect, before, after })
        })
        .collect()
}

impl Half {
    fn of(tries: &[Try<'_>], causes: &facts::Causes<'_>) -> Option<Self> {
        let first = tries.first()?;
        let name = |one: &Try<'_>| match one {
            Try::Tls(judged) => legs::name(&judged.connection),
            Try::Unopened(..) => None,
        };
        let mut half = Self {
            client: first.client(),
            server: first.server(),
            name: tries.iter().find_map(name),
            leg: first.leg(),
            connections: 0,
            completed: 0,
            failed: 0,
            streams: Vec::new(),
            seen: BTreeMap::new(),
        };
        for one in tries {
            match one {
                Try::Tls(judged) => half.add(judged, causes),
                Try::Unopened(capture, verdict) => half.add_unopened(*capture, verdict),
            }
        }
        Some(half)
    }

    fn add(&mut self, judged: &Judged, causes: &facts::Causes<'_>) {
        let outcome = judged.connection.outcome;
        self.connections += 1;
        self.completed += u64::from(outcome == Outcome::Completed);
        self.failed += u64::from(outcome.failed());
        self.streams.push((judged.capture, judged.connection.stream));
        self.learn(facts::facts(judged, causes));
    }

    fn add_unopened(&mut self, capture: usize, verdict: &Verdict) {
        for stream in &verdict.streams {
            self.connections += 1;
            self.failed += 1;
            self.streams.push((capture, *stream));
            self.learn(facts::unopened(verdict));
        }
    }

    fn learn(&mut self, facts: Vec<(Aspect, Fact)>) {
        for (aspect, fact) in facts {
            self.seen.entry(aspect).or_default().add(fact);
        }
    }

    /// How its handshakes ended.
    #[must_use]
    pub const fn state(&self) -> State {
        match (self.completed, self.failed) {
            (0, 0) => State::Unknown,
            (_, 0) => State::Works,
            (0, _) => State::Fails,
            _ => State::Mixed,
        }
    }

    /// What was seen of an aspect; `None` where it does not apply.
    #[must_use]
    pub fn seen(&self, aspect: Aspect) -> Option<&Seen> {
        self.seen.get(&aspect)
    }
}

#[cfg(test)]
mod tests {
    use super::State::{Fails, Mixed, Unknown, Works};
    use super::*;

    #[test]
    fn every_pair_of_states_has_its_class() {
        let of = |before, after| class(Some(before), Some(after), false);
        for (before, after, expected) in [
            (Works, Fails, Class::Broken),
            (Works, Mixed, Class::Broken),
            (Mixed, Fails, Class::Broken),
            (Fails, Works, Class::Fixed),
            (Mixed, Works, Class::Fixed),
            (Fails, Mixed, Class::Changed),
            (Works, Works, Class::Unchanged),
            (Fails, Fails, Class::Unchanged),
            (Mixed, Mixed, Class::Unchanged),
            (Unknown, Unknown, Class::Unchanged),
            (Unknown, Works, Class::NotSeen),
            (Fails, Unknown, Class::NotSeen),
        ] {
            assert_eq!(of(before, after), expected, "{before:?} {after:?}");
        }
        assert_eq!(class(None, Some(Works), false), Class::OnlyAfter);
        assert_eq!(class(Some(Fails), None, false), Class::OnlyBefore);
        assert_eq!(class(Some(Works), Some(Works), true), Class::Changed);
        assert_eq!(class(Some(Fails), Some(Works), true), Class::Fixed);
    }
}
