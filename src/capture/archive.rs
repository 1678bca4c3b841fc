//! Archives of captures (`.tar`, plain or compressed), read as a stream: nothing is
//! unpacked to disk, names are never used as paths, links are not followed.

use std::io::{self, Read};
use std::path::Path;

use super::error::CaptureError;
use super::open::{Input, peek};
use crate::limits::Limits;

/// Size of a tar header.
const HEADER: usize = 512;
/// Where the format's name stands in it (POSIX.1-1988).
const MAGIC_AT: usize = 257;

/// A regular file inside an archive, while the archive is being read.
pub struct Member<'m> {
    /// Its position among the members.
    pub index: usize,
    /// Its name as the archive gives it: text for people, never a path to open.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    bytes: &'m mut dyn Read,
}

impl<'m> Member<'m> {
    /// Its bytes, with a compression of its own undone.
    ///
    /// # Errors
    /// What reading says, or [`CaptureError::CompressedTwice`].
    pub fn input(self) -> Result<Input<'m>, CaptureError> {
        Input::from_reader(Box::new(self.bytes))
    }

    /// Its bytes as they are.
    pub fn bytes(&mut self) -> &mut dyn Read {
        self.bytes
    }
}

/// Whether a file is an archive.
///
/// # Errors
/// What the operating system says.
pub fn is_archive(path: &Path) -> Result<bool, CaptureError> {
    let (head, _) = peek(Input::open(path)?.bytes, HEADER)?;
    Ok(is_tar(&head))
}

/// A tar header: by its magic, or in the oldest format by its checksum.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..HEADER) else { return false };
    let magic = header.get(MAGIC_AT..MAGIC_AT + 5) == Some(b"ustar");
    magic || checksum_fits(header)
}

/// The sum of all bytes with the checksum field itself taken as spaces.
fn checksum_fits(header: &[u8]) -> bool {
    const FIELD: std::ops::Range<usize> = 148..156;
    let field = header.get(FIELD).unwrap_or_default();
    let text: String = field.iter().map(|byte| char::from(*byte)).collect();
    let digits = text.trim_matches(|c: char| c == ' ' || c == '\0');
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| if FIELD.contains(&at) { 32 } else { u64::from(*byte) })
        .sum();
    !digits.is_empty() && u64::from_str_radix(digits, 8) == Ok(sum)
}

/// Visits the regular files of an archive in order, until `visit` answers false.
///
/// # Errors
/// When the archive cannot be opened, is damaged, or is larger than the limits;
/// what was visited before stays.
pub fn visit(
    path: &Path,
    limits: &Limits,
    visit: &mut dyn FnMut(Member<'_>) -> bool,
) -> Result<(), CaptureError> {
    let bounded = Bounded { inner: Input::open(path)?.bytes, left: limits.archive_bytes };
    visit_stream(Box::new(bounded), limits, visit)
}

/// As [`visit()`], from a stream that is not compressed.
///
/// # Errors
/// As [`visit()`].
pub fn visit_stream(
    bytes: Box<dyn Read + '_>,
    limits: &Limits,
    visit: &mut dyn FnMut(Member<'_>) -> bool,
) -> Result<(), CaptureError> {
    let mut archive = tar::Archive::new(bytes);
    for (index, entry) in archive.entries()?.enumerate() {
        if index >= limits.archive_members {
            return Err(too_large("members"));
        }
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let size = entry.size();
        if !visit(Member { index, name, size, bytes: &mut entry }) {
            break;
        }
    }
    Ok(())
}

fn too_large(what: &str) -> CaptureError {
    CaptureError::Io(io::Error::other(format!("the archive has more {what} than the limit")))
}

/// A reader that gives up behind a limit: a small archive may unpack to more than
/// any disk holds.
struct Bounded<'r> {
    inner: Box<dyn Read + 'r>,
    left: u64,
}

impl Read for Bounded<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("the archive unpacks to more bytes than the limit"))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A member's header, in the form of tar before POSIX, and its content.
    fn member(name: &str, content: &[u8]) -> Vec<u8> {
        let mut header = vec![0; HEADER];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].copy_from_slice(b"        ");
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut all = [header, content.to_vec()].concat();
        all.resize(all.len().next_multiple_of(HEADER), 0);
        all
    }

    fn names(bytes: &[u8], limits: &Limits) -> (Vec<(String, Vec<u8>)>, bool) {
        let mut seen = Vec::new();
        let result = visit_stream(Box::new(bytes), limits, &mut |mut member| {
            let mut content = Vec::new();
            let whole = member.bytes().read_to_end(&mut content).is_ok();
            seen.push((member.name.clone(), content));
            whole
        });
        (seen, result.is_ok())
    }

    #[test]
    fn members_in_order_and_names_that_are_no_paths() {
        let bytes = [member("../../etc/passwd", b"one"), member("b", b"two")].concat();
        assert!(is_tar(&bytes));
        let (seen, whole) = names(&bytes, &Limits::default());
        assert!(whole);
        assert_eq!(
            seen,
            [("../../etc/passwd".into(), b"one".to_vec()), ("b".into(), b"two".to_vec())]
        );
    }

    #[test]
    fn a_damaged_archive_keeps_what_came_before() {
        let mut bytes = [member("a", b"one"), member("b", b"two")].concat();
        bytes.truncate(HEADER * 2 + 100);
        let (seen, whole) = names(&bytes, &Limits::default());
        assert_eq!(seen.len(), 1);
        assert!(!whole);
    }

    #[test]
    fn members_are_counted() {
        let bytes: Vec<u8> = (0..5).flat_map(|n| member(&format!("f{n}"), b"x")).collect();
        let limits = Limits { archive_members: 3, ..Limits::default() };
        let (seen, whole) = names(&bytes, &limits);
        assert_eq!((seen.len(), whole), (3, false));
    }

    #[test]
    fn captures_and_text_are_no_archives() {
        assert!(!is_tar(&[0; HEADER]));
        assert!(!is_tar(b"short"));
        assert!(!is_tar(&[0x7f; HEADER]));
    }
}
