//! A link type, then frames behind two-byte lengths: decoded, put in order, and the
//! offsets of each direction's events follow one another without a hole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlsight::capture::{Frame, LinkType};
use tlsight::flow::{Flow, StreamEvent};
use tlsight::limits::Limits;
use tlsight::packet::{Decoded, Defragmenter, Direction, PerDirection, Segment, decode};
use tlsight::time::Timestamp;

const LINKS: [u16; 10] = [0, 1, 9, 12, 50, 51, 101, 113, 228, 276];

fuzz_target!(|data: &[u8]| {
    let limits = Limits { pending_bytes: 4096, pending_segments: 16, ..Limits::default() };
    let Some((kind, mut rest)) = data.split_first() else { return };
    let link = LinkType(LINKS[usize::from(*kind) % LINKS.len()]);
    let mut defragmenter = Defragmenter::new(4);
    let mut flows: Vec<(Flow, PerDirection<u64>)> = Vec::new();
    let mut number = 0;
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(behind.len());
        let (bytes, next) = behind.split_at(length);
        rest = next;
        number += 1;
        let frame = Frame {
            number,
            time: Timestamp::from_seconds(1),
            link,
            original_len: 65_535,
            data: bytes,
        };
        match decode(&frame, limits.encapsulations) {
            Decoded::Tcp(segment) => take(&mut flows, &segment, &limits),
            Decoded::Fragment(fragment) => {
                if let Some(datagram) = defragmenter.push(&fragment)
                    && let Decoded::Tcp(segment) = datagram.decode(limits.encapsulations)
                {
                    take(&mut flows, &segment, &limits);
                }
            }
            Decoded::Dns(_) | Decoded::Skipped(_) => {}
        }
    }
    for (flow, offsets) in &mut flows {
        for direction in Direction::BOTH {
            while let Some(event) = flow.next_held(direction, true) {
                check(&event, &mut offsets[direction]);
            }
        }
    }
});

fn take(flows: &mut Vec<(Flow, PerDirection<u64>)>, segment: &Segment<'_>, limits: &Limits) {
    let known = flows.iter().position(|(flow, _)| flow.key == segment.key);
    let at = known.unwrap_or_else(|| {
        flows.push((Flow::new(segment), PerDirection::default()));
        flows.len() - 1
    });
    let (flow, offsets) = &mut flows[at];
    if let Some(event) = flow.accept(segment, limits) {
        check(&event, &mut offsets[segment.direction]);
    }
    while let Some(event) = flow.next_held(segment.direction, false) {
        check(&event, &mut offsets[segment.direction]);
    }
}

fn check(event: &StreamEvent<'_>, expected: &mut u64) {
    let (offset, length) = match event {
        StreamEvent::Data { offset, bytes, .. } => (*offset, bytes.len() as u64),
        StreamEvent::Gap { offset, length, .. } => (*offset, *length),
    };
    assert_eq!(offset, *expected);
    assert!(length > 0);
    *expected = offset + length;
}
