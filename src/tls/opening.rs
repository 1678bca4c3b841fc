//! One direction before its first record: text of another protocol, or nothing yet.
//!
//! Most connections of a large capture are no TLS and never leave this state, so it is
//! kept small.

use super::half::{ENTRIES, HalfEntry};
use super::handshake::What;
use super::search::{self, Found, SIGNATURE};
use crate::flow::{GapCause, Mark};
use crate::limits::Limits;
use crate::wire::Reader;

/// Bytes before the first record that are kept: a dialogue up to STARTTLS.
const PREFACE_BYTES: usize = 1024;

/// What the next bytes of a direction turned out to be.
#[derive(Debug)]
pub(super) enum Opened<'a> {
    /// No records so far.
    NotYet,
    /// Enough was looked at: it is not TLS.
    Never,
    /// Records begin: with bytes that came earlier, and go on with the rest of these.
    Records { early: Vec<u8>, since: Mark, rest: &'a [u8] },
    /// A message in the format of SSL 2.0, without its two bytes of length.
    Ssl2 { message: Vec<u8>, since: Mark, rest: &'a [u8] },
}

/// Looks for the first record of a direction.
#[derive(Debug)]
pub(super) struct Opening {
    /// These are the first bytes of the connection.
    fresh: bool,
    /// The snapshot length cut the very bytes that would tell whether it is TLS.
    pub(super) hidden: bool,
    /// More gaps than are noted.
    pub(super) limit_hit: bool,
    searched: usize,
    /// Bytes not yet decided upon, and the frame of their first one.
    waiting: Vec<u8>,
    since: Option<Mark>,
    /// The beginning of what came before.
    pub(super) preface: Vec<u8>,
    pub(super) gaps: Vec<HalfEntry>,
}

impl Opening {
    pub(super) const fn new() -> Self {
        Self {
            fresh: true,
            hidden: false,
            limit_hit: false,
            searched: 0,
            waiting: Vec::new(),
            since: None,
            preface: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// Bytes of memory in use, about.
    pub(super) const fn memory(&self) -> usize {
        size_of::<Self>()
            + self.waiting.capacity()
            + self.preface.capacity()
            + self.gaps.capacity() * size_of::<HalfEntry>()
    }

    /// The next bytes, as one segment brought them.
    pub(super) fn data<'a>(&mut self, bytes: &'a [u8], mark: Mark, limits: &Limits) -> Opened<'a> {
        let new_records = !self.fresh && !self.waiting.is_empty();
        if new_records && search::at_segment(bytes) == Found::Records(0) {
            keep_preface(&mut self.preface, &self.waiting);
            self.waiting.clear();
        }
        let held = self.waiting.len();
        let since = if held == 0 { mark } else { self.since.unwrap_or(mark) };
        if held > 0 {
            self.waiting.extend_from_slice(bytes);
        }
        let joined = if held > 0 { &self.waiting } else { bytes };
        let found = match (self.fresh, held) {
            (true, _) => search::at_start(joined),
            (false, 0) => search::at_segment(joined),
            (false, _) => search::hello_within(joined),
        };
        match found {
            Found::Records(at) => {
                keep_preface(&mut self.preface, joined.get(..at).unwrap_or_default());
                let early = joined.get(at..held).unwrap_or_default().to_vec();
                let rest = bytes.get(at.saturating_sub(held)..).unwrap_or_default();
                Opened::Records { early, since, rest }
            }
            Found::Ssl2 => match ssl2_message(joined) {
                Some(message) => {
                    let used = (message.len() + 2).saturating_sub(held);
                    let message = message.to_vec();
                    Opened::Ssl2 { message, since, rest: bytes.get(used..).unwrap_or_default() }
                }
                None => self.wait(bytes, 0, held, (since, mark), limits),
            },
            Found::NotYet(upto) => self.wait(bytes, upto, held, (since, mark), limits),
        }
    }

    /// Keeps what is not decided upon: the bytes from `upto` on, of those held before and
    /// the new ones together.
    fn wait<'a>(
        &mut self,
        bytes: &[u8],
        upto: usize,
        held: usize,
        (since, mark): (Mark, Mark),
        limits: &Limits,
    ) -> Opened<'a> {
        if held > 0 {
            keep_preface(&mut self.preface, self.waiting.get(..upto).unwrap_or_default());
            self.waiting.drain(..upto.min(self.waiting.len()));
            if self.waiting.capacity() > 16 * SIGNATURE {
                self.waiting.shrink_to(2 * SIGNATURE);
            }
        } else {
            keep_preface(&mut self.preface, bytes.get(..upto).unwrap_or_default());
            self.waiting.reserve(2 * SIGNATURE);
            self.waiting.extend_from_slice(bytes.get(upto..).unwrap_or_default());
        }
        self.since = Some(if upto >= held { mark } else { since });
        self.fresh &= upto == 0;
        self.searched += bytes.len();
        if self.searched > limits.search_bytes { Opened::Never } else { Opened::NotYet }
    }

    /// Bytes that are missing. What is missing may have been the hello.
    pub(super) fn gap(&mut self, length: u64, cause: GapCause, mark: Mark) {
        let undecided = self.fresh && search::may_be_tls(&self.waiting);
        self.hidden |= undecided && cause == GapCause::Snaplen;
        self.waiting.clear();
        self.fresh = false;
        // Text before TLS may be as long as it likes, with a gap in every line.
        if let Some(HalfEntry { what: What::Gap { length: known, cause: same }, .. }) =
            self.gaps.last_mut()
            && *same == cause
        {
            *known += length;
        } else if self.gaps.len() < ENTRIES {
            let what = What::Gap { length, cause };
            self.gaps.push(HalfEntry { first: mark, last: mark, what, decrypted: false });
        } else {
            self.limit_hit = true;
        }
    }
}

/// The message that begins with two bytes of length, if all of it is there.
fn ssl2_message(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(bytes);
    let length = usize::from(reader.u16()? & 0x7fff);
    reader.take(length)
}

/// Keeps the beginning of what comes before the records: it tells the protocol that
/// started TLS.
fn keep_preface(preface: &mut Vec<u8>, text: &[u8]) {
    let room = PREFACE_BYTES.saturating_sub(preface.len());
    let kept = text.get(..room.min(text.len())).unwrap_or_default();
    if preface.capacity() == 0 && !kept.is_empty() {
        // Lines of a dialogue: growing from 8 bytes on costs more than the room.
        preface.reserve(kept.len().max(64));
    }
    preface.extend_from_slice(kept);
}
