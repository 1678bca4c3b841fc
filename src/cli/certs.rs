//! `tlsight certs`: every certificate of the captures as a file.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use tlsight::pipeline::{self, Config};
use tlsight::report::certificates::{Collection, INDEX_HEADER};
use tlsight::wire::text::count;

use super::args::{EXIT_OF_LISTS, Keys, Run};
use super::commands::{complain_about, set_threads, sources};
use super::output::Output;
use super::{Exit, Trouble, keylog};

const INDEX: &str = "index.tsv";

#[derive(Debug, Args)]
#[command(after_help = EXIT_OF_LISTS)]
pub(crate) struct Certs {
    /// Captures, archives, folders of them, or - for standard input.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    inputs: Vec<PathBuf>,

    /// Folder to write to; it is made when it is not there. One file per distinct
    /// certificate (SHA-256 and common name in its name), and index.tsv.
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,

    /// Write also into a folder that is not empty, over files of the same names. What its
    /// index.tsv says of other certificates stays.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    keys: Keys,

    #[command(flatten)]
    run: Run,
}

/// Writes the certificates and their index.
pub(super) fn run(args: &Certs) -> Result<Exit, Trouble> {
    set_threads(&args.run)?;
    let config = keylog::with(Config::default(), &args.keys)?;
    let sources = sources(&args.inputs, &config.limits)?;
    prepare(&args.output, args.force)?;
    let mut index = indexed(&args.output)?;
    let mut collection = Collection::default();
    let report = pipeline::analyze_to(sources, &config, &mut collection)
        .map_err(|error| format!("cannot collect certificates: {error}"))?;
    complain_about(&report);
    let seen = collection.seen;
    let mut lines = Vec::new();
    for certificate in &seen {
        write(&args.output, &certificate.file_name(), &certificate.pem())?;
        lines.push(certificate.index_line(&report));
    }
    let new: BTreeSet<&str> = lines.iter().map(|line| fingerprint(line)).collect();
    index.retain(|line| !new.contains(fingerprint(line)));
    index.extend(lines);
    write(&args.output, INDEX, &format!("{INDEX_HEADER}\n{}", ended(&index)))?;
    let done = count(seen.len() as u64, "certificate");
    Output::stdout().write(&format!("{done} written to {}\n", args.output.display()))?;
    Ok(if report.has_trouble() { Exit::Trouble } else { Exit::Clean })
}

/// Makes the folder, or makes sure that nothing in it is lost.
fn prepare(folder: &Path, force: bool) -> Result<(), Trouble> {
    let trouble = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(trouble)?;
    let occupied = folder.read_dir().map_err(trouble)?.next().is_some();
    if occupied && !force {
        return Err(format!("{} is not empty; --force writes into it", folder.display()));
    }
    Ok(())
}

/// The lines of the index that is there: with --force the files stay that they tell of. A
/// link is none, and goes.
fn indexed(folder: &Path) -> Result<Vec<String>, Trouble> {
    let path = folder.join(INDEX);
    if !path.symlink_metadata().is_ok_and(|about| about.is_file()) {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut lines = text.lines();
    if lines.next() != Some(INDEX_HEADER) {
        return Err(format!("{} is no index of certificates; move it away", path.display()));
    }
    Ok(lines.map(str::to_owned).collect())
}

/// The fingerprint that a line of the index begins with.
fn fingerprint(line: &str) -> &str {
    line.split('\t').next().unwrap_or_default()
}

/// Lines, each with its end.
fn ended(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Writes a new file in the folder itself: what stood under that name goes first, so
/// that a link there leads nowhere.
fn write(folder: &Path, name: &str, text: &str) -> Result<(), Trouble> {
    let path = folder.join(name);
    let trouble = |error: std::io::Error| format!("{}: {error}", path.display());
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(trouble(error)),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(trouble)?;
    file.write_all(text.as_bytes()).map_err(trouble)
}
