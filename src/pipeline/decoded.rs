//! The first of two phases: what the frames of a chunk hold, sorted by who handles it in the
//! second.

use std::collections::BTreeMap;

use super::group::{Group, shard_of};
use crate::capture::Chunk;
use crate::packet::{self, Decoded, DnsAnswer, Fragment, Segment, Skipped, Usual};

/// Stands for a frame without a segment.
const NOBODY: u8 = u8::MAX;
/// Stands for a frame that is not usual: the next of [`DecodedChunk::others`].
const OTHER: u8 = u8::MAX - 1;

/// A chunk whose frames were looked at.
///
/// Nearly every frame is a usual one. Of those little is kept, side by side, because another
/// core may handle them; the segment of a hundred bytes is made in the second phase.
pub(super) struct DecodedChunk<'c> {
    chunk: &'c Chunk,
    /// Frames before those of the chunk.
    frames_before: u64,
    /// Who handles each frame: a shard if it is usual, else [`OTHER`] or [`NOBODY`].
    handlers: Vec<u8>,
    /// The usual frames, in file order.
    usual: Vec<Usual>,
    /// Shards and segments of frames that are not usual, in file order.
    others: Vec<(u8, Segment<'c>)>,
    pub(super) fragments: Vec<Fragment<'c>>,
    pub(super) answers: Vec<DnsAnswer>,
    pub(super) skipped: BTreeMap<Skipped, u64>,
}

impl<'c> DecodedChunk<'c> {
    /// Decodes the frames of `chunk`, inside so many `encapsulations` at most.
    pub(super) fn of(chunk: &'c Chunk, encapsulations: usize) -> Self {
        let mut decoded = Self {
            chunk,
            frames_before: 0,
            handlers: Vec::new(),
            usual: Vec::with_capacity(chunk.len()),
            others: Vec::new(),
            fragments: Vec::new(),
            answers: Vec::new(),
            skipped: BTreeMap::new(),
        };
        let mut handlers = Vec::with_capacity(chunk.len());
        handlers.extend((0..chunk.len()).map(|place| {
            let Some(frame) = chunk.frame(place) else { return NOBODY };
            let Some(usual) = Usual::of(&frame, chunk.start(place)) else {
                return decoded.other(packet::decode(&frame, encapsulations));
            };
            decoded.usual.push(usual);
            shard_of(&usual.key())
        }));
        decoded.handlers = handlers;
        decoded
    }

    /// Takes what a frame holds that is not usual; gives who handles it.
    #[inline(never)]
    fn other(&mut self, frame: Decoded<'c>) -> u8 {
        match frame {
            Decoded::Tcp(segment) => {
                self.others.push((shard_of(&segment.key), segment));
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

    /// Adds segments that came in fragments, each in the place of its last one.
    pub(super) fn add_joined(&mut self, joined: &[Segment<'c>]) {
        let before = self.frames_before();
        for segment in joined {
            let place = segment.frame.checked_sub(before + 1).map(usize::try_from);
            if let Some(Ok(place)) = place
                && let Some(handler) = self.handlers.get_mut(place)
                && *handler == NOBODY
            {
                *handler = OTHER;
                self.others.push((shard_of(&segment.key), *segment));
            }
        }
        self.others.sort_by_key(|(_, segment)| segment.frame);
    }

    /// Gives `group` the segments of its shards, in file order. Every group goes through the
    /// handlers of all frames: a byte each, which costs less than sorting them. No iterator: it
    /// would move every segment of a hundred bytes several times.
    pub(super) fn give(&self, group: &mut Group<'_>) {
        let (mut usual, mut others) = (self.usual.iter(), self.others.iter());
        let bytes = self.chunk.bytes();
        for (number, handler) in (self.frames_before() + 1..).zip(&self.handlers) {
            match *handler {
                NOBODY => {}
                OTHER => {
                    if let Some((shard, segment)) = others.next().filter(|of| group.has(of.0)) {
                        group.take_other(*shard, segment);
                    }
                }
                shard => {
                    if let Some(usual) = usual.next().filter(|_| group.has(shard))
                        && let Some(segment) = usual.segment(bytes, number)
                    {
                        group.take(shard, &segment);
                    }
                }
            }
        }
    }
}
