//! Certificates and trust anchors in, [`PathValidation`] out: the verdict that OpenSSL 3.0 itself would reach.
//!
//! Expressway's traffic server and SIP stack, and HAProxy and others on the far side, verify with OpenSSL. So this room
//! rebuilds `X509_verify_cert` step by step, with its candidate order, its checks in their order, its error numbers and
//! texts, instead of deciding what a certification path ought to be:
//!
//! - [`validate`] answers one [`Question`]; the files `build`, `extensions`, `constraints` and `signature` are the
//!   steps of OpenSSL's `verify_chain` in its order, `verify` joins them.
//! - [`Store`] keeps the anchors in file order, because order decides between anchors of one name.
//! - [`examine`] says what is odd about a store, [`name`] compares names as each checker does, [`remedy`] finds what
//!   would mend a failed path.
//!
//! Signatures are verified by `aws-lc-rs`, for its P-521, RSA below 2048 bits and ECDSA with SHA-1 and SHA-512, which
//! `ring` lacks; what it lacks itself (MD5, SHA-224 with RSA, DSA, Brainpool, Ed448) ends in "not checked", never in "bad".
//! OpenSSL itself is not linked: the version that would come with a build is not the one on the appliance, and it gives
//! a verdict without the candidates that explain it.
//!
//! Not rebuilt, because neither the appliances nor TLS libraries ask for it by default: revocation lists, policy
//! processing, `-x509_strict`, DANE, address blocks of RFC 3779, and proxy certificates beyond refusing them.
//! `tests/openssl_verify` holds all the rest against the real command.
//!
//! No clock, file or thread: time and bytes are arguments, so one question has one answer.

mod build;
mod by_itself;
mod candidate;
mod constraints;
mod epochs;
mod examine;
mod extensions;
mod failure;
pub mod name;
mod question;
mod remedy;
mod security;
mod settings;
mod signature;
mod store;
#[cfg(test)]
mod testing;
mod verify;

pub use by_itself::by_itself;
pub use candidate::{Candidate, Outcome};
pub use epochs::Epochs;
pub use examine::{Remark, examine};
pub use failure::{VerifyError, code, text};
pub use question::{
    Budget, Conclusion, Exhausted, Link, Origin, PathValidation, Purpose, Question, Unchecked,
};
pub use remedy::{Needed, Remedy, remedy};
pub use signature::{NotChecked, SignatureVerdict, verify_signature};
pub use store::{Anchor, Store, StoreSemantics, UnreadableBlock};
pub use verify::validate;
