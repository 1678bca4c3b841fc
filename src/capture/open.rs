//! Opening: where bytes come from, and undoing compression, recognised by
//! content and not by name.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::error::CaptureError;

/// A stream of capture bytes, already uncompressed.
pub struct Input<'r> {
    /// The bytes.
    pub bytes: Box<dyn Read + 'r>,
    /// How they were packed.
    pub compression: Option<Compression>,
    /// The file they come from, if they are its bytes as they are.
    pub(super) file: Option<File>,
}

/// Compressions that are undone on the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The .xz file format.
    Xz,
    /// The LZ4 frame format.
    Lz4,
    /// The .bz2 file format.
    Bzip2,
}

impl Compression {
    /// Recognises a compression by its first bytes.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        const KNOWN: [(&[u8], Compression); 5] = [
            (&[0x1f, 0x8b], Compression::Gzip),
            (&[0x28, 0xb5, 0x2f, 0xfd], Compression::Zstd),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0], Compression::Xz),
            (&[0x04, 0x22, 0x4d, 0x18], Compression::Lz4),
            (b"BZh", Compression::Bzip2),
        ];
        KNOWN.into_iter().find_map(|(magic, kind)| head.starts_with(magic).then_some(kind))
    }

    /// The name of a file in lower case without the ending of a compression.
    #[must_use]
    pub fn unpacked_name(name: &str) -> &str {
        let packed = [".gz", ".bz2", ".zst", ".xz", ".lz4"];
        packed.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
    }

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Lz4 => "lz4",
            Self::Bzip2 => "bzip2",
        }
    }

    fn unpack<'r>(self, packed: Box<dyn Read + 'r>) -> io::Result<Box<dyn Read + 'r>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::new(packed)?),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, UNPACKING_KIB)),
            Self::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(packed)),
            Self::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(packed)),
        })
    }
}

impl<'r> Input<'r> {
    /// Opens a file.
    ///
    /// # Errors
    /// What the operating system says, or [`CaptureError::CompressedTwice`].
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let file = File::open(path)?;
        let again = file.try_clone()?;
        let input = Self::from_reader(Box::new(file))?;
        Ok(Self { file: input.compression.is_none().then_some(again), ..input })
    }

    /// Takes any stream, such as standard input.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn from_reader(raw: Box<dyn Read + 'r>) -> Result<Self, CaptureError> {
        let (head, raw) = peek(raw, MAGIC)?;
        let Some(outer) = Compression::sniff(&head) else {
            return Ok(Self { bytes: raw, compression: None, file: None });
        };
        let (head, bytes) = peek(outer.unpack(raw)?, MAGIC)?;
        match Compression::sniff(&head) {
            Some(inner) => {
                Err(CaptureError::CompressedTwice { outer: outer.name(), inner: inner.name() })
            }
            None => Ok(Self { bytes, compression: Some(outer), file: None }),
        }
    }
}

/// KiB of memory that unpacking may take, whatever a header claims: four times what `xz -9` needs,
/// and twice what Zstandard takes at most without being asked for more.
pub(super) const UNPACKING_KIB: u32 = 256 * 1024;

/// Bytes that tell a compression.
const MAGIC: usize = 8;

/// The first bytes of a stream, and the stream as if they had not been read. A
/// pipe or a decompressor may give less than asked for, so it is asked again.
pub(super) fn peek<'r>(
    mut raw: Box<dyn Read + 'r>,
    count: usize,
) -> io::Result<(Vec<u8>, Box<dyn Read + 'r>)> {
    let mut head = Vec::with_capacity(count);
    raw.by_ref().take(count as u64).read_to_end(&mut head)?;
    let whole = io::Cursor::new(head.clone()).chain(raw);
    Ok((head, Box::new(whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_first_read_is_no_obstacle() {
        struct OneByte(&'static [u8]);
        impl Read for OneByte {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                match (self.0.split_first(), out.first_mut()) {
                    (Some((first, rest)), Some(place)) => {
                        *place = *first;
                        self.0 = rest;
                        Ok(1)
                    }
                    _ => Ok(0),
                }
            }
        }
        let mut input = Input::from_reader(Box::new(OneByte(b"0123456789abcdef"))).unwrap();
        let mut all = String::new();
        input.bytes.read_to_string(&mut all).unwrap();
        assert_eq!(all, "0123456789abcdef");
    }

    #[test]
    fn compression_within_compression_is_refused_politely() {
        let once = zstd::encode_all(&b"capture"[..], 1).unwrap();
        let twice = zstd::encode_all(&once[..], 1).unwrap();
        assert!(Input::from_reader(Box::new(io::Cursor::new(once))).is_ok());
        let refused = Input::from_reader(Box::new(io::Cursor::new(twice)));
        assert!(matches!(refused, Err(CaptureError::CompressedTwice { .. })));
    }
}
