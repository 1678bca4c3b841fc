//! The first of two phases: what the frames of a chunk hold, sorted by who handles it in the
//! second.

use std::collections::BTreeMap;

use super::group::{Group, Sharing, shard_of};
use crate::capture::Chunk;
use crate::packet::{self, Decoded, DnsAnswer, Fragment, Segment, Skipped, Usual};

/// How chunks are decoded.
#[derive(Clone, Copy)]
pub(super) struct Decoding {
    /// Headers around a packet at most.
    pub(super) encapsulations: usize,
    /// Who handles what the frames hold.
    pub(super) sharing: Sharing,
}

/// Room for a chunk and for what its frames are sorted into. The memory is used again and again,
/// so that no thread gives back what another took.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) chunk: Chunk,
    usual: Vec<Vec<Usual>>,
}

impl Slot {
    /// Room for the usual frames of so many groups.
    fn clear(&mut self, groups: usize) {
        self.usual.resize_with(groups, Vec::new);
        self.usual.iter_mut().for_each(Vec::clear);
    }
}

/// A chunk whose frames were looked at.
///
/// Nearly every frame is a usual one. Of those little is kept, side by side, because another
/// core may handle them; the segment of a hundred bytes is made in the second phase.
pub(super) struct DecodedChunk<'c> {
    chunk: &'c Chunk,
    /// Frames before those of the chunk.
    frames_before: u64,
    /// The usual frames that each group of shards handles, in file order. Several lists: were it
    /// one, every thread would have to look at all frames for its own.
    usual: &'c [Vec<Usual>],
    /// Shards and segments of frames that are not usual, in file order.
    others: Vec<(u8, Segment<'c>)>,
    pub(super) fragments: Vec<Fragment<'c>>,
    pub(super) answers: Vec<DnsAnswer>,
    pub(super) skipped: BTreeMap<Skipped, u64>,
}

impl<'c> DecodedChunk<'c> {
    /// Decodes the frames of the chunk that was read into `slot`.
    pub(super) fn of(slot: &'c mut Slot, decoding: Decoding) -> Self {
        let Decoding { encapsulations, sharing } = decoding;
        slot.clear(sharing.groups());
        let Slot { chunk, usual: lists } = slot;
        let chunk = &*chunk;
        let mut decoded = Self {
            chunk,
            frames_before: 0,
            usual: &[],
            others: Vec::new(),
            fragments: Vec::new(),
            answers: Vec::new(),
            skipped: BTreeMap::new(),
        };
        for (at, place) in (0..chunk.len()).zip(0..) {
            let Some(frame) = chunk.frame(at) else { continue };
            let Some(usual) = Usual::of(&frame, place, chunk.start(at)) else {
                decoded.other(packet::decode(&frame, encapsulations));
                continue;
            };
            if let Some(list) = lists.get_mut(sharing.group_of(shard_of(&usual.key()))) {
                list.push(usual);
            }
        }
        decoded.usual = lists;
        decoded
    }

    /// Takes what a frame holds that is not usual.
    #[inline(never)]
    fn other(&mut self, frame: Decoded<'c>) {
        match frame {
            Decoded::Tcp(segment) => self.others.push((shard_of(&segment.key), segment)),
            Decoded::Fragment(fragment) => self.fragments.push(fragment),
            Decoded::Dns(answer) => {
                self.answers.push(answer);
                *self.skipped.entry(Skipped::NotTcp).or_default() += 1;
            }
            Decoded::Skipped(reason) => *self.skipped.entry(reason).or_default() += 1,
        }
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
        let frames = before + 1..=before + self.len();
        let mine = joined.iter().filter(|segment| frames.contains(&segment.frame));
        self.others.extend(mine.map(|segment| (shard_of(&segment.key), *segment)));
        self.others.sort_by_key(|(_, segment)| segment.frame);
    }

    /// Gives `group` the segments of its shards, in file order. No iterator over them: it would
    /// move every segment of a hundred bytes several times.
    pub(super) fn give(&self, group: &mut Group<'_>) {
        let shards = group.shards();
        let mut others = self
            .others
            .iter()
            .filter(|(shard, _)| shards.contains(&usize::from(*shard)))
            .peekable();
        let (bytes, first) = (self.chunk.bytes(), self.frames_before() + 1);
        for usual in self.usual.get(group.index).into_iter().flatten() {
            let number = first + u64::from(usual.place);
            while let Some((shard, segment)) = others.next_if(|(_, other)| other.frame < number) {
                group.take_other(*shard, segment);
            }
            if let Some(segment) = usual.segment(bytes, number) {
                group.take(shard_of(&segment.key), &segment);
            }
        }
        others.for_each(|(shard, segment)| group.take_other(*shard, segment));
    }
}
