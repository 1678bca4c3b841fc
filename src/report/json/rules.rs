//! The rules, for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use crate::report::words::words;
use crate::rules::{Check, Rule, Severity, registry};

#[derive(Serialize)]
struct Document {
    rules: Vec<RuleDocument>,
}

#[derive(Serialize)]
struct RuleDocument {
    id: &'static str,
    other_names: Vec<&'static str>,
    family: &'static str,
    severity: Severity,
    /// `connection` or `case`.
    looks_at: &'static str,
    summary: String,
    checks: String,
    why: String,
    symptom: String,
    steps: String,
    caveat: String,
    applies: String,
    needs: Vec<&'static str>,
    references: &'static [&'static str],
}

/// Writes all rules, in the order of reports.
///
/// # Errors
/// What the writer says.
pub fn write_rules(out: &mut impl Write) -> io::Result<()> {
    let families = registry::families().iter();
    let rules = families.flat_map(|(family, rules)| rules.iter().map(|rule| of(family, rule)));
    formatter::pretty(&Document { rules: rules.collect() }, out)
}

fn of(family: &'static str, rule: &'static Rule) -> RuleDocument {
    RuleDocument {
        id: rule.id,
        other_names: registry::other_names(rule.id).collect(),
        family,
        severity: rule.severity,
        looks_at: match rule.check {
            Check::Connection(_) => "connection",
            Check::Case(_) => "case",
        },
        summary: words(rule.summary),
        checks: words(rule.page.checks),
        why: words(rule.page.why),
        symptom: words(rule.page.symptom),
        steps: words(rule.page.steps),
        caveat: words(rule.page.caveat),
        applies: words(rule.applies),
        needs: rule.needs.iter().map(|need| need.words()).collect(),
        references: rule.references,
    }
}
