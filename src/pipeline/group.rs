//! Which shard a flow falls to, and which shards a thread handles together.

use std::ops::Range;

use super::shard::{Shard, With};
use crate::packet::{FlowKey, Segment};

/// Shards of flows. Fixed, so that the result does not depend on the number of
/// threads; enough for every core of a large machine to have one.
pub(super) const SHARDS: u8 = 64;

/// How many neighbouring shards one thread handles together, in the order of the file: all, or
/// so few that no thread has to wait long for another. The more, the more of what lies side by
/// side in the file is handled one after the other, which the processor's caches reward.
#[derive(Clone, Copy)]
pub(super) struct Sharing {
    /// The shards of a group: two to the power of this.
    power: u32,
}

impl Sharing {
    /// Among so many threads.
    pub(super) fn among(threads: usize) -> Self {
        let groups = if threads < 2 { 1 } else { 2 * threads };
        let powers = usize::from(SHARDS).ilog2();
        Self { power: powers.saturating_sub(groups.next_power_of_two().ilog2()) }
    }

    /// How many groups there are.
    pub(super) const fn groups(self) -> usize {
        (SHARDS >> self.power) as usize
    }

    /// How many shards a group has.
    pub(super) const fn together(self) -> usize {
        1 << self.power
    }

    /// The number of the group that has a shard.
    #[inline]
    pub(super) fn group_of(self, shard: u8) -> usize {
        usize::from(shard >> self.power)
    }
}

/// The shard of a flow: by its key alone, without a seed, so that the order of
/// everything is the same in every run.
#[inline]
pub(super) fn shard_of(key: &FlowKey) -> u8 {
    let [low, ..] = key.spread().to_le_bytes();
    low % SHARDS
}

/// Neighbouring shards, which one thread handles together.
pub(super) struct Group<'s> {
    /// Its number; all groups before it have as many shards.
    pub(super) index: usize,
    shards: &'s mut [Shard],
    with: With<'s>,
}

impl<'s> Group<'s> {
    /// The group of this number, all before it having as many shards.
    pub(super) const fn new(index: usize, shards: &'s mut [Shard], with: With<'s>) -> Self {
        Self { index, shards, with }
    }

    /// The numbers of its shards.
    pub(super) fn shards(&self) -> Range<usize> {
        let first = self.index * self.shards.len();
        first..first + self.shards.len()
    }

    /// Takes a segment of one of its shards. Always inlined: it is called for every packet.
    #[inline(always)]
    pub(super) fn take(&mut self, shard: u8, segment: &Segment<'_>) {
        // All groups have as many shards, and that is a power of two.
        let place = usize::from(shard) & self.shards.len().wrapping_sub(1);
        if let Some(shard) = self.shards.get_mut(place) {
            shard.handle(segment, self.with);
        }
    }

    /// The same for a segment of a frame that is not usual.
    #[inline(never)]
    pub(super) fn take_other(&mut self, shard: u8, segment: &Segment<'_>) {
        self.take(shard, segment);
    }
}
