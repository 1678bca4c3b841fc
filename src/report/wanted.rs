//! Which connections and findings a report is about: the filters of the command line.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::model::{Judged, Report};
use crate::connection::Unopened;
use crate::packet::Endpoint;
use crate::rules::{Attempt, Finding, Severity};
use crate::time::Timestamp;

/// What is wanted of a report. Of several values of one kind any will do; of several
/// kinds all must be met. The default wants everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// A port of either end.
    pub ports: Vec<u16>,
    /// The address of either end.
    pub hosts: Vec<IpAddr>,
    /// The server name that the client sent, whatever its case; `*` stands for any
    /// characters.
    pub names: Vec<String>,
    /// Rules of findings. Other findings are left out, and connections without any.
    pub rules: Vec<&'static str>,
    /// The least severity of findings, likewise.
    pub severity: Option<Severity>,
    /// Connections that began at this time or later.
    pub since: Option<Timestamp>,
    /// Connections that began before this time.
    pub until: Option<Timestamp>,
}

/// Findings that are not wanted, while the others are told; nothing when all are.
pub struct Hidden(Option<Vec<Vec<Finding>>>);

impl Wanted {
    /// Whether a connection is wanted.
    #[must_use]
    pub fn wants(&self, judged: &Judged) -> bool {
        let connection = &judged.connection;
        let ends = [connection.client, connection.server];
        self.wants_ends(ends, connection.first.time)
            && self.wants_name(|| connection.server_name())
            && (!self.chooses_findings() || judged.findings.iter().any(|f| self.wants_finding(f)))
    }

    /// Takes findings away that are not wanted; [`Self::widen`] puts them back.
    #[must_use]
    pub fn narrow(&self, judged: &mut [Judged]) -> Hidden {
        let narrowed = |one: &mut Judged| {
            let wanted = one.findings.iter().filter(|finding| self.wants_finding(finding));
            let wanted = wanted.cloned().collect();
            std::mem::replace(&mut one.findings, wanted)
        };
        Hidden(self.chooses_findings().then(|| judged.iter_mut().map(narrowed).collect()))
    }

    /// Puts findings back that [`Self::narrow`] took away.
    pub fn widen(&self, judged: &mut [Judged], hidden: Hidden) {
        for (one, all) in judged.iter_mut().zip(hidden.0.into_iter().flatten()) {
            one.findings = all;
        }
    }

    /// Leaves out of a report the connections and findings that are not wanted. What was
    /// read is still counted in it: frames, TCP connections and trouble. `unopened` are
    /// those that were not opened.
    pub fn restrict(&self, report: &mut Report, unopened: &[Attempt]) {
        report.connections.retain(|judged| self.wants(judged));
        drop(self.narrow(&mut report.connections));
        let mut kept: BTreeSet<(usize, u64)> = report
            .connections
            .iter()
            .map(|judged| (judged.capture, judged.connection.stream))
            .collect();
        let attempts = unopened.iter().filter(|attempt| self.wants_attempt(attempt));
        kept.extend(attempts.map(|attempt| (attempt.capture, attempt.stream)));
        report.case_findings.retain(|(capture, finding)| {
            let is_kept = |stream: &u64| capture.is_some_and(|at| kept.contains(&(at, *stream)));
            self.wants_finding(finding)
                && (!self.chooses_connections() || finding.streams.iter().any(is_kept))
        });
    }

    fn chooses_findings(&self) -> bool {
        !self.rules.is_empty() || self.severity.is_some()
    }

    fn chooses_connections(&self) -> bool {
        let lists = self.ports.is_empty() && self.hosts.is_empty() && self.names.is_empty();
        !lists || self.since.is_some() || self.until.is_some()
    }

    fn wants_finding(&self, finding: &Finding) -> bool {
        any(&self.rules, |rule| *rule == finding.rule.id)
            && self.severity.is_none_or(|least| finding.severity >= least)
    }

    fn wants_attempt(&self, attempt: &Attempt) -> bool {
        let Unopened { client, server, syn, .. } = &attempt.unopened;
        self.wants_ends([*client, *server], syn.time) && self.wants_name(|| None)
    }

    fn wants_ends(&self, ends: [Endpoint; 2], began: Timestamp) -> bool {
        any(&self.ports, |port| ends.iter().any(|end| end.port == *port))
            && any(&self.hosts, |host| ends.iter().any(|end| end.address == *host))
            && self.since.is_none_or(|since| began >= since)
            && self.until.is_none_or(|until| began < until)
    }

    fn wants_name(&self, name: impl FnOnce() -> Option<String>) -> bool {
        if self.names.is_empty() {
            return true;
        }
        let name = name().unwrap_or_default().to_ascii_lowercase();
        any(&self.names, |pattern| matches(&pattern.to_ascii_lowercase(), &name))
    }
}

/// Whether one of the wanted values fits; none means all.
fn any<T>(wanted: &[T], fits: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(fits)
}

/// Whether `text` has the parts of `pattern` between its asterisks, in order.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(begin) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = left.get(at + part.len()..).unwrap_or_default();
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_stands_for_any_characters() {
        assert!(matches("cucm*.example.org", "cucmpub.example.org"));
        assert!(matches("*", "") && matches("*.org", "a.b.org") && matches("a*b*c", "axbxxc"));
        assert!(!matches("a*a", "a") && !matches("*.org", "a.com") && !matches("a", "ab"));
        assert!(matches("", "") && !matches("", "a"));
    }
}
