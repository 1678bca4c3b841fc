//! Members that are packed with LZMA, xz or Zstandard (PKWARE APPNOTE, 4.4.5 and 5.8). They are
//! unpacked here and not by the library of zip archives, which takes as much memory for the
//! window of the first two as the archive claims that it needs.

use std::io::{self, BufReader, Read};

use ::zip::CompressionMethod;
use flate2::Crc;
use lzma_rust2::{LzmaReader, XzReader};

use crate::capture::open::UNPACKING_KIB;

/// The number that Zstandard had before 93 (APPNOTE 6.3.7).
const ZSTD_BEFORE: CompressionMethod = CompressionMethod::ZSTD_DEPRECATED;

/// Whether members of this compression are unpacked here.
pub(super) const fn is_read(method: CompressionMethod) -> bool {
    matches!(
        method,
        CompressionMethod::LZMA | CompressionMethod::XZ | CompressionMethod::ZSTD | ZSTD_BEFORE
    )
}

/// What the archive says of a member.
#[derive(Clone, Copy)]
pub(super) struct Told {
    /// How it is packed.
    pub(super) method: CompressionMethod,
    /// How long it is unpacked.
    pub(super) size: u64,
    /// Its checksum.
    pub(super) checksum: u32,
}

/// A member as it was before it was packed.
pub(super) fn unpack<'r>(packed: impl Read + 'r, told: Told) -> io::Result<Box<dyn Read + 'r>> {
    let packed = BufReader::new(packed);
    let bytes: Box<dyn Read + 'r> = match told.method {
        CompressionMethod::LZMA => lzma(packed, told.size)?,
        CompressionMethod::XZ => Box::new(XzReader::new_mem_limit(packed, true, UNPACKING_KIB)),
        _ => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
    };
    Ok(Box::new(Checked { bytes, checksum: told.checksum, sum: Crc::new() }))
}

/// Version, length of the properties, properties; then the data (APPNOTE, 5.8.8).
fn lzma<'r>(mut packed: impl Read + 'r, size: u64) -> io::Result<Box<dyn Read + 'r>> {
    let mut head = [0; 9];
    packed.read_exact(&mut head)?;
    let [_, _, 5, 0, properties, window @ ..] = head else {
        return Err(io::Error::other("LZMA properties of an unknown length"));
    };
    let window = u32::from_le_bytes(window);
    if size.min(u64::from(window)) > u64::from(UNPACKING_KIB) * 1024 {
        return Err(io::Error::other("unpacking it would need too much memory"));
    }
    Ok(Box::new(LzmaReader::new_with_props(packed, size, properties, window, None)?))
}

/// Bytes whose checksum is compared at their end.
struct Checked<'r> {
    bytes: Box<dyn Read + 'r>,
    checksum: u32,
    sum: Crc,
}

impl Read for Checked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(out)?;
        self.sum.update(out.get(..count).unwrap_or_default());
        let ended = count == 0 && !out.is_empty();
        if ended && self.sum.sum() != self.checksum {
            return Err(io::Error::other("its checksum does not fit"));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'tlsight tlsight tlsight' | xz --format=raw --lzma1=dict=64KiB`, behind the header
    /// that Python's zipfile writes in front of it.
    fn member(window: [u8; 4]) -> Vec<u8> {
        let mut packed = vec![9, 4, 5, 0, 0x5d];
        packed.extend(window);
        packed.extend(LZMA);
        packed
    }

    const TEXT: &[u8] = b"tlsight tlsight tlsight";
    const LZMA: &[u8] = &[
        0x00, 0x3a, 0x1b, 0x0a, 0xcd, 0x36, 0x2b, 0x06, 0x64, 0x57, 0xae, 0x0a, 0x5a, 0xc3, 0xff,
        0xff, 0xfc, 0xab, 0xc0, 0x00,
    ];

    fn read(method: CompressionMethod, packed: &[u8], size: u64) -> io::Result<Vec<u8>> {
        let mut sum = Crc::new();
        sum.update(TEXT);
        let mut out = Vec::new();
        unpack(packed, Told { method, size, checksum: sum.sum() })?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn members_of_three_compressions_are_read() {
        let zstd = zstd::encode_all(TEXT, 3).unwrap();
        let size = TEXT.len() as u64;
        for method in [CompressionMethod::ZSTD, ZSTD_BEFORE] {
            assert_eq!(read(method, &zstd, size).unwrap(), TEXT);
        }
        let lzma = member([0, 0, 1, 0]);
        assert_eq!(read(CompressionMethod::LZMA, &lzma, size).unwrap(), TEXT);
        assert_eq!(read(CompressionMethod::XZ, XZ, size).unwrap(), TEXT);
    }

    const XZ: &[u8] = &[
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21,
        0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0xe0, 0x00, 0x16, 0x00, 0x0e, 0x5d,
        0x00, 0x3a, 0x1b, 0x0a, 0xcd, 0x36, 0x2b, 0x06, 0x64, 0x57, 0xae, 0x03, 0x46, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x28, 0x9a, 0x81, 0xc7, 0x38, 0x9a, 0x42, 0x67, 0x00, 0x01, 0x2a, 0x17,
        0xc4, 0xfc, 0x3e, 0xcc, 0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59,
        0x5a,
    ];

    #[test]
    fn what_is_broken_or_too_large_is_told() {
        let size = TEXT.len() as u64;
        let told = |packed: &[u8], size| {
            read(CompressionMethod::LZMA, packed, size).unwrap_err().to_string()
        };
        let lzma = member([0, 0, 1, 0]);
        assert!(told(XZ, size).len() > 1);
        let other = Told { method: CompressionMethod::XZ, size, checksum: 1 };
        let error = unpack(XZ, other).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "its checksum does not fit");
        assert!(told(&member([0, 0, 0, 0xf0]), 1 << 40).contains("too much memory"));
        assert!(!told(&lzma[..8], size).is_empty());
        assert!(!told(&lzma[..20], size).is_empty());
        // A header that claims little and holds much is read as far as it says.
        assert_eq!(read(CompressionMethod::LZMA, &member([0, 0, 0, 0xf0]), size).unwrap(), TEXT);
    }
}
