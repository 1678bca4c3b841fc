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

/// Bytes of the findings of one rule in memory; there are more than a hundred rules.
const FINDINGS: usize = 32 << 10;

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
}

/// Items of a list that lie one after the other; at least one.
pub(super) struct Pile(SpooledTempFile);

impl Default for Findings {
    fn default() -> Self {
        Self { places: registry::places(), by_place: BTreeMap::new() }
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
            let pile = self.by_place.entry((Reverse(*severity), place));
            let finding = entries.findings.get(begin..*end).unwrap_or_default();
            pile.or_insert_with(|| Pile(SpooledTempFile::new(FINDINGS))).push(finding)?;
            begin = *end;
        }
        Ok(())
    }

    /// All of them in order.
    pub(super) fn into_piles(self) -> impl Iterator<Item = Pile> {
        self.by_place.into_values()
    }
}

impl Pile {
    fn push(&mut self, items: &[u8]) -> io::Result<()> {
        let no_room =
            |error: io::Error| io::Error::other(format!("temporary file for findings: {error}"));
        self.0.write_all(items).map_err(no_room)
    }

    /// Hands on its items, piece by piece.
    pub(super) fn read(mut self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.0.rewind()?;
        let mut piece = vec![0; FINDINGS];
        loop {
            match self.0.read(&mut piece)? {
                0 => return Ok(()),
                read => take(piece.get(..read).unwrap_or_default())?,
            }
        }
    }
}
