//! Frames to segments: walks from the link layer to TCP, through tags and
//! tunnels, and says why when there is no TCP in a packet.
//!
//! The walk over link layers and tunnels is ours: etherparse's packet slicers
//! refuse loopback frames of Linux cooked captures, stop silently at PPPoE, MPLS
//! and 802.3 frames, and follow no tunnel. IP and TCP headers are read with
//! etherparse's lax slices, because its strict ones drop every packet that a
//! snapshot length has cut and every one that offloading left without a length.

mod capwap;
mod decode;
mod dns;
mod encapsulation;
mod endpoint;
mod fragment;
mod ip;
mod link;
mod plain;
mod segment;
mod tunnel;
mod udp_tls;
mod wireless;

pub use decode::{Decoded, Skipped, decode};
pub use dns::DnsAnswer;
pub use encapsulation::Encapsulation;
pub use endpoint::{Direction, Endpoint, FlowKey, PerDirection};
pub use fragment::{Datagram, Defragmenter, Fragment};
pub use plain::Usual;
pub use segment::{Segment, TcpFlags};
