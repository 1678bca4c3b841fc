//! What a file becomes in each format.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tlsight::report::fleet::{Summary, text};
use tlsight::report::json;
use tlsight::report::table::Look;
use tlsight::report::{CaptureReport, Report, csv};

use super::{Format, Per};

/// Reports with more connections are written when it is their turn: as text they would
/// take too much memory until then.
const MANY: usize = 256;
/// About what a connection takes in memory, in bytes.
const CONNECTION: u64 = 16 * 1024;

/// How output looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) format: Format,
    pub(super) per: Per,
    pub(super) look: Look,
}

/// A file's part of the output, while it waits for its turn.
pub(super) enum Part {
    Text(Vec<u8>),
    Late(Box<Report>),
}

impl Part {
    /// About the bytes that it takes in memory.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Late(report) => report.connections.len() as u64 * CONNECTION,
        }
    }
}

/// Writes files, on whichever thread.
#[derive(Clone)]
pub(super) struct Renderer {
    style: Style,
    /// Those that are not in use. They remember texts, which one for each file would
    /// have to make anew.
    lines: Arc<Mutex<Vec<json::Renderer>>>,
}

impl Renderer {
    pub(super) fn new(style: Style) -> Self {
        Self { style, lines: Arc::default() }
    }

    pub(super) const fn format(&self) -> Format {
        self.style.format
    }

    pub(super) const fn look(&self) -> Look {
        self.style.look
    }

    /// The part of a file.
    pub(super) fn part(&self, file: &str, summary: &Summary, report: Report) -> Part {
        let lines = self.style.per == Per::Connection && self.style.format != Format::Table;
        if lines && report.connections.len() > MANY {
            return Part::Late(Box::new(report));
        }
        let mut text = Vec::new();
        // Writing to memory cannot fail.
        drop(self.render(file, summary, &report, &mut text));
        Part::Text(text)
    }

    /// Writes the part of a file.
    pub(super) fn write(
        &self,
        part: &Part,
        file: &str,
        summary: &Summary,
        out: &mut impl Write,
    ) -> io::Result<()> {
        match part {
            Part::Text(text) => out.write_all(text),
            Part::Late(report) => self.render(file, summary, report, out),
        }
    }

    fn render(
        &self,
        file: &str,
        summary: &Summary,
        report: &Report,
        out: &mut impl Write,
    ) -> io::Result<()> {
        match (self.style.format, self.style.per) {
            (Format::Jsonl, Per::File) => json::write_file(file, summary, report, out),
            (Format::Jsonl, Per::Connection) => {
                self.lines(report, out)?;
                json::write_trouble(file, report, out)
            }
            (Format::Csv, _) => csv::write_rows(report, out),
            (Format::Table, _) => match text::line(file, summary, report, self.style.look) {
                Some(line) => writeln!(out, "{line}"),
                None => Ok(()),
            },
        }
    }

    fn lines(&self, report: &Report, out: &mut impl Write) -> io::Result<()> {
        let idle = || self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut renderer = idle().pop().unwrap_or_default();
        let mut line = Vec::new();
        let written = report.connections.iter().try_for_each(|judged| {
            line.clear();
            let capture = report.captures.get(judged.capture);
            let file = capture.map(CaptureReport::name).unwrap_or_default();
            renderer.line(&file, judged, &mut line);
            out.write_all(&line)
        });
        idle().push(renderer);
        written
    }
}
