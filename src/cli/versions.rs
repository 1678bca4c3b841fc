//! `tlsight versions`: what is known of the releases of Expressway.

use clap::Args;
use tlsight::report::{json, releases};

use super::args::Colour;
use super::output::{self, Output};
use super::{Exit, Trouble};

#[derive(Debug, Args)]
pub(crate) struct Versions {
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Prints both tables.
pub(super) fn run(args: &Versions) -> Result<Exit, Trouble> {
    if args.json {
        Output::stdout().write_with(json::write_releases)?;
    } else {
        let width = output::look(Colour::Never).width;
        Output::stdout().write(&releases::render(width))?;
    }
    Ok(Exit::Clean)
}
