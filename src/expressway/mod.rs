//! Who is who in an Expressway Mobile and Remote Access deployment, what its cipher
//! strings mean, and what changed from release to release.

mod bundle;
pub mod ciphers;
pub mod known_cipher_lists;
pub mod releases;
mod service;

pub use bundle::{MemberKind, member_kind};
pub use service::{Checker, Service, service};
