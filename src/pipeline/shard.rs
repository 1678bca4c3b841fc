//! The flows of one shard: reassembly and handshake reading.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::connection::{LedgerClass, Observed, Unopened};
use crate::expressway::service;
use crate::flow::{Flow, Mark, StreamEvent};
use crate::limits::Limits;
use crate::packet::{Direction, FlowKey, Segment};
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
}

/// A flow that is over.
pub(super) struct Finished {
    /// Its first frame, by which it is numbered.
    first_frame: u64,
    /// Its stream number.
    pub(super) stream: Option<u64>,
    /// The TLS connection, or why it is none.
    pub(super) result: Result<Box<Observed>, LedgerClass>,
    /// The connection that was not opened, where a service was wanted.
    pub(super) unopened: Option<Box<Unopened>>,
}

/// Connections of a shard that were not opened and are told one by one; a scan of ports
/// makes millions.
const UNOPENED: usize = 64;

/// Watches the flows whose keys fall to it.
pub(super) struct Shard {
    /// Boxed: a table that grows then moves pointers, and its empty places cost little.
    table: HashTable<Box<Tracked>>,
    hasher: DefaultHashBuilder,
    capacity: usize,
    /// First frames and keys of the flows begun since the last numbering.
    born: Vec<(u64, FlowKey)>,
    pub(super) finished: Vec<Finished>,
    /// Flows closed early because there were too many.
    pub(super) evicted: u64,
    /// Connections that were not opened, told so far.
    unopened: usize,
}

impl Shard {
    /// Watches at most `capacity` flows at once.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            capacity: capacity.max(8),
            born: Vec::new(),
            finished: Vec::new(),
            evicted: 0,
            unopened: 0,
        }
    }

    /// Takes a segment; segments must come in file order.
    pub(super) fn handle(&mut self, segment: &Segment<'_>, with: With<'_>) {
        let hash = self.hasher.hash_one(segment.key);
        let known = self.table.find_entry(hash, |tracked| tracked.flow.key == segment.key);
        if let Ok(mut entry) = known {
            if segment.quoted {
                return;
            }
            if !entry.get().flow.is_over_for(segment) {
                entry.get_mut().accept(segment, with);
                return;
            }
            let (over, _) = entry.remove();
            self.finish(*over, with);
        }
        if self.table.len() >= self.capacity {
            self.evict(with);
        }
        self.begin(segment, hash, with);
    }

    fn begin(&mut self, segment: &Segment<'_>, hash: u64, with: With<'_>) {
        self.born.push((segment.frame, segment.key));
        let mut tracked =
            Box::new(Tracked { stream: None, flow: Flow::new(segment), observer: None });
        if !segment.quoted {
            tracked.accept(segment, with);
        }
        let hasher = &self.hasher;
        self.table.insert_unique(hash, tracked, |tracked| hasher.hash_one(tracked.flow.key));
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
        let first_frame = tracked.flow.first.frame;
        let unopened = (self.unopened < UNOPENED)
            .then(|| Unopened::of(&tracked.flow))
            .flatten()
            .filter(|one| service(one.server.port).is_some());
        self.unopened += usize::from(unopened.is_some());
        let stream = tracked.stream;
        let result = tracked.conclude(with);
        let unopened = unopened.map(Box::new);
        self.finished.push(Finished { first_frame, stream, result, unopened });
    }

    /// Closes the eighth of the flows that have been silent longest.
    fn evict(&mut self, with: With<'_>) {
        let mut by_age: Vec<(u64, FlowKey)> =
            self.table.iter().map(|t| (t.flow.last.frame, t.flow.key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age.iter().take(self.capacity / 8 + 1) {
            let hash = self.hasher.hash_one(key);
            if let Ok(entry) = self.table.find_entry(hash, |tracked| tracked.flow.key == *key) {
                let (tracked, _) = entry.remove();
                self.finish(*tracked, with);
                self.evicted += 1;
            }
        }
    }
}

impl Tracked {
    fn accept(&mut self, segment: &Segment<'_>, with: With<'_>) {
        let direction = segment.direction;
        let mark = Mark { frame: segment.frame, time: segment.time };
        if let Some(event) = self.flow.accept(segment, with.limits) {
            self.tell(direction, &event, mark, with);
        }
        self.hand_on(direction, false, mark, with);
    }

    fn hand_on(&mut self, direction: Direction, to_the_end: bool, mark: Mark, with: With<'_>) {
        while let Some(event) = self.flow.next_held(direction, to_the_end) {
            self.tell(direction, &event, mark, with);
        }
    }

    fn tell(&mut self, direction: Direction, event: &StreamEvent<'_>, mark: Mark, with: With<'_>) {
        let observer = self.observer.get_or_insert_default();
        if observer.event(direction, event, mark, with.limits, with.keys) == Appetite::Done {
            self.flow.stop(direction);
        }
    }

    fn conclude(mut self, with: With<'_>) -> Result<Box<Observed>, LedgerClass> {
        let last = self.flow.last;
        for direction in Direction::BOTH {
            self.hand_on(direction, true, last, with);
        }
        Observed::conclude(&self.flow, self.observer, with.limits, with.keys).map(Box::new)
    }
}
