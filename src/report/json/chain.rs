//! The document of `tlsight verify --json`.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use super::path::{
    CandidateDocument, ErrorDocument, LinkDocument, RemedyDocument, candidates, errors, links,
};
use crate::report::chain::ChainReport;
use crate::report::words::{conclusion_word, semantics_word};
use crate::time::date_text;
use crate::trust::Purpose;

#[derive(Serialize)]
struct ChainDocument<'a> {
    ok: bool,
    conclusion: &'static str,
    errors: Vec<ErrorDocument>,
    time: String,
    time_from: &'a str,
    purpose: &'static str,
    name: Option<&'a str>,
    ip: Option<String>,
    partial_chain: bool,
    security_level: u8,
    store_semantics: &'static str,
    path: Vec<LinkDocument>,
    candidates: Vec<CandidateDocument>,
    /// Depths of signatures that this program lacks the algorithm for.
    unchecked: Vec<usize>,
    remedy: Option<RemedyDocument>,
}

/// Writes the answer about one chain.
///
/// # Errors
/// What the writer says.
pub fn write_chain(report: &ChainReport<'_>, out: &mut impl Write) -> io::Result<()> {
    let (question, answer) = (report.question, report.answer);
    let document = ChainDocument {
        ok: answer.ok(),
        conclusion: conclusion_word(answer.conclusion()),
        errors: errors(&answer.errors),
        time: date_text(question.time),
        time_from: report.time_from,
        purpose: match question.purpose {
            Purpose::Server => "server",
            Purpose::Client => "client",
            Purpose::Any => "any",
        },
        name: question.host,
        ip: question.ip.map(|ip| ip.to_string()),
        partial_chain: question.partial_chain,
        security_level: question.security_level,
        store_semantics: semantics_word(question.store.semantics()),
        path: links(answer),
        candidates: candidates(&answer.candidates),
        unchecked: answer.unchecked.iter().map(|unchecked| unchecked.depth).collect(),
        remedy: report.remedy.map(|remedy| RemedyDocument::new(remedy, &report.in_the_way())),
    };
    formatter::pretty(&document, out)
}
