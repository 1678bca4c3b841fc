//! One direction before its first record: text of another protocol, or nothing yet.
//!
//! Most connections of a large capture are no TLS and never leave this state, so it is
//! kept small.

use super::half::{ENTRIES, HalfEntry};
use super::handshake::{Plain, What};
use super::search::{self, Found};
use crate::flow::{GapCause, Mark};
use crate::limits::Limits;
use crate::wire::Reader;

/// Bytes before the first record that are kept: a dialogue up to STARTTLS.
const PREFACE_BYTES: usize = 1024;
/// Segments shorter than this are copied at once; longer ones only as far as they are kept.
const SHORT: usize = 64;

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
    /// Why the very bytes are missing that would tell whether it is TLS.
    pub(super) hidden: Option<GapCause>,
    /// More gaps than are noted.
    pub(super) limit_hit: bool,
    searched: usize,
    /// Frames of the first and of the last bytes.
    frames: (u64, u64),
    /// The beginning of what came before, and behind it bytes not yet decided upon: in one
    /// piece, because the one becomes the other with every segment.
    text: Vec<u8>,
    /// Where in `text` the bytes not decided upon begin.
    waiting: usize,
    /// The frame of the first of them.
    since: Option<Mark>,
    pub(super) gaps: Vec<HalfEntry>,
}

impl Opening {
    pub(super) const fn new() -> Self {
        Self {
            fresh: true,
            hidden: None,
            limit_hit: false,
            searched: 0,
            frames: (0, 0),
            text: Vec::new(),
            waiting: 0,
            since: None,
            gaps: Vec::new(),
        }
    }

    /// Bytes of memory in use, about.
    pub(super) const fn memory(&self) -> usize {
        size_of::<Self>() + self.text.capacity() + self.gaps.capacity() * size_of::<HalfEntry>()
    }

    /// The beginning of what came before the records: it tells the protocol that started
    /// TLS.
    pub(super) fn preface(&self) -> &[u8] {
        self.text.get(..self.waiting.min(PREFACE_BYTES)).unwrap_or_default()
    }

    /// What came that is no TLS, with nothing counted twice; nothing where none came, or more
    /// than was looked at.
    pub(super) fn plain(&self, limits: &Limits) -> Option<Plain> {
        let bytes = self.searched as u64;
        let all = bytes > 0 && self.searched <= limits.search_bytes;
        all.then_some(Plain { bytes, first_frame: self.frames.0, last_frame: self.frames.1 })
    }

    /// What came so far, as far as it is kept; nothing where a part of it is missing.
    pub(super) fn whole_text(&self) -> Option<&[u8]> {
        self.gaps.is_empty().then_some(&self.text)
    }

    /// Frame of the first bytes.
    pub(super) const fn first_frame(&self) -> u64 {
        self.frames.0
    }

    /// Frame of the last bytes.
    pub(super) const fn last_frame(&self) -> u64 {
        self.frames.1
    }

    /// Whether its first bytes are there, and are none of TLS.
    pub(super) const fn begins_otherwise(&self) -> bool {
        self.hidden.is_none() && self.searched > 0
    }

    fn waiting(&self) -> &[u8] {
        self.text.get(self.waiting..).unwrap_or_default()
    }

    /// The next bytes, as one segment brought them.
    #[inline]
    pub(super) fn data<'a>(&mut self, bytes: &'a [u8], mark: Mark, limits: &Limits) -> Opened<'a> {
        if self.searched == 0 {
            self.frames.0 = mark.frame;
        }
        self.frames.1 = mark.frame;
        if self.goes_on(bytes) {
            return self.text_goes_on(bytes, limits);
        }
        let may_begin = !self.fresh && bytes.first().is_some_and(|kind| search::begins(*kind));
        if may_begin && search::at_segment(bytes) == Found::Records(0) {
            self.waiting = self.text.len();
        }
        let held = self.text.len() - self.waiting;
        let since = if held == 0 { mark } else { self.since.unwrap_or(mark) };
        if held > 0 || bytes.len() < SHORT {
            self.append(bytes);
        }
        let joined = if held > 0 { self.waiting() } else { bytes };
        let found = match (self.fresh, held) {
            (true, _) => search::at_start(joined),
            (false, 0) => search::at_segment(joined),
            (false, _) => search::hello_within(joined),
        };
        match found {
            // What a web server sends may be a file that holds a handshake.
            Found::Records(at)
                if answers_http(if self.text.is_empty() { joined } else { &self.text })
                    && joined.get(at..).is_some_and(search::is_client_hello) =>
            {
                Opened::Never
            }
            Found::Records(at) => {
                let early = joined.get(at..held).unwrap_or_default().to_vec();
                let rest = bytes.get(at.saturating_sub(held)..).unwrap_or_default();
                self.pass(bytes, at, held);
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

    /// Whether a short segment is nothing but more of the text: with none of its bytes a record
    /// may begin. Most segments before a first record are.
    fn goes_on(&self, bytes: &[u8]) -> bool {
        let decided = !self.fresh && self.waiting == self.text.len();
        // Over all bytes, though one may tell: so several are looked at in one instruction.
        let may_begin = |any, kind: &u8| any | search::begins(*kind);
        decided && bytes.len() < SHORT && !bytes.iter().fold(false, may_begin)
    }

    fn text_goes_on<'a>(&mut self, bytes: &[u8], limits: &Limits) -> Opened<'a> {
        if self.text.len() < PREFACE_BYTES {
            self.append(bytes);
            self.waiting = self.text.len();
        }
        self.not_yet(bytes, limits)
    }

    fn not_yet<'a>(&mut self, bytes: &[u8], limits: &Limits) -> Opened<'a> {
        self.searched += bytes.len();
        if self.searched > limits.search_bytes { Opened::Never } else { Opened::NotYet }
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.text.capacity() == 0 {
            // Growing from 8 bytes on costs more than the room.
            self.text.reserve(2 * SHORT);
        }
        self.text.extend_from_slice(bytes);
    }

    /// The undecided bytes up to `upto` are no records: they belong to what came before.
    fn pass(&mut self, bytes: &[u8], upto: usize, held: usize) {
        if held > 0 || bytes.len() < SHORT {
            self.waiting += upto;
        } else {
            let room = PREFACE_BYTES.saturating_sub(self.text.len()).min(upto);
            self.append(bytes.get(..room).unwrap_or_default());
            self.waiting = self.text.len();
        }
    }

    /// Forgets what lies between the beginning and the bytes that are not decided upon.
    fn shorten(&mut self) {
        if self.text.len() > PREFACE_BYTES + SHORT {
            let begin = self.waiting.min(PREFACE_BYTES);
            self.text.drain(begin..self.waiting);
            self.text.shrink_to(PREFACE_BYTES + 2 * SHORT);
            self.waiting = begin;
        }
    }

    /// Goes on looking from `upto`, in those held before and the new ones together.
    fn wait<'a>(
        &mut self,
        bytes: &[u8],
        upto: usize,
        held: usize,
        (since, mark): (Mark, Mark),
        limits: &Limits,
    ) -> Opened<'a> {
        self.pass(bytes, upto, held);
        if held == 0 && bytes.len() >= SHORT {
            self.append(bytes.get(upto..).unwrap_or_default());
        }
        self.shorten();
        self.since = Some(if upto >= held { mark } else { since });
        self.fresh &= upto == 0;
        self.not_yet(bytes, limits)
    }

    /// Bytes that are missing. What is missing may have been the hello.
    pub(super) fn gap(&mut self, length: u64, cause: GapCause, mark: Mark) {
        let undecided = self.fresh && search::may_be_tls(self.waiting());
        self.hidden = self.hidden.or_else(|| undecided.then_some(cause));
        self.text.truncate(self.waiting);
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

/// Whether text begins like the answer of a web server that goes on with HTTP (RFC 9110, 15.2.2:
/// behind status 101 comes another protocol).
fn answers_http(text: &[u8]) -> bool {
    text.starts_with(b"HTTP/1.") && text.get(8..12) != Some(b" 101")
}

/// The message that begins with two bytes of length, if all of it is there.
fn ssl2_message(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(bytes);
    let length = usize::from(reader.u16()? & 0x7fff);
    reader.take(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    const HELLO: [u8; 14] = [22, 3, 1, 0, 90, 1, 0, 0, 86, 3, 3, 0xaa, 0xbb, 0xcc];

    /// Where records begin in segments of these bytes, and the preface.
    fn open(segments: &[&[u8]]) -> Option<(usize, Vec<u8>, Vec<u8>)> {
        let mut opening = Opening::new();
        for (at, bytes) in segments.iter().enumerate() {
            let mark = Mark { frame: at as u64, time: Timestamp::default() };
            if let Opened::Records { early, rest, .. } =
                opening.data(bytes, mark, &Limits::default())
            {
                return Some((at, [&early, rest].concat(), opening.preface().to_vec()));
            }
        }
        None
    }

    /// Short and long segments are kept in different ways, and say the same.
    #[test]
    fn text_before_the_first_record_is_kept_however_it_is_cut() {
        let text = b"220 mail.example.org ESMTP ready\r\n".repeat(60);
        for cut in [1, 7, 63, 64, 65, 1460] {
            let mut segments: Vec<&[u8]> = text.chunks(cut).collect();
            segments.push(&HELLO);
            let (at, records, preface) = open(&segments).unwrap();
            assert_eq!((at, &*records), (segments.len() - 1, &HELLO[..]), "{cut}");
            assert_eq!(preface, text[..PREFACE_BYTES], "{cut}");
        }
    }

    #[test]
    fn a_hello_in_two_segments_behind_text_is_found() {
        for cut in 1..10 {
            let (first, second) = HELLO.split_at(cut);
            let line = [b"begin TLS now, please\r\n", first].concat();
            let (at, records, preface) = open(&[&line, second]).unwrap();
            assert_eq!((at, &*records), (1, &HELLO[..]), "{cut}");
            assert_eq!(preface, b"begin TLS now, please\r\n", "{cut}");
        }
    }

    /// A capture that is downloaded holds ClientHellos; behind a proxy's answer comes TLS.
    #[test]
    fn a_client_hello_in_an_answer_of_a_web_server_is_a_file() {
        let answer = |status: &str, kind: u8| {
            let mut hello = HELLO;
            hello[5] = kind;
            [format!("HTTP/1.1 {status}\r\n\r\n").as_bytes(), &hello[..]].concat()
        };
        let long = [&b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"[..], &[b'x'; 90]].concat();
        assert!(open(&[&answer("200 OK", 1)]).is_none());
        assert!(open(&[&long, &HELLO]).is_none());
        assert!(open(&[&answer("200 OK", 2)]).is_some());
        assert!(open(&[&answer("101 Switching Protocols", 1)]).is_some());
    }

    /// However long the text, what is kept of it stays small, and the search ends.
    #[test]
    fn what_is_kept_is_bounded() {
        let mut opening = Opening::new();
        let limits = Limits::default();
        let mark = Mark { frame: 1, time: Timestamp::default() };
        let never = (0..200).find(|_| {
            let opened = opening.data(&[b'x'; 1460], mark, &limits);
            assert!(opening.memory() < 4096);
            matches!(opened, Opened::Never)
        });
        assert_eq!(never, Some(limits.search_bytes / 1460));
    }
}
