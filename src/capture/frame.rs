//! One packet record as the capture holds it.

use crate::time::Timestamp;

/// A packet record, borrowed from the chunk it was read into.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its number, counted from 1 as Wireshark does.
    pub number: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// What `data` begins with.
    pub link: LinkType,
    /// Length on the wire in bytes; more than `data` holds when it was cut.
    pub original_len: u32,
    /// The captured bytes.
    pub data: &'a [u8],
}

/// The link-layer header type (registry "Link-Layer Header Types" of tcpdump.org).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback, address family in host byte order.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP, perhaps with an HDLC header.
    pub const PPP: Self = Self(9);
    /// Raw IP as some BSDs number it.
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP as OpenBSD numbers it.
    pub const RAW_OPENBSD: Self = Self(14);
    /// PPP in HDLC-like framing.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE session.
    pub const PPPOE: Self = Self(51);
    /// ATM with LLC (RFC 2684, once RFC 1483).
    pub const ATM_RFC1483: Self = Self(100);
    /// Raw IPv4 or IPv6.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// Wireless frames.
    pub const IEEE802_11: Self = Self(105);
    /// OpenBSD loopback, address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux "cooked" capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// Wireless frames behind a header of the Prism driver.
    pub const IEEE802_11_PRISM: Self = Self(119);
    /// Wireless frames behind a radiotap header.
    pub const IEEE802_11_RADIOTAP: Self = Self(127);
    /// Wireless frames behind an AVS header.
    pub const IEEE802_11_AVS: Self = Self(163);
    /// Any link layer behind "per-packet information" of CACE.
    pub const PPI: Self = Self(192);
    /// PPP behind a byte that tells the direction.
    pub const PPP_WITH_DIR: Self = Self(204);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// What Linux's packet filter logs.
    pub const NFLOG: Self = Self(239);
    /// Any link layer, as macOS captures on all its interfaces.
    pub const PKTAP: Self = Self(258);
    /// Linux "cooked" capture, version 2 (`tcpdump -i any`).
    pub const LINUX_SLL2: Self = Self(276);
    /// An entry of a pcapng file that is no packet, though it is numbered as one. The registry
    /// does not give this number to anything.
    pub const NO_PACKET: Self = Self(u16::MAX);
}
