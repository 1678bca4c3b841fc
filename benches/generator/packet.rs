//! Ethernet, IPv4 and TCP headers, with their checksums.

use std::net::Ipv4Addr;

use super::conversation::Segment;

const ETHERNET: [u8; 14] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
const IP: usize = 20;
const TCP: usize = 20;
const PROTOCOL_TCP: u8 = 6;

/// Writes the packet of a segment into `out`, replacing what it held.
pub(super) fn write(
    out: &mut Vec<u8>,
    from: (Ipv4Addr, u16),
    to: (Ipv4Addr, u16),
    segment: &Segment,
) {
    let tcp_length = u16::try_from(TCP + segment.payload.len()).unwrap();
    let total = u16::try_from(IP).unwrap() + tcp_length;
    out.clear();
    out.extend(ETHERNET);
    out.extend([0x45, 0]);
    out.extend(total.to_be_bytes());
    out.extend([0, 0, 0x40, 0, 64, PROTOCOL_TCP, 0, 0]);
    out.extend(from.0.octets());
    out.extend(to.0.octets());
    out.extend(from.1.to_be_bytes());
    out.extend(to.1.to_be_bytes());
    out.extend(segment.sequence.to_be_bytes());
    out.extend(segment.acknowledgment.to_be_bytes());
    out.extend([0x50, segment.flags, 0xff, 0xff, 0, 0, 0, 0]);
    out.extend_from_slice(&segment.payload);

    let ip = ETHERNET.len();
    let header = sum(&out[ip..ip + IP]);
    out[ip + 10..ip + 12].copy_from_slice(&folded(header));
    // The pseudo header: addresses, protocol, length (RFC 9293, 3.1).
    let pseudo = sum(&out[ip + 12..ip + IP]) + u64::from(PROTOCOL_TCP) + u64::from(tcp_length);
    let segment = pseudo + sum(&out[ip + IP..]);
    out[ip + IP + 16..ip + IP + 18].copy_from_slice(&folded(segment));
}

/// The sum of 16-bit words (RFC 1071).
fn sum(bytes: &[u8]) -> u64 {
    let pairs = bytes.chunks_exact(2);
    let odd = pairs.remainder().first().map_or(0, |last| u64::from(*last) << 8);
    pairs.map(|pair| u64::from(u16::from_be_bytes([pair[0], pair[1]]))).sum::<u64>() + odd
}

fn folded(mut sum: u64) -> [u8; 2] {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!u16::try_from(sum).unwrap()).to_be_bytes()
}
