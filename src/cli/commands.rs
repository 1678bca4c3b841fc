//! What each command does.

use std::io;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use tlsight::limits::Limits;
use tlsight::pipeline::{self, Config, Document, Lines, Sink, Source};
use tlsight::report::{Judged, Look, Origin, Report, show, table};
use tlsight::rules::Severity;
use tlsight::wire::text::count;

use super::args::{Analyze, Args, Command, FailOn, Run, Show};
use super::output::Output;
use super::{
    Exit, Trouble, certs, ciphers, diff, explain, forecast, output, peers, scan, store, trust,
    verify, versions, whatif,
};

/// Does what was asked.
pub(super) fn execute(args: Args) -> Result<Exit, Trouble> {
    let look = output::look(args.color);
    match args.command {
        None => analyze(&args.analyze, look),
        Some(Command::Scan(args)) => scan::run(&args, look),
        Some(Command::Show(args)) => show_stream(&args, look),
        Some(Command::Verify(args)) => verify::run(&args, look),
        Some(Command::Store(args)) => store::run(&args, look),
        Some(Command::Peers(args)) => peers::run(&args, look),
        Some(Command::Diff(args)) => diff::run(&args, look),
        Some(Command::Whatif(args)) => whatif::run(&args, look),
        Some(Command::Forecast(args)) => forecast::run(&args, look),
        Some(Command::Certs(args)) => certs::run(&args),
        Some(Command::Ciphers(args)) => ciphers::run(&args, look),
        Some(Command::Versions(args)) => versions::run(&args, look),
        Some(Command::Rules(args)) => explain::list(&args, look),
        Some(Command::Explain { id }) => explain::page(id, look),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "tlsight", &mut script);
            Output::stdout().write(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Clean)
        }
    }
}

fn analyze(args: &Analyze, look: Look) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let mut config = trust::config(&args.trust, args.release.product_version, &args.keys)?;
    config.wanted = args.filters.wanted()?;
    config.unranked = args.jsonl;
    let sources = sources(&args.inputs, &config.limits)?;
    let report = if args.json {
        document(sources, &config)?
    } else if args.jsonl {
        lines(sources, &config)?
    } else {
        let report = pipeline::analyze(sources, &config);
        complain_about(&report);
        Output::stdout().write(&table::render(&report, look))?;
        report
    };
    // The program ends here: the system takes the memory back at once, not piece by piece.
    Ok(exit(&ManuallyDrop::new(report), args.fail_on))
}

fn document(sources: Vec<Source>, config: &Config) -> Result<Report, Trouble> {
    let mut report = Report::default();
    Output::stdout().write_with(|out| {
        let document = read_into(Document::begin(out)?, sources, config, &mut report)?;
        document.end(&report)
    })?;
    complain_about(&report);
    Ok(report)
}

fn lines(sources: Vec<Source>, config: &Config) -> Result<Report, Trouble> {
    let mut report = Report::default();
    Output::stdout()
        .write_with(|out| read_into(Lines::new(out), sources, config, &mut report).map(drop))?;
    complain_about(&report);
    complain_about_filters(&report);
    Ok(report)
}

/// Reads captures, and has `sink` take their connections. A reader of the output that goes away
/// ends the run; what was found until then counts.
fn read_into<S: Sink>(
    sink: S,
    sources: Vec<Source>,
    config: &Config,
    report: &mut Report,
) -> io::Result<S> {
    let mut watched = Watched { sink, worst: None };
    let read = pipeline::analyze_to(sources, config, &mut watched);
    report.worst_of_connections = watched.worst;
    *report = read?;
    Ok(watched.sink)
}

/// Takes connections, and notes the worst severity among them.
struct Watched<S> {
    sink: S,
    worst: Option<Severity>,
}

impl<S: Sink> Sink for Watched<S> {
    fn take(&mut self, origin: &Origin, judged: &[Judged]) -> io::Result<()> {
        self.worst = judged.iter().map(Judged::worst).max().flatten().max(self.worst);
        self.sink.take(origin, judged)
    }
}

/// Says so where filters leave out everything: lines that are not there say nothing.
fn complain_about_filters(report: &Report) {
    let seen = report.tls_connections_seen();
    let matching: u64 = report.tls_connections.iter().sum();
    if !report.filters.is_empty() && matching == 0 && seen > 0 {
        let all = count(seen, "TLS connection");
        let filters = report.filters.join(" ");
        output::complain(&format!("{all}, none matches the filters ({filters})"));
    }
}

fn show_stream(args: &Show, look: Look) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let config = trust::config(&args.trust, args.release.product_version, &args.keys)?;
    let sources = sources(&args.inputs, &config.limits)?;
    let mut sought = Sought { stream: args.stream, found: Vec::new(), streams: Vec::new() };
    let report = pipeline::analyze_to(sources, &config, &mut sought)
        .map_err(|error| format!("cannot look for a stream: {error}"))?;
    complain_about(&report);
    if sought.found.is_empty() {
        return Err(sought.no_such_stream());
    }
    for judged in &sought.found {
        if let Some(capture) = report.captures.get(judged.capture) {
            Output::stdout().write(&show::render(capture, judged, look))?;
        }
    }
    Ok(if report.has_trouble() { Exit::Trouble } else { Exit::Clean })
}

/// The connections of one stream number, one in each capture.
struct Sought {
    stream: u64,
    found: Vec<Judged>,
    /// The first streams that there are, capture by capture.
    streams: Vec<(Origin, Vec<u64>)>,
}

/// Streams that are told when the one that was asked for is none.
const TOLD: usize = 20;

impl Sink for Sought {
    fn take(&mut self, origin: &Origin, judged: &[Judged]) -> io::Result<()> {
        let streams = judged.iter().map(|one| one.connection.stream).take(self.room());
        match self.streams.last_mut().filter(|(last, _)| last == origin) {
            Some((_, known)) => known.extend(streams),
            None => self.streams.push((origin.clone(), streams.collect())),
        }
        let mine = judged.iter().filter(|one| one.connection.stream == self.stream);
        self.found.extend(mine.cloned());
        Ok(())
    }
}

impl Sought {
    /// One more than are told: then there are more.
    fn room(&self) -> usize {
        let known: usize = self.streams.iter().map(|(_, streams)| streams.len()).sum();
        (TOLD + 1).saturating_sub(known)
    }

    fn no_such_stream(&self) -> Trouble {
        let stream = self.stream;
        let mut left = TOLD;
        let mut told: Vec<String> = Vec::new();
        for (origin, streams) in self.streams.iter().filter(|(_, streams)| !streams.is_empty()) {
            let some: Vec<String> = streams.iter().take(left).map(u64::to_string).collect();
            left -= some.len();
            if !some.is_empty() {
                told.push(format!("{} of {origin}", some.join(", ")));
            }
        }
        if told.is_empty() {
            return format!("stream {stream} is no TLS connection; there is none in the capture");
        }
        let more = if self.room() == 0 { ", ..." } else { "" };
        format!("stream {stream} is no TLS connection; these are: {}{more}", told.join("; "))
    }
}

/// So many times as many connections as for a report are held by commands that look at
/// all of them together.
const MORE_HELD: usize = 16;

/// Holds more connections, for a command that looks at all of them together.
pub(super) const fn hold_more(config: &mut Config) {
    config.limits.held_connections *= MORE_HELD;
}

/// Says so where even these were too many.
pub(super) fn complain_about_left_out(report: &Report) {
    let left_out = report.left_out();
    if left_out > 0 {
        let connections = count(left_out, "connection");
        output::complain(&format!("{connections} could not be held, and are not looked at here"));
    }
}

/// Captures from what was named; trouble with one path is trouble with the command.
pub(super) fn sources(inputs: &[PathBuf], limits: &Limits) -> Result<Vec<Source>, Trouble> {
    let sources = pipeline::collect(inputs, limits)
        .map_err(|(path, error)| format!("{}: {error}{}", path.display(), advice(&path, &error)))?;
    if sources.is_empty() {
        let names: Vec<String> = inputs.iter().map(|path| path.display().to_string()).collect();
        return Err(format!("no capture found in {}", names.join(", ")));
    }
    Ok(sources)
}

/// How alike a word and a command must be (1: the same) for one to be taken for the other; clap
/// asks for as much before it suggests a flag.
const ALIKE: f64 = 0.7;

/// What to do about an input that is not there: it may be a command in the wrong place, or one
/// that is misspelt.
fn advice(path: &Path, error: &io::Error) -> String {
    let Some(word) = path.to_str().filter(|_| error.kind() == io::ErrorKind::NotFound) else {
        return String::new();
    };
    let command = Args::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    let alike = names.map(|name| (strsim::jaro(word, name), name));
    match alike.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((_, name)) if name == word => format!("; put the command first: tlsight {name} ..."),
        Some((likeness, name)) if likeness > ALIKE && !word.contains(['.', '/', '\\']) => {
            format!("; if a command is meant: tlsight {name} ...")
        }
        _ => String::new(),
    }
}

/// Stack of a thread: while it waits for parts of one file it may begin another on top.
const STACK: usize = 16 << 20;

pub(super) fn set_threads(run: &Run) -> Result<(), Trouble> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(run.threads.into())
        .stack_size(STACK)
        .build_global()
        .map_err(|error| format!("cannot start {} threads: {error}", run.threads))
}

pub(super) fn complain_about(report: &Report) {
    for capture in &report.captures {
        for error in &capture.errors {
            output::complain(error);
        }
    }
    if let Some(absent) = report.absent_appliance() {
        output::complain(&absent);
    }
}

fn exit(report: &Report, fail_on: FailOn) -> Exit {
    exit_for(report.has_trouble(), report.worst(), fail_on)
}

/// How a run ends that met trouble or not, and whose worst finding is `worst`.
pub(super) fn exit_for(trouble: bool, worst: Option<Severity>, fail_on: FailOn) -> Exit {
    let reached = fail_on.threshold().zip(worst).is_some_and(|(least, worst)| worst >= least);
    match (trouble, reached) {
        (true, _) => Exit::Trouble,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Clean,
    }
}
