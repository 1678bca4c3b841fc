//! The walk: link layer, network layer, TCP.

use super::dns::DnsAnswer;
use super::encapsulation::Encapsulation;
use super::fragment::Fragment;
use super::ip;
use super::link;
use super::plain::Usual;
use super::segment::Segment;
use super::wireless;
use crate::capture::{Frame, LinkType};
use crate::time::Timestamp;
use crate::wire::Reader;

/// What a frame turned out to hold.
#[derive(Debug)]
pub enum Decoded<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// Part of an IP datagram, for the [`super::Defragmenter`].
    Fragment(Fragment<'a>),
    /// An answer of the DNS.
    Dns(DnsAnswer),
    /// No TCP segment, and why.
    Skipped(Skipped),
}

/// Why a frame gave no TCP segment. None of these is an error; they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skipped {
    /// The link-layer header type is not read here.
    LinkType(LinkType),
    /// An entry of the capture that is no packet: of a journal, an event, a custom block.
    NoPacket,
    /// Neither IPv4 nor IPv6 (ARP, LLDP, ...).
    NotIp,
    /// Encrypted below IP: a wireless frame, or MACsec.
    Encrypted,
    /// TLS over UDP (RFC 9147 and before).
    Dtls,
    /// A handshake of QUIC (RFC 9000), which is TLS 1.3 over UDP.
    Quic,
    /// IP, but another protocol than TCP (UDP, ICMP, ...).
    NotTcp,
    /// The captured bytes end before the TCP payload begins.
    CutHeader,
    /// A header that contradicts itself.
    Malformed,
    /// More layers of encapsulation than the limit.
    TooDeep,
}

/// A place in the walk: what the next bytes are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer<'a> {
    Ethernet(&'a [u8]),
    Llc(&'a [u8]),
    EtherType(u16, &'a [u8]),
    Ppp(&'a [u8]),
    Wireless(&'a [u8]),
    Ip(&'a [u8]),
}

/// What is carried along the walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) frame: u64,
    pub(super) time: Timestamp,
    pub(super) encapsulation: Encapsulation,
    /// Layers that may still be entered.
    pub(super) depth: usize,
    /// Inside an ICMP error.
    pub(super) quoted: bool,
}

/// A step of the walk: the end of it, or the next layer.
pub(super) enum Turn<'a> {
    Done(Decoded<'a>),
    Into(Layer<'a>),
}

impl Skipped {
    pub(super) const fn turn<'a>(self) -> Turn<'a> {
        Turn::Done(Decoded::Skipped(self))
    }
}

/// Finds the innermost TCP segment of `frame`.
///
/// `encapsulations` bounds how many layers are entered.
#[must_use]
pub fn decode<'a>(frame: &Frame<'a>, encapsulations: usize) -> Decoded<'a> {
    let usual = Usual::of(frame, 0, 0).and_then(|usual| usual.segment(frame.data, frame.number));
    usual.map_or_else(|| walk(frame, encapsulations), Decoded::Tcp)
}

/// Walks from the link layer of `frame` to the innermost TCP segment.
pub(super) fn walk<'a>(frame: &Frame<'a>, encapsulations: usize) -> Decoded<'a> {
    let mut walk = Walk {
        frame: frame.number,
        time: frame.time,
        encapsulation: Encapsulation::default(),
        // Link header, EtherType, IP: three layers even without any tunnel.
        depth: encapsulations + 3,
        quoted: false,
    };
    match link::enter(frame.link, frame.data) {
        Ok(layer) => walk.down(layer),
        Err(skipped) => Decoded::Skipped(skipped),
    }
}

impl Walk {
    pub(super) fn down<'a>(&mut self, mut layer: Layer<'a>) -> Decoded<'a> {
        while self.depth > 0 {
            self.depth -= 1;
            let turn = match layer {
                Layer::Ethernet(bytes) => link::ethernet(bytes),
                Layer::Llc(bytes) => link::llc(&mut Reader::new(bytes)),
                Layer::EtherType(kind, bytes) => link::ethertype(self, kind, bytes),
                Layer::Ppp(bytes) => link::ppp(bytes),
                Layer::Wireless(bytes) => wireless::frame(bytes),
                Layer::Ip(bytes) => ip::ip(self, bytes),
            };
            match turn {
                Turn::Done(decoded) => return decoded,
                Turn::Into(next) => layer = next,
            }
        }
        Decoded::Skipped(Skipped::TooDeep)
    }
}
