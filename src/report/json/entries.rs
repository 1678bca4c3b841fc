//! Connections and findings on their way into a document. Connections stand in it as they
//! come; findings stand worst first, and lie in memory until all of them are known, what is
//! too much for it in temporary files.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};

use tempfile::SpooledTempFile;

use super::connection;
use super::document::BEFORE;
use super::finding::finding;
use super::object::Object;
use super::parts::Parts;
use crate::report::model::Judged;
use crate::rules::{Finding, Rule, Severity, registry};

/// Bytes of findings in memory: those on some 400 connections, so that much is written at a time.
const FINDINGS: usize = 512 << 10;
/// Bytes that are read at a time of a temporary file.
const PIECE: usize = 64 << 10;

/// The place of a finding in a document: worst first, then by rule.
type Place = (Reverse<Severity>, usize);

/// Connections, and the findings on them, as they will stand in a document.
#[derive(Default)]
pub struct Entries {
    connections: Vec<u8>,
    findings: Vec<u8>,
    /// What each finding is, and where it ends.
    ends: Vec<(Severity, &'static Rule, usize)>,
}

impl Entries {
    pub(super) fn connections(&self) -> &[u8] {
        &self.connections
    }

    pub(super) fn add(&mut self, judged: &Judged, parts: &mut Parts) {
        self.connections.extend(BEFORE);
        let mut object = Object::begin(&mut self.connections);
        connection::connection(judged, parts, &mut object);
        object.end();
        for finding in &judged.findings {
            self.add_finding(Some(judged.capture), finding, parts);
        }
    }

    pub(super) fn add_finding(&mut self, input: Option<usize>, of: &Finding, parts: &mut Parts) {
        self.findings.extend(BEFORE);
        let mut object = Object::begin(&mut self.findings);
        finding(input, of, parts, &mut object);
        object.end();
        self.ends.push((of.severity, of.rule, self.findings.len()));
    }

    /// Forgets them, but keeps the memory for others.
    pub fn clear(&mut self) {
        self.connections.clear();
        self.findings.clear();
        self.ends.clear();
    }

    /// The bytes of memory that they take.
    #[must_use]
    pub const fn memory(&self) -> usize {
        self.connections.capacity() + self.findings.capacity()
    }
}

/// Findings of a document, which come in any order.
pub(super) struct Findings {
    places: BTreeMap<&'static str, usize>,
    by_place: BTreeMap<Place, Pile>,
    /// Bytes of them in memory.
    in_memory: usize,
}

/// Items of a list that lie one after the other; at least one.
#[derive(Default)]
pub(super) struct Pile {
    /// The first ones, where there was no room for them in memory.
    put_away: Option<SpooledTempFile>,
    /// Those behind them.
    at_hand: Vec<u8>,
}

impl Default for Findings {
    fn default() -> Self {
        Self { places: registry::places(), by_place: BTreeMap::new(), in_memory: 0 }
    }
}

impl Findings {
    /// Takes those of entries, behind those before.
    ///
    /// # Errors
    /// Where a temporary file cannot be written.
    pub(super) fn push(&mut self, entries: &Entries) -> io::Result<()> {
        let mut begin = 0;
        for (severity, rule, end) in &entries.ends {
            let place = self.places.get(rule.id).copied().unwrap_or(usize::MAX);
            let pile = self.by_place.entry((Reverse(*severity), place)).or_default();
            pile.at_hand.extend(entries.findings.get(begin..*end).unwrap_or_default());
            begin = *end;
        }
        self.in_memory += begin;
        if self.in_memory > FINDINGS {
            self.in_memory = 0;
            self.by_place.values_mut().try_for_each(Pile::put_away).map_err(no_room)?;
        }
        Ok(())
    }

    /// All of them in order.
    pub(super) fn into_piles(self) -> impl Iterator<Item = Pile> {
        self.by_place.into_values()
    }
}

fn no_room(error: io::Error) -> io::Error {
    io::Error::other(format!("temporary file for findings: {error}"))
}

impl Pile {
    fn put_away(&mut self) -> io::Result<()> {
        // Not only emptied: the memory of every pile at its highest would be far too much.
        let at_hand = std::mem::take(&mut self.at_hand);
        if at_hand.is_empty() {
            return Ok(());
        }
        let file = self.put_away.get_or_insert_with(|| SpooledTempFile::new(0));
        file.write_all(&at_hand)
    }

    /// Hands on its items, piece by piece.
    pub(super) fn read(self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if let Some(mut file) = self.put_away {
            file.rewind()?;
            let mut piece = vec![0; PIECE];
            while let read @ 1.. = file.read(&mut piece)? {
                take(piece.get(..read).unwrap_or_default())?;
            }
        }
        take(&self.at_hand)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries with one finding of each of two rules, of which neither comes first.
    fn two(number: usize) -> Entries {
        let mut entries = Entries::default();
        for rule in registry::rules().take(2).collect::<Vec<_>>().into_iter().rev() {
            let text = format!("{} {number:>1000}\n", rule.id);
            entries.findings.extend(text.as_bytes());
            entries.ends.push((Severity::Warning, rule, entries.findings.len()));
        }
        entries
    }

    #[test]
    fn findings_that_were_put_away_come_before_those_at_hand() {
        let mut findings = Findings::default();
        // Twice more than fits, and then some.
        let count = 5 * FINDINGS / 4_000;
        (0..count).for_each(|number| findings.push(&two(number)).unwrap());
        assert!(findings.in_memory <= FINDINGS);
        let mut text = Vec::new();
        for pile in findings.into_piles() {
            assert!(pile.put_away.is_some() && !pile.at_hand.is_empty());
            pile.read(|piece| text.write_all(piece)).unwrap();
        }
        let expected: String = registry::rules()
            .take(2)
            .flat_map(|rule| (0..count).map(|number| format!("{} {number:>1000}\n", rule.id)))
            .collect();
        assert!(String::from_utf8(text).unwrap() == expected);
    }
}
