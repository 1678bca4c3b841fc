//! What an extension says, in a few words, for those whose content is short.

use super::certificate::ocsp_response;
use super::delegated_credential::DelegatedCredential;
use super::extension::{self, Extension, code};
use super::handshake::Role;
use super::names;
use crate::wire::Reader;
use crate::wire::text::{ascii_or_hex, count};

/// The content of an extension in words; `None` where the name says it all, the
/// content is shown elsewhere, or it cannot be read.
#[must_use]
pub fn describe(extension: &Extension, from: Role) -> Option<String> {
    let reader = Reader::new(&extension.body);
    match (extension.code, from) {
        (1, _) => max_fragment_length(reader),
        (code::EC_POINT_FORMATS, _) => list8(reader, names::ec_point_format_name),
        (18, Role::Server) => entries16(reader).map(|n| count(n, "signed certificate timestamp")),
        (19 | 20, Role::Client) => list8(reader, names::certificate_type_name),
        (19 | 20, Role::Server) => one(reader, names::certificate_type_name),
        (27, _) => {
            Some(words(&extension::numbers8(extension), names::certificate_compression_name))
        }
        (28, _) => number(reader).map(|limit| format!("{limit} bytes")),
        (code::DELEGATED_CREDENTIAL, Role::Client) => {
            Some(words(&extension::numbers16(extension), names::signature_scheme_name))
        }
        (code::PRE_SHARED_KEY, Role::Client) => entries_psk(reader),
        (code::PRE_SHARED_KEY, Role::Server) => {
            number(reader).map(|index| format!("identity {index} accepted"))
        }
        (45, _) => list8(reader, names::psk_key_exchange_mode_name),
        (code::CERTIFICATE_AUTHORITIES, _) => entries16(reader).map(|n| count(n, "name")),
        // Application settings, old and new number.
        (17_513 | 17_613, _) => Some(protocols(extension)),
        (code::ENCRYPTED_CLIENT_HELLO, Role::Client) => Some(ech(&extension.body)),
        (0xff01, _) => Some(renegotiation(&extension.body)),
        _ => None,
    }
}

/// The content of an extension beside a certificate of TLS 1.3 (RFC 8446, 4.4.2), as
/// [`describe`] tells that of others.
#[must_use]
pub fn describe_beside_certificate(extension: &Extension) -> Option<String> {
    match extension.code {
        code::STATUS_REQUEST => {
            let response = ocsp_response(&extension.body)?;
            Some(format!("OCSP response of {} bytes", response.len()))
        }
        18 => entries16(Reader::new(&extension.body))
            .map(|n| count(n, "signed certificate timestamp")),
        code::DELEGATED_CREDENTIAL => {
            let credential = DelegatedCredential::decode(&extension.body)?;
            let name = names::signature_scheme_name;
            Some(format!(
                "valid until {} s after the certificate's notBefore, signs with {}, signed with {}",
                credential.valid_time,
                name(credential.verify_algorithm),
                name(credential.algorithm),
            ))
        }
        _ => None,
    }
}

fn protocols(extension: &Extension) -> String {
    let names = extension::protocol_names(extension);
    names.iter().map(|name| ascii_or_hex(name)).collect::<Vec<_>>().join(", ")
}

/// RFC 6066, 4: 1 is 2^9 bytes, 4 is 2^12.
fn max_fragment_length(mut reader: Reader<'_>) -> Option<String> {
    let exponent = reader.u8().filter(|exponent| (1..=4).contains(exponent))?;
    Some(format!("{} bytes", 1u32 << (8 + u32::from(exponent))))
}

fn number(mut reader: Reader<'_>) -> Option<u16> {
    reader.u16()
}

fn one<N: ToString>(mut reader: Reader<'_>, name: fn(u8) -> N) -> Option<String> {
    reader.u8().map(|code| name(code).to_string())
}

fn list8<N: ToString>(mut reader: Reader<'_>, name: fn(u8) -> N) -> Option<String> {
    let codes = reader.vec8()?;
    Some(codes.iter().map(|code| name(*code).to_string()).collect::<Vec<_>>().join(", "))
}

fn words<N: ToString>(codes: &[u16], name: fn(u16) -> N) -> String {
    codes.iter().map(|code| name(*code).to_string()).collect::<Vec<_>>().join(", ")
}

/// How many byte strings a list holds.
fn entries16(mut reader: Reader<'_>) -> Option<u64> {
    let mut list = Reader::new(reader.vec16()?);
    Some(std::iter::from_fn(|| list.vec16()).count() as u64)
}

/// Identities are followed by four bytes of age (RFC 8446, 4.2.11).
fn entries_psk(mut reader: Reader<'_>) -> Option<String> {
    let mut list = Reader::new(reader.vec16()?);
    let identities = std::iter::from_fn(|| {
        list.vec16()?;
        list.u32()
    });
    Some(match identities.count() {
        1 => "1 identity".into(),
        several => format!("{several} identities"),
    })
}

fn ech(body: &[u8]) -> String {
    match body.first() {
        Some(0) => "outer hello: the true server name may be encrypted inside".into(),
        Some(1) => "inner hello".into(),
        _ => "unreadable".into(),
    }
}

/// RFC 5746, 3.2: empty in a first handshake.
fn renegotiation(body: &[u8]) -> String {
    match body {
        [0] => "first handshake".into(),
        [length, ..] => format!("renegotiation, {length} bytes of the last handshake"),
        [] => "unreadable".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: u16, body: &[u8], from: Role) -> Option<String> {
        describe(&Extension { code, body: body.to_vec(), whole: true }, from)
    }

    #[test]
    fn short_contents_in_words() {
        use Role::{Client, Server};
        let cases = [
            (1, &[1][..], Client, "512 bytes"),
            (28, &[0x40, 1], Client, "16385 bytes"),
            (27, &[2, 0, 2], Client, "brotli"),
            (45, &[1, 1], Client, "psk_dhe_ke"),
            (18, &[0, 5, 0, 1, 7, 0, 0], Server, "2 signed certificate timestamps"),
            (41, &[0, 7, 0, 1, 9, 0, 0, 0, 0], Client, "1 identity"),
            (41, &[0, 0], Server, "identity 0 accepted"),
            (0xff01, &[0], Client, "first handshake"),
            (17_513, &[0, 3, 2, b'h', b'2'], Client, "h2"),
        ];
        for (code, body, from, words) in cases {
            assert_eq!(said(code, body, from).as_deref(), Some(words), "extension {code}");
        }
        assert_eq!(
            said(34, &[0, 4, 4, 3, 8, 7], Client).as_deref(),
            Some("ecdsa_secp256r1_sha256, ed25519")
        );
        assert_eq!(said(1, &[], Client), None);
        assert_eq!(said(41, &[0, 9], Client), None);
    }

    #[test]
    fn what_stands_beside_a_certificate_in_words() {
        let credential = [0, 0, 0, 9, 8, 7, 0, 0, 1, 7, 4, 3, 0, 1, 8];
        let cases = [
            (5, &[1, 0, 0, 2, 0x30, 0][..], Some("OCSP response of 2 bytes")),
            (18, &[0, 3, 0, 1, 7], Some("1 signed certificate timestamp")),
            (
                34,
                &credential,
                Some(
                    "valid until 9 s after the certificate's notBefore, signs with ed25519, \
                     signed with ecdsa_secp256r1_sha256",
                ),
            ),
            (34, &credential[1..], None),
            (99, &[1], None),
        ];
        for (code, body, words) in cases {
            let extension = Extension { code, body: body.to_vec(), whole: true };
            let said = describe_beside_certificate(&extension);
            assert_eq!(said.as_deref(), words, "extension {code}");
        }
    }
}
