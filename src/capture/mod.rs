//! Files to frames: recognises a capture by its content, undoes compression, and
//! hands on whole packet records in chunks.
//!
//! `pcap-parser` reads the headers and the interface descriptions, on slices of
//! our own buffers. Its streaming readers are not used: one wrong length inside a
//! pcapng block makes them lose the rest of the file, and a short first read makes
//! them refuse it.

pub mod archive;
mod blocks;
mod chunk;
mod error;
mod foreign;
mod frame;
mod open;
mod pcap;
mod pcapng;
mod reader;

pub use blocks::{Block, Blocks, Fit};
pub use chunk::Chunk;
pub use error::{CaptureError, Problem};
pub use frame::{Frame, LinkType};
pub use open::{Compression, Input};
pub use reader::{CaptureReader, Format};
