//! The legs of the case: who connected to whom, and how that went.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::model::{Judged, Report};
use crate::connection::{Connection, Outcome, Reference};
use crate::expressway::Leg;
use crate::packet::Endpoint;
use crate::rules::Severity;

/// All connections from one host to one server.
#[derive(Debug)]
pub(super) struct LegReport {
    /// The host that connects.
    pub client: IpAddr,
    /// What it connects to.
    pub server: Endpoint,
    /// The name of the server, where one is known.
    pub name: Option<String>,
    /// Who they are.
    pub leg: Leg,
    /// Connections.
    pub connections: u64,
    /// Handshakes that completed.
    pub completed: u64,
    /// Handshakes that failed.
    pub failed: u64,
    /// How it went.
    pub health: Health,
}

/// How the connections of a leg went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    /// Every handshake that was seen completed, and nothing speaks against the next.
    Healthy,
    /// Whether it works was not seen.
    NotSeen,
    /// It works, but something speaks against it.
    AtRisk,
    /// A handshake failed.
    Failing,
}

impl Health {
    /// The word for it.
    #[must_use]
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::NotSeen => "not seen",
            Self::AtRisk => "at risk",
            Self::Failing => "failing",
        }
    }
}

/// The legs of a report, in the order in which they were first seen.
#[must_use]
pub(super) fn legs(report: &Report) -> Vec<LegReport> {
    let mut legs: Vec<LegReport> = Vec::new();
    let mut known = BTreeMap::new();
    for judged in report.connections.iter().filter(|judged| judged.same_as.is_none()) {
        let connection = &judged.connection;
        let ends = (connection.client.address, connection.server);
        let key = (ends, judged.leg.client_appliance, judged.leg.server_appliance);
        let at = *known.entry(key).or_insert_with(|| {
            legs.push(LegReport::new(judged));
            legs.len() - 1
        });
        if let Some(leg) = legs.get_mut(at) {
            leg.add(judged);
        }
    }
    legs
}

impl LegReport {
    fn new(judged: &Judged) -> Self {
        let connection = &judged.connection;
        Self {
            client: connection.client.address,
            server: connection.server,
            name: None,
            leg: judged.leg,
            connections: 0,
            completed: 0,
            failed: 0,
            health: Health::Healthy,
        }
    }

    fn add(&mut self, judged: &Judged) {
        let connection = &judged.connection;
        self.connections += 1;
        self.completed += u64::from(connection.outcome == Outcome::Completed);
        self.failed += u64::from(connection.outcome.failed());
        if self.name.is_none() {
            self.name = name(connection);
        }
        self.health = self.health.max(health(judged));
    }
}

fn health(judged: &Judged) -> Health {
    let connection = &judged.connection;
    if connection.outcome.failed() {
        Health::Failing
    } else if judged.worst() >= Some(Severity::Warning) {
        Health::AtRisk
    } else if connection.outcome == Outcome::Completed {
        Health::Healthy
    } else {
        Health::NotSeen
    }
}

/// The name under which the server was reached.
fn name(connection: &Connection) -> Option<String> {
    let reference = match &connection.name {
        crate::connection::NameVerdict::Checked { reference, .. } => Some(reference),
        crate::connection::NameVerdict::NotJudged(_) => None,
    };
    match reference {
        Some(Reference::Address(_)) | None => connection.server_name(),
        Some(name) => Some(name.to_string()),
    }
}
