//! Names of the numbers of TLS, as IANA, the RFCs and OpenSSL write them.
//!
//! One dated data file per IANA registry (`data/*.tsv`); adding a number is adding a line there. Every function that
//! ends in `_name` has an answer for every number: the name, or `GREASE (0x0a0a)` (RFC 8701), or the number in hex, so
//! that nothing seen on the wire is lost.
//!
//! ```
//! use tlsight::tls::names;
//!
//! assert_eq!(names::cipher_suite_name(0xc030), "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
//! assert_eq!(names::alert_name(48), "unknown_ca");
//! assert_eq!(names::group_name(0x1a1a), "GREASE (0x1a1a)");
//! assert_eq!(names::extension_name(0xabcd), "0xabcd");
//! ```

mod cipher_suite;
mod grease;
mod registries;
mod signature;
mod table;
mod version;

pub use cipher_suite::{
    Authentication, CipherSuite, KeyExchange, cipher_suite, cipher_suite_by_name,
    cipher_suite_name, cipher_suites, is_scsv,
};
pub use grease::{is_grease, is_grease_psk_mode};
pub use registries::{
    alert_name, certificate_compression_name, certificate_type_name, client_certificate_type_name,
    compression_method_name, content_type_name, ec_curve_type_name, ec_point_format_name,
    extension_name, group_name, handshake_type_name, psk_key_exchange_mode_name,
};
pub use signature::{SignatureKey, signature_key, signature_scheme_name};
pub use version::version_name;
