//! One direction of a TLS connection from its first record on: bytes in, entries out.
//!
//! It knows nothing of the other direction, so that a capture which holds one
//! direction only, or one before the other, gives all it has.

use std::borrow::Cow;

use super::handshake::{Anomaly, Plain, What};
use super::kept::{Kept, Record, Sealed};
use super::message::{self, Body, Context, Message};
use super::opening::Opening;
use super::record::{Content, HEADER, RecordHeader};
use super::search::{self, Found};
use super::server_hello::ServerHello;
use super::{CertificateList, ClientHello};
use crate::flow::{GapCause, Mark};
use crate::limits::Limits;
use crate::wire::Reader;

/// Things recorded of one direction; a handshake with a dozen renegotiations has
/// fewer.
pub(super) const ENTRIES: usize = 1024;

/// Whether more of a direction's bytes can teach anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appetite {
    /// Go on.
    More,
    /// Nothing more can be learned: stop reassembling.
    Done,
}

/// Something in this direction, with the frames of its first and last byte.
#[derive(Debug)]
pub(super) struct HalfEntry {
    pub(super) first: Mark,
    pub(super) last: Mark,
    pub(super) what: What,
    /// It was opened with a key, or it came out of what was.
    pub(super) decrypted: bool,
}

#[derive(Debug)]
enum State {
    /// Between records, or inside a record header.
    Header,
    /// Inside a record; `broken` when part of it is missing.
    Body { header: RecordHeader, remaining: usize, broken: bool },
    /// A gap hid where the next record begins.
    Lost,
    /// Nothing more to learn.
    Done,
}

/// Reads one direction.
#[derive(Debug)]
pub(super) struct Half {
    state: State,
    /// Bytes of a record header that is not whole.
    waiting: Vec<u8>,
    /// Payload of the current record.
    body: Vec<u8>,
    /// Handshake bytes not yet a whole message, and where they began.
    joined: Vec<u8>,
    joined_since: Option<Mark>,
    /// Bytes of a broken message that are still to come.
    skip: usize,
    kept_bytes: usize,
    messages: usize,
    protected_records: usize,
    searched: usize,
    cipher_changed: bool,
    record_start: Option<Mark>,
    /// When bytes came last: what is missing behind them is noticed only later.
    heard: Option<Mark>,
    pub(super) context: Context,
    /// Encrypted records, where there may be a key for them.
    pub(super) kept: Kept,
    pub(super) entries: Vec<HalfEntry>,
    pub(super) anomalies: Vec<Anomaly>,
    pub(super) limit_hit: bool,
    /// The beginning of what came before the first record.
    pub(super) preface: Vec<u8>,
    /// What that is altogether.
    pub(super) plain: Option<Plain>,
}

impl Half {
    /// Bytes of memory in use, about. What a message is decoded to takes about as much
    /// room as the message.
    pub(super) const fn memory(&self) -> usize {
        size_of::<Self>()
            + self.waiting.capacity()
            + self.body.capacity()
            + self.joined.capacity()
            + self.preface.capacity()
            + self.entries.capacity() * size_of::<HalfEntry>()
            + self.kept_bytes * 2
            + self.kept.memory()
    }

    /// Goes on where the first record begins, or where nothing more comes.
    pub(super) fn behind(opening: Opening, limits: &Limits) -> Self {
        Self {
            state: State::Header,
            waiting: Vec::new(),
            body: Vec::new(),
            joined: Vec::new(),
            joined_since: None,
            skip: 0,
            kept_bytes: 0,
            messages: 0,
            protected_records: 0,
            searched: 0,
            cipher_changed: false,
            record_start: None,
            heard: None,
            context: Context {
                certificates: limits.certificates,
                bytes: limits.handshake_bytes,
                ..Context::default()
            },
            kept: Kept::default(),
            anomalies: Vec::new(),
            limit_hit: opening.limit_hit,
            preface: opening.preface().to_vec(),
            plain: opening.plain(limits),
            entries: opening.gaps,
        }
    }

    /// The next bytes, as one segment brought them.
    pub(super) fn data(&mut self, mut bytes: &[u8], mark: Mark, limits: &Limits) -> Appetite {
        self.heard = Some(mark);
        if matches!(self.state, State::Lost) {
            self.find_again(bytes, limits);
        }
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Header => self.header(bytes, mark),
                State::Body { header, remaining, broken } => {
                    self.body(bytes, header, remaining, broken, mark, limits)
                }
                State::Lost | State::Done => break,
            };
        }
        if matches!(self.state, State::Done) { Appetite::Done } else { Appetite::More }
    }

    /// Bytes that are missing.
    pub(super) fn gap(&mut self, length: u64, cause: GapCause, mark: Mark, limits: &Limits) {
        let heard = self.heard.unwrap_or(mark);
        match self.state {
            State::Body { header, remaining, .. } if length <= remaining as u64 => {
                self.gap_in_record(header, remaining, length, heard, limits);
            }
            State::Body { header, .. } => {
                self.break_record(header, heard, limits);
                self.lose_track(length, heard, limits);
            }
            State::Header => self.lose_track(length, heard, limits),
            State::Lost | State::Done => {}
        }
        if !matches!(self.state, State::Done) {
            self.note(What::Gap { length, cause }, mark, mark);
        }
    }

    /// Nothing more will come.
    pub(super) fn end(&mut self, mark: Mark, limits: &Limits) {
        let mark = self.heard.unwrap_or(mark);
        if let State::Body { header, .. } = self.state {
            self.break_record(header, mark, limits);
        }
        self.flush_partial_message(mark);
        self.state = State::Done;
    }

    /// Takes bytes of earlier segments, from where records begin.
    pub(super) fn replay(&mut self, mut early: &[u8], since: Mark, mark: Mark, limits: &Limits) {
        self.heard = Some(mark);
        while !early.is_empty() {
            early = match self.state {
                State::Header => self.header(early, since),
                State::Body { header, remaining, broken } => {
                    self.body(early, header, remaining, broken, mark, limits)
                }
                State::Lost | State::Done => return,
            };
        }
    }

    /// A message in the format of SSL 2.0, without its two bytes of length.
    pub(super) fn ssl2(&mut self, message: &[u8], since: Mark, mark: Mark) {
        let length = message.len();
        let version_2 = match message.split_first() {
            Some((1, body)) => {
                let hello = ClientHello::decode_ssl2(body);
                let version_2 = hello.legacy_version == 2;
                self.ssl2_message(1, length, Body::ClientHello(Box::new(hello)), since, mark);
                version_2
            }
            _ => {
                let (hello, certificate) = ssl2_server_hello(message);
                self.ssl2_message(2, length, Body::ServerHello(Box::new(hello)), since, mark);
                self.ssl2_message(
                    11,
                    length,
                    Body::Certificate(Box::new(certificate)),
                    since,
                    mark,
                );
                true
            }
        };
        // What follows in SSL 2.0 itself is encrypted after a few messages.
        self.state = if version_2 { State::Done } else { State::Header };
    }

    fn ssl2_message(&mut self, kind: u8, length: usize, body: Body, first: Mark, last: Mark) {
        self.note(What::Message(Message::of(kind, length, body)), first, last);
    }

    fn find_again(&mut self, bytes: &[u8], limits: &Limits) {
        self.searched += bytes.len();
        if let Found::Records(0) = search::at_segment(bytes) {
            self.state = State::Header;
        } else if self.searched > limits.search_bytes {
            self.state = State::Done;
        }
    }

    /// After so many bytes that are missing nobody knows where the next record begins.
    fn lose_track(&mut self, length: u64, mark: Mark, limits: &Limits) {
        self.flush_partial_message(mark);
        // They are the rest of a broken message before they are anything else.
        self.skip = self.skip.saturating_sub(usize::try_from(length).unwrap_or(usize::MAX));
        self.waiting.clear();
        self.searched = 0;
        self.state = State::Lost;
        let content = Content::ApplicationData;
        let header = RecordHeader { content, version: 0, length: 0 };
        self.keep(header, Sealed::Gap, mark, mark, false, limits);
    }

    // --- records --------------------------------------------------------------

    fn header<'a>(&mut self, bytes: &'a [u8], mark: Mark) -> &'a [u8] {
        let missing = HEADER - self.waiting.len().min(HEADER);
        let (part, rest) = bytes.split_at(missing.min(bytes.len()));
        if self.waiting.is_empty() {
            self.record_start = Some(mark);
        }
        self.waiting.extend_from_slice(part);
        if self.waiting.len() < HEADER {
            return rest;
        }
        match RecordHeader::parse(&self.waiting) {
            Some(header) => {
                self.state = State::Body { header, remaining: header.length, broken: false };
                if header.length == 0 {
                    self.state = State::Header;
                }
            }
            None => {
                self.anomaly(mark, "bytes that are no TLS record follow a record");
                self.flush_partial_message(mark);
                self.skip = 0;
                self.state = State::Lost;
            }
        }
        self.waiting.clear();
        rest
    }

    fn body<'a>(
        &mut self,
        bytes: &'a [u8],
        header: RecordHeader,
        remaining: usize,
        broken: bool,
        mark: Mark,
        limits: &Limits,
    ) -> &'a [u8] {
        let (part, rest) = bytes.split_at(remaining.min(bytes.len()));
        let left = remaining - part.len();
        let wanted = header.content != Content::ApplicationData || self.kept.wants(header, limits);
        if left == 0 && part.len() == header.length && !broken {
            // Most records lie in one segment: they need not be put together.
            self.state = State::Header;
            let body = Cow::Borrowed(if wanted { part } else { &[] });
            self.end_record(header, body, false, mark, limits);
            return rest;
        }
        if !broken && wanted {
            self.body.extend_from_slice(part);
        }
        if left > 0 {
            self.state = State::Body { header, remaining: left, broken };
            return rest;
        }
        self.state = State::Header;
        let body = std::mem::take(&mut self.body);
        if !broken {
            self.end_record(header, Cow::Owned(body), false, mark, limits);
        }
        rest
    }

    /// The place of the next record is still known: only this one is damaged, to its end at most.
    fn gap_in_record(
        &mut self,
        header: RecordHeader,
        remaining: usize,
        length: u64,
        mark: Mark,
        limits: &Limits,
    ) {
        let left = remaining - usize::try_from(length).unwrap_or(remaining);
        self.break_record(header, mark, limits);
        if header.content == Content::Handshake {
            // `end_record` counted on all that is left of the record being skipped;
            // those bytes are part of the broken message or of ones behind it.
            self.skip = self.skip.saturating_sub(remaining);
        }
        self.state = match left {
            0 => State::Header,
            _ => State::Body { header, remaining: left, broken: true },
        };
    }

    /// Interprets what is there of a record that ends early.
    fn break_record(&mut self, header: RecordHeader, mark: Mark, limits: &Limits) {
        let body = std::mem::take(&mut self.body);
        self.end_record(header, Cow::Owned(body), true, mark, limits);
    }

    /// Interprets a record; a broken one as far as it is there.
    fn end_record(
        &mut self,
        header: RecordHeader,
        body: Cow<'_, [u8]>,
        broken: bool,
        mark: Mark,
        limits: &Limits,
    ) {
        let first = self.record_start.unwrap_or(mark);
        let (sealed, noted_before) = (self.is_sealed(&body, header, broken), self.entries.len());
        match header.content {
            Content::Handshake => self.handshake(&body, header, broken, first, mark, limits),
            Content::Alert => self.alert(&body, header, broken, first, mark),
            Content::ChangeCipherSpec if !broken => {
                self.cipher_changed = true;
                self.note(What::ChangeCipherSpec, first, mark);
            }
            Content::ApplicationData if !broken => {
                self.protected(What::Protected { length: header.length }, first, mark, limits);
            }
            Content::Heartbeat if !broken => {
                let what = What::Heartbeat { length: header.length };
                self.protected(what, first, mark, limits);
            }
            _ => {}
        }
        if sealed {
            let whole = !broken && body.len() == header.length;
            let content = if whole && self.kept.wants_more(limits) {
                Sealed::Bytes(body.into_owned())
            } else {
                Sealed::PlaceOnly
            };
            let noted = self.entries.len() > noted_before;
            self.keep(header, content, first, mark, noted, limits);
        }
    }

    /// Whether the content of a record is encrypted.
    fn is_sealed(&self, body: &[u8], header: RecordHeader, broken: bool) -> bool {
        match header.content {
            Content::Handshake => self.is_encrypted(body, header),
            Content::Alert => !self.is_clear_alert(body, header, broken),
            Content::ApplicationData => true,
            Content::ChangeCipherSpec | Content::Heartbeat => self.cipher_changed,
        }
    }

    /// Keeps an encrypted record, if there may be a key for it.
    fn keep(
        &mut self,
        header: RecordHeader,
        sealed: Sealed,
        first: Mark,
        last: Mark,
        noted: bool,
        limits: &Limits,
    ) {
        if self.kept.wants_more(limits) {
            let after = self.entries.len();
            self.kept.push(Record { header, sealed, first, last, after, noted });
        }
        let enough = self.protected_records >= limits.encrypted_records;
        if enough && !self.kept.wants_more(limits) {
            self.state = State::Done;
        }
    }

    fn protected(&mut self, what: What, first: Mark, mark: Mark, limits: &Limits) {
        if self.protected_records < limits.encrypted_records {
            self.note(what, first, mark);
        }
        self.protected_records += 1;
        if self.protected_records >= limits.encrypted_records && !self.kept.wants_more(limits) {
            self.state = State::Done;
        }
    }

    /// Two bytes with a known level are an alert in clear, also in TLS 1.3, where
    /// OpenSSL's client refuses a certificate in clear; everything else behind a
    /// ChangeCipherSpec is encrypted, because every cipher makes it longer.
    fn alert(&mut self, body: &[u8], header: RecordHeader, broken: bool, first: Mark, mark: Mark) {
        if self.is_clear_alert(body, header, broken) {
            for pair in body.chunks_exact(2) {
                if let [level, description] = *pair {
                    self.note(What::Alert { level, description }, first, mark);
                }
            }
        } else {
            self.note(What::EncryptedAlert { length: header.length }, first, mark);
        }
    }

    fn is_clear_alert(&self, body: &[u8], header: RecordHeader, broken: bool) -> bool {
        let several = header.length.is_multiple_of(2) && !self.cipher_changed;
        let clear = header.length == 2 || several;
        let sensible = body.chunks(2).all(|pair| matches!(pair, [1 | 2, _]));
        !broken && clear && sensible
    }

    // --- handshake messages -----------------------------------------------------

    fn handshake(
        &mut self,
        body: &[u8],
        header: RecordHeader,
        broken: bool,
        first: Mark,
        mark: Mark,
        limits: &Limits,
    ) {
        if self.is_encrypted(body, header) {
            if !broken {
                let what = What::EncryptedHandshake { length: header.length };
                self.protected(what, first, mark, limits);
            }
            return;
        }
        let skipped = self.skip.min(body.len());
        self.skip -= skipped;
        let new = body.get(skipped..).unwrap_or_default();
        if self.joined.is_empty() {
            self.joined_since = Some(first);
            let used = self.split_messages(new, first, mark, limits);
            self.joined.extend_from_slice(new.get(used..).unwrap_or_default());
        } else {
            let mut joined = std::mem::take(&mut self.joined);
            joined.extend_from_slice(new);
            let used = self.split_messages(&joined, first, mark, limits);
            if used < joined.len() {
                joined.drain(..used);
                self.joined = joined;
            }
        }
        if self.limit_hit && matches!(self.state, State::Done) {
            self.flush_partial_message(mark);
            return;
        }
        if broken {
            self.flush_partial_message(mark);
        }
    }

    /// Behind a ChangeCipherSpec only the hellos around a HelloRetryRequest are in
    /// clear: one whole message that fills its record.
    fn is_encrypted(&self, body: &[u8], header: RecordHeader) -> bool {
        let mut reader = Reader::new(body);
        let (kind, length) = (reader.u8(), reader.u24());
        if self.joined.is_empty() && self.skip == 0 {
            // Ciphertext where the ChangeCipherSpec itself was not captured.
            if kind.is_some_and(|kind| !message::is_known(kind)) {
                return true;
            }
        }
        let fills = length.is_some_and(|length| length as usize + message::HEADER == header.length);
        let hello = matches!(kind, Some(1 | 2)) && reader.u8() == Some(3);
        self.cipher_changed && !(fills && hello)
    }

    /// Reads the whole messages at the front of `joined`; gives how many bytes they take.
    fn split_messages(&mut self, joined: &[u8], first: Mark, mark: Mark, limits: &Limits) -> usize {
        let mut reader = Reader::new(joined);
        loop {
            let used = joined.len() - reader.left();
            let (Some(kind), Some(length)) = (reader.u8(), reader.u24()) else { return used };
            let length = length as usize;
            if length > limits.handshake_bytes.saturating_sub(self.kept_bytes)
                || self.messages >= limits.handshake_messages
            {
                self.limit_hit = true;
                self.anomaly(mark, "more handshake bytes than the limit");
                self.state = State::Done;
                return used;
            }
            let Some(body) = reader.take(length) else { return used };
            let since = self.joined_since.unwrap_or(first);
            self.joined_since = Some(first);
            self.kept_bytes += message::HEADER + length;
            self.message(kind, length, body, since, mark);
        }
    }

    fn message(&mut self, kind: u8, length: usize, body: &[u8], first: Mark, last: Mark) {
        let message = Message::decode(kind, length, body, self.context);
        if let Body::ServerHello(hello) | Body::HelloRetryRequest(hello) = &message.body {
            self.context.version = Some(hello.version());
            self.context.suite = hello.cipher_suite;
        }
        self.messages += 1;
        self.note(What::Message(message), first, last);
    }

    /// What is there of a message whose rest is missing.
    fn flush_partial_message(&mut self, mark: Mark) {
        let bytes = std::mem::take(&mut self.joined);
        let mut reader = Reader::new(&bytes);
        let (Some(kind), Some(length)) = (reader.u8(), reader.u24()) else { return };
        let length = length as usize;
        if !message::is_known(kind) {
            return;
        }
        let since = self.joined_since.unwrap_or(mark);
        self.skip = length.saturating_sub(reader.left());
        self.message(kind, length, reader.remaining(), since, mark);
    }

    // --- notes ------------------------------------------------------------------

    /// Records something, within bounds: a million alerts in a row tell no more than
    /// the first few hundred.
    fn note(&mut self, what: What, first: Mark, last: Mark) {
        if self.entries.len() >= ENTRIES {
            self.limit_hit = true;
            self.state = State::Done;
            return;
        }
        self.entries.push(HalfEntry { first, last, what, decrypted: false });
    }

    fn anomaly(&mut self, mark: Mark, what: &str) {
        const KEPT: usize = 16;
        if self.anomalies.len() < KEPT {
            self.anomalies.push(Anomaly { frame: mark.frame, what: what.to_owned() });
        }
    }
}

/// SERVER-HELLO of SSL 2.0: it carries the certificate itself.
fn ssl2_server_hello(record: &[u8]) -> (ServerHello, CertificateList) {
    let mut reader = Reader::new(record);
    let fields = (reader.take(3), reader.u16(), reader.u16(), reader.take(4));
    let certificate = fields.2.and_then(|length| reader.take(usize::from(length)));
    let hello = ServerHello {
        legacy_version: fields.1.unwrap_or_default(),
        whole: certificate.is_some(),
        ..ServerHello::default()
    };
    let certificates = certificate.filter(|der| !der.is_empty()).map(<[u8]>::to_vec);
    let list = CertificateList {
        certificates: certificates.into_iter().collect(),
        ..CertificateList::default()
    };
    (hello, list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn mark(frame: u64) -> Mark {
        Mark { frame, time: Timestamp::from_seconds(1_700_000_000) }
    }

    /// A record with one handshake message.
    fn record(kind: u8, length: u8) -> Vec<u8> {
        let mut bytes = vec![22, 3, 3, 0, length + 4, kind, 0, 0, length];
        bytes.resize(bytes.len() + usize::from(length), 0);
        bytes
    }

    /// Kinds and last frames of the messages, where `missing` bytes come behind the first 54 of
    /// a Certificate of 100.
    fn read(missing: u64, then: &[u8]) -> Vec<(u8, u64)> {
        let limits = Limits::default();
        let mut half = Half::behind(Opening::new(), &limits);
        half.data(&record(11, 100)[..9 + 50], mark(1), &limits);
        half.gap(missing, GapCause::NotCaptured, mark(9), &limits);
        half.data(then, mark(2), &limits);
        half.end(mark(9), &limits);
        let message = |entry: &HalfEntry| match &entry.what {
            What::Message(message) => Some((message.kind, entry.last.frame)),
            _ => None,
        };
        half.entries.iter().filter_map(message).collect()
    }

    #[test]
    fn what_follows_a_message_without_its_end_is_read() {
        let done = record(14, 0);
        // All that is left of the record, and less of it.
        assert_eq!(read(50, &done), [(11, 1), (14, 2)]);
        let rest = [&[0; 10][..], &done].concat();
        assert_eq!(read(40, &rest), [(11, 1), (14, 2)]);
        // The whole next record, too.
        let exchange = [record(13, 20), done].concat();
        assert_eq!(read(50 + 70, &exchange), [(11, 1), (13, 2), (14, 2)]);
    }
}
