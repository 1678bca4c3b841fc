//! `tlsight versions`: what is known of the releases of Expressway.

use clap::Args;
use tlsight::report::{Look, json, releases};

use super::args::EXIT_OF_LISTS;
use super::output::Output;
use super::{Exit, Trouble};

#[derive(Debug, Args)]
#[command(after_help = EXIT_OF_LISTS)]
pub(crate) struct Versions {
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Prints both tables.
pub(super) fn run(args: &Versions, look: Look) -> Result<Exit, Trouble> {
    if args.json {
        Output::stdout().write_with(json::write_releases)?;
    } else {
        Output::stdout().write(&releases::render(look))?;
    }
    Ok(Exit::Clean)
}
