//! Fragments of IP and CAPWAP put together, in bounded memory (RFC 791, 3.2;
//! RFC 8200, 4.5; RFC 5415, 3.4).
//!
//! etherparse's pool is not used: it takes strictly parsed packets only and says
//! of itself that it has no bound.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;

use super::capwap;
use super::decode::{Decoded, Turn, Walk};
use super::encapsulation::Encapsulation;
use super::ip::{self, Ip};
use crate::time::Timestamp;

/// Largest datagram that IP can describe.
const DATAGRAM_BYTES: usize = 65_535;
/// Fragments taken per datagram: the smallest carry eight bytes.
const PIECES: usize = 8_192;

/// One fragment of a datagram.
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'a> {
    /// Number of the frame that held it.
    pub frame: u64,
    /// When that frame was captured.
    pub time: Timestamp,
    pub(super) encapsulation: Encapsulation,
    pub(super) key: DatagramKey,
    pub(super) offset: usize,
    pub(super) more: bool,
    /// Bytes of it that were not captured.
    pub(super) missing: usize,
    pub(super) payload: &'a [u8],
}

/// What makes fragments belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DatagramKey {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) of: Whole,
    pub(super) identification: u32,
}

/// What was fragmented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Whole {
    /// An IP packet of this protocol.
    Ip(u8),
    /// What CAPWAP tunnels (RFC 5415, 3.4), which makes fragments of its own.
    Capwap {
        /// It is a wireless frame.
        wireless: bool,
    },
}

/// A datagram put together from its fragments.
#[derive(Debug)]
pub struct Datagram {
    frame: u64,
    time: Timestamp,
    encapsulation: Encapsulation,
    key: DatagramKey,
    missing: usize,
    payload: Vec<u8>,
}

impl Datagram {
    /// Walks on from where the fragments began.
    #[must_use]
    pub fn decode(&self, encapsulations: usize) -> Decoded<'_> {
        let mut walk = Walk {
            frame: self.frame,
            time: self.time,
            encapsulation: self.encapsulation,
            depth: encapsulations,
            quoted: false,
        };
        let turn = match self.key.of {
            Whole::Capwap { wireless } => Turn::Into(capwap::inner(wireless, &self.payload)),
            Whole::Ip(protocol) => {
                let packet = Ip {
                    source: self.key.source,
                    destination: self.key.destination,
                    protocol,
                    payload: &self.payload,
                    missing: self.missing,
                };
                ip::transport(&mut walk, &packet)
            }
        };
        match turn {
            Turn::Done(decoded) => decoded,
            Turn::Into(layer) => walk.down(layer),
        }
    }
}

#[derive(Debug, Default)]
struct Partial {
    /// By offset, not overlapping, none behind `total`; the first copy of a byte wins.
    pieces: BTreeMap<usize, Vec<u8>>,
    /// How many bytes they have together.
    held: usize,
    /// Length of the whole, once a last fragment came; the first one counts.
    total: Option<usize>,
    /// Bytes cut from the last fragment by the snapshot length.
    missing: usize,
}

/// Collects fragments until a datagram is whole.
#[derive(Debug)]
pub struct Defragmenter {
    waiting: HashMap<DatagramKey, Partial>,
    /// In order of arrival, so that the oldest gives way.
    order: VecDeque<DatagramKey>,
    capacity: usize,
    given_up: u64,
}

impl Defragmenter {
    /// Holds at most `capacity` datagrams at the same time.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { waiting: HashMap::new(), order: VecDeque::new(), capacity, given_up: 0 }
    }

    /// Datagrams dropped because too many were waiting.
    #[must_use]
    pub const fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Datagrams that are still waiting for a fragment.
    #[must_use]
    pub fn incomplete(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// Takes a fragment; gives the datagram that it completes.
    pub fn push(&mut self, fragment: &Fragment<'_>) -> Option<Datagram> {
        if !self.waiting.contains_key(&fragment.key) {
            self.make_room();
            self.order.push_back(fragment.key);
        }
        let partial = self.waiting.entry(fragment.key).or_default();
        partial.add(fragment);
        let payload = partial.whole()?;
        let missing = partial.missing;
        self.waiting.remove(&fragment.key);
        self.order.retain(|key| *key != fragment.key);
        Some(Datagram {
            frame: fragment.frame,
            time: fragment.time,
            encapsulation: fragment.encapsulation,
            key: fragment.key,
            missing,
            payload,
        })
    }

    fn make_room(&mut self) {
        while self.waiting.len() >= self.capacity.max(1) {
            let Some(oldest) = self.order.pop_front() else { return };
            self.waiting.remove(&oldest);
            self.given_up += 1;
        }
    }
}

impl Partial {
    fn add(&mut self, fragment: &Fragment<'_>) {
        let end = fragment.offset + fragment.payload.len();
        if end > DATAGRAM_BYTES || self.pieces.len() >= PIECES {
            return;
        }
        if !fragment.more && self.total.is_none() {
            self.end_at(end);
            self.missing = fragment.missing;
        }
        let end = self.total.map_or(end, |total| end.min(total));
        let before = self.pieces.range(..=fragment.offset).next_back();
        let start = before
            .map_or(0, |(offset, bytes)| offset + bytes.len())
            .clamp(fragment.offset, end.max(fragment.offset));
        let behind = self.pieces.range(start..).next();
        let stop = behind.map_or(end, |(offset, _)| end.min(*offset));
        let range = start - fragment.offset..stop.saturating_sub(fragment.offset);
        if let Some(new) = fragment.payload.get(range).filter(|new| !new.is_empty()) {
            self.held += new.len();
            self.pieces.insert(start, new.to_vec());
        }
    }

    /// Forgets what lies behind the end. Done once for a datagram, so that each
    /// fragment costs no more than its place among the others.
    fn end_at(&mut self, total: usize) {
        self.total = Some(total);
        drop(self.pieces.split_off(&total));
        if let Some(mut last) = self.pieces.last_entry() {
            let room = total - *last.key();
            last.get_mut().truncate(room);
        }
        self.held = self.pieces.values().map(Vec::len).sum();
    }

    /// The bytes in order, once none is missing.
    fn whole(&self) -> Option<Vec<u8>> {
        let total = self.total.filter(|total| *total == self.held)?;
        let mut whole = Vec::with_capacity(total);
        self.pieces.values().for_each(|bytes| whole.extend_from_slice(bytes));
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(offset: usize, more: bool, payload: &[u8], identification: u32) -> Fragment<'_> {
        Fragment {
            frame: 1,
            time: Timestamp::default(),
            encapsulation: Encapsulation::default(),
            key: DatagramKey {
                source: IpAddr::from([1, 1, 1, 1]),
                destination: IpAddr::from([2, 2, 2, 2]),
                of: Whole::Ip(6),
                identification,
            },
            offset,
            more,
            missing: 0,
            payload,
        }
    }

    #[test]
    fn any_order_and_repeated_fragments() {
        let mut pool = Defragmenter::new(8);
        assert!(pool.push(&fragment(16, false, b"tail", 1)).is_none());
        assert!(pool.push(&fragment(8, true, b"89abcdef", 1)).is_none());
        assert!(pool.push(&fragment(8, true, b"XXXXXXXX", 1)).is_none());
        let whole = pool.push(&fragment(0, true, b"01234567", 1)).unwrap();
        assert_eq!(whole.payload, b"0123456789abcdeftail");
        assert_eq!(pool.incomplete(), 0);
    }

    /// The first last fragment says how long the datagram is; bytes behind it, come
    /// before or after, are no part of it.
    #[test]
    fn what_lies_behind_the_end_is_left_out() {
        let mut pool = Defragmenter::new(8);
        for stray in [8, 24] {
            assert!(pool.push(&fragment(stray, true, b"strayed!strayed!", 1)).is_none());
        }
        assert!(pool.push(&fragment(8, false, b"ta", 1)).is_none());
        assert!(pool.push(&fragment(16, false, b"more", 1)).is_none());
        let whole = pool.push(&fragment(0, true, b"01234567", 1)).unwrap();
        assert_eq!(whole.payload, b"01234567st", "the first copy of a byte wins");
    }

    #[test]
    fn what_never_completes_gives_way_to_the_next() {
        let mut pool = Defragmenter::new(2);
        for identification in 0..10 {
            assert!(pool.push(&fragment(0, true, b"01234567", identification)).is_none());
        }
        assert_eq!(pool.incomplete(), 2);
        assert_eq!(pool.given_up(), 8);
    }

    /// Every fragment costs the same, however many are waiting.
    #[test]
    fn tiny_fragments_that_never_complete() {
        let mut pool = Defragmenter::new(2);
        for round in 0..4 {
            for offset in (1..8_000).rev() {
                let payload = [round; 8];
                assert!(pool.push(&fragment(offset * 8, offset < 7_999, &payload, 1)).is_none());
            }
        }
        let whole = pool.push(&fragment(0, true, b"01234567", 1)).unwrap();
        assert_eq!(whole.payload.len(), 64_000);
    }

    #[test]
    fn an_overlong_datagram_is_not_grown() {
        let mut pool = Defragmenter::new(2);
        let large = vec![0; 60_000];
        assert!(pool.push(&fragment(0, true, &large, 1)).is_none());
        assert!(pool.push(&fragment(65_000, false, &large, 1)).is_none());
        assert_eq!(pool.incomplete(), 1);
    }
}
