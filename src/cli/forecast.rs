//! `tlsight forecast`: what an upgrade would do.

use std::path::PathBuf;

use clap::Args;
use tlsight::expressway::Version;
use tlsight::foresight::{Change, Plan};
use tlsight::report::Look;

use super::args::{Keys, Release, Trust};
use super::commands::set_threads;
use super::whatif::{Told, Who, foretell};
use super::{Exit, Trouble, known, trust};

const AFTER_HELP: &str = "\
Examples:
  tlsight forecast --to X14.2 expc.tar.gz
  tlsight forecast --to X15.4 expc1.tar.gz expc2.tar.gz expe.tar.gz
  tlsight forecast --to X14.2 --expressway 10.0.0.2 --product-version X12.6 --trust ca.pem a.pcap

Only what the vendor's documents say is foretold. What depends on something that they leave
open, such as the cipher list after an upgrade of a customised one, is said to be not known.

Exit status: 0 nothing would break, 1 a connection that works would fail (with --fail-on
failing: any would fail after), 2 trouble.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Forecast {
    /// Diagnostic archives, captures, folders of them, or - for standard input.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    inputs: Vec<PathBuf>,

    /// The version after the upgrade, as in X14.2.
    #[arg(long, value_name = "VERSION", value_parser = known::version)]
    to: Version,

    #[command(flatten)]
    who: Who,

    #[command(flatten)]
    trust: Trust,

    #[command(flatten)]
    release: Release,

    #[command(flatten)]
    keys: Keys,

    #[command(flatten)]
    told: Told,
}

/// Foretells.
pub(super) fn run(args: &Forecast, look: Look) -> Result<Exit, Trouble> {
    set_threads(&args.told.run)?;
    let config = trust::config(&args.trust, args.release.product_version, &args.keys)?;
    let plan = Plan { changes: vec![Change::Upgrade(args.to)], ..args.who.plan() };
    foretell(&args.inputs, config, &plan, &args.told, look)
}
