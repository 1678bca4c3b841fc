//! Bytes of both directions in pieces, with gaps: the observer comes to its end, and
//! what it says can be asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlsight::limits::Limits;
use tlsight::pipeline::{Config, analyze, source_from_reader};
use tlsight::report::json;

fuzz_target!(|data: &[u8]| {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend(65_535u32.to_le_bytes());
    file.extend(101u32.to_le_bytes());
    let mut sent = [1u32, 1u32];
    let mut rest = data;
    // A piece: one byte (direction, gap), one byte of length, the bytes.
    while let Some(([head, length], behind)) = rest.split_first_chunk::<2>() {
        let (bytes, next) = behind.split_at(usize::from(*length).min(behind.len()));
        rest = next;
        let side = usize::from(head & 1);
        sent[side] = sent[side].wrapping_add(u32::from(head >> 1 & 1) * 3);
        file.extend(packet(side, sent[side], bytes));
        sent[side] = sent[side].wrapping_add(u32::try_from(bytes.len()).unwrap_or_default());
    }
    let limits = Limits { handshake_bytes: 8192, search_bytes: 4096, ..Limits::default() };
    let config = Config { limits, ..Config::default() };
    let source = source_from_reader("fuzz", Box::new(std::io::Cursor::new(file)));
    let report = analyze(vec![source], &config);
    json::write(&report, &mut std::io::sink()).expect("a sink takes all");
});

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
