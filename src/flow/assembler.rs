//! One direction put in order: it knows sequence numbers and bytes, nothing else.

use std::borrow::Cow;

use super::event::{GapCause, StreamEvent};
use super::held::{Content, Held, Piece};
use crate::limits::Limits;
use crate::packet::{Segment, TcpFlags};

/// Where positions are counted from while the first byte is not known: high enough
/// that half the sequence space fits below it.
const MIDDLE: u64 = 1 << 32;
/// Without a SYN, this many segments are looked at before the lowest is taken for
/// the first: segments of a flight are seldom swapped over a longer distance.
const START_SEGMENTS: usize = 8;
/// Padding that capture devices leave inside the IP length of a bare
/// acknowledgment is at most this long (an Ethernet frame is filled up to 60
/// bytes; 54 are headers).
const PADDING_BYTES: usize = 6;

/// Systems offer no larger windows by default, though up to 2^30 may be (RFC 7323, 2.3).
pub(super) const LARGEST_WINDOW: u32 = 1 << 24;

/// Puts the segments of one direction in order.
///
/// Of bytes that come twice with different content the first copy counts, as in
/// Wireshark.
#[derive(Debug, Default)]
pub struct Assembler {
    /// Sequence number that stands at position `MIDDLE`.
    anchor: Option<u32>,
    over_limit: bool,
    /// Position of the first byte; `None` until it is decided.
    start: Option<u64>,
    /// Position of the next byte to hand out.
    next: u64,
    /// Position behind the last byte, once a FIN told it.
    end: Option<u64>,
    /// Position behind the last byte that was sent again.
    again: u64,
    /// What came before its turn; most streams never have any.
    held: Option<Box<Held>>,
}

impl Assembler {
    /// Bytes of memory in use beside its own size, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.memory())
    }

    /// Takes note of a SYN: the byte after it is the first.
    pub fn syn(&mut self, sequence: u32) {
        let first = self.position(sequence.wrapping_add(1));
        let nothing_before = self.lowest().is_none_or(|lowest| lowest >= first);
        if self.start.is_none() && nothing_before {
            self.begin_at(first);
        }
    }

    /// Takes note of a FIN: the stream ends with its segment.
    pub fn fin(&mut self, segment: &Segment<'_>) {
        let syn = u32::from(segment.flags.has(TcpFlags::SYN));
        let at = self.position(segment.sequence.wrapping_add(syn));
        let end = at.saturating_add(segment.wire_len as u64);
        self.end.get_or_insert(end);
    }

    /// Takes a segment's payload. What can be handed on at once comes back without
    /// being copied; then ask [`Self::next_held`] until it has nothing more.
    #[inline]
    pub fn insert<'a>(
        &mut self,
        segment: &Segment<'a>,
        limits: &Limits,
    ) -> Option<StreamEvent<'a>> {
        let syn = u32::from(segment.flags.has(TcpFlags::SYN));
        let at = self.position(segment.sequence.wrapping_add(syn));
        if is_padding(segment) {
            self.doubt(at, segment);
            return None;
        }
        if self.held.is_some() {
            self.settle_doubt(at, segment.wire_len as u64);
        }
        let waited_for = self.start.is_some() && at == self.next && self.held.is_none();
        if waited_for && !segment.payload.is_empty() {
            return Some(self.pass_through(at, segment));
        }
        self.keep_for_later(at, segment, limits);
        None
    }

    fn keep_for_later(&mut self, at: u64, segment: &Segment<'_>, limits: &Limits) {
        if self.start.is_some() && at < self.next {
            let behind = at.saturating_add(segment.wire_len as u64);
            self.again = self.again.max(behind.min(self.next));
        }
        self.hold(at, segment);
        if let Some(held) = &self.held {
            self.over_limit |= held.is_over(limits);
        }
    }

    /// The next event of what was held back.
    ///
    /// With `to_the_end` nothing more will come: what is missing is a gap. `told_first` is the
    /// sequence number of the first byte as the other side told it, for a stream whose SYN
    /// was not captured.
    pub fn next_held(
        &mut self,
        to_the_end: bool,
        told_first: Option<u32>,
    ) -> Option<StreamEvent<'static>> {
        if self.held.is_none() {
            return if to_the_end { self.end_of_nothing_held(told_first) } else { None };
        }
        if to_the_end {
            self.settle_doubt(u64::MAX, 0);
        }
        let Some(lowest) = self.lowest() else {
            return if to_the_end { self.tail() } else { None };
        };
        if self.start.is_none() {
            if !to_the_end && !self.has_seen_enough() {
                return None;
            }
            let first = self.first_of(lowest, told_first);
            self.begin_at(first);
        }
        if lowest > self.next {
            if !(to_the_end || self.over_limit) {
                return None;
            }
            let cause = if to_the_end { GapCause::NotCaptured } else { GapCause::Limit };
            return Some(self.gap(lowest - self.next, cause));
        }
        self.over_limit = false;
        let piece = self.held.as_mut()?.pop_first()?;
        self.forget_if_empty();
        Some(self.hand_out(piece))
    }

    /// What is missing at the end of a stream of which nothing waits, or none was captured.
    fn end_of_nothing_held(&mut self, told_first: Option<u32>) -> Option<StreamEvent<'static>> {
        if self.start.is_none()
            && let Some(sequence) = told_first
        {
            let first = self.position(sequence);
            self.begin_at(first);
        }
        self.tail()
    }

    /// What is missing before the FIN.
    fn tail(&mut self) -> Option<StreamEvent<'static>> {
        self.start?;
        let length = self.end?.checked_sub(self.next).filter(|length| *length > 0)?;
        Some(self.gap(length, GapCause::NotCaptured))
    }

    /// What is missing before a byte whose place the peer's acknowledgments or a RST tell,
    /// where no FIN tells the end. That number may count a FIN, which takes one
    /// (RFC 9293, 3.4): a single byte is none that is known to be missing.
    pub fn missing_before(&mut self, sequence: u32) -> Option<StreamEvent<'static>> {
        let known = self.end.is_none().then(|| self.ahead(sequence)).flatten();
        let length = u64::try_from(known?).ok().filter(|length| *length > 1)?;
        Some(self.gap(length, GapCause::NotCaptured))
    }

    /// How far a sequence number lies ahead of the next byte to hand out; `None` while it is not
    /// known where the stream begins.
    #[must_use]
    pub fn ahead(&self, sequence: u32) -> Option<i32> {
        self.start?;
        let here = low_bits(self.next.wrapping_sub(MIDDLE)).wrapping_add(self.anchor?);
        Some(sequence.wrapping_sub(here).cast_signed())
    }

    /// Whether anything is held back.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// Bytes held back now.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.bytes())
    }

    /// How many bytes have been handed on, gaps counted in.
    #[must_use]
    pub fn handed_on(&self) -> u64 {
        self.start.map_or(0, |start| self.next - start)
    }

    /// How many of these bytes lie before the end of the last that were sent again.
    #[must_use]
    pub fn sent_again_upto(&self) -> u64 {
        self.start.map_or(0, |start| self.again.saturating_sub(start))
    }

    fn lowest(&self) -> Option<u64> {
        self.held.as_ref()?.lowest()
    }

    fn forget_if_empty(&mut self) {
        if self.held.as_ref().is_some_and(|held| held.is_empty()) {
            self.held = None;
        }
    }

    fn hand_out(&mut self, piece: Piece) -> StreamEvent<'static> {
        match piece.content {
            Content::Cut(length) => self.gap(length, GapCause::Snaplen),
            Content::Bytes(bytes) => {
                let offset = self.handed_on();
                self.next += bytes.len() as u64;
                StreamEvent::Data {
                    offset,
                    bytes: Cow::Owned(bytes),
                    frame: piece.frame,
                    time: piece.time,
                }
            }
        }
    }

    fn gap(&mut self, length: u64, cause: GapCause) -> StreamEvent<'static> {
        let offset = self.handed_on();
        self.next += length;
        StreamEvent::Gap { offset, length, cause }
    }

    /// The common case: the very bytes that were waited for.
    fn pass_through<'a>(&mut self, at: u64, segment: &Segment<'a>) -> StreamEvent<'a> {
        let offset = self.handed_on();
        self.next += segment.payload.len() as u64;
        if segment.wire_len > segment.payload.len() {
            self.hold_cut(at, segment);
        }
        StreamEvent::Data {
            offset,
            bytes: Cow::Borrowed(segment.payload),
            frame: segment.frame,
            time: segment.time,
        }
    }

    /// Position of a sequence number: the one of its many that lies nearest to
    /// where the stream is (RFC 9293, 3.4: numbers wrap around).
    fn position(&mut self, sequence: u32) -> u64 {
        let anchor = *self.anchor.get_or_insert(sequence);
        let here = if self.start.is_some() { self.next } else { MIDDLE };
        // The low 32 bits of a position are its distance from the anchor.
        let here_sequence = anchor.wrapping_add(low_bits(here.wrapping_sub(MIDDLE)));
        let ahead = sequence.wrapping_sub(here_sequence).cast_signed();
        here.saturating_add_signed(i64::from(ahead))
    }

    fn begin_at(&mut self, position: u64) {
        self.start = Some(position);
        self.next = position;
    }

    /// Where the stream begins, of which the lowest byte captured is `lowest`.
    fn first_of(&mut self, lowest: u64, told_first: Option<u32>) -> u64 {
        let told = told_first.map(|sequence| self.position(sequence));
        let possible = |told: &u64| {
            lowest.checked_sub(*told).is_some_and(|lost| lost < u64::from(LARGEST_WINDOW))
        };
        told.filter(possible).unwrap_or(lowest)
    }

    /// Whether the first few segments are there, of which the lowest is the first.
    fn has_seen_enough(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.pieces() >= START_SEGMENTS)
    }

    /// Where bytes may be held from: those before it were handed on.
    fn floor(&self) -> u64 {
        if self.start.is_some() { self.next } else { 0 }
    }

    /// Holds what is new in a segment, and remembers what of it was not captured.
    fn hold(&mut self, at: u64, segment: &Segment<'_>) {
        let floor = self.floor();
        let behind = at.saturating_add(segment.wire_len as u64);
        // A segment sent again: nothing is new.
        if behind > floor {
            let held = self.held.get_or_insert_default();
            held.bytes_at(at, segment.payload, floor, (segment.frame, segment.time));
            self.hold_cut(at, segment);
            self.forget_if_empty();
        }
    }

    /// Remembers that the end of a segment was on the wire but not captured.
    fn hold_cut(&mut self, at: u64, segment: &Segment<'_>) {
        let from = at.saturating_add(segment.payload.len() as u64).max(self.floor());
        let end = at.saturating_add(segment.wire_len as u64);
        if from < end {
            let held = self.held.get_or_insert_default();
            held.cut_at(from, end, (segment.frame, segment.time));
        }
    }

    /// Zero bytes on a bare acknowledgment may be padding: they wait until the next
    /// segment tells whether it continues behind them or stands in their place.
    fn doubt(&mut self, at: u64, segment: &Segment<'_>) {
        if self.held.as_ref().is_some_and(|held| held.doubts(at)) {
            return;
        }
        self.settle_doubt(at, segment.wire_len as u64);
        let content = Content::Bytes(segment.payload.to_vec());
        let piece = Piece { frame: segment.frame, time: segment.time, content };
        self.held.get_or_insert_default().doubtful = Some((at, piece));
    }

    fn settle_doubt(&mut self, at: u64, length: u64) {
        let floor = self.floor();
        let Some(held) = &mut self.held else { return };
        let Some((start, piece)) = held.doubtful.take() else { return };
        let last_word = at == u64::MAX;
        // A segment that begins behind the first of them continues them: its sender
        // has sent them.
        let replaced = at <= start && at.saturating_add(length) > start;
        if length == 0 && !last_word {
            held.doubtful = Some((start, piece));
        } else if !replaced
            && !last_word
            && let Content::Bytes(bytes) = &piece.content
        {
            held.bytes_at(start, bytes, floor, (piece.frame, piece.time));
        }
        self.forget_if_empty();
    }
}

fn is_padding(segment: &Segment<'_>) -> bool {
    segment.flags == TcpFlags::ACK
        && (1..=PADDING_BYTES).contains(&segment.payload.len())
        && segment.payload.iter().all(|byte| *byte == 0)
}

/// The low 32 bits.
const fn low_bits(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::packet::{Encapsulation, Endpoint, FlowKey};
    use crate::time::Timestamp;

    fn segment(sequence: u32, payload: &[u8]) -> Segment<'_> {
        let end = |last| Endpoint { address: IpAddr::from([10, 0, 0, last]), port: 1 };
        let (key, direction) = FlowKey::new(end(1), end(2));
        Segment {
            frame: 1,
            time: Timestamp::default(),
            key,
            direction,
            sequence,
            acknowledgment: 0,
            flags: TcpFlags(TcpFlags::ACK.0 | TcpFlags::PSH.0),
            payload,
            wire_len: payload.len(),
            encapsulation: Encapsulation::default(),
            quoted: false,
        }
    }

    /// The bytes of a stream, with `_` for each byte of a gap.
    fn text(events: Vec<StreamEvent<'_>>) -> String {
        let mut text = String::new();
        for event in events {
            match event {
                StreamEvent::Data { offset, bytes, .. } => {
                    assert_eq!(offset, text.len() as u64);
                    text.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                StreamEvent::Gap { offset, length, .. } => {
                    assert_eq!(offset, text.len() as u64);
                    text.extend(std::iter::repeat_n('_', usize::try_from(length).unwrap()));
                }
            }
        }
        text
    }

    fn run(assembler: &mut Assembler, segments: &[Segment<'_>], limits: &Limits) -> String {
        let mut events = Vec::new();
        for segment in segments {
            events.extend(assembler.insert(segment, limits));
            events.extend(std::iter::from_fn(|| assembler.next_held(false, None)));
        }
        events.extend(std::iter::from_fn(|| assembler.next_held(true, None)));
        text(events)
    }

    fn assemble(syn: Option<u32>, pieces: &[(u32, &str)]) -> String {
        let mut assembler = Assembler::default();
        if let Some(sequence) = syn {
            assembler.syn(sequence);
        }
        let segments: Vec<_> = pieces.iter().map(|(at, s)| segment(*at, s.as_bytes())).collect();
        run(&mut assembler, &segments, &Limits::default())
    }

    #[test]
    fn in_order_is_passed_through_without_a_copy() {
        let mut assembler = Assembler::default();
        assembler.syn(99);
        let event = assembler.insert(&segment(100, b"abc"), &Limits::default());
        assert!(matches!(event, Some(StreamEvent::Data { bytes: Cow::Borrowed(b"abc"), .. })));
    }

    #[test]
    fn orders_and_overlaps() {
        let cases: [(&str, &[(u32, &str)]); 9] = [
            ("in order", &[(100, "abc"), (103, "def")]),
            ("swapped", &[(103, "def"), (100, "abc")]),
            ("twice", &[(100, "abc"), (100, "abc"), (103, "def"), (103, "def")]),
            ("contained", &[(100, "abcdef"), (102, "XX")]),
            ("containing", &[(102, "cd"), (100, "abXXef")]),
            ("overlapping left", &[(102, "cdef"), (100, "abXX")]),
            ("overlapping right", &[(100, "abcd"), (102, "XXef")]),
            ("two holes filled by one", &[(101, "b"), (103, "d"), (100, "aXcXef")]),
            ("keep-alive", &[(100, "abc"), (102, "X"), (103, "def")]),
        ];
        for (name, pieces) in cases {
            assert_eq!(assemble(Some(99), pieces), "abcdef", "{name}, with SYN");
            assert_eq!(assemble(None, pieces), "abcdef", "{name}, without SYN");
        }
    }

    #[test]
    fn a_missing_segment_is_a_gap_of_its_size() {
        assert_eq!(assemble(Some(99), &[(100, "abc"), (105, "fg")]), "abc__fg");
        assert_eq!(assemble(Some(99), &[(105, "fg")]), "_____fg");
        assert_eq!(assemble(None, &[(105, "fg")]), "fg");
    }

    #[test]
    fn sequence_numbers_wrap_around() {
        let pieces = [(u32::MAX, "abc"), (2, "def"), (u32::MAX - 2, "")];
        assert_eq!(assemble(Some(u32::MAX - 1), &pieces), "abcdef");
        assert_eq!(assemble(Some(u32::MAX - 1), &[(2, "def"), (u32::MAX, "abc")]), "abcdef");
    }

    /// An acknowledgment of 104 or of the FIN behind it, a lost segment, an old acknowledgment.
    #[test]
    fn bytes_that_were_acknowledged_and_not_captured_are_a_gap() {
        for (upto, missing) in [(103, 0), (104, 0), (110, 7), (u32::MAX, 0), (90, 0)] {
            let mut assembler = Assembler::default();
            assembler.syn(99);
            drop(assembler.insert(&segment(100, b"abc"), &Limits::default()));
            let told = assembler.missing_before(upto);
            let gap = StreamEvent::Gap { offset: 3, length: missing, cause: GapCause::NotCaptured };
            assert_eq!(told, (missing > 0).then_some(gap), "{upto}");
            assert_eq!(assembler.missing_before(upto), None, "{upto}, told once");
        }
        let mut closed = Assembler::default();
        closed.syn(99);
        closed.fin(&segment(100, b"abc"));
        assert_eq!(closed.missing_before(110), None);
    }

    #[test]
    fn a_syn_that_comes_after_the_data_still_counts() {
        let mut assembler = Assembler::default();
        let limits = Limits::default();
        assert!(assembler.insert(&segment(103, b"def"), &limits).is_none());
        assembler.syn(99);
        assert_eq!(run(&mut assembler, &[segment(100, b"abc")], &limits), "abcdef");
    }

    #[test]
    fn padding_gives_way_to_data_but_zeros_that_belong_stay() {
        let mut padding = segment(100, &[0, 0]);
        padding.flags = TcpFlags::ACK;
        let mut assembler = Assembler::default();
        assembler.syn(99);
        let limits = Limits::default();
        assert_eq!(run(&mut assembler, &[padding, segment(100, b"abc")], &limits), "abc");

        let mut zero = segment(101, &[0]);
        zero.flags = TcpFlags::ACK;
        let mut assembler = Assembler::default();
        assembler.syn(99);
        let segments = [segment(100, b"a"), zero, segment(102, b"c")];
        assert_eq!(run(&mut assembler, &segments, &limits), "a\0c");
    }

    /// Pieces that repeat a byte of the one before: zeros among them are data.
    #[test]
    fn zeros_that_are_continued_are_no_padding() {
        let mut zeros = segment(100, &[0, 0, 0]);
        zeros.flags = TcpFlags::ACK;
        let mut assembler = Assembler::default();
        assembler.syn(99);
        let limits = Limits::default();
        assert_eq!(run(&mut assembler, &[zeros, segment(102, b"\0cd")], &limits), "\0\0\0cd");
    }

    #[test]
    fn what_is_missing_before_a_fin_is_a_gap() {
        let mut fin = segment(105, b"");
        fin.flags = TcpFlags(TcpFlags::ACK.0 | TcpFlags::FIN.0);
        let mut assembler = Assembler::default();
        assembler.syn(99);
        assembler.fin(&fin);
        let limits = Limits::default();
        assert_eq!(run(&mut assembler, &[segment(100, b"abc")], &limits), "abc__");
    }

    #[test]
    fn what_the_snaplen_cut_is_a_gap_at_once() {
        let mut cut = segment(100, b"abc");
        cut.wire_len = 5;
        let mut assembler = Assembler::default();
        assembler.syn(99);
        let limits = Limits::default();
        assert!(assembler.insert(&cut, &limits).is_some());
        let gap = assembler.next_held(false, None);
        assert_eq!(gap, Some(StreamEvent::Gap { offset: 3, length: 2, cause: GapCause::Snaplen }));
        assert!(assembler.insert(&segment(105, b"fg"), &limits).is_some());
    }

    #[test]
    fn held_bytes_are_bounded() {
        let limits = Limits { pending_bytes: 10, ..Limits::default() };
        let mut assembler = Assembler::default();
        assembler.syn(99);
        let first = assembler.insert(&segment(101, b"0123456789X"), &limits);
        assert!(first.is_none());
        let gap = assembler.next_held(false, None);
        assert!(matches!(gap, Some(StreamEvent::Gap { cause: GapCause::Limit, length: 1, .. })));
        assert!(matches!(assembler.next_held(false, None), Some(StreamEvent::Data { .. })));
        assert_eq!(assembler.held_bytes(), 0);
    }

    proptest! {
        /// Any way of cutting, repeating and ordering the segments of a stream gives
        /// the stream.
        #[test]
        fn any_segmentation_and_order_gives_the_stream(
            length in 1usize..200,
            isn in any::<u32>(),
            cuts in prop::collection::vec((0usize..200, 1usize..60), 0..40),
            order in any::<prop::sample::Index>(),
        ) {
            let stream: String = ('a'..='z').cycle().take(length).collect();
            let mut segments: Vec<(usize, usize)> =
                (0..length).step_by(7).map(|at| (at, (at + 7).min(length))).collect();
            segments.extend(
                cuts.iter()
                    .map(|(at, size)| (at % length, (at % length + size).min(length))),
            );
            let turn = order.index(segments.len());
            segments.rotate_left(turn);
            segments.reverse();
            let pieces: Vec<(u32, &str)> = segments
                .iter()
                .map(|(from, to)| {
                    let at = isn.wrapping_add(1).wrapping_add(u32::try_from(*from).unwrap());
                    (at, &stream[*from..*to])
                })
                .collect();
            prop_assert_eq!(assemble(Some(isn), &pieces), stream);
        }
    }
}
