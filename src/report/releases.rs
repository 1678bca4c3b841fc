//! `tlsight versions`: what httpd says on each release, and what changed for TLS.

use super::page::{Look, Page};
use crate::expressway::releases::{HTTPD_REMARK, HTTPD_SOURCE, changes, httpd_versions};

/// Where the text of a row begins.
const INDENT: usize = 10;

/// Both tables for people.
#[must_use]
pub fn render(look: Look) -> String {
    let mut page = Page::new(look);
    page.heading("What /apache2/bin/httpd -v says");
    for row in httpd_versions() {
        page.fact(&format!("  {:8}{:21}  {}", row.release, row.server_version, row.built));
    }
    for note in [HTTPD_REMARK, &format!("Source: {HTTPD_SOURCE}")] {
        page.column("  ", note);
    }
    page.heading("What changed for TLS");
    let mut before = "";
    for row in changes() {
        let release = if row.release == before { "" } else { row.release };
        before = row.release;
        page.column(&format!("  {release:8}"), row.text);
        page.column(&" ".repeat(INDENT), &format!("({})", row.source));
    }
    page.into_text()
}
