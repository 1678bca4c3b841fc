//! Stream events to handshakes: records, messages, and what they say.
//!
//! Each direction is read by itself, because a capture may hold one direction
//! only, or one long before the other; they meet in [`Handshake`]. Record layer,
//! message joining and the walk over extensions are ours: tls-parser drops partial
//! messages, stops at the first malformed extension and reads an encrypted alert
//! as a row of nonsense alerts. It reads the signed parameters of
//! ServerKeyExchange.

mod certificate;
mod client_hello;
mod compressed_certificate;
mod decrypt;
mod delegated_credential;
mod encrypted_extensions;
mod extension;
mod extension_value;
pub mod fingerprint;
mod half;
mod handshake;
mod in_clear;
mod kept;
mod key_exchange;
mod keylog;
mod message;
pub mod names;
mod observer;
mod opening;
mod raw_public_key;
mod record;
mod request;
mod search;
mod server_hello;
mod starttls;

pub use certificate::{CertificateList, CertificateRequest, CertificateVerify};
pub use client_hello::ClientHello;
pub use delegated_credential::DelegatedCredential;
pub use encrypted_extensions::EncryptedExtensions;
pub use extension::Extension;
pub use extension_value::{describe, describe_beside_certificate};
pub use half::Appetite;
pub use handshake::{Alert, Anomaly, Entry, Handshake, Plain, Role, What};
pub use in_clear::{Answer, Said, Spoken};
pub use key_exchange::{KeyExchangeParameters, ServerKeyExchange};
pub use keylog::{Junk, KeyLog};
pub use message::{Body, Message};
pub use observer::Observer;
pub use request::Refused;
pub use server_hello::ServerHello;
