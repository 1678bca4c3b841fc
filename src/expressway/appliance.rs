//! One Expressway as far as it is known: from its diagnostic archive, or from what
//! the user says.

use std::net::IpAddr;
use std::sync::Arc;

use super::log::{Event, Log};
use super::settings::Settings;
use super::status::{BoxRole, Status};
use super::version::Version;
use crate::trust::Store;
use crate::x509::Certificate;

/// What is known of one Expressway. What nobody told is empty.
#[derive(Clone, Debug, Default)]
pub struct Appliance {
    /// Its host name, or the address by which the user named it.
    pub name: String,
    /// The archive or folder that told this; `None` when the user did.
    pub archive: Option<String>,
    /// C or E.
    pub role: Option<BoxRole>,
    /// The version of its software.
    pub version: Option<Version>,
    /// Its own addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether its address is a conclusion from its captures.
    pub address_inferred: bool,
    /// Its configuration when logging began (`xconf_dump`).
    pub settings: Option<Settings>,
    /// Its status (`xstat_dump`).
    pub status: Option<Status>,
    /// Its trusted CA list (`ca_*.pem`).
    pub store: Option<Store>,
    /// The certificate that it shows as a server, with what lies beside it
    /// (`server_*.pem`).
    pub server_certificates: Vec<Arc<Certificate>>,
    /// The certificate that it shows as a client, where that is another one (X15.5).
    pub client_certificates: Vec<Arc<Certificate>>,
    /// Its log (`loggingsnapshot`).
    pub log: Option<Log>,
    /// Captures in its archive.
    pub captures: usize,
    /// Members that could not be read: name and reason.
    pub trouble: Vec<(String, String)>,
}

impl Appliance {
    /// Whether anything of it is known that only a diagnostic archive holds.
    #[must_use]
    pub const fn has_archive(&self) -> bool {
        self.archive.is_some()
            || self.settings.is_some()
            || self.status.is_some()
            || self.log.is_some()
    }

    /// Whether its settings or its log name a host that it connects to.
    #[must_use]
    pub fn connects_to(&self, name: &str) -> bool {
        let zones = self.settings.as_ref().map(Settings::zones).unwrap_or_default();
        let peer =
            zones.iter().flat_map(|zone| &zone.peers).any(|one| one.eq_ignore_ascii_case(name));
        let logged = self.log.iter().flat_map(|log| &log.lines).any(|line| match &line.event {
            Event::ReceiveRequest { wanted: Some(wanted), .. } => {
                wanted.host.eq_ignore_ascii_case(name)
            }
            _ => false,
        });
        peer || logged
    }

    /// The certificate that it shows when it connects.
    #[must_use]
    pub fn client_leaf(&self) -> Option<&Arc<Certificate>> {
        self.client_certificates.first().or_else(|| self.server_leaf())
    }

    /// The certificate that it shows when somebody connects to it.
    #[must_use]
    pub fn server_leaf(&self) -> Option<&Arc<Certificate>> {
        self.server_certificates.first()
    }

    /// `Expressway-C expc.example.org`.
    #[must_use]
    pub fn title(&self) -> String {
        let kind = match self.role {
            Some(BoxRole::Core) => "Expressway-C",
            Some(BoxRole::Edge) => "Expressway-E",
            None => "Expressway",
        };
        format!("{kind} {}", self.name)
    }
}
