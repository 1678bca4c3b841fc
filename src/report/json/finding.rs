//! A finding in JSON: where, then what its rule says with its values.

use super::object::{Object, members};
use super::parts::Parts;
use super::value::Word;
use crate::rules::{Evidence, Finding};

/// Writes the members of a finding.
pub(super) fn finding(
    input: Option<usize>,
    finding: &Finding,
    parts: &mut Parts,
    object: &mut Object<'_>,
) {
    members!(object, {
        "rule": Word(finding.rule.id),
        "severity": Word(finding.severity.word()),
        "input": input,
        "stream": finding.streams.first(),
        "streams": finding.streams,
    });
    let key = |key: &mut Vec<u8>| {
        key.extend(finding.rule.id.as_bytes());
        finding.values.write_key(key);
    };
    object.members_of(&parts.said.get(key, || said(finding)));
    object.member("filter", &finding.filter());
    object.objects("evidence", &finding.evidence, evidence);
}

/// Sentence, remedy and values, which are the same of many connections.
fn said(finding: &Finding) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    let mut object = Object::begin(&mut out);
    for (name, words) in [("sentence", finding.rule.sentence), ("remedy", finding.rule.remedy)] {
        object.quoted(name, |out| {
            words.say(&finding.values, &mut |piece| out.extend(piece.as_bytes()));
        });
    }
    object.object("values", |inner| values(finding, inner));
    object.end();
    out.shrink_to_fit();
    out
}

/// The values by name; of several with one name the last.
fn values(finding: &Finding, object: &mut Object<'_>) {
    let mut values: Vec<(&'static str, &str)> = Vec::with_capacity(16);
    values.extend(finding.values.iter());
    values.sort_by_key(|(name, _)| *name);
    for same_name in values.chunk_by(|(name, _), (next, _)| name == next) {
        if let Some((name, value)) = same_name.last() {
            object.member(name, *value);
        }
    }
}

fn evidence(evidence: &Evidence, object: &mut Object<'_>) {
    members!(object, {
        "frame": evidence.frame,
        "field": Word(evidence.field),
        "observed": evidence.observed,
    });
    if let Some(expected) = &evidence.expected {
        object.member("expected", expected);
    }
}
