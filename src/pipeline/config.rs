//! What a run is told.

use std::io::Read;
use std::path::PathBuf;

use crate::limits::Limits;
use crate::trust::Store;

/// Settings of a run.
#[derive(Debug, Default)]
pub struct Config {
    /// Bounds.
    pub limits: Limits,
    /// Trust anchors; without any, chains are shown and not judged.
    pub store: Option<Store>,
}

/// Where a capture comes from.
pub enum Source {
    /// Files that continue one another, in order of time.
    Files(Vec<PathBuf>),
    /// A stream, such as standard input.
    Stream {
        /// Its name for the report.
        name: String,
        /// The bytes.
        bytes: Box<dyn Read + Send>,
    },
}
