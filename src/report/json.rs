//! The JSON document (`--json`) and its line-by-line form (`--jsonl`).
//!
//! The structures here are the format: they are kept apart from the types the
//! program computes with, so that neither dictates the other. The README documents
//! the format with an example that is a test. Text from the wire stands in it
//! unchanged; characters that could act on a terminal are written as `\uXXXX`,
//! which every JSON reader turns back.

mod case;
mod chain;
mod ciphers;
mod connection;
mod diff;
mod formatter;
mod handshake;
mod inferred;
mod key;
mod path;
mod peers;
mod ranked;
mod releases;
mod store;
mod whatif;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

pub use chain::write_chain;
pub use ciphers::{write_ciphers, write_known_ciphers};
pub(super) use connection::usage_name;
pub use diff::write_diff;
pub(super) use handshake::authority;
pub use peers::write_peers;
pub use releases::write_releases;
pub use store::write_store;
pub use whatif::write_outlook;

use self::ranked::RankedDocument;
use super::filter::group_filter;
use super::model::{CaptureReport, Judged, Report, SCHEMA_VERSION, StoreReport};
use crate::connection::LedgerClass;
use crate::foresight::Ranked;
use crate::packet::Skipped;
use crate::rules::{Finding, Severity, Verdict};

/// Writes the whole report as one document.
///
/// # Errors
/// What the writer says.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        tool: concat!("tlsight ", env!("CARGO_PKG_VERSION")),
        inputs: report.captures.iter().map(InputDocument::of).collect(),
        trust_store: report.store.as_ref().map(StoreDocument::of),
        peer_trust_store: report.peer_store.as_ref().map(StoreDocument::of),
        expressways: case::appliances(report),
        legs: case::legs(report),
        verdicts: report
            .verdicts
            .iter()
            .enumerate()
            .map(|(index, (capture, verdict))| {
                let ranked = report.remedies.get(index).map(Vec::as_slice).unwrap_or_default();
                VerdictDocument::of(*capture, verdict, ranked)
            })
            .collect(),
        findings: report
            .findings()
            .into_iter()
            .map(|(capture, finding)| FindingDocument::of(capture, finding))
            .collect(),
        connections: report.connections.iter().map(connection::ConnectionDocument::of).collect(),
        ledger: LedgerDocument::of(&report.captures),
        limits_hit: report.captures.iter().enumerate().flat_map(limits).collect(),
        not_judged: report
            .not_judged
            .iter()
            .map(|(need, count)| NotJudgedDocument { reason: need.unmet(), rule_checks: *count })
            .collect(),
    };
    formatter::pretty(&document, out)
}

/// Writes one connection per line.
///
/// # Errors
/// What the writer says.
pub fn write_lines(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for judged in &report.connections {
        write_line(report, judged, out)?;
    }
    Ok(())
}

fn write_line(report: &Report, judged: &Judged, out: &mut impl Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        schema_version: u32,
        file: String,
        #[serde(flatten)]
        connection: connection::ConnectionDocument<'a>,
        finding_details: Vec<FindingDocument<'a>>,
    }
    let file = report.captures.get(judged.capture).map(CaptureReport::name).unwrap_or_default();
    let line = Line {
        schema_version: SCHEMA_VERSION,
        file,
        connection: connection::ConnectionDocument::of(judged),
        finding_details: judged
            .findings
            .iter()
            .map(|finding| FindingDocument::of(Some(judged.capture), finding))
            .collect(),
    };
    formatter::compact(&line, out)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: &'static str,
    inputs: Vec<InputDocument>,
    trust_store: Option<StoreDocument>,
    peer_trust_store: Option<StoreDocument>,
    expressways: Vec<case::ApplianceDocument<'a>>,
    verdicts: Vec<VerdictDocument<'a>>,
    legs: Vec<case::LegDocument>,
    findings: Vec<FindingDocument<'a>>,
    connections: Vec<connection::ConnectionDocument<'a>>,
    ledger: LedgerDocument,
    limits_hit: Vec<LimitDocument>,
    not_judged: Vec<NotJudgedDocument>,
}

#[derive(Serialize)]
struct InputDocument {
    files: Vec<FileDocument>,
    format: String,
    frames: u64,
    bytes: u64,
    tcp_connections: u64,
    tls_connections: u64,
    unidentified_connections: u64,
    trust_store: Option<StoreDocument>,
    frames_without_tcp: BTreeMap<String, u64>,
    problems: Vec<ProblemDocument>,
    untold_problems: u64,
    errors: Vec<String>,
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
            semantics: super::words::semantics_word(store.semantics),
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
    remedies: &'a [String],
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
    fn of(input: usize, verdict: &'a Verdict, ranked: &'a [Ranked]) -> Self {
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
            refused_by: verdict.refused_by.map(crate::tls::Role::name),
            sentence: &verdict.sentence,
            remedies: &verdict.remedies,
            mended_by: verdict.mended_by.as_deref(),
            foretold: ranked.iter().map(RankedDocument::of).collect(),
            since: verdict.since.as_deref(),
            log: verdict.log.iter().map(|(line, text)| VerdictLine { line: *line, text }).collect(),
        }
    }
}

#[derive(Serialize)]
struct FindingDocument<'a> {
    rule: &'static str,
    severity: Severity,
    input: Option<usize>,
    stream: Option<u64>,
    streams: &'a [u64],
    sentence: String,
    remedy: String,
    filter: String,
    values: BTreeMap<&'static str, &'a str>,
    evidence: Vec<EvidenceDocument<'a>>,
}

#[derive(Serialize)]
struct EvidenceDocument<'a> {
    frame: u64,
    field: &'static str,
    observed: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
}

impl<'a> FindingDocument<'a> {
    fn of(input: Option<usize>, finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule.id,
            severity: finding.severity,
            input,
            stream: finding.streams.first().copied(),
            streams: &finding.streams,
            sentence: finding.sentence(),
            remedy: finding.remedy(),
            filter: group_filter(&[finding]),
            values: finding.values.iter().collect(),
            evidence: finding
                .evidence
                .iter()
                .map(|evidence| EvidenceDocument {
                    frame: evidence.frame,
                    field: evidence.field,
                    observed: &evidence.observed,
                    expected: evidence.expected.as_deref(),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct LedgerDocument {
    tcp_connections: u64,
    classes: BTreeMap<&'static str, u64>,
}

impl LedgerDocument {
    fn of(captures: &[CaptureReport]) -> Self {
        let mut classes: BTreeMap<&'static str, u64> =
            LedgerClass::ALL.into_iter().map(|class| (class.word(), 0)).collect();
        for capture in captures {
            for (class, count) in &capture.ledger {
                *classes.entry(class.word()).or_default() += count;
            }
        }
        Self {
            tcp_connections: captures.iter().map(|capture| capture.tcp_connections).sum(),
            classes,
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

fn limits((input, capture): (usize, &CaptureReport)) -> impl Iterator<Item = LimitDocument> {
    capture.limits_hit.iter().map(move |hit| LimitDocument {
        input,
        limit: hit.limit,
        times: hit.times,
        effect: hit.effect,
    })
}

impl InputDocument {
    fn of(capture: &CaptureReport) -> Self {
        let not_tls = [LedgerClass::NotTls, LedgerClass::NoPayload]
            .iter()
            .filter_map(|class| capture.ledger.get(class))
            .sum::<u64>();
        let file =
            |(name, frames): &(String, u64)| FileDocument { name: name.clone(), frames: *frames };
        Self {
            files: capture.files.iter().map(file).collect(),
            format: capture.format.clone(),
            frames: capture.frames,
            bytes: capture.bytes,
            tcp_connections: capture.tcp_connections,
            tls_connections: capture.tcp_connections.saturating_sub(not_tls + capture.unidentified),
            unidentified_connections: capture.unidentified,
            trust_store: capture.store.as_ref().map(StoreDocument::of),
            frames_without_tcp: capture
                .skipped
                .iter()
                .map(|(reason, count)| (skipped_word(*reason), *count))
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

fn skipped_word(reason: Skipped) -> String {
    match reason {
        Skipped::LinkType(link) => format!("link_type_{}", link.0),
        Skipped::NotIp => "not_ip".into(),
        Skipped::NotTcp => "not_tcp".into(),
        Skipped::CutHeader => "header_cut".into(),
        Skipped::Malformed => "malformed_header".into(),
        Skipped::TooDeep => "too_many_encapsulations".into(),
    }
}
