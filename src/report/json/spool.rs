//! Connections and findings on their way into a document. They come while the capture is
//! read, and stand in it behind what is known only at the end: until then they lie in
//! memory, and what is too much for it in temporary files.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};

use tempfile::SpooledTempFile;

use super::connection;
use super::finding::finding;
use super::object::Object;
use super::parts::Parts;
use crate::report::model::Judged;
use crate::rules::{Finding, Rule, Severity, registry};

/// Bytes of connections in memory.
const CONNECTIONS: usize = 4 << 20;
/// Bytes of the findings of one rule in memory; there are more than a hundred rules.
const FINDINGS: usize = 32 << 10;
/// What stands before an item of a list in a document.
const BEFORE: &[u8] = b",\n  ";

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

/// Entries of a document that is written later.
pub struct Spool {
    places: BTreeMap<&'static str, usize>,
    connections: Option<Pile>,
    by_place: BTreeMap<Place, Pile>,
}

/// Items of a list that lie one after the other; at least one.
pub(super) struct Pile(SpooledTempFile);

impl Default for Spool {
    fn default() -> Self {
        Self { places: registry::places(), connections: None, by_place: BTreeMap::new() }
    }
}

impl Spool {
    /// Takes entries, behind those before.
    ///
    /// # Errors
    /// Where a temporary file cannot be written.
    pub fn push(&mut self, entries: &Entries) -> io::Result<()> {
        if !entries.connections.is_empty() {
            self.connections
                .get_or_insert_with(|| Pile::with(CONNECTIONS))
                .push(&entries.connections)?;
        }
        let mut begin = 0;
        for (severity, rule, end) in &entries.ends {
            let place = self.places.get(rule.id).copied().unwrap_or(usize::MAX);
            let pile = self.by_place.entry((Reverse(*severity), place));
            let finding = entries.findings.get(begin..*end).unwrap_or_default();
            pile.or_insert_with(|| Pile::with(FINDINGS)).push(finding)?;
            begin = *end;
        }
        Ok(())
    }

    /// The findings in order, and the connections.
    pub(super) fn into_piles(self) -> (Vec<Pile>, Option<Pile>) {
        (self.by_place.into_values().collect(), self.connections)
    }
}

impl Pile {
    /// That has so many bytes in memory.
    fn with(memory: usize) -> Self {
        Self(SpooledTempFile::new(memory))
    }

    fn push(&mut self, items: &[u8]) -> io::Result<()> {
        self.0.write_all(items)
    }

    /// Writes its items behind others of the same list, or else `first`.
    pub(super) fn write(mut self, first: bool, out: &mut impl Write) -> io::Result<()> {
        self.0.rewind()?;
        if first {
            // No comma stands before the first one.
            self.0.read_exact(&mut [0])?;
        }
        io::copy(&mut self.0, out).map(drop)
    }
}
