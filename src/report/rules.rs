//! The rules for people: their list, and the page of one.

use super::page::{HEADING, Look, Page, severity_style};
use super::words::words;
use crate::rules::{Rule, registry};

/// Columns that the list needs to have the summaries beside the rules.
const WIDE: usize = 90;

/// All rules, family by family.
#[must_use]
pub fn list(look: Look) -> String {
    let mut page = Page::new(look);
    let width = registry::rules().map(|rule| rule.id.len()).max().unwrap_or(0);
    for (family, rules) in registry::families() {
        let from = page.place();
        page.whole("", family);
        page.paint(from, family, HEADING);
        for rule in *rules {
            let (id, word, summary) = (rule.id, rule.severity.word(), words(rule.summary));
            let from = page.place();
            if look.full() < WIDE {
                page.fact(&format!("  {id}  {word}"));
                page.column("      ", &summary);
            } else {
                page.column(&format!("  {id:width$}  {word:7}  "), &summary);
            }
            page.paint(from + id.len(), word, severity_style(rule.severity));
        }
    }
    page.blank();
    page.line("", "tlsight explain ID tells more about one of them.", 0);
    page.into_text()
}

/// What one rule checks, why it matters, and what to do.
#[must_use]
pub fn explain(rule: &Rule, look: Look) -> String {
    let mut page = Page::new(look);
    let severity = rule.severity.word();
    page.fact(&format!("{} ({severity})", rule.id));
    page.paint(rule.id.len(), severity, severity_style(rule.severity));
    page.paint(0, rule.id, HEADING);
    page.line("", &words(rule.summary), 0);
    let others: Vec<&str> = registry::other_names(rule.id).collect();
    if !others.is_empty() {
        page.line("Also known as ", &others.join(", "), 2);
    }
    let sections = [
        ("What it checks", words(rule.page.checks)),
        ("Why it matters", words(rule.page.why)),
        ("What the customer sees", words(rule.page.symptom)),
        ("What to do", words(rule.page.steps)),
        ("When it can be wrong", words(rule.page.caveat)),
        ("Applies to", words(rule.applies)),
        ("Needs", needs(rule)),
    ];
    for (title, body) in sections {
        page.heading(title);
        page.line("  ", &body, 2);
    }
    page.heading("References");
    for reference in rule.references {
        page.line("  ", reference, 4);
    }
    page.into_text()
}

fn needs(rule: &Rule) -> String {
    let needs: Vec<&str> = rule.needs.iter().map(|need| need.words()).collect();
    if needs.is_empty() { "nothing but the capture".to_owned() } else { needs.join("; ") }
}
