//! One bench per room, and what they share.

pub(crate) mod capture;
pub(crate) mod end_to_end;
pub(crate) mod flow;
pub(crate) mod packet;
pub(crate) mod scan;
pub(crate) mod tls;
pub(crate) mod trust;
pub(crate) mod x509;

use std::io::Cursor;

use tlsight::capture::{CaptureReader, Chunk, Input};
use tlsight::limits::Limits;
use tlsight::packet::{Decoded, Segment, decode};

use crate::generator::{Format, Mix, Size, Truth, generate};

/// Bytes of the captures of the small benches: more than a second-level cache holds.
pub(crate) const SMALL: Size = Size::Bytes(8 << 20);

/// A capture in memory.
pub(crate) fn capture(mix: Mix, size: Size, format: Format) -> (Vec<u8>, Truth) {
    let mut bytes = Vec::new();
    let truth = generate(mix, size, format, &mut bytes).unwrap();
    (bytes, truth)
}

/// A reader over a capture in memory.
pub(crate) fn reader(bytes: &[u8]) -> CaptureReader<'_> {
    let input = Input::from_reader(Box::new(Cursor::new(bytes))).unwrap();
    CaptureReader::new(input, &Limits::default()).unwrap()
}

/// All chunks of a capture.
pub(crate) fn chunks(bytes: &[u8]) -> Vec<Chunk> {
    let mut reader = reader(bytes);
    let mut chunks = Vec::new();
    loop {
        let mut chunk = Chunk::default();
        if !reader.fill(&mut chunk) {
            return chunks;
        }
        chunks.push(chunk);
    }
}

/// All segments of a capture.
pub(crate) fn segments(chunks: &[Chunk]) -> Vec<Segment<'_>> {
    let depth = Limits::default().encapsulations;
    let frames = chunks.iter().flat_map(Chunk::frames);
    frames
        .filter_map(|frame| match decode(&frame, depth) {
            Decoded::Tcp(segment) => Some(segment),
            _ => None,
        })
        .collect()
}
