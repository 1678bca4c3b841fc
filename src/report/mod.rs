//! What is said: one [`Report`], and the renderers that read nothing else.

mod filter;
mod inferred;
pub mod json;
mod model;
pub mod show;
pub mod table;

pub use filter::group_filter;
pub use model::{CaptureReport, Judged, LimitHit, Report, SCHEMA_VERSION, StoreReport};
