//! The first of two phases: what the frames of a chunk hold, sorted by who handles it in the
//! second.

use std::collections::BTreeMap;

use crate::capture::{Chunk, Frame};
use crate::packet::{self, Decoded, DnsAnswer, FlowKey, Fragment, Segment, Skipped};

/// Shards of flows. Fixed, so that the result does not depend on the number of
/// threads; enough for every core of a large machine to have one.
pub(super) const SHARDS: usize = 64;

/// Neighbouring shards that one thread handles together, in the order of the file. The fewer
/// groups, the more of what lies side by side in the file is handled one after the other,
/// which the processor's caches reward.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups(usize);

impl Groups {
    /// For the threads there are: one group for one thread; else some more than threads, so
    /// that no thread has to wait long for another.
    pub(super) fn for_threads(threads: usize) -> Self {
        Self(if threads < 2 { 1 } else { (2 * threads).next_power_of_two().min(SHARDS) })
    }

    /// Shards in a group.
    pub(super) const fn size(self) -> usize {
        SHARDS / self.0
    }

    fn of(self, key: &FlowKey) -> u8 {
        if self.0 == 1 { 0 } else { short_number(shard_of(key) / self.size()) }
    }
}

/// Stands for a frame without a segment.
const NOBODY: u8 = u8::MAX;
/// Stands for a frame that is not usual: the next of [`DecodedChunk::others`].
const OTHER: u8 = u8::MAX - 1;

/// A chunk whose frames were looked at.
///
/// Nearly every frame is a usual one, of which a segment is made in a few instructions, so
/// only its group is kept, in one byte, and the segment of a hundred bytes is made again in the
/// second phase.
pub(super) struct DecodedChunk<'c> {
    chunk: &'c Chunk,
    /// Frames before those of the chunk.
    frames_before: u64,
    /// Who handles each frame: a group, [`OTHER`] or [`NOBODY`].
    handlers: Vec<u8>,
    /// Groups and segments of frames that are not usual, in file order.
    others: Vec<(u8, Segment<'c>)>,
    pub(super) fragments: Vec<Fragment<'c>>,
    pub(super) answers: Vec<DnsAnswer>,
    pub(super) skipped: BTreeMap<Skipped, u64>,
}

impl<'c> DecodedChunk<'c> {
    /// Decodes the frames of `chunk`, inside so many `encapsulations` at most.
    pub(super) fn of(chunk: &'c Chunk, groups: Groups, encapsulations: usize) -> Self {
        let mut decoded = Self {
            chunk,
            frames_before: 0,
            handlers: Vec::new(),
            others: Vec::new(),
            fragments: Vec::new(),
            answers: Vec::new(),
            skipped: BTreeMap::new(),
        };
        let mut handlers = Vec::with_capacity(chunk.len());
        handlers.extend((0..chunk.len()).map(|place| {
            let Some(frame) = chunk.frame(place) else { return NOBODY };
            let usual = if groups.0 == 1 {
                packet::usual_segment(&frame).map(|_| 0)
            } else {
                packet::usual_key(&frame).map(|key| groups.of(&key))
            };
            usual.unwrap_or_else(|| decoded.other(packet::decode(&frame, encapsulations), groups))
        }));
        decoded.handlers = handlers;
        decoded
    }

    /// Takes what a frame holds that is not usual; gives who handles it.
    fn other(&mut self, frame: Decoded<'c>, groups: Groups) -> u8 {
        match frame {
            Decoded::Tcp(segment) => {
                self.others.push((groups.of(&segment.key), segment));
                return OTHER;
            }
            Decoded::Fragment(fragment) => self.fragments.push(fragment),
            Decoded::Dns(answer) => {
                self.answers.push(answer);
                *self.skipped.entry(Skipped::NotTcp).or_default() += 1;
            }
            Decoded::Skipped(reason) => *self.skipped.entry(reason).or_default() += 1,
        }
        NOBODY
    }

    /// How many frames there are.
    pub(super) fn len(&self) -> u64 {
        self.chunk.len() as u64
    }

    /// How many frames come before.
    pub(super) fn frames_before(&self) -> u64 {
        self.frames_before + self.chunk.frames_before()
    }

    /// Says how many frames come before, once that is known.
    pub(super) fn number_from(&mut self, frames_before: u64) {
        self.frames_before = frames_before;
        self.others.iter_mut().for_each(|(_, segment)| segment.frame += frames_before);
        self.fragments.iter_mut().for_each(|fragment| fragment.frame += frames_before);
        self.answers.iter_mut().for_each(|answer| answer.frame += frames_before);
    }

    /// The segments of a group, in file order. Every group goes through the handlers of all
    /// frames: a byte each, which costs less than sorting them.
    pub(super) fn of_group(&self, group: usize) -> impl Iterator<Item = Segment<'c>> {
        let mine = short_number(group);
        let mut others = self.others.iter();
        let segment = move |(place, handler): (usize, &u8)| match *handler {
            OTHER => others.next().filter(|(group, _)| *group == mine).map(|(_, segment)| *segment),
            handler if handler == mine => self.usual(place),
            _ => None,
        };
        self.handlers.iter().enumerate().filter_map(segment)
    }

    #[inline]
    fn usual(&self, place: usize) -> Option<Segment<'c>> {
        let frame = self.chunk.frame(place)?;
        packet::usual_segment(&Frame { number: self.frames_before + frame.number, ..frame })
    }
}

/// The shard of a flow: by its key alone, without a seed, so that the order of
/// everything is the same in every run.
pub(super) fn shard_of(key: &FlowKey) -> usize {
    key.spread() % SHARDS
}

/// There are not so many groups.
fn short_number(group: usize) -> u8 {
    u8::try_from(group).unwrap_or(u8::MAX)
}
