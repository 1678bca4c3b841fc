//! What reassembly tells of one direction.

use std::borrow::Cow;

use crate::time::Timestamp;

/// One thing that happened in one direction of a connection, in stream order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent<'a> {
    /// Bytes, as one segment brought them.
    Data {
        /// Offset of the first byte from the start of the direction.
        offset: u64,
        /// The bytes.
        bytes: Cow<'a, [u8]>,
        /// Number of the frame that brought them.
        frame: u64,
        /// When that frame was captured.
        time: Timestamp,
    },
    /// Bytes that the capture does not hold.
    Gap {
        /// Offset of the first missing byte.
        offset: u64,
        /// How many are missing.
        length: u64,
        /// Why.
        cause: GapCause,
    },
}

/// Why bytes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// The packet is there, but its end was cut when it was captured.
    Snaplen,
    /// No packet with these bytes is in the capture.
    NotCaptured,
    /// More was waiting behind the gap than [`crate::limits::Limits`] allows.
    Limit,
}
