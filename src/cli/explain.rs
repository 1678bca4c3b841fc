//! `tlsight rules` and `tlsight explain ID`.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command};
use tlsight::report::{Look, json, rules};
use tlsight::rules::registry;

use super::args::EXIT_OF_LISTS;
use super::output::Output;
use super::{Exit, Trouble};

#[derive(Debug, Args)]
#[command(after_help = EXIT_OF_LISTS)]
pub(crate) struct Rules {
    /// One JSON document, with all that `tlsight explain` tells of each.
    #[arg(long)]
    json: bool,
}

/// Lists the rules, family by family.
pub(super) fn list(args: &Rules, look: Look) -> Result<Exit, Trouble> {
    if args.json {
        Output::stdout().write_with(json::write_rules)?;
    } else {
        Output::stdout().write(&rules::list(look))?;
    }
    Ok(Exit::Clean)
}

/// Explains one rule.
pub(super) fn page(id: &str, look: Look) -> Result<Exit, Trouble> {
    let rule = registry::find(id).ok_or_else(|| unknown(id))?;
    Output::stdout().write(&rules::explain(rule, look))?;
    Ok(Exit::Clean)
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
