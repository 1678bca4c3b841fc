//! The progress bar: on a terminal only, on standard error.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tlsight::pipeline::scan::{Inputs, Walk, Watch};
use tlsight::wire::text::count;

/// How often it is drawn anew while nothing is finished.
const TICK: Duration = Duration::from_millis(200);
/// While nobody knows how much there is.
const UNTIL_KNOWN: &str = "{elapsed_precise} {bytes}, {binary_bytes_per_sec}, {msg}";
const STYLE: &str =
    "{elapsed_precise} [{bar:30}] {bytes}/{total_bytes}, {binary_bytes_per_sec}, {eta} left, {msg}";

/// How far the scan is, or nothing.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    files: u64,
    /// Whether what is written to standard output goes over the bar.
    shared: bool,
}

impl Progress {
    /// A bar, where somebody sees it. `paths` are walked beside the work for the sum of
    /// their sizes; of a list that is read as the work goes on it is not known.
    pub(super) fn new(quiet: bool, paths: Option<Vec<PathBuf>>) -> Self {
        let seen = !quiet && io::stderr().is_terminal();
        let bar = seen.then(|| bar(paths));
        Self { bar, files: 0, shared: io::stdout().is_terminal() }
    }

    /// A file is done.
    pub(super) fn advance(&mut self) {
        self.files += 1;
        if let Some(bar) = &self.bar {
            bar.set_message(count(self.files, "file"));
        }
    }

    /// The bar as far as it follows the reading.
    pub(super) fn follow(&self, watch: &Watch) -> Follower {
        Follower { bar: self.bar.clone(), watch: watch.clone() }
    }

    /// Does something that writes to the terminal.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) if self.shared => bar.suspend(write),
            _ => write(),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Moves the bar on.
pub(super) struct Follower {
    bar: Option<ProgressBar>,
    watch: Watch,
}

impl Follower {
    /// Shows how far the reading is now.
    pub(super) fn show(&self) {
        if let Some(bar) = &self.bar {
            bar.set_position(self.watch.bytes());
        }
    }
}

fn bar(paths: Option<Vec<PathBuf>>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    set_style(&bar, UNTIL_KNOWN);
    bar.enable_steady_tick(TICK);
    if let Some(paths) = paths {
        let of_walk = bar.clone();
        std::thread::spawn(move || {
            let units = Walk::new(Inputs::Paths(paths.into_iter()));
            of_walk.set_length(units.map(|unit| unit.size).sum());
            set_style(&of_walk, STYLE);
        });
    }
    bar
}

fn set_style(bar: &ProgressBar, template: &str) {
    // The template is ours; with a mistake in it the bar looks otherwise.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
