//! Records of a scan over many files: a file, trouble with one, and the summary. Each
//! says in `type` what it is; the lines of connections have no such field.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{ChainsDocument, VerdictDocument, formatter};
use crate::report::fleet::{Found, OnServer, Summary, Tally, Trouble};
use crate::report::model::{Report, SCHEMA_VERSION};
use crate::rules::Severity;
use crate::time::date_text;

#[derive(Serialize)]
struct Record<B> {
    schema_version: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    body: B,
}

fn write(kind: &'static str, body: impl Serialize, out: &mut impl Write) -> io::Result<()> {
    formatter::compact(&Record { schema_version: SCHEMA_VERSION, kind, body }, out)?;
    out.write_all(b"\n")
}

/// Writes what could not be read of a file, or is damaged; nothing for any other file.
///
/// # Errors
/// What the writer says.
pub fn write_trouble(file: &str, report: &Report, out: &mut impl Write) -> io::Result<()> {
    let trouble = TroubleDocument::of(file, report);
    if trouble.errors.is_empty() && trouble.damage.is_empty() {
        return Ok(());
    }
    write("trouble", trouble, out)
}

#[derive(Serialize)]
struct TroubleDocument<'r> {
    file: &'r str,
    errors: Vec<&'r str>,
    damage: Vec<DamageDocument<'r>>,
}

#[derive(Serialize)]
struct DamageDocument<'r> {
    capture: &'r str,
    offset: u64,
    after_frame: u64,
    what: &'r str,
}

impl<'r> TroubleDocument<'r> {
    fn of(file: &'r str, report: &'r Report) -> Self {
        let damage = report.captures.iter().flat_map(|capture| {
            capture.problems.iter().map(|(at, problem)| DamageDocument {
                capture: capture.files.get(*at).map_or(file, |(name, _)| name),
                offset: problem.offset,
                after_frame: problem.after_frame,
                what: &problem.what,
            })
        });
        let errors = report.captures.iter().flat_map(|capture| &capture.errors);
        Self { file, errors: errors.map(String::as_str).collect(), damage: damage.collect() }
    }
}

/// Writes one file as one record: its summary and its verdicts.
///
/// # Errors
/// What the writer says.
pub fn write_file(
    file: &str,
    summary: &Summary,
    report: &Report,
    out: &mut impl Write,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct File<'r> {
        #[serde(flatten)]
        trouble: TroubleDocument<'r>,
        worst_severity: Option<Severity>,
        #[serde(flatten)]
        counts: CountsDocument<'r>,
        verdicts: Vec<VerdictDocument<'r>>,
    }
    let body = File {
        trouble: TroubleDocument::of(file, report),
        worst_severity: summary.worst(),
        counts: CountsDocument::of(summary, usize::MAX),
        verdicts: VerdictDocument::all(report),
    };
    write("file", body, out)
}

/// Writes the summary; of each list the `top` largest.
///
/// # Errors
/// What the writer says.
pub fn write_summary(summary: &Summary, top: usize, out: &mut impl Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Whole<'s> {
        files: u64,
        files_in_trouble: u64,
        files_damaged: u64,
        worst_severity: Option<Severity>,
        filters: &'s [String],
        #[serde(flatten)]
        counts: CountsDocument<'s>,
        troubles: Vec<&'s Trouble>,
    }
    let body = Whole {
        files: summary.files,
        files_in_trouble: summary.in_trouble,
        files_damaged: summary.damaged,
        worst_severity: summary.worst(),
        filters: &summary.filters,
        counts: CountsDocument::of(summary, top),
        troubles: summary.troubles.iter().take(top).collect(),
    };
    write("summary", body, out)
}

/// What files come to.
#[derive(Serialize)]
struct CountsDocument<'s> {
    captures: u64,
    frames: u64,
    bytes: u64,
    tcp_connections: u64,
    tls_connections: u64,
    connections: u64,
    handshakes: BTreeMap<&'s str, u64>,
    ledger: BTreeMap<&'s str, u64>,
    frames_without_tcp: BTreeMap<&'s str, u64>,
    chains_not_judged: ChainsDocument<'s>,
    rules: ListDocument<RuleDocument<'s>>,
    servers: ListDocument<ServerDocument<'s>>,
    versions: ListDocument<CountDocument<'s>>,
    cipher_suites: ListDocument<CountDocument<'s>>,
    issuers: ListDocument<CountDocument<'s>>,
    expiring: ListDocument<ExpiringDocument<'s>>,
}

/// The largest of a list, how many others there are, and what these come to.
#[derive(Serialize)]
struct ListDocument<T> {
    largest: Vec<T>,
    others: u64,
    rest: u64,
}

#[derive(Serialize)]
struct CountDocument<'s> {
    name: &'s str,
    connections: u64,
}

#[derive(Serialize)]
struct RuleDocument<'s> {
    rule: &'s str,
    severity: Severity,
    findings: u64,
    files: u64,
}

#[derive(Serialize)]
struct ServerDocument<'s> {
    server: &'s str,
    sni: Option<&'s str>,
    severity: Severity,
    findings: u64,
    rules: BTreeMap<&'s str, u64>,
}

#[derive(Serialize)]
struct ExpiringDocument<'s> {
    sha256: &'s str,
    subject: &'s str,
    issuer: &'s str,
    not_after: String,
    seen: String,
    days_left: i64,
    shown_by: &'s str,
    file: &'s str,
}

impl<'s> CountsDocument<'s> {
    fn of(summary: &'s Summary, top: usize) -> Self {
        let rules = summary.rules.top(top);
        let servers = summary.servers.top(top);
        Self {
            captures: summary.captures,
            frames: summary.frames,
            bytes: summary.bytes,
            tcp_connections: summary.tcp_connections,
            tls_connections: summary.tls_connections,
            connections: summary.connections,
            handshakes: counts(&summary.outcomes),
            ledger: counts(&summary.ledger),
            frames_without_tcp: counts(&summary.skipped),
            chains_not_judged: ChainsDocument {
                server: counts(&summary.unjudged_servers),
                client: counts(&summary.unjudged_clients),
            },
            rules: ListDocument {
                largest: rules
                    .largest
                    .iter()
                    .map(|(rule, found)| RuleDocument::of(rule, found))
                    .collect(),
                others: rules.others,
                rest: rules.rest,
            },
            servers: ListDocument {
                largest: servers
                    .largest
                    .iter()
                    .map(|(at, found)| ServerDocument::of(at, found))
                    .collect(),
                others: servers.others,
                rest: servers.rest,
            },
            versions: ListDocument::of(&summary.versions, top),
            cipher_suites: ListDocument::of(&summary.suites, top),
            issuers: ListDocument::of(&summary.issuers, top),
            expiring: ListDocument::expiring(summary, top),
        }
    }
}

fn counts(tally: &Tally) -> BTreeMap<&str, u64> {
    tally.named().map(|(name, count)| (name, *count)).collect()
}

impl<'s> RuleDocument<'s> {
    fn of(rule: &'s str, found: &Found) -> Self {
        let Found { severity, findings, files } = *found;
        Self { rule, severity, findings, files }
    }
}

impl<'s> ServerDocument<'s> {
    fn of(server: &'s str, found: &'s OnServer) -> Self {
        Self {
            server,
            sni: found.name.as_deref(),
            severity: found.severity,
            findings: found.findings,
            rules: counts(&found.rules),
        }
    }
}

impl<'s> ListDocument<CountDocument<'s>> {
    fn of(tally: &'s Tally, top: usize) -> Self {
        let top = tally.top(top);
        let largest = top.largest.iter();
        Self {
            largest: largest.map(|(name, n)| CountDocument { name, connections: **n }).collect(),
            others: top.others,
            rest: top.rest,
        }
    }
}

impl<'s> ListDocument<ExpiringDocument<'s>> {
    fn expiring(summary: &'s Summary, top: usize) -> Self {
        let all = summary.expiry.in_order();
        let others = all.len().saturating_sub(top) as u64;
        let largest = all.into_iter().take(top).map(|(sha256, one)| ExpiringDocument {
            sha256,
            subject: &one.subject,
            issuer: &one.issuer,
            not_after: date_text(one.end),
            seen: date_text(one.seen),
            days_left: one.days(),
            shown_by: &one.holder,
            file: &one.file,
        });
        Self { largest: largest.collect(), others, rest: others }
    }
}
