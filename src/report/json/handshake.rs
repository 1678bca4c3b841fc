//! Messages behind the hellos in JSON.

use serde::Serialize;

use super::code::{Code, ExtensionDocument, code16, extensions, scheme, schemes};
use super::object::{Object, text};
use super::parts::{Parts, numbers_key, text_key};
use crate::tls::{
    CertificateRequest, EncryptedExtensions, Entry, KeyExchangeParameters, Role, ServerKeyExchange,
    names,
};
use crate::wire::text::hex;
use crate::x509::Name;

#[derive(Serialize)]
pub(super) struct EncryptedExtensionsDocument {
    frame: u64,
    whole: bool,
    extensions: Vec<ExtensionDocument>,
    alpn: Option<String>,
}

impl EncryptedExtensionsDocument {
    pub(super) fn of(entry: &Entry, message: &EncryptedExtensions) -> Self {
        Self {
            frame: entry.frame,
            whole: message.whole,
            extensions: extensions(&message.extensions, Role::Server),
            alpn: message.alpn(),
        }
    }
}

/// What a server sends to agree on a key, but for the frame.
#[derive(Serialize)]
struct KeyExchangeDocument {
    group: Option<Code>,
    explicit_curve: bool,
    dh_bits: Option<u32>,
    signature_algorithm: Option<Code>,
}

/// Writes the members of a ServerKeyExchange.
pub(super) fn key_exchange(
    (entry, exchange): (&Entry, &ServerKeyExchange),
    parts: &mut Parts,
    object: &mut Object<'_>,
) {
    object.member("frame", &entry.frame);
    let make = || text(&KeyExchangeDocument::of(exchange));
    object.members_of(&parts.exchanges.get(|key| exchange_key(exchange, key), make));
}

fn exchange_key(exchange: &ServerKeyExchange, key: &mut Vec<u8>) {
    let (kind, number) = match exchange.parameters {
        None => (0, 0),
        Some(KeyExchangeParameters::Group(group)) => (1, u32::from(group)),
        Some(KeyExchangeParameters::ExplicitCurve) => (2, 0),
        Some(KeyExchangeParameters::DhBits(bits)) => (3, bits),
    };
    key.push(kind);
    key.extend(number.to_be_bytes());
    numbers_key(exchange.signature_algorithm.into_iter().map(u16::to_be_bytes), key);
}

impl KeyExchangeDocument {
    fn of(exchange: &ServerKeyExchange) -> Self {
        let group = match exchange.parameters {
            Some(KeyExchangeParameters::Group(group)) => Some(group),
            _ => None,
        };
        Self {
            group: group.map(|group| code16(group, names::group_name(group))),
            explicit_curve: exchange.parameters == Some(KeyExchangeParameters::ExplicitCurve),
            dh_bits: match exchange.parameters {
                Some(KeyExchangeParameters::DhBits(bits)) => Some(bits),
                _ => None,
            },
            signature_algorithm: exchange.signature_algorithm.map(scheme),
        }
    }
}

/// What a server asks of a client's certificate, but for the frame.
#[derive(Serialize)]
struct CertificateRequestDocument {
    whole: bool,
    certificate_types: Vec<String>,
    signature_algorithms: Vec<Code>,
    ca_names: Vec<String>,
}

/// Writes the members of a CertificateRequest.
pub(super) fn certificate_request(
    (entry, request): (&Entry, &CertificateRequest),
    parts: &mut Parts,
    object: &mut Object<'_>,
) {
    object.member("frame", &entry.frame);
    let make = || text(&CertificateRequestDocument::of(request));
    object.members_of(&parts.requests.get(|key| request_key(request, key), make));
}

fn request_key(request: &CertificateRequest, key: &mut Vec<u8>) {
    key.push(u8::from(request.whole));
    text_key(&request.certificate_types, key);
    numbers_key(request.signature_algorithms.iter().map(|code| code.to_be_bytes()), key);
    request.authorities.iter().for_each(|authority| text_key(authority, key));
}

impl CertificateRequestDocument {
    fn of(request: &CertificateRequest) -> Self {
        Self {
            whole: request.whole,
            certificate_types: request
                .certificate_types
                .iter()
                .map(|kind| names::client_certificate_type_name(*kind).into_owned())
                .collect(),
            signature_algorithms: schemes(&request.signature_algorithms),
            ca_names: request.authorities.iter().map(|der| authority(der)).collect(),
        }
    }
}

/// A distinguished name, or its bytes where they are none.
pub(in super::super) fn authority(der: &[u8]) -> String {
    Name::from_der(der).map_or_else(|_| format!("0x{}", hex(der)), |name| name.to_string())
}
