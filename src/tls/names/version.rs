//! Protocol versions, as OpenSSL writes them. IANA keeps no registry of them.

use std::borrow::Cow;

use super::table::{grease_or_hex, hex16};

/// The drafts of TLS 1.3 ended with 28.
const LAST_DRAFT: u8 = 28;

/// The name of a protocol version: of a record, of a hello, or in `supported_versions` (RFC 8446, 4.2.1).
///
/// `0x7fXX` is draft XX of TLS 1.3 (RFC 8446 before publication, 4.2.1.1), `0xfbXX` the same as Facebook spoke it.
///
/// ```
/// # use tlsight::tls::names::version_name;
/// assert_eq!(version_name(0x0303), "TLSv1.2");
/// assert_eq!(version_name(0x7f1c), "TLSv1.3 (draft 28)");
/// ```
#[must_use]
pub fn version_name(code: u16) -> Cow<'static, str> {
    let name = match code {
        0x0002 => "SSLv2",
        0x0300 => "SSLv3",
        0x0301 => "TLSv1.0",
        0x0302 => "TLSv1.1",
        0x0303 => "TLSv1.2",
        0x0304 => "TLSv1.3",
        // not the number of RFC 4347; Cisco AnyConnect keeps to it
        0x0100 => "DTLSv1.0 (OpenSSL before 0.9.8f)",
        // GB/T 38636, once GM/T 0024
        0x0101 => "TLCPv1.1",
        0xfeff => "DTLSv1.0",
        0xfefd => "DTLSv1.2",
        0xfefc => "DTLSv1.3",
        _ => return draft(code),
    };
    Cow::Borrowed(name)
}

fn draft(code: u16) -> Cow<'static, str> {
    match code.to_be_bytes() {
        [0x7f, draft] if draft <= LAST_DRAFT => format!("TLSv1.3 (draft {draft:02})").into(),
        [0xfb, draft] if draft <= LAST_DRAFT => {
            format!("TLSv1.3 (Facebook draft {draft:02})").into()
        }
        [0x7f | 0xfb, _] => hex16(code),
        _ => grease_or_hex(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_drafts_grease_and_the_rest() {
        for (code, name) in [
            (0x0002, "SSLv2"),
            (0x0300, "SSLv3"),
            (0x0301, "TLSv1.0"),
            (0x0304, "TLSv1.3"),
            (0x7f00, "TLSv1.3 (draft 00)"),
            (0x7f12, "TLSv1.3 (draft 18)"),
            (0x7f1d, "0x7f1d"),
            (0xfb17, "TLSv1.3 (Facebook draft 23)"),
            (0xfefc, "DTLSv1.3"),
            (0x9a9a, "GREASE (0x9a9a)"),
            (0x0305, "0x0305"),
        ] {
            assert_eq!(version_name(code), name);
        }
    }
}
