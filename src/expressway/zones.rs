//! The SIP zones of one Expressway, read once: by which of them it connects to a server.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::appliance::Appliance;
use super::settings::{Settings, Zone, ZoneKind};
use super::status::{Status, ZoneStatus};
use crate::packet::Endpoint;

/// What settings and status tell of the zones of one Expressway.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    configured: Vec<Zone>,
    status: Vec<ZoneStatus>,
    unified_cm: BTreeSet<String>,
}

impl Zones {
    /// Those of an Expressway.
    #[must_use]
    pub fn of(appliance: &Appliance) -> Self {
        let configured = appliance.settings.as_ref().map(Settings::zones).unwrap_or_default();
        let status = appliance.status.as_ref().map(Status::zones).unwrap_or_default();
        let unified_cm = configured.iter().filter_map(node_of_unified_cm).collect();
        Self { configured, status, unified_cm }
    }

    /// Whether a name is that of a Unified CM node for which there are zones.
    #[must_use]
    pub fn name_unified_cm(&self, name: &str) -> bool {
        self.unified_cm.contains(&name.to_ascii_lowercase())
    }

    /// The zone that connects to a server, and which of the zone's peers that is: the zone
    /// has the server's port, and the peer is its address, or the name that was looked up
    /// for it, or the one whose address the status tells. The only zone with the port is
    /// taken when nothing tells more.
    #[must_use]
    pub fn to(&self, server: Endpoint, looked_up: Option<&str>) -> Option<(&Zone, &str)> {
        let with_port = |zone: &&Zone| {
            zone.sip_port == Some(server.port)
                && zone.transport.as_deref().is_none_or(|word| word.eq_ignore_ascii_case("TLS"))
                && zone.kind != ZoneKind::TraversalServer
        };
        let candidates: Vec<(&Zone, &str)> = self
            .configured
            .iter()
            .filter(with_port)
            .flat_map(|zone| zone.peers.iter().map(move |peer| (zone, peer.as_str())))
            .filter(|(_, peer)| !peer.is_empty())
            .collect();
        let is_it = |peer: &str| {
            peer.parse::<IpAddr>().is_ok_and(|address| address == server.address)
                || looked_up.is_some_and(|name| name.eq_ignore_ascii_case(peer))
                || self.resolved(peer) == Some(server.address)
        };
        let only = || candidates.first().filter(|_| candidates.len() == 1);
        candidates.iter().find(|(_, peer)| is_it(peer)).or_else(only).copied()
    }

    /// The address that the status tells for a zone's peer.
    fn resolved(&self, peer: &str) -> Option<IpAddr> {
        let is_it = |known: &str| known.eq_ignore_ascii_case(peer);
        self.status
            .iter()
            .flat_map(|zone| &zone.peers)
            .find(|known| known.address.as_deref().is_some_and(is_it))
            .and_then(|known| known.ip)
    }
}

/// The node in the name of a zone that Expressway makes for Unified CM by itself:
/// `CEtcp-<node>`, `CEtls-<node>` and `CEOAuth <node>` (MRA Deployment Guide X15.2).
fn node_of_unified_cm(zone: &Zone) -> Option<String> {
    ["CEtcp-", "CEtls-", "CEOAuth ", "CEOAuth-"]
        .iter()
        .find_map(|prefix| zone.name.strip_prefix(prefix))
        .map(str::to_ascii_lowercase)
}
