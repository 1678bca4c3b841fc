//! The report for people: verdicts, a table, findings, and the ledger.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use comfy_table::{Cell, ContentArrangement, Table, presets};

use super::filter::group_filter;
use super::legs::Health;
use super::model::{CaptureReport, Judged, Report};
use super::page::{ERROR, FAINT, HEADING, INFO, Look, Page, WARNING, severity_style};
use super::ranked;
use super::words::{match_filters, skipped_text, skipped_word, unjudged_chains, words};
use crate::connection::{
    Connection, LedgerClass, NameVerdict, NotJudged, Outcome, PathVerdict, Resumption,
};
use crate::rules::{Finding, Need, Rule, Severity, Verdict};
use crate::time::Timestamp;
use crate::tls::Role;
use crate::tls::names::{self, Authentication};
use crate::wire::text::{count, printable};
use crate::x509::PublicKey;

/// The whole report as text.
#[must_use]
pub fn render(report: &Report, look: Look) -> String {
    let mut paper = Paper { page: Page::new(look), told: Vec::new() };
    paper.verdicts(report);
    paper.case(report);
    for (index, capture) in report.captures.iter().enumerate() {
        paper.capture(report, index, capture);
    }
    paper.findings(report);
    paper.not_judged(report);
    paper.ledger(report);
    paper.page.into_text()
}

struct Paper {
    page: Page,
    /// What verdicts said to do, each once.
    told: Vec<String>,
}

impl Paper {
    fn verdicts(&mut self, report: &Report) {
        if report.verdicts.is_empty() {
            return;
        }
        self.page.heading("Verdict");
        let mut since: Vec<&String> = Vec::new();
        let mut of_cause: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, (capture, verdict)) in report.verdicts.iter().enumerate() {
            let note = streams(report, *capture, verdict);
            let of_cause = of_cause.entry(verdict.cause).or_default();
            *of_cause += 1;
            if *of_cause > IN_FULL {
                let ends = format!("{} to {}", verdict.client, verdict.server);
                self.page.line("  likewise ", &format!("{ends}: {note}"), 4);
                continue;
            }
            self.page.line("  ", &verdict.sentence, 2);
            self.remedies(&verdict.remedies);
            for fault in &verdict.next_faults {
                self.page.line("    then: ", fault, 7);
            }
            for line in ranked::lines(report.remedies_of(index)) {
                self.page.line("    foretold: ", &line, 7);
            }
            if let Some(mended_by) = &verdict.mended_by {
                self.page.line("    to mend the chain: ", mended_by, 7);
            }
            if let Some(new) = verdict.since.as_ref().filter(|new| !since.contains(new)) {
                self.page.line("    since: ", new, 7);
                since.push(new);
            }
            for (number, text) in &verdict.log {
                self.page.line(&format!("    log line {number}: "), text, 7);
            }
            self.faint(&note);
        }
    }

    /// What to do; of several remedies, which are no steps, each has a letter. What an
    /// earlier verdict told is not told again.
    fn remedies(&mut self, remedies: &[String]) {
        let several = remedies.len() > 1;
        if several {
            self.page.whole("    ", "to mend it, one of:");
        }
        let mut again: Vec<String> = Vec::new();
        for (remedy, letter) in remedies.iter().zip('a'..='z') {
            let first = if several { format!("{letter})") } else { "to mend it:".to_owned() };
            if self.told.contains(remedy) {
                again.push(first);
                continue;
            }
            self.as_above(&mut again);
            self.page.line(&format!("    {first} "), remedy, 7);
            self.told.push(remedy.clone());
        }
        self.as_above(&mut again);
    }

    fn as_above(&mut self, again: &mut Vec<String>) {
        if !again.is_empty() {
            self.page.fact(&format!("    {} as above", again.join(" ")));
            again.clear();
        }
    }

    /// The Expressways that are known, and the legs.
    fn case(&mut self, report: &Report) {
        for (title, told) in super::case::appliances(report) {
            self.page.heading(&title);
            for line in told {
                self.page.line("  ", &line, 4);
            }
        }
        let legs = super::case::leg_lines(report);
        if legs.is_empty() {
            return;
        }
        self.page.heading("Legs");
        for (health, line) in legs {
            let word = format!("  {:<8}  ", health.word());
            let from = self.page.place();
            self.page.line(&word, &line, 12);
            self.page.paint(from, health.word(), health_style(health));
        }
    }

    fn capture(&mut self, report: &Report, index: usize, capture: &CaptureReport) {
        let connections: Vec<&Judged> =
            report.connections.iter().filter(|judged| judged.capture == index).collect();
        let total = report.tls_connections.get(index).copied().unwrap_or_default();
        let mut title = format!(
            "{}: {} in {}",
            capture.name(),
            connections_text(report, capture.tls_connections(), total),
            count(capture.frames, "frame")
        );
        if capture.files.len() > 1 {
            let _ = write!(
                title,
                " of {} files read as one capture (for its filters in Wireshark join them: mergecap -a)",
                capture.files.len()
            );
        }
        self.page.heading(&title);
        for error in &capture.errors {
            self.painted(ERROR, &format!("  not read: {error}"));
        }
        if let Some(store) = &capture.store {
            let from = store.sources.join(", ");
            let line =
                format!("judged by {} of {from}", count(store.anchors as u64, "trust anchor"));
            self.page.line("  ", &line, 2);
        }
        self.problems(capture);
        if !connections.is_empty() {
            for line in self.table(&connections) {
                self.page.fact(&line);
            }
            let left_out = total.saturating_sub(connections.len() as u64);
            if left_out > 0 {
                let line = format!(
                    "and {} that {} not listed; --jsonl tells all",
                    count(left_out, "more connection"),
                    if left_out == 1 { "is" } else { "are" }
                );
                self.page.line("  ", &line, 2);
            }
            self.same(report, &connections);
        }
    }

    /// Connections that another capture has more of.
    fn same(&mut self, report: &Report, connections: &[&Judged]) {
        for judged in connections {
            let Some((capture, stream)) = judged.same_as else { continue };
            let name = report.captures.get(capture).map(CaptureReport::name).unwrap_or_default();
            let number = judged.connection.stream;
            let line = format!("#{number} is #{stream} of {name}, recorded twice; judged there");
            self.page.line("  ", &line, 4);
        }
    }

    fn problems(&mut self, capture: &CaptureReport) {
        for (file, problem) in &capture.problems {
            let name = capture.files.get(*file).map_or("", |(name, _)| name.as_str());
            let line = format!(
                "damaged at byte {} of {}, behind frame {}: {} ({} lost)",
                problem.offset,
                name,
                problem.after_frame,
                problem.what,
                count(problem.lost_bytes, "byte")
            );
            self.page.line("  ! ", &line, 4);
        }
        if capture.untold_problems > 0 {
            self.page.fact(&format!("  ! and {}", count(capture.untold_problems, "more problem")));
        }
    }

    /// One line per connection; two where the terminal is too narrow for one.
    fn table(&self, connections: &[&Judged]) -> Vec<String> {
        let rows: Vec<[String; 11]> = connections.iter().map(|judged| row(judged)).collect();
        let wide = lines(&HEADERS, &rows);
        let fits = wide.iter().all(|line| line.chars().count() <= self.page.look().full());
        if fits { wide } else { stacked(&rows) }
    }

    fn findings(&mut self, report: &Report) {
        let groups = report.groups();
        if groups.is_empty() {
            return;
        }
        self.page.heading("Findings");
        for (severity, rule, findings) in groups {
            self.title(severity, rule);
            self.group(report, &findings);
        }
    }

    /// Severity, id and summary of a rule, folded like any paragraph.
    fn title(&mut self, severity: Severity, rule: &Rule) {
        let from = self.page.place();
        let summary = words(rule.summary);
        self.page.line(&format!("{} {}: ", severity.word(), rule.id), &summary, 2);
        self.page.paint(from, severity.word(), severity_style(severity));
        self.page.paint(from, rule.id, HEADING);
    }

    /// A line that is not folded, because what stands in it will be copied.
    fn faint(&mut self, text: &str) {
        let from = self.page.place();
        self.page.whole("    ", text);
        self.page.paint_lines(from, FAINT);
    }

    fn painted(&mut self, style: Style, text: &str) {
        let from = self.page.place();
        self.page.fact(text);
        self.page.paint_lines(from, style);
    }

    /// Findings of one rule: those that say the same are told once.
    fn group(&mut self, report: &Report, findings: &[Placed<'_>]) {
        let mut told: Vec<(String, Vec<Placed<'_>>)> = Vec::new();
        for (capture, finding) in findings {
            let sentence = finding.sentence();
            match told.iter_mut().find(|(known, list)| {
                *known == sentence && list.first().is_some_and(|(index, _)| index == capture)
            }) {
                Some((_, list)) => list.push((*capture, finding)),
                None => told.push((sentence, vec![(*capture, finding)])),
            }
        }
        let (in_full, more) = told.split_at(told.len().min(IN_FULL));
        for (sentence, list) in in_full {
            self.page.line("  ", sentence, 2);
            self.proof(report, list);
        }
        if !more.is_empty() {
            let said = format!("and {} more of this kind, which --json tells as well", more.len());
            self.page.line("  ", &said, 4);
        }
        let mut shown: Vec<String> = Vec::new();
        for (capture, finding) in in_full.iter().flat_map(|(_, list)| list) {
            let mut remedy = finding.remedy();
            if self.told.contains(&remedy) || is_cause(report, *capture, finding) {
                "as the verdict says".clone_into(&mut remedy);
            }
            if !shown.contains(&remedy) {
                self.page.line("    next: ", &remedy, 10);
                shown.push(remedy);
            }
        }
    }

    fn proof(&mut self, report: &Report, list: &[Placed<'_>]) {
        let Some(capture) = list.first().and_then(|(index, _)| report.captures.get((*index)?))
        else {
            return;
        };
        let findings: Vec<&Finding> = list.iter().map(|(_, finding)| *finding).collect();
        let mut frames: Vec<u64> = findings.iter().flat_map(|finding| finding.frames()).collect();
        frames.sort_unstable();
        frames.dedup();
        if frames.is_empty() {
            return;
        }
        let filter = if capture.files.len() == 1 {
            format!("; filter: {}", group_filter(&findings))
        } else {
            String::new()
        };
        let frames = capture.frames_among(&frames, report.captures.len());
        self.faint(&format!("frames {frames}{filter}"));
    }

    /// What was not judged and why, each reason once.
    fn not_judged(&mut self, report: &Report) {
        let without_store = (Role::Server, NotJudged::NoTrustStore);
        let unasked = report.unjudged_chains.get(&without_store).copied();
        let unasked = unasked.filter(|_| report.store.is_none());
        let others = not_judged_lines(report, unasked.is_some());
        match unasked {
            Some(chains) => {
                self.page.heading("Not judged: no trust store given");
                let text = format!(
                    "{} shown, not checked. Give the trust list of the box that connects with --trust FILE \
                     (for an Expressway: ca_*.pem of its diagnostic archive).",
                    count(chains, "certificate chain")
                );
                self.page.line("  ", &text, 2);
            }
            None if others.is_empty() => {}
            None => self.page.heading("Not judged"),
        }
        others.iter().for_each(|line| self.page.line("  ", line, 4));
        for (source, line, reason) in report.store.iter().flat_map(|store| &store.unreadable) {
            self.page.line("  ! ", &format!("trust store {source}, line {line}: {reason}"), 4);
        }
    }

    fn ledger(&mut self, report: &Report) {
        let total: u64 = report.captures.iter().map(|capture| capture.tcp_connections).sum();
        self.page.heading(&format!("Ledger: {}", count(total, "TCP connection")));
        for class in LedgerClass::ALL {
            let number = report.ledger(class);
            if number > 0 {
                self.page.fact(&format!("  {number:>6}  {}", class.meaning()));
            }
        }
        self.skipped(report);
        for hit in report.captures.iter().flat_map(|capture| &capture.limits_hit) {
            let line =
                format!("  limit {} reached {}: {}", hit.limit, times(hit.times), hit.effect);
            self.painted(WARNING, &line);
        }
    }

    fn skipped(&mut self, report: &Report) {
        let skipped = report.skipped().into_iter();
        let skipped: Vec<(String, u64)> =
            skipped.map(|(reason, frames)| (skipped_word(reason), frames)).collect();
        let text = skipped_text(skipped.iter().map(|(word, frames)| (word.as_str(), *frames)));
        if !text.is_empty() {
            self.page.fact(&format!("  frames not looked into: {text}"));
        }
    }
}

/// Verdicts of one cause, and findings of one rule, that are told in full. Behind so many, what
/// is new in the next one drowns in what it repeats.
const IN_FULL: usize = 12;

/// Chains that were not judged and rules that could not look, a line for each reason;
/// `said` where it was said already that no trust store is given.
fn not_judged_lines(report: &Report, said: bool) -> Vec<String> {
    let chains = report.unjudged_chains.iter();
    let chains = chains
        .filter(|(of, _)| !said || **of != (Role::Server, NotJudged::NoTrustStore))
        .map(|((role, reason), chains)| unjudged_chains(*role, reason.reason(), *chains));
    let checks = report.not_judged.iter();
    let checks = checks
        .filter(|(need, _)| !said || **need != Need::TrustStore)
        .map(|(need, checks)| format!("{}: {}", count(*checks, "rule check"), need.unmet()));
    chains.chain(checks).collect()
}

/// `4 TLS connections`; with filters also how many of them match, so that what they leave
/// out never looks like nothing.
fn connections_text(report: &Report, seen: u64, matching: u64) -> String {
    if report.filters.is_empty() {
        return count(matching, "TLS connection");
    }
    let all = count(seen, "TLS connection");
    let matching = match_filters(matching);
    format!("{all}, {matching} ({}),", report.filters.join(" "))
}

/// Which connections a verdict is about, and by which rule.
fn streams(report: &Report, capture: usize, verdict: &Verdict) -> String {
    let streams: Vec<String> = verdict.streams.iter().map(u64::to_string).collect();
    let of = match report.captures.get(capture).filter(|_| report.captures.len() > 1) {
        Some(capture) => format!(" of {}", capture.name()),
        None => String::new(),
    };
    format!("tcp.stream in {{{}}}{of}; rule {}", streams.join(", "), verdict.cause)
}

/// A finding with the index of the capture that proves it.
type Placed<'r> = (Option<usize>, &'r Finding);

/// Whether one of the verdicts that are told in full has this finding for its cause: it says
/// what to do about it, and more than the finding can.
fn is_cause(report: &Report, capture: Option<usize>, finding: &Finding) -> bool {
    let of_cause = report.verdicts.iter().filter(|(_, verdict)| verdict.cause == finding.rule.id);
    of_cause.take(IN_FULL).any(|(of, verdict)| {
        capture == Some(*of)
            && !verdict.remedies.is_empty()
            && finding.streams.iter().any(|stream| verdict.streams.contains(stream))
    })
}

const HEADERS: [&str; 11] = [
    "#",
    "time",
    "client",
    "server",
    "server name",
    "version",
    "cipher suite",
    "key",
    "handshake",
    "certificate",
    "worst",
];

/// The rows as a table without borders.
fn lines(headers: &[&str], rows: &[impl AsRef<[String]>]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headers.iter().map(Cell::new));
    for row in rows {
        table.add_row(row.as_ref().iter().map(Cell::new));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Who and when on one line, what on the next.
fn stacked(rows: &[[String; 11]]) -> Vec<String> {
    let mut stacked = Vec::new();
    for [number, time, client, server, name, version, suite, key, handshake, certificate, worst] in
        rows
    {
        stacked.push(format!("#{number} {time} {client} -> {server} {name}"));
        stacked.push(format!("    {version} {suite} {key}"));
        stacked.push(format!("    {handshake}; certificate {certificate}; {worst}"));
    }
    stacked
}

fn times(number: u64) -> String {
    if number == 1 { "once".into() } else { format!("{number} times") }
}

const fn health_style(health: Health) -> Style {
    match health {
        Health::Failing => ERROR,
        Health::AtRisk => WARNING,
        Health::NotSeen => FAINT,
        Health::Healthy => INFO,
    }
}

fn row(judged: &Judged) -> [String; 11] {
    let connection = &judged.connection;
    [
        connection.stream.to_string(),
        clock(connection.first.time),
        connection.client.to_string(),
        connection.server.to_string(),
        connection.server_name().map_or_else(|| "-".into(), printable),
        connection
            .handshake
            .version()
            .map_or_else(|| "-".into(), |version| names::version_name(version).into_owned()),
        connection
            .cipher_suite()
            .map_or_else(|| "-".into(), |suite| names::cipher_suite_name(suite).into_owned()),
        super::inferred::hidden_key(connection)
            .or_else(|| signing_key(connection))
            .unwrap_or_else(|| "-".into()),
        outcome_text(connection),
        certificate_text(judged),
        judged.worst().map_or_else(|| "-".into(), |severity| severity.word().into()),
    ]
}

/// The time of day, which is what an engineer compares with a log; the date stands
/// in the JSON document.
fn clock(time: Timestamp) -> String {
    let text = time.to_string();
    let clock = text.split_once('T').map_or(text.as_str(), |(_, clock)| clock);
    clock.trim_end_matches('Z').to_owned()
}

/// Which kind of key signs for the server: `RSA`, `ECDSA`, `hidden`, or the
/// method that needs none. `None` without a ServerHello.
#[must_use]
pub fn signing_key(connection: &Connection) -> Option<String> {
    if let Some(leaf) = connection.server_leaf() {
        return Some(key_word(&leaf.public_key.kind));
    }
    if let Some(spki) = connection.handshake.raw_public_key(Role::Server) {
        return PublicKey::from_der(spki).ok().map(|key| key_word(&key.kind));
    }
    let suite = connection.cipher_suite()?;
    Some(match names::cipher_suite(suite).map(|suite| suite.authentication) {
        Some(Authentication::Tls13) if connection.resumption.known() == Some(true) => {
            "resumed".into()
        }
        Some(Authentication::Tls13) if connection.resumption == Resumption::ExternalPsk => {
            "pre-shared".into()
        }
        Some(Authentication::Tls13) if !connection.handshake.hides_certificates(Role::Server) => {
            return None;
        }
        Some(Authentication::Tls13) => "hidden".into(),
        Some(Authentication::Rsa) => "RSA".into(),
        Some(Authentication::Ecdsa) => "ECDSA".into(),
        Some(Authentication::Dss) => "DSA".into(),
        Some(Authentication::Anon) => "anonymous".into(),
        Some(Authentication::Psk) => "pre-shared".into(),
        Some(other) => format!("{other:?}"),
        None => "unknown".into(),
    })
}

fn key_word(kind: &crate::x509::KeyKind) -> String {
    use crate::x509::KeyKind;
    match kind {
        KeyKind::Rsa | KeyKind::RsaPss => "RSA".into(),
        KeyKind::Ec(_) => "ECDSA".into(),
        KeyKind::Ed25519 => "Ed25519".into(),
        KeyKind::Ed448 => "Ed448".into(),
        KeyKind::Dsa => "DSA".into(),
        KeyKind::Other(oid) => oid.to_string(),
    }
}

/// How the handshake ended, in a few words.
#[must_use]
pub fn outcome_text(connection: &Connection) -> String {
    match connection.outcome {
        Outcome::Completed if connection.resumption.known() == Some(true) => {
            "completed (resumed)".into()
        }
        Outcome::Completed => "completed".into(),
        Outcome::Alert { by, description: Some(code), .. } => {
            format!("{} aborted: {} ({code})", by.name(), names::alert_name(code))
        }
        Outcome::Alert { by, description: None, inferred: true, .. } => {
            format!("{} aborted (encrypted alert, inferred)", by.name())
        }
        Outcome::Alert { by, description: None, .. } => {
            format!("{} aborted (encrypted alert)", by.name())
        }
        Outcome::Reset { by, .. } => format!("reset by {}", by.name()),
        Outcome::Closed { by, .. } => format!("closed by {}", by.name()),
        Outcome::Unanswered => "no answer from server".into(),
        Outcome::Unfinished => "unfinished".into(),
        Outcome::CutOff => "capture file cut off".into(),
        Outcome::NotVisible => "not visible".into(),
    }
}

/// The verdict on the server's certificate, in a few words.
#[must_use]
pub fn certificate_text(judged: &Judged) -> String {
    let connection = &judged.connection;
    let name = name_differs(judged).then_some("name mismatch");
    let path = match &connection.server_path {
        PathVerdict::Judged(chain) => match chain.validation.first_error() {
            Some(error) => format!("{} ({} at {})", error.text, error.code, error.depth),
            None if chain.validation.ok() => "trusted".into(),
            None => "not decided".into(),
        },
        PathVerdict::NotJudged(NotJudged::NoTrustStore) => "not judged".into(),
        PathVerdict::NotJudged(NotJudged::OtherMachine) => "not checked here".into(),
        PathVerdict::NotJudged(NotJudged::HiddenByTls13) => "hidden".into(),
        PathVerdict::NotJudged(NotJudged::Resumed) => "resumed".into(),
        PathVerdict::NotJudged(NotJudged::NotSent)
            if connection.handshake.raw_public_key(Role::Server).is_some() =>
        {
            "raw public key".into()
        }
        PathVerdict::NotJudged(NotJudged::NotSent) => "none sent".into(),
        PathVerdict::NotJudged(NotJudged::NotCaptured) => "not captured".into(),
        PathVerdict::NotJudged(NotJudged::NotAllCaptured) => "not all captured".into(),
        PathVerdict::NotJudged(NotJudged::Unreadable) => "unreadable".into(),
        PathVerdict::NotJudged(NotJudged::NoTime) => "not judged, no time".into(),
        PathVerdict::NotJudged(NotJudged::NoReference) => "not judged".into(),
    };
    match name {
        Some(name) => format!("{path}, {name}"),
        None => path,
    }
}

/// Whether the certificate lacks the name, by the way in which the client at hand compares: a
/// name that was said, or an address where the rule on names has found that it counted.
fn name_differs(judged: &Judged) -> bool {
    let name = &judged.connection.name;
    let NameVerdict::Checked { reference, .. } = name else { return false };
    let found = name.found_by(judged.leg.name_rule()) == Some(true);
    let counted = || judged.findings.iter().any(|one| one.rule.id == "name-not-in-certificate");
    !found && reference.is_said() || counted()
}
