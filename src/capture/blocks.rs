//! Blocks of one large file, read at their places at the same time.
//!
//! Where the first record of a block begins is guessed, so that no block waits for the one
//! before it. Nothing rests on the guess: a block counts only if it begins exactly where
//! the one before it ended, and is read again from there if it does not. Whatever is not a
//! whole, sound record is left to the reader that goes from record to record.

use std::fs::File;
use std::io;

use super::chunk::Chunk;
use super::pcap::{Pcap, Record};
use super::reader::CHUNK_BYTES;
use crate::time::Timestamp;

/// Read behind the end of a block, for the rest of its last record; most packets are
/// shorter.
const MARGIN: usize = 2048;
/// Records longer than this are not read behind a guess, so that a few wrong ones cannot
/// take much memory; the usual largest packet is within.
const LONGEST_GUESS: usize = 512 * 1024;
/// Files shorter than this many blocks are read record by record: they are over before
/// sharing out work pays.
const WORTH: u64 = 4;

/// The records of a classic pcap file from some place on, in blocks that all have the same
/// length, so that it does not matter how many of them are read at a time.
pub struct Blocks {
    file: File,
    pcap: Pcap,
    length: u64,
    /// The first block that was not asked for yet.
    next: usize,
    /// Everything before was read.
    reached: u64,
    last_time: Option<Timestamp>,
    sound: bool,
}

/// What was read of a block.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Where its first record begins, as was known or guessed.
    begin: Option<u64>,
    /// Where its last record ends.
    end: u64,
    /// Nothing in it needs a closer look.
    sound: bool,
    last_time: Option<Timestamp>,
}

/// How a block follows on what was read before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Exactly: its records count.
    Follows,
    /// Its first record lies elsewhere than was guessed: read it again.
    Elsewhere,
    /// No record begins in it that counts.
    Nothing,
}

impl Blocks {
    /// `None` when the file is short, or no file that can be read at any place.
    pub(super) fn new(file: &File, pcap: Pcap, from: u64) -> Option<Self> {
        let about = file.metadata().ok()?;
        let long = about.len() > from + WORTH * CHUNK_BYTES as u64;
        let file = if about.is_file() && long { file.try_clone().ok()? } else { return None };
        let length = about.len();
        let next = usize::try_from(from / CHUNK_BYTES as u64).ok()?;
        Some(Self { file, pcap, length, next, reached: from, last_time: None, sound: true })
    }

    /// How far everything was read, in bytes.
    pub(super) const fn reached(&self) -> u64 {
        self.reached
    }

    /// The time of the last record that was read.
    pub(super) const fn last_time(&self) -> Option<Timestamp> {
        self.last_time
    }

    /// The first block that was not asked for yet; `None` when no block is left, or something
    /// needs a closer look.
    #[must_use]
    pub fn next(&self) -> Option<usize> {
        (self.sound && self.reached < self.length).then_some(self.next)
    }

    /// Reads the records that begin in block `index`, from where its first one seems to be.
    pub fn guess(&self, index: usize, chunk: &mut Chunk) -> Block {
        let known = (index == self.next).then_some(self.reached);
        self.read(index, known, chunk)
    }

    /// Reads block `index` again, from where everything before it ended.
    pub fn again(&self, index: usize, chunk: &mut Chunk) -> Block {
        self.read(index, Some(self.reached), chunk)
    }

    /// Takes block `index` for read if it follows on what was read before. To be asked in
    /// order.
    pub fn accept(&mut self, index: usize, block: &Block) -> Fit {
        self.next = index + 1;
        if !self.sound || self.reached >= place(index + 1).min(self.length) {
            return Fit::Nothing;
        }
        if block.begin != Some(self.reached) {
            return Fit::Elsewhere;
        }
        self.reached = block.end;
        self.sound = block.sound;
        self.last_time = block.last_time.or(self.last_time);
        self.pcap.reached(self.last_time);
        Fit::Follows
    }

    fn read(&self, index: usize, known: Option<u64>, chunk: &mut Chunk) -> Block {
        chunk.heads.clear();
        chunk.frames_before = 0;
        let from = known.unwrap_or_else(|| place(index));
        let nothing = Block { begin: known, end: from, sound: false, last_time: None };
        // A long record may reach over all of it.
        let Some(wanted @ 1..) = place(index + 1).checked_sub(from) else { return nothing };
        let wanted = usize::try_from(wanted).unwrap_or(CHUNK_BYTES);
        let Ok(filled) = self.fill(from, &mut chunk.bytes, 0, wanted + MARGIN) else {
            return nothing;
        };
        let bytes = chunk.bytes.get(..filled).unwrap_or_default();
        let start = if known.is_some() { Some(0) } else { self.pcap.likely_start(bytes) };
        match start {
            Some(start) => {
                let longest = if known.is_some() { usize::MAX } else { LONGEST_GUESS };
                self.walk(chunk, (from, start, filled), wanted, longest)
            }
            None => nothing,
        }
    }

    /// Walks over the records that begin before `wanted`, counted from the offset `from`. A
    /// record of more than `longest` bytes has the block read again.
    fn walk(
        &self,
        chunk: &mut Chunk,
        (from, start, mut filled): (u64, usize, usize),
        wanted: usize,
        longest: usize,
    ) -> Block {
        let mut at = start;
        let (mut sound, mut begin) = (true, Some(from + start as u64));
        while at < wanted.min(filled) && sound {
            match self.pcap.record(chunk.bytes.get(at..filled).unwrap_or_default()) {
                Record::Whole(head) => {
                    chunk.heads.push(head.placed(at));
                    at += head.total;
                }
                Record::Need(length) if length > longest => (sound, begin) = (false, None),
                Record::Need(length) => {
                    let more = self.fill(from, &mut chunk.bytes, filled, at + length);
                    filled = more.unwrap_or(filled);
                    sound = filled >= at + length;
                }
                Record::Impossible(_) | Record::Another => sound = false,
            }
        }
        Block {
            begin,
            end: from + at as u64,
            sound,
            last_time: chunk.heads.last().map(|head| head.time),
        }
    }

    /// Reads behind the bytes that are there, up to `wanted` or the end of the file; gives
    /// how many are there then.
    fn fill(
        &self,
        from: u64,
        bytes: &mut Vec<u8>,
        mut filled: usize,
        wanted: usize,
    ) -> io::Result<usize> {
        if bytes.len() < wanted {
            bytes.resize(wanted, 0);
        }
        while let Some(room @ [_, ..]) = bytes.get_mut(filled..wanted) {
            match read_at(&self.file, room, from + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// Where in the file a block begins.
const fn place(index: usize) -> u64 {
    index as u64 * CHUNK_BYTES as u64
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, offset)
}

/// Elsewhere every block is left to the reader that goes from record to record.
#[cfg(not(any(unix, windows)))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::super::open::Input;
    use super::super::reader::CaptureReader;
    use super::*;
    use crate::limits::Limits;

    /// Number and content of a frame.
    type Read = (u64, Vec<u8>);

    fn from_file(path: &std::path::Path, in_blocks: bool) -> (Vec<Read>, String) {
        let input = Input::open(path).unwrap();
        let mut reader = CaptureReader::new(input, &Limits::default()).unwrap();
        let mut frames: Vec<Read> = Vec::new();
        let mut chunk = Chunk::default();
        if in_blocks && let Some(mut blocks) = reader.blocks() {
            while let Some(next) = blocks.next() {
                // Backwards, as threads might.
                let mut read: Vec<(usize, Block, Chunk)> = (next..next + 4)
                    .rev()
                    .map(|index| {
                        let mut chunk = Chunk::default();
                        (index, blocks.guess(index, &mut chunk), chunk)
                    })
                    .collect();
                read.reverse();
                for (index, block, mut chunk) in read {
                    let mut fit = blocks.accept(index, &block);
                    if fit == Fit::Elsewhere {
                        let block = blocks.again(index, &mut chunk);
                        fit = blocks.accept(index, &block);
                        assert_eq!(fit, Fit::Follows);
                    }
                    let before = frames.len() as u64;
                    let counted = (fit == Fit::Follows).then_some(&chunk);
                    let new = counted.into_iter().flat_map(Chunk::frames);
                    frames.extend(new.map(|f| (before + f.number, f.data.to_vec())));
                }
            }
            reader.go_on_behind(&blocks, frames.len() as u64);
        }
        while reader.fill(&mut chunk) {
            frames.extend(chunk.frames().map(|f| (f.number, f.data.to_vec())));
        }
        let about = format!("{:?} {} {}", reader.problems(), reader.frames(), reader.offset());
        (frames, about)
    }

    /// A file of at least `WORTH` blocks: records of the given lengths, again and again,
    /// with other files' headers inside.
    fn file(lengths: &[usize], damage: Option<usize>, cut: usize) -> tempfile::NamedTempFile {
        let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        // A snapshot length of 1 MiB, so that longer records than usual are sound.
        bytes.extend([0, 0, 16, 0, 1, 0, 0, 0]);
        let mut lengths = lengths.iter().cycle();
        let mut content = Vec::new();
        while bytes.len() < (WORTH as usize + 2) * CHUNK_BYTES {
            let length = *lengths.next().unwrap();
            let short = u32::try_from(length).unwrap();
            for value in [1_700_000_000, 5, short, short] {
                bytes.extend(u32::to_le_bytes(value));
            }
            // A capture within the capture: its headers look like ours.
            content.extend_from_slice(&bytes[bytes.len() - 16..]);
            content.truncate(4096);
            bytes.extend(content.iter().rev().chain(&content).cycle().take(length));
        }
        if let Some(at) = damage {
            let at = at % (bytes.len() - 64) + 24;
            bytes[at..at + 32].fill(0xff);
        }
        bytes.truncate(bytes.len() - cut);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        file
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn blocks_read_what_the_reader_reads(
            lengths in proptest::collection::vec(
                prop_oneof![
                    16..200_usize, 1_000..1_600_usize, 60_000..262_144_usize, 400_000..1_048_576_usize
                ], 1..12),
            damage in proptest::option::of(any::<usize>()),
            cut in 0..40_usize,
        ) {
            let file = file(&lengths, damage, cut);
            let (expected, got) = (from_file(file.path(), false), from_file(file.path(), true));
            prop_assert_eq!(expected.1, got.1);
            prop_assert!(expected.0 == got.0);
        }
    }

    #[test]
    fn short_files_are_read_one_by_one() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        file.write_all(&[0, 0, 4, 0, 1, 0, 0, 0]).unwrap();
        let input = Input::open(file.path()).unwrap();
        let reader = CaptureReader::new(input, &Limits::default()).unwrap();
        assert!(reader.blocks().is_none());
    }
}
