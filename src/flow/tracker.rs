//! One TCP connection: from its first segment to FIN, RST or silence.

use super::assembler::{Assembler, LARGEST_WINDOW};
use super::event::StreamEvent;
use crate::limits::Limits;
use crate::packet::{Direction, Encapsulation, FlowKey, PerDirection, Segment, TcpFlags};
use crate::time::Timestamp;

/// A frame and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Mark {
    /// Frame number.
    pub frame: u64,
    /// When it was captured.
    pub time: Timestamp,
}

/// The first frame of some kind. Frames are counted from 1, so number 0 stands for
/// none; an `Option` would take half as much room again, three times in every direction.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    frame: u64,
    time: Timestamp,
}

impl Seen {
    fn note(&mut self, mark: Mark) {
        if self.frame == 0 {
            *self = Self { frame: mark.frame, time: mark.time };
        }
    }

    fn mark(self) -> Option<Mark> {
        (self.frame != 0).then_some(Mark { frame: self.frame, time: self.time })
    }
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Half {
    assembler: Assembler,
    /// Sequence number of the SYN, or one less than that of the first segment, or than what
    /// the other side acknowledged first, whichever came first: what Wireshark counts relative
    /// sequence numbers from.
    base: Option<u32>,
    /// Segments seen.
    pub segments: u64,
    /// Payload bytes on the wire, retransmissions counted in.
    pub bytes: u64,
    syn: Seen,
    /// Its sequence number.
    syn_sequence: u32,
    /// That was a SYN-ACK: the other side opened the connection.
    answered: bool,
    fin: Seen,
    rst: Seen,
    /// The first RST that the other side may have heeded, its sequence number, and how many
    /// segments there were up to it, or that are RST, too.
    reset: Seen,
    reset_sequence: u32,
    upto_reset: u64,
    /// The lowest sequence number of payload.
    first_byte: Option<u32>,
    /// The highest acknowledgment number sent.
    acknowledged: Option<u32>,
    /// Bytes that were sent when the other side ended its direction; 0: none, or it did not.
    sent_before_end: u32,
    /// Nobody wants the payload any more.
    stopped: bool,
    /// What is sent now belongs to another connection.
    over: bool,
}

/// A TCP connection as far as the capture shows it.
#[derive(Debug)]
pub struct Flow {
    /// The two ends.
    pub key: FlowKey,
    /// Its first segment.
    pub first: Mark,
    /// Its last segment so far.
    pub last: Mark,
    /// What it was wrapped in.
    pub encapsulation: Encapsulation,
    /// Where another connection between the same ends was opened.
    reopened: Seen,
    halves: PerDirection<Half>,
}

impl Flow {
    /// Begins with its first segment, which has yet to be given to
    /// [`Self::accept`].
    #[must_use]
    pub fn new(segment: &Segment<'_>) -> Self {
        let mark = Mark { frame: segment.frame, time: segment.time };
        Self {
            key: segment.key,
            first: mark,
            last: mark,
            encapsulation: segment.encapsulation,
            reopened: Seen::default(),
            halves: PerDirection::default(),
        }
    }

    /// Bytes of memory in use beside its own size, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        let [low, high] = Direction::BOTH;
        self.halves[low].assembler.memory() + self.halves[high].assembler.memory()
    }

    /// Whether both sides have said that they send no more, or one has reset it.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let [one, other] = Direction::BOTH.map(|side| self.half(side));
        let reset = one.rst().is_some() || other.rst().is_some();
        reset || (one.fin().is_some() && other.fin().is_some())
    }

    /// One direction.
    #[must_use]
    pub fn half(&self, direction: Direction) -> &Half {
        &self.halves[direction]
    }

    /// Whether a segment between the same ends begins another connection: a SYN of
    /// another sequence number, or any SYN after a FIN or RST. The rule is
    /// Wireshark's (packet-tcp.c), so that streams are numbered as there; but the SYN that the
    /// other side acknowledged belongs to what it sent, also behind its FIN.
    #[must_use]
    pub fn is_over_for(&self, segment: &Segment<'_>) -> bool {
        let opens = segment.flags.has(TcpFlags::SYN) && !segment.flags.has(TcpFlags::ACK);
        let closed = || Direction::BOTH.into_iter().any(|side| self.half(side).is_closed());
        let half = self.half(segment.direction);
        // Where one side was recorded before the other, its FIN comes before this SYN.
        let again = || half.segments > 0 && closed();
        opens && half.base.is_some_and(|base| base != segment.sequence || again())
    }

    /// Whether a SYN-ACK answers another SYN than the one that opened the connection.
    #[must_use]
    pub fn is_reopened_by(&self, segment: &Segment<'_>) -> bool {
        let half = self.half(segment.direction);
        let answers = segment.flags.has(TcpFlags::SYN) && segment.flags.has(TcpFlags::ACK);
        answers && half.bytes > 0 && half.syn().is_some() && half.syn_sequence != segment.sequence
    }

    /// Takes a segment. What can be handed on at once comes back; then ask
    /// [`Self::next_held`] for more. Always inlined: it is called for every packet.
    #[inline(always)]
    pub fn accept<'a>(
        &mut self,
        segment: &Segment<'a>,
        limits: &Limits,
    ) -> Option<StreamEvent<'a>> {
        self.last = Mark { frame: segment.frame, time: segment.time };
        let mark = self.last;
        let half = &mut self.halves[segment.direction];
        let acknowledged_before = half.has_acknowledged();
        half.note(segment);
        if segment.flags.has_any(TcpFlags::SYN_FIN_RST) {
            self.note_flags(segment, mark);
        }
        let half = &self.halves[segment.direction];
        if !acknowledged_before && half.has_acknowledged() {
            let other = &mut self.halves[segment.direction.reverse()];
            other.base.get_or_insert_with(|| segment.acknowledgment.wrapping_sub(1));
        }
        let half = &mut self.halves[segment.direction];
        if half.stopped || segment.wire_len == 0 {
            return None;
        }
        half.assembler.insert(segment, limits)
    }

    fn note_flags(&mut self, segment: &Segment<'_>, mark: Mark) {
        let expected = self.half(segment.direction.reverse()).acknowledged;
        self.halves[segment.direction].note_flags(segment, mark, expected);
        if segment.flags.has_any(TcpFlags::FIN_RST) {
            self.halves[segment.direction.reverse()].note_end_of_other();
        }
    }

    /// Whether anything is held back in `direction`.
    #[must_use]
    pub fn holds(&self, direction: Direction) -> bool {
        self.halves[direction].assembler.holds()
    }

    /// The next event of what was held back in `direction`; with `to_the_end`
    /// nothing more will come.
    pub fn next_held(
        &mut self,
        direction: Direction,
        to_the_end: bool,
    ) -> Option<StreamEvent<'static>> {
        let first = self.told_first(direction);
        let event = self.halves[direction].assembler.next_held(to_the_end, first);
        if event.is_some() || !to_the_end {
            return event;
        }
        let sent = self.known_to_be_sent(direction)?;
        self.halves[direction].assembler.missing_before(sent)
    }

    /// The first byte of `direction` that the capture could hold, where its SYN is not there: what
    /// comes behind the number that the other side acknowledged first.
    fn told_first(&self, direction: Direction) -> Option<u32> {
        let half = self.half(direction);
        half.base.filter(|_| half.syn().is_none()).map(|base| base.wrapping_add(1))
    }

    /// The byte up to which `direction` has sent, whether that was captured or not: a host
    /// acknowledges what it has received only (RFC 9293, 3.10.7.4), and a RST stands behind
    /// what was sent before it (3.5.2).
    fn known_to_be_sent(&self, direction: Direction) -> Option<u32> {
        let half = self.half(direction);
        let acknowledged = self.half(direction.reverse()).acknowledged;
        let reset = half.reset().map(|_| half.reset_sequence);
        acknowledged
            .into_iter()
            .chain(reset)
            .reduce(|one, other| if is_behind(one, other) { other } else { one })
    }

    /// Nobody wants the payload of `direction` any more: hold nothing.
    pub fn stop(&mut self, direction: Direction) {
        let half = &mut self.halves[direction];
        half.stopped = true;
        half.assembler = Assembler::default();
    }

    /// Another connection takes its place at `mark`: what comes now is none of this one.
    pub fn reopen(&mut self, mark: Mark) {
        self.reopened.note(mark);
        for direction in Direction::BOTH {
            self.stop(direction);
            self.halves[direction].over = true;
        }
    }

    /// Whether the sender of `direction` acknowledged payload of the other side.
    #[must_use]
    pub fn acknowledges(&self, direction: Direction) -> bool {
        let first = self.half(direction.reverse()).first_byte;
        let upto = self.half(direction).acknowledged;
        first.zip(upto).is_some_and(|(first, upto)| is_behind(first, upto))
    }

    /// Whether the sender of `direction` sent no payload, captured or not.
    #[must_use]
    pub fn sent_nothing(&self, direction: Direction) -> bool {
        let half = self.half(direction);
        let upto = self.half(direction.reverse()).acknowledged;
        // SYN and FIN have a sequence number each.
        let beyond = |(base, upto): (u32, u32)| is_behind(base.wrapping_add(2), upto);
        half.bytes == 0 && !half.base.zip(upto).is_some_and(beyond)
    }

    /// Where another connection between the same ends was opened, by a SYN that was not captured.
    /// Wireshark gives it no number of its own, and it is not read.
    #[must_use]
    pub fn reopened(&self) -> Option<Mark> {
        self.reopened.mark()
    }

    /// Bytes of `direction` that the other side never acknowledged, and, if any of them was sent
    /// again, how many bytes were; nothing is known of a direction that was stopped. What answers
    /// the end of the other side does not count: who has left acknowledges no more.
    #[must_use]
    pub fn unacknowledged(&self, direction: Direction) -> (u64, u64) {
        let half = self.half(direction);
        let upto = self.half(direction.reverse()).acknowledged;
        let Some((first, upto)) = half.first_byte.zip(upto).filter(|_| !half.stopped) else {
            return (0, 0);
        };
        let taken = upto.wrapping_sub(first).cast_signed().max(0).unsigned_abs();
        let sent = half.assembler.handed_on();
        let asked = match half.sent_before_end {
            0 => sent,
            before => sent.min(u64::from(before)),
        };
        let unacknowledged = asked.saturating_sub(u64::from(taken));
        if half.assembler.sent_again_upto() <= u64::from(taken) {
            return (unacknowledged, 0);
        }
        (unacknowledged, half.bytes.saturating_sub(sent))
    }

    /// Who opened the connection: the sender of the SYN, or the receiver of the
    /// SYN-ACK. `None` when neither was captured.
    #[must_use]
    pub fn opener(&self) -> Option<Direction> {
        Direction::BOTH.into_iter().find(|side| {
            let (own, other) = (self.half(*side), self.half(side.reverse()));
            other.answered || (own.syn().is_some() && !own.answered)
        })
    }
}

impl Half {
    /// Whether it acknowledged anything: then the other side has answered, whether that
    /// was captured or not.
    #[must_use]
    pub const fn has_acknowledged(&self) -> bool {
        self.acknowledged.is_some()
    }

    /// Its initial sequence number (RFC 9293, 3.4.1), as far as that can be told.
    #[must_use]
    pub const fn base(&self) -> Option<u32> {
        self.base
    }

    /// The SYN or SYN-ACK.
    #[must_use]
    pub fn syn(&self) -> Option<Mark> {
        self.syn.mark()
    }

    /// The first FIN.
    #[must_use]
    pub fn fin(&self) -> Option<Mark> {
        self.fin.mark()
    }

    /// The first RST.
    #[must_use]
    pub fn rst(&self) -> Option<Mark> {
        self.rst.mark()
    }

    /// The first RST that ends the connection: one whose sequence number can lie in the window
    /// of the other side, which ignores any other (RFC 9293, 3.10.7.4). Of one from somewhere
    /// else its pretended sender knows nothing: it goes on, and from another place.
    #[must_use]
    pub fn reset(&self) -> Option<Mark> {
        let went_on = self.segments > self.upto_reset;
        let from_elsewhere = || self.assembler.ahead(self.reset_sequence) > Some(1);
        self.reset.mark().filter(|_| !(went_on && from_elsewhere()))
    }

    #[inline]
    fn note(&mut self, segment: &Segment<'_>) {
        self.segments += 1;
        self.bytes += segment.wire_len as u64;
        let syn = segment.flags.has(TcpFlags::SYN);
        if self.base.is_none() {
            self.base = Some(segment.sequence.wrapping_sub(u32::from(!syn)));
        }
        let byte = segment.sequence.wrapping_add(u32::from(syn));
        if segment.wire_len > 0 && self.first_byte.is_none_or(|first| is_behind(byte, first)) {
            self.first_byte = Some(byte);
        }
        let upto = segment.acknowledgment;
        if segment.flags.has(TcpFlags::ACK)
            && self.acknowledged.is_none_or(|known| is_behind(known, upto))
        {
            self.acknowledged = Some(upto);
        }
    }

    /// `expected`: the byte that the other side wants next, as far as it said so.
    fn note_flags(&mut self, segment: &Segment<'_>, mark: Mark, expected: Option<u32>) {
        if segment.flags.has(TcpFlags::SYN) {
            self.answered |= segment.flags.has(TcpFlags::ACK);
            if self.syn().is_none() {
                self.syn_sequence = segment.sequence;
            }
            self.syn.note(mark);
            if !self.stopped {
                self.assembler.syn(segment.sequence);
            }
        }
        if self.over {
            return;
        }
        if segment.flags.has(TcpFlags::FIN) {
            if !self.stopped {
                self.assembler.fin(segment);
            }
            self.fin.note(mark);
        }
        if segment.flags.has(TcpFlags::RST) {
            self.rst.note(mark);
            let ahead = expected.map_or(0, |expected| segment.sequence.wrapping_sub(expected));
            if self.reset.mark().is_some() {
                self.upto_reset += 1;
            } else if ahead < LARGEST_WINDOW {
                self.reset.note(mark);
                self.reset_sequence = segment.sequence;
                self.upto_reset = self.segments;
            }
        }
    }

    /// The other side sends no more.
    fn note_end_of_other(&mut self) {
        if self.sent_before_end == 0 {
            let sent = self.assembler.handed_on();
            self.sent_before_end = u32::try_from(sent).unwrap_or(u32::MAX);
        }
    }

    fn is_closed(&self) -> bool {
        self.fin().is_some() || self.rst().is_some()
    }
}

/// Whether `later` comes behind `earlier`; sequence numbers wrap (RFC 9293, 3.4).
const fn is_behind(earlier: u32, later: u32) -> bool {
    later.wrapping_sub(earlier).cast_signed() > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::GapCause;
    use crate::packet::Endpoint;

    fn end(last: u8, port: u16) -> Endpoint {
        Endpoint { address: [10, 0, 0, last].into(), port }
    }

    fn segment(
        (key, direction): (FlowKey, Direction),
        sequence: u32,
        acknowledgment: u32,
        payload: &'static [u8],
    ) -> Segment<'static> {
        Segment {
            frame: 1,
            time: Timestamp::default(),
            key,
            direction,
            sequence,
            acknowledgment,
            flags: TcpFlags::ACK,
            payload,
            wire_len: payload.len(),
            encapsulation: Encapsulation::default(),
            quoted: false,
        }
    }

    /// As Wireshark numbers streams: what one side acknowledges tells the base of the other.
    #[test]
    fn a_syn_behind_the_tail_of_another_connection_begins_one() {
        let (key, client) = FlowKey::new(end(1, 40_000), end(2, 443));
        let flags = TcpFlags(TcpFlags::ACK.0 | TcpFlags::FIN.0);
        let tail = Segment { flags, ..segment((key, client.reverse()), 9_000, 7_000, b"") };
        let mut flow = Flow::new(&tail);
        drop(flow.accept(&tail, &Limits::default()));
        let syn =
            |sequence| Segment { flags: TcpFlags::SYN, ..segment((key, client), sequence, 0, b"") };
        assert!(flow.is_over_for(&syn(5_555)));
        // It was late, and belongs to what was seen.
        assert!(!flow.is_over_for(&syn(6_999)));
    }

    /// Sent three times, and never acknowledged beyond the first bytes.
    #[test]
    fn what_never_arrived_and_was_sent_again_is_counted() {
        let (key, client) = FlowKey::new(end(1, 40_000), end(2, 443));
        let server = client.reverse();
        let hello = segment((key, server), 1_000, 1, b"0123456789");
        let taken = segment((key, client), 1, 1_004, b"");
        let answer = segment((key, server), 999, 1, b"");
        let answer = Segment { flags: TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0), ..answer };
        let mut flow = Flow::new(&answer);
        for segment in [&answer, &hello, &hello, &taken, &hello] {
            drop(flow.accept(segment, &Limits::default()));
        }
        assert_eq!(flow.unacknowledged(server), (6, 20));
        assert_eq!(flow.unacknowledged(client), (0, 0));
        flow.stop(server);
        assert_eq!(flow.unacknowledged(server), (0, 0));
    }

    /// It was the hello that was sent again, and that was acknowledged; of what came last it is
    /// not known whether it arrived.
    #[test]
    fn what_was_acknowledged_in_the_end_did_arrive() {
        let (key, client) = FlowKey::new(end(1, 40_000), end(2, 443));
        let server = client.reverse();
        let syn = Segment { flags: TcpFlags::SYN, ..segment((key, client), 0, 0, b"") };
        let hello = segment((key, client), 1, 1, b"0123456789");
        let taken = segment((key, server), 1, 11, b"");
        let alert = segment((key, client), 11, 1, b"alert");
        let mut flow = Flow::new(&syn);
        for segment in [&syn, &hello, &hello, &taken, &alert] {
            drop(flow.accept(segment, &Limits::default()));
        }
        assert_eq!(flow.unacknowledged(client), (5, 0));
    }

    /// The client leaves and hears the alert that answers it no more; what it had not
    /// acknowledged before stays missing.
    #[test]
    fn what_answers_the_end_needs_no_acknowledgment() {
        let (key, client) = FlowKey::new(end(1, 40_000), end(2, 443));
        let server = client.reverse();
        let opened = TcpFlags(TcpFlags::ACK.0 | TcpFlags::SYN.0);
        let answer = Segment { flags: opened, ..segment((key, server), 0, 1, b"") };
        let flight = segment((key, server), 1, 1, b"0123456789");
        let fin = TcpFlags(TcpFlags::ACK.0 | TcpFlags::FIN.0);
        let alert = segment((key, server), 11, 2, b"alert");
        for (upto, missing) in [(11, 0), (5, 6)] {
            let leaves = Segment { flags: fin, ..segment((key, client), 1, upto, b"") };
            let mut flow = Flow::new(&answer);
            for segment in [&answer, &flight, &leaves, &alert] {
                drop(flow.accept(segment, &Limits::default()));
            }
            assert_eq!(flow.unacknowledged(server), (missing, 0));
        }
    }

    /// RFC 9293, 3.10.7.4: a RST outside of the window is dropped.
    #[test]
    fn a_reset_outside_of_any_window_ends_nothing() {
        let (key, client) = FlowKey::new(end(1, 40_000), end(2, 443));
        let hello = segment((key, client), u32::MAX - 4, 1, b"0123456789");
        let taken = segment((key, client.reverse()), 1, 5, b"");
        let reset = |sequence| Segment {
            flags: TcpFlags::RST,
            frame: 2,
            ..segment((key, client), sequence, 0, b"")
        };
        for (sequence, ends) in [(5, true), (700, true), (4, false), (0x200_0000, false)] {
            let mut flow = Flow::new(&hello);
            for segment in [&hello, &taken, &reset(sequence)] {
                drop(flow.accept(segment, &Limits::default()));
            }
            let half = flow.half(client);
            assert_eq!((half.rst().is_some(), half.reset().is_some()), (true, ends), "{sequence}");
        }
        // Its sender never heard of it.
        let more = segment((key, client), 5, 1, b"more");
        for (sequence, ends) in [(9, true), (700, false)] {
            let mut flow = Flow::new(&hello);
            let syn =
                Segment { flags: TcpFlags::SYN, ..segment((key, client), u32::MAX - 5, 0, b"") };
            for segment in [&syn, &hello, &taken, &reset(sequence), &more] {
                drop(flow.accept(segment, &Limits::default()));
            }
            assert_eq!(flow.half(client).reset().is_some(), ends, "{sequence}");
        }
        // The first one was ignored; this one is not.
        let mut flow = Flow::new(&hello);
        for segment in [&hello, &taken, &reset(4), &Segment { frame: 3, ..reset(5) }] {
            drop(flow.accept(segment, &Limits::default()));
        }
        let half = flow.half(client);
        assert_eq!(half.rst().map(|mark| mark.frame), Some(2));
        assert_eq!(half.reset().map(|mark| mark.frame), Some(3));
    }

    /// The client's alert is not in the capture: its RST, or what the server acknowledged, tells
    /// that something was sent.
    #[test]
    fn what_was_lost_at_the_end_is_a_gap() {
        let (key, client) = FlowKey::new(end(1, 40_000), end(2, 443));
        let server = client.reverse();
        let syn = Segment { flags: TcpFlags::SYN, ..segment((key, client), 0, 0, b"") };
        let hello = segment((key, client), 1, 1, b"0123456789");
        let reset = Segment { flags: TcpFlags::RST, ..segment((key, client), 18, 0, b"") };
        let taken = segment((key, server), 1, 18, b"");
        let answer = segment((key, server), 1, 11, b"");
        for last in [&reset, &taken, &answer] {
            let mut flow = Flow::new(&syn);
            for segment in [&syn, &hello, last] {
                drop(flow.accept(segment, &Limits::default()));
            }
            let events: Vec<_> = std::iter::from_fn(|| flow.next_held(client, true)).collect();
            let gap = StreamEvent::Gap { offset: 10, length: 7, cause: GapCause::NotCaptured };
            let missing = if last.acknowledgment == 11 { vec![] } else { vec![gap] };
            assert_eq!(events, missing);
            assert_eq!(flow.next_held(server, true), None);
        }
    }

    /// The SYN-ACK and the first segment behind it are not in the capture.
    #[test]
    fn what_was_lost_at_the_beginning_is_a_gap() {
        let (key, client) = FlowKey::new(end(1, 40_000), end(2, 443));
        let server = client.reverse();
        let syn = Segment { flags: TcpFlags::SYN, ..segment((key, client), 0, 0, b"") };
        let hello = segment((key, client), 1, 1_000, b"hello");
        let second = segment((key, server), 1_010, 6, b"rest");
        let events = |segments: &[&Segment<'static>]| {
            let mut flow = Flow::new(segments[0]);
            for segment in segments {
                drop(flow.accept(segment, &Limits::default()));
            }
            std::iter::from_fn(|| flow.next_held(server, true)).collect::<Vec<_>>()
        };
        let gap = StreamEvent::Gap { offset: 0, length: 10, cause: GapCause::NotCaptured };
        assert_eq!(events(&[&syn, &hello, &second])[0], gap);
        // Nothing of it was captured, but the client has received it.
        let taken = segment((key, client), 6, 1_010, b"");
        assert_eq!(events(&[&syn, &hello, &taken])[0], gap);
        // The capture began in the middle: what came before the first acknowledgment is no gap.
        assert_eq!(events(&[&hello, &second])[0], gap);
        assert_eq!(events(&[&second, &hello]).len(), 1);
        // No window is that large.
        let strange = segment((key, client), 1, 0xFE00_0000, b"hello");
        assert_eq!(events(&[&syn, &strange, &second]).len(), 1);
    }

    /// The client's hello wraps; whatever the order, its acknowledgment is seen.
    #[test]
    fn payload_is_acknowledged_in_any_order() {
        let (key, client) = FlowKey::new(end(1, 40_000), end(2, 443));
        let hello = segment((key, client), u32::MAX - 1, 1, b"hello");
        let bare = segment((key, client.reverse()), 1, u32::MAX - 1, b"");
        let taken = segment((key, client.reverse()), 1, 3, b"");
        let acknowledges = |segments: &[&Segment<'static>]| {
            let mut flow = Flow::new(segments[0]);
            for segment in segments {
                drop(flow.accept(segment, &Limits::default()));
            }
            (flow.acknowledges(client.reverse()), flow.acknowledges(client))
        };
        assert_eq!(acknowledges(&[&hello, &bare]), (false, false));
        assert_eq!(acknowledges(&[&hello, &bare, &taken]), (true, false));
        assert_eq!(acknowledges(&[&taken, &hello, &bare]), (true, false));
    }
}
