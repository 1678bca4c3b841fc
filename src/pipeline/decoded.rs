//! The first of two phases: what the frames of a chunk hold, sorted by who handles it in the
//! second.

use std::collections::BTreeMap;

use crate::capture::Chunk;
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

/// A chunk whose frames were looked at.
///
/// Nearly every frame is a usual one, of which a segment is made in a few instructions, so
/// only its place is kept and the segment made again in the second phase: writing segments
/// down and reading them back costs more.
pub(super) struct DecodedChunk<'c> {
    chunk: &'c Chunk,
    /// Frames before those of the chunk.
    frames_before: u64,
    /// Segments of frames that are not usual, in file order.
    others: Vec<Segment<'c>>,
    /// Places of frames, or behind these of `others`, group by group, each in file order.
    by_group: Vec<u32>,
    /// Where in `by_group` each group ends.
    ends: [u32; SHARDS],
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
            others: Vec::new(),
            by_group: Vec::new(),
            ends: [0; SHARDS],
            fragments: Vec::new(),
            answers: Vec::new(),
            skipped: BTreeMap::new(),
        };
        // Group and place of each segment.
        let mut places: Vec<(u8, u32)> = Vec::with_capacity(chunk.len());
        for (frame, at) in chunk.frames().zip(0..) {
            if let Some(key) = packet::usual_key(&frame) {
                places.push((groups.of(&key), at));
                continue;
            }
            match packet::decode(&frame, encapsulations) {
                Decoded::Tcp(segment) => {
                    let place = short(chunk.len() + decoded.others.len());
                    places.push((groups.of(&segment.key), place));
                    decoded.others.push(segment);
                }
                Decoded::Fragment(fragment) => decoded.fragments.push(fragment),
                Decoded::Dns(answer) => {
                    decoded.answers.push(answer);
                    *decoded.skipped.entry(Skipped::NotTcp).or_default() += 1;
                }
                Decoded::Skipped(reason) => *decoded.skipped.entry(reason).or_default() += 1,
            }
        }
        decoded.sort(&places);
        decoded
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
        self.others.iter_mut().for_each(|segment| segment.frame += frames_before);
        self.fragments.iter_mut().for_each(|fragment| fragment.frame += frames_before);
        self.answers.iter_mut().for_each(|answer| answer.frame += frames_before);
    }

    /// Sorts the places by group: a counting sort, because a list per group that grows costs
    /// more than decoding does.
    fn sort(&mut self, places: &[(u8, u32)]) {
        let mut next = [0; SHARDS];
        for (group, _) in places {
            if let Some(count) = next.get_mut(usize::from(*group)) {
                *count += 1;
            }
        }
        let mut begin = 0_u32;
        for count in &mut next {
            begin += std::mem::replace(count, begin);
        }
        self.by_group = vec![0; places.len()];
        for (group, place) in places {
            let at = next.get_mut(usize::from(*group));
            if let Some((slot, at)) =
                at.and_then(|at| Some((self.by_group.get_mut(*at as usize)?, at)))
            {
                *slot = *place;
                *at += 1;
            }
        }
        self.ends = next;
    }

    /// The segments of a group, in file order.
    pub(super) fn of_group(&self, group: usize) -> impl Iterator<Item = Segment<'c>> {
        let end = self.ends.get(group).copied().unwrap_or_default();
        let begin = group.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let places = self.by_group.get(begin.unwrap_or_default() as usize..end as usize);
        let places = places.unwrap_or_default().iter();
        places.filter_map(|place| self.segment(*place as usize))
    }

    fn segment(&self, place: usize) -> Option<Segment<'c>> {
        match place.checked_sub(self.chunk.len()) {
            Some(other) => self.others.get(other).copied(),
            None => {
                let mut segment = packet::usual_segment(&self.chunk.frame(place)?)?;
                segment.frame += self.frames_before;
                Some(segment)
            }
        }
    }
}

/// The shard of a flow: by its key alone, without a seed, so that the order of
/// everything is the same in every run.
pub(super) fn shard_of(key: &FlowKey) -> usize {
    key.spread() % SHARDS
}

/// No chunk has so many frames.
fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// There are not so many groups.
fn short_number(group: usize) -> u8 {
    u8::try_from(group).unwrap_or(u8::MAX)
}
