//! A window: what is read and decoded at a time, the first of two phases.

use rayon::prelude::*;

use super::decoded::{DecodedChunk, Decoding, Slot};
use crate::capture::{Block, Blocks, CaptureReader, Fit};

/// Chunks per window: 1 MiB of packets, which stay in the second-level cache of many processors
/// from the one phase to the other.
const WINDOW: usize = 8;

/// With more frames than this in a window, the next one is read alone: it takes long enough as it
/// is, and what is kept of each frame would take memory.
const MANY: u64 = 4096;

/// What the packets of some windows are read into. There are two: while the flows of the windows
/// in the one are reassembled, the next ones are read into the other.
#[derive(Default)]
pub(super) struct Room {
    slots: Vec<Slot>,
    /// For blocks of a file whose beginning was guessed wrongly.
    spare: Vec<Slot>,
    /// The most frames in one of the windows that were read last; at first there may be many.
    frames: u64,
}

impl Room {
    /// For so many windows.
    pub(super) fn of(windows: usize) -> Self {
        let slots = || (0..windows * WINDOW).map(|_| Slot::default()).collect();
        Self { slots: slots(), spare: slots(), frames: u64::MAX }
    }

    /// The slots to read into now, as many again to spare, and where to note the most frames.
    fn for_now(&mut self) -> (&mut [Slot], &mut [Slot], &mut u64) {
        let now = if self.frames > MANY { WINDOW } else { self.slots.len() };
        let (slots, _) = self.slots.split_at_mut(now);
        let (spare, _) = self.spare.split_at_mut(now);
        (slots, spare, &mut self.frames)
    }
}

/// What was read of a window; it holds the same packets however many threads there are.
#[derive(Default)]
pub(super) struct Window<'c> {
    pub(super) decoded: Vec<DecodedChunk<'c>>,
    /// Key logs that stand in it.
    pub(super) secrets: Vec<Vec<u8>>,
}

impl<'c> Window<'c> {
    /// The next packets of a capture that is read from its beginning to its end, if any are left.
    /// Each chunk is decoded by the core that read it, while its bytes are near.
    pub(super) fn of_stream(
        reader: &mut CaptureReader<'_>,
        room: &'c mut Room,
        decoding: Decoding,
    ) -> Option<Vec<Self>> {
        let (slots, _, most) = room.for_now();
        let mut windows = Vec::new();
        for slots in slots.chunks_mut(WINDOW) {
            let mut decoded = Vec::with_capacity(WINDOW);
            for slot in slots {
                if !reader.fill(&mut slot.chunk) {
                    break;
                }
                decoded.push(DecodedChunk::of(slot, decoding));
            }
            if decoded.is_empty() {
                break;
            }
            windows.push(Self { decoded, secrets: reader.take_secrets() });
        }
        *most = windows.iter().map(Self::frames).max()?;
        Some(windows)
    }

    /// The next blocks of a file, if any are left, each read by any thread, behind so many
    /// `frames`. What was guessed wrongly is read again.
    pub(super) fn of_blocks(
        blocks: &mut Blocks,
        room: &'c mut Room,
        mut frames: u64,
        decoding: Decoding,
    ) -> Option<Vec<Self>> {
        let first = blocks.next()?;
        let (slots, spare, most) = room.for_now();
        let guesses: Vec<(Block, DecodedChunk<'c>)> = slots
            .par_iter_mut()
            .with_max_len(1)
            .enumerate()
            .map(|(index, slot)| {
                let block = blocks.guess(first + index, &mut slot.chunk);
                (block, DecodedChunk::of(slot, decoding))
            })
            .collect();
        let mut windows: Vec<Self> = Vec::new();
        // In order, so that few of them ever take memory.
        let mut spare = spare.iter_mut();
        for (index, (block, decoded)) in guesses.into_iter().enumerate() {
            if index % WINDOW == 0 {
                windows.push(Self::default());
            }
            let mut decoded = match blocks.accept(first + index, &block) {
                Fit::Nothing => continue,
                Fit::Follows => decoded,
                Fit::Elsewhere => {
                    let Some(spare) = spare.next() else { break };
                    let block = blocks.again(first + index, &mut spare.chunk);
                    blocks.accept(first + index, &block);
                    DecodedChunk::of(spare, decoding)
                }
            };
            decoded.number_from(frames);
            frames += decoded.len();
            if let Some(window) = windows.last_mut() {
                window.decoded.push(decoded);
            }
        }
        *most = windows.iter().map(Self::frames).max()?;
        Some(windows)
    }

    /// How many frames it has.
    pub(super) fn frames(&self) -> u64 {
        self.decoded.iter().map(DecodedChunk::len).sum()
    }
}
