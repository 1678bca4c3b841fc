//! The usual frame, read at once: Ethernet without tags, IPv4 without options that is no
//! fragment, TCP. Nearly every frame is one, and the walk over layers costs several times
//! as much; whatever is not quite so is left to the walk.

use super::encapsulation::Encapsulation;
use super::endpoint::FlowKey;
use super::segment::{Segment, TcpFlags};
use crate::capture::{Frame, LinkType};

/// Ethernet, IPv4 and TCP headers without options.
const HEADERS: usize = 14 + 20 + 20;

/// The key of the flow that a usual frame belongs to; `None` where [`usual_segment`] gives none.
#[inline]
#[must_use]
pub fn usual_key(frame: &Frame<'_>) -> Option<FlowKey> {
    usual_segment(frame).map(|segment| segment.key)
}

/// The segment of a usual frame, the same as the walk would give; `None` for any other
/// frame.
#[inline]
#[must_use]
pub fn usual_segment<'a>(frame: &Frame<'a>) -> Option<Segment<'a>> {
    let head: &[u8; HEADERS] = frame.data.first_chunk()?;
    let ip_and_tcp = head[12..15] == [0x08, 0x00, 0x45] && head[23] == 6;
    let fragment = u16::from_be_bytes([head[20], head[21]]) & 0x3fff != 0;
    if frame.link != LinkType::ETHERNET || !ip_and_tcp || fragment {
        return None;
    }
    // Behind the IP packet there may be padding of the link layer.
    let promised = 14 + usize::from(u16::from_be_bytes([head[16], head[17]]));
    let offset = usize::from(head[46] >> 4) * 4;
    let end = promised.min(frame.data.len());
    let payload = frame.data.get(34 + offset..end).filter(|_| offset >= 20)?;
    let four = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let port = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let (key, direction) = FlowKey::of_v4((four(26), port(34)), (four(30), port(36)));
    Some(Segment {
        frame: frame.number,
        time: frame.time,
        key,
        direction,
        sequence: four(38),
        acknowledgment: four(42),
        flags: TcpFlags(head[47]),
        payload,
        wire_len: payload.len() + (promised - end),
        encapsulation: Encapsulation::default(),
        quoted: false,
    })
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
            if let Some(segment) = usual_segment(&frame) {
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
