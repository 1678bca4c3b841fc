//! One TCP segment: what reassembly needs, borrowed from its frame.

use super::encapsulation::Encapsulation;
use super::endpoint::{Direction, FlowKey};
use crate::time::Timestamp;

/// A TCP segment (RFC 9293, 3.1).
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Number of the frame that held it (the last one, of fragments).
    pub frame: u64,
    /// When that frame was captured.
    pub time: Timestamp,
    /// The two ends.
    pub key: FlowKey,
    /// Who sent it.
    pub direction: Direction,
    /// Sequence number of the first byte, or of the SYN.
    pub sequence: u32,
    /// Acknowledgment number; meaningful with [`TcpFlags::ACK`] only.
    pub acknowledgment: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// The captured payload.
    pub payload: &'a [u8],
    /// Length of the payload on the wire; more than `payload` when it was cut.
    pub wire_len: usize,
    /// What it was wrapped in.
    pub encapsulation: Encapsulation,
    /// It is only quoted, in an ICMP error: its connection exists, but nothing in it
    /// counts a second time.
    pub quoted: bool,
}

/// Control bits of a segment (RFC 9293, 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// The sender is finished.
    pub const FIN: Self = Self(1);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(1 << 1);
    /// Reset the connection.
    pub const RST: Self = Self(1 << 2);
    /// Push.
    pub const PSH: Self = Self(1 << 3);
    /// The acknowledgment number counts.
    pub const ACK: Self = Self(1 << 4);

    /// What ends or breaks off a connection.
    pub const FIN_RST: Self = Self(0b101);
    /// What opens, ends or breaks off a connection.
    pub const SYN_FIN_RST: Self = Self(0b111);

    /// Whether any bit of `other` is set.
    #[inline]
    #[must_use]
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all bits of `other` are set.
    #[inline]
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
