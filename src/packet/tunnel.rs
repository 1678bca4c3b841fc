//! Tunnels over UDP and GRE, but for CAPWAP.

use super::capwap;
use super::decode::{Layer, Skipped, Turn, Walk};
use super::encapsulation::Encapsulation;
use super::ip::Ip;
use super::link::MPLS;
use super::udp_tls;
use crate::wire::Reader;

/// A UDP datagram that carries packets, recognised by its registered port.
pub(super) fn udp<'a>(walk: &mut Walk, packet: &Ip<'a>) -> Turn<'a> {
    let mut reader = Reader::new(packet.payload);
    let ports = (reader.u16(), reader.u16(), reader.take(4));
    let (Some(source), Some(destination), Some(_)) = ports else {
        return Skipped::NotTcp.turn();
    };
    if [source, destination].contains(&capwap::DATA) {
        return capwap::data(walk, packet, reader.peek());
    }
    let inner = [destination, source].into_iter().find_map(|port| match port {
        4789 => Some((Encapsulation::VXLAN, vxlan(reader))),
        4790 => Some((Encapsulation::VXLAN, vxlan_gpe(reader))),
        6081 => Some((Encapsulation::GENEVE, geneve(reader))),
        2152 => Some((Encapsulation::GTP_U, gtp_u(reader))),
        3544 => Some((Encapsulation::TEREDO, teredo(reader))),
        // RFC 8086 and RFC 7510.
        4754 => Some((Encapsulation::GRE, gre_payload(reader.peek()))),
        6635 => Some((Encapsulation::MPLS, Some(Layer::EtherType(MPLS, reader.peek())))),
        _ => None,
    });
    match inner {
        Some((kind, Some(layer))) => {
            walk.encapsulation.add(kind);
            Turn::Into(layer)
        }
        _ => udp_tls::skipped(reader.peek()).turn(),
    }
}

/// RFC 7348, 5.
fn vxlan(mut reader: Reader<'_>) -> Option<Layer<'_>> {
    let flags = reader.u8()?;
    reader.take(7)?;
    (flags & 0x08 != 0).then(|| Layer::Ethernet(reader.peek()))
}

/// draft-ietf-nvo3-vxlan-gpe, 3: the last byte of the first word tells what follows, where the
/// P bit is set.
fn vxlan_gpe(mut reader: Reader<'_>) -> Option<Layer<'_>> {
    let [flags, _, _, next] = reader.array()?;
    reader.take(4)?;
    let inner = reader.peek();
    match next {
        _ if flags & 0x04 == 0 => Some(Layer::Ethernet(inner)),
        1 | 2 => Some(Layer::Ip(inner)),
        3 => Some(Layer::Ethernet(inner)),
        _ => None,
    }
}

/// RFC 8926, 3.4.
fn geneve(mut reader: Reader<'_>) -> Option<Layer<'_>> {
    let first = reader.u8()?;
    reader.u8()?;
    let protocol = reader.u16()?;
    reader.take(4 + usize::from(first & 0x3f) * 4)?;
    (first >> 6 == 0).then(|| ethernet_or(protocol, reader.peek()))
}

/// 3GPP TS 29.281, 5.1: only G-PDUs (type 255) carry user packets.
fn gtp_u(mut reader: Reader<'_>) -> Option<Layer<'_>> {
    let flags = reader.u8()?;
    let kind = reader.u8()?;
    reader.take(6)?;
    if flags >> 4 != 3 || kind != 255 {
        return None;
    }
    if flags & 7 != 0 {
        reader.take(3)?;
        let mut extension = reader.u8()?;
        while extension != 0 {
            let words = usize::from(reader.u8()?);
            reader.take((words * 4).checked_sub(2)?)?;
            extension = reader.u8()?;
        }
    }
    Some(Layer::Ip(reader.peek()))
}

/// RFC 4380, 5.1.1: an origin indication or authentication data may come first.
fn teredo(mut reader: Reader<'_>) -> Option<Layer<'_>> {
    if reader.peek().starts_with(&[0, 1]) {
        reader.take(2)?;
        let (id, authentication) = (reader.u8()?, reader.u8()?);
        reader.take(usize::from(id) + usize::from(authentication) + 9)?;
    }
    if reader.peek().starts_with(&[0, 0]) {
        reader.take(8)?;
    }
    (reader.peek().first()? >> 4 == 6).then(|| Layer::Ip(reader.peek()))
}

/// GRE (RFC 2784, with key and sequence number of RFC 2890) and the ERSPAN mirrors
/// in it.
pub(super) fn gre<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Turn<'a> {
    match gre_payload(bytes) {
        Some(layer) => {
            walk.encapsulation.add(Encapsulation::GRE);
            Turn::Into(layer)
        }
        None => Skipped::NotTcp.turn(),
    }
}

fn gre_payload(bytes: &[u8]) -> Option<Layer<'_>> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u16()?;
    let protocol = reader.u16()?;
    let version_one = flags & 7 == 1;
    let sequence = flags & 0x1000 != 0;
    // Checksum, key and sequence number take four bytes each; version 1 (PPTP,
    // RFC 2637) may add an acknowledgment number.
    for present in
        [flags & 0x8000 != 0, flags & 0x2000 != 0, sequence, version_one && flags & 0x0080 != 0]
    {
        if present {
            reader.take(4)?;
        }
    }
    Some(match protocol {
        // ERSPAN type I has no header of its own, type II has eight bytes.
        0x88be => {
            reader.take(if sequence { 8 } else { 0 })?;
            Layer::Ethernet(reader.peek())
        }
        // ERSPAN type III: twelve bytes, and eight more when the O bit is set.
        0x22eb => {
            let header = reader.take(12)?;
            if header.last()? & 1 == 1 {
                reader.take(8)?;
            }
            Layer::Ethernet(reader.peek())
        }
        // Packets of a web cache (WCCP): since version 2 behind a redirect header of four bytes,
        // which begins with flags and not as IP does.
        0x883e => {
            let redirected = !matches!(reader.peek().first()?, 0x45..=0x4f | 0x60..=0x6f);
            reader.take(if redirected { 4 } else { 0 })?;
            Layer::Ip(reader.peek())
        }
        0x880b => Layer::Ppp(reader.peek()),
        other => ethernet_or(other, reader.peek()),
    })
}

/// Transparent Ethernet bridging, or an EtherType.
const fn ethernet_or(protocol: u16, bytes: &[u8]) -> Layer<'_> {
    match protocol {
        0x6558 => Layer::Ethernet(bytes),
        other => Layer::EtherType(other, bytes),
    }
}
