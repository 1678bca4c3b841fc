//! What a run is told.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::limits::Limits;
use crate::tls::KeyLog;
use crate::trust::Store;

/// Settings of a run.
#[derive(Clone, Debug, Default)]
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
    /// Captures inside an archive that continue one another.
    Members {
        /// The archive.
        archive: PathBuf,
        /// Position in the archive and name, in order of time.
        members: Vec<(usize, String)>,
        /// Trust anchors found in the same archive.
        store: Option<Store>,
    },
    /// A stream, such as standard input.
    Stream {
        /// Its name for the report.
        name: String,
        /// The bytes.
        bytes: Box<dyn Read + Send>,
    },
}

impl Source {
    /// The settings with the trust anchors that lie beside the captures, unless
    /// others were given.
    pub(super) fn with_own_store(&self, config: &Config) -> Option<Config> {
        match self {
            Self::Members { store: Some(store), .. } if config.store.is_none() => {
                Some(Config { store: Some(store.clone()), ..config.clone() })
            }
            _ => None,
        }
    }
}
