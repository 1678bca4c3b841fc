//! ServerHello and HelloRetryRequest (RFC 8446, 4.1.3 and 4.1.4).

use super::extension::{self, Extension, code};
use crate::wire::Reader;
use crate::wire::text::ascii_or_hex;

/// SHA-256 of "HelloRetryRequest": the random that marks one (RFC 8446, 4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What the server chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// `legacy_version`.
    pub legacy_version: u16,
    /// `random`.
    pub random: Vec<u8>,
    /// `legacy_session_id_echo`, or the session's id before TLS 1.3.
    pub session_id: Vec<u8>,
    /// The chosen cipher suite; absent when the message was cut before it.
    pub cipher_suite: Option<u16>,
    /// The chosen compression method.
    pub compression_method: u8,
    /// Extensions.
    pub extensions: Vec<Extension>,
    /// Whether all of it was there.
    pub whole: bool,
}

impl ServerHello {
    /// Reads a message body; what is cut off at the end is left empty.
    #[must_use]
    pub(super) fn decode(body: &[u8]) -> Self {
        let mut hello = Self::default();
        let reader = &mut Reader::new(body);
        hello.whole = hello.read(reader).is_some();
        hello
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        self.legacy_version = reader.u16()?;
        self.random = reader.take(32)?.to_vec();
        // Drafts 18 to 21 of TLS 1.3 had neither session id nor compression.
        let short_draft = (0x7f00..=0x7f15).contains(&self.legacy_version);
        if !short_draft {
            self.session_id = reader.vec8()?.to_vec();
        }
        self.cipher_suite = Some(reader.u16()?);
        if !short_draft {
            self.compression_method = reader.u8()?;
        }
        let (extensions, whole) = extension::list(reader);
        self.extensions = extensions;
        whole.then_some(())
    }

    /// Reads the HelloRetryRequest of drafts before 22, which had a type of its own
    /// and no random.
    #[must_use]
    pub(super) fn decode_draft_retry(body: &[u8]) -> Self {
        let mut hello = Self::default();
        let mut reader = Reader::new(body);
        hello.legacy_version = reader.u16().unwrap_or_default();
        // Draft 19 added the cipher suite before the extensions.
        if hello.legacy_version >= 0x7f13 {
            hello.cipher_suite = reader.u16();
        }
        (hello.extensions, hello.whole) = extension::list(&mut reader);
        hello
    }

    /// Whether it is a HelloRetryRequest in the form of a ServerHello.
    #[must_use]
    pub fn is_retry_request(&self) -> bool {
        self.random == RETRY_RANDOM
    }

    /// An extension by its number.
    #[must_use]
    pub fn extension(&self, code: u16) -> Option<&Extension> {
        extension::find(&self.extensions, code)
    }

    /// The negotiated version: of `supported_versions` if it is there, else
    /// `legacy_version`; 0 when the message is cut before it can be told.
    #[must_use]
    pub fn version(&self) -> u16 {
        const TLS12: u16 = 0x0303;
        self.extension(code::SUPPORTED_VERSIONS)
            .and_then(|extension| Reader::new(&extension.body).u16())
            .unwrap_or(match self.cipher_suite {
                _ if self.whole || self.legacy_version != TLS12 => self.legacy_version,
                // The suites of TLS 1.3 are of no other version, and it has no others.
                Some(suite) if suite >> 8 == 0x13 => 0x0304,
                Some(_) => TLS12,
                None => 0,
            })
    }

    /// The group of the server's key share, or the one that a HelloRetryRequest
    /// asks for.
    #[must_use]
    pub fn key_share_group(&self) -> Option<u16> {
        let share =
            self.extension(code::KEY_SHARE).or_else(|| self.extension(code::KEY_SHARE_DRAFT))?;
        Reader::new(&share.body).u16()
    }

    /// The chosen protocol of ALPN, where it is not encrypted.
    #[must_use]
    pub fn alpn(&self) -> Option<String> {
        extension::protocol_names(self.extension(code::ALPN)?)
            .first()
            .map(|name| ascii_or_hex(name))
    }

    /// Which of the client's pre-shared keys of TLS 1.3 the server accepted, counted from 0
    /// (RFC 8446, 4.2.11).
    #[must_use]
    pub fn accepted_psk(&self) -> Option<usize> {
        let key = self.extension(code::PRE_SHARED_KEY)?;
        // A cut extension is one that was there: `usize::MAX` is none of the client's.
        Some(Reader::new(&key.body).u16().map_or(usize::MAX, usize::from))
    }

    /// Whether the server accepted a pre-shared key of TLS 1.3.
    #[must_use]
    pub fn accepts_psk(&self) -> bool {
        self.extension(code::PRE_SHARED_KEY).is_some()
    }
}

/// Whether a version number means TLS 1.3 or one of its drafts.
#[must_use]
pub(super) fn is_tls13(version: u16) -> bool {
    // 0x7fXX: drafts; 0x7e02, 0xfbXX: experiments of Google and Facebook.
    version == 0x0304 || matches!(version >> 8, 0x7e | 0x7f | 0xfb)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(random: [u8; 32], extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend(random);
        body.extend([0, 0x13, 0x02, 0]);
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
        body
    }

    #[test]
    fn the_version_is_in_the_extension() {
        let hello = ServerHello::decode(&body([1; 32], &[0, 43, 0, 2, 3, 4]));
        assert!(hello.whole);
        assert_eq!(hello.version(), 0x0304);
        assert_eq!(hello.cipher_suite, Some(0x1302));
        assert!(!hello.is_retry_request());
        assert_eq!(ServerHello::decode(&body([1; 32], &[])).version(), 0x0303);
    }

    /// A HelloRetryRequest is a ServerHello with a known random; tls-parser knows
    /// only the form of the drafts.
    #[test]
    fn a_retry_request_is_told_by_its_random() {
        let hello = ServerHello::decode(&body(RETRY_RANDOM, &[0, 51, 0, 2, 0, 24]));
        assert!(hello.is_retry_request());
        assert_eq!(hello.key_share_group(), Some(24));
    }

    #[test]
    fn draft_versions_are_tls13() {
        for version in [0x0304, 0x7f12, 0x7f1c, 0xfb17, 0x7e02] {
            assert!(is_tls13(version), "{version:x}");
        }
        assert!(!is_tls13(0x0303));
    }
}
