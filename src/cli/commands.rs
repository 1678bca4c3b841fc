//! What each command does.

use std::path::PathBuf;

use clap::CommandFactory;
use tlsight::limits::Limits;
use tlsight::pipeline::{self, Config, Lines, Source};
use tlsight::report::json::{self, Spool};
use tlsight::report::{Report, show, table};
use tlsight::rules::Severity;

use super::args::{Analyze, Args, Command, FailOn, Run, Show};
use super::output::Output;
use super::{
    Exit, Trouble, certs, ciphers, diff, explain, forecast, keylog, output, peers, scan, store,
    trust, verify, versions, whatif,
};

/// Does what was asked.
pub(super) fn execute(args: Args) -> Result<Exit, Trouble> {
    match args.command {
        None => analyze(&args.analyze),
        Some(Command::Scan(args)) => scan::run(&args),
        Some(Command::Show(args)) => show_stream(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        Some(Command::Store(args)) => store::run(&args),
        Some(Command::Peers(args)) => peers::run(&args),
        Some(Command::Diff(args)) => diff::run(&args),
        Some(Command::Whatif(args)) => whatif::run(&args),
        Some(Command::Forecast(args)) => forecast::run(&args),
        Some(Command::Certs(args)) => certs::run(&args),
        Some(Command::Ciphers(args)) => ciphers::run(&args),
        Some(Command::Versions(args)) => versions::run(&args),
        Some(Command::Rules) => explain::list(),
        Some(Command::Explain { id }) => explain::page(&id),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "tlsight", &mut script);
            Output::stdout().write(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Clean)
        }
    }
}

fn analyze(args: &Analyze) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let config = trust::config(&args.trust, args.release.product_version)?;
    let mut config = keylog::with(config, &args.keys)?;
    config.wanted = args.filters.wanted()?;
    let sources = sources(&args.inputs, &config.limits)?;
    let report = if args.json {
        document(sources, &config)?
    } else if args.jsonl {
        lines(sources, &config)?
    } else {
        let report = pipeline::analyze(sources, &config);
        complain_about(&report);
        let look = output::look(args.run.color);
        Output::stdout().write(&table::render(&report, look))?;
        report
    };
    Ok(exit(&report, args.fail_on))
}

fn document(sources: Vec<Source>, config: &Config) -> Result<Report, Trouble> {
    let mut spool = Spool::default();
    let report = pipeline::analyze_to(sources, config, &mut spool)
        .map_err(|error| format!("cannot write a temporary file: {error}"))?;
    complain_about(&report);
    Output::stdout().write_with(|out| json::write_spooled(&report, spool, out))?;
    Ok(report)
}

fn lines(sources: Vec<Source>, config: &Config) -> Result<Report, Trouble> {
    let mut report = Report::default();
    Output::stdout().write_with(|out| {
        report = pipeline::analyze_to(sources, config, &mut Lines::new(out))?;
        Ok(())
    })?;
    complain_about(&report);
    Ok(report)
}

fn show_stream(args: &Show) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let config =
        keylog::with(trust::config(&args.trust, args.release.product_version)?, &args.keys)?;
    let sources = sources(&args.inputs, &config.limits)?;
    let report = pipeline::analyze(sources, &config);
    complain_about(&report);
    let found: Vec<_> = report
        .connections
        .iter()
        .filter(|judged| judged.connection.stream == args.stream)
        .collect();
    if found.is_empty() {
        return Err(no_such_stream(&report, args.stream));
    }
    for judged in found {
        if let Some(capture) = report.captures.get(judged.capture) {
            Output::stdout().write(&show::render(capture, judged))?;
        }
    }
    Ok(if report.has_trouble() { Exit::Trouble } else { Exit::Clean })
}

fn no_such_stream(report: &Report, stream: u64) -> Trouble {
    let streams: Vec<String> =
        report.connections.iter().map(|judged| judged.connection.stream.to_string()).collect();
    if streams.is_empty() {
        return format!("stream {stream} is no TLS connection; there is none in the capture");
    }
    let shown = streams.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
    let more = if streams.len() > 20 { ", ..." } else { "" };
    format!("stream {stream} is no TLS connection; these are: {shown}{more}")
}

/// Captures from what was named; trouble with one path is trouble with the command.
pub(super) fn sources(inputs: &[PathBuf], limits: &Limits) -> Result<Vec<Source>, Trouble> {
    let sources = pipeline::collect(inputs, limits)
        .map_err(|(path, error)| format!("{}: {error}", path.display()))?;
    if sources.is_empty() {
        let names: Vec<String> = inputs.iter().map(|path| path.display().to_string()).collect();
        return Err(format!("no capture found in {}", names.join(", ")));
    }
    Ok(sources)
}

/// Stack of a thread: while it waits for parts of one file it may begin another on top.
const STACK: usize = 16 << 20;

pub(super) fn set_threads(run: &Run) -> Result<(), Trouble> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(run.threads)
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
