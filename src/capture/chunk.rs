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
}

/// A record's place in its chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameHead {
    pub(super) number: u64,
    pub(super) time: Timestamp,
    pub(super) link: LinkType,
    pub(super) original_len: u32,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Chunk {
    /// The frames, in file order.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.heads.iter().filter_map(|head| {
            Some(Frame {
                number: head.number,
                time: head.time,
                link: head.link,
                original_len: head.original_len,
                data: self.bytes.get(head.start..head.end)?,
            })
        })
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
