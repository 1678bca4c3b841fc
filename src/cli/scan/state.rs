//! The state file of a scan: which files are done, and what each came to.
//!
//! It is written as a whole under another name and then renamed, so that there is a valid
//! one at any time. What it says is done has been written to standard output before.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tlsight::pipeline::scan::Unit;
use tlsight::report::fleet::Summary;
use tlsight::wire::text::hex;

use super::super::Trouble;

/// Of the format; grows when an older program could not go on with it.
const VERSION: u32 = 1;
/// Longest time between two writings, as long as they are cheap.
const INTERVAL: Duration = Duration::from_secs(5);
/// Writing may take this part of the time: one in twenty.
const SHARE: u32 = 20;

/// A file that is done.
#[derive(Serialize, Deserialize)]
struct Entry {
    size: u64,
    changed: i64,
    /// What it came to; nothing for a file that is no capture. Kept as text: a scan may
    /// have a million of them.
    summary: Option<Box<RawValue>>,
}

#[derive(Serialize, Deserialize)]
struct Document<S, F> {
    tlsight_scan: u32,
    settings: S,
    files: F,
}

type Entries = BTreeMap<String, Entry>;

/// What earlier runs have done.
#[derive(Clone, Default)]
pub(super) struct Before(Arc<Entries>);

/// What is known to be done.
pub(super) struct State {
    path: PathBuf,
    settings: String,
    before: Before,
    /// Done by this run.
    now: Entries,
    written: Instant,
    pause: Duration,
}

impl State {
    /// Reads the state of an earlier run, or begins a new one. Makes sure that it can be
    /// written before any work is done.
    pub(super) fn open(path: &Path, settings: String) -> Result<Self, Trouble> {
        let (path, written) = (path.to_path_buf(), Instant::now());
        let before = match fs::read(&path) {
            Ok(bytes) => {
                read(&bytes, &settings).map_err(|why| format!("{}: {why}", path.display()))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Entries::new(),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let before = Before(Arc::new(before));
        let mut state =
            Self { path, settings, before, now: Entries::new(), written, pause: INTERVAL };
        state.write()?;
        Ok(state)
    }

    /// What earlier runs have done.
    pub(super) fn before(&self) -> Before {
        self.before.clone()
    }

    /// A file is done.
    pub(super) fn add(&mut self, unit: &Unit, summary: Option<&Summary>) {
        // What could not even be looked at is tried again.
        if unit.trouble.is_none() {
            let summary = summary.and_then(|summary| serde_json::value::to_raw_value(summary).ok());
            let entry = Entry { size: unit.size, changed: unit.changed, summary };
            self.now.insert(key(&unit.path), entry);
        }
    }

    /// Whether it is time to write.
    pub(super) fn is_due(&self) -> bool {
        self.written.elapsed() >= self.pause
    }

    /// Writes the file.
    pub(super) fn write(&mut self) -> Result<(), Trouble> {
        let began = Instant::now();
        self.replace().map_err(|error| format!("{}: {error}", self.path.display()))?;
        self.written = Instant::now();
        self.pause = INTERVAL.max((self.written - began) * SHARE);
        Ok(())
    }

    fn replace(&self) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        let files: BTreeMap<&String, &Entry> = self.before.0.iter().chain(&self.now).collect();
        let document = Document { tlsight_scan: VERSION, settings: &self.settings, files };
        let mut out = BufWriter::new(File::create(&name)?);
        serde_json::to_writer(&mut out, &document)?;
        out.write_all(b"\n")?;
        out.into_inner()?.sync_all()?;
        fs::rename(&name, &self.path)
    }
}

impl Before {
    /// Whether there is anything.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a file came to that is done and has not changed since.
    pub(super) fn known(&self, unit: &Unit) -> Option<Option<Box<Summary>>> {
        let entry = self.0.get(&key(&unit.path))?;
        if (entry.size, entry.changed) != (unit.size, unit.changed) || unit.trouble.is_some() {
            return None;
        }
        match &entry.summary {
            None => Some(None),
            Some(text) => serde_json::from_str(text.get()).ok().map(Some),
        }
    }
}

fn read(bytes: &[u8], settings: &str) -> Result<Entries, String> {
    let document: Document<String, Entries> = serde_json::from_slice(bytes)
        .map_err(|error| format!("not the state of a scan ({error}); name another file"))?;
    if document.tlsight_scan != VERSION {
        return Err("the state of another version of tlsight; name another file".to_owned());
    }
    if document.settings != settings {
        return Err("the state of a scan with other options, with other contents of the files \
                    given with them, or by another version of tlsight; give the same ones, or \
                    name another file"
            .to_owned());
    }
    Ok(document.files)
}

/// The path as text; one that is no text in hexadecimal digits behind a character that no
/// path has.
fn key(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => format!("\0{}", hex(path.as_os_str().as_encoded_bytes())),
    }
}
