//! One scan from the first file to the summary.

use std::io::{self, BufWriter, StdoutLock, Write as _};
use std::ops::ControlFlow;
use std::path::PathBuf;

use tlsight::pipeline::scan::{Pace, Unit, Walk, Watch, examine, in_order};
use tlsight::pipeline::{Renderers, Session};
use tlsight::report::fleet::{Summary, text};
use tlsight::report::{Look, csv, json};
use tlsight::wire::text::count;

use super::super::commands::{exit_for, set_threads};
use super::super::{Exit, Trouble, output, trust};
use super::interrupt::Interrupt;
use super::progress::Progress;
use super::render::{Gathering, Part, Style};
use super::sink::Sink;
use super::state::{Before, State};
use super::{Format, Per, Scan};

/// What is to be done about a file.
enum Job {
    Examine(Unit),
    /// It was done by an earlier run, with this result.
    Known(Unit, Option<Box<Summary>>),
}

/// What came of a file; no summary where it is no capture.
struct Done {
    unit: Unit,
    summary: Option<Box<Summary>>,
    /// What is to be written; nothing of what an earlier run has written.
    part: Option<Part>,
    /// Why it could not be kept until it is its turn.
    trouble: Option<io::Error>,
}

/// Scans.
pub(super) fn run(args: &Scan, look: Look) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let mut config = trust::config(&args.trust, args.release.product_version, &args.keys)?;
    config.wanted = args.filters.wanted()?;
    config.limits.windows_ahead = WINDOWS_AHEAD;
    // Only the records of files tell the verdicts.
    config.unranked = args.per != Per::File;
    let walk = Walk::new(args.inputs()?);
    let open = |path: &PathBuf| State::open(path, args.settings()?);
    let state = args.resume.as_ref().map(open).transpose()?;
    let before = state.as_ref().map(State::before).unwrap_or_default();
    let interrupt = Interrupt::listen()?;
    let style = Style { format: args.format(), per: args.per, look };
    let mut ledger = Ledger::new(args, style, state);
    if before.is_empty() {
        ledger.begin();
    }
    let watch = Watch::default();
    let progress = ledger.progress.follow(&watch);
    let interrupted = || {
        progress.show();
        interrupt.is_asked()
    };
    let workshop =
        Workshop { session: Session::new(config), style, renderers: Renderers::default(), watch };
    let jobs = walk.map(move |unit| job(unit, &before));
    let pace = Pace::of(rayon::current_num_threads());
    let take = |done| ledger.take(done);
    in_order(jobs, pace, move |job| workshop.work(job), take, interrupted);
    ledger.end(interrupt.is_asked())
}

/// Less of a file is read ahead than where it is the only one: several lie in memory at the same
/// time, and threads that wait for one another over one of them read others.
const WINDOWS_AHEAD: usize = 3;
/// Of most captures far less than this part is kept as connections.
const LIGHTER: u64 = 4;

/// What is to be done about a file, and how heavy that is.
fn job(unit: Unit, before: &Before) -> (Job, u64) {
    match before.known(&unit) {
        Some(summary) => (Job::Known(unit, summary), 0),
        None => {
            let weight = unit.size / LIGHTER;
            (Job::Examine(unit), weight)
        }
    }
}

/// What files are read, judged and rendered with, on whichever thread.
struct Workshop {
    session: Session,
    style: Style,
    renderers: Renderers,
    watch: Watch,
}

impl Workshop {
    /// What came of a file, and what that takes in memory.
    fn work(&self, job: Job) -> (Done, u64) {
        let mut done = match job {
            Job::Examine(unit) => self.examine(unit),
            Job::Known(unit, summary) => {
                self.watch.pass(unit.size);
                Done { unit, summary, part: None, trouble: None }
            }
        };
        let weight = done.part.as_mut().map_or(0, Part::weight);
        (done, weight)
    }

    fn examine(&self, unit: Unit) -> Done {
        let file = unit.path.display().to_string();
        let mut gathering = Gathering::new(file, self.style, &self.renderers);
        let gathered = examine(&unit, &self.session, &self.watch, &mut gathering)
            .and_then(|report| report.map(|report| gathering.finish(&report)).transpose());
        match gathered {
            Ok(gathered) => {
                let (summary, part) = gathered.unzip();
                Done { unit, summary, part, trouble: None }
            }
            Err(error) => Done { unit, summary: None, part: None, trouble: Some(error) },
        }
    }
}

/// Takes results in order: writes them, adds them up, and remembers what is done.
struct Ledger<'a> {
    args: &'a Scan,
    style: Style,
    state: Option<State>,
    out: Sink,
    total: Summary,
    progress: Progress,
    trouble: Option<Trouble>,
}

impl<'a> Ledger<'a> {
    fn new(args: &'a Scan, style: Style, state: Option<State>) -> Self {
        let paths = args.files_from.is_none().then(|| args.inputs.clone());
        let progress = Progress::new(args.quiet, paths);
        let (total, trouble) = (Summary::default(), None);
        Self { args, style, state, out: Sink::stdout(), total, progress, trouble }
    }

    /// Writes what stands in front of everything.
    fn begin(&mut self) {
        if self.style.format == Format::Csv {
            // A reader that has gone away shows with the first result.
            let _ = self.write(csv::write_header);
        }
    }

    fn write(
        &mut self,
        write: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> io::Result<()>,
    ) -> ControlFlow<()> {
        let Self { out, progress, .. } = self;
        progress.aside(|| out.write(write))
    }

    /// Takes the result of the next file.
    fn take(&mut self, done: Done) -> ControlFlow<()> {
        let Done { unit, summary, part, trouble } = done;
        if let Some(error) = trouble {
            self.trouble = Some(format!("cannot write a temporary file: {error}"));
            return ControlFlow::Break(());
        }
        let written = match part {
            Some(part) => self.write(|out| part.write(out)),
            None => ControlFlow::Continue(()),
        };
        if written.is_continue() {
            self.done(&unit, summary.as_deref());
        }
        // What was found counts for the exit status, also when nobody reads it any more.
        if let Some(summary) = summary {
            self.total.merge(*summary);
        }
        written?;
        self.progress.advance();
        self.remember(false)
    }

    /// A file's part of the output was written.
    fn done(&mut self, unit: &Unit, summary: Option<&Summary>) {
        let troubles = summary.into_iter().flat_map(|summary| &summary.troubles);
        if self.style.format == Format::Csv {
            self.progress.aside(|| troubles.for_each(|one| output::complain(&one.error)));
        }
        if let Some(state) = &mut self.state {
            state.add(unit, summary);
        }
    }

    /// Writes the state when it is time, or `now`; before that, what it says is done.
    fn remember(&mut self, now: bool) -> ControlFlow<()> {
        let Self { state, out, progress, .. } = self;
        let Some(state) = state.as_mut().filter(|state| now || state.is_due()) else {
            return ControlFlow::Continue(());
        };
        progress.aside(|| out.flush())?;
        match state.write() {
            Ok(()) => ControlFlow::Continue(()),
            Err(trouble) => {
                self.trouble = Some(trouble);
                ControlFlow::Break(())
            }
        }
    }

    /// Ends the run: with the summary when everything is done.
    fn end(mut self, interrupted: bool) -> Result<Exit, Trouble> {
        self.progress.finish();
        let whole = !interrupted && !self.out.is_gone() && self.trouble.is_none();
        if whole {
            self.summary();
        }
        if !self.out.is_gone() && self.trouble.is_none() {
            let _ = self.remember(true);
            let _ = self.out.flush();
        }
        if let Some(trouble) = self.trouble.take().or_else(|| self.out.trouble()) {
            return Err(trouble);
        }
        if interrupted {
            return Err(self.interrupted());
        }
        let (trouble, worst) = (self.total.in_trouble > 0, self.total.worst());
        if whole && self.total.files == 0 {
            return Err("no capture found".to_owned());
        }
        Ok(exit_for(trouble, worst, self.args.fail_on))
    }

    fn interrupted(&self) -> Trouble {
        let done = count(self.total.files, "file");
        match &self.args.resume {
            Some(path) => format!(
                "interrupted after {done}; the same command with --resume {} goes on",
                path.display()
            ),
            None => format!("interrupted after {done}"),
        }
    }

    /// Writes the summary where the format has its place.
    fn summary(&mut self) {
        let (top, look) = (self.args.top, self.style.look);
        let total = std::mem::take(&mut self.total);
        let _ = match self.style.format {
            Format::Jsonl => self.write(|out| json::write_summary(&total, top, out)),
            Format::Table => self.write(|out| {
                let gap = if total.worst().is_some() || total.in_trouble > 0 { "\n" } else { "" };
                write!(out, "{gap}{}", text::render(&total, top, look))
            }),
            Format::Csv if self.args.quiet => ControlFlow::Continue(()),
            Format::Csv => {
                output::tell(&text::render(&total, top, look));
                ControlFlow::Continue(())
            }
        };
        self.total = total;
    }
}
