//! Who is who in an Expressway Mobile and Remote Access deployment.

mod bundle;
pub mod ciphers;
pub mod known_cipher_lists;
mod service;

pub use bundle::{MemberKind, member_kind};
pub use service::{Checker, Service, service};
