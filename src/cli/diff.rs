//! `tlsight diff`: two runs compared.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tlsight::expressway::Version;
use tlsight::pipeline::{self, Config};
use tlsight::report::diff::{self, Difference, LegDifference, Side};
use tlsight::report::{Look, Report, json};

use super::args::{Keys, Release, Run, Trust};
use super::commands::{complain_about, complain_about_left_out, hold_more, set_threads, sources};
use super::output::Output;
use super::{Exit, Trouble, known, trust};

const USAGE: &str = "\
tlsight diff [OPTIONS] <BEFORE> <AFTER>
       tlsight diff [OPTIONS] --before <FILE|DIR>... --after <FILE|DIR>...";

const AFTER_HELP: &str = "\
Examples:
  tlsight diff before.pcap after.pcap                    did the remedy help, did anything break
  tlsight diff --trust ca.pem --trust-after new-ca.pem before.pcap after.pcap
  tlsight diff monday/ tuesday/                          folders, archives, unpacked archives
  tlsight diff --before c1.tar.gz c2.tar.gz --after c1-new.tar.gz c2-new.tar.gz

Exit status: 0 nothing broken, 1 a leg fails that is not known to have failed before (with
--fail-on failing: any leg fails after), 2 trouble.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, override_usage = USAGE)]
pub(crate) struct Diff {
    /// Capture, diagnostic archive or folder from before the change.
    #[arg(value_name = "BEFORE", required_unless_present = "more_before",
          conflicts_with_all = ["more_before", "more_after"], requires = "after")]
    before: Option<PathBuf>,

    /// The same from after it.
    #[arg(value_name = "AFTER")]
    after: Option<PathBuf>,

    /// Several captures, archives or folders from before the change, in place of BEFORE.
    #[arg(long = "before", id = "more_before", value_name = "FILE|DIR", num_args = 1..,
          requires = "more_after")]
    more_before: Vec<PathBuf>,

    /// The same from after it.
    #[arg(long = "after", id = "more_after", value_name = "FILE|DIR", num_args = 1..,
          requires = "more_before")]
    more_after: Vec<PathBuf>,

    #[command(flatten)]
    trust: Trust,

    #[command(flatten)]
    release: Release,

    /// Trust anchors after the change, where they are others than those of --trust. May
    /// be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    trust_after: Vec<PathBuf>,

    /// The same for --peer-trust.
    #[arg(long, value_name = "FILE|DIR")]
    peer_trust_after: Vec<PathBuf>,

    /// Software version after the change, where it is another than --product-version.
    #[arg(long, value_name = "VERSION", requires = "expressway", value_parser = known::version)]
    product_version_after: Option<Version>,

    #[command(flatten)]
    keys: Keys,

    /// One JSON document.
    #[arg(long)]
    json: bool,

    /// What makes the exit status 1.
    #[arg(long, value_name = "WHAT", default_value = "broken")]
    fail_on: FailOn,

    #[command(flatten)]
    run: Run,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    /// A leg that fails and is not known to have failed before.
    Broken,
    /// Any leg that fails after the change.
    Failing,
    /// Nothing.
    Never,
}

/// Compares the two sides.
pub(super) fn run(args: &Diff, look: Look) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let mut config = trust::config(&args.trust, args.release.product_version, &args.keys)?;
    hold_more(&mut config);
    let config_after = after(args, &config)?;
    let old = analyze(args.before.as_ref(), &args.more_before, &config)?;
    let new = analyze(args.after.as_ref(), &args.more_after, &config_after)?;
    let (before, after) = (side(&old, &config), side(&new, &config_after));
    let difference = diff::compare(before, after);
    if args.json {
        Output::stdout().write_with(|out| json::write_diff(before, after, &difference, out))?;
    } else {
        Output::stdout().write(&diff::text::render(before, after, &difference, look))?;
    }
    let trouble = old.has_trouble() || new.has_trouble();
    Ok(if trouble { Exit::Trouble } else { exit(&difference, args.fail_on) })
}

/// The settings of the second run: those of the first, but for what is said of it.
fn after(args: &Diff, config: &Config) -> Result<Config, Trouble> {
    let semantics = args.trust.judging.semantics();
    let mut config = config.clone();
    if let Some(store) = trust::load(&args.trust_after, semantics, "--trust-after")? {
        config.store = Some(store);
    }
    if let Some(store) = trust::load(&args.peer_trust_after, semantics, "--peer-trust-after")? {
        config.peer_store = Some(store);
    }
    if let Some(version) = args.product_version_after {
        for appliance in &mut config.appliances {
            std::sync::Arc::make_mut(appliance).version = Some(version);
        }
    }
    Ok(config)
}

fn analyze(one: Option<&PathBuf>, several: &[PathBuf], config: &Config) -> Result<Report, Trouble> {
    let inputs: Vec<PathBuf> = one.into_iter().chain(several).cloned().collect();
    let report = pipeline::analyze(sources(&inputs, &config.limits)?, config);
    complain_about(&report);
    complain_about_left_out(&report);
    Ok(report)
}

const fn side<'r>(report: &'r Report, config: &'r Config) -> Side<'r> {
    Side { report, store: config.store.as_ref(), peer_store: config.peer_store.as_ref() }
}

fn exit(difference: &Difference, fail_on: FailOn) -> Exit {
    let counts: fn(&LegDifference) -> bool = match fail_on {
        FailOn::Broken => LegDifference::newly_fails,
        FailOn::Failing => LegDifference::fails_after,
        FailOn::Never => |_| false,
    };
    if difference.legs.iter().any(counts) { Exit::Findings } else { Exit::Clean }
}
