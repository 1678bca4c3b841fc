//! What each command does.

use std::path::PathBuf;

use clap::CommandFactory;
use tlsight::limits::Limits;
use tlsight::pipeline::{self, Source};
use tlsight::report::{Report, json, show, table};

use super::args::{Args, Command, FailOn, Run, Scan, Show};
use super::output::Output;
use super::{
    Exit, Trouble, certs, ciphers, diff, explain, forecast, keylog, output, peers, store, trust,
    verify, versions, whatif,
};

/// Does what was asked.
pub(super) fn execute(args: Args) -> Result<Exit, Trouble> {
    match args.command {
        None => scan(&args.scan),
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

fn scan(args: &Scan) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let config =
        keylog::with(trust::config(&args.trust, args.release.product_version)?, &args.keys)?;
    let sources = sources(&args.inputs, &config.limits)?;
    let report = pipeline::analyze(sources, &config);
    complain_about(&report);
    if args.json {
        Output::stdout().write_with(|out| json::write(&report, out))?;
    } else if args.jsonl {
        Output::stdout().write_with(|out| json::write_lines(&report, out))?;
    } else {
        let look = output::look(args.run.color);
        Output::stdout().write(&table::render(&report, look))?;
    }
    Ok(exit(&report, args.fail_on))
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

pub(super) fn set_threads(run: &Run) -> Result<(), Trouble> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(run.threads)
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
    let reached = fail_on
        .threshold()
        .is_some_and(|threshold| report.worst().is_some_and(|worst| worst >= threshold));
    match (report.has_trouble(), reached) {
        (true, _) => Exit::Trouble,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Clean,
    }
}
