//! Keys without a certificate of their own, in JSON: delegated credentials and raw
//! public keys.

use serde::Serialize;

use super::code::{Code, scheme};
use crate::tls::{Body, DelegatedCredential, Handshake, Role};
use crate::wire::text::hex;
use crate::x509::PublicKey;

/// RFC 9345, 4.
#[derive(Serialize)]
pub(super) struct DelegatedCredentialDocument {
    /// Seconds behind the certificate's notBefore.
    valid_time: u32,
    algorithm: Code,
    signed_with: Code,
    key: Option<String>,
    key_bits: Option<u32>,
}

impl DelegatedCredentialDocument {
    pub(super) fn of(credential: &DelegatedCredential) -> Self {
        let key = PublicKey::from_der(&credential.spki).ok();
        Self {
            valid_time: credential.valid_time,
            algorithm: scheme(credential.verify_algorithm),
            signed_with: scheme(credential.algorithm),
            key: key.as_ref().map(PublicKey::label),
            key_bits: key.and_then(|key| key.bits),
        }
    }
}

/// RFC 7250.
#[derive(Serialize)]
pub(super) struct RawPublicKeyDocument {
    from: Role,
    frame: u64,
    key: Option<String>,
    key_bits: Option<u32>,
    spki: String,
}

impl RawPublicKeyDocument {
    /// Those of both sides, in the order of the handshake.
    pub(super) fn all(handshake: &Handshake) -> Vec<Self> {
        let document = |(entry, message): (&crate::tls::Entry, &crate::tls::Message)| {
            let Body::RawPublicKey { spki } = &message.body else { return None };
            let key = PublicKey::from_der(spki).ok();
            Some(Self {
                from: entry.from,
                frame: entry.frame,
                key: key.as_ref().map(PublicKey::label),
                key_bits: key.and_then(|key| key.bits),
                spki: hex(spki),
            })
        };
        handshake.messages().filter_map(document).collect()
    }
}
