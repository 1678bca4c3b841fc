//! Runs the rules on a connection.

use super::finding::Finding;
use super::registry;
use super::rule::{Need, Rule, Subject};

/// What came of running all rules on one connection.
#[derive(Debug, Default)]
pub struct Judgement {
    /// What fired, in the order of the registry.
    pub findings: Vec<Finding>,
    /// Rules that could not judge, and the first thing they lacked.
    pub not_judged: Vec<(&'static Rule, Need)>,
}

/// Runs every rule on `subject`, in the order of the registry.
#[must_use]
pub fn judge(subject: &Subject<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for rule in registry::rules() {
        if let Some(need) = rule.needs.iter().find(|need| !need.met(subject)) {
            judgement.not_judged.push((rule, *need));
            continue;
        }
        if let Some(observation) = (rule.check)(subject) {
            judgement.findings.push(Finding {
                rule,
                severity: observation.severity.unwrap_or(rule.severity),
                stream: subject.connection.stream,
                values: observation.values,
                evidence: observation.evidence,
                of: observation.of,
            });
        }
    }
    judgement
}
