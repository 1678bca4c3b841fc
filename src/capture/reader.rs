//! Reads a capture chunk by chunk in constant memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::blocks::Blocks;
use super::chunk::{Chunk, FrameHead};
use super::error::{CaptureError, Problem};
use super::foreign;
use super::frame::LinkType;
use super::open::{Compression, Input};
use super::pcap::{self, Pcap};
use super::pcapng::{self, Pcapng};
use crate::limits::Limits;
use crate::time::Timestamp;
use crate::wire::text::hex;

/// Bytes read at a time: a buffer that stays in the second-level cache is read
/// faster than a mapped file (page faults cost more than the copy).
pub(super) const CHUNK_BYTES: usize = 128 * 1024;

/// A record's fields, with places counted from the record's first byte.
pub(super) struct RecordHead {
    pub(super) time: Timestamp,
    pub(super) link: LinkType,
    pub(super) original_len: u32,
    pub(super) data: Range<usize>,
    pub(super) total: usize,
}

impl RecordHead {
    /// With places counted from the first byte of a chunk.
    #[inline]
    pub(super) fn placed(&self, at: usize) -> FrameHead {
        // No chunk is that long; a frame of it would be left out.
        let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        FrameHead {
            time: self.time,
            original_len: self.original_len,
            start: short(at + self.data.start),
            length: short(self.data.len()),
            link: self.link,
        }
    }
}

/// What stands at some place in a file.
pub(super) enum Step {
    /// A packet record.
    Frame(RecordHead),
    /// Something without packets, this long.
    Skip(usize),
    /// The same, with decryption secrets inside.
    Secrets { data: Range<usize>, total: usize },
    /// The same, with something to be told.
    Note { what: String, length: usize },
    /// At least this many bytes must be there to tell.
    Need(usize),
    /// Damage: what, and how many bytes to leave out.
    Bad { what: String, skip: usize },
}

/// A capture file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Classic pcap.
    Pcap,
    /// pcapng.
    Pcapng,
}

impl Format {
    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
        }
    }

    /// Recognises a format by the first bytes of a file.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        if pcapng::recognises(head) {
            Some(Self::Pcapng)
        } else if pcap::recognises(head) {
            Some(Self::Pcap)
        } else {
            None
        }
    }
}

enum Walker {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Walker {
    fn step(&mut self, bytes: &[u8], at_end: bool) -> Step {
        match self {
            Self::Pcap(pcap) => pcap.step(bytes, at_end),
            Self::Pcapng(pcapng) => pcapng.step(bytes, at_end),
        }
    }
}

fn no_capture(head: &[u8]) -> CaptureError {
    match foreign::recognise(head) {
        Some((what, advice)) => CaptureError::Foreign { what, advice },
        None => CaptureError::NotACapture { magic: hex(head.get(..4).unwrap_or(head)) },
    }
}

/// Lends the records of one capture, chunk by chunk.
pub struct CaptureReader<'r> {
    input: Box<dyn Read + 'r>,
    /// The file itself, if the input is nothing but a file.
    file: Option<File>,
    compression: Option<Compression>,
    walker: Walker,
    /// Bytes read but not yet part of a whole record.
    carry: Vec<u8>,
    /// Offset of the first byte of `carry` in the uncompressed capture.
    offset: u64,
    frames: u64,
    at_end: bool,
    /// The last whole frame, when the input ends inside a record.
    cut_behind: Option<u64>,
    limits: Limits,
    problems: Vec<Problem>,
    untold_problems: u64,
    keeps_secrets: bool,
    secrets: Vec<Vec<u8>>,
}

impl<'r> CaptureReader<'r> {
    /// Recognises the format and reads the file header.
    ///
    /// # Errors
    /// When the bytes are no capture, or cannot be read at all.
    pub fn new(mut input: Input<'r>, limits: &Limits) -> Result<Self, CaptureError> {
        let mut head = Vec::with_capacity(pcap::FILE_HEADER);
        let at_end = input.bytes.by_ref().take(pcap::FILE_HEADER as u64).read_to_end(&mut head);
        let at_end = at_end? < pcap::FILE_HEADER;
        let (walker, carry) = match Format::sniff(&head) {
            Some(Format::Pcap) => (Walker::Pcap(Pcap::from_header(&head)?), Vec::new()),
            Some(Format::Pcapng) => (Walker::Pcapng(Pcapng::new(limits)), head),
            None if head.is_empty() => return Err(CaptureError::Empty),
            None => {
                let more = (foreign::HEAD - head.len()) as u64;
                // What is there tells enough.
                drop(input.bytes.take(more).read_to_end(&mut head));
                return Err(no_capture(&head));
            }
        };
        Ok(Self {
            input: input.bytes,
            file: input.file,
            compression: input.compression,
            offset: if carry.is_empty() { pcap::FILE_HEADER as u64 } else { 0 },
            walker,
            carry,
            frames: 0,
            at_end,
            cut_behind: None,
            limits: limits.clone(),
            problems: Vec::new(),
            untold_problems: 0,
            keeps_secrets: false,
            secrets: Vec::new(),
        })
    }

    /// The format that was recognised.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.walker {
            Walker::Pcap(_) => Format::Pcap,
            Walker::Pcapng(_) => Format::Pcapng,
        }
    }

    /// The compression that is being undone.
    #[must_use]
    pub const fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// Numbers the frames as if this many had been read before, for a capture that
    /// continues another file.
    pub const fn number_from(&mut self, frames: u64) {
        self.frames = frames;
    }

    /// Keeps the key logs that stand in the capture for [`Self::take_secrets`].
    pub const fn keep_secrets(&mut self, keep: bool) {
        self.keeps_secrets = keep;
    }

    /// The key logs that were met since the last call.
    pub fn take_secrets(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.secrets)
    }

    /// Number of the last frame read so far.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Uncompressed bytes of whole records read so far.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The rest of a large classic pcap file as blocks that can be read at the same time, to
    /// be followed by [`Self::go_on_behind`]. `None` for anything else.
    #[must_use]
    pub fn blocks(&self) -> Option<Blocks> {
        let Walker::Pcap(pcap) = &self.walker else { return None };
        let file = self.file.as_ref().filter(|_| self.carry.is_empty())?;
        Blocks::new(file, pcap.clone(), self.offset)
    }

    /// Goes on record by record behind blocks with so many `frames`: at the end of the file,
    /// or where they met something that needs a closer look. Where the file cannot be read
    /// at another place, it ends there, as it does when reading fails.
    pub fn go_on_behind(&mut self, blocks: &Blocks, frames: u64) {
        self.offset = blocks.reached();
        self.frames += frames;
        if let Walker::Pcap(pcap) = &mut self.walker {
            pcap.reached(blocks.last_time());
        }
        match self.file.as_mut().map(|file| at_offset(file, blocks.reached())) {
            Some(Ok(rest)) => self.input = Box::new(rest),
            Some(Err(error)) => self.stop_reading(0, &error),
            None => {}
        }
    }

    /// What was wrong with the file so far, and how many more problems there were
    /// than are told one by one.
    #[must_use]
    pub fn problems(&self) -> (&[Problem], u64) {
        (&self.problems, self.untold_problems)
    }

    /// The number of the last whole frame, when the input ends inside a record behind
    /// it, or could not be read further.
    #[must_use]
    pub const fn cut_behind(&self) -> Option<u64> {
        self.cut_behind
    }

    /// Fills `chunk` with the next whole records; false when there are no more.
    pub fn fill(&mut self, chunk: &mut Chunk) -> bool {
        chunk.heads.clear();
        chunk.frames_before = self.frames;
        let mut filled = self.take_over_carry(chunk);
        let mut wanted = CHUNK_BYTES;
        loop {
            filled = self.read_up_to(&mut chunk.bytes, filled, wanted);
            let whole = chunk.bytes.get(..filled).unwrap_or_default();
            let (used, need) = self.walk(whole, &mut chunk.heads);
            if !chunk.heads.is_empty() || used > 0 || self.at_end {
                return self.finish_fill(chunk, filled, used);
            }
            wanted = need.max(wanted + 1);
            if need > CHUNK_BYTES {
                // A look-ahead behind damage: with a chunk more, further damage in that
                // chunk does not have the look-ahead copied again.
                wanted += CHUNK_BYTES;
            }
        }
    }

    fn take_over_carry(&mut self, chunk: &mut Chunk) -> usize {
        let filled = self.carry.len();
        if chunk.bytes.len() < filled {
            chunk.bytes.resize(filled, 0);
        }
        if let Some(front) = chunk.bytes.get_mut(..filled) {
            front.copy_from_slice(&self.carry);
        }
        self.carry.clear();
        filled
    }

    /// Reads until `wanted` bytes are there or the input ends.
    fn read_up_to(&mut self, bytes: &mut Vec<u8>, mut filled: usize, wanted: usize) -> usize {
        if bytes.len() < wanted && !self.at_end {
            bytes.resize(wanted, 0);
        }
        while !self.at_end && filled < wanted {
            match self.input.read(bytes.get_mut(filled..wanted).unwrap_or_default()) {
                Ok(0) => self.at_end = true,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.stop_reading(filled, &error);
                }
            }
        }
        filled
    }

    /// Walks over whole records; gives the bytes used and how many are needed for the record
    /// that is not whole.
    fn walk(&mut self, bytes: &[u8], heads: &mut Vec<FrameHead>) -> (usize, usize) {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return (at, 0);
            }
            match self.walker.step(rest, self.at_end) {
                Step::Frame(head) => {
                    self.frames += 1;
                    heads.push(head.placed(at));
                    at += head.total;
                }
                Step::Skip(length) => at += length,
                Step::Secrets { data, total } => {
                    if self.keeps_secrets {
                        self.secrets.extend(rest.get(data).map(<[u8]>::to_vec));
                    }
                    at += total;
                }
                Step::Note { what, length } => {
                    self.problem(at, what, 0);
                    at += length;
                }
                Step::Need(_) if self.at_end => {
                    let cut = format!(
                        "the file ends inside a record, {} bytes of it are there",
                        rest.len()
                    );
                    self.cut_behind = Some(self.frames);
                    self.problem(at, cut, rest.len());
                    return (bytes.len(), 0);
                }
                Step::Need(length) => return (at, length),
                Step::Bad { what, skip } => {
                    self.problem(at, what, skip);
                    at += skip.max(1);
                }
            }
        }
    }

    fn finish_fill(&mut self, chunk: &Chunk, filled: usize, used: usize) -> bool {
        self.offset += used as u64;
        self.carry.extend_from_slice(chunk.bytes.get(used..filled).unwrap_or_default());
        !(chunk.heads.is_empty() && self.at_end && self.carry.is_empty())
    }

    /// A cut .gz or a failing disk: everything read so far counts.
    fn stop_reading(&mut self, at: usize, error: &io::Error) {
        self.at_end = true;
        self.cut_behind = Some(self.frames);
        self.problem(at, format!("reading stopped: {error}"), 0);
    }

    fn problem(&mut self, at: usize, what: String, lost: usize) {
        if self.problems.len() >= self.limits.notes {
            self.untold_problems += 1;
            return;
        }
        self.problems.push(Problem {
            offset: self.offset + at as u64,
            after_frame: self.frames,
            what,
            lost_bytes: lost as u64,
        });
    }
}

/// The same file, to be read from an offset on.
fn at_offset(file: &mut File, offset: u64) -> io::Result<File> {
    file.seek(SeekFrom::Start(offset))?;
    file.try_clone()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Number, time and bytes of a frame.
    pub(in super::super) type Read = (u64, Timestamp, Vec<u8>);

    /// Every frame of a file, and the problems.
    pub(in super::super) fn read_all(bytes: &[u8]) -> (Vec<Read>, Vec<Problem>) {
        let input = Input::from_reader(Box::new(io::Cursor::new(bytes.to_vec()))).unwrap();
        let mut reader = CaptureReader::new(input, &Limits::default()).unwrap();
        let mut chunk = Chunk::default();
        let mut frames = Vec::new();
        while reader.fill(&mut chunk) {
            frames.extend(chunk.frames().map(|f| (f.number, f.time, f.data.to_vec())));
        }
        (frames, reader.problems().0.to_vec())
    }

    fn open(bytes: &[u8]) -> Result<CaptureReader<'static>, CaptureError> {
        let input = Input::from_reader(Box::new(io::Cursor::new(bytes.to_vec())))?;
        CaptureReader::new(input, &Limits::default())
    }

    #[test]
    fn says_what_is_no_capture() {
        assert!(matches!(open(b""), Err(CaptureError::Empty)));
        let said = |bytes: &[u8]| open(bytes).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said(b"hello, this is a text file").contains("plain text"));
        assert!(said(&[1, 2, 3, 0xff, 5]).contains("010203ff"));
        assert!(matches!(open(&[0xd4, 0xc3, 0xb2, 0xa1, 2]), Err(CaptureError::BadHeader { .. })));
    }

    #[test]
    fn records_larger_than_a_chunk_and_across_chunks() {
        let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        file.extend(262_144u32.to_le_bytes());
        file.extend(1u32.to_le_bytes());
        let sizes = [262_000u32, 10, 200_000, 200_000, 0, 7];
        for size in sizes {
            for value in [1, 0, size, size] {
                file.extend(value.to_le_bytes());
            }
            file.resize(file.len() + size as usize, 9);
        }
        let (frames, problems) = read_all(&file);
        assert_eq!(problems, []);
        let got: Vec<u32> = frames.iter().map(|f| u32::try_from(f.2.len()).unwrap()).collect();
        assert_eq!(got, sizes);
        assert_eq!(frames.last().map(|f| f.0), Some(6));
    }
}
