//! The flows of one shard: reassembly and handshake reading.

use hashbrown::HashMap;

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
    flow: Flow,
    observer: Option<Observer>,
}

/// A flow that is over.
pub(super) struct Finished {
    /// Its first frame, by which it is numbered.
    pub(super) first_frame: u64,
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
    table: HashMap<FlowKey, Tracked>,
    capacity: usize,
    /// First frames of the flows begun since they were last asked for.
    born: Vec<u64>,
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
            table: HashMap::new(),
            capacity: capacity.max(8),
            born: Vec::new(),
            finished: Vec::new(),
            evicted: 0,
            unopened: 0,
        }
    }

    /// Takes a segment; segments must come in file order.
    pub(super) fn handle(&mut self, segment: &Segment<'_>, with: With<'_>) {
        let over = !segment.quoted
            && self.table.get(&segment.key).is_some_and(|t| t.flow.is_over_for(segment));
        if over && let Some(tracked) = self.table.remove(&segment.key) {
            self.finish(tracked, with);
        }
        if self.table.len() >= self.capacity && !self.table.contains_key(&segment.key) {
            self.evict(with);
        }
        let tracked = self.table.entry(segment.key).or_insert_with(|| {
            self.born.push(segment.frame);
            Tracked { flow: Flow::new(segment), observer: None }
        });
        if !segment.quoted {
            tracked.accept(segment, with);
        }
    }

    /// First frames of the flows begun since the last call.
    pub(super) fn take_born(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.born)
    }

    /// The capture is over: finishes every flow, in order of their first frames.
    pub(super) fn finish_all(&mut self, with: With<'_>) {
        let mut rest: Vec<Tracked> = self.table.drain().map(|(_, tracked)| tracked).collect();
        rest.sort_by_key(|tracked| tracked.flow.first.frame);
        for tracked in rest {
            self.finish(tracked, with);
        }
    }

    fn finish(&mut self, tracked: Tracked, with: With<'_>) {
        let first_frame = tracked.flow.first.frame;
        let unopened = (self.unopened < UNOPENED)
            .then(|| Unopened::of(&tracked.flow))
            .flatten()
            .filter(|one| service(one.server.port).is_some());
        self.unopened += usize::from(unopened.is_some());
        let result = tracked.conclude(with);
        self.finished.push(Finished { first_frame, result, unopened: unopened.map(Box::new) });
    }

    /// Closes the eighth of the flows that have been silent longest.
    fn evict(&mut self, with: With<'_>) {
        let mut by_age: Vec<(u64, FlowKey)> =
            self.table.values().map(|t| (t.flow.last.frame, t.flow.key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age.iter().take(self.capacity / 8 + 1) {
            if let Some(tracked) = self.table.remove(key) {
                self.finish(tracked, with);
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
