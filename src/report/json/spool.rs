//! Connections and findings on their way into a document. They come while the capture is
//! read, and stand in it behind what is known only at the end: until then they lie in
//! memory, and what is too much for it in temporary files.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Seek, Write};

use tempfile::SpooledTempFile;

use super::connection;
use super::finding::finding;
use super::object::Object;
use super::parts::Parts;
use crate::report::model::Judged;
use crate::rules::{Finding, Severity, registry};

/// Bytes of connections in memory.
const CONNECTIONS: usize = 4 << 20;
/// Bytes of the findings of one rule in memory; there are more than a hundred rules.
const FINDINGS: usize = 32 << 10;

/// The place of a finding in a document: worst first, then by rule.
type Place = (Reverse<Severity>, usize);

/// Lines of a document that is written later.
pub struct Spool {
    parts: Parts,
    line: Vec<u8>,
    places: BTreeMap<&'static str, usize>,
    connections: Pile,
    by_place: BTreeMap<Place, Pile>,
}

/// Lines that lie one after the other.
pub(super) struct Pile(SpooledTempFile);

impl Default for Spool {
    fn default() -> Self {
        Self {
            parts: Parts::default(),
            line: Vec::new(),
            places: registry::places(),
            connections: Pile(SpooledTempFile::new(CONNECTIONS)),
            by_place: BTreeMap::new(),
        }
    }
}

impl Spool {
    /// Adds connections, and the findings on them.
    ///
    /// # Errors
    /// Where a temporary file cannot be written.
    pub fn add(&mut self, judged: &[Judged]) -> io::Result<()> {
        for one in judged {
            self.line.clear();
            let mut object = Object::begin(&mut self.line);
            connection::connection(one, &mut self.parts, &mut object);
            object.end();
            self.connections.push(&mut self.line)?;
            for finding in &one.findings {
                self.add_finding(Some(one.capture), finding)?;
            }
        }
        Ok(())
    }

    pub(super) fn add_finding(&mut self, input: Option<usize>, of: &Finding) -> io::Result<()> {
        self.line.clear();
        let mut object = Object::begin(&mut self.line);
        finding(input, of, &mut self.parts, &mut object);
        object.end();
        let rule = self.places.get(of.rule.id).copied().unwrap_or(usize::MAX);
        let pile = self.by_place.entry((Reverse(of.severity), rule));
        pile.or_insert_with(|| Pile(SpooledTempFile::new(FINDINGS))).push(&mut self.line)
    }

    /// The findings in order, and the connections.
    pub(super) fn into_piles(self) -> (Vec<Pile>, Pile) {
        (self.by_place.into_values().collect(), self.connections)
    }
}

impl Pile {
    fn push(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        self.0.write_all(line)
    }

    /// The lines from the first on.
    pub(super) fn into_lines(mut self) -> io::Result<impl Iterator<Item = io::Result<Vec<u8>>>> {
        self.0.rewind()?;
        Ok(BufReader::new(self.0).split(b'\n'))
    }
}
