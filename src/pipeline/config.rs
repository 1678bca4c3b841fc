//! What a run is told.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::limits::Limits;
use crate::tls::KeyLog;
use crate::trust::Store;

/// Settings of a run.
#[derive(Debug, Default)]
pub struct Config {
    /// Bounds.
    pub limits: Limits,
    /// Trust anchors; without any, chains are shown and not judged.
    pub store: Option<Store>,
    /// Secrets that decrypt connections.
    pub keys: Arc<KeyLog>,
    /// Leave the secrets alone that a pcapng file may hold.
    pub ignore_embedded_keys: bool,
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
