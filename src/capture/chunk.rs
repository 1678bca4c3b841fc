//! A run of whole packet records in one buffer.

use super::frame::{Frame, LinkType};
use crate::time::Timestamp;

/// Packet records read together. The buffer is reused from fill to fill, so a
/// capture of any size passes through the same few chunks.
#[derive(Debug, Default)]
pub struct Chunk {
    /// What was read; records lie in its front part.
    pub(super) bytes: Vec<u8>,
    /// Where the records lie in `bytes`.
    pub(super) heads: Vec<FrameHead>,
    /// Frames before the first one.
    pub(super) frames_before: u64,
}

/// A record's place in its chunk, and what its header says. Small, because there is one for
/// every frame of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameHead {
    pub(super) time: Timestamp,
    pub(super) original_len: u32,
    pub(super) start: u32,
    pub(super) length: u32,
    pub(super) link: LinkType,
}

impl Chunk {
    /// The frames, in file order.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        (0..self.heads.len()).filter_map(|at| self.frame(at))
    }

    /// The frame at a place, counted from 0.
    #[inline]
    #[must_use]
    pub fn frame(&self, at: usize) -> Option<Frame<'_>> {
        let head = self.heads.get(at)?;
        let start = head.start as usize;
        Some(Frame {
            number: self.frames_before + at as u64 + 1,
            time: head.time,
            link: head.link,
            original_len: head.original_len,
            data: self.bytes.get(start..start + head.length as usize)?,
        })
    }

    /// Where in [`Self::bytes`] the data of the frame at a place begins.
    #[inline]
    #[must_use]
    pub fn start(&self, at: usize) -> u32 {
        self.heads.get(at).map_or(0, |head| head.start)
    }

    /// What was read.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Frames of the capture before the first one of this chunk, as far as that is known.
    #[must_use]
    pub const fn frames_before(&self) -> u64 {
        self.frames_before
    }

    /// How many frames it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether it holds no frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }
}
