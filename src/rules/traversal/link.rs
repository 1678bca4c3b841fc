//! Which zone of a known Expressway-C leads to which zone of a known Expressway-E.

use std::net::IpAddr;

use crate::expressway::settings::{Zone, ZoneKind};
use crate::expressway::{Appliance, BoxRole, Settings};
use crate::rules::case::Case;

/// A traversal zone of which both ends are known.
pub(super) struct Link<'a> {
    /// Place of the Expressway-C.
    pub(super) core: usize,
    /// The Expressway-C.
    pub(super) core_box: &'a Appliance,
    /// Place of the Expressway-E.
    pub(super) edge: usize,
    /// The Expressway-E.
    pub(super) edge_box: &'a Appliance,
    /// The zone of the Expressway-C.
    pub(super) zone: Zone,
    /// Which of its peers the Expressway-E is.
    pub(super) peer: String,
    /// The zone of the Expressway-E.
    pub(super) server_zone: Option<Zone>,
}

/// All traversal zones of which both ends are known: the peer is the name or an address
/// of the Expressway-E, or has that address by the status; or there is only one zone and
/// one Expressway-E.
pub(super) fn links<'a>(case: &Case<'a>) -> Vec<Link<'a>> {
    let edges = of_role(case, BoxRole::Edge);
    let mut found = Vec::new();
    for (core, core_box) in of_role(case, BoxRole::Core) {
        let zones = client_zones(core_box);
        for zone in &zones {
            let only = edges.len() == 1 && zones.len() == 1 && zone.peers.len() == 1;
            for peer in zone.peers.iter().filter(|peer| !peer.is_empty()) {
                let there = edges.iter().filter(|edge| only || leads_to(core_box, peer, edge.1));
                found.extend(there.map(|&(edge, edge_box)| Link {
                    core,
                    core_box,
                    edge,
                    edge_box,
                    zone: zone.clone(),
                    peer: peer.clone(),
                    server_zone: server_zone(edge_box, zone.sip_port),
                }));
            }
        }
    }
    found
}

fn of_role<'a>(case: &Case<'a>, role: BoxRole) -> Vec<(usize, &'a Appliance)> {
    let all = case.deployment.appliances().iter().enumerate();
    all.map(|(at, one)| (at, one.as_ref())).filter(|(_, one)| one.role == Some(role)).collect()
}

/// The zones by which an Expressway-C connects to an Expressway-E over TLS.
pub(super) fn client_zones(appliance: &Appliance) -> Vec<Zone> {
    of_kind(appliance, &ZoneKind::TraversalClient)
}

fn of_kind(appliance: &Appliance, kind: &ZoneKind) -> Vec<Zone> {
    let mut zones = appliance.settings.as_ref().map(Settings::zones).unwrap_or_default();
    zones.retain(|zone| {
        let tls = zone.transport.as_deref().is_none_or(|word| word.eq_ignore_ascii_case("TLS"));
        zone.kind == *kind && tls
    });
    zones
}

/// The zone of an Expressway-E that listens on a port, or its only one where a port is
/// not told.
pub(super) fn server_zone(appliance: &Appliance, port: Option<u16>) -> Option<Zone> {
    let zones = of_kind(appliance, &ZoneKind::TraversalServer);
    let same = zones.iter().find(|zone| port.is_some() && zone.sip_port == port);
    let only = zones
        .first()
        .filter(|zone| zones.len() == 1 && (port.is_none() || zone.sip_port.is_none()));
    same.or(only).cloned()
}

fn leads_to(core: &Appliance, peer: &str, edge: &Appliance) -> bool {
    let is_its = |address: IpAddr| edge.addresses.contains(&address);
    let settings = edge.settings.as_ref();
    let named = peer.eq_ignore_ascii_case(&edge.name)
        || settings
            .and_then(Settings::cluster_name)
            .is_some_and(|one| peer.eq_ignore_ascii_case(one));
    let zones = core.status.as_ref().map(crate::expressway::Status::zones).unwrap_or_default();
    let resolved = zones.iter().flat_map(|zone| &zone.peers).any(|known| {
        known.address.as_deref().is_some_and(|one| one.eq_ignore_ascii_case(peer))
            && known.ip.is_some_and(is_its)
    });
    named || resolved || peer.parse().is_ok_and(is_its)
}
