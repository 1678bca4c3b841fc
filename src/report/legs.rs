//! The legs of the case: who connected to whom, and how that went.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::model::{Judged, Report};
use crate::connection::{Connection, Outcome, Reference};
use crate::expressway::{Appliance, Leg};
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

/// Legs that are told; a scan of a network has millions.
const LEGS: usize = 4096;

/// Who connected to whom, and what stands at the ends.
type Ends = ((IpAddr, Endpoint), Option<usize>, Option<usize>);

/// The legs of a case, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    list: Vec<LegReport>,
    known: BTreeMap<Ends, usize>,
}

impl Legs {
    /// Takes a connection; one that another capture has more of counts there.
    pub(super) fn add(&mut self, judged: &Judged) {
        if judged.same_as.is_some() {
            return;
        }
        let connection = &judged.connection;
        let ends = (connection.client.address, connection.server);
        let key = (ends, judged.leg.client_appliance, judged.leg.server_appliance);
        let full = self.list.len() >= LEGS;
        let at = match self.known.get(&key) {
            Some(at) => *at,
            None if full => return,
            None => {
                self.list.push(LegReport::new(judged));
                self.known.insert(key, self.list.len() - 1);
                self.list.len() - 1
            }
        };
        if let Some(leg) = self.list.get_mut(at) {
            leg.add(judged);
        }
    }
}

/// The legs of a report, in the order in which they were first seen.
#[must_use]
pub(super) fn legs(report: &Report) -> &[LegReport] {
    &report.legs.list
}

/// The box that the user named, where none of the connections is its own: its address may be
/// mistyped. Nothing where some are not known.
pub(super) fn absent(report: &Report) -> Option<&Appliance> {
    let legs = &report.legs.list;
    if !report.filters.is_empty() || legs.is_empty() || legs.len() >= LEGS {
        return None;
    }
    let mut known = report.appliances.iter().enumerate();
    let (at, named) = known.find(|(_, known)| known.archive.is_none())?;
    let is_end =
        |of: &LegReport| [of.leg.client_appliance, of.leg.server_appliance].contains(&Some(at));
    (!legs.iter().any(is_end)).then_some(named)
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
pub(super) fn name(connection: &Connection) -> Option<String> {
    let reference = match &connection.name {
        crate::connection::NameVerdict::Checked { reference, .. } => Some(reference),
        crate::connection::NameVerdict::NotJudged(_) => None,
    };
    match reference {
        Some(Reference::Address(_)) | None => connection.server_name().map(str::to_owned),
        Some(name) => Some(name.to_string()),
    }
}
