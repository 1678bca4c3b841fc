//! Zip archives: how captures are mailed. Their directory stands at the end, so they are read
//! at their places: an inner one is first copied to a temporary file without a name.

mod local;
mod packed;

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use ::zip::read::ZipFile;
use ::zip::result::ZipError;
use ::zip::{CompressionMethod, ZipArchive};

use self::local::Members;
use self::packed::Told;
use super::{Entry, Walk, inside};
use crate::capture::error::CaptureError;

/// Length of the magic number.
pub(super) const MAGIC: usize = 4;
/// Bytes of a directory for each member that is looked at: a header of 46 and a long name.
const DIRECTORY_BYTES: u64 = 512;
/// Length of the record at the end, without its comment.
const END: usize = 22;
/// Compressions that the library undoes.
const READ: [CompressionMethod; 4] = [
    CompressionMethod::STORE,
    CompressionMethod::DEFLATE,
    CompressionMethod::DEFLATE64,
    CompressionMethod::BZIP2,
];
/// Why a member of another compression is not read.
const PACKED_OTHERWISE: &str = "packed in a way that is not read here (stored, deflate, deflate64, bzip2, LZMA, xz and Zstandard are, the last three where the archive is whole and has no two members of one name): unpack the archive and name the folder";
/// The end of the directory with the longest comment.
const END_BYTES: u64 = 128 * 1024;

/// Whether these are the first bytes of a zip archive with members, or of one without.
pub(super) fn recognises(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Copies an archive that lies in another, of so many bytes at `most`, to where it can be read
/// at its places.
pub(super) fn spool(bytes: &mut dyn Read, most: u64) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    if io::copy(&mut bytes.take(most + 1), &mut file)? > most {
        return Err(io::Error::other("the inner zip archive is too large: unpack the outer one"));
    }
    Ok(file)
}

impl Walk<'_> {
    /// Visits the members of a zip archive; false when the visitor has had enough. A member
    /// that cannot be read, such as an encrypted one, does not end the archive.
    pub(super) fn zip(
        &mut self,
        file: File,
        within: &str,
        nesting: usize,
    ) -> Result<bool, CaptureError> {
        let mut archive = match open(file.try_clone()?, self.limits.archive_members as u64) {
            Ok(archive) => archive,
            Err(ZipError::InvalidArchive(what)) => {
                let more = self.by_headers(Members::of(file, 0)?, within, nesting)?;
                return if more { Err(cut(&what)) } else { Ok(false) };
            }
            Err(error) => return Err(io::Error::other(said(&error)).into()),
        };
        // Of members of one name the library knows the last only.
        if told_members(&file, archive.comment().len())? > archive.len() as u64 {
            return self.by_headers(Members::of(file, archive.offset())?, within, nesting);
        }
        for place in 0..archive.len() {
            let entry = archive.by_index(place);
            let more = if entry.as_ref().is_ok_and(|entry| packed::is_read(entry.compression())) {
                drop(entry);
                self.packed(archive.by_index_raw(place), within, nesting)?
            } else {
                self.zipped(place, entry, within, nesting)?
            };
            if !more {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Visits a member that the library does not unpack.
    fn packed<R: Read>(
        &mut self,
        entry: Result<ZipFile<'_, R>, ZipError>,
        within: &str,
        nesting: usize,
    ) -> Result<bool, CaptureError> {
        let index = self.next_index()?;
        let Ok(entry) = entry else { return Ok(true) };
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let (method, size, checksum) = (entry.compression(), entry.size(), entry.crc32());
        match packed::unpack(entry, Told { method, size, checksum }) {
            Ok(bytes) => {
                let mut bytes = self.bounded(bytes);
                let entry = Entry { index, name, size, bytes: &mut bytes };
                self.member(entry, within, nesting)
            }
            Err(error) => {
                self.note(&inside(within, &name), error.to_string());
                Ok(true)
            }
        }
    }

    /// Visits the members of a zip archive by the headers in front of them.
    fn by_headers(
        &mut self,
        mut members: Members,
        within: &str,
        nesting: usize,
    ) -> Result<bool, CaptureError> {
        let mut place = 0;
        while let Some(member) = members.next() {
            if !self.zipped(place, member, within, nesting)? {
                return Ok(false);
            }
            place += 1;
        }
        Ok(true)
    }

    /// Visits the member at this place of a zip archive.
    fn zipped<R: Read>(
        &mut self,
        place: usize,
        entry: Result<ZipFile<'_, R>, ZipError>,
        within: &str,
        nesting: usize,
    ) -> Result<bool, CaptureError> {
        let index = self.next_index()?;
        let entry = match entry {
            Ok(entry) if entry.is_file() => entry,
            Ok(_) => return Ok(true),
            Err(error) => {
                let inner = if within.is_empty() { "" } else { ", " };
                self.note(&format!("{within}{inner}member {}", place + 1), said(&error));
                return Ok(true);
            }
        };
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if !READ.contains(&entry.compression()) {
            self.note(&inside(within, &name), PACKED_OTHERWISE);
            return Ok(true);
        }
        let size = entry.size();
        let mut bytes = self.bounded(Box::new(entry));
        let entry = Entry { index, name, size, bytes: &mut bytes };
        self.member(entry, within, nesting)
    }
}

/// How many members the record at the end tells (APPNOTE, 4.3.16); none where the file goes on
/// behind it, or the number stands in the record of ZIP64 (4.4.22).
fn told_members(mut file: &File, comment: usize) -> io::Result<u64> {
    let mut record = [0; END];
    let from_end = i64::try_from(END + comment).map_err(io::Error::other)?;
    file.seek(SeekFrom::End(-from_end))?;
    file.read_exact(&mut record)?;
    let told = u16::from_le_bytes([record[10], record[11]]);
    let here = record.starts_with(b"PK\x05\x06") && told != u16::MAX;
    Ok(if here { u64::from(told) } else { 0 })
}

/// Reads the directory of an archive, which must not be longer than so many members need.
fn open(file: File, members: u64) -> Result<ZipArchive<Directory>, ZipError> {
    let left = Rc::new(Cell::new(END_BYTES + members * DIRECTORY_BYTES));
    let directory = Directory { file: BufReader::new(file), left: Rc::clone(&left) };
    let archive = ZipArchive::new(directory)?;
    left.set(u64::MAX);
    Ok(archive)
}

/// What is wrong, and what to do.
fn said(error: &ZipError) -> String {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            "encrypted: unpack the archive with its password and name the folder".to_owned()
        }
        error => format!("zip archive: {error}"),
    }
}

/// What is said behind the members of an archive without its end.
fn cut(what: &str) -> CaptureError {
    let said = format!(
        "zip archive without its directory, which stands at the end ({what}): is the file whole? What there is of its members was read"
    );
    CaptureError::Io(io::Error::other(said))
}

/// A file of which only so many bytes are read: the library takes as much memory for a
/// directory as the archive claims to have members.
struct Directory {
    file: BufReader<File>,
    left: Rc<Cell<u64>>,
}

impl Read for Directory {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        let left = self.left.get().checked_sub(count as u64);
        self.left.set(left.ok_or_else(|| io::Error::other("its directory is too long"))?);
        Ok(count)
    }
}

impl Seek for Directory {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use ::zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;
    use crate::capture::archive::visit_stream;
    use crate::limits::Limits;

    fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in members {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// Names and contents of the members, and what could not be read.
    fn seen(bytes: &[u8], limits: &Limits) -> (Vec<(String, Vec<u8>)>, String) {
        let mut seen = Vec::new();
        let read = visit_stream(Box::new(bytes), limits, &mut |mut member| {
            let mut content = Vec::new();
            let whole = member.bytes().read_to_end(&mut content).is_ok();
            seen.push((member.name, content));
            whole
        });
        (seen, read.err().map(|error| error.to_string()).unwrap_or_default())
    }

    #[test]
    fn members_in_order_and_names_that_are_no_paths() {
        let bytes = zip(&[("../../etc/passwd", b"one"), ("folder/", b""), ("b", &[7; 9000])]);
        let (seen, trouble) = seen(&bytes, &Limits::default());
        let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            (names.as_slice(), trouble.as_str()),
            (["../../etc/passwd", "b"].as_slice(), "")
        );
        assert_eq!(seen[1].1, [7; 9000]);
    }

    /// The others are read, and what to do is told.
    #[test]
    fn an_encrypted_member_is_told() {
        const ENCRYPTED: u8 = 1;
        let mut bytes = zip(&[("a", b"one"), ("b", b"two")]);
        // The flags of the second member, in its own header and in the directory.
        for (magic, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
            let at = bytes.windows(4).rposition(|four| four == magic).unwrap();
            bytes[at + flags] |= ENCRYPTED;
        }
        let (seen, trouble) = seen(&bytes, &Limits::default());
        assert_eq!(seen, [("a".to_owned(), b"one".to_vec())]);
        assert!(trouble.contains("member 2: encrypted: unpack the archive"), "{trouble}");
    }

    /// What another compression packs is told by its name, and the others are read.
    #[test]
    fn a_member_of_another_compression_is_told() {
        const PPMD: u8 = 98;
        let mut bytes = zip(&[("one", b"1"), ("other", b"2")]);
        for (magic, method) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
            let at = bytes.windows(4).rposition(|four| four == magic).unwrap();
            bytes[at + method] = PPMD;
        }
        let (read, trouble) = seen(&bytes, &Limits::default());
        assert_eq!(read, [("one".to_owned(), b"1".to_vec())]);
        assert!(trouble.starts_with("other: packed in a way"), "{trouble}");
    }

    /// As a program writes it that packs with Zstandard: the library here cannot.
    #[test]
    fn a_member_that_is_unpacked_here_is_read() {
        let content = b"capture ".repeat(400);
        let packed = zstd::encode_all(&content[..], 3).unwrap();
        let mut sum = flate2::Crc::new();
        sum.update(&content);
        let mut other = ZipWriter::new(io::Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::STORE);
        other.start_file("packed", stored).unwrap();
        other.write_all(&packed).unwrap();
        let mut bytes = other.finish().unwrap().into_inner();
        for (magic, method, checksum) in [(b"PK\x03\x04", 8, 14), (b"PK\x01\x02", 10, 16)] {
            let at = bytes.windows(4).rposition(|four| four == magic).unwrap();
            let size = u32::try_from(content.len()).unwrap().to_le_bytes();
            bytes[at + method] = 93;
            bytes[at + checksum..at + checksum + 4].copy_from_slice(&sum.sum().to_le_bytes());
            bytes[at + checksum + 8..at + checksum + 12].copy_from_slice(&size);
        }
        let (read, trouble) = seen(&bytes, &Limits::default());
        assert_eq!((read, trouble.as_str()), (vec![("packed".to_owned(), content)], ""));
        let few = Limits { archive_bytes: 2_000, ..Limits::default() };
        assert!(seen(&bytes, &few).0[0].1.len() <= 2_000);
    }

    /// Also where something stands in front of the archive.
    #[test]
    fn members_of_one_name_are_all_read() {
        let mut bytes = zip(&[("one", b"1"), ("two", b"2"), ("eno", b"3")]);
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, b"eno").collect();
        assert_eq!(places.len(), 2);
        places.iter().for_each(|at| bytes[*at..*at + 3].copy_from_slice(b"one"));
        let (read, trouble) = seen(&bytes, &Limits::default());
        let read: Vec<(&str, &[u8])> =
            read.iter().map(|(name, content)| (&**name, &**content)).collect();
        assert_eq!(read, [("one", &b"1"[..]), ("two", b"2"), ("one", b"3")]);
        assert_eq!(trouble, "");
    }

    /// What is unpacked, how many members there are and how long the directory is.
    #[test]
    fn hostile_archives_end_at_the_limits() {
        let bomb = zip(&[("zeros", &[0; 1 << 20])]);
        let few = Limits { archive_bytes: 100_000, ..Limits::default() };
        assert!(bomb.len() < 2_000);
        let (read, _) = seen(&bomb, &few);
        assert!(read[0].1.len() <= 100_000);
        let small = Limits { spooled_bytes: bomb.len() as u64 - 1, ..Limits::default() };
        assert!(seen(&bomb, &small).1.contains("unpack the outer one"));
        let names: Vec<String> = (0..2_000).map(|number| format!("{number:0200}")).collect();
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
        let many = zip(&members);
        let limits = |archive_members| Limits { archive_members, ..Limits::default() };
        assert_eq!(seen(&many, &limits(2_000)).1, "");
        assert!(seen(&many, &limits(1_999)).1.contains("more members"));
        let (none, trouble) = seen(&many, &limits(10));
        assert!(none.is_empty() && trouble.contains("directory is too long"), "{trouble}");
    }

    #[test]
    fn the_record_at_the_end_tells_how_many_members_there_are() {
        let told = |count: u16, behind: &[u8]| {
            let mut bytes = zip(&[("a", b"one"), ("b", b"two")]);
            let at = bytes.len() - END + 10;
            bytes[at..at + 2].copy_from_slice(&count.to_le_bytes());
            bytes.extend(behind);
            told_members(&spool(&mut &bytes[..], 1 << 20).unwrap(), 0).unwrap()
        };
        assert_eq!([told(2, b""), told(u16::MAX, b""), told(2, b"more")], [2, 0, 0]);
    }

    /// An archive made by a program that writes into a pipe: sizes stand behind the data.
    fn streamed(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new_stream(Vec::new());
        for (name, content) in members {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// Wherever it is cut: what was there before is read, what is cut as far as it goes.
    #[test]
    fn of_a_cut_archive_is_read_what_is_there() {
        let mut noise = 1_u32;
        let content: Vec<u8> = (0..200_000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                noise.to_le_bytes()[3]
            })
            .collect();
        let members: [(&str, &[u8]); 4] =
            [("a", b"one"), ("empty", b""), ("folder/", b""), ("noise", &content)];
        for bytes in [zip(&members), streamed(&members)] {
            let (whole, trouble) = seen(&bytes, &Limits::default());
            assert_eq!((whole.len(), trouble.as_str()), (3, ""));
            let directory = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
            for cut in [bytes.len() - 3, directory, directory - 20] {
                let (read, trouble) = seen(&bytes[..cut], &Limits::default());
                assert_eq!(read.len(), 3, "{cut}: {trouble}");
                assert_eq!(read, whole);
                assert!(trouble.contains("is the file whole?"), "{trouble}");
            }
            let (read, trouble) = seen(&bytes[..bytes.len() / 2], &Limits::default());
            assert_eq!(read[..2], whole[..2]);
            let got = &read[2].1;
            assert!(got.len() > 90_000 && content.starts_with(got), "{}: {trouble}", got.len());
            for cut in [5, 29, 40, 60] {
                let (read, trouble) = seen(&bytes[..cut], &Limits::default());
                assert!(read.len() < 3 && !trouble.is_empty(), "{cut}");
            }
        }
    }
}
