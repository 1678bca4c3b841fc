//! One scan from the first file to the summary.

use std::io::{BufWriter, StdoutLock, Write as _};
use std::ops::ControlFlow;

use tlsight::pipeline::Session;
use tlsight::pipeline::scan::{Pace, Unit, Walk, Watch, examine, in_order};
use tlsight::report::fleet::{Summary, text};
use tlsight::report::{csv, json};
use tlsight::wire::text::count;

use super::super::commands::{exit_for, set_threads};
use super::super::{Exit, Trouble, keylog, output, trust};
use super::interrupt::Interrupt;
use super::progress::Progress;
use super::render::{Part, Renderer, Style};
use super::sink::Sink;
use super::state::{Before, State};
use super::{Format, Scan};

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
}

/// Scans.
pub(super) fn run(args: &Scan) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let config = trust::config(&args.trust, args.release.product_version)?;
    let mut config = keylog::with(config, &args.keys)?;
    config.wanted = args.filters.wanted()?;
    let walk = Walk::new(args.inputs()?);
    let state = args.resume.as_ref().map(|path| State::open(path, args.settings())).transpose()?;
    let before = state.as_ref().map(State::before).unwrap_or_default();
    let interrupt = Interrupt::listen()?;
    let style = Style { format: args.format(), per: args.per, look: output::look(args.run.color) };
    let renderer = Renderer::new(style);
    let mut ledger = Ledger::new(args, renderer.clone(), state);
    if before.is_empty() {
        ledger.begin();
    }
    let session = Session::new(config);
    let watch = Watch::default();
    let progress = ledger.progress.follow(&watch);
    let work = move |job| {
        let done = work(job, &session, &renderer, &watch);
        let weight = done.part.as_ref().map_or(0, Part::weight);
        (done, weight)
    };
    let jobs = walk.map(move |unit| job(unit, &before));
    let pace = Pace::of(rayon::current_num_threads());
    let interrupted = || {
        progress.show();
        interrupt.is_asked()
    };
    in_order(jobs, pace, work, |done| ledger.take(done), interrupted);
    ledger.end(interrupt.is_asked())
}

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

/// Reads, judges and renders a file; on whichever thread.
fn work(job: Job, session: &Session, renderer: &Renderer, watch: &Watch) -> Done {
    let unit = match job {
        Job::Examine(unit) => unit,
        Job::Known(unit, summary) => {
            watch.pass(unit.size);
            return Done { unit, summary, part: None };
        }
    };
    let Some(report) = examine(&unit, session, watch) else {
        return Done { unit, summary: None, part: None };
    };
    let file = unit.path.display().to_string();
    let summary = Summary::of(&file, &report);
    let part = renderer.part(&file, &summary, report);
    Done { unit, summary: Some(Box::new(summary)), part: Some(part) }
}

/// Takes results in order: writes them, adds them up, and remembers what is done.
struct Ledger<'a> {
    args: &'a Scan,
    renderer: Renderer,
    state: Option<State>,
    out: Sink,
    total: Summary,
    progress: Progress,
    trouble: Option<Trouble>,
}

impl<'a> Ledger<'a> {
    fn new(args: &'a Scan, renderer: Renderer, state: Option<State>) -> Self {
        let paths = args.files_from.is_none().then(|| args.inputs.clone());
        let progress = Progress::new(args.quiet, paths);
        let (total, trouble) = (Summary::default(), None);
        Self { args, renderer, state, out: Sink::stdout(), total, progress, trouble }
    }

    /// Writes what stands in front of everything.
    fn begin(&mut self) {
        if self.renderer.format() == Format::Csv {
            // A reader that has gone away shows with the first result.
            let _ = self.write(csv::write_header);
        }
    }

    fn write(
        &mut self,
        write: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> std::io::Result<()>,
    ) -> ControlFlow<()> {
        let Self { out, progress, .. } = self;
        progress.aside(|| out.write(write))
    }

    /// Takes the result of the next file.
    fn take(&mut self, done: Done) -> ControlFlow<()> {
        let Done { unit, summary, part } = done;
        if let (Some(part), Some(summary)) = (&part, &summary) {
            let (file, renderer) = (unit.path.display().to_string(), self.renderer.clone());
            self.write(|out| renderer.write(part, &file, summary, out))?;
            if renderer.format() == Format::Csv {
                let troubles = &summary.troubles;
                self.progress
                    .aside(|| troubles.iter().for_each(|one| output::complain(&one.error)));
            }
        }
        if let Some(state) = &mut self.state {
            state.add(&unit, summary.as_deref());
        }
        if let Some(summary) = summary {
            self.total.merge(*summary);
        }
        self.progress.advance();
        self.remember(false)
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
        let (top, look) = (self.args.top, self.renderer.look());
        let total = std::mem::take(&mut self.total);
        let _ = match self.renderer.format() {
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
