//! Who is who in an Expressway Mobile and Remote Access deployment, and what an Expressway
//! says about itself: the text members of its diagnostic archive as typed facts.
//!
//! - [`Settings`]: the configuration (`xconf_dump`, text and XML).
//! - [`Status`]: the state (`xstat_dump`, text and XML).
//! - [`log::Log`]: the lines of the log that have to do with TLS.
//! - [`Version`]: what a software version does.
//!
//! The readers take bytes and give values. None of them fails: unknown lines are left
//! aside, bytes that are no UTF-8 are replaced, bounds that were reached are told.

mod bundle;
pub mod log;
mod paths;
mod service;
pub mod settings;
pub mod status;
pub mod version;
mod xml;

pub use bundle::{MemberKind, member_kind};
pub use service::{Checker, Service, service};
pub use settings::Settings;
pub use status::{BoxRole, Status};
pub use version::Version;
