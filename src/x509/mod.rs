//! DER in, [`Certificate`] out: parsed once, owned, meant to be shared as `Arc<Certificate>`.
//!
//! The frame of a certificate (RFC 5280, 4.1) is walked by the small reader in [`der`], because the verdict of OpenSSL
//! depends on things a stricter or a more convenient parser hides: the string type of every name attribute, dates that
//! are written wrongly (OpenSSL reads such a certificate and reports error 13 or 14 later), the exact bytes that were
//! signed. `x509-parser`, which reads access information, stays inside this room.
//!
//! Nothing here judges. A fact that is missing is `None`, text is kept as it was written (control characters
//! included; whoever prints escapes), and bytes that are no certificate become an [`Unparseable`] that still has the
//! DER and its fingerprint.

mod algorithm;
mod certificate;
pub mod der;
mod extensions;
mod general_name;
mod key;
mod name;
mod ocsp;
mod oid;
pub mod pem;
mod pkcs;
mod rare_curves;
mod time;
mod trust_settings;

pub use algorithm::{Digest, SignatureAlgorithm, SignatureScheme};
pub use certificate::{Certificate, NotIssuer, Serial, Unparseable};
pub use extensions::{
    AuthorityKeyIdentifier, BasicConstraints, Extensions, KeyUsage, NetscapeType, Subtree, Subtrees,
};
pub use general_name::GeneralName;
pub use key::{Curve, KeyKind, PublicKey};
pub use name::{Attribute, Name, StringType};
pub use ocsp::{CertStatus, OcspAnswer, OcspResponse};
pub use oid::Oid;
pub(crate) use oid::known;
pub use time::Time;
pub use trust_settings::TrustSettings;

/// The SHA-256 of a certificate's DER: its identity everywhere in this program.
pub type Sha256 = [u8; 32];
