//! Extensions of hellos, kept raw and in wire order; each is read on its own, so
//! that a malformed one hides no other.

use crate::wire::Reader;
use crate::wire::reader::u16_list;

/// One extension (RFC 8446, 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// ExtensionType.
    pub code: u16,
    /// extension_data; what there was of it when `whole` is false.
    pub body: Vec<u8>,
    /// Whether all of it was there.
    pub whole: bool,
}

impl Extension {
    /// Whether its content is new in every handshake of the same two sides: key shares,
    /// tickets, cookies and what is encrypted.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        matches!(
            self.code,
            code::SESSION_TICKET
                | code::KEY_SHARE_DRAFT
                | code::PRE_SHARED_KEY
                | code::COOKIE
                | code::KEY_SHARE
                | code::ENCRYPTED_CLIENT_HELLO
        )
    }
}

/// Extension types that are read here (IANA, TLS ExtensionType Values).
pub(super) mod code {
    pub(in super::super) const SERVER_NAME: u16 = 0;
    pub(in super::super) const STATUS_REQUEST: u16 = 5;
    pub(in super::super) const SUPPORTED_GROUPS: u16 = 10;
    pub(in super::super) const EC_POINT_FORMATS: u16 = 11;
    pub(in super::super) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(in super::super) const ALPN: u16 = 16;
    pub(in super::super) const ENCRYPT_THEN_MAC: u16 = 22;
    pub(in super::super) const EXTENDED_MASTER_SECRET: u16 = 23;
    pub(in super::super) const DELEGATED_CREDENTIAL: u16 = 34;
    pub(in super::super) const SESSION_TICKET: u16 = 35;
    /// key_share in drafts of TLS 1.3 before 23.
    pub(in super::super) const KEY_SHARE_DRAFT: u16 = 40;
    pub(in super::super) const PRE_SHARED_KEY: u16 = 41;
    pub(in super::super) const EARLY_DATA: u16 = 42;
    pub(in super::super) const COOKIE: u16 = 44;
    pub(in super::super) const SUPPORTED_VERSIONS: u16 = 43;
    pub(in super::super) const SIGNATURE_ALGORITHMS_CERT: u16 = 50;
    pub(in super::super) const CERTIFICATE_AUTHORITIES: u16 = 47;
    pub(in super::super) const KEY_SHARE: u16 = 51;
    pub(in super::super) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
}

/// Reads the list of extensions; also says whether it was whole.
pub(super) fn list(reader: &mut Reader<'_>) -> (Vec<Extension>, bool) {
    // Before TLS 1.2 a hello may end without the field (RFC 5246, 7.4.1.2).
    if reader.is_empty() {
        return (Vec::new(), true);
    }
    let Some((bytes, mut whole)) = reader.vec16_lax() else {
        return (Vec::new(), false);
    };
    let mut inner = Reader::new(bytes);
    let mut extensions = Vec::new();
    while !inner.is_empty() {
        let Some(code) = inner.u16() else {
            whole = false;
            break;
        };
        let (body, all) = inner.vec16_lax().unwrap_or((&[], false));
        whole &= all;
        extensions.push(Extension { code, body: body.to_vec(), whole: all });
    }
    (extensions, whole)
}

/// The first extension of a type.
pub(super) fn find(extensions: &[Extension], code: u16) -> Option<&Extension> {
    extensions.iter().find(|extension| extension.code == code)
}

/// A list of 16-bit numbers behind a two-byte length; what there is of it.
pub(super) fn numbers16(extension: &Extension) -> Vec<u16> {
    Reader::new(&extension.body).vec16_lax().map_or_else(Vec::new, |(bytes, _)| u16_list(bytes))
}

/// A list of 16-bit numbers behind a one-byte length.
pub(super) fn numbers8(extension: &Extension) -> Vec<u16> {
    let mut reader = Reader::new(&extension.body);
    reader.u8().map_or_else(Vec::new, |count| u16_list(reader.take_lax(usize::from(count)).0))
}

/// ProtocolNameList (RFC 7301, 3.1).
pub(super) fn protocol_names(extension: &Extension) -> Vec<Vec<u8>> {
    let Some((bytes, _)) = Reader::new(&extension.body).vec16_lax() else {
        return Vec::new();
    };
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(|| reader.vec8().map(<[u8]>::to_vec)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tls-parser stops at the first malformed extension and still says all is well.
    #[test]
    fn a_malformed_extension_hides_no_other() {
        let bytes = [0, 20, 0, 13, 0, 4, 0xff, 0xff, 4, 3, 0, 10, 0, 4, 0, 2, 0, 29, 0, 23, 0, 0];
        let (extensions, whole) = list(&mut Reader::new(&bytes));
        assert!(whole);
        let codes: Vec<u16> = extensions.iter().map(|extension| extension.code).collect();
        assert_eq!(codes, [13, 10, 23]);
        assert_eq!(numbers16(&extensions[0]), [0x0403], "what is there of a list is shown");
        assert_eq!(numbers16(&extensions[1]), [29]);
    }

    #[test]
    fn a_cut_list_keeps_what_is_there() {
        let (extensions, whole) = list(&mut Reader::new(&[0, 99, 0, 16, 0, 50, 0, 9, 2, b'h']));
        assert!(!whole);
        assert_eq!(extensions.len(), 1);
        assert!(!extensions[0].whole);
    }
}
