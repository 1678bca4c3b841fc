//! What a change would do, for people.

use std::collections::HashMap;

use anstyle::{AnsiColor, Style};

use super::case::ends;
use super::model::Report;
use super::page::{Look, Page};
use super::peers::alert;
use super::words::{place, subject};
use crate::connection::Presented;
use crate::foresight::{
    ChainWord, Ending, Fate, FirstAlert, Foreseen, NameWord, Note, Outlook, Predicted, Reason,
    TRUST_AFTER,
};
use crate::tls::names;
use crate::wire::text::count;
use crate::x509::Certificate;

/// Streams that are named of connections that go alike.
const STREAMS: usize = 8;

/// Values that are named where one is not known.
const NAMED: usize = 2;

/// The outlook as text.
#[must_use]
pub fn render(report: &Report, outlook: &Outlook, look: Look) -> String {
    let mut page = Page::new(look);
    for change in &outlook.changes {
        page.line("Change: ", change, 2);
    }
    page.line("", &summary(outlook), 2);
    if report.left_out() > 0 {
        let left_out = count(report.left_out(), "more connection");
        let text = format!(
            "there was no room for {left_out}: what the change does to them is not foretold; give the capture in parts"
        );
        page.line("Note: ", &text, 2);
    }
    for note in &outlook.notes {
        page.line("Note: ", &note_text(note), 2);
    }
    let mut groups = grouped(outlook);
    groups.sort_by_key(|group| group.first().map(|one| one.fate()));
    for group in groups {
        if let Some(first) = group.first() {
            page.blank();
            Leg { report, group: &group, first }.write(&mut page);
        }
    }
    if outlook
        .connections
        .iter()
        .any(|one| one.confirm.as_ref().is_some_and(|line| line.contains(TRUST_AFTER)))
    {
        page.blank();
        page.line(
            "",
            &format!("{TRUST_AFTER} stands for the trust list after the change, as a PEM file; the commands judge by the clock of the host that runs them."),
            2,
        );
    }
    page.into_text()
}

/// `5 connections: 1 breaks, 2 mended, 2 still work`.
fn summary(outlook: &Outlook) -> String {
    let all = [Fate::Breaks, Fate::StillFails, Fate::Open, Fate::Mended, Fate::StillWorks];
    let told: Vec<String> = all
        .into_iter()
        .map(|fate| (outlook.connections.iter().filter(|one| one.fate() == fate).count(), fate))
        .filter(|(number, _)| *number > 0)
        .map(|(number, fate)| format!("{number} {}", several(number, fate)))
        .collect();
    let number = count(outlook.connections.len() as u64, "TLS connection");
    if told.is_empty() { number } else { format!("{number}: {}", told.join(", ")) }
}

/// What so many connections do.
const fn several(number: usize, fate: Fate) -> &'static str {
    match fate {
        Fate::Breaks if number > 1 => "break",
        Fate::StillFails if number > 1 => "still fail",
        Fate::StillWorks if number > 1 => "still work",
        fate => fate.word(),
    }
}

fn note_text(note: &Note) -> String {
    match note.source {
        Some(source) => format!("{} ({source})", note.text),
        None => note.text.clone(),
    }
}

/// Connections that go alike from one client to one server, in order of appearance.
fn grouped(outlook: &Outlook) -> Vec<Vec<&Foreseen>> {
    let mut groups: Vec<Vec<&Foreseen>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for one in &outlook.connections {
        let mut key = vec![
            one.client.address.to_string(),
            one.server.to_string(),
            one.server_name.clone().unwrap_or_default(),
            one.fate().word().to_owned(),
        ];
        key.extend(aspects(one).into_iter().map(|aspect| aspect.line()));
        let at = *places.entry(key.join("\n")).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.push(one);
        }
    }
    groups
}

/// One group of connections on the page.
struct Leg<'r> {
    report: &'r Report,
    group: &'r [&'r Foreseen],
    first: &'r Foreseen,
}

impl Leg<'_> {
    fn write(&self, page: &mut Page) {
        let (fate, word) = (self.first.fate(), loud(self.first.fate()));
        let from = page.place();
        page.line(&format!("{word}  "), &self.title(), 2);
        page.paint(from, word, style(fate));
        if !self.first.touched {
            page.line("  ", "not changed itself", 4);
        }
        let aspects = aspects(self.first);
        let told: Vec<&Line> = aspects.iter().filter(|one| one.is_news()).collect();
        if told.is_empty() {
            page.line("  ", "as before", 4);
            return;
        }
        for aspect in &told {
            page.line("  ", &aspect.line(), 4);
        }
        for reason in unknown(&told) {
            page.line("  not known, for ", reason, 4);
        }
        for reason in reasons(&told) {
            page.line("  because ", &self.reason(reason), 4);
        }
        if let Some(command) = &self.first.confirm {
            page.whole("  confirm: ", command);
        }
    }

    /// `10.0.0.2 to cucm.example.org (10.0.0.1:8443, UDS): 2 connections (streams 3, 9)`.
    fn title(&self) -> String {
        let one = self.first;
        let ends = ends(&one.leg, one.client.address, one.server, one.server_name.as_deref());
        let several = self.report.captures.len() > 1;
        let streams: Vec<String> = self
            .group
            .iter()
            .take(STREAMS)
            .map(|one| match self.report.captures.get(one.capture).filter(|_| several) {
                Some(capture) => format!("{} of {}", one.stream, capture.name()),
                None => one.stream.to_string(),
            })
            .collect();
        let more = if self.group.len() > STREAMS { ", ..." } else { "" };
        let number = count(self.group.len() as u64, "connection");
        let word = if streams.len() > 1 { "streams" } else { "stream" };
        format!("{ends}: {number} ({word} {}{more})", streams.join(", "))
    }

    fn reason(&self, reason: &Reason) -> String {
        let Some(seen) = reason.seen else {
            return match reason.source {
                Some(source) => format!("{} ({source})", reason.text),
                None => reason.text.clone(),
            };
        };
        format!("{} ({})", reason.text, place(self.report, seen))
    }
}

/// What breaks is said loudly.
const fn loud(fate: Fate) -> &'static str {
    match fate {
        Fate::Breaks => "BREAKS",
        other => other.word(),
    }
}

const fn style(fate: Fate) -> Style {
    match fate {
        Fate::Breaks => AnsiColor::Red.on_default().bold(),
        Fate::StillFails => AnsiColor::Red.on_default(),
        Fate::Open => AnsiColor::Yellow.on_default().bold(),
        Fate::Mended => AnsiColor::Green.on_default().bold(),
        Fate::StillWorks => AnsiColor::Green.on_default(),
    }
}

/// One aspect of a handshake before and after.
struct Line {
    what: &'static str,
    before: Option<String>,
    after: Predicted<String>,
}

impl Line {
    fn new<T>(
        what: &'static str,
        before: Option<String>,
        after: &Predicted<T>,
        words: impl Fn(&T) -> String,
    ) -> Self {
        let after = match after {
            Predicted::Known { value, because } => {
                Predicted::Known { value: words(value), because: because.clone() }
            }
            Predicted::Unknown { reason, possible } => Predicted::Unknown {
                reason: reason.clone(),
                possible: possible.iter().map(words).collect(),
            },
        };
        Self { what, before, after }
    }

    /// Whether there is something to tell: another value, or one that is not known any
    /// more.
    fn is_news(&self) -> bool {
        self.after.value() != self.before.as_ref()
            && !(self.before.is_none() && self.after.value().is_none())
    }

    /// `cipher suite: A -> B`.
    fn line(&self) -> String {
        let before = self.before.as_deref().unwrap_or("not seen");
        let after = match &self.after {
            Predicted::Known { value, .. } => value.clone(),
            Predicted::Unknown { possible, .. } => match possible.as_slice() {
                [] | [_] => "not known".to_owned(),
                list => {
                    let named: Vec<&str> = list.iter().take(NAMED).map(String::as_str).collect();
                    let more = if list.len() > NAMED { ", or others" } else { "" };
                    format!("not known, can be {}{more}", named.join(", or "))
                }
            },
        };
        format!("{}: {before} -> {after}", self.what)
    }
}

fn aspects(one: &Foreseen) -> Vec<Line> {
    let (before, after) = (&one.before, &one.after);
    let version = |code: &u16| names::version_name(*code).into_owned();
    let suite = |code: &u16| names::cipher_suite_name(*code).into_owned();
    let shown = before.certificate.as_ref().and_then(Presented::parsed);
    let end = before.outcome.value().map(|ending| ended(*ending, before.alert));
    vec![
        Line::new("outcome", end, &outcome(one), String::clone),
        Line::new("version", before.version.as_ref().map(version), &after.version, version),
        Line::new("cipher suite", before.suite.as_ref().map(suite), &after.suite, suite),
        Line::new(
            "server certificate",
            shown.map(|one| certificate(one)),
            &after.certificate,
            |one| certificate(one),
        ),
        Line::new("its chain", before.chain.value().map(chain), &after.chain, chain),
        Line::new("name", before.name.value().map(name), &after.name, name),
    ]
}

/// Outcome and alert in one: who refuses with which alert.
fn outcome(one: &Foreseen) -> Predicted<String> {
    let said = one.after.alert.value().copied().flatten();
    match &one.after.outcome {
        Predicted::Known { value, because } => {
            Predicted::Known { value: ended(*value, said), because: because.clone() }
        }
        Predicted::Unknown { reason, possible } => Predicted::Unknown {
            reason: reason.clone(),
            possible: possible.iter().map(|ending| ended(*ending, None)).collect(),
        },
    }
}

fn ended(ending: Ending, said: Option<FirstAlert>) -> String {
    match (ending, said) {
        (Ending::Completed, _) => "completed".to_owned(),
        (Ending::Refused(by), None) => format!("refused by the {}", by.name()),
        (Ending::Refused(by), Some(said)) => {
            format!("refused by the {}: {}", by.name(), alert(said.code))
        }
    }
}

fn certificate(certificate: &Certificate) -> String {
    format!(
        "{} (serial {}, {})",
        subject(certificate),
        certificate.serial,
        certificate.public_key.label()
    )
}

fn chain(chain: &ChainWord) -> String {
    match chain {
        ChainWord::Accepted => "trusted".to_owned(),
        ChainWord::Refused(error) => {
            format!("{}, error {} at depth {}", error.text, error.code, error.depth)
        }
    }
}

fn name(name: &NameWord) -> String {
    name.word().to_owned()
}

/// Why values are not known, each reason once.
fn unknown<'l>(lines: &[&'l Line]) -> Vec<&'l str> {
    let mut reasons: Vec<&str> = Vec::new();
    let all = lines.iter().filter_map(|line| line.after.reason());
    for reason in all.flat_map(|reason| reason.split("; ")) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

/// What the known values rest on, each once.
fn reasons<'l>(lines: &[&'l Line]) -> Vec<&'l Reason> {
    let mut reasons: Vec<&Reason> = Vec::new();
    for reason in lines.iter().flat_map(|line| line.after.because()) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}
