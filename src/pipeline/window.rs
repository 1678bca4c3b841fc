//! A window: what is read and decoded at a time, the first of two phases.

use rayon::prelude::*;

use super::decoded::DecodedChunk;
use crate::capture::{Block, Blocks, CaptureReader, Chunk, Fit};

/// Chunks per window: 1 MiB of packets, which stay in the second-level cache of many processors
/// from the one phase to the other.
const WINDOW: usize = 8;

/// What the packets of a window are read into. There are two: while the flows of one window are
/// reassembled, the next one is read.
pub(super) struct Room {
    chunks: Vec<Chunk>,
    /// For blocks of a file whose beginning was guessed wrongly.
    spare: Vec<Chunk>,
}

impl Default for Room {
    fn default() -> Self {
        let chunks = || (0..WINDOW).map(|_| Chunk::default()).collect();
        Self { chunks: chunks(), spare: chunks() }
    }
}

/// What was read of a window; nothing at the end.
pub(super) struct Window<'c> {
    pub(super) decoded: Vec<DecodedChunk<'c>>,
    /// Key logs that stand in it.
    pub(super) secrets: Vec<Vec<u8>>,
}

impl<'c> Window<'c> {
    /// The next packets of a capture that is read from its beginning to its end. Each chunk is
    /// decoded by the core that read it, while its bytes are near.
    pub(super) fn of_stream(
        reader: &mut CaptureReader<'_>,
        room: &'c mut Room,
        encapsulations: usize,
    ) -> Self {
        let mut decoded = Vec::with_capacity(room.chunks.len());
        for chunk in &mut room.chunks {
            if !reader.fill(chunk) {
                break;
            }
            decoded.push(DecodedChunk::of(chunk, encapsulations));
        }
        Self { decoded, secrets: reader.take_secrets() }
    }

    /// The next blocks of a file, each read by any thread, behind so many `frames`. What was
    /// guessed wrongly is read again.
    pub(super) fn of_blocks(
        blocks: &mut Blocks,
        room: &'c mut Room,
        mut frames: u64,
        encapsulations: usize,
    ) -> Self {
        let mut window = Self { decoded: Vec::new(), secrets: Vec::new() };
        if !blocks.next_window() {
            return window;
        }
        let guesses: Vec<(Block, DecodedChunk<'c>)> = room
            .chunks
            .par_iter_mut()
            .enumerate()
            .map(|(index, chunk)| {
                let block = blocks.guess(index, chunk);
                (block, DecodedChunk::of(chunk, encapsulations))
            })
            .collect();
        for ((index, (block, decoded)), spare) in
            guesses.into_iter().enumerate().zip(&mut room.spare)
        {
            let mut decoded = match blocks.accept(index, &block) {
                Fit::Nothing => continue,
                Fit::Follows => decoded,
                Fit::Elsewhere => {
                    let block = blocks.again(index, spare);
                    blocks.accept(index, &block);
                    DecodedChunk::of(spare, encapsulations)
                }
            };
            decoded.number_from(frames);
            frames += decoded.len();
            window.decoded.push(decoded);
        }
        window
    }

    /// How many frames it has.
    pub(super) fn frames(&self) -> u64 {
        self.decoded.iter().map(DecodedChunk::len).sum()
    }

    /// Whether nothing was left to be read.
    pub(super) const fn is_over(&self) -> bool {
        self.decoded.is_empty()
    }
}
