//! Many files, each on its own: a tree is walked, every file becomes a report of its
//! own, and results come in the order of the files for any number of threads.

mod order;
mod tree;
mod watch;

use std::fs::File;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

pub use order::{Pace, in_order};
pub use tree::{Inputs, Walk};
pub use watch::Watch;

use super::config::Source;
use super::inputs;
use super::session::Session;
use super::sink::Sink;
use crate::capture::{CaptureError, Compression, archive};
use crate::report::Report;

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Where it is.
    pub path: PathBuf,
    /// Whether the user named it. What is found in a folder may be anything.
    pub named: bool,
    /// Its size in bytes, as it is on disk.
    pub size: u64,
    /// When it was changed last, in nanoseconds since the Unix epoch.
    pub changed: i64,
    /// Why it cannot be looked at.
    pub trouble: Option<String>,
}

impl Unit {
    /// Something that cannot be looked at, and why.
    #[must_use]
    pub fn unreadable(path: PathBuf, error: &dyn std::fmt::Display) -> Self {
        Self { path, named: true, size: 0, changed: 0, trouble: Some(error.to_string()) }
    }
}

/// Endings of the names of captures, without that of a compression.
const ENDINGS: [&str; 5] = ["pcap", "pcapng", "cap", "dmp", "tar"];

/// Reads and judges one file: a capture, or a diagnostic archive as one case. Its
/// connections go to `sink`. Trouble with it is in its report. `None` for a file of a
/// folder that is no capture and is not called one either. `watch` sees how far the
/// reading is.
///
/// # Errors
/// What the sink says.
pub fn examine(
    unit: &Unit,
    session: &Session,
    watch: &Watch,
    sink: &mut dyn Sink,
) -> io::Result<Option<Report>> {
    let seen = watch.begin();
    let read = guarded(|| read(unit, session, &seen, sink));
    seen.end(unit.size);
    read.unwrap_or_else(|why| Ok(Some(unreadable(&unit.path, &why))))
}

/// What `work` gives, or what it panicked with. A panic is a mistake of this program; it
/// must not cost the results of all other files.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let why = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        format!("tlsight failed on this file: {why}; please report it")
    })
}

fn read(
    unit: &Unit,
    session: &Session,
    seen: &watch::Seen,
    sink: &mut dyn Sink,
) -> io::Result<Option<Report>> {
    let path = &unit.path;
    if let Some(error) = &unit.trouble {
        return Ok(Some(unreadable(path, error)));
    }
    match sources(unit, session, seen) {
        Ok(sources) if sources.is_empty() => Ok(None),
        Ok(sources) => session.analyze_to(sources, sink).map(Some),
        Err(error) => Ok(Some(unreadable(path, &error))),
    }
}

/// The captures of a file; none where it is not about captures.
fn sources(
    unit: &Unit,
    session: &Session,
    seen: &watch::Seen,
) -> Result<Vec<Source>, CaptureError> {
    let path = &unit.path;
    match archive::kind(path)? {
        Some(archive::Kind::Archive) => {
            return Ok(inputs::members(path, unit.named, &session.config().limits));
        }
        // Reading what is no capture says what is wrong with it.
        None if !unit.named && !is_called_capture(path) => return Ok(Vec::new()),
        Some(archive::Kind::Capture) | None => {}
    }
    let bytes = seen.reader(File::open(path)?);
    Ok(vec![super::source_from_reader(&path.display().to_string(), Box::new(bytes))])
}

/// The report on something that could not be read.
fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Report {
    let capture = super::unreadable(&path.display().to_string(), error);
    Report { captures: vec![capture], ..Report::default() }
}

/// Whether the name promises a capture: one that is none is trouble, not something else.
pub(super) fn is_called_capture(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let plain = Compression::unpacked_name(&name);
    plain.ends_with(".tgz") || ENDINGS.iter().any(|end| plain.ends_with(&format!(".{end}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_trouble_with_one_file() {
        assert_eq!(guarded(|| 7), Ok(7));
        for panic in [|| panic!("plain"), || panic!("{}", "formatted plain")] {
            let trouble = guarded(|| -> u8 { panic() }).unwrap_err();
            assert!(trouble.contains("plain"), "{trouble}");
        }
    }

    #[test]
    fn names_that_promise_a_capture() {
        for name in ["a.pcap", "A.PCAPNG", "x.pcap.gz", "log.tar", "log.tar.gz", "log.tgz"] {
            assert!(is_called_capture(Path::new(name)), "{name}");
        }
        for name in ["pcap", "a.txt", "notes.gz", "a.pcap.txt", "capture"] {
            assert!(!is_called_capture(Path::new(name)), "{name}");
        }
    }
}
