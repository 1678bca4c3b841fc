//! Handshake messages (RFC 8446, 4; RFC 5246, 7.4).

use super::certificate::{CertificateList, CertificateRequest, CertificateVerify};
use super::client_hello::ClientHello;
use super::compressed_certificate;
use super::encrypted_extensions::EncryptedExtensions;
use super::key_exchange::ServerKeyExchange;
use super::raw_public_key;
use super::server_hello::{ServerHello, is_tls13};
use crate::wire::Reader;

/// Length of a handshake header.
pub(super) const HEADER: usize = 4;

/// HandshakeType values (IANA, TLS HandshakeType).
pub(super) mod kind {
    pub(in super::super) const CLIENT_HELLO: u8 = 1;
    pub(in super::super) const SERVER_HELLO: u8 = 2;
    pub(in super::super) const NEW_SESSION_TICKET: u8 = 4;
    pub(in super::super) const HELLO_RETRY_REQUEST_DRAFT: u8 = 6;
    pub(in super::super) const END_OF_EARLY_DATA: u8 = 5;
    pub(in super::super) const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub(in super::super) const CERTIFICATE: u8 = 11;
    pub(in super::super) const SERVER_KEY_EXCHANGE: u8 = 12;
    pub(in super::super) const CERTIFICATE_REQUEST: u8 = 13;
    pub(in super::super) const SERVER_HELLO_DONE: u8 = 14;
    pub(in super::super) const CERTIFICATE_VERIFY: u8 = 15;
    pub(in super::super) const CLIENT_KEY_EXCHANGE: u8 = 16;
    pub(in super::super) const FINISHED: u8 = 20;
    pub(in super::super) const CERTIFICATE_STATUS: u8 = 22;
    pub(in super::super) const KEY_UPDATE: u8 = 24;
    pub(in super::super) const COMPRESSED_CERTIFICATE: u8 = 25;
}

/// One handshake message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// HandshakeType.
    pub kind: u8,
    /// Length of the body as its header says.
    pub length: u32,
    /// What it says.
    pub body: Body,
    /// Whether all of it was there.
    pub whole: bool,
}

/// The content of the messages that are read. What is large is boxed: most things that a side
/// does are records and small messages, and all are kept side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The client's offer.
    ClientHello(Box<ClientHello>),
    /// The server's choice.
    ServerHello(Box<ServerHello>),
    /// The server asks for another key share.
    HelloRetryRequest(Box<ServerHello>),
    /// The server's extensions that TLS 1.3 encrypts.
    EncryptedExtensions(Box<EncryptedExtensions>),
    /// A side's certificates; an empty list is a refusal to show one.
    Certificate(Box<CertificateList>),
    /// Ephemeral parameters and the algorithm that signed them.
    ServerKeyExchange(ServerKeyExchange),
    /// The server wants to know who the client is.
    CertificateRequest(Box<CertificateRequest>),
    /// Proof of the certificate's key.
    CertificateVerify(CertificateVerify),
    /// A ticket for resumption, with its lifetime in seconds.
    NewSessionTicket {
        /// `ticket_lifetime_hint`.
        lifetime: u32,
    },
    /// A stapled OCSP response (RFC 6066, 8).
    CertificateStatus {
        /// The DER of the response.
        response: Box<[u8]>,
    },
    /// A side's public key without any certificate (RFC 7250).
    RawPublicKey {
        /// The DER of the SubjectPublicKeyInfo.
        spki: Box<[u8]>,
    },
    /// A message whose content tells nothing here.
    Opaque,
}

/// What a body's meaning depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// Negotiated version, where this direction showed it.
    pub(super) version: Option<u16>,
    /// Chosen suite, where this direction showed it.
    pub(super) suite: Option<u16>,
    /// Certificates kept per list.
    pub(super) certificates: usize,
    /// Bytes that a compressed message may grow to.
    pub(super) bytes: usize,
}

impl Message {
    /// Reads a message from what there is of its body.
    pub(super) fn decode(kind: u8, length: usize, bytes: &[u8], context: Context) -> Self {
        let whole = bytes.len() >= length;
        Self { whole, ..Self::of(kind, length, body(kind, bytes, context)) }
    }

    /// A whole message.
    pub(super) fn of(kind: u8, length: usize, body: Body) -> Self {
        // Three bytes tell it.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        Self { kind, length, body, whole: true }
    }

    /// Whether only a client sends this kind.
    #[must_use]
    pub const fn is_of_client(&self) -> bool {
        matches!(self.kind, kind::CLIENT_HELLO | kind::CLIENT_KEY_EXCHANGE)
    }

    /// Whether only a server sends this kind.
    #[must_use]
    pub const fn is_of_server(&self) -> bool {
        matches!(
            self.kind,
            kind::SERVER_HELLO
                | kind::NEW_SESSION_TICKET
                | kind::HELLO_RETRY_REQUEST_DRAFT
                | kind::SERVER_KEY_EXCHANGE
                | kind::CERTIFICATE_REQUEST
                | kind::SERVER_HELLO_DONE
                | kind::CERTIFICATE_STATUS
        )
    }
}

/// Whether `kind` is a HandshakeType that may stand in a cleartext record.
pub(super) const fn is_known(kind: u8) -> bool {
    matches!(kind, 0..=6 | 8 | 11..=17 | 20..=25 | 67 | 203)
}

fn body(kind: u8, bytes: &[u8], context: Context) -> Body {
    let version = context.version.unwrap_or(0x0303);
    match kind {
        kind::CLIENT_HELLO => Body::ClientHello(Box::new(ClientHello::decode(bytes))),
        kind::SERVER_HELLO => {
            let hello = Box::new(ServerHello::decode(bytes));
            if hello.is_retry_request() {
                Body::HelloRetryRequest(hello)
            } else {
                Body::ServerHello(hello)
            }
        }
        kind::HELLO_RETRY_REQUEST_DRAFT => {
            Body::HelloRetryRequest(Box::new(ServerHello::decode_draft_retry(bytes)))
        }
        kind::ENCRYPTED_EXTENSIONS => {
            Body::EncryptedExtensions(Box::new(EncryptedExtensions::decode(bytes)))
        }
        kind::CERTIFICATE => certificate(bytes, version, context.certificates),
        kind::COMPRESSED_CERTIFICATE => {
            compressed_certificate::decode(bytes, context.certificates, context.bytes)
                .map_or(Body::Opaque, shown_in_tls13)
        }
        kind::SERVER_KEY_EXCHANGE => {
            Body::ServerKeyExchange(ServerKeyExchange::decode(bytes, context.suite, version))
        }
        kind::CERTIFICATE_REQUEST if is_tls13(version) => {
            Body::CertificateRequest(Box::new(CertificateRequest::decode_tls13(bytes)))
        }
        kind::CERTIFICATE_REQUEST => {
            Body::CertificateRequest(Box::new(CertificateRequest::decode(bytes, version)))
        }
        kind::CERTIFICATE_VERIFY => Body::CertificateVerify(CertificateVerify::decode(bytes)),
        kind::NEW_SESSION_TICKET => {
            Body::NewSessionTicket { lifetime: Reader::new(bytes).u32().unwrap_or_default() }
        }
        kind::CERTIFICATE_STATUS => {
            // status_type, then the response behind a three-byte length.
            Body::CertificateStatus { response: bytes.get(4..).unwrap_or_default().into() }
        }
        _ => Body::Opaque,
    }
}

/// A Certificate message: certificates, or a raw public key in their place.
fn certificate(bytes: &[u8], version: u16, limit: usize) -> Body {
    if is_tls13(version) {
        return shown_in_tls13(CertificateList::decode_tls13(bytes, limit));
    }
    raw_public_key::of_tls12(bytes).map_or_else(
        || Body::Certificate(Box::new(CertificateList::decode(bytes, limit))),
        |spki| Body::RawPublicKey { spki: spki.into() },
    )
}

/// In TLS 1.3 a raw public key is the only entry of the list (RFC 8446, 4.4.2).
fn shown_in_tls13(list: CertificateList) -> Body {
    match list.certificates.as_slice() {
        [only] if raw_public_key::is_one(only) => {
            Body::RawPublicKey { spki: only.as_slice().into() }
        }
        _ => Body::Certificate(Box::new(list)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_message_says_so_and_shows_what_is_there() {
        let message = Message::decode(
            kind::CERTIFICATE,
            100,
            &[0, 0, 97, 0, 0, 1, 9],
            Context { certificates: 9, ..Context::default() },
        );
        assert!(!message.whole);
        let Body::Certificate(list) = message.body else { panic!("no certificate") };
        assert_eq!(list.certificates, [vec![9]]);
    }

    /// Both sides show them, also before the other side's hello was seen.
    #[test]
    fn raw_public_keys_of_both_generations() {
        let spki = [0x30, 11, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 2, 0, 1];
        let read = |version, body: &[u8]| {
            let context = Context { version, certificates: 9, ..Context::default() };
            Message::decode(kind::CERTIFICATE, body.len(), body, context).body
        };
        let old = [&[0, 0, 13], &spki[..]].concat();
        let new = [&[0, 0, 0, 18, 0, 0, 13], &spki[..], &[0, 0]].concat();
        let key = Body::RawPublicKey { spki: spki.into() };
        assert_eq!(read(None, &old), key);
        assert_eq!(read(Some(0x0303), &old), key);
        assert_eq!(read(Some(0x0304), &new), key);
        assert_eq!(read(Some(0x0304), &[0; 4]), Body::Certificate(Box::default()));
    }
}
