//! `tlsight scan`: many captures and archives, each on its own.

mod interrupt;
mod progress;
mod render;
mod run;
mod sink;
mod state;

use std::io::{self, BufReader};
use std::path::PathBuf;

use aws_lc_rs::digest::{SHA256, digest};
use clap::{Args, ValueEnum};
use tlsight::pipeline::scan::Inputs;
use tlsight::report::Look;
use tlsight::wire::text::hex;

use super::args::{FailOn, Keys, Release, Run, Trust};
use super::filters::Filters;
use super::trust as anchors;
use super::{Exit, Trouble};

const AFTER_HELP: &str = "\
Each file is read on its own: a capture, or a diagnostic archive as one case. Rotated files
are not put together; tlsight without a command does that. Results come in the order of the
files, whatever the number of threads. What is found in a folder counts as a capture or an
archive by its content; links in it are not followed.

Examples:
  tlsight scan captures/                         what is wrong where, and the summary
  tlsight scan --jsonl captures/ > all.jsonl     every connection, for programs
  tlsight scan --per file --jsonl captures/      one object per file, with its verdicts
  tlsight scan --format csv a/ b/ > all.csv      every connection, for a spreadsheet
  tlsight scan --rule ecdsa-selected --port 8443 captures/
                                                 where one thing happens
  find / -name '*.pcap' | tlsight scan --files-from -
                                                 a list of files
  tlsight scan --resume state.json --jsonl captures/ >> all.jsonl
                                                 the same line again after Ctrl-C goes on
  tlsight scan --jsonl captures/ | jq -r 'select(.handshake == \"aborted\") | .file'

JSON lines: a connection is written as by tlsight --jsonl; `file` is the path on disk, and for a
capture inside an archive `capture` is its name in there. Other records say what they are in
`type`: `file`, `trouble` (a file that cannot be read, or is damaged) and, last, `summary`.

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 trouble: with a file, or the scan
was interrupted.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Scan {
    /// Captures, diagnostic archives, and folders of them, however deep.
    #[arg(required_unless_present = "files_from", value_name = "FILE|DIR")]
    inputs: Vec<PathBuf>,

    /// Read paths from this file, one on each line; - for standard input.
    #[arg(long, value_name = "FILE|-", conflicts_with = "inputs")]
    files_from: Option<PathBuf>,

    /// What to print.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,

    /// Short for --format jsonl.
    #[arg(long, conflicts_with = "format")]
    jsonl: bool,

    /// Whether JSON lines are one per connection or one per file.
    #[arg(long, value_name = "WHAT", default_value = "connection")]
    per: Per,

    /// Remember in this file what is done, so that the same command goes on where it was
    /// interrupted. Files that have changed since are read again.
    #[arg(long, value_name = "STATE")]
    resume: Option<PathBuf>,

    /// How long the lists of the summary may be.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,

    /// No progress bar; and no summary on standard error.
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    filters: Filters,

    #[command(flatten)]
    trust: Trust,

    #[command(flatten)]
    release: Release,

    #[command(flatten)]
    keys: Keys,

    /// Exit with 1 for findings of this severity or worse.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,

    #[command(flatten)]
    run: Run,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One JSON object per line.
    Jsonl,
    /// One row per connection; the summary goes to standard error.
    Csv,
    /// One line per file with trouble or findings, and the summary.
    Table,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Per {
    Connection,
    File,
}

impl Scan {
    const fn format(&self) -> Format {
        if self.jsonl { Format::Jsonl } else { self.format }
    }

    /// What decides over the output: two runs that go on with each other have the same. What
    /// stands in the files that certificates are judged with counts, and not only their names.
    fn settings(&self) -> Result<String, Trouble> {
        let Self { filters, trust, release, keys, per, .. } = self;
        let format = self.format();
        let contents = contents(trust, keys)?;
        Ok(format!(
            "tlsight {}, {format:?} per {per:?}, {filters:?}, {trust:?}, {release:?}, {keys:?}, \
             {contents:?}",
            env!("CARGO_PKG_VERSION")
        ))
    }

    fn inputs(&self) -> Result<Inputs, Trouble> {
        let Some(list) = &self.files_from else {
            if self.inputs.iter().any(|path| path.as_os_str() == "-") {
                return Err("standard input is no file; `tlsight -` reads a capture from it, \
                            --files-from - a list of files"
                    .to_owned());
            }
            return Ok(Inputs::Paths(self.inputs.clone().into_iter()));
        };
        if list.as_os_str() == "-" {
            return Ok(Inputs::List(Box::new(BufReader::new(io::stdin()))));
        }
        let file =
            std::fs::File::open(list).map_err(|error| format!("{}: {error}", list.display()))?;
        Ok(Inputs::List(Box::new(BufReader::new(file))))
    }
}

/// The SHA-256 of each file that trust, own certificate and keys are read from.
fn contents(trust: &Trust, keys: &Keys) -> Result<Vec<String>, Trouble> {
    let stores = trust.trust.iter().chain(&trust.peer_trust);
    let mut files: Vec<PathBuf> = Vec::new();
    for path in stores {
        files.extend(anchors::files(path)?);
    }
    files.extend(trust.known.own_cert.iter().chain(&keys.keylog).cloned());
    // What a pipe gives can be read once, and that is for the scan.
    let files = files.iter().filter(|file| file.is_file());
    files.map(|file| Ok(hex(digest(&SHA256, &anchors::bytes(file)?).as_ref()))).collect()
}

/// Scans.
pub(super) fn run(args: &Scan, look: Look) -> Result<Exit, Trouble> {
    if args.per == Per::File && args.format() != Format::Jsonl {
        return Err("--per file is for JSON lines (--jsonl)".to_owned());
    }
    run::run(args, look)
}
