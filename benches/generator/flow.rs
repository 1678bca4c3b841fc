//! One connection of a capture: its segments in order, and its ends.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use super::conversation::{ACK, FIN, PSH, SYN, Segment};
use super::template::{Template, Templates, renew_random};
use super::{Dice, Mix, Truth, mess, packet};

/// Payload of a full segment of bulk data.
const SEGMENT: usize = 1_400;
/// Segments that one record of bulk data fills; with 12 it would be longer than 2^14
/// bytes (RFC 8446, 5.1).
const RECORD_SEGMENTS: usize = 11;

/// What is left of a connection.
pub(super) struct Flow {
    client: (Ipv4Addr, u16),
    server: (Ipv4Addr, u16),
    segments: VecDeque<Segment>,
    packet: Vec<u8>,
}

impl Flow {
    /// Begins the next connection and counts what is in it.
    pub(super) fn begin(mix: Mix, from: &Templates, truth: &mut Truth, dice: &mut Dice) -> Self {
        let index = u32::try_from(truth.tcp_connections).unwrap();
        truth.tcp_connections += 1;
        let choice = match mix {
            Mix::Handshakes | Mix::Small | Mix::Messy => from.showing(),
            Mix::Bulk | Mix::ManyFlows => from.completed(),
        };
        let template = choice[dice.below(choice.len())];
        let tls = mix != Mix::Small || dice.one_in(100);
        let mut segments = match mix {
            Mix::Small if !tls => chat(dice.below(40)),
            Mix::Handshakes | Mix::Small => template.talk.segments.clone(),
            Mix::Bulk => {
                let count = 100 + dice.below(900);
                with_data(template, count)
            }
            Mix::Messy if template.completed => with_data(template, 16),
            Mix::Messy => template.talk.segments.clone(),
            Mix::ManyFlows => template.half_open(dice.one_in(20)),
        };
        truth.count(mix, template, tls && segments.len() > 2);
        renew(&mut segments, dice);
        if mix == Mix::Messy {
            segments = mess::make(segments, dice);
        }
        let [_, a, b, c] = index.to_be_bytes();
        let port = 20_000 + u16::try_from(dice.below(40_000)).unwrap();
        let server = Ipv4Addr::new(192, 0, 2, 1 + c % 200);
        Self {
            client: (Ipv4Addr::new(10, a, b, c), port),
            server: (server, template.talk.server.port()),
            segments: segments.into(),
            packet: Vec::new(),
        }
    }

    /// The next packet with its Ethernet header; `None` at the end.
    pub(super) fn next_packet(&mut self) -> Option<&[u8]> {
        let segment = self.segments.pop_front()?;
        let (from, to) =
            if segment.client { (self.client, self.server) } else { (self.server, self.client) };
        packet::write(&mut self.packet, from, to, &segment);
        Some(&self.packet)
    }
}

impl Truth {
    fn count(&mut self, mix: Mix, template: &Template, has_hello: bool) {
        self.tls_connections += u64::from(has_hello);
        if mix != Mix::ManyFlows && has_hello {
            self.server_hellos += u64::from(template.server_hello);
            self.completed += u64::from(template.completed);
            self.certificates.extend(&template.certificates);
        }
    }
}

/// Other sequence numbers and another client random.
fn renew(segments: &mut [Segment], dice: &mut Dice) {
    let roll = dice.roll().to_be_bytes();
    let [a, b, c, d, e, f, g, h] = roll;
    let (client, server) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    for segment in segments.iter_mut() {
        let (own, other) = if segment.client { (client, server) } else { (server, client) };
        segment.sequence = segment.sequence.wrapping_add(own);
        segment.acknowledgment = segment.acknowledgment.wrapping_add(other);
    }
    let mut random = [0; 32];
    for part in random.chunks_exact_mut(8) {
        part.copy_from_slice(&dice.roll().to_be_bytes());
    }
    renew_random(segments, random);
}

/// A connection that is opened and closed, with `count` segments of a few bytes in turn.
fn chat(count: usize) -> Vec<Segment> {
    let mut next = [0_u32, 0];
    let mut segment = |side: usize, flags: u8, payload: &[u8]| {
        let (sequence, acknowledgment) = (next[side], next[1 - side]);
        let length = u32::try_from(payload.len()).unwrap();
        next[side] = sequence.wrapping_add(length + u32::from(flags & (SYN | FIN) != 0));
        bare(side == 0, sequence, acknowledgment, flags, payload.to_vec())
    };
    let mut segments = vec![segment(0, SYN, b""), segment(1, SYN | ACK, b""), segment(0, ACK, b"")];
    segments.extend((0..count).map(|at| segment(at % 2, ACK | PSH, &b"tick tock"[..1 + at % 9])));
    segments.extend([segment(0, FIN | ACK, b""), segment(1, FIN | ACK, b""), segment(0, ACK, b"")]);
    segments
}

/// A handshake, `count` segments of data from the server, every second of which is
/// acknowledged, and the end of both sides.
fn with_data(template: &Template, count: usize) -> Vec<Segment> {
    let mut segments = template.opening();
    let behind = |of_client: bool| {
        let last = segments.iter().rfind(|segment| segment.client == of_client);
        last.map(Segment::end).unwrap()
    };
    let (client, mut server) = (behind(true), behind(false));
    for index in 0..count {
        let payload = data(index, count);
        let data = bare(false, server, client, ACK | PSH, payload);
        server = data.end();
        segments.push(data);
        if index % 2 == 1 {
            segments.push(bare(true, client, server, ACK, Vec::new()));
        }
    }
    segments.push(bare(false, server, client, ACK | FIN, Vec::new()));
    segments.push(bare(true, client, server.wrapping_add(1), ACK | FIN, Vec::new()));
    segments.push(bare(false, server.wrapping_add(1), client.wrapping_add(1), ACK, Vec::new()));
    segments
}

/// A segment's worth of application data; the first of each record begins with its
/// header.
fn data(index: usize, count: usize) -> Vec<u8> {
    let mut payload = vec![0xa5; SEGMENT];
    if index.is_multiple_of(RECORD_SEGMENTS) {
        let length = (count - index).min(RECORD_SEGMENTS) * SEGMENT - 5;
        let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
        payload[..5].copy_from_slice(&[23, 3, 3, high, low]);
    }
    payload
}

fn bare(client: bool, sequence: u32, acknowledgment: u32, flags: u8, payload: Vec<u8>) -> Segment {
    Segment { nanos: 0, client, sequence, acknowledgment, flags, payload }
}
