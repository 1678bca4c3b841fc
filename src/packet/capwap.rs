//! CAPWAP (RFC 5415, 4.3): what access points tunnel to their controller.

use super::decode::{Decoded, Layer, Skipped, Turn, Walk};
use super::encapsulation::Encapsulation;
use super::fragment::{DatagramKey, Fragment, Whole};
use super::ip::Ip;
use super::udp_tls;
use crate::wire::Reader;

/// The UDP port of the data channel.
pub(super) const DATA: u16 = 5247;

/// Version 0, and a header in clear; 1 stands before DTLS.
const CLEAR: u8 = 0;
const DTLS: u8 = 1;
/// In the first word: the frame is in its wireless format; it is a fragment, and the last one.
const WIRELESS: u32 = 1 << 8;
const FRAGMENT: u32 = 1 << 7;
const LAST: u32 = 1 << 6;
/// Nothing but a sign of life.
const KEEP_ALIVE: u32 = 1 << 3;

/// A datagram of the data channel, whose payload is `bytes`.
pub(super) fn data<'a>(walk: &mut Walk, packet: &Ip<'a>, bytes: &'a [u8]) -> Turn<'a> {
    match bytes.first() {
        Some(&CLEAR) => {}
        Some(&DTLS) => return udp_tls::skipped(bytes.get(4..).unwrap_or_default()).turn(),
        _ => return udp_tls::skipped(bytes).turn(),
    }
    let mut reader = Reader::new(bytes);
    let (Some(word), Some(place)) = (reader.u32(), reader.u32()) else {
        return Skipped::CutHeader.turn();
    };
    if word & KEEP_ALIVE != 0 {
        return Skipped::NotTcp.turn();
    }
    // The length of the header in words of four bytes, of which two were read.
    let more = usize::try_from(word >> 19 & 0x1f).unwrap_or_default().saturating_sub(2) * 4;
    if reader.take(more).is_none() {
        return Skipped::CutHeader.turn();
    }
    walk.encapsulation.add(Encapsulation::CAPWAP);
    let wireless = word & WIRELESS != 0;
    if word & FRAGMENT == 0 {
        return Turn::Into(inner(wireless, reader.peek()));
    }
    Turn::Done(Decoded::Fragment(Fragment {
        frame: walk.frame,
        time: walk.time,
        encapsulation: walk.encapsulation,
        key: DatagramKey {
            source: packet.source,
            destination: packet.destination,
            of: Whole::Capwap { wireless },
            identification: place >> 16,
        },
        // Counted in units of eight bytes (RFC 5415, 4.3), and three bits are reserved.
        offset: usize::try_from(place & 0xfff8).unwrap_or_default(),
        more: word & LAST == 0,
        missing: packet.missing,
        payload: reader.peek(),
    }))
}

/// What is tunnelled.
pub(super) const fn inner(wireless: bool, bytes: &[u8]) -> Layer<'_> {
    if wireless { Layer::Wireless(bytes) } else { Layer::Ethernet(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn what_is_not_tunnelled_in_clear_is_named() {
        let skipped = |bytes: &[u8]| {
            let encapsulation = Encapsulation::default();
            let time = Timestamp::default();
            let mut walk = Walk { frame: 1, time, encapsulation, depth: 4, quoted: false };
            let ends = [[192, 0, 2, 1], [192, 0, 2, 2]].map(std::net::IpAddr::from);
            let packet = Ip {
                source: ends[0],
                destination: ends[1],
                protocol: 17,
                payload: bytes,
                missing: 0,
            };
            match data(&mut walk, &packet, bytes) {
                Turn::Done(Decoded::Skipped(reason)) => Some(reason),
                _ => None,
            }
        };
        let dtls = [&[DTLS, 0, 0, 0, 23, 0xfe, 0xfd][..], &[0; 20]].concat();
        assert_eq!(skipped(&dtls), Some(Skipped::Dtls));
        assert_eq!(skipped(&[0, 0x10, 0x02, 0x08, 0, 0, 0, 0, 0]), Some(Skipped::NotTcp));
        assert_eq!(skipped(&[0, 0xf8, 0x03, 0, 0, 0, 0, 0]), Some(Skipped::CutHeader));
        assert_eq!(skipped(&[0, 0x10]), Some(Skipped::CutHeader));
        assert_eq!(skipped(&[]), Some(Skipped::NotTcp));
        assert_eq!(skipped(&[0, 0x10, 0x03, 0, 0, 0, 0, 0]), None);
    }
}
