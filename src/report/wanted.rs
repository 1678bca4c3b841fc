//! Which connections and findings a report is about: the filters of the command line.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::model::{Judged, Report};
use crate::connection::Connection;
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

impl Wanted {
    /// Leaves out of a report what is not wanted; `attempts` are connections that rules
    /// and verdicts may be about. What was read is still counted in it: frames, TCP
    /// connections and trouble.
    pub fn restrict(&self, report: &mut Report, attempts: &[Attempt]) {
        if self.wants_all() {
            return;
        }
        let by_finding = self.chooses_findings();
        for judged in &mut report.connections {
            judged.findings.retain(|finding| self.wants_finding(finding));
        }
        let of_case: Vec<(Option<usize>, Finding)> = std::mem::take(&mut report.case_findings)
            .into_iter()
            .filter(|(_, finding)| self.wants_finding(finding))
            .collect();
        let told: BTreeSet<(usize, u64)> = of_case
            .iter()
            .filter_map(|(capture, finding)| Some(((*capture)?, &finding.streams)))
            .flat_map(|(capture, streams)| streams.iter().map(move |stream| (capture, *stream)))
            .collect();
        report.connections.retain(|judged| {
            let found = !judged.findings.is_empty() || told.contains(&place(judged));
            self.wants(&judged.connection) && (found || !by_finding)
        });
        let mut kept: BTreeSet<(usize, u64)> = report.connections.iter().map(place).collect();
        let attempts = attempts.iter().map(|one| ((one.capture, one.stream), &one.missed));
        kept.extend(
            attempts
                .filter(|(place, one)| {
                    let found = told.contains(place) || !by_finding;
                    found && self.wants_ends(one.ends(), one.first().time, None)
                })
                .map(|(place, _)| place),
        );
        let stays = |capture: &Option<usize>, finding: &Finding| {
            let mut streams = finding.streams.iter();
            !self.chooses_connections()
                || capture.is_some_and(|at| streams.any(|stream| kept.contains(&(at, *stream))))
        };
        report.case_findings =
            of_case.into_iter().filter(|(capture, finding)| stays(capture, finding)).collect();
        let mut remedies = std::mem::take(&mut report.remedies).into_iter();
        report.verdicts.retain_mut(|(capture, verdict)| {
            let opened = !verdict.streams.is_empty();
            verdict.streams.retain(|stream| kept.contains(&(*capture, *stream)));
            let stays = !verdict.streams.is_empty() || !opened;
            report.remedies.extend(remedies.next().filter(|_| stays));
            stays
        });
    }

    /// Whether nothing is left out.
    #[must_use]
    pub fn wants_all(&self) -> bool {
        *self == Self::default()
    }

    /// The filters as flags of the command line; none where nothing is left out.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        let ports = self.ports.iter().map(|port| format!("--port {port}"));
        let hosts = self.hosts.iter().map(|host| format!("--host {host}"));
        let names = self.names.iter().map(|name| format!("--sni {name}"));
        let rules = self.rules.iter().map(|rule| format!("--rule {rule}"));
        let severity = self.severity.map(|least| format!("--severity {}", least.word()));
        let since = self.since.map(|time| format!("--since {time}"));
        let until = self.until.map(|time| format!("--until {time}"));
        let times = since.into_iter().chain(until);
        ports.chain(hosts).chain(names).chain(rules).chain(severity).chain(times).collect()
    }

    /// A connection with the findings that are wanted, if it is wanted for itself: what
    /// rules say that look at several connections is not known yet when one comes by.
    #[must_use]
    pub fn choose(&self, judged: &Judged) -> Option<Judged> {
        if !self.wants(&judged.connection) {
            return None;
        }
        let mut chosen = judged.clone();
        chosen.findings.retain(|finding| self.wants_finding(finding));
        (!self.chooses_findings() || !chosen.findings.is_empty()).then_some(chosen)
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

    fn wants(&self, connection: &Connection) -> bool {
        let ends = [connection.client, connection.server];
        self.wants_ends(ends, connection.first.time, connection.server_name())
    }

    fn wants_ends(&self, ends: [Endpoint; 2], began: Timestamp, name: Option<&str>) -> bool {
        any(&self.ports, |port| ends.iter().any(|end| end.port == *port))
            && any(&self.hosts, |host| ends.iter().any(|end| end.address == *host))
            && self.since.is_none_or(|since| began >= since)
            && self.until.is_none_or(|until| began < until)
            && (self.names.is_empty() || self.wants_name(name.unwrap_or_default()))
    }

    fn wants_name(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        any(&self.names, |pattern| matches(&pattern.to_ascii_lowercase(), &name))
    }
}

fn place(judged: &Judged) -> (usize, u64) {
    (judged.capture, judged.connection.stream)
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
