//! Runs the rooms; the only place with threads.
//!
//! A capture is read in windows of a few chunks. In each window the chunks are
//! decoded in parallel, then the flows are reassembled in parallel, each shard of
//! flows seeing its segments in file order; meanwhile the next window is read. A flow's
//! shard depends on its key alone and the number of shards is fixed, so the result is the
//! same for any number of threads and any size of window.

mod certify;
mod config;
mod court;
mod courts;
mod decoded;
mod engine;
mod foresee;
mod group;
mod inputs;
mod interfaces;
mod known;
mod names;
mod run;
pub mod scan;
mod session;
mod shard;
mod sink;
mod who;
mod window;

use std::io::{self, Read};
use std::path::PathBuf;

pub use config::{Config, ExpectedName, Judging, Source};
pub use foresee::foresee;
pub use inputs::collect;
pub use session::Session;
pub use sink::{Document, Lines, Renderers, Sink};

use crate::report::{CaptureReport, Report};
use known::Known;
use run::Run;

/// Reads and judges `sources`: each becomes one capture of the report, in order.
///
/// Trouble with one source is recorded in its part of the report and stops no other.
/// Where there are more connections than [`crate::limits::Limits::held_connections`], the
/// report lists some of them; [`analyze_to`] hands all of them on.
#[must_use]
pub fn analyze(sources: Vec<Source>, config: &Config) -> Report {
    // A sink that takes nothing has no trouble either.
    analyze_to(sources, config, &mut ()).unwrap_or_default()
}

/// Reads and judges `sources` as [`analyze`] does, and hands every connection to `sink`.
///
/// # Errors
/// What the sink says.
pub fn analyze_to(
    sources: Vec<Source>,
    config: &Config,
    sink: &mut dyn Sink,
) -> io::Result<Report> {
    analyze_knowing(sources, config, &Known::default(), sink)
}

/// As [`analyze_to`], with what other captures of the run have brought.
fn analyze_knowing(
    sources: Vec<Source>,
    config: &Config,
    known: &Known,
    sink: &mut dyn Sink,
) -> io::Result<Report> {
    Run::new(config, known, sink).of(sources, |_, _, _| ()).map(|(report, ())| report)
}

/// Captures from files and one stream, for library users who have no paths.
#[must_use]
pub fn source_from_reader(name: &str, bytes: Box<dyn Read + Send>) -> Source {
    Source::Stream { name: name.to_owned(), bytes }
}

/// One capture per file.
#[must_use]
pub fn source_from_file(path: PathBuf) -> Source {
    Source::Files(vec![path])
}

/// An empty part of the report for something that could not be read.
fn unreadable(name: &str, error: &dyn std::fmt::Display) -> CaptureReport {
    CaptureReport {
        files: vec![(name.to_owned(), 0)],
        errors: vec![format!("{name}: {error}")],
        ..CaptureReport::default()
    }
}
