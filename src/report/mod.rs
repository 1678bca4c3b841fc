//! What is said: one [`Report`], and the renderers that read nothing else.

mod beside;
mod case;
pub mod certificates;
pub mod chain;
pub mod ciphers;
pub mod csv;
pub mod diff;
mod filter;
pub mod fleet;
mod inferred;
pub mod json;
mod legs;
mod model;
mod page;
pub mod peers;
mod ranked;
pub mod releases;
pub mod rules;
pub mod show;
pub mod store;
pub mod table;
mod wanted;
pub mod whatif;
mod words;

pub use filter::group_filter;
pub(crate) use model::title;
pub use model::{
    CaptureReport, Container, Group, Judged, LimitHit, Origin, Report, SCHEMA_VERSION, StoreReport,
};
pub use page::Look;
pub use wanted::Wanted;
