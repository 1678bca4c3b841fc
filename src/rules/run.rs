//! Runs the rules on a connection.

use super::case::Case;
use super::finding::Finding;
use super::registry;
use super::rule::{Check, Need, Rule, Subject};

/// What came of running all rules on one connection.
#[derive(Debug, Default)]
pub struct Judgement {
    /// What fired, in the order of the registry.
    pub findings: Vec<Finding>,
    /// Rules that could not judge, and the first thing they lacked.
    pub not_judged: Vec<(&'static Rule, Need)>,
}

/// Runs every rule on connections on `subject`, in the order of the registry.
#[must_use]
pub fn judge(subject: &Subject<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for rule in registry::rules() {
        let Check::Connection(check) = rule.check else { continue };
        if let Some(need) = rule.needs.iter().find(|need| !need.met(subject)) {
            judgement.not_judged.push((rule, *need));
            continue;
        }
        if let Some(observation) = check(subject) {
            judgement.findings.push(Finding {
                rule,
                severity: observation.severity.unwrap_or(rule.severity),
                streams: vec![subject.connection.stream],
                values: observation.values,
                evidence: observation.evidence,
                of: observation.of,
            });
        }
    }
    judgement
}

/// Runs every rule on cases on `case`, in the order of the registry; with each finding
/// the index of the capture that proves it.
#[must_use]
pub fn judge_case(case: &Case<'_>) -> Vec<(Option<usize>, Finding)> {
    let mut findings = Vec::new();
    for rule in registry::rules() {
        let Check::Case(check) = rule.check else { continue };
        for found in check(case) {
            let observation = found.observation;
            let finding = Finding {
                rule,
                severity: observation.severity.unwrap_or(rule.severity),
                streams: found.streams,
                values: observation.values,
                evidence: observation.evidence,
                of: observation.of,
            };
            findings.push((found.capture, finding));
        }
    }
    findings
}
