//! Which shard a flow falls to, and which shards a thread handles together.

use super::shard::{Shard, With};
use crate::packet::{FlowKey, Segment};

/// Shards of flows. Fixed, so that the result does not depend on the number of
/// threads; enough for every core of a large machine to have one.
pub(super) const SHARDS: u8 = 64;

/// How many neighbouring shards one thread handles together, in the order of the file: all, or
/// so few that no thread has to wait long for another. The more, the more of what lies side by
/// side in the file is handled one after the other, which the processor's caches reward.
pub(super) fn shards_together(threads: usize) -> u8 {
    let groups = if threads < 2 { 1 } else { (2 * threads).next_power_of_two() };
    u8::try_from(groups).map_or(1, |groups| (SHARDS / groups).max(1))
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
    /// The number of the first.
    first: u8,
    shards: &'s mut [Shard],
    with: With<'s>,
}

impl<'s> Group<'s> {
    /// The group of this number, all before it having as many shards.
    pub(super) fn new(index: usize, shards: &'s mut [Shard], with: With<'s>) -> Self {
        let first = u8::try_from(index * shards.len()).unwrap_or(SHARDS);
        Self { first, shards, with }
    }

    /// Whether a shard belongs to it.
    #[inline]
    pub(super) fn has(&self, shard: u8) -> bool {
        usize::from(shard.wrapping_sub(self.first)) < self.shards.len()
    }

    /// Takes a segment of one of its shards. Always inlined: it is called for every packet.
    #[inline(always)]
    pub(super) fn take(&mut self, shard: u8, segment: &Segment<'_>) {
        let place = usize::from(shard.wrapping_sub(self.first));
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
