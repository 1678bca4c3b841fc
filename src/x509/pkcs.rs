//! The containers of PKCS. Files of certificates (#7: .p7b, .p7c) are how certification authorities
//! on Windows hand out a chain; signatures and CRLs in them are not looked at. Key stores (#12) are
//! only told by name.

use super::der::{DerError, Reader, tag};

/// id-signedData, 1.2.840.113549.1.7.2.
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// `[0]`, constructed.
const CONTEXT_0: u8 = 0xa0;

/// The DER of the certificates in a PKCS #7 message, in its order; `None` when the bytes are
/// something else, or damaged.
pub(super) fn certificates(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut content_info = Reader::new(bytes).sequence().ok()?;
    let kind = content_info.expect(tag::OID).ok()?;
    if kind.value == SIGNED_DATA { signed_data(content_info).ok() } else { None }
}

/// RFC 2315, 9.1, and RFC 5652, 5.1.
fn signed_data(mut content_info: Reader<'_>) -> Result<Vec<&[u8]>, DerError> {
    let mut signed = Reader::new(content_info.expect(CONTEXT_0)?.value).sequence()?;
    signed.expect(tag::INTEGER)?;
    signed.expect(tag::SET)?;
    signed.expect(tag::SEQUENCE)?;
    let Some(list) = signed.optional(CONTEXT_0)? else { return Ok(Vec::new()) };
    let mut list = Reader::new(list.value);
    let mut certificates = Vec::new();
    while !list.is_empty() {
        let one = list.any()?;
        // Attribute certificates and the like have other tags.
        if one.tag == tag::SEQUENCE {
            certificates.push(one.raw);
        }
    }
    Ok(certificates)
}

/// Whether the bytes begin like a PKCS #12 file (RFC 7292, 4): version 3, then an authSafe.
pub(super) fn is_pkcs12(bytes: &[u8]) -> bool {
    let version = Reader::new(bytes).sequence().and_then(|mut pfx| {
        let version = pfx.expect(tag::INTEGER)?;
        pfx.expect(tag::SEQUENCE)?;
        Ok(version.value)
    });
    version == Ok(&[3])
}
