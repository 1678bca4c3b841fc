//! Members of a zip archive by the headers that stand in front of them (PKWARE APPNOTE, 4.3.7):
//! all there is to go by where the directory, at the end, is cut off, as in an upload that was
//! broken off, and what tells members of one name apart.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use ::zip::ZipReadOptions;
use ::zip::read::{ZipFile, read_zipfile_from_stream_with_options};
use ::zip::result::ZipError;
use memchr::memmem;

/// Magic number of a header.
const MAGIC: &[u8; 4] = b"PK\x03\x04";
/// Length of a header up to the member's name.
const HEADER: usize = 30;
/// The sizes stand behind the data (4.4.4): programs that write into a pipe do not know them
/// before.
const SIZES_BEHIND: u64 = 1 << 3;
/// Magic number of a data descriptor, which holds them (4.3.9.3). One without it, which is
/// allowed, is not found.
const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
/// Lengths of a descriptor with sizes of 4 bytes, and with those of 8 (4.3.9.2).
const SHORT: usize = 16;
const LONG: usize = 24;
/// With what every header begins, in front of members and in the directory.
const ANY: &[u8; 2] = b"PK";
/// The extra field with sizes of 8 bytes (4.5.3): uncompressed, then compressed.
const ZIP64: u64 = 1;
/// Bytes searched at a time.
const SEARCHED: usize = 64 * 1024;

/// The members of an archive, one after the other.
pub(super) struct Members {
    file: File,
    /// Where the next header begins.
    next: u64,
    /// Where the file ends.
    end: u64,
}

/// What a header, and the descriptor behind its member, say.
struct Header {
    /// Where the data of the member begin.
    data: u64,
    /// Where they end; behind the end of the file where they are cut.
    end: u64,
    /// Where the next header begins.
    behind: u64,
    /// The checksum, where it stands behind the data.
    checksum: Option<u32>,
}

impl Members {
    /// Those of a file, from this place on.
    pub(super) fn of(file: File, from: u64) -> io::Result<Self> {
        let end = file.metadata()?.len();
        Ok(Self { file, next: from, end })
    }

    /// The next member, or why it cannot be read; nothing behind the last one.
    pub(super) fn next(&mut self) -> Option<Result<ZipFile<'_, File>, ZipError>> {
        let at = self.next;
        match self.header(at) {
            Ok(header) => {
                let header = header?;
                self.next = header.behind;
                Some(self.read(at, &header))
            }
            Err(error) => {
                self.next = self.end;
                Some(Err(error.into()))
            }
        }
    }

    fn read(&mut self, at: u64, header: &Header) -> Result<ZipFile<'_, File>, ZipError> {
        // What is cut is read as far as it goes; a checksum does not fit it.
        let cut = header.end >= self.end;
        let mut options = ZipReadOptions::default()
            .override_compressed_size(header.end - header.data)
            .ignore_crc32(cut);
        if let Some(checksum) = header.checksum {
            options = options.override_crc(checksum);
        }
        self.file.seek(SeekFrom::Start(at))?;
        let member = read_zipfile_from_stream_with_options(&mut self.file, options)?;
        member.ok_or(ZipError::FileNotFound)
    }

    /// The header at this place, if there is one and it is whole.
    fn header(&mut self, at: u64) -> io::Result<Option<Header>> {
        let fixed = self.bytes(at, HEADER)?;
        if fixed.len() < HEADER || !fixed.starts_with(MAGIC) {
            return Ok(None);
        }
        let field = |at| number(&fixed, at).unwrap_or_default();
        let (flags, compressed) = (field(6..8), field(18..22));
        let (name, extra) = (field(26..28), field(28..30));
        let data = at + HEADER as u64 + name + extra;
        if flags & SIZES_BEHIND != 0 {
            return self.descriptor(data).map(Some);
        }
        let size = if compressed == u64::from(u32::MAX) {
            let extra = self.bytes(data - extra, usize::try_from(extra).unwrap_or_default())?;
            of_zip64(&extra).unwrap_or(compressed)
        } else {
            compressed
        };
        let end = data.saturating_add(size);
        Ok(Some(Header { data, end, behind: end, checksum: None }))
    }

    /// Where data that begin here end, by the descriptor behind them: the first one that tells
    /// the size that they have up to it. Where there is none, at the end of the file.
    fn descriptor(&mut self, data: u64) -> io::Result<Header> {
        // A descriptor and what begins behind it.
        const WHOLE: usize = LONG + ANY.len();
        let mut from = data;
        loop {
            let bytes = self.bytes(from, SEARCHED)?;
            let is_last = bytes.len() < SEARCHED;
            for place in memmem::find_iter(&bytes, DESCRIPTOR) {
                let end = from + place as u64;
                let here = bytes.get(place..).unwrap_or_default();
                // One that is cut here stands whole in what is searched next.
                let told = (is_last || here.len() >= WHOLE).then(|| told(here, end - data));
                if let Some((checksum, length)) = told.flatten() {
                    let behind = end + length as u64;
                    return Ok(Header { data, end, behind, checksum: Some(checksum) });
                }
            }
            if is_last {
                let end = self.end.max(data);
                return Ok(Header { data, end, behind: end, checksum: None });
            }
            from += (SEARCHED - WHOLE) as u64;
        }
    }

    /// Bytes at this place, fewer at the end of the file.
    fn bytes(&mut self, at: u64, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(count);
        self.file.seek(SeekFrom::Start(at))?;
        (&mut self.file).take(count as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The checksum and the length of a descriptor that tells this compressed size.
fn told(bytes: &[u8], compressed: u64) -> Option<(u32, usize)> {
    let checksum = number(bytes, 4..8)?;
    let begins_behind = |length| bytes.get(length..length + ANY.len()) == Some(ANY);
    let short = number(bytes, 8..12) == Some(compressed);
    let long = number(bytes, 8..16) == Some(compressed);
    let length = match (short, long) {
        (true, true) if begins_behind(SHORT) => SHORT,
        (_, true) => LONG,
        (true, false) => SHORT,
        (false, false) => return None,
    };
    Some((u32::try_from(checksum).ok()?, length))
}

/// The compressed size in an extra field of ZIP64.
fn of_zip64(mut extra: &[u8]) -> Option<u64> {
    loop {
        let (id, length) = (number(extra, 0..2)?, usize::try_from(number(extra, 2..4)?).ok()?);
        if id == ZIP64 {
            return number(extra, 12..20);
        }
        extra = extra.get(4 + length..)?;
    }
}

/// A number of these bytes, the lowest first, as all in a zip archive.
fn number(bytes: &[u8], at: Range<usize>) -> Option<u64> {
    let bytes = bytes.get(at)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
