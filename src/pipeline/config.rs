//! What a run is told.

use std::io::Read;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::connection::Terms;
use crate::expressway::{Appliance, Mapped};
use crate::limits::Limits;
use crate::report::{Container, Origin, Wanted, title};
use crate::tls::KeyLog;
use crate::trust::{Store, StoreSemantics};

/// Settings of a run.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Bounds.
    pub limits: Limits,
    /// Trust anchors; without any, chains are shown and not judged.
    pub store: Option<Store>,
    /// Trust anchors of the servers, which judge the certificates of clients.
    pub peer_store: Option<Store>,
    /// How certificates are judged.
    pub judging: Judging,
    /// Expressways that the user names.
    pub appliances: Vec<Arc<Appliance>>,
    /// Hosts that the user names.
    pub mapped: Vec<Mapped>,
    /// What the report shall be about.
    pub wanted: Wanted,
    /// Leave the remedies of verdicts unranked: foretelling what each would do costs more
    /// than reading a small capture, and lines of connections do not tell it.
    pub unranked: bool,
    /// Secrets that decrypt connections.
    pub keys: Arc<KeyLog>,
    /// Leave the secrets alone that a pcapng file may hold.
    pub ignore_embedded_keys: bool,
}

/// How certificates are judged.
#[derive(Clone, Debug)]
pub struct Judging {
    /// Unix seconds at which they are judged; the time of each connection by default.
    pub at: Option<i64>,
    /// How strictly.
    pub terms: Terms,
    /// How issuers are looked up in the trust list of an archive; Expressway's way by
    /// default, because it is the list of an Expressway.
    pub own_store_semantics: StoreSemantics,
    /// Names that servers shall have, whatever the ClientHello says.
    pub expected_names: Vec<ExpectedName>,
}

impl Default for Judging {
    fn default() -> Self {
        Self {
            at: None,
            terms: Terms::default(),
            own_store_semantics: StoreSemantics::Expressway,
            expected_names: Vec::new(),
        }
    }
}

/// A name that a server shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedName {
    /// Which server; every one by default.
    pub address: Option<IpAddr>,
    /// Which of its ports; every one by default.
    pub port: Option<u16>,
    /// The name, or an address.
    pub name: String,
}

/// Where a capture comes from.
pub enum Source {
    /// Files that continue one another, in order of time.
    Files(Vec<PathBuf>),
    /// Captures inside an archive that continue one another.
    Members {
        /// The archive.
        archive: PathBuf,
        /// The archive inside it that they lie in; empty for the archive itself.
        within: String,
        /// Position in the archive and name, in order of time.
        members: Vec<(usize, String)>,
    },
    /// A capture, or none, out of a diagnostic archive.
    Beside {
        /// The Expressway whose archive it is.
        appliance: Arc<Appliance>,
        /// The capture.
        capture: Option<Box<Self>>,
    },
    /// Something that could not be read.
    Trouble {
        /// Its name.
        name: String,
        /// Why.
        error: String,
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
    /// Where it lies, where nothing goes wrong.
    pub(super) fn origin(&self) -> Origin {
        Origin::of(self.title(), self.container().as_ref())
    }

    /// The archive on disk, and the archive inside it, that it lies in.
    pub(super) fn container(&self) -> Option<Container> {
        match self {
            Self::Members { archive, within, .. } => {
                Some(Container { archive: archive.display().to_string(), within: within.clone() })
            }
            Self::Beside { capture: Some(capture), .. } => capture.container(),
            _ => None,
        }
    }

    /// What it is called in the report, where nothing goes wrong.
    fn title(&self) -> String {
        let names: Vec<String> = match self {
            Self::Files(paths) => paths.iter().map(|path| path.display().to_string()).collect(),
            Self::Members { members, .. } => members.iter().map(|(_, name)| name.clone()).collect(),
            Self::Beside { appliance, capture: None } => {
                appliance.archive.clone().into_iter().collect()
            }
            Self::Beside { capture: Some(capture), .. } => return capture.title(),
            Self::Trouble { name, .. } | Self::Stream { name, .. } => vec![name.clone()],
        };
        title(&names)
    }

    /// The Expressway whose archive the capture lay in.
    pub(super) fn appliance(&self) -> Option<&Arc<Appliance>> {
        match self {
            Self::Beside { appliance, .. } => Some(appliance),
            _ => None,
        }
    }
}
