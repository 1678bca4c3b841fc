//! The classic pcap format (draft-ietf-opsawg-pcap): both byte orders, micro- and
//! nanoseconds, and the "modified" records of Kuznetzov's patch.

use pcap_parser::{PcapHeader, parse_pcap_header};

use super::error::CaptureError;
use super::frame::LinkType;
use super::reader::{RecordHead, Step};
use crate::time::Timestamp;

/// How many plausible record headers in a row count as "found again".
const RESYNC_CHAIN: usize = 4;
/// A record found again lies within this time of the one before the damage.
const RESYNC_SECONDS: i64 = 24 * 3600;
/// Largest packet that libpcap and Wireshark accept.
const PACKET_BYTES: u32 = 262_144;

/// What the file header said.
#[derive(Clone, Debug)]
pub(super) struct Pcap {
    big_endian: bool,
    nanoseconds: bool,
    /// Record header length: 16, or 24 in the modified format.
    header_len: usize,
    link: LinkType,
    snaplen: u32,
    /// No packet is longer than this; a header that says so is damaged.
    largest: u32,
    last_seconds: Option<i64>,
}

/// Length of the file header.
pub(super) const FILE_HEADER: usize = 24;

/// Whether `head` begins with one of the magic numbers of the format.
pub(super) fn recognises(head: &[u8]) -> bool {
    matches!(
        head.first_chunk::<4>(),
        Some(
            [0xa1, 0xb2, 0xc3, 0xd4]
                | [0xd4, 0xc3, 0xb2, 0xa1]
                | [0xa1, 0xb2, 0x3c, 0x4d]
                | [0x4d, 0x3c, 0xb2, 0xa1]
                | [0xa1, 0xb2, 0xcd, 0x34]
                | [0x34, 0xcd, 0xb2, 0xa1]
        )
    )
}

/// Whether a file header of the only major version stands at the front of these bytes.
fn is_file_header(bytes: &[u8]) -> bool {
    let big_endian = bytes.first() == Some(&0xa1);
    recognises(bytes) && bytes.get(4..6) == Some(if big_endian { &[0, 2] } else { &[2, 0] })
}

impl Pcap {
    /// Reads the file header.
    pub(super) fn from_header(head: &[u8]) -> Result<Self, CaptureError> {
        let cut = || CaptureError::BadHeader {
            format: "pcap",
            what: format!("only {} of {FILE_HEADER} bytes are there", head.len()),
        };
        let magic = *head.first_chunk::<4>().ok_or_else(cut)?;
        // pcap-parser does not know the modified format in big-endian order: its
        // header is that of the plain big-endian one.
        let modified_be = magic == [0xa1, 0xb2, 0xcd, 0x34];
        let mut bytes: [u8; FILE_HEADER] = *head.first_chunk().ok_or_else(cut)?;
        if modified_be {
            bytes[..4].copy_from_slice(&[0xa1, 0xb2, 0xc3, 0xd4]);
        }
        let (_, header) = parse_pcap_header(&bytes).map_err(|_| cut())?;
        Ok(Self::from_parsed(&header, modified_be || header.is_modified_format()))
    }

    fn from_parsed(header: &PcapHeader, modified: bool) -> Self {
        Self {
            big_endian: header.is_bigendian(),
            nanoseconds: header.is_nanosecond_precision(),
            header_len: if modified { 24 } else { 16 },
            link: link_type(header.network.0),
            snaplen: header.snaplen,
            largest: PACKET_BYTES.max(header.snaplen.min(16 * PACKET_BYTES)),
            last_seconds: None,
        }
    }

    /// Takes note of the time of the last record, where another has read it.
    pub(super) fn reached(&mut self, last: Option<Timestamp>) {
        self.last_seconds = last.map(Timestamp::seconds).or(self.last_seconds);
    }

    /// A place in `bytes`, mostly the first, from which plausible record headers follow one
    /// another as far as the bytes reach.
    pub(super) fn likely_start(&self, bytes: &[u8]) -> Option<usize> {
        let Some(last) = self.last_seconds else {
            return (0..bytes.len()).find(|start| self.likely_chain(bytes, *start));
        };
        // The first byte of the seconds changes once in 194 days: one pass for that byte
        // leaves few places to look at.
        let [.., byte, _, _, _] = last.to_be_bytes();
        let at = if self.big_endian { 0 } else { 3 };
        memchr::memchr_iter(byte, bytes)
            .filter_map(|found| found.checked_sub(at))
            .find(|start| self.likely_chain(bytes, *start))
    }

    fn likely_chain(&self, bytes: &[u8], start: usize) -> bool {
        self.chain(bytes, start).is_some_and(|(found, _)| found > 1)
    }

    /// What stands at the front of `bytes`; what is no record is looked into.
    pub(super) fn step(&mut self, bytes: &[u8], at_end: bool) -> Step {
        match self.record(bytes) {
            Record::Whole(head) => {
                self.last_seconds = Some(head.time.seconds());
                Step::Frame(head)
            }
            Record::Need(length) => Step::Need(length),
            Record::Another => self.another(bytes),
            Record::Impossible(captured) => self.resync(bytes, at_end, captured),
        }
    }

    /// Reads the record at the front of `bytes`. Always inlined: it is called for every packet.
    #[inline(always)]
    pub(super) fn record(&self, bytes: &[u8]) -> Record {
        let Some(head) = self.record_head(bytes) else {
            return Record::Need(self.header_len);
        };
        if head.captured > self.largest {
            return Record::Impossible(head.captured);
        }
        // Read as a record, a file header has no bytes: its time zone stands there.
        if head.captured == 0 && is_file_header(bytes) {
            return Record::Another;
        }
        let total = self.header_len + head.captured as usize;
        if bytes.len() < total {
            return Record::Need(total);
        }
        Record::Whole(RecordHead {
            time: self.timestamp(&head),
            link: self.link,
            original_len: head.original.max(head.captured),
            data: self.header_len..total,
            total,
        })
    }

    #[inline]
    fn record_head(&self, bytes: &[u8]) -> Option<Head> {
        let header = bytes.first_chunk::<16>().filter(|_| bytes.len() >= self.header_len)?;
        let [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3] = *header;
        let number = |bytes: [u8; 4]| {
            if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        Some(Head {
            seconds: i64::from(number([a0, a1, a2, a3])),
            fraction: number([b0, b1, b2, b3]),
            captured: number([c0, c1, c2, c3]),
            original: number([d0, d1, d2, d3]),
        })
    }

    /// 32 bits of seconds and 32 bits of microseconds are less than 2^63 nanoseconds.
    fn timestamp(&self, head: &Head) -> Timestamp {
        let unit = if self.nanoseconds { 1 } else { 1_000 };
        Timestamp::from_nanos(head.seconds * 1_000_000_000 + i64::from(head.fraction) * unit)
    }

    /// Goes on with the file that was appended to this one.
    fn another(&mut self, bytes: &[u8]) -> Step {
        let Some(header) = bytes.get(..FILE_HEADER) else { return Step::Need(FILE_HEADER) };
        match Self::from_header(header) {
            Ok(other) => {
                *self = other;
                let what = "the header of another pcap file; went on with that file".to_owned();
                Step::Note { what, length: FILE_HEADER }
            }
            Err(error) => Step::Bad { what: error.to_string(), skip: FILE_HEADER },
        }
    }

    /// Looks for the next record behind a damaged header: the first place from
    /// which several plausible headers follow one another.
    fn resync(&self, bytes: &[u8], at_end: bool, captured: u32) -> Step {
        // A chain of packets of the largest size has to fit, or nothing is found.
        let wanted = (RESYNC_CHAIN + 1) * (self.header_len + PACKET_BYTES as usize);
        if !at_end && bytes.len() < wanted {
            return Step::Need(wanted);
        }
        let found = (1..bytes.len()).find(|start| self.chain_from(bytes, *start, at_end));
        Step::Bad {
            what: format!(
                "packet record claims {captured} captured bytes (limit {}){}",
                self.largest,
                if found.is_some() { "; went on at the next plausible record" } else { "" }
            ),
            skip: found.unwrap_or(bytes.len()),
        }
    }

    fn chain_from(&self, bytes: &[u8], start: usize, at_end: bool) -> bool {
        self.chain(bytes, start).is_some_and(|(found, end)| {
            // Only the end of the file excuses a shorter chain.
            found == RESYNC_CHAIN || at_end && end == bytes.len() && end > start
        })
    }

    /// How many plausible record headers follow one another from `start`, [`RESYNC_CHAIN`] at
    /// most and as far as the bytes reach, and where the next would be; `None` where one is
    /// not plausible.
    fn chain(&self, bytes: &[u8], start: usize) -> Option<(usize, usize)> {
        let mut at = start;
        for found in 0..RESYNC_CHAIN {
            let Some(head) = self.record_head(bytes.get(at..).unwrap_or_default()) else {
                return Some((found, at));
            };
            if !self.plausible(&head) {
                return None;
            }
            at += self.header_len + head.captured as usize;
        }
        Some((RESYNC_CHAIN, at))
    }

    fn plausible(&self, head: &Head) -> bool {
        let fraction_limit = if self.nanoseconds { 1_000_000_000 } else { 1_000_000 };
        let near =
            self.last_seconds.is_none_or(|last| (head.seconds - last).abs() <= RESYNC_SECONDS);
        near && head.fraction < fraction_limit
            && head.captured > 0
            && head.captured <= head.original
            && head.original <= PACKET_BYTES
            && (self.snaplen == 0 || head.captured <= self.snaplen)
    }
}

/// What the front of some bytes is.
pub(super) enum Record {
    Whole(RecordHead),
    /// At least this many bytes must be there to tell.
    Need(usize),
    /// The header of another file that was appended to this one.
    Another,
    /// It claims so many captured bytes that it is none.
    Impossible(u32),
}

struct Head {
    seconds: i64,
    fraction: u32,
    captured: u32,
    original: u32,
}

/// The link type without the FCS length and flags in the upper bits of the field.
pub(super) fn link_type(field: i32) -> LinkType {
    let [low, high, ..] = field.to_le_bytes();
    LinkType(u16::from_le_bytes([low, high]))
}

#[cfg(test)]
mod tests {
    use super::super::reader::tests::read_all;
    use super::*;

    fn word(value: u32, big_endian: bool) -> [u8; 4] {
        if big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    /// A file with the given magic (as a number in its own byte order) and packets.
    fn file(magic: u32, big_endian: bool, packets: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let mut bytes = word(magic, big_endian).to_vec();
        let version = if big_endian { [0, 2, 0, 4] } else { [2, 0, 4, 0] };
        bytes.extend(version);
        bytes.extend([0; 8]);
        bytes.extend(word(65_535, big_endian));
        bytes.extend(word(1, big_endian));
        for (seconds, fraction, data) in packets {
            let length = u32::try_from(data.len()).unwrap();
            for value in [*seconds, *fraction, length, length] {
                bytes.extend(word(value, big_endian));
            }
            if magic == 0xa1b2_cd34 {
                bytes.extend([0; 8]);
            }
            bytes.extend(*data);
        }
        bytes
    }

    #[test]
    fn every_byte_order_and_resolution() {
        let cases = [
            (0xa1b2_c3d4, false, 5_000),
            (0xa1b2_c3d4, true, 5_000),
            (0xa1b2_3c4d, false, 5),
            (0xa1b2_3c4d, true, 5),
            (0xa1b2_cd34, false, 5_000),
            (0xa1b2_cd34, true, 5_000),
        ];
        for (magic, big_endian, nanos) in cases {
            let bytes = file(magic, big_endian, &[(7, 5, b"one"), (8, 0, b"three")]);
            let (frames, problems) = read_all(&bytes);
            assert_eq!(problems, [], "{magic:x} {big_endian}");
            assert_eq!(frames.len(), 2, "{magic:x} {big_endian}");
            assert_eq!(frames[0].1, Timestamp::from_nanos(7_000_000_000 + nanos));
            assert_eq!(frames[1].2, b"three");
        }
    }

    /// pcap-parser's slice reader repeats the error for ever; a cut last record must
    /// end the file, once, with everything before it read.
    #[test]
    fn a_cut_last_record_is_told_and_nothing_before_is_lost() {
        let mut bytes = file(0xa1b2_c3d4, false, &[(1, 0, b"whole"), (2, 0, b"cut off")]);
        bytes.truncate(bytes.len() - 3);
        let (frames, problems) = read_all(&bytes);
        assert_eq!(frames.len(), 1);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].after_frame, 1);
        assert_eq!(problems[0].lost_bytes, 20);
    }

    /// A corrupt length must neither allocate what it claims nor cost the rest.
    #[test]
    fn a_wrong_length_costs_one_record() {
        let packets: Vec<(u32, u32, &[u8])> = (0..10).map(|i| (i, 0, &b"0123456789"[..])).collect();
        let mut bytes = file(0xa1b2_c3d4, false, &packets);
        let third = FILE_HEADER + 2 * 26;
        bytes[third + 8..third + 12].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
        let (frames, problems) = read_all(&bytes);
        assert_eq!(frames.len(), 9);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].lost_bytes, 26);
    }

    /// As `cat one.pcap two.pcap` makes it: the other file has its own byte order.
    #[test]
    fn a_file_appended_to_another_is_read_on() {
        let one = file(0xa1b2_c3d4, false, &[(7, 5, b"one"), (7, 6, b"")]);
        let other = file(0xa1b2_3c4d, true, &[(9, 5, b"three"), (9, 6, b"four")]);
        let (frames, problems) = read_all(&[&one[..], &other].concat());
        let contents: Vec<&[u8]> = frames.iter().map(|frame| &*frame.2).collect();
        assert_eq!(contents, [&b"one"[..], b"", b"three", b"four"]);
        assert_eq!(frames[2].1, Timestamp::from_nanos(9_000_000_005));
        let told: Vec<_> =
            problems.iter().map(|p| (p.offset, p.after_frame, p.lost_bytes)).collect();
        assert_eq!(told, [(one.len() as u64, 2, 0)]);
        let (frames, problems) = read_all(&[&one[..], &other[..20]].concat());
        assert_eq!((frames.len(), problems.len()), (2, 1));
    }

    #[test]
    fn upper_bits_of_the_link_type_field_are_no_link_type() {
        assert_eq!(link_type(0x1400_0001), LinkType::ETHERNET);
        assert_eq!(link_type(-0x1000_0000 + 101), LinkType::RAW);
    }
}
