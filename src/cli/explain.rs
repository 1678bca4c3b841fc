//! `tlsight rules` and `tlsight explain ID`.

use std::ffi::OsStr;
use std::fmt::Write as _;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command};
use tlsight::rules::{Rule, Text, Values, registry};

use super::output::Output;
use super::{Exit, Trouble};

/// Lists the rules, family by family.
pub(super) fn list() -> Result<Exit, Trouble> {
    let mut text = String::new();
    let width = registry::rules().map(|rule| rule.id.len()).max().unwrap_or(0);
    for (family, rules) in registry::families() {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "{family}");
        for rule in *rules {
            let (id, severity) = (rule.id, rule.severity.word());
            let _ = writeln!(text, "  {id:width$}  {severity:7}  {}", words(rule.summary));
        }
    }
    text.push_str("\ntlsight explain ID tells more about one of them.\n");
    Output::stdout().write(&text)?;
    Ok(Exit::Clean)
}

/// Explains one rule.
pub(super) fn page(id: &str) -> Result<Exit, Trouble> {
    let rule = registry::find(id).ok_or_else(|| unknown(id))?;
    Output::stdout().write(&render(rule))?;
    Ok(Exit::Clean)
}

fn render(rule: &Rule) -> String {
    let mut text = format!("{} ({})\n{}\n", rule.id, rule.severity.word(), words(rule.summary));
    let needs = match rule.needs {
        [] => "nothing but the capture".to_owned(),
        needs => needs.iter().map(|need| need.words()).collect::<Vec<_>>().join("; "),
    };
    let others: Vec<&str> = registry::other_names(rule.id).collect();
    if !others.is_empty() {
        let _ = writeln!(text, "Also known as {}", others.join(", "));
    }
    let sections = [
        ("What it checks", words(rule.page.checks)),
        ("Why it matters", words(rule.page.why)),
        ("What the customer sees", words(rule.page.symptom)),
        ("What to do", words(rule.page.steps)),
        ("When it can be wrong", words(rule.page.caveat)),
        ("Applies to", words(rule.applies)),
        ("Needs", needs),
    ];
    for (title, body) in sections {
        let _ = write!(text, "\n{title}\n");
        for line in body.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    text.push_str("\nReferences\n");
    for reference in rule.references {
        let _ = writeln!(text, "  {reference}");
    }
    text
}

fn words(text: Text) -> String {
    text.fill(&Values::new())
}

/// Parses the id of a rule, under whatever name; a completion script learns all ids from it.
#[derive(Clone)]
pub(super) struct RuleId;

impl TypedValueParser for RuleId {
    type Value = &'static str;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let known =
            |text: &str| registry::find(text).map(|rule| rule.id).ok_or_else(|| unknown(text));
        known.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(registry::rules().map(|rule| PossibleValue::new(rule.id))))
    }
}

/// No such rule: names the nearest ones.
fn unknown(id: &str) -> Trouble {
    let near: Vec<&str> = registry::rules()
        .map(|rule| rule.id)
        .filter(|known| id.split('-').any(|part| part.len() > 2 && known.contains(part)))
        .collect();
    if near.is_empty() {
        format!("no rule '{id}'; 'tlsight rules' lists them")
    } else {
        format!("no rule '{id}'; did you mean {}?", near.join(", "))
    }
}
