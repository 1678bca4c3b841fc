//! Counts by name, in bounded memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rules::Severity;

/// Names counted one by one; a hostile or very large collection has more, and what
/// comes late is counted without its name.
const NAMES: usize = 20_000;

/// Something that is counted under a name.
pub(super) trait Counted {
    /// Adds what was counted under the same name.
    fn absorb(&mut self, other: Self);
    /// How much was counted.
    fn weight(&self) -> u64;
    /// What is told before what counts more.
    fn severity(&self) -> Option<Severity> {
        None
    }
}

impl Counted for u64 {
    fn absorb(&mut self, other: Self) {
        *self += other;
    }

    fn weight(&self) -> u64 {
        *self
    }
}

/// Counts by name. The result does not depend on anything but the order of what is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally<C = u64> {
    named: BTreeMap<String, C>,
    /// What was counted when there was no room for another name.
    #[serde(default, skip_serializing_if = "is_zero")]
    unnamed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl<C> Default for Tally<C> {
    fn default() -> Self {
        Self { named: BTreeMap::new(), unnamed: 0 }
    }
}

impl Tally {
    /// Counts `number` under `name`, unless there is nothing to count.
    pub(super) fn add_some(&mut self, name: &str, number: u64) {
        if number > 0 {
            self.add(name, number);
        }
    }
}

/// The largest counts, and what the others come to.
#[derive(Debug, PartialEq, Eq)]
pub struct Top<'t, C> {
    /// The largest, largest first, those with worse findings before all others; of equal
    /// ones in order of their names.
    pub largest: Vec<(&'t str, &'t C)>,
    /// How many names are left out; those without room for a name are not among them.
    pub others: u64,
    /// What was counted under them.
    pub rest: u64,
}

#[expect(private_bounds, reason = "what can be counted is known here")]
impl<C: Counted> Tally<C> {
    /// Counts `one` under `name`.
    pub(super) fn add(&mut self, name: &str, one: C) {
        let full = self.named.len() >= NAMES;
        match self.named.get_mut(name) {
            Some(known) => known.absorb(one),
            None if full => self.unnamed += one.weight(),
            None => drop(self.named.insert(name.to_owned(), one)),
        }
    }

    /// Adds the counts of another.
    pub(super) fn merge(&mut self, other: Self) {
        for (name, one) in other.named {
            self.add(&name, one);
        }
        self.unnamed += other.unnamed;
    }

    /// The `count` largest.
    #[must_use]
    pub fn top(&self, count: usize) -> Top<'_, C> {
        let mut all: Vec<(&str, &C)> =
            self.named.iter().map(|(name, one)| (name.as_str(), one)).collect();
        all.sort_by_key(|(_, one)| Reverse((one.severity(), one.weight())));
        let rest = all.split_off(count.min(all.len()));
        let left = rest.iter().map(|(_, one)| one.weight()).sum::<u64>();
        Top { largest: all, others: rest.len() as u64, rest: left + self.unnamed }
    }

    /// All that was counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.named.values().map(Counted::weight).sum::<u64>() + self.unnamed
    }

    /// Changes what was counted, name by name.
    pub(super) fn each(&mut self, change: impl FnMut(&mut C)) {
        self.named.values_mut().for_each(change);
    }

    /// Those with a name, in order of the names.
    pub fn named(&self) -> impl Iterator<Item = (&str, &C)> {
        self.named.iter().map(|(name, one)| (name.as_str(), one))
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.unnamed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first_and_the_rest_is_told() {
        let mut tally = Tally::default();
        for (name, count) in [("a", 1), ("b", 5), ("c", 3), ("d", 3), ("a", 1)] {
            tally.add(name, count);
        }
        let top = tally.top(3);
        assert_eq!(top.largest, [("b", &5), ("c", &3), ("d", &3)]);
        assert_eq!((top.others, top.rest, tally.total()), (1, 2, 13));
    }

    #[test]
    fn memory_is_bounded_and_nothing_goes_uncounted() {
        let mut tally = Tally::default();
        for number in 0..NAMES + 100 {
            tally.add(&number.to_string(), 1);
        }
        assert_eq!(tally.named().count(), NAMES);
        assert_eq!(tally.total(), NAMES as u64 + 100);
    }
}
