//! The document of `tlsight versions --json`.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use crate::expressway::releases::{HTTPD_REMARK, HTTPD_SOURCE, changes, httpd_versions};

#[derive(Serialize)]
struct ReleasesDocument {
    httpd: Vec<HttpdDocument>,
    httpd_remark: &'static str,
    httpd_source: &'static str,
    changes: Vec<ChangeDocument>,
}

#[derive(Serialize)]
struct HttpdDocument {
    release: &'static str,
    server_version: &'static str,
    built: &'static str,
}

#[derive(Serialize)]
struct ChangeDocument {
    release: &'static str,
    text: &'static str,
    source: &'static str,
}

/// Writes what is known of the releases.
///
/// # Errors
/// What the writer says.
pub fn write_releases(out: &mut impl Write) -> io::Result<()> {
    let httpd = httpd_versions().iter().map(|row| HttpdDocument {
        release: row.release,
        server_version: row.server_version,
        built: row.built,
    });
    let changes = changes().iter().map(|row| ChangeDocument {
        release: row.release,
        text: row.text,
        source: row.source,
    });
    let document = ReleasesDocument {
        httpd: httpd.collect(),
        httpd_remark: HTTPD_REMARK,
        httpd_source: HTTPD_SOURCE,
        changes: changes.collect(),
    };
    formatter::pretty(&document, out)
}
