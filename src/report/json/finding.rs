//! A finding in JSON: where, then what its rule says with its values.

use super::object::Object;
use super::value::Word;
use crate::rules::{Evidence, Finding, Text};

/// Writes the members of a finding.
pub(super) fn finding(input: Option<usize>, finding: &Finding, object: &mut Object<'_>) {
    object.member("rule", &Word(finding.rule.id));
    object.member("severity", &Word(finding.severity.word()));
    object.member("input", &input);
    object.member("stream", &finding.streams.first());
    object.member("streams", &finding.streams);
    said("sentence", finding.rule.sentence, finding, object);
    said("remedy", finding.rule.remedy, finding, object);
    object.object("values", |inner| values(finding, inner));
    object.member("filter", &finding.filter());
    object.objects("evidence", &finding.evidence, evidence);
}

/// A sentence, written piece by piece.
fn said(name: &'static str, words: Text, finding: &Finding, object: &mut Object<'_>) {
    object.quoted(name, |out| {
        words.say(&finding.values, &mut |piece| out.extend(piece.as_bytes()));
    });
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
    object.member("frame", &evidence.frame);
    object.member("field", &Word(evidence.field));
    object.member("observed", &evidence.observed);
    if let Some(expected) = &evidence.expected {
        object.member("expected", expected);
    }
}
