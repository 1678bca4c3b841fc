//! What a file becomes in each format.

use std::io::{self, Write};

use tlsight::report::fleet::{Summary, text};
use tlsight::report::table::Look;
use tlsight::report::{Report, csv, json};

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
    /// The part of a file.
    pub(super) fn of(file: &str, summary: &Summary, report: Report, style: Style) -> Self {
        let lines = style.per == Per::Connection && style.format != Format::Table;
        if lines && report.connections.len() > MANY {
            return Self::Late(Box::new(report));
        }
        let mut text = Vec::new();
        // Writing to memory cannot fail.
        drop(write(file, summary, &report, style, &mut text));
        Self::Text(text)
    }

    /// About the bytes that it takes in memory.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Late(report) => report.connections.len() as u64 * CONNECTION,
        }
    }

    pub(super) fn write(
        &self,
        file: &str,
        summary: &Summary,
        style: Style,
        out: &mut impl Write,
    ) -> io::Result<()> {
        match self {
            Self::Text(text) => out.write_all(text),
            Self::Late(report) => write(file, summary, report, style, out),
        }
    }
}

fn write(
    file: &str,
    summary: &Summary,
    report: &Report,
    style: Style,
    out: &mut impl Write,
) -> io::Result<()> {
    match (style.format, style.per) {
        (Format::Jsonl, Per::File) => json::write_file(file, summary, report, out),
        (Format::Jsonl, Per::Connection) => {
            json::write_lines(report, out)?;
            json::write_trouble(file, report, out)
        }
        (Format::Csv, _) => csv::write_rows(report, out),
        (Format::Table, _) => match text::line(file, summary, style.look) {
            Some(line) => writeln!(out, "{line}"),
            None => Ok(()),
        },
    }
}
