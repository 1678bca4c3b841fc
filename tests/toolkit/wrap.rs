//! Headers: TCP and IP around a segment, and links and tunnels around that.
//!
//! TCP and UDP checksums stay zero, as a sender with offloading leaves them.

use std::net::{IpAddr, SocketAddr};

use super::conversation::{Conversation, Segment};
use super::file::Frame;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// What stands around the IP packet of a segment: the link type of the file, and
/// the bytes of the frame made of the bytes of the packet.
#[derive(Clone, Copy)]
pub(crate) struct Wrapping {
    pub(crate) name: &'static str,
    pub(crate) link: u16,
    pub(crate) wrap: fn(&[u8]) -> Vec<u8>,
    /// Names in the connection's `encapsulation`.
    pub(crate) told: &'static [&'static str],
}

pub(crate) const ETHERNET: Wrapping =
    Wrapping { name: "Ethernet", link: 1, wrap: ethernet_of_ip, told: &[] };

/// Every link layer and tunnel.
pub(crate) const WRAPPINGS: &[Wrapping] = &[
    ETHERNET,
    Wrapping { name: "802.3 with SNAP", link: 1, wrap: snap, told: &[] },
    Wrapping { name: "802.3 with LLC alone", link: 1, wrap: llc, told: &[] },
    Wrapping { name: "802.3 in VLAN", link: 1, wrap: snap_in_vlan, told: &["VLAN"] },
    Wrapping { name: "VLAN", link: 1, wrap: |ip| ethernet(0x8100, &tag(ip)), told: &["VLAN"] },
    Wrapping { name: "QinQ", link: 1, wrap: qinq, told: &["QinQ"] },
    Wrapping { name: "MPLS", link: 1, wrap: |ip| ethernet(0x8847, &mpls(ip)), told: &["MPLS"] },
    Wrapping { name: "MPLS, two labels", link: 1, wrap: two_labels, told: &["MPLS"] },
    Wrapping { name: "Ethernet over MPLS", link: 1, wrap: pseudowire, told: &["MPLS"] },
    Wrapping { name: "PPPoE", link: 1, wrap: |ip| ethernet(0x8864, &pppoe(ip)), told: &["PPPoE"] },
    Wrapping { name: "Cisco SGT", link: 1, wrap: sgt, told: &["Cisco SGT"] },
    Wrapping { name: "VLAN and SGT", link: 1, wrap: sgt_in_vlan, told: &["VLAN", "Cisco SGT"] },
    Wrapping { name: "VN-Tag", link: 1, wrap: vn_tag, told: &["VN-Tag"] },
    Wrapping { name: "VLAN in VN-Tag", link: 1, wrap: vlan_in_vn_tag, told: &["VLAN", "VN-Tag"] },
    Wrapping { name: "MACsec without encryption", link: 1, wrap: macsec, told: &["MACsec"] },
    Wrapping { name: "null, little-endian", link: 0, wrap: null_little, told: &[] },
    Wrapping { name: "null, big-endian", link: 0, wrap: null_big, told: &[] },
    Wrapping { name: "loop", link: 108, wrap: null_big, told: &[] },
    Wrapping { name: "PPP", link: 9, wrap: ppp, told: &[] },
    Wrapping { name: "PPP with HDLC header", link: 50, wrap: hdlc, told: &[] },
    Wrapping { name: "PPP with direction", link: 204, wrap: ppp_with_direction, told: &[] },
    Wrapping { name: "MPLS in PPP", link: 9, wrap: mpls_in_ppp, told: &["MPLS"] },
    Wrapping { name: "Cisco HDLC", link: 104, wrap: cisco_hdlc, told: &[] },
    Wrapping { name: "PPPoE link", link: 51, wrap: pppoe, told: &[] },
    Wrapping { name: "raw", link: 101, wrap: <[u8]>::to_vec, told: &[] },
    Wrapping { name: "raw, BSD's number", link: 12, wrap: <[u8]>::to_vec, told: &[] },
    Wrapping { name: "raw, OpenBSD's number", link: 14, wrap: <[u8]>::to_vec, told: &[] },
    Wrapping { name: "SLL", link: 113, wrap: sll, told: &[] },
    Wrapping { name: "SLL2", link: 276, wrap: sll2, told: &[] },
    Wrapping { name: "IP in IP", link: 1, wrap: ip_in_ip, told: &["IP in IP"] },
    Wrapping { name: "GRE", link: 1, wrap: gre, told: &["GRE"] },
    Wrapping { name: "GRE with key", link: 1, wrap: gre_with_key, told: &["GRE"] },
    Wrapping { name: "Ethernet over GRE", link: 1, wrap: nvgre, told: &["GRE"] },
    Wrapping { name: "WCCP", link: 1, wrap: wccp, told: &["GRE"] },
    Wrapping { name: "WCCP, version 1", link: 1, wrap: wccp1, told: &["GRE"] },
    Wrapping { name: "GRE in UDP", link: 1, wrap: gre_in_udp, told: &["GRE"] },
    Wrapping { name: "MPLS in UDP", link: 1, wrap: mpls_in_udp, told: &["MPLS"] },
    Wrapping { name: "ERSPAN I", link: 1, wrap: erspan1, told: &["GRE"] },
    Wrapping { name: "ERSPAN II", link: 1, wrap: erspan2, told: &["GRE"] },
    Wrapping { name: "ERSPAN III", link: 1, wrap: erspan3, told: &["GRE"] },
    Wrapping { name: "VXLAN", link: 1, wrap: vxlan, told: &["VXLAN"] },
    Wrapping { name: "VXLAN-GPE", link: 1, wrap: vxlan_gpe, told: &["VXLAN"] },
    Wrapping { name: "GENEVE", link: 1, wrap: geneve, told: &["GENEVE"] },
    Wrapping { name: "GENEVE with options", link: 1, wrap: geneve_options, told: &["GENEVE"] },
    Wrapping { name: "GTP-U", link: 1, wrap: gtp_u, told: &["GTP-U"] },
    Wrapping { name: "GTP-U with extension", link: 1, wrap: gtp_u_extended, told: &["GTP-U"] },
    Wrapping { name: "LLC on ATM", link: 100, wrap: llc_and_snap, told: &[] },
    Wrapping { name: "NFLOG", link: 239, wrap: nflog, told: &[] },
    Wrapping { name: "PKTAP", link: 258, wrap: pktap, told: &[] },
    Wrapping { name: "802.11", link: 105, wrap: wireless, told: &[] },
    Wrapping { name: "802.11 with QoS", link: 105, wrap: wireless_qos, told: &[] },
    Wrapping { name: "802.11 between two access points", link: 105, wrap: wireless_ds, told: &[] },
    Wrapping { name: "802.11, filled up, behind radiotap", link: 127, wrap: radiotap, told: &[] },
    Wrapping { name: "802.11 behind Prism", link: 119, wrap: prism, told: &[] },
    Wrapping { name: "802.11 behind AVS", link: 163, wrap: avs, told: &[] },
    Wrapping { name: "802.11 behind PPI", link: 192, wrap: ppi, told: &[] },
    Wrapping { name: "CAPWAP", link: 1, wrap: capwap, told: &["CAPWAP"] },
    Wrapping { name: "CAPWAP, swapped", link: 1, wrap: capwap_swapped, told: &["CAPWAP"] },
    Wrapping { name: "CAPWAP with Ethernet", link: 1, wrap: capwap_ethernet, told: &["CAPWAP"] },
    Wrapping { name: "VXLAN in VLAN", link: 1, wrap: vxlan_in_vlan, told: &["VLAN", "VXLAN"] },
];

/// Tunnels that carry IPv6 only.
pub(crate) const WRAPPINGS_OF_IPV6: &[Wrapping] = &[
    Wrapping { name: "6in4", link: 1, wrap: six_in_four, told: &["6in4"] },
    Wrapping { name: "6in6", link: 1, wrap: six_in_six, told: &["IP in IP"] },
    Wrapping { name: "Teredo", link: 1, wrap: teredo, told: &["Teredo"] },
    Wrapping { name: "Teredo with origin", link: 1, wrap: teredo_origin, told: &["Teredo"] },
    Wrapping { name: "IPv6 on null", link: 0, wrap: null6, told: &[] },
    Wrapping { name: "IPv6 on PPP", link: 9, wrap: ppp6, told: &[] },
    Wrapping { name: "IPv6 with extension headers", link: 1, wrap: hop_by_hop, told: &[] },
];

/// The frames of a conversation.
pub(crate) fn frames(talk: &Conversation, around: Wrapping) -> Vec<Frame> {
    let frame =
        |segment: &Segment| Frame::new(segment.nanos, (around.wrap)(&packet(talk, segment)));
    talk.segments.iter().map(frame).collect()
}

/// Frames on Ethernet.
pub(crate) fn plain(talk: &Conversation) -> Vec<Frame> {
    frames(talk, ETHERNET)
}

/// The IP packet of a segment.
pub(crate) fn packet(talk: &Conversation, segment: &Segment) -> Vec<u8> {
    let (from, to) =
        if segment.client { (talk.client, talk.server) } else { (talk.server, talk.client) };
    ip(from.ip(), to.ip(), 6, &tcp(from, to, segment))
}

pub(crate) fn tcp(from: SocketAddr, to: SocketAddr, segment: &Segment) -> Vec<u8> {
    let mut bytes = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    bytes.extend(segment.sequence.to_be_bytes());
    bytes.extend(segment.acknowledgment.to_be_bytes());
    bytes.extend([5 << 4, segment.flags, 0x20, 0, 0, 0, 0, 0]);
    bytes.extend(&segment.payload);
    bytes
}

pub(crate) fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            ipv4([from.octets(), to.octets()], protocol, [0; 4], payload)
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => ipv6([from.octets(), to.octets()], protocol, payload),
        _ => panic!("{from} and {to} are of two families"),
    }
}

/// `fragment`: identification, and flags with offset.
pub(crate) fn ipv4(ends: [[u8; 4]; 2], protocol: u8, fragment: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut header = vec![0x45, 0, total[0], total[1]];
    header.extend(fragment);
    header.extend([64, protocol, 0, 0]);
    header.extend(ends.concat());
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    [&header, payload].concat()
}

fn ipv6(ends: [[u8; 16]; 2], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut header = vec![0x60, 0, 0, 0, length[0], length[1], protocol, 64];
    header.extend(ends.concat());
    [&header, payload].concat()
}

fn checksum(header: &[u8]) -> u16 {
    let words = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap()
}

/// An IP packet in fragments whose payloads are at most `size` bytes.
pub(crate) fn fragments(packet: &[u8], identification: u16, size: usize) -> Vec<Vec<u8>> {
    let header = if packet[0] >> 4 == 6 { 40 } else { 20 };
    let (head, payload) = packet.split_at(header);
    let count = payload.len().div_ceil(size);
    let fragment = |(index, part): (usize, &[u8])| {
        let offset = u16::try_from(index * size).unwrap();
        let more = index + 1 < count;
        if header == 20 {
            let word = ((offset / 8) | (u16::from(more) << 13)).to_be_bytes();
            let id = identification.to_be_bytes();
            let ends = [head[12..16].try_into().unwrap(), head[16..20].try_into().unwrap()];
            ipv4(ends, head[9], [id[0], id[1], word[0], word[1]], part)
        } else {
            let ends = [head[8..24].try_into().unwrap(), head[24..40].try_into().unwrap()];
            let word = (offset | u16::from(more)).to_be_bytes();
            let id = identification.to_be_bytes();
            let extension = [head[6], 0, word[0], word[1], 0, 0, id[0], id[1]];
            ipv6(ends, 44, &[&extension, part].concat())
        }
    };
    payload.chunks(size).enumerate().map(fragment).collect()
}

fn kind_of(ip: &[u8]) -> u16 {
    if ip.first().is_some_and(|first| first >> 4 == 6) { IPV6 } else { IPV4 }
}

pub(crate) fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    let addresses = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    [&addresses[..], &kind.to_be_bytes(), payload].concat()
}

fn ethernet_of_ip(ip: &[u8]) -> Vec<u8> {
    ethernet(kind_of(ip), ip)
}

fn snap(ip: &[u8]) -> Vec<u8> {
    let kind = kind_of(ip).to_be_bytes();
    let llc = [&[0xaa, 0xaa, 3, 0, 0, 0][..], &kind, ip].concat();
    ethernet(u16::try_from(llc.len().min(1500)).unwrap(), &llc)
}

fn llc(ip: &[u8]) -> Vec<u8> {
    let llc = [&[6, 6, 3][..], ip].concat();
    ethernet(u16::try_from(llc.len().min(1500)).unwrap(), &llc)
}

fn snap_in_vlan(ip: &[u8]) -> Vec<u8> {
    ethernet(0x8100, &[&[0, 42][..], &snap(ip)[12..]].concat())
}

fn ppp_with_direction(ip: &[u8]) -> Vec<u8> {
    [&[1][..], &hdlc(ip)].concat()
}

fn mpls_in_ppp(ip: &[u8]) -> Vec<u8> {
    [&[0xff, 3, 2, 0x81][..], &mpls(ip)].concat()
}

fn cisco_hdlc(ip: &[u8]) -> Vec<u8> {
    [&[0x0f, 0][..], &kind_of(ip).to_be_bytes(), ip].concat()
}

/// The rest of a VLAN tag, and the EtherType behind it.
fn tag(ip: &[u8]) -> Vec<u8> {
    [&[0, 42][..], &kind_of(ip).to_be_bytes(), ip].concat()
}

fn qinq(ip: &[u8]) -> Vec<u8> {
    ethernet(0x88a8, &[&[0, 7, 0x81, 0][..], &tag(ip)].concat())
}

fn mpls(ip: &[u8]) -> Vec<u8> {
    [&[0, 1, 0x01, 64][..], ip].concat()
}

fn two_labels(ip: &[u8]) -> Vec<u8> {
    ethernet(0x8847, &[&[0, 2, 0x00, 64][..], &mpls(ip)].concat())
}

/// RFC 4448: a control word, then an Ethernet frame.
fn pseudowire(ip: &[u8]) -> Vec<u8> {
    ethernet(0x8847, &[&[0, 1, 0x01, 64, 0, 0, 0, 0][..], &ethernet_of_ip(ip)].concat())
}

fn ppp(ip: &[u8]) -> Vec<u8> {
    [&[0, 0x21][..], ip].concat()
}

fn ppp6(ip: &[u8]) -> Vec<u8> {
    [&[0, 0x57][..], ip].concat()
}

fn hdlc(ip: &[u8]) -> Vec<u8> {
    [&[0xff, 3][..], &ppp(ip)].concat()
}

fn pppoe(ip: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ip.len() + 2).unwrap().to_be_bytes();
    [&[0x11, 0, 0, 9][..], &length, &ppp(ip)].concat()
}

fn sgt_tag(ip: &[u8]) -> Vec<u8> {
    [&[1, 1, 0, 1, 0, 100][..], &kind_of(ip).to_be_bytes(), ip].concat()
}

fn sgt(ip: &[u8]) -> Vec<u8> {
    ethernet(0x8909, &sgt_tag(ip))
}

fn sgt_in_vlan(ip: &[u8]) -> Vec<u8> {
    ethernet(0x8100, &[&[0, 42, 0x89, 0x09][..], &sgt_tag(ip)].concat())
}

fn vn_tag(ip: &[u8]) -> Vec<u8> {
    ethernet(0x8926, &[&[0x80, 1, 0, 2][..], &kind_of(ip).to_be_bytes(), ip].concat())
}

fn vlan_in_vn_tag(ip: &[u8]) -> Vec<u8> {
    ethernet(0x8926, &[&[0x80, 1, 0, 2, 0x81, 0][..], &tag(ip)].concat())
}

/// With a channel identifier, and the check value behind the packet.
fn macsec(ip: &[u8]) -> Vec<u8> {
    let head = [0x20, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 1];
    ethernet(0x88e5, &[&head[..], &kind_of(ip).to_be_bytes(), ip, &[7; 16]].concat())
}

fn null_little(ip: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0][..], ip].concat()
}

fn null_big(ip: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 2][..], ip].concat()
}

/// Darwin's number for IPv6.
fn null6(ip: &[u8]) -> Vec<u8> {
    [&[30, 0, 0, 0][..], ip].concat()
}

fn sll(ip: &[u8]) -> Vec<u8> {
    let head = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    [&head[..], &kind_of(ip).to_be_bytes(), ip].concat()
}

fn sll2(ip: &[u8]) -> Vec<u8> {
    let head = [0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    [&kind_of(ip).to_be_bytes()[..], &head, ip].concat()
}

const OUTER: [[u8; 4]; 2] = [[198, 51, 100, 1], [198, 51, 100, 2]];

fn outer(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(IPV4, &ipv4(OUTER, protocol, [0; 4], payload))
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).unwrap();
    let head = [40_000u16, port, length, 0].map(u16::to_be_bytes).concat();
    outer(17, &[&head, payload].concat())
}

fn ip_in_ip(ip: &[u8]) -> Vec<u8> {
    outer(4, ip)
}

fn six_in_four(ip: &[u8]) -> Vec<u8> {
    outer(41, ip)
}

fn six_in_six(ip: &[u8]) -> Vec<u8> {
    ethernet(IPV6, &ipv6([[1; 16], [2; 16]], 41, ip))
}

fn gre_of(head: &[u8], payload: &[u8]) -> Vec<u8> {
    outer(47, &[head, payload].concat())
}

fn gre(ip: &[u8]) -> Vec<u8> {
    gre_of(&[&[0, 0][..], &kind_of(ip).to_be_bytes()].concat(), ip)
}

fn gre_with_key(ip: &[u8]) -> Vec<u8> {
    let head = [&[0xb0, 0][..], &kind_of(ip).to_be_bytes(), &[0; 12]].concat();
    gre_of(&head, ip)
}

fn nvgre(ip: &[u8]) -> Vec<u8> {
    gre_of(&[0x20, 0, 0x65, 0x58, 0, 0, 7, 1], &ethernet_of_ip(ip))
}

fn wccp(ip: &[u8]) -> Vec<u8> {
    gre_of(&[0, 0, 0x88, 0x3e, 0, 0, 1, 0], ip)
}

fn wccp1(ip: &[u8]) -> Vec<u8> {
    gre_of(&[0, 0, 0x88, 0x3e], ip)
}

fn gre_in_udp(ip: &[u8]) -> Vec<u8> {
    udp(4754, &[&[0, 0][..], &kind_of(ip).to_be_bytes(), ip].concat())
}

fn mpls_in_udp(ip: &[u8]) -> Vec<u8> {
    udp(6635, &mpls(ip))
}

fn erspan1(ip: &[u8]) -> Vec<u8> {
    gre_of(&[0, 0, 0x88, 0xbe], &ethernet_of_ip(ip))
}

fn erspan2(ip: &[u8]) -> Vec<u8> {
    gre_of(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 9, 0x10, 7, 0, 1, 0, 0, 0, 0], &ethernet_of_ip(ip))
}

/// Type III with the optional platform header.
fn erspan3(ip: &[u8]) -> Vec<u8> {
    let mut head = vec![0x10, 0, 0x22, 0xeb, 0, 0, 0, 9];
    head.extend([0x20, 7, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1]);
    head.extend([0; 8]);
    gre_of(&head, &ethernet_of_ip(ip))
}

fn vxlan_payload(ip: &[u8]) -> Vec<u8> {
    [&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet_of_ip(ip)].concat()
}

fn vxlan(ip: &[u8]) -> Vec<u8> {
    udp(4789, &vxlan_payload(ip))
}

fn vxlan_gpe(ip: &[u8]) -> Vec<u8> {
    udp(4790, &[&[0x0c, 0, 0, 1, 0, 0, 7, 0][..], ip].concat())
}

fn vxlan_in_vlan(ip: &[u8]) -> Vec<u8> {
    ethernet(0x8100, &tag(&vxlan(ip)[14..]))
}

fn geneve(ip: &[u8]) -> Vec<u8> {
    udp(6081, &[&[0, 0, 0x65, 0x58, 0, 0, 7, 0][..], &ethernet_of_ip(ip)].concat())
}

fn geneve_options(ip: &[u8]) -> Vec<u8> {
    let kind = kind_of(ip).to_be_bytes();
    let head = [&[2, 0][..], &kind, &[0, 0, 7, 0], &[1, 2, 3, 1, 9, 9, 9, 9]].concat();
    udp(6081, &[&head, ip].concat())
}

fn gtp_u(ip: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ip.len()).unwrap().to_be_bytes();
    udp(2152, &[&[0x30, 255][..], &length, &[0, 0, 0, 7], ip].concat())
}

/// With a sequence number and the PDU session container of 5G.
fn gtp_u_extended(ip: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ip.len() + 8).unwrap().to_be_bytes();
    let optional = [0, 1, 0, 0x85, 1, 0, 9, 0];
    udp(2152, &[&[0x36, 255][..], &length, &[0, 0, 0, 7], &optional, ip].concat())
}

fn teredo(ip: &[u8]) -> Vec<u8> {
    udp(3544, ip)
}

fn teredo_origin(ip: &[u8]) -> Vec<u8> {
    udp(3544, &[&[0, 0, 0x63, 0x6c, 1, 2, 3, 4][..], ip].concat())
}

fn llc_and_snap(ip: &[u8]) -> Vec<u8> {
    [&[0xaa, 0xaa, 3, 0, 0, 0][..], &kind_of(ip).to_be_bytes(), ip].concat()
}

/// An interface index, then a prefix of five bytes and three to fill it up, then the packet.
fn nflog(ip: &[u8]) -> Vec<u8> {
    let head =
        [2, 0, 0, 9, 8, 0, 4, 0, 0, 0, 0, 1, 9, 0, 10, 0, b'd', b'r', b'o', b'p', 0, 0, 0, 0];
    let length = u16::try_from(ip.len() + 4).unwrap().to_le_bytes();
    [&head[..], &length, &[9, 0], ip].concat()
}

/// Ethernet behind the 108 bytes that macOS writes.
fn pktap(ip: &[u8]) -> Vec<u8> {
    let mut head = [0; 108];
    [head[0], head[4], head[8]] = [108, 1, 1];
    [&head[..], &ethernet_of_ip(ip)].concat()
}

/// To an access point: control, duration, three addresses, sequence control.
fn wireless_head(control: [u8; 2]) -> Vec<u8> {
    [&control[..], &[0, 0], &[2; 6], &[4; 6], &[6; 6], &[0x10, 0]].concat()
}

fn wireless(ip: &[u8]) -> Vec<u8> {
    [wireless_head([0x08, 0x01]), llc_and_snap(ip)].concat()
}

fn wireless_qos(ip: &[u8]) -> Vec<u8> {
    [&wireless_head([0x88, 0x02])[..], &[5, 0], &llc_and_snap(ip)].concat()
}

/// Four addresses.
fn wireless_ds(ip: &[u8]) -> Vec<u8> {
    [&wireless_head([0x08, 0x03])[..], &[8; 6], &llc_and_snap(ip)].concat()
}

/// No fields but the flags, of which one says that the header of 26 bytes is filled up.
fn radiotap(ip: &[u8]) -> Vec<u8> {
    let head = [0, 0, 9, 0, 2, 0, 0, 0, 0x20];
    let frame = [&wireless_head([0x88, 0x01])[..], &[5, 0, 0, 0], &llc_and_snap(ip)].concat();
    [&head[..], &frame].concat()
}

fn prism(ip: &[u8]) -> Vec<u8> {
    let mut head = [0; 144];
    [head[0], head[4]] = [0x44, 144];
    [&head[..], &wireless(ip)].concat()
}

fn avs(ip: &[u8]) -> Vec<u8> {
    [&[0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64][..], &[0; 56], &wireless(ip)].concat()
}

fn ppi(ip: &[u8]) -> Vec<u8> {
    [&[0, 0, 8, 0, 105, 0, 0, 0][..], &wireless(ip)].concat()
}

/// A header of eight bytes, for IEEE 802.11.
fn capwap_of(flags: [u8; 2], inside: &[u8]) -> Vec<u8> {
    udp(5247, &[&[0, 0x10, flags[0], flags[1], 0, 0, 0, 0][..], inside].concat())
}

fn capwap(ip: &[u8]) -> Vec<u8> {
    capwap_of([0x03, 0], &wireless(ip))
}

/// As access points of Cisco send it: the two bytes of frame control in the other order.
fn capwap_swapped(ip: &[u8]) -> Vec<u8> {
    let mut frame = wireless_qos(ip);
    frame.swap(0, 1);
    capwap_of([0x03, 0], &frame)
}

fn capwap_ethernet(ip: &[u8]) -> Vec<u8> {
    capwap_of([0x02, 0], &ethernet_of_ip(ip))
}

/// What CAPWAP tunnels of a packet, in fragments of `size` bytes.
pub(crate) fn capwap_fragments(ip: &[u8], identification: u16, size: usize) -> Vec<Vec<u8>> {
    let frame = wireless(ip);
    let last = frame.len().div_ceil(size) - 1;
    let fragment = |(index, part): (usize, &[u8])| {
        let flags = if index == last { 0xc0 } else { 0x80 };
        let place = u16::try_from(index * size).unwrap().to_be_bytes();
        let id = identification.to_be_bytes();
        udp(5247, &[&[0, 0x10, 0x03, flags], &id[..], &place, part].concat())
    };
    frame.chunks(size).enumerate().map(fragment).collect()
}

/// Hop-by-hop and destination options between the IPv6 header and TCP.
fn hop_by_hop(ip: &[u8]) -> Vec<u8> {
    let (head, payload) = ip.split_at(40);
    let ends = [head[8..24].try_into().unwrap(), head[24..40].try_into().unwrap()];
    let options = [60, 0, 1, 4, 0, 0, 0, 0, head[6], 0, 1, 4, 0, 0, 0, 0];
    ethernet(IPV6, &ipv6(ends, 0, &[&options[..], payload].concat()))
}
