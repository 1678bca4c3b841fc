//! What many files come to together: how many connections, which findings on which
//! servers, what was negotiated, which certificates expire, which files are in trouble.

mod expiry;
mod tally;
pub mod text;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

pub use expiry::{Expiring, Expiry};
use tally::Counted;
pub use tally::{Tally, Top};

use super::model::{CaptureReport, Judged, Report};
use super::words::{is_unread, skipped_word};
use crate::connection::LedgerClass;
use crate::rules::{Finding, Severity};
use crate::tls::{Role, names};

/// Files in trouble told one by one.
const TROUBLES: usize = 1_000;

/// What one file, or many, come to. Summaries of files are merged in the order of the
/// files, so that the whole is the same whichever was read first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Files read.
    pub files: u64,
    /// Captures in them: an archive has several.
    pub captures: u64,
    /// Frames.
    pub frames: u64,
    /// Bytes of captures, uncompressed.
    pub bytes: u64,
    /// TCP connections.
    pub tcp_connections: u64,
    /// TLS connections, whatever filters let through.
    pub tls_connections: u64,
    /// TLS connections that the filters let through: all where there are none. What follows
    /// is about these.
    pub connections: u64,
    /// The filters, as flags of the command line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// TCP connections by what could be seen of them, in the words of
    /// [`crate::connection::LedgerClass`].
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub ledger: Tally,
    /// Frames without a TCP segment, by reason.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub skipped: Tally,
    /// Chains of servers that were shown and not judged, by reason.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub unjudged_servers: Tally,
    /// The same of clients.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub unjudged_clients: Tally,
    /// How their handshakes ended.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub outcomes: Tally,
    /// Findings by rule.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub rules: Tally<Found>,
    /// Findings by the server of the connection.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub servers: Tally<OnServer>,
    /// Connections by version.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub versions: Tally,
    /// Connections by cipher suite.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub suites: Tally,
    /// Connections by the issuer of the server's certificate.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub issuers: Tally,
    /// Certificates that expire soon after they were seen.
    #[serde(skip_serializing_if = "Expiry::is_empty")]
    pub expiry: Expiry,
    /// Files that could not be read, or not to their end, each with the first reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
    /// How many files are in trouble.
    pub in_trouble: u64,
    /// How many files are damaged; what could be read of them was read.
    pub damaged: u64,
}

/// A file in trouble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The file.
    pub file: String,
    /// Why.
    pub error: String,
}

/// Findings of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The worst severity among them.
    pub severity: Severity,
    /// How many findings.
    pub findings: u64,
    /// How many files have any.
    pub files: u64,
}

/// Findings on connections to one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnServer {
    /// The first name by which it was asked for.
    pub name: Option<String>,
    /// The worst severity among them.
    pub severity: Severity,
    /// How many findings.
    pub findings: u64,
    /// By rule.
    pub rules: Tally,
}

impl Counted for Found {
    fn absorb(&mut self, other: Self) {
        self.severity = self.severity.max(other.severity);
        self.findings += other.findings;
        self.files += other.files;
    }

    fn weight(&self) -> u64 {
        self.findings
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }
}

impl Counted for OnServer {
    fn absorb(&mut self, other: Self) {
        self.severity = self.severity.max(other.severity);
        self.findings += other.findings;
        self.rules.merge(other.rules);
        if self.name.is_none() {
            self.name = other.name;
        }
    }

    fn weight(&self) -> u64 {
        self.findings
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }
}

impl Summary {
    /// Counts connections of a file, as they come.
    pub fn see(&mut self, file: &str, judged: &[Judged]) {
        for one in judged {
            self.count(file, one);
            one.findings.iter().for_each(|finding| self.count_finding(Some(one), finding));
        }
    }

    /// Counts what else there is to a file when all its connections were counted, and
    /// nothing of another file.
    pub fn close(&mut self, file: &str, report: &Report) {
        let captures = &report.captures;
        let sum = |field: fn(&CaptureReport) -> u64| captures.iter().map(field).sum();
        self.files = 1;
        let read = captures.iter().filter(|capture| !capture.format.is_empty());
        self.captures = read.count() as u64;
        self.frames = sum(|capture| capture.frames);
        self.bytes = sum(|capture| capture.bytes);
        self.tcp_connections = sum(|capture| capture.tcp_connections);
        self.tls_connections = report.tls_connections_seen();
        self.filters.clone_from(&report.filters);
        for class in LedgerClass::ALL {
            self.ledger.add_some(class.word(), report.ledger(class));
        }
        for (reason, frames) in report.skipped() {
            self.skipped.add_some(&skipped_word(reason), frames);
        }
        let damaged = captures.iter().any(|capture| !capture.problems.is_empty());
        self.damaged = u64::from(damaged);
        let error = captures.iter().flat_map(|capture| &capture.errors).next();
        self.in_trouble = u64::from(error.is_some());
        let trouble = |error: &String| Trouble { file: file.to_owned(), error: error.clone() };
        self.troubles.extend(error.map(trouble));
        self.count_case(report);
        self.rules.each(|found| found.files = 1);
    }

    /// Counts what a connection negotiated and showed.
    fn count(&mut self, file: &str, judged: &Judged) {
        let connection = &judged.connection;
        self.connections += 1;
        self.outcomes.add(connection.outcome.word(), 1);
        for (role, reason) in judged.unjudged_chains() {
            let chains = match role {
                Role::Server => &mut self.unjudged_servers,
                Role::Client => &mut self.unjudged_clients,
            };
            chains.add(reason.reason(), 1);
        }
        if let Some(version) = connection.handshake.version() {
            self.versions.add(&names::version_name(version), 1);
        }
        if let Some(suite) = connection.cipher_suite() {
            self.suites.add(&names::cipher_suite_name(suite), 1);
        }
        if let Some(leaf) = connection.server_leaf() {
            self.issuers.add(&leaf.issuer.to_string(), 1);
        }
        self.expiry.see(file, connection);
    }

    fn count_finding(&mut self, judged: Option<&Judged>, finding: &Finding) {
        let found = Found { severity: finding.severity, findings: 1, files: 0 };
        self.rules.add(finding.rule.id, found);
        if let Some(judged) = judged {
            let server = judged.connection.server.to_string();
            self.servers.add(&server, OnServer::of(judged, finding));
        }
    }

    /// Counts the findings on the case as a whole; the server is that of the first
    /// connection that proves it.
    fn count_case(&mut self, report: &Report) {
        if report.case_findings.is_empty() {
            return;
        }
        let place = |judged: &Judged| (judged.capture, judged.connection.stream);
        let places: HashMap<(usize, u64), &Judged> =
            report.connections.iter().map(|judged| (place(judged), judged)).collect();
        for (capture, finding) in &report.case_findings {
            let first = capture.zip(finding.streams.first().copied());
            let judged = first.and_then(|place| places.get(&place).copied());
            self.count_finding(judged, finding);
        }
    }

    /// Adds the summary of files that come behind these.
    pub fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.captures += other.captures;
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.tcp_connections += other.tcp_connections;
        self.tls_connections += other.tls_connections;
        if self.filters.is_empty() {
            self.filters = other.filters;
        }
        self.connections += other.connections;
        self.ledger.merge(other.ledger);
        self.skipped.merge(other.skipped);
        self.unjudged_servers.merge(other.unjudged_servers);
        self.unjudged_clients.merge(other.unjudged_clients);
        self.outcomes.merge(other.outcomes);
        self.rules.merge(other.rules);
        self.servers.merge(other.servers);
        self.versions.merge(other.versions);
        self.suites.merge(other.suites);
        self.issuers.merge(other.issuers);
        self.expiry.merge(other.expiry);
        let room = TROUBLES.saturating_sub(self.troubles.len());
        self.troubles.extend(other.troubles.into_iter().take(room));
        self.in_trouble += other.in_trouble;
        self.damaged += other.damaged;
    }

    /// Frames of which nothing could be read: of an unknown link type, or encrypted below IP.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.skipped.named().filter(|(word, _)| is_unread(word)).map(|(_, frames)| frames).sum()
    }

    /// The worst severity of all findings.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.rules.named().map(|(_, found)| found.severity).max()
    }
}

impl OnServer {
    fn of(judged: &Judged, finding: &Finding) -> Self {
        let mut rules = Tally::default();
        rules.add(finding.rule.id, 1);
        let name = judged.connection.server_name().map(str::to_owned);
        Self { name, severity: finding.severity, findings: 1, rules }
    }
}
