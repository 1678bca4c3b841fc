//! One Expressway as far as it is known: from its diagnostic archive, or from what
//! the user says.

use std::net::IpAddr;
use std::sync::Arc;

use super::log::{Event, Log};
use super::settings::{Settings, Zone, ZoneKind};
use super::status::{BoxRole, Status};
use super::version::Version;
use crate::packet::Endpoint;
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
    /// Whether a name is that of a Unified CM node, for which Expressway makes the zones
    /// `CEtcp-<node>`, `CEtls-<node>` and `CEOAuth <node>` by itself (MRA Deployment
    /// Guide X15.2).
    #[must_use]
    pub fn is_zone_of_unified_cm(&self, name: &str) -> bool {
        let zones = self.settings.as_ref().map(Settings::zones).unwrap_or_default();
        zones.iter().any(|zone| {
            ["CEtcp-", "CEtls-", "CEOAuth ", "CEOAuth-"]
                .iter()
                .filter_map(|prefix| zone.name.strip_prefix(prefix))
                .any(|node| node.eq_ignore_ascii_case(name))
        })
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

    /// The zone by which it connects to a server, and which of the zone's peers that is:
    /// the zone has the server's port, and the peer is its address, or the name that was
    /// looked up for it, or the one whose address the status tells. The only zone with
    /// the port is taken when nothing tells more.
    #[must_use]
    pub fn zone_to(&self, server: Endpoint, looked_up: Option<&str>) -> Option<(Zone, String)> {
        let zones = self.settings.as_ref()?.zones();
        let with_port = |zone: &&Zone| {
            zone.sip_port == Some(server.port)
                && zone.transport.as_deref().is_none_or(|word| word.eq_ignore_ascii_case("TLS"))
                && zone.kind != ZoneKind::TraversalServer
        };
        let candidates: Vec<(&Zone, &String)> = zones
            .iter()
            .filter(with_port)
            .flat_map(|zone| zone.peers.iter().map(move |peer| (zone, peer)))
            .filter(|(_, peer)| !peer.is_empty())
            .collect();
        let is_it = |peer: &str| {
            peer.parse::<IpAddr>().is_ok_and(|address| address == server.address)
                || looked_up.is_some_and(|name| name.eq_ignore_ascii_case(peer))
                || self.resolved(peer) == Some(server.address)
        };
        let (zone, peer) = candidates
            .iter()
            .find(|(_, peer)| is_it(peer))
            .or_else(|| candidates.first().filter(|_| candidates.len() == 1))?;
        Some(((*zone).clone(), (*peer).clone()))
    }

    /// The peer of [`Appliance::zone_to`].
    #[must_use]
    pub fn zone_peer(&self, server: Endpoint, looked_up: Option<&str>) -> Option<String> {
        self.zone_to(server, looked_up).map(|(_, peer)| peer)
    }

    /// The address that the status tells for a zone's peer.
    fn resolved(&self, peer: &str) -> Option<IpAddr> {
        let zones = self.status.as_ref()?.zones();
        zones
            .iter()
            .flat_map(|zone| &zone.peers)
            .find(|known| {
                known.address.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(peer))
            })
            .and_then(|known| known.ip)
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
