//! What goes wrong with a capture file.

use std::io;

/// The file cannot be read as a capture at all.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The operating system said no.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// The first bytes belong to no capture format that is known here.
    #[error(
        "not a capture: begins with {magic}, neither pcap nor pcapng (plain or packed with gzip, bzip2, zstd, xz or lz4)"
    )]
    NotACapture {
        /// The first bytes in hexadecimal.
        magic: String,
    },
    /// The first bytes are those of something else that is known.
    #[error("not a capture that is read here (pcap, pcapng) but {what}: {advice}")]
    Foreign {
        /// What it is.
        what: &'static str,
        /// What to do with it.
        advice: &'static str,
    },
    /// A compressed file inside a compressed file.
    #[error("compressed twice ({outer} holds {inner}): unpack it once and try again")]
    CompressedTwice {
        /// The outer compression.
        outer: &'static str,
        /// The compression found inside.
        inner: &'static str,
    },
    /// A header that is cut or says impossible things.
    #[error("{format} file header at byte 0: {what}")]
    BadHeader {
        /// `pcap` or `pcapng`.
        format: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

/// Something wrong inside a capture: told with its place, and read on behind it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Byte offset in the (uncompressed) capture.
    pub offset: u64,
    /// Number of the last whole frame before it.
    pub after_frame: u64,
    /// What is wrong, and what was done about it.
    pub what: String,
    /// Bytes that could not be read because of it.
    pub lost_bytes: u64,
}
