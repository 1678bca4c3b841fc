//! The pcapng format (draft-ietf-opsawg-pcapng): sections of either byte order,
//! interfaces with their own link type and clock, and every block type that
//! carries packets.

use pcap_parser::pcapng::{
    InterfaceDescriptionBlock, parse_interfacedescriptionblock_be,
    parse_interfacedescriptionblock_le,
};

use super::frame::LinkType;
use super::reader::{RecordHead, Step};
use crate::limits::Limits;
use crate::time::Timestamp;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const SYSTEMD_JOURNAL: u32 = 9;
const DECRYPTION_SECRETS: u32 = 10;
/// A custom block that may be copied, and one that may not.
const CUSTOM: [u32; 2] = [0xbad, 0x4000_0bad];
/// Events of Sysdig, of three forms.
const SYSDIG_EVENT: [u32; 3] = [0x204, 0x216, 0x221];
/// Type of secrets that are a TLS key log (draft, section 4.7).
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// Option `if_tsoffset` (draft, section 4.2).
const IF_TSOFFSET: u16 = 14;
/// Interfaces remembered per section; more than any capture device has.
const INTERFACES: usize = 65_536;

/// What is known at some place in the file.
#[derive(Clone, Debug)]
pub(super) struct Pcapng {
    big_endian: bool,
    /// False while inside a section of a version that is not known.
    readable: bool,
    interfaces: Vec<Interface>,
    block_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snaplen: u32,
    /// Units per second.
    resolution: i128,
    /// Seconds to add.
    offset: i128,
}

/// Whether `head` begins with a section header block.
pub(super) fn recognises(head: &[u8]) -> bool {
    head.starts_with(&SECTION_HEADER.to_be_bytes())
}

impl Pcapng {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            big_endian: false,
            readable: true,
            interfaces: Vec::new(),
            block_bytes: limits.record_bytes,
        }
    }

    /// Reads the block at the front of `bytes`.
    ///
    /// The block is cut out by its own length first, so that a wrong length inside
    /// it cannot cost more than the block.
    pub(super) fn step(&mut self, bytes: &[u8], at_end: bool) -> Step {
        let Some((kind, length)) = self.block_start(bytes) else {
            return Step::Need(12);
        };
        let total = (length as usize).next_multiple_of(4);
        if length < 12 || total > self.block_bytes {
            return Self::resync(bytes, at_end, format!("block type {kind:#x} of {length} bytes"));
        }
        let Some(block) = bytes.get(..total) else {
            return Step::Need(total);
        };
        match kind {
            SECTION_HEADER => self.section(block),
            _ if !self.readable => Step::Skip(total),
            INTERFACE_DESCRIPTION => self.interface(block),
            ENHANCED_PACKET | OBSOLETE_PACKET => self.packet(kind, block),
            SIMPLE_PACKET => self.simple_packet(block),
            DECRYPTION_SECRETS => self.secrets(block),
            SYSTEMD_JOURNAL => no_packet(total),
            _ if CUSTOM.contains(&kind) || SYSDIG_EVENT.contains(&kind) => no_packet(total),
            _ => Step::Skip(total),
        }
    }

    /// Block type and length; a section header decides its own byte order.
    fn block_start(&mut self, bytes: &[u8]) -> Option<(u32, u32)> {
        if recognises(bytes) {
            self.big_endian = bytes.get(8..12)? == [0x1a, 0x2b, 0x3c, 0x4d];
        }
        Some((self.u32(bytes, 0)?, self.u32(bytes, 4)?))
    }

    fn section(&mut self, block: &[u8]) -> Step {
        self.interfaces.clear();
        let major = self.u16(block, 12);
        self.readable = major == Some(1);
        if self.readable {
            return Step::Skip(block.len());
        }
        Step::Bad {
            what: format!("section of pcapng version {}; only 1 is known", major.unwrap_or(0)),
            skip: block.len(),
        }
    }

    fn interface(&mut self, block: &[u8]) -> Step {
        if self.interfaces.len() >= INTERFACES {
            return Step::Bad { what: "too many interfaces".into(), skip: block.len() };
        }
        let parsed = if self.big_endian {
            parse_interfacedescriptionblock_be(block)
        } else {
            parse_interfacedescriptionblock_le(block)
        };
        // A damaged option must not cost the interface: the fixed part tells the
        // link type, and microseconds are the default.
        let interface = match parsed {
            Ok((_, idb)) => Some(self.described(&idb)),
            Err(_) => self.undescribed(block),
        };
        match interface {
            Some(interface) => {
                self.interfaces.push(interface);
                Step::Skip(block.len())
            }
            None => Step::Bad { what: "interface description cut".into(), skip: block.len() },
        }
    }

    fn described(&self, idb: &InterfaceDescriptionBlock<'_>) -> Interface {
        // pcap-parser reads if_tsoffset as little-endian in every section.
        let offset = idb
            .options
            .iter()
            .find(|option| option.code.0 == IF_TSOFFSET)
            .and_then(|option| option.value.first_chunk::<8>().copied())
            .map_or(0, |bytes| {
                if self.big_endian { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) }
            });
        Interface {
            link: super::pcap::link_type(idb.linktype.0),
            snaplen: idb.snaplen,
            resolution: resolution(idb.if_tsresol),
            offset: i128::from(offset),
        }
    }

    fn undescribed(&self, block: &[u8]) -> Option<Interface> {
        Some(Interface {
            link: LinkType(self.u16(block, 8)?),
            snaplen: self.u32(block, 12)?,
            resolution: 1_000_000,
            offset: 0,
        })
    }

    /// Enhanced packet block, or the packet block it replaced: they differ in the
    /// interface field only.
    fn packet(&self, kind: u32, block: &[u8]) -> Step {
        const DATA: usize = 28;
        let bad = |what: String| Step::Bad { what, skip: block.len() };
        let id = match kind {
            OBSOLETE_PACKET => self.u16(block, 8).map(u32::from),
            _ => self.u32(block, 8),
        };
        let fields = (id, self.u32(block, 12), self.u32(block, 16));
        let (Some(id), Some(high), Some(low)) = fields else {
            return bad("packet block cut".into());
        };
        let (Some(captured), Some(original)) = (self.u32(block, 20), self.u32(block, 24)) else {
            return bad("packet block cut".into());
        };
        let Some(interface) = self.interfaces.get(id as usize) else {
            return bad(format!("packet of interface {id}, which was never described"));
        };
        let end = DATA.saturating_add(captured as usize);
        if end > block.len().saturating_sub(4) {
            return bad(format!(
                "packet claims {captured} captured bytes in a block of {}",
                block.len()
            ));
        }
        Step::Frame(RecordHead {
            time: interface.timestamp(u64::from(high) << 32 | u64::from(low)),
            link: interface.link,
            original_len: original.max(captured),
            data: DATA..end,
            total: block.len(),
        })
    }

    /// A simple packet block belongs to interface 0 and has no time.
    fn simple_packet(&self, block: &[u8]) -> Step {
        const DATA: usize = 12;
        let (Some(interface), Some(original)) = (self.interfaces.first(), self.u32(block, 8))
        else {
            let what = "simple packet before any interface description".into();
            return Step::Bad { what, skip: block.len() };
        };
        let room = block.len().saturating_sub(DATA + 4);
        let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
        let captured = room.min(original as usize).min(snaplen as usize);
        Step::Frame(RecordHead {
            time: Timestamp::default(),
            link: interface.link,
            original_len: original,
            data: DATA..DATA + captured,
            total: block.len(),
        })
    }

    /// Decryption secrets; pcap-parser takes the padding for a part of them.
    fn secrets(&self, block: &[u8]) -> Step {
        const DATA: usize = 16;
        let (kind, length) = (self.u32(block, 8), self.u32(block, 12));
        if kind != Some(TLS_KEY_LOG) {
            return Step::Skip(block.len());
        }
        let room = block.len().saturating_sub(DATA + 4);
        match length.map(|length| length as usize).filter(|length| *length <= room) {
            Some(length) => Step::Secrets { data: DATA..DATA + length, total: block.len() },
            None => Step::Bad { what: "decryption secrets cut".into(), skip: block.len() },
        }
    }

    /// Looks for the next block behind an impossible length: a known type whose
    /// leading and trailing lengths agree.
    fn resync(bytes: &[u8], at_end: bool, what: String) -> Step {
        const WANTED: usize = 1 << 20;
        if !at_end && bytes.len() < WANTED {
            return Step::Need(WANTED);
        }
        let found = (4..bytes.len()).step_by(4).find(|start| {
            bytes.get(*start..).is_some_and(|rest| is_block(rest, true) || is_block(rest, false))
        });
        let went_on = if found.is_some() { "; went on at the next whole block" } else { "" };
        Step::Bad {
            what: format!("{what} is impossible{went_on}"),
            skip: found.unwrap_or(bytes.len()),
        }
    }

    fn u16(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, bytes: &[u8], at: usize) -> Option<u32> {
        number(bytes, at, self.big_endian)
    }
}

/// A block without a packet that Wireshark numbers as a frame, so we must.
fn no_packet(total: usize) -> Step {
    Step::Frame(RecordHead {
        time: Timestamp::default(),
        link: LinkType::NO_PACKET,
        original_len: 0,
        data: 0..0,
        total,
    })
}

fn number(bytes: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let bytes = *bytes.get(at..)?.first_chunk()?;
    Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}

/// Whether a block of a common type begins here whose two lengths agree.
fn is_block(bytes: &[u8], big_endian: bool) -> bool {
    let (Some(kind), Some(length)) = (number(bytes, 0, big_endian), number(bytes, 4, big_endian))
    else {
        return false;
    };
    let known = matches!(kind, SECTION_HEADER | 1..=6 | SYSTEMD_JOURNAL | DECRYPTION_SECRETS);
    let length = length as usize;
    known
        && length >= 12
        && length.is_multiple_of(4)
        && number(bytes, length - 4, big_endian).is_some_and(|again| again as usize == length)
}

impl Interface {
    fn timestamp(&self, units: u64) -> Timestamp {
        let nanos = i128::from(units).saturating_mul(1_000_000_000) / self.resolution;
        Timestamp::saturating(nanos + self.offset * 1_000_000_000)
    }
}

/// Units per second of `if_tsresol`: a power of ten, or of two when bit 7 is set
/// (which pcap-parser takes for an error).
fn resolution(if_tsresol: u8) -> i128 {
    let exponent = u32::from(if_tsresol & 0x7f);
    let base: i128 = if if_tsresol & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(exponent).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::reader::tests::read_all;
    use super::*;

    fn block(kind: u32, body: &[u8], big_endian: bool) -> Vec<u8> {
        let word = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let length = u32::try_from(body.len() + 12).unwrap();
        [&word(kind)[..], &word(length), &body, &word(length)].concat()
    }

    fn section(big_endian: bool) -> Vec<u8> {
        let mut body = if big_endian {
            vec![0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0]
        } else {
            vec![0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0]
        };
        body.extend([0xff; 8]);
        block(SECTION_HEADER, &body, big_endian)
    }

    fn words(values: &[u32], big_endian: bool) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() })
            .collect()
    }

    fn interface(options: &[u8], big_endian: bool) -> Vec<u8> {
        let head: [u8; 4] = if big_endian { [0, 1, 0, 0] } else { [1, 0, 0, 0] };
        let body = [&head[..], &words(&[0], big_endian), options].concat();
        block(INTERFACE_DESCRIPTION, &body, big_endian)
    }

    fn enhanced(ticks: u32, captured: u32, data: &[u8], big_endian: bool) -> Vec<u8> {
        let body = [&words(&[0, 0, ticks, captured, captured], big_endian)[..], data].concat();
        block(ENHANCED_PACKET, &body, big_endian)
    }

    #[test]
    fn sections_of_either_byte_order_with_their_own_clock() {
        // if_tsresol: 2^-10 s; if_tsoffset: 100 s, read as little-endian by pcap-parser.
        let options =
            [&[0, 9, 0, 1, 0x8a, 0, 0, 0, 0, 14, 0, 8][..], &100i64.to_be_bytes(), &[0, 0, 0, 0]]
                .concat();
        let file = [
            section(false),
            interface(&[], false),
            enhanced(1_000_001, 3, b"abc", false),
            section(true),
            interface(&options, true),
            enhanced(512, 2, b"de", true),
        ]
        .concat();
        let (frames, problems) = read_all(&file);
        assert_eq!(problems, []);
        assert_eq!(frames[0].1, Timestamp::from_nanos(1_000_001_000));
        assert_eq!(frames[1].1, Timestamp::from_nanos(100_500_000_000));
        assert_eq!(frames[1].2, b"de");
    }

    /// In pcap-parser's streaming reader an inner length beyond its block asks for
    /// more data for ever and costs the rest of the file.
    #[test]
    fn a_wrong_length_inside_a_block_costs_that_block_only() {
        let file = [
            section(false),
            interface(&[], false),
            enhanced(1, 5_000, b"bad", false),
            enhanced(2, 4, b"good", false),
        ]
        .concat();
        let (frames, problems) = read_all(&file);
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].2, b"good");
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn a_damaged_option_does_not_cost_the_interface() {
        let file =
            [section(false), interface(&[9, 0, 0xff, 0xff], false), enhanced(3, 2, b"ok", false)]
                .concat();
        let (frames, _) = read_all(&file);
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].1, Timestamp::from_nanos(3_000));
    }

    #[test]
    fn secrets_are_as_long_as_they_say() {
        let secrets = |claimed: u32, big_endian| {
            let head = words(&[TLS_KEY_LOG, claimed], big_endian);
            block(DECRYPTION_SECRETS, &[&head[..], b"# key log"].concat(), big_endian)
        };
        for big_endian in [false, true] {
            let mut walker = Pcapng::new(&Limits::default());
            walker.step(&section(big_endian), true);
            let whole = walker.step(&secrets(9, big_endian), true);
            assert!(matches!(whole, Step::Secrets { data, total: 32 } if data == (16..25)));
            let lie = walker.step(&secrets(13, big_endian), true);
            assert!(matches!(lie, Step::Bad { skip: 32, .. }));
        }
    }

    #[test]
    fn obsolete_and_simple_packets_are_packets() {
        let old = [&[0, 0, 0, 0][..], &words(&[0, 7, 3, 3], false), b"old"].concat();
        let simple = [&words(&[6], false)[..], b"simple"].concat();
        let file = [
            section(false),
            interface(&[], false),
            block(OBSOLETE_PACKET, &old, false),
            block(SIMPLE_PACKET, &simple, false),
        ]
        .concat();
        let (frames, problems) = read_all(&file);
        assert_eq!(problems, []);
        assert_eq!(
            frames.iter().map(|f| f.2.as_slice()).collect::<Vec<_>>(),
            [&b"old"[..], b"simple"]
        );
    }

    /// As Wireshark numbers them; blocks of statistics and such are no frames there either.
    #[test]
    fn entries_that_are_no_packets_have_numbers() {
        let packet = |data| enhanced(1, 2, data, false);
        for (kind, numbered) in
            [(SYSTEMD_JOURNAL, 1), (0xbad, 1), (0x4000_0bad, 1), (0x204, 1), (0x216, 1), (0x221, 1)]
                .into_iter()
                .chain([(4, 0), (5, 0), (7, 0), (8, 0), (0x201, 0), (0x208, 0), (0x77, 0)])
        {
            let entry = block(kind, &[7; 24], false);
            let file = [section(false), interface(&[], false), packet(b"ab"), entry, packet(b"cd")];
            let (frames, problems) = read_all(&file.concat());
            assert_eq!(problems, []);
            let last = frames.last().map(|frame| (frame.0, frame.2.as_slice()));
            assert_eq!(last, Some((2 + numbered, &b"cd"[..])), "{kind:#x}");
        }
    }

    #[test]
    fn an_absurd_block_length_is_stepped_over() {
        let mut absurd = block(11, b"1234", false);
        absurd[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        let file =
            [section(false), interface(&[], false), absurd, enhanced(1, 2, b"ok", false)].concat();
        let (frames, problems) = read_all(&file);
        assert_eq!(frames.len(), 1);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].lost_bytes, 16);
    }
}
