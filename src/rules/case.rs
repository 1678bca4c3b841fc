//! What rules look at that judge more than one connection.

use std::net::IpAddr;

use super::finding::{Finding, Observation, Severity};
use super::rule::{Part, Subject};
use crate::connection::Missed;
use crate::expressway::{Deployment, Leg};
use crate::time::Timestamp;
use crate::tls::Role;

/// Everything that was read: the known Expressways and all connections.
#[derive(Debug)]
pub struct Case<'a> {
    /// Who is who, with settings, logs and certificates.
    pub deployment: &'a Deployment,
    /// All TLS connections, capture by capture, by stream number.
    pub connections: &'a [CaseConnection<'a>],
    /// TCP connections that came to no TLS, though a service was wanted.
    pub attempts: &'a [Attempt],
    /// Names that hosts asked the DNS for and that do not exist.
    pub missing_names: &'a [MissingName],
}

/// A name that does not exist, by the answer of the DNS.
#[derive(Clone, Debug)]
pub struct MissingName {
    /// Index of its capture.
    pub capture: usize,
    /// Who asked.
    pub asker: IpAddr,
    /// For what.
    pub name: String,
    /// The first answer.
    pub frame: u64,
    /// How many answers said so.
    pub times: u64,
}

/// A TCP connection that came to no TLS, and who its ends are.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Index of its capture.
    pub capture: usize,
    /// `tcp.stream`.
    pub stream: u64,
    /// What was seen of it.
    pub missed: Missed,
    /// Who its ends are.
    pub leg: Leg,
}

/// A connection with what the other rules say of it.
#[derive(Debug)]
pub struct CaseConnection<'a> {
    /// Index of its capture.
    pub capture: usize,
    /// The connection and who its ends are.
    pub subject: Subject<'a>,
    /// What the rules on connections found.
    pub findings: &'a [Finding],
}

/// What a rule on the case answers for each time it fires.
#[derive(Clone, Debug, Default)]
pub struct CaseObservation {
    /// Values and proof.
    pub observation: Observation,
    /// Index of the capture that the proof lies in; `None` when it is elsewhere.
    pub capture: Option<usize>,
    /// Streams of that capture that it is about.
    pub streams: Vec<u64>,
}

impl<'a> Case<'a> {
    /// The time of the capture in unix seconds: that of the latest connection, else the
    /// end of the logs. `None` where nothing tells; no clock of this machine is asked.
    #[must_use]
    pub fn clock(&self) -> Option<i64> {
        let captured = self.connections.iter().filter_map(|one| one.subject.connection.clock());
        captured.max().or_else(|| {
            let logs = self.deployment.appliances().iter().filter_map(|one| one.log.as_ref());
            logs.filter_map(|log| log.last).map(Timestamp::seconds).max()
        })
    }

    /// Connections that a known Expressway is an end of.
    pub fn of_appliance(&self, index: usize) -> impl Iterator<Item = &CaseConnection<'a>> {
        self.connections.iter().filter(move |one| {
            let leg = one.subject.leg;
            leg.client_appliance == Some(index) || leg.server_appliance == Some(index)
        })
    }
}

impl CaseConnection<'_> {
    /// The error about the server's certificate.
    #[must_use]
    pub fn server_certificate_fault(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| {
            finding.severity == Severity::Error
                && finding.of == Some(Role::Server)
                && matches!(finding.rule.part, Part::Certificate { .. })
        })
    }

    /// An observation that this connection proves.
    #[must_use]
    pub fn observation(&self, observation: Observation) -> CaseObservation {
        CaseObservation {
            observation,
            capture: Some(self.capture),
            streams: vec![self.subject.connection.stream],
        }
    }
}
