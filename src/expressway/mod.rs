//! Who is who in an Expressway Mobile and Remote Access deployment.

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
