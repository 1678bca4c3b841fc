//! The summary for people, and one line for a file.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::model::Report;
use super::super::page::{Look, Page, severity_style};
use super::super::words::{is_unread, match_filters, skipped_text, unjudged_chains};
use super::{Found, Summary, Tally, Top};
use crate::connection::LedgerClass;
use crate::rules::Severity;
use crate::time::date_text;
use crate::tls::Role;
use crate::wire::text::count;

/// Rules told of one server.
const RULES: usize = 4;

/// A line about a file in trouble, with findings, or with frames that cannot be read; nothing
/// for any other.
#[must_use]
pub fn line(file: &str, summary: &Summary, report: &Report, look: Look) -> Option<String> {
    let word = match (summary.in_trouble > 0, summary.worst()) {
        (true, _) => "trouble",
        (false, Some(worst)) => worst.word(),
        (false, None) if summary.damaged > 0 => "damaged",
        (false, None) if summary.unread() > 0 => "unread",
        (false, None) => return None,
    };
    let state = [trouble(file, summary), Some(seen(summary)), because(summary, report)];
    let told: Vec<String> = state.into_iter().flatten().collect();
    let mut page = Page::new(look);
    page.fact(&format!("{word:7}  {file}: {}", told.join("; ")));
    page.paint(0, word, style_of(word));
    Some(page.into_text())
}

/// Why a file could not be read.
fn trouble(file: &str, summary: &Summary) -> Option<String> {
    let error = &summary.troubles.first()?.error;
    // The error may begin with the name of the file, which stands in front already.
    let error = error.strip_prefix(file).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(error);
    Some(error.to_owned())
}

/// `4 connections, 2 failed`.
fn seen(summary: &Summary) -> String {
    let mut parts = vec![match summary.captures {
        0 => "no capture".to_owned(),
        _ => count(summary.connections, "connection"),
    }];
    let bad = ["aborted", "reset", "closed", "unanswered"];
    let bad = summary.outcomes.named().filter(|(word, _)| bad.contains(word));
    let failed: u64 = bad.map(|(_, count)| count).sum();
    if failed > 0 {
        parts.push(format!("{failed} failed"));
    }
    if summary.damaged > 0 {
        parts.push("damaged".to_owned());
    }
    if summary.unread() > 0 {
        let unread = summary.skipped.named().filter(|(word, _)| is_unread(word));
        let unread = skipped_text(unread.map(|(word, frames)| (word, *frames)));
        parts.push(format!("frames not looked into: {unread}"));
    }
    parts.join(", ")
}

/// The rules that name a cause, and behind them the others of the worst severity.
fn because(summary: &Summary, report: &Report) -> Option<String> {
    let worst = summary.worst()?;
    let mut causes: Vec<&str> = Vec::new();
    for (_, verdict) in &report.verdicts {
        if !causes.contains(&verdict.cause) {
            causes.push(verdict.cause);
        }
    }
    let mut rules: Vec<(&str, &Found)> = summary.rules.named().collect();
    rules.sort_by_key(|(rule, found)| {
        let cause = causes.iter().position(|cause| cause == rule).unwrap_or(usize::MAX);
        (cause, Reverse(found.findings))
    });
    let told = |(rule, found): &(&str, &Found)| match found.findings {
        1 => (*rule).to_owned(),
        findings => format!("{rule} ({findings})"),
    };
    let (grave, light): (Vec<_>, Vec<_>) =
        rules.iter().partition(|(rule, found)| found.severity == worst || causes.contains(rule));
    let mut words: Vec<String> = grave.into_iter().map(told).collect();
    if !light.is_empty() {
        words.push(format!("and {}", count(light.len() as u64, "other rule")));
    }
    Some(words.join(", "))
}

fn style_of(word: &str) -> anstyle::Style {
    match word {
        "trouble" | "error" => severity_style(Severity::Error),
        "info" => severity_style(Severity::Info),
        _ => severity_style(Severity::Warning),
    }
}

/// The whole summary; of each list the `top` largest.
#[must_use]
pub fn render(summary: &Summary, top: usize, look: Look) -> String {
    let mut paper = Paper { page: Page::new(look), top };
    paper.page.heading("Summary");
    paper.totals(summary);
    paper.rules(summary);
    paper.servers(summary);
    paper.tally("Versions", &summary.versions);
    paper.tally("Cipher suites", &summary.suites);
    paper.tally("Issuers of server certificates", &summary.issuers);
    paper.expiry(summary);
    paper.troubles(summary);
    paper.page.into_text()
}

struct Paper {
    page: Page,
    top: usize,
}

impl Paper {
    /// A line of a list, folded behind its first word.
    fn entry(&mut self, first: &str, words: &str) {
        let first = format!("  {first}  ");
        self.page.line(&first, words, first.chars().count());
    }

    fn plain(&mut self, words: &str) {
        self.page.line("  ", words, 4);
    }

    fn totals(&mut self, summary: &Summary) {
        self.plain(&format!(
            "{}, {}, {}, {}",
            count(summary.files, "file"),
            count(summary.captures, "capture"),
            count(summary.frames, "frame"),
            size(summary.bytes)
        ));
        let outcomes = summary.outcomes.top(usize::MAX).largest;
        let outcomes: Vec<String> = outcomes
            .iter()
            .map(|(word, count)| format!("{count} {}", word.replace('_', " ")))
            .collect();
        let colon = if outcomes.is_empty() { "" } else { ": " };
        self.plain(&format!("{}{colon}{}", connections(summary), outcomes.join(", ")));
        self.ledger(summary);
        if summary.damaged > 0 {
            self.plain(&format!(
                "{} damaged; what could be read was read",
                count(summary.damaged, "file")
            ));
        }
    }

    /// What could be seen, and what was not judged or not read.
    fn ledger(&mut self, summary: &Summary) {
        let classes: BTreeMap<&str, &u64> = summary.ledger.named().collect();
        let classes: Vec<String> = LedgerClass::ALL
            .iter()
            .filter_map(|class| Some(format!("{} {}", classes.get(class.word())?, class.meaning())))
            .collect();
        if !classes.is_empty() {
            let all = count(summary.tcp_connections, "TCP connection");
            self.plain(&format!("{all}: {}", classes.join(", ")));
        }
        let of =
            [(Role::Server, &summary.unjudged_servers), (Role::Client, &summary.unjudged_clients)];
        for (role, reasons) in of {
            for (reason, chains) in reasons.named() {
                let chains = unjudged_chains(role, reason, *chains);
                self.plain(&format!("not judged: {chains}"));
            }
        }
        let skipped = skipped_text(summary.skipped.named().map(|(word, frames)| (word, *frames)));
        if !skipped.is_empty() {
            self.plain(&format!("frames not looked into: {skipped}"));
        }
    }

    fn rules(&mut self, summary: &Summary) {
        let top = summary.rules.top(self.top);
        if top.largest.is_empty() {
            return;
        }
        self.page.heading("Findings by rule");
        for (rule, found) in &top.largest {
            let word = found.severity.word();
            let files = count(found.files, "file");
            let from = self.page.place();
            self.page.fact(&format!("  {:>7}  {word:7}  {rule} in {files}", found.findings));
            self.page.paint(from, word, style_of(word));
        }
        self.others(&top, "rule");
    }

    fn servers(&mut self, summary: &Summary) {
        let top = summary.servers.top(self.top);
        if top.largest.is_empty() {
            return;
        }
        self.page.heading("Findings by server");
        for (server, found) in &top.largest {
            let most = found.rules.top(RULES);
            let rules = most.largest.iter().map(|(rule, count)| format!("{rule} ({count})"));
            let others =
                (most.others > 0).then(|| format!("and {}", count(most.others, "other rule")));
            let rules: Vec<String> = rules.chain(others).collect();
            let name = found.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            let words = format!("{server}{name}: {}", rules.join(", "));
            self.entry(&format!("{:>7}", found.findings), &words);
        }
        self.others(&top, "server");
    }

    fn tally(&mut self, title: &str, tally: &Tally) {
        let top = tally.top(self.top);
        if top.largest.is_empty() {
            return;
        }
        self.page.heading(title);
        for (name, count) in &top.largest {
            self.entry(&format!("{count:>7}"), if name.is_empty() { "(none)" } else { name });
        }
        self.others(&top, "name");
    }

    /// What the list leaves out.
    fn others<C>(&mut self, top: &Top<'_, C>, noun: &str) {
        if top.rest > 0 {
            let more = count(top.others, &format!("more {noun}"));
            self.page.fact(&format!("  {:>7}  under {more}", top.rest));
        }
    }

    fn expiry(&mut self, summary: &Summary) {
        let all = summary.expiry.in_order();
        if all.is_empty() {
            return;
        }
        self.page.heading("Certificates that expire within 30 days of the capture");
        for (_, one) in all.iter().take(self.top) {
            let left = match one.days() {
                days if days < 0 => format!("had expired when {} showed it", one.holder),
                days => {
                    format!("{} after {} showed it", count(days.unsigned_abs(), "day"), one.holder)
                }
            };
            let words = format!("{} (issued by {}): {left}, {}", one.subject, one.issuer, one.file);
            self.entry(&date_text(one.end), &words);
        }
        let more = all.len().saturating_sub(self.top) as u64;
        if more > 0 {
            self.page.fact(&format!("  and {}", count(more, "more certificate")));
        }
    }

    fn troubles(&mut self, summary: &Summary) {
        if summary.in_trouble == 0 {
            return;
        }
        self.page.heading("Files in trouble");
        for trouble in summary.troubles.iter().take(self.top) {
            self.plain(&trouble.error);
        }
        let told = summary.troubles.len().min(self.top) as u64;
        let more = summary.in_trouble.saturating_sub(told);
        if more > 0 {
            self.page.fact(&format!("  and {}", count(more, "more file")));
        }
    }
}

/// `4 TLS connections`; with filters also how many of them match.
fn connections(summary: &Summary) -> String {
    if summary.filters.is_empty() {
        return count(summary.connections, "TLS connection");
    }
    let all = count(summary.tls_connections, "TLS connection");
    let matching = match_filters(summary.connections);
    format!("{all}, {matching} ({})", summary.filters.join(" "))
}

/// `12 bytes`, `3.4 kB`, `1.2 GB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let mut value = bytes as f64 / 1e3;
    if value < 1.0 {
        return count(bytes, "byte");
    }
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while value >= 1e3
        && let Some(larger) = units.next()
    {
        value /= 1e3;
        unit = Some(larger);
    }
    format!("{value:.1} {}", unit.unwrap_or(&"kB"))
}
