//! Who is who: the appliances that are known, and what tells the others apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::appliance::Appliance;
use super::leg::{Leg, Party};
use super::service::service;
use super::status::BoxRole;
use super::zones::Zones;
use crate::packet::Endpoint;

/// Ports on which only Unified CM listens for an Expressway-C (Cisco Expressway IP Port
/// Usage Configuration Guide X15.0; CUCM Security Guide 15, SIP OAuth Mode).
const UNIFIED_CM: &[u16] = &[5060, 5061, 5090, 5091, 6970, 6971, 6972, 9443, 9444];
/// The same for IM and Presence.
const IM_AND_PRESENCE: &[u16] = &[7336, 7400];
/// The same for Unity Connection.
const UNITY_CONNECTION: &[u16] = &[7080, 7443];
/// The same for the SIP side of an Expressway-E: 7001, and one more for each zone.
const TRAVERSAL: std::ops::RangeInclusive<u16> = 7001..=7010;

/// A host that the user names (`--map`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Its address.
    pub address: IpAddr,
    /// Which of its ports; every one by default.
    pub port: Option<u16>,
    /// Who it is.
    pub party: Party,
}

/// Servers that are remembered; no deployment has so many, a scan of addresses has.
const SERVERS: usize = 65_536;

/// All that is known of who is who.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    appliances: Vec<Arc<Appliance>>,
    /// The zones of each of them.
    zones: Vec<Zones>,
    places: BTreeMap<IpAddr, usize>,
    mapped: Vec<Mapped>,
    /// Ports on which an address was connected to.
    served: BTreeMap<IpAddr, BTreeSet<u16>>,
    /// The first name under which an address was connected to.
    names: BTreeMap<IpAddr, String>,
    /// Addresses whose name the settings of an appliance give to Unified CM.
    unified_cm: BTreeSet<IpAddr>,
}

impl Deployment {
    /// From the appliances that are known and the hosts that the user names.
    #[must_use]
    pub fn new(appliances: &[Arc<Appliance>], mapped: Vec<Mapped>) -> Self {
        let mut known = Self { mapped, ..Self::default() };
        known.know(appliances);
        known
    }

    /// Takes the appliances that are known by now; what connections told stays.
    pub fn know(&mut self, appliances: &[Arc<Appliance>]) {
        self.places.clear();
        for (index, appliance) in appliances.iter().enumerate() {
            for address in &appliance.addresses {
                self.places.entry(*address).or_insert(index);
            }
        }
        self.zones = appliances.iter().map(|appliance| Zones::of(appliance)).collect();
        self.appliances = appliances.to_vec();
    }

    /// Learns from a connection: what an address listens on tells what it is, and so
    /// does the name by which it was found, where a zone of Unified CM has that name.
    pub fn observe(&mut self, server: Endpoint, name: Option<&str>) {
        let full = self.served.len() >= SERVERS && !self.served.contains_key(&server.address);
        if full {
            return;
        }
        self.served.entry(server.address).or_default().insert(server.port);
        let Some(name) = name else { return };
        self.names.entry(server.address).or_insert_with(|| name.to_owned());
        if self.zones.iter().any(|zones| zones.name_unified_cm(name)) {
            self.unified_cm.insert(server.address);
        }
    }

    /// A name under which an address was connected to, on whichever port.
    #[must_use]
    pub fn name_of(&self, address: IpAddr) -> Option<&str> {
        self.names.get(&address).map(String::as_str)
    }

    /// Every known appliance, in the order of the input.
    #[must_use]
    pub fn appliances(&self) -> &[Arc<Appliance>] {
        &self.appliances
    }

    /// A known appliance by its place.
    #[must_use]
    pub fn appliance(&self, index: usize) -> Option<&Appliance> {
        self.appliances.get(index).map(Arc::as_ref)
    }

    /// The place of the known appliance that has an address. Where several have it, as
    /// when one box was collected twice, that is `own`, the one that took the capture.
    #[must_use]
    pub fn place(&self, address: IpAddr, own: Option<usize>) -> Option<usize> {
        let has = |at: &usize| {
            self.appliances.get(*at).is_some_and(|one| one.addresses.contains(&address))
        };
        own.filter(has).or_else(|| self.places.get(&address).copied())
    }

    /// Whether any appliance's address is known: else nobody's trust can be told from
    /// anybody else's.
    #[must_use]
    pub fn knows_addresses(&self) -> bool {
        !self.places.is_empty()
    }

    /// Who the ends of a connection are; `own` is the appliance that took the capture.
    #[must_use]
    pub fn leg(
        &self,
        client: Endpoint,
        server: Endpoint,
        name: Option<&str>,
        own: Option<usize>,
    ) -> Leg {
        let connecting = self.known(client, own);
        let listening = self.known(server, own);
        Leg {
            client: connecting.unwrap_or_else(|| self.presumed_client(client, server, listening)),
            server: listening.unwrap_or_else(|| self.presumed_server(server, connecting, name)),
            service: service(server.port),
            client_appliance: self.place(client.address, own),
            server_appliance: self.place(server.address, own),
        }
    }

    /// The SIP zones of a known appliance by its place.
    #[must_use]
    pub fn zones(&self, index: usize) -> Option<&Zones> {
        self.zones.get(index)
    }

    /// The peer address of the SIP zone by which a known Expressway connects to a server
    /// ([`Zones::to`]). What SIP zones check is not on the wire.
    #[must_use]
    pub fn zone_peer(
        &self,
        client: Endpoint,
        server: Endpoint,
        looked_up: Option<&str>,
        own: Option<usize>,
    ) -> Option<&str> {
        let zones = self.zones(self.place(client.address, own)?)?;
        zones.to(server, looked_up).map(|(_, peer)| peer)
    }

    /// What the user or an appliance itself says.
    fn known(&self, end: Endpoint, own: Option<usize>) -> Option<Party> {
        let mapped = self
            .mapped
            .iter()
            .filter(|mapped| mapped.address == end.address)
            .filter(|mapped| mapped.port.is_none_or(|port| port == end.port))
            .max_by_key(|mapped| mapped.port.is_some());
        if let Some(mapped) = mapped {
            return Some(mapped.party);
        }
        let appliance = self.appliance(self.place(end.address, own)?)?;
        Some(match appliance.role {
            Some(BoxRole::Core) => Party::ExpresswayC,
            Some(BoxRole::Edge) => Party::ExpresswayE,
            None => Party::Expressway,
        })
    }

    /// Who listens, by who connects and by the ports of the address.
    fn presumed_server(
        &self,
        server: Endpoint,
        client: Option<Party>,
        name: Option<&str>,
    ) -> Party {
        if name.is_some_and(is_webex) {
            return Party::Webex;
        }
        match client {
            Some(Party::ExpresswayC | Party::Expressway) => self.behind_expressway_c(server),
            _ => Party::Unknown,
        }
    }

    fn behind_expressway_c(&self, server: Endpoint) -> Party {
        let listens = |ports: &[u16]| ports.iter().any(|port| self.serves(server.address, *port));
        let traversal = TRAVERSAL.clone().any(|port| self.serves(server.address, port));
        if traversal {
            Party::ExpresswayE
        } else if self.unified_cm.contains(&server.address) || listens(UNIFIED_CM) {
            Party::UnifiedCm
        } else if listens(IM_AND_PRESENCE) {
            Party::ImAndPresence
        } else if listens(UNITY_CONNECTION) {
            Party::UnityConnection
        } else if matches!(server.port, 443 | 8443) {
            Party::UcNode
        } else {
            Party::Unknown
        }
    }

    /// Who connects, by what listens.
    fn presumed_client(
        &self,
        client: Endpoint,
        server: Endpoint,
        listening: Option<Party>,
    ) -> Party {
        match (listening, server.port) {
            (Some(Party::ExpresswayE), port) if TRAVERSAL.contains(&port) => Party::ExpresswayC,
            (Some(Party::ExpresswayE), 7400) => Party::ExpresswayC,
            (Some(Party::ExpresswayE), 443 | 5061 | 5222 | 8443) => Party::Client,
            (Some(Party::ExpresswayC | Party::Expressway), _) => {
                match self.behind_expressway_c(client) {
                    Party::Unknown if server.port == 5061 => Party::UnifiedCm,
                    party => party,
                }
            }
            _ => Party::Unknown,
        }
    }

    fn serves(&self, address: IpAddr, port: u16) -> bool {
        self.served.get(&address).is_some_and(|ports| ports.contains(&port))
    }
}

/// Whether a name is one of the Webex cloud.
fn is_webex(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "webex.com" || name.ends_with(".webex.com")
}
