//! `tlsight peers`: the servers, and whom they accept.

use std::path::PathBuf;

use clap::Args;
use tlsight::pipeline::{self, Config};
use tlsight::report::{Look, json, peers};

use super::args::{EXIT_OF_LISTS, Keys, Run};
use super::commands::{complain_about, complain_about_left_out, hold_more, set_threads, sources};
use super::output::Output;
use super::{Exit, Trouble, keylog};

#[derive(Debug, Args)]
#[command(after_help = EXIT_OF_LISTS)]
pub(crate) struct Peers {
    /// Captures, folders of them, or - for standard input.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    inputs: Vec<PathBuf>,

    /// One JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    keys: Keys,

    #[command(flatten)]
    run: Run,
}

/// Lists the servers.
pub(super) fn run(args: &Peers, look: Look) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let mut config = keylog::with(Config::default(), &args.keys)?;
    hold_more(&mut config);
    let report = pipeline::analyze(sources(&args.inputs, &config.limits)?, &config);
    complain_about(&report);
    complain_about_left_out(&report);
    let peers = peers::collect(&report);
    if args.json {
        Output::stdout().write_with(|out| json::write_peers(&peers, out))?;
    } else {
        Output::stdout().write(&peers::render(&report, &peers, look))?;
    }
    Ok(if report.has_trouble() { Exit::Trouble } else { Exit::Clean })
}
