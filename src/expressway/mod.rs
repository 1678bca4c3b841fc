//! Who is who in an Expressway Mobile and Remote Access deployment: what its diagnostic
//! archive tells, and which host is what.

mod appliance;
mod bundle;
mod deployment;
mod join;
mod leg;
pub mod log;
mod paths;
mod service;
pub mod settings;
pub mod status;
pub mod version;
mod xml;

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
