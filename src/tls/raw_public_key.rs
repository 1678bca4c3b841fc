//! Raw public keys in place of certificates (RFC 7250).
//!
//! The server's hello says which side shows one. The other direction does not hold
//! that hello, and the hello may be missing; the bytes themselves tell as well.

use crate::wire::Reader;

/// Tags of DER.
const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// The SubjectPublicKeyInfo in the body of a Certificate message of TLS 1.2 (RFC 7250,
/// 3), or what there is of it; `None` when the body is a list of certificates. A list
/// begins with the length of a certificate, which would have to be over three million
/// bytes to look like the SEQUENCE of a key.
pub(super) fn of_tls12(body: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(body);
    let length = usize::try_from(reader.u24()?).ok()?;
    let (key, _) = reader.take_lax(length);
    (is_one(key) && value(key, SEQUENCE)?.1 == length).then(|| key.to_vec())
}

/// Whether DER is a SubjectPublicKeyInfo (RFC 5280, 4.1): its first element is an
/// AlgorithmIdentifier, which begins with an object identifier. That of a certificate
/// begins with its version or its serial number.
pub(super) fn is_one(der: &[u8]) -> bool {
    let inner = value(der, SEQUENCE).and_then(|(inner, _)| value(inner, SEQUENCE));
    inner.is_some_and(|(algorithm, _)| algorithm.first() == Some(&OBJECT_IDENTIFIER))
}

/// What there is of the value of the element at the beginning, if it has this tag, and
/// the length of the whole element.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], usize)> {
    let mut reader = Reader::new(der);
    if reader.u8()? != tag {
        return None;
    }
    let first = reader.u8()?;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81 => usize::from(reader.u8()?),
        0x82 => usize::from(reader.u16()?),
        0x83 => usize::try_from(reader.u24()?).ok()?,
        _ => return None,
    };
    let header = der.len() - reader.left();
    Some((reader.take_lax(length).0, header + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An Ed25519 key (RFC 8410, 10.1).
    const KEY: [u8; 44] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x19, 0xbf, 0x44,
        0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50,
        0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1,
    ];

    #[test]
    fn a_key_stands_where_the_list_would() {
        let body = [&[0, 0, 44], &KEY[..]].concat();
        assert_eq!(of_tls12(&body), Some(KEY.to_vec()));
        assert_eq!(of_tls12(&body[..20]), Some(KEY[..17].to_vec()), "what there is of it");
        // Too short to tell, or of another length than its own.
        assert_eq!(of_tls12(&body[..7]), None);
        assert_eq!(of_tls12(&[&[0, 0, 45], &KEY[..], &[0]].concat()), None);
    }

    #[test]
    fn certificates_are_none() {
        // A list with one certificate: SEQUENCE { SEQUENCE { [0] ...
        let der = [0x30, 8, 0x30, 6, 0xa0, 3, 2, 1, 2, 0];
        let list = [&[0, 0, 13, 0, 0, 10], &der[..]].concat();
        assert_eq!(of_tls12(&list), None);
        assert!(!is_one(&der));
        // One without a version: its serial number comes first.
        assert!(!is_one(&[0x30, 5, 0x30, 3, 2, 1, 2]));
        assert_eq!(of_tls12(&[0, 0, 0]), None, "an empty list");
        assert!(!is_one(&[0x30, 0x84, 0, 0, 0, 1]) && !is_one(&[]));
    }
}
