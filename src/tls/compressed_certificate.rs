//! CompressedCertificate (RFC 8879, 4): a Certificate message of TLS 1.3, compressed.

use std::io::Read;

use super::CertificateList;
use crate::wire::Reader;

const ZLIB: u16 = 1;
const BROTLI: u16 = 2;
const ZSTD: u16 = 3;
/// Memory for reading, whatever the message claims.
const BUFFER: usize = 4096;

/// The certificates of a CompressedCertificate; `None` when the algorithm is not
/// known, the bytes are damaged, or they do not become as long as promised. No more
/// than `bytes` are unpacked.
pub(super) fn decode(body: &[u8], certificates: usize, bytes: usize) -> Option<CertificateList> {
    let mut reader = Reader::new(body);
    let algorithm = reader.u16()?;
    let length = usize::try_from(reader.u24()?).ok().filter(|length| *length <= bytes)?;
    let message = unpack(algorithm, reader.vec24()?, length)?;
    let list = CertificateList::decode_tls13(&message, certificates);
    Some(CertificateList { compression: Some(algorithm), ..list })
}

/// Memory that zstd may ask for, as a power of two: 16 MiB, which is as much as the
/// longest Certificate message.
const ZSTD_WINDOW: u32 = 24;

/// Exactly `length` bytes.
fn unpack(algorithm: u16, packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let limit = u64::try_from(length).ok()?.saturating_add(1);
    match algorithm {
        ZLIB => flate2::read::ZlibDecoder::new(packed).take(limit).read_to_end(&mut out),
        BROTLI => {
            brotli_decompressor::Decompressor::new(packed, BUFFER).take(limit).read_to_end(&mut out)
        }
        ZSTD => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).ok()?;
            decoder.window_log_max(ZSTD_WINDOW).ok()?;
            decoder.take(limit).read_to_end(&mut out)
        }
        _ => return None,
    }
    .ok()?;
    (out.len() == length).then_some(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A Certificate message of TLS 1.3 with one certificate of 300 bytes.
    fn message() -> Vec<u8> {
        let mut message = vec![0, 0, 1, 0x31, 0, 1, 0x2c];
        message.extend([7; 300]);
        message.extend([0, 0]);
        message
    }

    fn compressed(algorithm: u16, length: usize, packed: &[u8]) -> Vec<u8> {
        let u24 = |number: usize| u32::try_from(number).unwrap().to_be_bytes()[1..].to_vec();
        [algorithm.to_be_bytes().to_vec(), u24(length), u24(packed.len()), packed.to_vec()].concat()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// brotli, which nothing here can write, is in the recordings of `tests/keylog`.
    #[test]
    fn packed_certificates_are_read() {
        let zstd = zstd::encode_all(&message()[..], 3).unwrap();
        for (algorithm, packed) in [(ZLIB, zlib(&message())), (ZSTD, zstd)] {
            let list = decode(&compressed(algorithm, message().len(), &packed), 9, 9999).unwrap();
            assert_eq!(list.certificates, [vec![7; 300]]);
            assert_eq!(list.compression, Some(algorithm));
        }
    }

    #[test]
    fn a_bomb_and_a_lie_are_refused() {
        let bomb = zlib(&vec![0; 100_000]);
        assert_eq!(decode(&compressed(ZLIB, 100_000, &bomb), 9, 9999), None);
        assert_eq!(decode(&compressed(ZLIB, 9000, &bomb), 9, 9999), None);
        assert_eq!(decode(&compressed(ZLIB, 400, &zlib(&message())), 9, 9999), None);
        assert_eq!(decode(&compressed(9, 9, b"?"), 9, 9999), None);
        assert_eq!(decode(&compressed(BROTLI, 9, b"\xff\xff\xff"), 9, 9999), None);
        assert_eq!(decode(&[0, 1, 0], 9, 9999), None);
    }
}
