//! Link layers and tags, down to IP.

use super::decode::{Layer, Skipped, Turn, Walk};
use super::encapsulation::Encapsulation;
use super::wireless;
use crate::capture::LinkType;
use crate::wire::Reader;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
pub(super) const MPLS: u16 = 0x8847;
/// Values up to here are an IEEE 802.3 length, not an EtherType.
const LONGEST_802_3: u16 = 1500;

/// Enters a frame by its link-layer header type.
pub(super) fn enter(link: LinkType, data: &[u8]) -> Result<Layer<'_>, Skipped> {
    let mut reader = Reader::new(data);
    let layer = match link {
        LinkType::ETHERNET => Some(Layer::Ethernet(data)),
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => Some(Layer::Ip(data)),
        LinkType::IPV4 | LinkType::IPV6 => Some(Layer::Ip(data)),
        LinkType::NULL | LinkType::LOOP => loopback(&mut reader),
        LinkType::LINUX_SLL => cooked(&mut reader),
        LinkType::LINUX_SLL2 => cooked2(&mut reader),
        LinkType::PPP | LinkType::PPP_HDLC => Some(Layer::Ppp(data)),
        LinkType::PPP_WITH_DIR => reader.take(1).map(|_| Layer::Ppp(reader.peek())),
        LinkType::C_HDLC => cisco_hdlc(&mut reader),
        LinkType::PPPOE => reader.take(6).map(|_| Layer::Ppp(reader.peek())),
        LinkType::ATM_RFC1483 => Some(Layer::Llc(data)),
        LinkType::IEEE802_11 => Some(Layer::Wireless(data)),
        LinkType::IEEE802_11_RADIOTAP => wireless::radiotap(&mut reader),
        LinkType::IEEE802_11_PRISM | LinkType::IEEE802_11_AVS => {
            wireless::prism_or_avs(&mut reader)
        }
        LinkType::NFLOG => netfilter_log(&mut reader),
        LinkType::PPI => return per_packet_information(&mut reader),
        LinkType::PKTAP => return packet_tap(&mut reader),
        LinkType::NO_PACKET => return Err(Skipped::NoPacket),
        other => return Err(Skipped::LinkType(other)),
    };
    layer.ok_or(Skipped::CutHeader)
}

/// Four bytes of address family in some byte order: the IP version nibble behind
/// it is surer than the family, whose IPv6 number differs from system to system.
fn loopback<'a>(reader: &mut Reader<'a>) -> Option<Layer<'a>> {
    reader.take(4)?;
    Some(Layer::Ip(reader.peek()))
}

/// Linux cooked capture v1. Whatever the hardware type is (loopback, tunnel, PPP),
/// the protocol field tells what follows.
fn cooked<'a>(reader: &mut Reader<'a>) -> Option<Layer<'a>> {
    reader.take(14)?;
    let protocol = reader.u16()?;
    Some(Layer::EtherType(protocol, reader.peek()))
}

fn cooked2<'a>(reader: &mut Reader<'a>) -> Option<Layer<'a>> {
    let protocol = reader.u16()?;
    reader.take(18)?;
    Some(Layer::EtherType(protocol, reader.peek()))
}

/// Address and control, then what an EtherType would tell (RFC 1547).
fn cisco_hdlc<'a>(reader: &mut Reader<'a>) -> Option<Layer<'a>> {
    reader.take(2)?;
    let protocol = reader.u16()?;
    Some(Layer::EtherType(protocol, reader.peek()))
}

/// A message of Linux's packet filter (registry of tcpdump.org, LINKTYPE_NFLOG): family, version
/// and resource, then attributes, each with its length and type in the order of the host and
/// filled up to four bytes. One is the IP packet.
fn netfilter_log<'a>(reader: &mut Reader<'a>) -> Option<Layer<'a>> {
    const HEADER: u16 = 4;
    const PAYLOAD: u16 = 9;
    reader.take(4)?;
    loop {
        let (length, kind): ([u8; 2], [u8; 2]) = (reader.array()?, reader.array()?);
        // Types are small numbers: this one tells the order.
        let order = if kind[0] == 0 { u16::from_be_bytes } else { u16::from_le_bytes };
        let value = usize::from(order(length).checked_sub(HEADER)?);
        if order(kind) == PAYLOAD {
            return Some(Layer::Ip(reader.take_lax(value).0));
        }
        reader.take(value.next_multiple_of(4))?;
    }
}

/// PPI of CACE: its length and the link type of what follows, both in little-endian order.
fn per_packet_information<'a>(reader: &mut Reader<'a>) -> Result<Layer<'a>, Skipped> {
    let head: Option<[u8; 8]> = reader.array();
    let Some([_, _, low, high, link @ ..]) = head else { return Err(Skipped::CutHeader) };
    let length = usize::from(u16::from_le_bytes([low, high]));
    inner(reader, length.checked_sub(8), u32::from_le_bytes(link))
}

/// What macOS puts in front of the packets of all its interfaces (`bsd/net/pktap.h`): its
/// length, the kind of entry (1: a packet), and the link type of what follows, all in
/// little-endian order.
fn packet_tap<'a>(reader: &mut Reader<'a>) -> Result<Layer<'a>, Skipped> {
    let mut number = || reader.array().map(u32::from_le_bytes).ok_or(Skipped::CutHeader);
    let (length, kind, link) = (number()?, number()?, number()?);
    if kind != 1 {
        return Err(Skipped::NoPacket);
    }
    inner(reader, usize::try_from(length).ok().and_then(|length| length.checked_sub(12)), link)
}

/// Enters what follows `more` bytes of header.
fn inner<'a>(
    reader: &mut Reader<'a>,
    more: Option<usize>,
    link: u32,
) -> Result<Layer<'a>, Skipped> {
    let Some(more) = more else { return Err(Skipped::Malformed) };
    reader.take(more).ok_or(Skipped::CutHeader)?;
    match u16::try_from(link).map(LinkType) {
        // One within another is nothing that is written: no call goes deeper than once.
        Ok(LinkType::PPI | LinkType::PKTAP) | Err(_) => Err(Skipped::Malformed),
        Ok(link) => enter(link, reader.peek()),
    }
}

pub(super) fn ethernet(bytes: &[u8]) -> Turn<'_> {
    tagged(bytes, 12)
}

/// IEEE 802.3 with LLC: IP behind a SNAP header (RFC 1042), or at its own access point (RFC 948).
pub(super) fn llc<'a>(reader: &mut Reader<'a>) -> Turn<'a> {
    if let Some(ip) = reader.peek().strip_prefix(&[0x06, 0x06, 0x03]) {
        return Turn::Into(Layer::Ip(ip));
    }
    match (reader.array(), reader.u16()) {
        (Some([0xaa, 0xaa, 0x03, 0, 0, 0]), Some(kind)) => {
            Turn::Into(Layer::EtherType(kind, reader.peek()))
        }
        _ => Skipped::NotIp.turn(),
    }
}

/// What an EtherType announces: IP, or one more tag.
pub(super) fn ethertype<'a>(walk: &mut Walk, kind: u16, bytes: &'a [u8]) -> Turn<'a> {
    match kind {
        IPV4 | IPV6 => Turn::Into(Layer::Ip(bytes)),
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
            walk.encapsulation.add_vlan();
            tagged(bytes, 2)
        }
        // Cisco metadata: version, length, one option with its 16-bit tag.
        0x8909 => {
            walk.encapsulation.add(Encapsulation::SGT);
            tagged(bytes, 6)
        }
        // VN-Tag of Cisco UCS and Nexus (IEEE 802.1BR drafts): destination and source interface.
        0x8926 => {
            walk.encapsulation.add(Encapsulation::VN_TAG);
            tagged(bytes, 4)
        }
        0x88e5 => {
            walk.encapsulation.add(Encapsulation::MACSEC);
            macsec(bytes)
        }
        MPLS | 0x8848 => {
            walk.encapsulation.add(Encapsulation::MPLS);
            mpls(bytes)
        }
        0x8864 => {
            walk.encapsulation.add(Encapsulation::PPPOE);
            match bytes.get(6..) {
                Some(ppp) => Turn::Into(Layer::Ppp(ppp)),
                None => Skipped::CutHeader.turn(),
            }
        }
        _ => Skipped::NotIp.turn(),
    }
}

/// Addresses or a tag of `length` bytes, with the next EtherType behind it, or with the length of
/// an IEEE 802.3 frame, which may be tagged, too.
fn tagged(bytes: &[u8], length: usize) -> Turn<'_> {
    let mut reader = Reader::new(bytes);
    match reader.take(length).and_then(|_| reader.u16()) {
        Some(length) if length <= LONGEST_802_3 => llc(&mut reader),
        Some(kind) => Turn::Into(Layer::EtherType(kind, reader.peek())),
        None => Skipped::CutHeader.turn(),
    }
}

/// A security tag (IEEE 802.1AE, 9.3), where it protects what can still be read.
fn macsec(bytes: &[u8]) -> Turn<'_> {
    /// An explicit channel identifier of 8 bytes follows.
    const CHANNEL: u8 = 0x20;
    /// Encrypted, or changed in another way.
    const HIDDEN: u8 = 0x0c;
    match bytes.first() {
        Some(control) if control & HIDDEN != 0 => Skipped::Encrypted.turn(),
        Some(control) => tagged(bytes, if control & CHANNEL == 0 { 6 } else { 14 }),
        None => Skipped::CutHeader.turn(),
    }
}

/// Label stack (RFC 3032): what follows the bottom label is told by its first
/// nibble only.
fn mpls(bytes: &[u8]) -> Turn<'_> {
    let mut reader = Reader::new(bytes);
    loop {
        match reader.u32() {
            Some(label) if label >> 8 & 1 == 1 => break,
            Some(_) => {}
            None => return Skipped::CutHeader.turn(),
        }
    }
    let inner = reader.peek();
    match inner.first().map(|byte| byte >> 4) {
        Some(4 | 6) => Turn::Into(Layer::Ip(inner)),
        // A pseudowire with control word (RFC 4448).
        Some(0) => inner
            .get(4..)
            .map_or(Skipped::CutHeader.turn(), |frame| Turn::Into(Layer::Ethernet(frame))),
        Some(_) => Turn::Into(Layer::Ethernet(inner)),
        None => Skipped::CutHeader.turn(),
    }
}

/// PPP (RFC 1661), with or without the HDLC address and control bytes, with or
/// without a compressed protocol field.
pub(super) fn ppp(bytes: &[u8]) -> Turn<'_> {
    let bytes = bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes);
    match bytes {
        [0x00, 0x21 | 0x57, rest @ ..] | [0x21 | 0x57, rest @ ..] => Turn::Into(Layer::Ip(rest)),
        // Labels (RFC 3032, 4.3).
        [0x02, 0x81, rest @ ..] => Turn::Into(Layer::EtherType(MPLS, rest)),
        [] => Skipped::CutHeader.turn(),
        _ => Skipped::NotIp.turn(),
    }
}
