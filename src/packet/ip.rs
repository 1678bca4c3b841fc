//! IPv4 and IPv6 (with extension headers) down to TCP or into a tunnel.

use std::net::IpAddr;

use etherparse::{Ipv6ExtensionSlice, LaxIpPayloadSlice, LaxIpSlice, LaxIpv6Slice, TcpSlice};

use super::decode::{Decoded, Layer, Skipped, Turn, Walk};
use super::dns;
use super::encapsulation::Encapsulation;
use super::endpoint::{Endpoint, FlowKey};
use super::fragment::{DatagramKey, Fragment, Whole};
use super::segment::{Segment, TcpFlags};
use super::tunnel;

/// The part of an IP packet that matters here.
pub(super) struct Ip<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    pub(super) payload: &'a [u8],
    /// Bytes that the header promises beyond the captured ones.
    pub(super) missing: usize,
}

pub(super) fn ip<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Turn<'a> {
    let Ok((slice, stopped)) = LaxIpSlice::from_slice(bytes) else {
        return if bytes.len() < 20 { Skipped::CutHeader } else { Skipped::Malformed }.turn();
    };
    if stopped.is_some() {
        return Skipped::CutHeader.turn();
    }
    let missing = promised(&slice, bytes.len()).saturating_sub(bytes.len());
    let payload = slice.payload();
    let packet = Ip {
        source: slice.source_addr(),
        destination: slice.destination_addr(),
        protocol: payload.ip_number.0,
        payload: payload.payload,
        missing,
    };
    match payload.fragmented.then(|| fragment(walk, &slice, payload, missing)) {
        Some(Some(fragment)) => Turn::Done(Decoded::Fragment(fragment)),
        Some(None) => Skipped::Malformed.turn(),
        None => transport(walk, &packet),
    }
}

/// Length of the whole packet as its header says; what is there when the header
/// says nothing (offloading leaves the length zero).
fn promised(slice: &LaxIpSlice<'_>, available: usize) -> usize {
    let said = match slice {
        LaxIpSlice::Ipv4(v4) => usize::from(v4.header().total_len()),
        LaxIpSlice::Ipv6(v6) => match v6.header().payload_length() {
            0 => 0,
            length => usize::from(length) + 40,
        },
    };
    if said == 0 { available } else { said }
}

/// What an IP packet carries.
pub(super) fn transport<'a>(walk: &mut Walk, packet: &Ip<'a>) -> Turn<'a> {
    let inner = packet.payload;
    match packet.protocol {
        6 => Turn::Done(tcp(walk, packet)),
        1 | 58 if !walk.quoted => icmp_error(walk, packet),
        17 => match dns::answer(walk.frame, packet) {
            Some(answer) if !walk.quoted => Turn::Done(Decoded::Dns(answer)),
            _ => tunnel::udp(walk, packet),
        },
        47 => tunnel::gre(walk, inner),
        4 => {
            walk.encapsulation.add(Encapsulation::IP_IN_IP);
            Turn::Into(Layer::Ip(inner))
        }
        41 => {
            let v4_outside = packet.source.is_ipv4();
            walk.encapsulation.add(if v4_outside {
                Encapsulation::SIX_IN_FOUR
            } else {
                Encapsulation::IP_IN_IP
            });
            Turn::Into(Layer::Ip(inner))
        }
        _ => Skipped::NotTcp.turn(),
    }
}

fn tcp<'a>(walk: &Walk, packet: &Ip<'a>) -> Decoded<'a> {
    let Ok(tcp) = TcpSlice::from_slice(packet.payload) else {
        // An offset below five words contradicts the format; all else is a cut.
        let offset = packet.payload.get(12).map_or(5, |byte| byte >> 4);
        return Decoded::Skipped(if offset < 5 { Skipped::Malformed } else { Skipped::CutHeader });
    };
    let source = Endpoint { address: packet.source, port: tcp.source_port() };
    let destination = Endpoint { address: packet.destination, port: tcp.destination_port() };
    let (key, direction) = FlowKey::new(source, destination);
    let payload = tcp.payload();
    Decoded::Tcp(Segment {
        frame: walk.frame,
        time: walk.time,
        key,
        direction,
        sequence: tcp.sequence_number(),
        acknowledgment: tcp.acknowledgment_number(),
        // Byte 13 holds the control bits; it is there when the slice was made.
        flags: TcpFlags(tcp.header_slice().get(13).copied().unwrap_or_default()),
        payload,
        wire_len: payload.len() + packet.missing,
        encapsulation: walk.encapsulation,
        quoted: walk.quoted,
    })
}

/// An ICMP error quotes the packet that caused it (RFC 792; RFC 4443, 3).
fn icmp_error<'a>(walk: &mut Walk, packet: &Ip<'a>) -> Turn<'a> {
    let is_error = match (packet.protocol, packet.payload.first()) {
        (1, Some(kind)) => matches!(kind, 3 | 4 | 5 | 11 | 12),
        (58, Some(kind)) => matches!(kind, 1..=4),
        _ => false,
    };
    match packet.payload.get(8..) {
        Some(quoted) if is_error => {
            walk.quoted = true;
            Turn::Into(Layer::Ip(quoted))
        }
        _ => Skipped::NotTcp.turn(),
    }
}

fn fragment<'a>(
    walk: &Walk,
    slice: &LaxIpSlice<'a>,
    payload: &LaxIpPayloadSlice<'a>,
    missing: usize,
) -> Option<Fragment<'a>> {
    let (identification, offset, more) = match slice {
        LaxIpSlice::Ipv4(v4) => {
            let header = v4.header();
            (
                u32::from(header.identification()),
                header.fragments_offset().byte_offset(),
                header.more_fragments(),
            )
        }
        LaxIpSlice::Ipv6(v6) => fragment_header(v6)?,
    };
    Some(Fragment {
        frame: walk.frame,
        time: walk.time,
        encapsulation: walk.encapsulation,
        key: DatagramKey {
            source: slice.source_addr(),
            destination: slice.destination_addr(),
            of: Whole::Ip(payload.ip_number.0),
            identification,
        },
        offset: usize::from(offset),
        more,
        missing,
        payload: payload.payload,
    })
}

fn fragment_header(v6: &LaxIpv6Slice<'_>) -> Option<(u32, u16, bool)> {
    v6.extensions().clone().into_iter().find_map(|extension| match extension {
        Ipv6ExtensionSlice::Fragment(header) => Some((
            header.identification(),
            header.fragment_offset().byte_offset(),
            header.more_fragments(),
        )),
        _ => None,
    })
}
