//! `tlsight versions`: what httpd says on each release, and what changed for TLS.

use std::fmt::Write as _;

use super::table::fold;
use crate::expressway::releases::{HTTPD_REMARK, HTTPD_SOURCE, changes, httpd_versions};

/// Where the text of a row begins.
const INDENT: usize = 10;

/// Both tables for people, folded at `width` columns; 0 for as wide as it gets.
#[must_use]
pub fn render(width: usize) -> String {
    let width = if width == 0 { usize::MAX } else { width };
    let mut text = "What /apache2/bin/httpd -v says\n".to_owned();
    for row in httpd_versions() {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "  {:8}{:21}  {}", row.release, row.server_version, row.built);
    }
    for note in [HTTPD_REMARK, &format!("Source: {HTTPD_SOURCE}")] {
        lines(&mut text, fold(note, width, "  ", 2));
    }
    text.push_str("\nWhat changed for TLS\n");
    let mut before = "";
    for row in changes() {
        let release = if row.release == before { "" } else { row.release };
        before = row.release;
        lines(&mut text, fold(row.text, width, &format!("  {release:8}"), INDENT));
        lines(&mut text, fold(&format!("({})", row.source), width, &" ".repeat(INDENT), INDENT));
    }
    text
}

fn lines(text: &mut String, lines: Vec<String>) {
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
}
