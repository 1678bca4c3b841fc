//! Two runs compared, for people.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};

use super::facts::Content;
use super::{
    ApplianceDifference, Aspect, Change, Class, Difference, Half, LegDifference, Seen, Side, State,
    StoreDifference, Value, certificates,
};
use crate::report::case::ends;
use crate::report::model::{CaptureReport, Report};
use crate::report::page::{Look, Page};
use crate::wire::text::{count, hex};

/// Values of one side, and entries of a list, that are told.
const TOLD: usize = 5;
/// Lists up to this length are told in full by the words of their values.
const SHORT: usize = 4;
/// Settings of one Expressway that are told; the JSON document has all.
const SETTINGS: usize = 40;

/// The comparison as text.
#[must_use]
pub fn render(before: Side<'_>, after: Side<'_>, difference: &Difference, look: Look) -> String {
    let mut paper = Paper { page: Page::new(look), told: BTreeSet::new() };
    paper.page.line("Before: ", &side(before.report), 2);
    paper.page.line("After: ", &side(after.report), 2);
    paper.page.line("", &summary(difference), 2);
    for appliance in &difference.appliances {
        paper.appliance(appliance);
    }
    for (title, store) in [
        ("Trust store (--trust)", &difference.store),
        ("Trust store of the servers (--peer-trust)", &difference.peer_store),
    ] {
        if let Some(store) = store {
            paper.page.heading(title);
            store_lines(store).iter().for_each(|line| paper.page.line("  ", line, 4));
        }
    }
    paper.legs(&difference.legs);
    paper.page.into_text()
}

/// `4 TLS connections in a.pcap, b.pcap`.
fn side(report: &Report) -> String {
    let number = report.connections.iter().filter(|judged| judged.same_as.is_none()).count();
    let mut names: Vec<String> = report.captures.iter().map(CaptureReport::name).collect();
    cut(&mut names);
    format!("{} in {}", count(number as u64, "TLS connection"), names.join(", "))
}

/// `Legs: 1 broken, 2 fixed, 1 unchanged; 1 fails after`.
fn summary(difference: &Difference) -> String {
    let told: Vec<String> = Class::ALL
        .into_iter()
        .map(|class| (difference.count(class), class))
        .filter(|(number, _)| *number > 0)
        .map(|(number, class)| format!("{number} {}", class.word()))
        .collect();
    let failing = difference.legs.iter().filter(|leg| leg.fails_after()).count();
    let fails = match failing {
        0 => String::new(),
        1 => "; 1 fails after".to_owned(),
        number => format!("; {number} fail after"),
    };
    if told.is_empty() { "Legs: none".into() } else { format!("Legs: {}{fails}", told.join(", ")) }
}

struct Paper {
    page: Page,
    /// Long changes that were told of a leg: the next leg need not repeat them.
    told: BTreeSet<String>,
}

impl Paper {
    fn appliance(&mut self, appliance: &ApplianceDifference) {
        self.page.heading(&appliance.title);
        match appliance.known {
            (true, false) => self.page.line("  ", "known before only", 4),
            (false, true) => self.page.line("  ", "known after only", 4),
            _ if !appliance.is_changed() => self.page.line("  ", "nothing else than before", 4),
            _ => {}
        }
        for change in appliance.changes.iter().take(SETTINGS) {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".into());
            let (before, after) = (value(&change.before), value(&change.after));
            self.page.line("  ", &format!("{}: {before} -> {after}", change.what), 4);
        }
        if appliance.changes.len() > SETTINGS {
            let more = appliance.changes.len() - SETTINGS;
            self.page.line("  ", &format!("and {}", count(more as u64, "more setting")), 4);
        }
        for line in appliance.store.iter().flat_map(store_lines) {
            self.page.line("  trust list: ", &line, 4);
        }
        if !appliance.not_compared.is_empty() {
            let what = appliance.not_compared.join(", ");
            self.page.line("  ", &format!("known on one side only, not compared: {what}"), 4);
        }
    }

    fn legs(&mut self, legs: &[LegDifference]) {
        let (same, others): (Vec<_>, Vec<_>) =
            legs.iter().partition(|leg| leg.class == Class::Unchanged);
        for leg in others {
            self.page.blank();
            self.leg(leg);
        }
        if same.is_empty() {
            return;
        }
        self.page.heading("Unchanged");
        for leg in same {
            self.unchanged(leg);
        }
    }

    fn leg(&mut self, leg: &LegDifference) {
        let from = self.page.place();
        self.page.line(&format!("{}  ", leg.class.word()), &leg_title(leg), 2);
        self.page.paint(from, leg.class.word(), style(leg));
        if let (Some(before), Some(after)) = (&leg.before, &leg.after)
            && moved(before, after)
        {
            self.page.line("  was: ", &title(before), 4);
        }
        let alone = leg.before.is_none() || leg.after.is_none();
        for (when, half) in [("before", &leg.before), ("after", &leg.after)] {
            if let Some(half) = half {
                let cause = cause(half).filter(|_| alone).unwrap_or_default();
                self.page.line("  ", &format!("{when}: {}{cause}", outcome(half)), 4);
            }
        }
        let told = |change: &&Change| change.aspect != Aspect::Outcome;
        for change in leg.changes.iter().filter(told).filter(|change| change.is_known()) {
            self.change(change);
        }
        for line in hidden(&leg.changes) {
            self.page.line("  ", &line, 4);
        }
    }

    fn change(&mut self, change: &Change) {
        let words = change.aspect.words();
        let line = format!("{words}: {}", changed(change));
        let long = line.chars().count() > self.page.look().paragraph();
        if long && !self.told.insert(line.clone()) {
            self.page.line("  ", &format!("{words}: as above"), 4);
        } else {
            self.page.line("  ", &line, 4);
        }
    }

    fn unchanged(&mut self, leg: &LegDifference) {
        let Some(after) = &leg.after else { return };
        let state = after.state().word();
        let cause = cause(after).unwrap_or_default();
        let text = format!("{}: {}{cause}", leg_title(leg), outcome(after));
        let from = self.page.place();
        self.page.line(&format!("  {state:<8}  "), &text, 12);
        self.page.paint(from, state, style(leg));
        for line in hidden(&leg.changes) {
            self.page.line(&" ".repeat(12), &line, 14);
        }
    }
}

fn style(leg: &LegDifference) -> Style {
    match leg.class {
        Class::Broken => AnsiColor::Red.on_default().bold(),
        _ if leg.fails_after() => AnsiColor::Red.on_default(),
        Class::Fixed => AnsiColor::Green.on_default().bold(),
        Class::Unchanged => AnsiColor::Cyan.on_default(),
        _ => AnsiColor::Yellow.on_default(),
    }
}

/// The ends after the change; the name of before, where only that is known.
fn leg_title(leg: &LegDifference) -> String {
    let halves = [&leg.after, &leg.before].into_iter().flatten();
    let name = halves.clone().find_map(|half| half.name.as_deref());
    halves.take(1).map(|half| ends(&half.leg, half.client, half.server, name)).collect()
}

fn title(half: &Half) -> String {
    ends(&half.leg, half.client, half.server, half.name.as_deref())
}

/// Whether the same leg has other ends, clients outside left aside.
fn moved(before: &Half, after: &Half) -> bool {
    let outside = after.leg.client == crate::expressway::Party::Client;
    (before.client != after.client && !outside)
        || before.server != after.server
        || matches!((&before.name, &after.name),
            (Some(before), Some(after)) if !before.eq_ignore_ascii_case(after))
}

/// `2 connections, completed`; `3 connections, mixed: completed in 2, ...`.
fn outcome(half: &Half) -> String {
    let connections = count(half.connections, "connection");
    let seen = half.seen(Aspect::Outcome);
    let ends = seen.map(values).unwrap_or_default();
    let unseen = half.connections - half.completed - half.failed;
    let unknown = match unseen {
        0 => String::new(),
        number => format!(", {number} of unknown end"),
    };
    match half.state() {
        State::Unknown => {
            let reason = seen.and_then(|seen| seen.hidden).unwrap_or("not visible");
            format!("{connections}, how it ended was not seen: {reason}")
        }
        State::Mixed => format!("{connections}, mixed: {ends}{unknown}"),
        State::Works | State::Fails => format!("{connections}, {ends}{unknown}"),
    }
}

/// `; cause: name-not-in-certificate` of a leg that fails.
fn cause(half: &Half) -> Option<String> {
    let seen = half.seen(Aspect::Cause).filter(|_| half.state().fails())?;
    Some(format!("; cause: {}", values(seen)))
}

/// The values of a side; with their numbers where there are several.
fn values(seen: &Seen) -> String {
    let several = seen.values().len() > 1;
    let told = |(value, number): &(Value, u64)| {
        if several { format!("{} in {number}", value.text) } else { value.text.clone() }
    };
    let mut told: Vec<String> = seen.values().map(told).collect();
    cut(&mut told);
    told.join(", ")
}

fn cut(list: &mut Vec<String>) {
    if list.len() > TOLD + 1 {
        let more = list.len() - TOLD;
        list.truncate(TOLD);
        list.push(format!("and {more} more"));
    }
}

/// `a -> b`, with what of a certificate or of a list differs.
fn changed(change: &Change) -> String {
    let (mut before, mut after) = (change.before.values(), change.after.values());
    if let (Some((old, _)), Some((new, _)), None, None) =
        (before.next(), after.next(), before.next(), after.next())
    {
        match (&old.content, &new.content) {
            (Content::Parts(a), Content::Parts(b)) => return parts(old, new, a, b),
            (Content::List(a), Content::List(b)) => return lists(old, new, a, b),
            _ => {}
        }
    }
    format!("{} -> {}", values(&change.before), values(&change.after))
}

type Parts = [(&'static str, String)];

/// The parts of a certificate that differ; its fingerprint where nothing else does.
fn parts(old: &Value, new: &Value, before: &Parts, after: &Parts) -> String {
    const IN_BRIEF: [&str; 2] = ["subject", "serial"];
    let differ: Vec<(&str, &str, &str)> = before
        .iter()
        .zip(after)
        .filter(|(a, b)| a.1 != b.1)
        .map(|(a, b)| (a.0, a.1.as_str(), b.1.as_str()))
        .collect();
    let only_fingerprint = differ.len() == 1;
    let told = differ
        .iter()
        .filter(|(part, ..)| only_fingerprint || *part != "SHA-256")
        .filter(|(part, ..)| !IN_BRIEF.contains(part))
        .map(|(part, a, b)| format!("; {part} {a} -> {b}"));
    arrow(old, new) + &told.collect::<String>()
}

/// `a -> b`, or `a` where the words are the same.
fn arrow(old: &Value, new: &Value) -> String {
    if old.text == new.text {
        return old.text.clone();
    }
    format!("{} -> {}", old.text, new.text)
}

/// Two lists: their beginnings, and what is gone, new, or elsewhere. Short lists stand in
/// the words of their values already.
fn lists(old: &Value, new: &Value, before: &[String], after: &[String]) -> String {
    let missing = |of: &[String], from: &[String]| {
        let from: BTreeSet<&String> = from.iter().collect();
        let mut missing: Vec<String> =
            of.iter().filter(|one| !from.contains(one)).cloned().collect();
        cut(&mut missing);
        missing.join(", ")
    };
    let mut text = arrow(old, new);
    if old.text != new.text && before.len().max(after.len()) <= SHORT {
        return text;
    }
    let (gone, added) = (missing(before, after), missing(after, before));
    if before == after {
        text.push_str("; others of the same names");
    } else if gone.is_empty() && added.is_empty() {
        text.push_str(&format!("; the same {} in another order", after.len()));
    }
    for (what, list) in [("gone", gone), ("new", added)] {
        if !list.is_empty() {
            text.push_str(&format!("; {what}: {list}"));
        }
    }
    text
}

/// What is visible on one side only, by side and reason.
fn hidden(changes: &[Change]) -> Vec<String> {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for change in changes.iter().filter(|change| !change.is_known()) {
        let (when, unseen, seen) = if change.before.values().len() == 0 {
            ("before", &change.before, &change.after)
        } else {
            ("after", &change.after, &change.before)
        };
        let reason = unseen.hidden.unwrap_or("not there");
        let head = format!("not visible {when} ({reason})");
        let told = format!("{} {}", change.aspect.words(), values(seen));
        match lines.iter_mut().find(|(known, _)| *known == head) {
            Some((_, list)) => list.push(told),
            None => lines.push((head, vec![told])),
        }
    }
    lines.into_iter().map(|(head, list)| format!("{head}: {}", list.join("; "))).collect()
}

fn store_lines(store: &StoreDifference) -> Vec<String> {
    let lists = [("added", &store.added), ("removed", &store.removed)];
    let mut lines: Vec<String> = lists
        .into_iter()
        .flat_map(|(what, list)| list.iter().map(move |one| (what, one)))
        .map(|(what, one)| {
            let begin = hex(one.sha256.get(..8).unwrap_or_default());
            format!("{what} {}, SHA-256 {begin}...", certificates::brief(one))
        })
        .collect();
    if store.reordered {
        lines.push("the same anchors in another order, and several have one subject".to_owned());
    }
    lines
}
