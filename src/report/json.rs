//! The JSON document (`--json`) and its line-by-line form (`--jsonl`).
//!
//! The structures here are the format: they are kept apart from the types the
//! program computes with, so that neither dictates the other. docs/json.md documents
//! the format with an example that is a test. Text from the wire stands in it
//! unchanged; characters that could act on a terminal are written as `\uXXXX`,
//! which every JSON reader turns back.

mod case;
mod chain;
mod ciphers;
mod code;
mod connection;
mod course;
mod diff;
mod document;
mod entries;
mod finding;
mod fleet;
mod formatter;
mod handshake;
mod hello;
mod key;
mod object;
mod parts;
mod path;
mod peers;
mod ranked;
mod releases;
mod rules;
mod store;
mod trust;
mod value;
mod whatif;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

pub use chain::write_chain;
pub use ciphers::{write_ciphers, write_known_ciphers};
pub use diff::write_diff;
pub use entries::Entries;
pub use fleet::{write_file, write_summary, write_trouble};
pub(super) use handshake::authority;
pub use peers::write_peers;
pub use releases::write_releases;
pub use rules::write_rules;
pub use store::write_store;
pub(super) use trust::usage_name;
pub use whatif::write_outlook;

use self::ranked::RankedDocument;
use super::model::{CaptureReport, Judged, Origin, Report, SCHEMA_VERSION, StoreReport};
use super::words;
use crate::connection::{LedgerClass, NotJudged};
use crate::foresight::Ranked;
use crate::rules::{Severity, Verdict};
use crate::tls::Role;
use document::Document;
use entries::Findings;
use finding::finding;
use object::Object;
use parts::Parts;

/// Writes the whole report as one document, with the connections that it lists.
///
/// # Errors
/// What the writer says.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut growing = Growing::begin(out)?;
    let mut renderer = Renderer::default();
    let mut entries = Entries::default();
    for judged in &report.connections {
        entries.clear();
        renderer.entry(judged, &mut entries);
        growing.add(&entries)?;
    }
    growing.end(report)
}

/// A document that is written while a run lasts: connections as they come, and then what the
/// whole run comes to. Each connection and each finding has a line of its own.
pub struct Growing<'o, W> {
    document: Document<'o, W>,
    findings: Findings,
}

impl<'o, W: Write> Growing<'o, W> {
    /// Begins it.
    ///
    /// # Errors
    /// What the writer says.
    pub fn begin(out: &'o mut W) -> io::Result<Self> {
        let mut document = Document::begin(out);
        document.member("schema_version", &SCHEMA_VERSION)?;
        document.member("tool", concat!("tlsight ", env!("CARGO_PKG_VERSION")))?;
        document.open_list("connections")?;
        Ok(Self { document, findings: Findings::default() })
    }

    /// Adds connections, and keeps what was found on them.
    ///
    /// # Errors
    /// What the writer says, and where a temporary file cannot be written.
    pub fn add(&mut self, entries: &Entries) -> io::Result<()> {
        self.document.items(entries.connections())?;
        self.findings.push(entries)
    }

    /// Adds everything else of `report`, and ends the document.
    ///
    /// # Errors
    /// As [`Growing::add`], and where a temporary file cannot be read.
    pub fn end(mut self, report: &Report) -> io::Result<()> {
        let document = &mut self.document;
        document.close_list()?;
        let matching = report.tls_connections.iter().copied().chain(std::iter::repeat(0));
        let inputs = report.captures.iter().zip(matching);
        let inputs: Vec<_> = inputs.map(|(capture, all)| InputDocument::of(capture, all)).collect();
        document.member("inputs", &inputs)?;
        document.member("filters", &FilterDocument::of(report))?;
        document.member("trust_store", &report.store.as_ref().map(StoreDocument::of))?;
        document.member("peer_trust_store", &report.peer_store.as_ref().map(StoreDocument::of))?;
        document.member("expressways", &case::appliances(report))?;
        document.member("legs", &case::legs(report))?;
        self.write_findings(report)?;
        let document = &mut self.document;
        document.member("ledger", &LedgerDocument::of(report))?;
        let limits: Vec<_> = report.captures.iter().enumerate().flat_map(limits).collect();
        document.member("limits_hit", &limits)?;
        let not_judged = report.not_judged.iter();
        let not_judged: Vec<_> = not_judged
            .map(|(need, count)| NotJudgedDocument { reason: need.unmet(), rule_checks: *count })
            .collect();
        document.member("not_judged", &not_judged)?;
        document.member("chains_not_judged", &ChainsDocument::of(&report.unjudged_chains))?;
        document.member("verdicts", &VerdictDocument::all(report))?;
        self.document.end()
    }

    /// What was found on connections, and about the case as a whole.
    fn write_findings(&mut self, report: &Report) -> io::Result<()> {
        let (mut of_case, mut parts) = (Entries::default(), Parts::default());
        for (capture, finding) in report.findings_of_case() {
            of_case.clear();
            of_case.add_finding(capture, finding, &mut parts);
            self.findings.push(&of_case)?;
        }
        self.document.open_list("findings")?;
        for pile in std::mem::take(&mut self.findings).into_piles() {
            pile.read(|items| self.document.items(items))?;
        }
        self.document.close_list()
    }
}

/// Renders connections as lines, or entries of a document; remembers what many of them have
/// in common.
#[derive(Default)]
pub struct Renderer(Parts);

impl Renderer {
    /// Another for another thread, which remembers together with this one what takes most
    /// room.
    #[must_use]
    pub fn sharing(&self) -> Self {
        Self(Parts { said: self.0.said.sharing(), ..Parts::default() })
    }

    /// Adds the entry of a connection.
    pub fn entry(&mut self, judged: &Judged, entries: &mut Entries) {
        entries.add(judged, &mut self.0);
    }

    /// Adds the line of a connection of the capture that lies at `origin`.
    pub fn line(&mut self, origin: &Origin, judged: &Judged, out: &mut Vec<u8>) {
        let parts = &mut self.0;
        let mut object = Object::begin(out);
        object.member("schema_version", &SCHEMA_VERSION);
        object.member("file", &origin.file);
        object.member("capture", &origin.capture.as_deref());
        connection::connection(judged, parts, &mut object);
        object.objects("finding_details", &judged.findings, |of, inner| {
            finding(Some(judged.capture), of, parts, inner);
        });
        object.end();
        out.push(b'\n');
    }
}

#[derive(Serialize)]
struct InputDocument {
    files: Vec<FileDocument>,
    format: String,
    frames: u64,
    bytes: u64,
    tcp_connections: u64,
    tls_connections: u64,
    matching_connections: u64,
    unidentified_connections: u64,
    trust_store: Option<StoreDocument>,
    frames_without_tcp: BTreeMap<String, u64>,
    problems: Vec<ProblemDocument>,
    untold_problems: u64,
    errors: Vec<String>,
}

/// What was left out, and how much is left.
#[derive(Serialize)]
struct FilterDocument<'r> {
    given: &'r [String],
    tls_connections: u64,
    matching_connections: u64,
}

impl<'r> FilterDocument<'r> {
    /// Nothing where nothing is left out.
    fn of(report: &'r Report) -> Option<Self> {
        (!report.filters.is_empty()).then(|| Self {
            given: &report.filters,
            tls_connections: report.tls_connections_seen(),
            matching_connections: report.tls_connections.iter().sum(),
        })
    }
}

#[derive(Serialize)]
struct FileDocument {
    name: String,
    frames: u64,
}

#[derive(Serialize)]
struct ProblemDocument {
    file: usize,
    offset: u64,
    after_frame: u64,
    what: String,
    lost_bytes: u64,
}

#[derive(Serialize)]
struct StoreDocument {
    sources: Vec<String>,
    anchors: usize,
    semantics: &'static str,
    unreadable_blocks: Vec<UnreadableDocument>,
}

impl StoreDocument {
    fn of(store: &StoreReport) -> Self {
        let unreadable = store.unreadable.iter().cloned();
        Self {
            sources: store.sources.clone(),
            anchors: store.anchors,
            semantics: words::semantics_word(store.semantics),
            unreadable_blocks: unreadable
                .map(|(source, line, reason)| UnreadableDocument { source, line, reason })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct UnreadableDocument {
    source: String,
    line: usize,
    reason: String,
}

#[derive(Serialize)]
struct VerdictDocument<'a> {
    input: usize,
    client: String,
    server: String,
    leg: String,
    client_is: &'static str,
    server_is: &'static str,
    expressway: Option<&'a str>,
    streams: &'a [u64],
    cause: &'static str,
    severity: Severity,
    refused_by: Option<&'static str>,
    sentence: &'a str,
    /// The alternatives, then the faults that come next.
    remedies: Vec<&'a str>,
    /// How many of the remedies are alternatives.
    alternatives: usize,
    mended_by: Option<&'a str>,
    /// Remedies run through a prediction, the most promising first.
    foretold: Vec<RankedDocument<'a>>,
    since: Option<&'a str>,
    log: Vec<VerdictLine<'a>>,
}

/// A line of the log that tells of the failure.
#[derive(Serialize)]
struct VerdictLine<'a> {
    line: u64,
    text: &'a str,
}

impl<'a> VerdictDocument<'a> {
    /// Each verdict with its remedies.
    fn all(report: &'a Report) -> Vec<Self> {
        let verdicts = report.verdicts.iter().enumerate();
        let document = |(index, (input, verdict)): (usize, &'a (usize, Verdict))| {
            let ranked = report.remedies_of(index);
            Self::of(*input, verdict, ranked)
        };
        verdicts.map(document).collect()
    }

    fn of(input: usize, verdict: &'a Verdict, ranked: &'a [Ranked]) -> Self {
        let remedies = verdict.remedies.iter().chain(&verdict.next_faults);
        Self {
            input,
            client: verdict.client.to_string(),
            server: verdict.server.to_string(),
            leg: verdict.leg_text(),
            client_is: verdict.leg.client.word(),
            server_is: verdict.leg.server.word(),
            expressway: verdict.appliance.as_deref(),
            streams: &verdict.streams,
            cause: verdict.cause,
            severity: verdict.severity,
            refused_by: verdict.refused_by.map(Role::name),
            sentence: &verdict.sentence,
            remedies: remedies.map(String::as_str).collect(),
            alternatives: verdict.remedies.len(),
            mended_by: verdict.mended_by.as_deref(),
            foretold: ranked.iter().map(RankedDocument::of).collect(),
            since: verdict.since.as_deref(),
            log: verdict.log.iter().map(|(line, text)| VerdictLine { line: *line, text }).collect(),
        }
    }
}

#[derive(Serialize)]
struct LedgerDocument {
    tcp_connections: u64,
    classes: BTreeMap<&'static str, u64>,
}

impl LedgerDocument {
    fn of(report: &Report) -> Self {
        let captures = report.captures.iter();
        let classes =
            LedgerClass::ALL.into_iter().map(|class| (class.word(), report.ledger(class)));
        Self {
            tcp_connections: captures.map(|capture| capture.tcp_connections).sum(),
            classes: classes.collect(),
        }
    }
}

#[derive(Serialize)]
struct LimitDocument {
    input: usize,
    limit: &'static str,
    times: u64,
    effect: &'static str,
}

#[derive(Serialize)]
struct NotJudgedDocument {
    reason: &'static str,
    rule_checks: u64,
}

/// Chains that were shown and not judged, by reason.
#[derive(Serialize)]
struct ChainsDocument<'a> {
    server: BTreeMap<&'a str, u64>,
    client: BTreeMap<&'a str, u64>,
}

impl ChainsDocument<'static> {
    fn of(chains: &BTreeMap<(Role, NotJudged), u64>) -> Self {
        let of = |role: Role| {
            let mine = chains.iter().filter(move |((whose, _), _)| *whose == role);
            mine.map(|((_, reason), chains)| (reason.reason(), *chains)).collect()
        };
        Self { server: of(Role::Server), client: of(Role::Client) }
    }
}

fn limits((input, capture): (usize, &CaptureReport)) -> impl Iterator<Item = LimitDocument> {
    capture.limits_hit.iter().map(move |hit| LimitDocument {
        input,
        limit: hit.limit,
        times: hit.times,
        effect: hit.effect,
    })
}

impl InputDocument {
    fn of(capture: &CaptureReport, matching_connections: u64) -> Self {
        let file =
            |(name, frames): &(String, u64)| FileDocument { name: name.clone(), frames: *frames };
        Self {
            files: capture.files.iter().map(file).collect(),
            format: capture.format.clone(),
            frames: capture.frames,
            bytes: capture.bytes,
            tcp_connections: capture.tcp_connections,
            tls_connections: capture.tls_connections(),
            matching_connections,
            unidentified_connections: capture.unidentified,
            trust_store: capture.store.as_ref().map(StoreDocument::of),
            frames_without_tcp: capture
                .skipped
                .iter()
                .map(|(reason, count)| (words::skipped_word(*reason), *count))
                .collect(),
            problems: capture
                .problems
                .iter()
                .map(|(file, problem)| ProblemDocument {
                    file: *file,
                    offset: problem.offset,
                    after_frame: problem.after_frame,
                    what: problem.what.clone(),
                    lost_bytes: problem.lost_bytes,
                })
                .collect(),
            untold_problems: capture.untold_problems,
            errors: capture.errors.clone(),
        }
    }
}
