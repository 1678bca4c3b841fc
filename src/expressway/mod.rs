//! Who is who in an Expressway Mobile and Remote Access deployment: what a diagnostic
//! archive tells, which host is what, what cipher strings mean, and what changed from
//! release to release.

mod appliance;
mod bundle;
pub mod ciphers;
mod deployment;
mod join;
pub mod known_cipher_lists;
mod leg;
pub mod log;
mod paths;
pub mod releases;
mod service;
pub mod settings;
pub mod status;
pub mod version;
mod xml;
mod zones;

pub use appliance::Appliance;
pub use bundle::{Bundle, MemberKind, member_host, member_interface, member_kind};
pub use deployment::{Deployment, Mapped};
pub use join::{ConnectionId, Ends, Join, Offset, join};
pub use leg::{Leg, Party};
pub use log::{Event, Line, Log};
pub use service::{Checker, Service, service};
pub use settings::Settings;
pub use status::{BoxRole, Status};
pub use version::{Verification, Version};
pub use zones::Zones;
