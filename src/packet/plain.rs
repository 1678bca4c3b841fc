//! The usual frame, read at once: Ethernet without tags, IPv4 without options that is no
//! fragment, TCP. Nearly every frame is one, and the walk over layers costs several times
//! as much; whatever is not quite so is left to the walk.

use super::encapsulation::Encapsulation;
use super::endpoint::{Direction, FlowKey, V4Ends};
use super::segment::{Segment, TcpFlags};
use crate::capture::{Frame, LinkType};
use crate::time::Timestamp;

/// Ethernet, IPv4 and TCP headers without options.
const HEADERS: usize = 14 + 20 + 20;

/// What a usual frame says, in so few bytes that those of many frames are passed from one core
/// to another faster than the frames are looked at again.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    ends: V4Ends,
    time: Timestamp,
    sequence: u32,
    acknowledgment: u32,
    /// Which of the frames that lie side by side it is, counted from 0.
    pub place: u32,
    /// Where the payload begins in the bytes that hold the frames.
    payload_at: u32,
    /// Bytes of it that were captured, and that were not.
    captured: u16,
    missing: u16,
    flags: TcpFlags,
    direction: Direction,
}

impl Usual {
    /// Reads a usual frame, which is the one at `place` of some and stands at `start` of their
    /// bytes; `None` for any other frame.
    #[inline]
    #[must_use]
    pub fn of(frame: &Frame<'_>, place: u32, start: u32) -> Option<Self> {
        let head: &[u8; HEADERS] = frame.data.first_chunk()?;
        let two = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let four =
            |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let ip_and_tcp = head[12..15] == [0x08, 0x00, 0x45] && head[23] == 6;
        let fragment = two(20) & 0x3fff != 0;
        if frame.link != LinkType::ETHERNET || !ip_and_tcp || fragment {
            return None;
        }
        // Behind the IP packet there may be padding of the link layer.
        let promised = 14 + usize::from(two(16));
        let end = promised.min(frame.data.len());
        let offset = (head[46] >> 4) * 4;
        let captured = end.checked_sub(34 + usize::from(offset)).filter(|_| offset >= 20)?;
        let (ends, direction) = V4Ends::new((four(26), two(34)), (four(30), two(36)));
        Some(Self {
            ends,
            time: frame.time,
            sequence: four(38),
            acknowledgment: four(42),
            place,
            payload_at: start.checked_add(34 + u32::from(offset))?,
            captured: u16::try_from(captured).ok()?,
            missing: u16::try_from(promised - end).ok()?,
            flags: TcpFlags(head[47]),
            direction,
        })
    }

    /// The flow it belongs to.
    #[inline]
    #[must_use]
    pub const fn key(&self) -> FlowKey {
        FlowKey::of_v4(self.ends)
    }

    /// Its segment, the same as the walk would give, in the frame of this number; `bytes` are
    /// those that hold the frames.
    #[inline]
    #[must_use]
    pub fn segment<'a>(&self, bytes: &'a [u8], number: u64) -> Option<Segment<'a>> {
        let at = self.payload_at as usize;
        let payload = bytes.get(at..at + usize::from(self.captured))?;
        Some(Segment {
            frame: number,
            time: self.time,
            key: self.key(),
            direction: self.direction,
            sequence: self.sequence,
            acknowledgment: self.acknowledgment,
            flags: self.flags,
            payload,
            wire_len: payload.len() + usize::from(self.missing),
            encapsulation: Encapsulation::default(),
            quoted: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::capture::{CaptureReader, Chunk, Input};
    use crate::limits::Limits;
    use crate::packet::decode::walk;

    /// Every frame of a sample, as it is, cut, and with each of its first bytes changed.
    fn same_as_the_walk(frame: Frame<'_>) -> u64 {
        let mut usual = 0;
        let mut compare = |data: &[u8]| {
            let frame = Frame { data, ..frame };
            let usual_one = Usual::of(&frame, 0, 0);
            if let Some(segment) = usual_one.and_then(|one| one.segment(data, frame.number)) {
                usual += 1;
                let walked = format!("{:?}", walk(&frame, 8));
                assert_eq!(format!("Tcp({segment:?})"), walked, "{data:02x?}");
            }
        };
        compare(frame.data);
        for cut in 0..frame.data.len().min(80) {
            compare(&frame.data[..cut]);
        }
        for at in 0..frame.data.len().min(60) {
            for change in [0x01, 0x04, 0x20, 0x80, 0xff] {
                let mut bent = frame.data.to_vec();
                bent[at] ^= change;
                compare(&bent);
            }
        }
        usual
    }

    #[test]
    fn says_the_same_as_the_walk() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        for name in ["mra-login-works.pcap", "snaplen-96.pcap", "vlan.pcap", "truncated.pcap"] {
            let path = samples.join(name);
            let mut reader =
                CaptureReader::new(Input::open(&path).unwrap(), &Limits::default()).unwrap();
            let mut chunk = Chunk::default();
            assert!(reader.fill(&mut chunk));
            let usual: u64 = chunk.frames().map(same_as_the_walk).sum();
            assert!(usual > 0 || name == "vlan.pcap", "{name}");
        }
    }
}
