//! Who is who in an Expressway Mobile and Remote Access deployment.

mod bundle;
mod service;
pub mod version;

pub use bundle::{MemberKind, member_kind};
pub use service::{Checker, Service, service};
pub use version::Version;
