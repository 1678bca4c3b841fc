//! What came before its turn, by position.

use std::collections::BTreeMap;

use crate::limits::Limits;
use crate::time::Timestamp;

/// Bytes of a segment that wait, or the place of bytes that were not captured.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) frame: u64,
    pub(super) time: Timestamp,
    pub(super) content: Content,
}

/// What a piece holds.
#[derive(Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    /// Bytes that were on the wire but not captured.
    Cut(u64),
}

impl Content {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Cut(length) => *length,
        }
    }
}

/// The pieces of one direction that wait for bytes before them.
#[derive(Debug, Default)]
pub(super) struct Held {
    pieces: BTreeMap<u64, Piece>,
    bytes: usize,
    /// Bytes that may be padding.
    pub(super) doubtful: Option<(u64, Piece)>,
}

impl Held {
    /// Bytes of memory in use, about: each piece is an entry of a tree and a block of its
    /// own.
    pub(super) fn memory(&self) -> usize {
        size_of::<Self>() + self.bytes + self.pieces.len() * 2 * size_of::<Piece>()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.doubtful.is_none()
    }

    /// Bytes that wait.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Pieces that wait.
    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Whether more waits than may.
    pub(super) fn is_over(&self, limits: &Limits) -> bool {
        self.bytes > limits.pending_bytes || self.pieces.len() > limits.pending_segments
    }

    /// Position of the first piece.
    pub(super) fn lowest(&self) -> Option<u64> {
        self.pieces.first_key_value().map(|(at, _)| *at)
    }

    /// Takes out the first piece.
    pub(super) fn pop_first(&mut self) -> Option<Piece> {
        let (_, piece) = self.pieces.pop_first()?;
        if let Content::Bytes(bytes) = &piece.content {
            self.bytes = self.bytes.saturating_sub(bytes.len());
        }
        Some(piece)
    }

    /// Whether the bytes at a position are in doubt already.
    pub(super) fn doubts(&self, at: u64) -> bool {
        self.doubtful.as_ref().is_some_and(|(start, _)| *start == at)
    }

    /// Keeps those bytes of a payload that lie behind `floor` and are not there yet.
    pub(super) fn bytes_at(
        &mut self,
        at: u64,
        payload: &[u8],
        floor: u64,
        (frame, time): (u64, Timestamp),
    ) {
        let end = at.saturating_add(payload.len() as u64);
        let mut from = at.max(floor);
        while from < end {
            let covered = self.covered_until(from);
            if covered > from {
                from = covered;
                continue;
            }
            let to = self.free_until(from, end);
            let bytes = slice(payload, from - at, to - at).to_vec();
            self.bytes += bytes.len();
            self.pieces.insert(from, Piece { frame, time, content: Content::Bytes(bytes) });
            from = to;
        }
    }

    /// Remembers that the bytes from one position to another were not captured, unless
    /// others are there.
    pub(super) fn cut_at(&mut self, from: u64, end: u64, (frame, time): (u64, Timestamp)) {
        let free_until = self.free_until(from, end);
        if from < free_until && self.covered_until(from) <= from {
            let content = Content::Cut(free_until - from);
            self.pieces.insert(from, Piece { frame, time, content });
        }
    }

    /// Where the last piece that begins at `from` or before it ends.
    fn covered_until(&self, from: u64) -> u64 {
        let before = self.pieces.range(..=from).next_back();
        before.map_or(0, |(start, piece)| start + piece.content.len())
    }

    /// Where the next piece begins, `end` at most.
    fn free_until(&self, from: u64, end: u64) -> u64 {
        self.pieces.range(from..).next().map_or(end, |(start, _)| end.min(*start))
    }
}

fn slice(bytes: &[u8], from: u64, to: u64) -> &[u8] {
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let to = usize::try_from(to).unwrap_or(usize::MAX);
    bytes.get(from..to).unwrap_or_default()
}
