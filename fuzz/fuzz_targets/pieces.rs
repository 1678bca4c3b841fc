//! Pieces of the two directions of a connection: one byte (bit 0: the direction,
//! bit 1: three bytes are missing before it), one byte of length, the bytes.

/// The pieces: direction, whether bytes are missing before it, the bytes.
pub fn split(mut rest: &[u8]) -> impl Iterator<Item = (usize, bool, &[u8])> {
    std::iter::from_fn(move || {
        let ([head, length], behind) = rest.split_first_chunk::<2>()?;
        let (bytes, next) = behind.split_at(usize::from(*length).min(behind.len()));
        rest = next;
        Some((usize::from(head & 1), head & 2 != 0, bytes))
    })
}

/// A pcap file (raw IP) with a TCP segment for each piece.
pub fn capture(pieces: &[u8]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend(65_535u32.to_le_bytes());
    file.extend(101u32.to_le_bytes());
    let mut sent = [1u32, 1u32];
    for (side, gap, bytes) in split(pieces) {
        sent[side] = sent[side].wrapping_add(if gap { 3 } else { 0 });
        file.extend(packet(side, sent[side], bytes));
        sent[side] = sent[side].wrapping_add(u32::try_from(bytes.len()).unwrap_or_default());
    }
    file
}

/// A pcap record with an IPv4 packet and a TCP segment.
fn packet(side: usize, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(40 + payload.len()).unwrap_or(u16::MAX);
    let ends: [([u8; 4], u16); 2] = [([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], 8443)];
    let ((source, source_port), (target, target_port)) = (ends[side], ends[1 - side]);
    let mut ip = vec![0x45, 0];
    ip.extend(total.to_be_bytes());
    ip.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    ip.extend(source);
    ip.extend(target);
    ip.extend(source_port.to_be_bytes());
    ip.extend(target_port.to_be_bytes());
    ip.extend(sequence.to_be_bytes());
    ip.extend([0, 0, 0, 0, 0x50, 0x18, 0, 0, 0, 0, 0, 0]);
    ip.extend(payload);
    let mut record = Vec::new();
    let length = u32::try_from(ip.len()).unwrap_or_default();
    for value in [1, 0, length, length] {
        record.extend(u32::to_le_bytes(value));
    }
    record.extend(ip);
    record
}
