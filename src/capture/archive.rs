//! Archives of captures (`.tar`, plain or compressed, and `.zip`), read member by member:
//! nothing but a zip archive inside another is unpacked to disk, names are never used as
//! paths, links are not followed.

mod zip;

use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use super::error::CaptureError;
use super::open::{Compression, Input, peek};
use super::reader::Format;
use crate::limits::Limits;

/// Size of a tar header.
pub(super) const HEADER: usize = 512;
/// Where the format's name stands in it (POSIX.1-1988).
const MAGIC_AT: usize = 257;

/// A regular file inside an archive, while the archive is being read.
pub struct Member<'m> {
    /// Its position among the members.
    pub index: usize,
    /// Its name as the archive gives it: text for people, never a path to open.
    pub name: String,
    /// Names of the archives that it lies in inside the outermost one, outermost first,
    /// joined by a slash; mostly empty.
    pub within: String,
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

/// What a file holds, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A capture.
    Capture,
    /// An archive.
    Archive,
}

/// What a file holds; `None` for anything but a capture or an archive.
///
/// # Errors
/// What the operating system says.
pub fn kind(path: &Path) -> Result<Option<Kind>, CaptureError> {
    let (head, _) = peek(Input::open(path)?.bytes, HEADER)?;
    let capture = Format::sniff(&head).map(|_| Kind::Capture);
    Ok(capture.or_else(|| recognise(&head).map(|_| Kind::Archive)))
}

/// Whether a file is an archive.
///
/// # Errors
/// What the operating system says.
pub fn is_archive(path: &Path) -> Result<bool, CaptureError> {
    Ok(kind(path)? == Some(Kind::Archive))
}

/// What kind of archive begins with these bytes.
pub(super) fn recognise(head: &[u8]) -> Option<&'static str> {
    if is_tar(head) {
        Some("a tar archive")
    } else {
        zip::recognises(head).then_some("a zip archive")
    }
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
    let input = Input::open(path)?;
    let (head, bytes) = peek(input.bytes, zip::MAGIC)?;
    Walk::with(limits, visit).all(|walk| match input.file {
        Some(file) if zip::recognises(&head) => walk.zip(file, "", limits.archive_nesting),
        _ => walk.archive(bytes, "", limits.archive_nesting),
    })
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
    Walk::with(limits, visit).all(|walk| walk.archive(bytes, "", limits.archive_nesting))
}

/// A walk over an archive and those inside it.
struct Walk<'w> {
    limits: &'w Limits,
    visit: &'w mut dyn FnMut(Member<'_>) -> bool,
    /// Position of the next member; those of inner archives are counted through.
    index: usize,
    /// Bytes that may still be unpacked, of all archives together.
    left: Rc<Cell<u64>>,
    /// Why members cannot be read, or inner archives not to their end: the first few.
    troubles: Vec<String>,
    /// How many more there are.
    untold: u64,
}

/// Members that cannot be read, told by their names.
const TOLD: usize = 8;

/// A member of an archive that is being walked over.
struct Entry<'e> {
    index: usize,
    name: String,
    size: u64,
    bytes: &'e mut dyn Read,
}

impl<'w> Walk<'w> {
    fn with(limits: &'w Limits, visit: &'w mut dyn FnMut(Member<'_>) -> bool) -> Self {
        let left = Rc::new(Cell::new(limits.archive_bytes));
        Self { limits, visit, index: 0, left, troubles: Vec::new(), untold: 0 }
    }

    /// Walks, and says what could not be read.
    fn all(
        mut self,
        walk: impl FnOnce(&mut Self) -> Result<bool, CaptureError>,
    ) -> Result<(), CaptureError> {
        walk(&mut self)?;
        if self.troubles.is_empty() {
            return Ok(());
        }
        let more = (self.untold > 0).then(|| format!("and {} more members", self.untold));
        let told: Vec<String> = self.troubles.into_iter().chain(more).collect();
        Err(io::Error::other(told.join("; ")).into())
    }

    /// Visits the members of one archive; false when the visitor has had enough.
    fn archive(
        &mut self,
        bytes: Box<dyn Read + '_>,
        within: &str,
        nesting: usize,
    ) -> Result<bool, CaptureError> {
        let (head, bytes) = peek(bytes, zip::MAGIC)?;
        if zip::recognises(&head) {
            let file = zip::spool(&mut self.bounded(bytes), self.limits.spooled_bytes)?;
            return self.zip(file, within, nesting);
        }
        let mut archive = tar::Archive::new(self.bounded(bytes));
        for entry in archive.entries()? {
            let index = self.next_index()?;
            let mut entry = entry?;
            let kind = entry.header().entry_type();
            if !kind.is_file() && !kind.is_gnu_sparse() {
                continue;
            }
            if let Some(name) = sparse_name(&mut entry) {
                self.note(&inside(within, &name), SPARSE);
                continue;
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let size = entry.size();
            // Its holes, which are not in the archive, count as what is unpacked.
            let mut bytes = self.bounded(Box::new(entry));
            let entry = Entry { index, name, size, bytes: &mut bytes };
            if !self.member(entry, within, nesting)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn bounded<'r>(&self, inner: Box<dyn Read + 'r>) -> Bounded<'r> {
        Bounded { inner, left: Rc::clone(&self.left) }
    }

    fn next_index(&mut self) -> Result<usize, CaptureError> {
        if self.index >= self.limits.archive_members {
            return Err(too_large("members"));
        }
        self.index += 1;
        Ok(self.index - 1)
    }

    /// Visits a member, or those of the archive that it is.
    fn member(
        &mut self,
        entry: Entry<'_>,
        within: &str,
        nesting: usize,
    ) -> Result<bool, CaptureError> {
        let Entry { index, name, size, bytes } = entry;
        if calls_itself_archive(&name) {
            if nesting > 0 {
                return self.inner(bytes, within, &name, nesting);
            }
            self.note(&inside(within, &name), TOO_DEEP);
            return Ok(true);
        }
        Ok((self.visit)(Member { index, name, within: within.to_owned(), size, bytes }))
    }

    /// Visits an archive inside an archive: those of a cluster's peers are often sent
    /// as one. What cannot be read of it does not end the outer one.
    fn inner(
        &mut self,
        bytes: &mut dyn Read,
        within: &str,
        name: &str,
        nesting: usize,
    ) -> Result<bool, CaptureError> {
        let within = inside(within, name);
        let read = Input::from_reader(Box::new(bytes))
            .and_then(|input| self.archive(input.bytes, &within, nesting - 1));
        match read {
            Err(error) if self.index < self.limits.archive_members && self.left.get() > 0 => {
                self.note(&within, &error);
                Ok(true)
            }
            result => result,
        }
    }

    /// Takes note of what cannot be read while all around it can.
    fn note(&mut self, what: &str, error: impl std::fmt::Display) {
        if self.troubles.len() < TOLD {
            self.troubles.push(format!("{what}: {error}"));
        } else {
            self.untold += 1;
        }
    }
}

/// Why an archive inside the innermost archive that is looked into is not read.
const TOO_DEEP: &str = "lies too deep in archives: unpack the outer one and name the folder";
/// Why a member is not read that stands in the archive without its holes.
const SPARSE: &str = "a sparse file: unpack the archive and name the folder";

/// The name of a member, with those of the archives around it.
fn inside(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") }
}

/// The name of a member whose holes are told in extended headers, which the library does not
/// read (GNU tar manual, "PAX Format, Versions 0.0 to 1.0").
fn sparse_name(entry: &mut tar::Entry<'_, impl Read>) -> Option<String> {
    let extensions = entry.pax_extensions().ok().flatten()?;
    let told: Vec<(String, String)> = extensions
        .filter_map(|extension| extension.ok())
        .filter_map(|one| Some((one.key().ok()?.to_owned(), one.value().ok()?.to_owned())))
        .filter(|(key, _)| key.starts_with("GNU.sparse."))
        .collect();
    let name = told.iter().find(|(key, _)| key == "GNU.sparse.name").map(|(_, name)| name.clone());
    let own = || String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    (!told.is_empty()).then(|| name.unwrap_or_else(own))
}

/// Whether a member's name is that of an archive; its content is not known before it
/// is read, and reading cannot be taken back.
fn calls_itself_archive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let packed = [".tgz", ".tbz2", ".zip"].iter().any(|ending| name.ends_with(ending));
    packed || Compression::unpacked_name(&name).ends_with(".tar")
}

fn too_large(what: &str) -> CaptureError {
    CaptureError::Io(io::Error::other(format!("the archive has more {what} than the limit")))
}

/// A reader that gives up behind a limit: a small archive may unpack to more than
/// any disk holds.
struct Bounded<'r> {
    inner: Box<dyn Read + 'r>,
    left: Rc<Cell<u64>>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        let Some(left) = self.left.get().checked_sub(count as u64) else {
            self.left.set(0);
            return Err(io::Error::other("the archive unpacks to more bytes than the limit"));
        };
        self.left.set(left);
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
    fn archives_inside_an_archive_are_walked_as_deep_as_the_limit() {
        let inner = member("in", b"deep");
        let middle = [member("inner.tar", &inner), member("b", b"two")].concat();
        let bytes = [member("x/middle.tar", &middle), member("c", b"three")].concat();
        let limits = Limits { archive_nesting: 1, ..Limits::default() };
        let (seen, whole) = names(&bytes, &limits);
        let seen: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((seen.as_slice(), whole), (["b", "c"].as_slice(), false));
        let (seen, _) = names(&bytes, &Limits::default());
        assert_eq!(seen.first().map(|(_, content)| content.as_slice()), Some(&b"deep"[..]));
    }

    #[test]
    fn a_damaged_inner_archive_is_told_behind_the_rest() {
        let inner = member("in", b"deep");
        let bytes = [member("a.tar", &inner[..HEADER + 4]), member("c", b"three")].concat();
        let (seen, whole) = names(&bytes, &Limits::default());
        assert!(!whole);
        assert_eq!(seen.last().map(|(name, _)| name.as_str()), Some("c"));
    }

    /// The oldest form is read; of the others the holes are told where the library does not look.
    #[test]
    fn sparse_members_are_read_or_told() {
        let mut old = member("old", b"data");
        old.truncate(HEADER);
        old[156] = b'S';
        old[257..265].copy_from_slice(b"ustar  \0");
        let number = |value: usize| format!("{value:011o}\0").into_bytes();
        // A hole of 512 bytes, then the data.
        for (at, value) in [(386, HEADER), (398, 4), (483, HEADER + 4)] {
            old[at..at + 12].copy_from_slice(&number(value));
        }
        old[148..156].fill(b' ');
        let sum: u64 = old.iter().map(|byte| u64::from(*byte)).sum();
        old[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        old.extend(b"data");
        old.resize(2 * HEADER, 0);
        let mut new = tar::Builder::new(Vec::new());
        let keys = [("GNU.sparse.major", &b"1"[..]), ("GNU.sparse.name", b"new")];
        new.append_pax_extensions(keys).unwrap();
        let mut new = new.into_inner().unwrap();
        // Without the end of the archive.
        new.truncate(new.len() - 2 * HEADER);
        let bytes = [old, new, member("GNUSparseFile.1/new", b"1\n")].concat();
        let mut seen = Vec::new();
        let read = visit_stream(Box::new(&bytes[..]), &Limits::default(), &mut |mut member| {
            let mut content = Vec::new();
            member.bytes().read_to_end(&mut content).unwrap();
            seen.push((member.name.clone(), content));
            true
        });
        assert_eq!(seen, [("old".to_owned(), [&[0; HEADER][..], b"data"].concat())]);
        assert!(read.unwrap_err().to_string().starts_with("new: a sparse file"));
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
