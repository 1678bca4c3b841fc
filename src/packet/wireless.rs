//! Wireless frames (IEEE Std 802.11, 9.2), alone and behind what the drivers put in front of them.

use super::decode::{Layer, Skipped, Turn};
use super::link;
use crate::capture::LinkType;
use crate::wire::Reader;

/// The lower half of the first byte of a data frame: protocol version 0, type 2.
const DATA: u8 = 0x08;
/// Of its subtype: it carries nothing; there are two bytes of quality of service.
const NULL: u8 = 0x40;
const QOS: u8 = 0x80;
/// Of the second byte: to and from the distribution system, more fragments, encrypted, and
/// with QoS another four bytes of header.
const BOTH_DS: u8 = 0x03;
const MORE: u8 = 0x04;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;
/// Of the first byte of quality of service: several packets follow, each with its own header.
const AGGREGATE: u8 = 0x80;

/// What a frame carries. One that is encrypted, part of another, or several at once is not read.
pub(super) fn frame(bytes: &[u8]) -> Turn<'_> {
    let [kind, flags] = match bytes {
        // The version is 0: access points of Cisco swap the two bytes in what they tunnel.
        [flags, kind, ..] if flags & 0x03 != 0 => [*kind, *flags],
        [kind, flags, ..] => [*kind, *flags],
        _ => return Skipped::CutHeader.turn(),
    };
    if kind & 0x0f != DATA || kind & NULL != 0 {
        return Skipped::NotIp.turn();
    }
    if flags & PROTECTED != 0 {
        return Skipped::Encrypted.turn();
    }
    let addresses = if flags & BOTH_DS == BOTH_DS { 30 } else { 24 };
    let quality = if kind & QOS == 0 { 0 } else { 2 };
    let more = if kind & QOS != 0 && flags & ORDER != 0 { 4 } else { 0 };
    let Some((header, body)) = bytes.split_at_checked(addresses + quality + more) else {
        return Skipped::CutHeader.turn();
    };
    let fragment = flags & MORE != 0 || header.get(22).is_some_and(|byte| byte & 0x0f != 0);
    let several = quality > 0 && header.get(addresses).is_some_and(|byte| byte & AGGREGATE != 0);
    if fragment || several {
        return Skipped::LinkType(LinkType::IEEE802_11).turn();
    }
    // Some drivers fill the header up to a whole number of words.
    let filled = header.len() % 4 != 0 && body.starts_with(&[0, 0]);
    link::llc(&mut Reader::new(if filled { body.get(2..).unwrap_or_default() } else { body }))
}

/// Behind a radiotap header (radiotap.org): its length stands in little-endian order.
pub(super) fn radiotap<'a>(reader: &mut Reader<'a>) -> Option<Layer<'a>> {
    let [_, _, low, high] = reader.array()?;
    behind(reader, u32::from(u16::from_le_bytes([low, high])), 4)
}

/// Behind the header of a Prism or AVS driver, which tells its length: the one in the order of
/// its host, the other big-endian.
pub(super) fn prism_or_avs<'a>(reader: &mut Reader<'a>) -> Option<Layer<'a>> {
    let (magic, length): ([u8; 4], [u8; 4]) = (reader.array()?, reader.array()?);
    let little = matches!(magic, [0x44 | 0x41, 0, 0, 0]);
    let length = if little { u32::from_le_bytes(length) } else { u32::from_be_bytes(length) };
    behind(reader, length, 8)
}

/// A frame behind a header of `length` bytes, of which some were read.
fn behind<'a>(reader: &mut Reader<'a>, length: u32, read: usize) -> Option<Layer<'a>> {
    reader.take(usize::try_from(length).ok()?.checked_sub(read)?)?;
    Some(Layer::Wireless(reader.peek()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Decoded;

    /// What a frame is skipped for whose header of 26 bytes begins so, and ends with `quality`.
    fn skipped(control: [u8; 2], sequence: u8, quality: u8) -> Option<Skipped> {
        let mut bytes = [0; 60];
        [bytes[0], bytes[1], bytes[22], bytes[24]] = [control[0], control[1], sequence, quality];
        bytes[26..29].copy_from_slice(&[0xaa, 0xaa, 3]);
        match frame(&bytes) {
            Turn::Done(Decoded::Skipped(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Each is counted as what it is.
    #[test]
    fn what_is_not_read_is_named() {
        let unread = Some(Skipped::LinkType(LinkType::IEEE802_11));
        assert_eq!(skipped([0x88, 0x01], 0x10, 0), None);
        assert_eq!(skipped([0x88, 0x41], 0, 0), Some(Skipped::Encrypted));
        assert_eq!(skipped([0x88, 0x05], 0, 0), unread, "more fragments");
        assert_eq!(skipped([0x88, 0x01], 1, 0), unread, "a later fragment");
        assert_eq!(skipped([0x88, 0x01], 0, 0x80), unread, "several packets");
        assert_eq!(skipped([0x80, 0x00], 0, 0), Some(Skipped::NotIp), "a beacon");
        assert_eq!(skipped([0xc8, 0x01], 0, 0), Some(Skipped::NotIp), "no data");
        assert!(matches!(frame(&[8]), Turn::Done(Decoded::Skipped(Skipped::CutHeader))));
    }
}
