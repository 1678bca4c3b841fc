//! What a file becomes in each format.

use std::io::{self, Seek, Write};

use tempfile::SpooledTempFile;
use tlsight::pipeline::{Lines, Renderers, Sink};
use tlsight::report::fleet::{Summary, text};
use tlsight::report::{Judged, Look, Origin, Report, csv, json};

use super::{Format, Per};

/// Bytes of a file's part of the output that are kept in memory until it is its turn; a
/// longer one goes to a temporary file.
const MEMORY: usize = 1 << 20;

/// How output looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) format: Format,
    pub(super) per: Per,
    pub(super) look: Look,
}

/// A file's part of the output, while it waits for its turn.
pub(super) struct Part(SpooledTempFile);

impl Part {
    /// The bytes that it takes in memory.
    pub(super) fn weight(&mut self) -> u64 {
        if self.0.is_rolled() { 0 } else { self.0.stream_position().unwrap_or_default() }
    }

    /// Writes it, and nothing else is left of it.
    pub(super) fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        self.0.rewind()?;
        io::copy(&mut self.0, out).map(drop)
    }
}

/// Takes what comes of one file: sums it up, and makes its part of the output.
pub(super) struct Gathering {
    file: String,
    style: Style,
    renderers: Renderers,
    summary: Box<Summary>,
    part: SpooledTempFile,
}

impl Gathering {
    /// Begins a file; `renderers` have seen others.
    pub(super) fn new(file: String, style: Style, renderers: &Renderers) -> Self {
        Self {
            file,
            style,
            renderers: renderers.clone(),
            summary: Box::default(),
            part: SpooledTempFile::new(MEMORY),
        }
    }

    /// Ends it with the report on it.
    pub(super) fn finish(mut self, report: &Report) -> io::Result<(Box<Summary>, Part)> {
        let Self { file, style, summary, part, .. } = &mut self;
        summary.close(file, report);
        match (style.format, style.per) {
            (Format::Jsonl, Per::File) => json::write_file(file, summary, report, part)?,
            (Format::Jsonl, Per::Connection) => json::write_trouble(file, report, part)?,
            (Format::Csv, _) => {}
            (Format::Table, _) => {
                if let Some(line) = text::line(file, summary, report, style.look) {
                    write!(part, "{line}")?;
                }
            }
        }
        Ok((self.summary, Part(self.part)))
    }
}

impl Sink for Gathering {
    fn take(&mut self, origin: &Origin, judged: &[Judged]) -> io::Result<()> {
        self.summary.see(&self.file, judged);
        match (self.style.format, self.style.per) {
            (Format::Jsonl, Per::Connection) => {
                Lines::with(&mut self.part, self.renderers.clone()).take(origin, judged)
            }
            (Format::Csv, _) => csv::write_rows(origin, judged, &mut self.part),
            (Format::Jsonl | Format::Table, _) => Ok(()),
        }
    }
}
