//! Runs the rules on a connection.

use super::case::Case;
use super::finding::{Finding, Severity};
use super::rule::{Check, Need, Part, Rule, Subject};
use super::{alerts, registry, verdict};
use crate::connection::Outcome;
use crate::expressway::{Checker, service};

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
            judgement.not_judged.push((rule, need.counted_as()));
            continue;
        }
        if let Some(observation) = check(subject) {
            judgement.findings.push(Finding {
                rule,
                severity: doubtful(subject, rule).or(observation.severity).unwrap_or(rule.severity),
                streams: vec![subject.connection.stream],
                values: observation.values,
                evidence: observation.evidence,
                of: observation.of,
            });
        }
    }
    absorb_alert(subject, &mut judgement.findings);
    judgement
}

/// One fault is one finding: the alert is none of its own beside the one that explains the end
/// of the connection and has that very alert among its proof.
fn absorb_alert(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let alert = findings.iter().enumerate().find(|(_, finding)| finding.rule.id == alerts::ID);
    let Some((at, alert)) = alert else { return };
    let explained = verdict::cause(subject.connection, findings).is_some_and(|(cause, finding)| {
        cause != at && alert.evidence.iter().all(|proof| finding.evidence.contains(proof))
    });
    if explained {
        findings.remove(at);
    }
}

/// A fault of a certificate that the other side took, where the fault itself is in doubt,
/// is no more than information: SIP TLS goes in both directions, so without a known
/// Expressway the trust store may be that of the other end; and with several anchors of
/// one subject the other way to look them up may accept the chain.
fn doubtful(subject: &Subject<'_>, rule: &Rule) -> Option<Severity> {
    let connection = subject.connection;
    let of_certificate = matches!(rule.part, Part::Certificate { .. });
    if !of_certificate || connection.outcome != Outcome::Completed {
        return None;
    }
    let sip =
        service(connection.server.port).is_some_and(|service| service.checker == Checker::SipZone);
    let stranger = sip && !subject.deployment.knows_addresses();
    let chain = connection.server_path.chain();
    let accepted_otherwise =
        chain.and_then(|chain| chain.otherwise.as_ref()).is_some_and(|other| other.validation.ok());
    (stranger || accepted_otherwise).then_some(Severity::Info)
}

/// Runs the rules on cases for which `case` has what they need, in the order of the registry;
/// with each finding the index of the capture that proves it.
#[must_use]
pub fn judge_case(case: &Case<'_>) -> Vec<(Option<usize>, Finding)> {
    let mut findings = Vec::new();
    for rule in registry::rules() {
        let Check::Case(check) = rule.check else { continue };
        if !rule.needs.iter().all(|need| need.met_by(case)) {
            continue;
        }
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
