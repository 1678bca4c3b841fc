//! What is said: one [`Report`], and the renderers that read nothing else.

mod beside;
pub mod certificates;
pub mod chain;
mod filter;
mod inferred;
pub mod json;
mod model;
pub mod peers;
pub mod show;
pub mod store;
pub mod table;
mod words;

pub use filter::group_filter;
pub use model::{CaptureReport, Group, Judged, LimitHit, Report, SCHEMA_VERSION, StoreReport};
