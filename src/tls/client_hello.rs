//! ClientHello (RFC 8446, 4.1.2; RFC 5246, 7.4.1.2), also in SSL 2.0 format.

use super::extension::{self, Extension, code};
use crate::wire::Reader;
use crate::wire::reader::u16_list;
use crate::wire::text::ascii_or_hex;

/// What the client offered, in wire order, GREASE included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// `legacy_version`; 0x0002 for SSL 2.0 itself.
    pub legacy_version: u16,
    /// `random`, or the challenge of an SSL 2.0 format hello.
    pub random: Vec<u8>,
    /// `legacy_session_id`.
    pub session_id: Vec<u8>,
    /// Cipher suites; three-byte kinds in an SSL 2.0 format hello.
    pub cipher_suites: Vec<u32>,
    /// Compression methods.
    pub compression_methods: Vec<u8>,
    /// Extensions.
    pub extensions: Vec<Extension>,
    /// The first `host_name` of `server_name` (RFC 6066, 3): as it is when printable
    /// ASCII, else in hexadecimal.
    pub server_name: Option<String>,
    /// It came in SSL 2.0 format.
    pub ssl2_format: bool,
    /// Whether all of it was there.
    pub whole: bool,
}

impl ClientHello {
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
        self.session_id = reader.vec8()?.to_vec();
        let (suites, all) = reader.vec16_lax()?;
        self.cipher_suites = u16_list(suites).into_iter().map(u32::from).collect();
        if !all {
            return None;
        }
        self.compression_methods = reader.vec8()?.to_vec();
        let (extensions, whole) = extension::list(reader);
        self.extensions = extensions;
        self.server_name = self.read_server_name();
        whole.then_some(())
    }

    /// Reads an SSL 2.0 format hello, from its version on.
    #[must_use]
    pub(super) fn decode_ssl2(body: &[u8]) -> Self {
        let mut hello = Self { ssl2_format: true, ..Self::default() };
        let reader = &mut Reader::new(body);
        hello.whole = hello.read_ssl2(reader).is_some();
        hello
    }

    fn read_ssl2(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        self.legacy_version = reader.u16()?;
        let [suites, session, challenge] =
            [reader.u16()?, reader.u16()?, reader.u16()?].map(usize::from);
        let (suites, _) = reader.take_lax(suites);
        self.cipher_suites =
            suites.chunks_exact(3).filter_map(|kind| Reader::new(kind).u24()).collect();
        self.session_id = reader.take(session)?.to_vec();
        self.random = reader.take(challenge)?.to_vec();
        Some(())
    }

    /// An extension by its number.
    #[must_use]
    pub fn extension(&self, code: u16) -> Option<&Extension> {
        extension::find(&self.extensions, code)
    }

    fn numbers(&self, code: u16) -> Vec<u16> {
        self.extension(code).map_or_else(Vec::new, extension::numbers16)
    }

    /// The cipher suites in order, without the kinds of SSL 2.0, whose numbers have three
    /// bytes.
    pub fn suites(&self) -> impl Iterator<Item = u16> + use<'_> {
        self.cipher_suites.iter().filter_map(|code| u16::try_from(*code).ok())
    }

    fn read_server_name(&self) -> Option<String> {
        let extension = self.extension(code::SERVER_NAME)?;
        let (list, _) = Reader::new(&extension.body).vec16_lax()?;
        let mut reader = Reader::new(list);
        while let Some(kind) = reader.u8() {
            let (name, whole) = reader.vec16_lax()?;
            // The beginning of a name that was not captured to its end is another name.
            if kind == 0 && (whole || (extension.whole && !name.is_empty())) {
                return Some(ascii_or_hex(name));
            }
        }
        None
    }

    /// `supported_versions` (RFC 8446, 4.2.1).
    #[must_use]
    pub fn supported_versions(&self) -> Vec<u16> {
        self.extension(code::SUPPORTED_VERSIONS).map_or_else(Vec::new, extension::numbers8)
    }

    /// `signature_algorithms` (RFC 8446, 4.2.3).
    #[must_use]
    pub fn signature_algorithms(&self) -> Vec<u16> {
        self.numbers(code::SIGNATURE_ALGORITHMS)
    }

    /// `signature_algorithms_cert` (RFC 8446, 4.2.3).
    #[must_use]
    pub fn signature_algorithms_cert(&self) -> Vec<u16> {
        self.numbers(code::SIGNATURE_ALGORITHMS_CERT)
    }

    /// `supported_groups` (RFC 8446, 4.2.7).
    #[must_use]
    pub fn supported_groups(&self) -> Vec<u16> {
        self.numbers(code::SUPPORTED_GROUPS)
    }

    /// Groups of the offered key shares (RFC 8446, 4.2.8).
    #[must_use]
    pub fn key_share_groups(&self) -> Vec<u16> {
        let share =
            self.extension(code::KEY_SHARE).or_else(|| self.extension(code::KEY_SHARE_DRAFT));
        let Some((list, _)) = share.and_then(|share| Reader::new(&share.body).vec16_lax()) else {
            return Vec::new();
        };
        let mut reader = Reader::new(list);
        std::iter::from_fn(|| {
            let group = reader.u16()?;
            reader.vec16_lax()?;
            Some(group)
        })
        .collect()
    }

    /// Protocol names of ALPN (RFC 7301).
    #[must_use]
    pub fn alpn(&self) -> Vec<String> {
        self.extension(code::ALPN).map_or_else(Vec::new, |extension| {
            extension::protocol_names(extension).iter().map(|name| ascii_or_hex(name)).collect()
        })
    }

    /// Whether a ticket of an earlier session came along (RFC 5077).
    #[must_use]
    pub fn has_ticket(&self) -> bool {
        self.extension(code::SESSION_TICKET).is_some_and(|ticket| !ticket.body.is_empty())
    }

    /// Whether a pre-shared key of TLS 1.3 was offered.
    #[must_use]
    pub fn offers_psk(&self) -> bool {
        self.extension(code::PRE_SHARED_KEY).is_some()
    }

    /// The obfuscated age of one of the pre-shared keys, counted from 0 (RFC 8446, 4.2.11).
    #[must_use]
    pub fn psk_age(&self, at: usize) -> Option<u32> {
        let mut keys = Reader::new(&self.extension(code::PRE_SHARED_KEY)?.body);
        let mut list = Reader::new(keys.vec16()?);
        let mut ages = std::iter::from_fn(|| {
            list.vec16()?;
            list.u32()
        });
        ages.nth(at)
    }

    /// Whether early data was announced.
    #[must_use]
    pub fn offers_early_data(&self) -> bool {
        self.extension(code::EARLY_DATA).is_some()
    }

    /// Whether this is the outer hello of Encrypted Client Hello: the true server
    /// name may be inside and hidden.
    #[must_use]
    pub fn is_ech_outer(&self) -> bool {
        self.extension(code::ENCRYPTED_CLIENT_HELLO).is_some_and(|ech| ech.body.first() == Some(&0))
    }

    /// Whether the extended master secret was offered (RFC 7627).
    #[must_use]
    pub fn offers_extended_master_secret(&self) -> bool {
        self.extension(code::EXTENDED_MASTER_SECRET).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([0, 0, 4, 0xc0, 0x2c, 0x0a, 0x0a, 1, 0]);
        let extensions = [
            &[0u8, 0, 0, 9, 0, 7, 0, 0, 4, b'h', b'o', b's', b't'][..],
            &[0, 51, 0, 8, 0, 6, 0, 29, 0, 2, 9, 9],
            &[0, 43, 0, 3, 2, 3, 4],
            &[0, 16, 0, 5, 0, 3, 2, b'h', b'2'],
        ]
        .concat();
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
        body
    }

    #[test]
    fn reads_what_was_offered() {
        let hello = ClientHello::decode(&body());
        assert!(hello.whole);
        assert_eq!(hello.cipher_suites, [0xc02c, 0x0a0a]);
        assert_eq!(hello.server_name.as_deref(), Some("host"));
        assert_eq!(hello.key_share_groups(), [29]);
        assert_eq!(hello.supported_versions(), [0x0304]);
        assert_eq!(hello.alpn(), ["h2"]);
    }

    #[test]
    fn cut_anywhere_it_shows_what_is_there_and_says_so() {
        let whole = body();
        for length in 0..whole.len() {
            let hello = ClientHello::decode(&whole[..length]);
            // Without the field of extensions a hello is whole (RFC 5246, 7.4.1.2).
            let ends_before_extensions = length == whole.len() - 2 - hello_extensions(&whole);
            assert_eq!(hello.whole, ends_before_extensions, "cut at {length}");
        }
        let hello = ClientHello::decode(&whole[..43]);
        assert_eq!(hello.cipher_suites, [0xc02c, 0x0a0a]);
    }

    fn hello_extensions(body: &[u8]) -> usize {
        body.len() - 43 - 2
    }

    /// A whole hello must be read as tls-parser reads it.
    #[test]
    fn agrees_with_tls_parser() {
        let body = body();
        let mut message = vec![1, 0, 0, u8::try_from(body.len()).unwrap()];
        message.extend(&body);
        let (_, parsed) = tls_parser::parse_tls_message_handshake(&message).unwrap();
        let tls_parser::TlsMessage::Handshake(tls_parser::TlsMessageHandshake::ClientHello(theirs)) =
            parsed
        else {
            panic!("no ClientHello");
        };
        let ours = ClientHello::decode(&body);
        let suites: Vec<u32> = theirs.ciphers.iter().map(|suite| u32::from(suite.0)).collect();
        assert_eq!(ours.cipher_suites, suites);
        assert_eq!(ours.random, theirs.random);
    }
}
