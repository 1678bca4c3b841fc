//! Everything that a prediction may look at, and what shall be changed.

use std::net::IpAddr;

use super::change::Change;
use super::offer::Offer;
use super::products::{Behaviour, Known, known_on};
use crate::connection::{Connection, Terms};
use crate::expressway::{Deployment, Leg, Version};
use crate::tls::Role;
use crate::trust::Store;

/// A connection that was seen, with what is known of its ends.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Index of its capture.
    pub capture: usize,
    /// What was seen.
    pub connection: &'a Connection,
    /// Who its ends are.
    pub leg: Leg,
    /// The trust store that judges the server's certificates.
    pub store: Option<&'a Store>,
    /// The trust store that judges the client's.
    pub peer_store: Option<&'a Store>,
}

impl Observed<'_> {
    /// What the client offered.
    #[must_use]
    pub fn offer(&self) -> Option<Offer> {
        let hello = self.connection.handshake.client_hello().filter(|hello| hello.whole)?;
        Some(Offer::of(hello))
    }

    /// The store by which the certificates of a side are judged.
    #[must_use]
    pub const fn store_for(&self, of: Role) -> Option<&Store> {
        match of {
            Role::Server => self.store,
            Role::Client => self.peer_store,
        }
    }
}

/// A product that the user names for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerProduct {
    /// Its address; every server by default.
    pub address: Option<IpAddr>,
    /// Its port; every one by default.
    pub port: Option<u16>,
    /// What it is.
    pub behaviour: &'static Behaviour,
}

/// Everything that was seen.
#[derive(Debug)]
pub struct Scene<'a> {
    /// All connections, each once, capture by capture.
    pub connections: Vec<Observed<'a>>,
    /// Who is who.
    pub deployment: &'a Deployment,
    /// How strictly chains are judged.
    pub terms: Terms,
}

/// What shall be changed, and for whom.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The changes, made all at once.
    pub changes: Vec<Change>,
    /// The clients that are changed: those of the known Expressways, or every one where
    /// none is known, unless some are named here.
    pub clients: Vec<IpAddr>,
    /// Products that the user names.
    pub products: Vec<ServerProduct>,
}

impl Plan {
    /// Whether the client of a connection is changed.
    #[must_use]
    pub fn changes_client(&self, one: &Observed<'_>, deployment: &Deployment) -> bool {
        if !self.clients.is_empty() {
            return self.clients.contains(&one.connection.client.address);
        }
        !deployment.knows_addresses() || one.leg.client_appliance.is_some()
    }

    /// The version to which the client of a connection is upgraded.
    #[must_use]
    pub fn upgrade_of(&self, one: &Observed<'_>, deployment: &Deployment) -> Option<Version> {
        self.upgrade()
            .filter(|_| one.leg.client_appliance.is_some() && self.changes_client(one, deployment))
    }

    /// The version to which the Expressways are upgraded.
    #[must_use]
    pub fn upgrade(&self) -> Option<Version> {
        self.changes.iter().rev().find_map(|change| match change {
            Change::Upgrade(version) => Some(*version),
            _ => None,
        })
    }

    /// What is known of the product that serves a connection: what the user says, else
    /// what the port tells.
    #[must_use]
    pub fn known(&self, one: &Observed<'_>) -> Option<Known> {
        let server = one.connection.server;
        let named = self
            .products
            .iter()
            .filter(|product| product.address.is_none_or(|address| address == server.address))
            .filter(|product| product.port.is_none_or(|port| port == server.port))
            .max_by_key(|product| (product.address.is_some(), product.port.is_some()));
        let named = named.map(|product| Known::Certain(product.behaviour));
        named.or_else(|| known_on(&one.leg, server.port))
    }
}
