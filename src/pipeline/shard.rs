//! The flows of one shard: reassembly and handshake reading.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::connection::{InClear, LedgerClass, Missed, Observed, RefusedRequest, Unopened};
use crate::expressway::service;
use crate::flow::{Flow, Mark, StreamEvent};
use crate::limits::Limits;
use crate::packet::{Direction, FlowKey, Segment, TcpFlags};
use crate::tls::{Appetite, KeyLog, Observer};

/// What the flows are watched with.
#[derive(Clone, Copy)]
pub(super) struct With<'a> {
    /// Bounds.
    pub(super) limits: &'a Limits,
    /// Secrets known so far.
    pub(super) keys: &'a KeyLog,
}

/// A flow being watched.
struct Tracked {
    /// Its stream number, once the window in which it began is over.
    stream: Option<u64>,
    flow: Flow,
    observer: Option<Observer>,
    /// Bytes of memory it was last seen to use.
    weight: usize,
    /// Both sides have ended it, or one has broken it off.
    closed: bool,
}

/// Which flows are concluded first when memory runs short: those that were closed, then
/// those that have been silent longest. Flows of one window have different last frames,
/// so this is an order without equals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn(u64);

impl Turn {
    /// Set in the turns of open flows. In one number, because many are sorted.
    const OPEN: u64 = 1 << 63;

    /// Whether the flow is open.
    pub(super) const fn is_open(self) -> bool {
        self.0 & Self::OPEN != 0
    }

    /// The last frame of the flow.
    pub(super) const fn last_frame(self) -> u64 {
        self.0 & !Self::OPEN
    }
}

/// A flow that is over.
pub(super) struct Finished {
    /// Its first frame, by which it is numbered.
    first_frame: u64,
    /// Its stream number.
    pub(super) stream: Option<u64>,
    /// The TLS connection, or why it is none.
    pub(super) result: Result<Box<Observed>, LedgerClass>,
    /// What came to no TLS, where a service was wanted.
    pub(super) missed: Option<Box<Missed>>,
}

/// Connections of a shard that came to no TLS and are told one by one, of each kind; a scan of
/// ports makes millions.
const MISSED: usize = 64;

/// Watches the flows whose keys fall to it.
pub(super) struct Shard {
    /// Boxed: a table that grows then moves pointers, and its empty places cost little.
    table: HashTable<Box<Tracked>>,
    hasher: DefaultHashBuilder,
    /// Bytes of memory that the flows use, about.
    pub(super) bytes: usize,
    /// How many of them are closed.
    pub(super) closed: usize,
    /// First frames and keys of the flows begun since the last numbering.
    born: Vec<(u64, FlowKey)>,
    pub(super) finished: Vec<Finished>,
    /// Flows concluded while they were open, because memory ran short.
    pub(super) evicted: u64,
    /// Connections that were not opened, told so far.
    unopened: usize,
    /// Connections on which the client spoke in clear in place of TLS, told so far.
    in_clear: usize,
}

impl Shard {
    pub(super) fn new() -> Self {
        Self {
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            bytes: 0,
            closed: 0,
            born: Vec::new(),
            finished: Vec::new(),
            evicted: 0,
            unopened: 0,
            in_clear: 0,
        }
    }

    /// Takes a segment; segments must come in file order.
    #[inline(always)]
    pub(super) fn handle(&mut self, segment: &Segment<'_>, with: With<'_>) {
        let hash = self.hasher.hash_one(segment.key);
        let known = self.table.find_mut(hash, |tracked| tracked.flow.key == segment.key);
        let tracked = match known {
            Some(tracked) if segment.quoted || !tracked.flow.is_over_for(segment) => tracked,
            Some(_) => {
                self.end(segment, hash, with);
                self.begin(segment, hash)
            }
            None => self.begin(segment, hash),
        };
        if segment.quoted {
            return;
        }
        let before = tracked.weight;
        tracked.accept(segment, with);
        let after = tracked.weight;
        let closes = segment.flags.has_any(TcpFlags::FIN_RST) && tracked.closes();
        self.bytes = self.bytes - before + after;
        self.closed += usize::from(closes);
    }

    /// Ends the flow in whose place another begins.
    #[inline(never)]
    fn end(&mut self, segment: &Segment<'_>, hash: u64, with: With<'_>) {
        let known = self.table.find_entry(hash, |tracked| tracked.flow.key == segment.key);
        if let Ok(over) = known.map(|entry| entry.remove().0) {
            self.finish(*over, with);
        }
    }

    #[inline(never)]
    fn begin(&mut self, segment: &Segment<'_>, hash: u64) -> &mut Tracked {
        self.born.push((segment.frame, segment.key));
        let flow = Flow::new(segment);
        let mut tracked =
            Box::new(Tracked { stream: None, flow, observer: None, weight: 0, closed: false });
        tracked.weigh();
        self.bytes += tracked.weight;
        let hasher = &self.hasher;
        let place =
            self.table.insert_unique(hash, tracked, |tracked| hasher.hash_one(tracked.flow.key));
        place.into_mut()
    }

    /// First frames of the flows begun since the last numbering.
    pub(super) fn born(&self) -> impl Iterator<Item = u64> {
        self.born.iter().map(|(first_frame, _)| *first_frame)
    }

    /// Numbers the flows begun since the last numbering: `number` gives the stream
    /// number for a first frame.
    pub(super) fn number(&mut self, number: impl Fn(u64) -> Option<u64>) {
        for (first_frame, key) in std::mem::take(&mut self.born) {
            let hash = self.hasher.hash_one(key);
            let same = |flow: &Flow| flow.key == key && flow.first.frame == first_frame;
            if let Some(tracked) = self.table.find_mut(hash, |tracked| same(&tracked.flow)) {
                tracked.stream = number(first_frame);
            }
        }
        for finished in self.finished.iter_mut().filter(|finished| finished.stream.is_none()) {
            finished.stream = number(finished.first_frame);
        }
    }

    /// The capture is over: finishes every flow, in order of their first frames.
    pub(super) fn finish_all(&mut self, with: With<'_>) {
        let mut rest: Vec<Box<Tracked>> = self.table.drain().collect();
        rest.sort_by_key(|tracked| tracked.flow.first.frame);
        for tracked in rest {
            self.finish(*tracked, with);
        }
    }

    fn finish(&mut self, tracked: Tracked, with: With<'_>) {
        self.bytes -= tracked.weight;
        self.closed -= usize::from(tracked.closed);
        let first_frame = tracked.flow.first.frame;
        let unopened = (self.unopened < MISSED)
            .then(|| Unopened::of(&tracked.flow))
            .flatten()
            .filter(|one| service(one.server.port).is_some());
        self.unopened += usize::from(unopened.is_some());
        let stream = tracked.stream;
        let (result, in_clear) = tracked.conclude(with);
        let in_clear = in_clear.filter(|_| self.in_clear < MISSED);
        self.in_clear += usize::from(in_clear.is_some());
        let missed = unopened.map(Missed::Unopened).or(in_clear);
        let missed = missed.map(Box::new);
        self.finished.push(Finished { first_frame, stream, result, missed });
    }

    /// When each flow, or each that is closed, has its turn to be concluded, and what that
    /// frees.
    pub(super) fn turns(&self, open_too: bool) -> impl Iterator<Item = (Turn, usize)> {
        let asked = self.table.iter().filter(move |tracked| open_too || tracked.closed);
        asked.map(|tracked| (tracked.turn(), tracked.weight))
    }

    /// Concludes the flows whose turn has come.
    pub(super) fn relieve(&mut self, upto: Turn, with: With<'_>) {
        let over: Vec<Box<Tracked>> =
            self.table.extract_if(|tracked| tracked.turn() <= upto).collect();
        for tracked in over {
            self.evicted += u64::from(tracked.turn().is_open());
            self.finish(*tracked, with);
        }
    }
}

impl Tracked {
    fn turn(&self) -> Turn {
        Turn(self.flow.last.frame | if self.closed { 0 } else { Turn::OPEN })
    }

    /// Whether it has just been closed.
    fn closes(&mut self) -> bool {
        let before = self.closed;
        self.closed = self.flow.is_closed();
        self.closed && !before
    }

    fn weigh(&mut self) {
        let observed = self.observer.as_ref().map_or(0, |observer| observer.memory());
        self.weight = size_of::<Self>() + self.flow.memory() + observed;
    }

    #[inline(always)]
    fn accept(&mut self, segment: &Segment<'_>, with: With<'_>) {
        let direction = segment.direction;
        let mark = Mark { frame: segment.frame, time: segment.time };
        if segment.flags.has(TcpFlags::SYN) && self.flow.is_reopened_by(segment) {
            self.reopen(mark, with);
        }
        let event = self.flow.accept(segment, with.limits);
        let told = event.is_some();
        if let Some(event) = event {
            self.tell(direction, &event, mark, with);
        }
        let holds = self.flow.holds(direction);
        if holds {
            self.hand_on(direction, false, mark, with);
        }
        if told || holds {
            self.weigh();
        }
    }

    /// The connection is over; of the one that takes its place nothing is read.
    #[inline(never)]
    fn reopen(&mut self, mark: Mark, with: With<'_>) {
        for direction in Direction::BOTH {
            self.hand_on(direction, true, mark, with);
        }
        self.flow.reopen(mark);
    }

    fn hand_on(&mut self, direction: Direction, to_the_end: bool, mark: Mark, with: With<'_>) {
        while let Some(event) = self.flow.next_held(direction, to_the_end) {
            self.tell(direction, &event, mark, with);
        }
    }

    #[inline]
    fn tell(&mut self, direction: Direction, event: &StreamEvent<'_>, mark: Mark, with: With<'_>) {
        let observer = self.observer.get_or_insert_default();
        if observer.event(direction, event, mark, with.limits, with.keys) == Appetite::Done {
            self.flow.stop(direction);
        }
    }

    /// The TLS connection, or why it is none; and what the client said in clear in place of it.
    fn conclude(mut self, with: With<'_>) -> (Result<Box<Observed>, LedgerClass>, Option<Missed>) {
        let last = self.flow.last;
        for direction in Direction::BOTH {
            self.hand_on(direction, true, last, with);
        }
        let in_clear = |observer| {
            let spoken = InClear::of(&self.flow, observer).map(Missed::InClear);
            spoken.or_else(|| RefusedRequest::of(&self.flow, observer).map(Missed::Refused))
        };
        if let Some(in_clear) = self.observer.as_ref().and_then(in_clear) {
            return (Err(LedgerClass::NotTls), Some(in_clear));
        }
        let observed = Observed::conclude(&self.flow, self.observer, with.limits, with.keys);
        (observed.map(Box::new), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Encapsulation, Endpoint};
    use crate::time::Timestamp;

    /// What a connection is does not depend on how many are told one by one.
    #[test]
    fn every_client_that_speaks_in_clear_is_no_tls() {
        let (limits, keys) = (Limits::default(), KeyLog::default());
        let with = With { limits: &limits, keys: &keys };
        let mut shard = Shard::new();
        let flows = MISSED + 6;
        let end = |last, port| Endpoint { address: [10, 0, 0, last].into(), port };
        for (frame, port) in (1..).step_by(2).zip((40_000..).take(flows)) {
            let (key, direction) = FlowKey::new(end(1, port), end(2, 8443));
            let asked = Segment {
                frame,
                time: Timestamp::default(),
                key,
                direction,
                sequence: 1,
                acknowledgment: 1,
                flags: TcpFlags::ACK,
                payload: b"GET / HTTP/1.1\r\n\r\n",
                wire_len: 18,
                encapsulation: Encapsulation::default(),
                quoted: false,
            };
            shard.handle(&asked, with);
            let payload = &[21, 3, 3, 0, 2, 2, 10];
            let (frame, direction) = (frame + 1, direction.reverse());
            let wire_len = payload.len();
            shard.handle(&Segment { frame, direction, payload, wire_len, ..asked }, with);
        }
        shard.finish_all(with);
        let classes = shard.finished.iter().map(|one| one.result.as_ref().err());
        assert!(classes.eq([Some(&LedgerClass::NotTls)].into_iter().cycle().take(flows)));
        let told = shard.finished.iter().filter(|one| one.missed.is_some()).count();
        assert_eq!(told, MISSED);
    }
}
