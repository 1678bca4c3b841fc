//! One TCP connection of a sample as a list of segments that a test may change.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use tlsight::capture::{CaptureReader, Chunk, Input};
use tlsight::limits::Limits;
use tlsight::packet::{self, Decoded};

/// Control bits.
pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const PSH: u8 = 8;
pub(crate) const ACK: u8 = 16;

/// A TCP segment, without the headers around it.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) nanos: i64,
    /// Sent by the client.
    pub(crate) client: bool,
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: u32,
    pub(crate) flags: u8,
    pub(crate) payload: Vec<u8>,
}

impl Segment {
    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Sequence number behind it.
    pub(crate) fn end(&self) -> u32 {
        let counted = u32::from(self.has(SYN)) + u32::from(self.has(FIN));
        self.sequence.wrapping_add(length(&self.payload)).wrapping_add(counted)
    }
}

pub(crate) fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

/// Both ends and everything they said.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    pub(crate) segments: Vec<Segment>,
}

impl Conversation {
    /// Reads the only connection of a sample; its first packet is the client's.
    pub(crate) fn read(path: &Path) -> Self {
        let mut read: Option<Self> = None;
        for_each_segment(path, |nanos, segment| {
            let (from, to) = (
                address(segment.key.sender(segment.direction)),
                address(segment.key.receiver(segment.direction)),
            );
            let talk =
                read.get_or_insert_with(|| Self { client: from, server: to, segments: Vec::new() });
            talk.segments.push(Segment {
                nanos,
                client: from == talk.client,
                sequence: segment.sequence,
                acknowledgment: segment.acknowledgment,
                flags: segment.flags.0,
                payload: segment.payload.to_vec(),
            });
        });
        read.unwrap()
    }

    /// The same between other ends; IPv6 if they are.
    pub(crate) fn between(mut self, client: SocketAddr, server: SocketAddr) -> Self {
        (self.client, self.server) = (client, server);
        self
    }

    pub(crate) fn with(&self, segments: Vec<Segment>) -> Self {
        Self { segments, ..self.clone() }
    }

    pub(crate) fn map(&self, change: impl Fn(&Segment) -> Vec<Segment>) -> Self {
        self.with(self.segments.iter().flat_map(change).collect())
    }

    pub(crate) fn filter(&self, keep: impl Fn(&Segment) -> bool) -> Self {
        self.with(self.segments.iter().filter(|segment| keep(segment)).cloned().collect())
    }

    /// Index of the `n`th segment with payload of one side.
    pub(crate) fn data(&self, client: bool, n: usize) -> usize {
        let of_side = |s: &Segment| s.client == client && !s.payload.is_empty();
        let found = self.segments.iter().enumerate().filter(|(_, s)| of_side(s)).nth(n);
        found.map(|(index, _)| index).unwrap()
    }

    /// Sequence numbers moved by so much.
    pub(crate) fn shifted(&self, client_by: u32, server_by: u32) -> Self {
        self.map(|segment| {
            let (own, other) =
                if segment.client { (client_by, server_by) } else { (server_by, client_by) };
            let mut moved = segment.clone();
            moved.sequence = moved.sequence.wrapping_add(own);
            moved.acknowledgment = moved.acknowledgment.wrapping_add(other);
            vec![moved]
        })
    }

    /// Every segment with payload cut into pieces of at most `size` bytes.
    pub(crate) fn resegmented(&self, size: usize) -> Self {
        self.map(|segment| pieces(segment, size))
    }

    /// Times made to follow the order of the segments.
    pub(crate) fn retimed(mut self) -> Self {
        let first = self.segments.iter().map(|segment| segment.nanos).min().unwrap_or(0);
        for (index, segment) in self.segments.iter_mut().enumerate() {
            segment.nanos = first + i64::try_from(index).unwrap() * 1_000;
        }
        self
    }

    /// The payload bytes of one side, in the order in which they stand.
    pub(crate) fn stream(&self, client: bool) -> Vec<u8> {
        let of_side = self.segments.iter().filter(|segment| segment.client == client);
        of_side.flat_map(|segment| segment.payload.clone()).collect()
    }
}

/// A segment in pieces; a FIN stays on the last.
pub(crate) fn pieces(segment: &Segment, size: usize) -> Vec<Segment> {
    if segment.payload.len() <= size {
        return vec![segment.clone()];
    }
    let count = segment.payload.len().div_ceil(size);
    let piece = |(index, payload): (usize, &[u8])| {
        let mut piece = segment.clone();
        piece.sequence = segment.sequence.wrapping_add(u32::try_from(index * size).unwrap());
        piece.payload = payload.to_vec();
        if index + 1 < count {
            piece.flags &= !FIN;
        }
        piece
    };
    segment.payload.chunks(size).enumerate().map(piece).collect()
}

fn address(end: packet::Endpoint) -> SocketAddr {
    SocketAddr::new(end.address, end.port)
}

/// Calls `take` for every TCP segment of a capture.
pub(crate) fn for_each_segment(path: &Path, mut take: impl FnMut(i64, packet::Segment<'_>)) {
    let limits = Limits::default();
    let mut reader = CaptureReader::new(Input::open(path).unwrap(), &limits).unwrap();
    let mut chunk = Chunk::default();
    while reader.fill(&mut chunk) {
        for frame in chunk.frames() {
            if let Decoded::Tcp(segment) = packet::decode(&frame, limits.encapsulations) {
                take(frame.time.nanos(), segment);
            }
        }
    }
}

/// Two ends in IPv6.
pub(crate) fn ipv6_ends(talk: &Conversation) -> (SocketAddr, SocketAddr) {
    let address = |last| IpAddr::from([0x2001, 0xdb8, 0x30, 5, 0, 0, 0, last]);
    (
        SocketAddr::new(address(0x20), talk.client.port()),
        SocketAddr::new(address(0x11), talk.server.port()),
    )
}
