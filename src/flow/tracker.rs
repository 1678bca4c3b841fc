//! One TCP connection: from its first segment to FIN, RST or silence.

use super::assembler::Assembler;
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

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Half {
    assembler: Assembler,
    /// Sequence number of the SYN, or one less than that of the first segment: what
    /// Wireshark counts relative sequence numbers from.
    base: Option<u32>,
    /// Segments seen.
    pub segments: u64,
    /// Payload bytes on the wire, retransmissions counted in.
    pub bytes: u64,
    /// The SYN or SYN-ACK.
    pub syn: Option<Mark>,
    /// That was a SYN-ACK: the other side opened the connection.
    answered: bool,
    /// The first FIN.
    pub fin: Option<Mark>,
    /// The first RST.
    pub rst: Option<Mark>,
    /// Nobody wants the payload any more.
    stopped: bool,
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
            halves: PerDirection::default(),
        }
    }

    /// One direction.
    #[must_use]
    pub fn half(&self, direction: Direction) -> &Half {
        &self.halves[direction]
    }

    /// Whether a segment between the same ends begins another connection: a SYN of
    /// another sequence number, or any SYN after a FIN or RST. The rule is
    /// Wireshark's (packet-tcp.c), so that streams are numbered as there.
    #[must_use]
    pub fn is_over_for(&self, segment: &Segment<'_>) -> bool {
        let opens = segment.flags.has(TcpFlags::SYN) && !segment.flags.has(TcpFlags::ACK);
        let closed = Direction::BOTH.iter().any(|side| self.half(*side).is_closed());
        opens
            && self.halves[segment.direction]
                .base
                .is_some_and(|base| base != segment.sequence || closed)
    }

    /// Takes a segment. What can be handed on at once comes back; then ask
    /// [`Self::next_held`] for more.
    pub fn accept<'a>(
        &mut self,
        segment: &Segment<'a>,
        limits: &Limits,
    ) -> Option<StreamEvent<'a>> {
        self.last = Mark { frame: segment.frame, time: segment.time };
        let mark = self.last;
        let half = &mut self.halves[segment.direction];
        half.note(segment, mark);
        if half.stopped || segment.wire_len == 0 {
            return None;
        }
        half.assembler.insert(segment, limits)
    }

    /// The next event of what was held back in `direction`; with `to_the_end`
    /// nothing more will come.
    pub fn next_held(
        &mut self,
        direction: Direction,
        to_the_end: bool,
    ) -> Option<StreamEvent<'static>> {
        let half = &mut self.halves[direction];
        if half.stopped { None } else { half.assembler.next_held(to_the_end) }
    }

    /// Nobody wants the payload of `direction` any more: hold nothing.
    pub fn stop(&mut self, direction: Direction) {
        let half = &mut self.halves[direction];
        half.stopped = true;
        half.assembler = Assembler::default();
    }

    /// Who opened the connection: the sender of the SYN, or the receiver of the
    /// SYN-ACK. `None` when neither was captured.
    #[must_use]
    pub fn opener(&self) -> Option<Direction> {
        Direction::BOTH.into_iter().find(|side| {
            let (own, other) = (self.half(*side), self.half(side.reverse()));
            other.answered || (own.syn.is_some() && !own.answered)
        })
    }
}

impl Half {
    fn note(&mut self, segment: &Segment<'_>, mark: Mark) {
        self.segments += 1;
        self.bytes += segment.wire_len as u64;
        let syn = segment.flags.has(TcpFlags::SYN);
        let base = segment.sequence.wrapping_sub(u32::from(!syn));
        self.base.get_or_insert(base);
        if syn {
            self.answered |= segment.flags.has(TcpFlags::ACK);
            self.syn.get_or_insert(mark);
            self.assembler.syn(segment.sequence);
        }
        if segment.flags.has(TcpFlags::FIN) {
            self.assembler.fin(segment);
            self.fin.get_or_insert(mark);
        }
        if segment.flags.has(TcpFlags::RST) {
            self.rst.get_or_insert(mark);
        }
    }

    const fn is_closed(&self) -> bool {
        self.fin.is_some() || self.rst.is_some()
    }
}
