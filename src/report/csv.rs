//! One row per connection, for spreadsheets and databases (RFC 4180). Every field is
//! quoted, and no field begins like a formula.

use std::io::{self, Write};

use ::csv::{QuoteStyle, Writer, WriterBuilder};

use super::model::{Judged, Origin};
use super::words::conclusion_word;
use crate::connection::{NameVerdict, Outcome, PathVerdict};
use crate::expressway::service;
use crate::time::date_text;
use crate::tls::{Role, names};
use crate::wire::text::{cell, hex};

const COLUMNS: [&str; 29] = [
    "file",
    "stream",
    "time",
    "client",
    "client_port",
    "server",
    "server_port",
    "service",
    "sni",
    "version",
    "cipher_suite",
    "handshake",
    "aborted_by",
    "alert",
    "resumed",
    "subject",
    "issuer",
    "serial",
    "sha256",
    "not_before",
    "not_after",
    "key",
    "certificate",
    "name_check",
    "worst_severity",
    "findings",
    "first_frame",
    "capture",
    "ledger_class",
];

/// Writes the row with the names of the columns.
///
/// # Errors
/// What the writer says.
pub fn write_header(out: &mut impl Write) -> io::Result<()> {
    let mut rows = writer(out);
    rows.write_record(COLUMNS)?;
    rows.flush()
}

/// Writes a row for each connection of the capture that lies at `origin`.
///
/// # Errors
/// What the writer says.
pub fn write_rows(origin: &Origin, judged: &[Judged], out: &mut impl Write) -> io::Result<()> {
    let mut rows = writer(out);
    for judged in judged {
        rows.write_record(row(origin, judged).iter().map(|field| cell(field)))?;
    }
    rows.flush()
}

fn writer<W: Write>(out: W) -> Writer<W> {
    // A spreadsheet may take semicolons for borders of cells, unless they are quoted.
    WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(out)
}

fn row(origin: &Origin, judged: &Judged) -> [String; COLUMNS.len()] {
    let connection = &judged.connection;
    let (client, server) = (connection.client, connection.server);
    let text = |word: Option<&str>| word.unwrap_or_default().to_owned();
    let [subject, issuer, serial, sha256, not_before, not_after, key] = leaf(judged);
    [
        origin.file.clone(),
        connection.stream.to_string(),
        connection.first.time.to_string(),
        client.address.to_string(),
        client.port.to_string(),
        server.address.to_string(),
        server.port.to_string(),
        text(service(server.port).map(|service| service.name)),
        connection.server_name().unwrap_or_default().to_owned(),
        connection.handshake.version().map_or_else(String::new, |v| names::version_name(v).into()),
        connection.cipher_suite().map_or_else(String::new, |s| names::cipher_suite_name(s).into()),
        connection.outcome.word().to_owned(),
        text(connection.outcome.aborted_by().map(Role::name)),
        alert(&connection.outcome),
        connection
            .resumption
            .by_earlier_key()
            .map_or_else(String::new, |resumed| resumed.to_string()),
        subject,
        issuer,
        serial,
        sha256,
        not_before,
        not_after,
        key,
        verdict(&connection.server_path).to_owned(),
        name_check(&connection.name).to_owned(),
        text(judged.worst().map(crate::rules::Severity::word)),
        findings(judged),
        connection.first.frame.to_string(),
        text(origin.capture.as_deref()),
        connection.ledger.word().to_owned(),
    ]
}

/// What the certificate of the server says.
fn leaf(judged: &Judged) -> [String; 7] {
    let Some(leaf) = judged.connection.server_leaf() else { return Default::default() };
    let date = |time: &crate::x509::Time| time.unix.map_or_else(|| time.text.clone(), date_text);
    [
        leaf.subject.to_string(),
        leaf.issuer.to_string(),
        leaf.serial.to_string(),
        hex(&leaf.sha256),
        date(&leaf.not_before),
        date(&leaf.not_after),
        leaf.public_key.label(),
    ]
}

fn alert(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Alert { description: Some(code), .. } => names::alert_name(*code).into_owned(),
        Outcome::Alert { description: None, .. } => "encrypted".to_owned(),
        _ => String::new(),
    }
}

fn verdict(path: &PathVerdict) -> &'static str {
    match path {
        PathVerdict::Judged(chain) => conclusion_word(chain.validation.conclusion()),
        PathVerdict::NotJudged(reason) => reason.reason(),
    }
}

const fn name_check(name: &NameVerdict) -> &'static str {
    match name {
        NameVerdict::Checked { matches: true, .. } => "matches",
        NameVerdict::Checked { matches: false, .. } => "does not match",
        NameVerdict::NotJudged(reason) => reason.reason(),
    }
}

/// Ids of the rules that fired, each once.
fn findings(judged: &Judged) -> String {
    let mut rules: Vec<&str> = judged.findings.iter().map(|finding| finding.rule.id).collect();
    rules.sort_unstable();
    rules.dedup();
    rules.join(" ")
}
