//! The one value that every renderer reads.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::legs::{self, Legs};
use crate::capture::Problem;
use crate::connection::{Connection, LedgerClass, NotJudged, PathVerdict};
use crate::expressway::{Appliance, Join, Leg, Line};
use crate::foresight::Ranked;
use crate::packet::Skipped;
use crate::rules::{Finding, Need, Rule, Severity, Verdict};
use crate::tls::Role;
use crate::trust::{Store, StoreSemantics};

/// Version of the JSON document. It grows by one when a field changes its meaning or
/// goes away; new fields do not change it.
pub const SCHEMA_VERSION: u32 = 1;

/// Findings of one rule and severity, each with the index of its capture.
pub type Group<'r> = (Severity, &'static Rule, Vec<(Option<usize>, &'r Finding)>);

/// All that came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// The captures, in the order in which they were read.
    pub captures: Vec<CaptureReport>,
    /// The TLS connections, capture by capture, by stream number; of very many only the
    /// first, and the first with trouble ([`crate::limits::Limits::listed_connections`]).
    pub connections: Vec<Judged>,
    /// The filters that left connections or findings out, as flags of the command line.
    pub filters: Vec<String>,
    /// TLS connections that were judged and that the filters let through, listed or not, by
    /// capture.
    pub tls_connections: Vec<u64>,
    /// Chains that were shown and not judged: whose, why, and how many.
    pub unjudged_chains: BTreeMap<(Role, NotJudged), u64>,
    /// The worst severity of the findings on connections.
    pub worst_of_connections: Option<Severity>,
    /// The legs of the case.
    pub(crate) legs: Legs,
    /// Why connections fail, worst first.
    pub verdicts: Vec<(usize, Verdict)>,
    /// The remedies of each verdict, run through a prediction: one list for each of
    /// [`Report::verdicts`].
    pub remedies: Vec<Vec<Ranked>>,
    /// The trust store, when one was given.
    pub store: Option<StoreReport>,
    /// The trust store of the servers, when one was given.
    pub peer_store: Option<StoreReport>,
    /// What the rules say of the case as a whole, with the capture that proves it.
    pub case_findings: Vec<(Option<usize>, Finding)>,
    /// The Expressways that are known.
    pub appliances: Vec<Arc<Appliance>>,
    /// The log of each of them joined with the captures.
    pub joins: Vec<Join>,
    /// How many connections each rule could not judge, and why.
    pub not_judged: BTreeMap<Need, u64>,
}

/// A connection with the findings on it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Index of its capture in [`Report::captures`].
    pub capture: usize,
    /// What was seen.
    pub connection: Connection,
    /// Who its ends are.
    pub leg: Leg,
    /// What the log of the Expressway says of it, in order.
    pub log: Vec<Line>,
    /// What the rules say of it.
    pub findings: Vec<Finding>,
    /// Capture and stream of the fullest recording, where another capture has it too. It
    /// is judged there.
    pub same_as: Option<(usize, u64)>,
}

impl Judged {
    /// The worst severity of its findings.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// The chains that were shown and not judged: whose, and why.
    pub(super) fn unjudged_chains(&self) -> impl Iterator<Item = (Role, NotJudged)> {
        let connection = &self.connection;
        [Role::Server, Role::Client].into_iter().filter_map(|role| match connection.path(role) {
            _ if connection.certificates(role).is_empty() => None,
            PathVerdict::NotJudged(reason) => Some((role, *reason)),
            PathVerdict::Judged(_) => None,
        })
    }
}

/// One capture: a file, or several that continue one another.
#[derive(Debug, Default)]
pub struct CaptureReport {
    /// The files, with the number of frames in each.
    pub files: Vec<(String, u64)>,
    /// `pcap` or `pcapng`, with the compression, of the first file.
    pub format: String,
    /// Frames read.
    pub frames: u64,
    /// Uncompressed bytes read.
    pub bytes: u64,
    /// Frames without a TCP segment, by reason.
    pub skipped: BTreeMap<Skipped, u64>,
    /// Damage in the files: which file, and what.
    pub problems: Vec<(usize, Problem)>,
    /// More problems than are told one by one.
    pub untold_problems: u64,
    /// Why a file could not be read to its end, or at all.
    pub errors: Vec<String>,
    /// TCP connections by class; the classes sum to `tcp_connections`.
    pub ledger: BTreeMap<LedgerClass, u64>,
    /// TCP connections seen.
    pub tcp_connections: u64,
    /// TCP connections of which it is not known whether they are TLS: their first bytes are not
    /// in the capture.
    pub unidentified: u64,
    /// Limits that were reached.
    pub limits_hit: Vec<LimitHit>,
    /// What it lies in, where that is an archive.
    pub container: Option<Container>,
    /// What it is called where it has no files.
    pub name: Option<String>,
    /// The place of the Expressway in whose archive it lay, in [`Report::appliances`].
    pub appliance: Option<usize>,
    /// The trust list that lay beside the capture, when it was used.
    pub store: Option<StoreReport>,
}

/// What a capture lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The path of the archive on disk.
    pub archive: String,
    /// The archive inside it; empty for the archive itself.
    pub within: String,
}

/// Where a capture lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The path on disk: of the capture, or of the archive that it lies in.
    pub file: String,
    /// Its name inside the archive.
    pub capture: Option<String>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.capture {
            Some(capture) => write!(f, "{capture} in {}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

impl Origin {
    /// Of the capture of this name.
    pub(crate) fn of(name: String, container: Option<&Container>) -> Self {
        let Some(Container { archive, within }) = container else {
            return Self { file: name, capture: None };
        };
        let inner = if within.is_empty() { name } else { format!("{within}/{name}") };
        Self { file: archive.clone(), capture: Some(inner) }
    }
}

/// A bound that was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitHit {
    /// Its name in [`crate::limits::Limits`].
    pub limit: &'static str,
    /// How often.
    pub times: u64,
    /// What it means for the report.
    pub effect: &'static str,
}

/// The trust store that was used.
#[derive(Debug, Default)]
pub struct StoreReport {
    /// Files it was read from.
    pub sources: Vec<String>,
    /// Anchors in it.
    pub anchors: usize,
    /// How issuers are looked up in it.
    pub semantics: StoreSemantics,
    /// Blocks that could not be read: source, line, reason.
    pub unreadable: Vec<(String, usize, String)>,
}

impl StoreReport {
    /// What there is to say of a store.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        let mut sources: Vec<String> = Vec::new();
        for anchor in store.anchors() {
            if sources.last() != Some(&anchor.source) {
                sources.push(anchor.source.clone());
            }
        }
        let unreadable = store.unreadable().iter();
        Self {
            sources,
            anchors: store.anchors().len(),
            semantics: store.semantics(),
            unreadable: unreadable
                .map(|block| (block.source.clone(), block.line, block.reason.to_string()))
                .collect(),
        }
    }
}

impl CaptureReport {
    /// Its TLS connections, whatever filters let through: all TCP connections but those
    /// that are something else, carry nothing, or do not show what they are.
    #[must_use]
    pub fn tls_connections(&self) -> u64 {
        let others = [LedgerClass::NotTls, LedgerClass::NoPayload];
        let others: u64 = others.iter().filter_map(|class| self.ledger.get(class)).sum();
        self.tcp_connections.saturating_sub(others + self.unidentified)
    }

    /// The file and the number within it of a frame, for captures of several files.
    #[must_use]
    pub fn locate(&self, frame: u64) -> (usize, u64) {
        let mut before = 0;
        for (index, (_, frames)) in self.files.iter().enumerate() {
            if frame <= before + frames || index + 1 == self.files.len() {
                return (index, frame - before);
            }
            before += frames;
        }
        (0, frame)
    }

    /// `43`, or `43 of b.pcap` where several files make the capture.
    #[must_use]
    pub fn frame_text(&self, frame: u64) -> String {
        let (file, number) = self.locate(frame);
        match self.files.get(file) {
            Some((name, _)) if self.files.len() > 1 => {
                let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
                format!("{number} of {base}")
            }
            _ => number.to_string(),
        }
    }

    /// `43, 45`, or `43, 45 of a.pcap, 7 of b.pcap` where several files make the
    /// capture.
    #[must_use]
    pub fn frames_text(&self, frames: &[u64]) -> String {
        let mut parts: Vec<String> = Vec::new();
        for (at, frame) in frames.iter().enumerate() {
            let same_file = frames
                .get(at + 1)
                .is_some_and(|next| self.locate(*next).0 == self.locate(*frame).0);
            parts.push(if same_file {
                self.locate(*frame).1.to_string()
            } else {
                self.frame_text(*frame)
            });
        }
        parts.join(", ")
    }

    /// [`Self::frames_text`] in a report of `captures` captures: of several, each frame has the
    /// name of its file once.
    #[must_use]
    pub fn frames_among(&self, frames: &[u64], captures: usize) -> String {
        let told = self.frames_text(frames);
        if captures > 1 && self.files.len() <= 1 {
            format!("{told} of {}", self.name())
        } else {
            told
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::of(self.name(), self.container.as_ref())
    }

    /// Its name: the file, or the first and last of several.
    #[must_use]
    pub fn name(&self) -> String {
        let files: Vec<&String> = self.files.iter().map(|(name, _)| name).collect();
        if files.is_empty() { self.name.clone().unwrap_or_default() } else { title(&files) }
    }
}

/// The name of a capture of some files: the file, or the first and last of several.
pub(crate) fn title(files: &[impl AsRef<str>]) -> String {
    match files {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first, .., last] => format!("{} … {}", first.as_ref(), last.as_ref()),
    }
}

impl Report {
    /// Connections that were judged and are not listed.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        let hits = self.captures.iter().flat_map(|capture| &capture.limits_hit);
        hits.filter(|hit| hit.limit == "listed_connections").map(|hit| hit.times).sum()
    }

    /// What is to be said where no connection is of the Expressway that the user named.
    #[must_use]
    pub fn absent_appliance(&self) -> Option<String> {
        let absent = legs::absent(self)?.title();
        Some(format!("no TLS connection here begins or ends at {absent}; is its address right?"))
    }

    /// TLS connections of all captures, whatever filters let through.
    #[must_use]
    pub fn tls_connections_seen(&self) -> u64 {
        self.captures.iter().map(CaptureReport::tls_connections).sum()
    }

    /// TCP connections of a class, of all captures.
    #[must_use]
    pub fn ledger(&self, class: LedgerClass) -> u64 {
        self.captures.iter().filter_map(|capture| capture.ledger.get(&class)).sum()
    }

    /// Frames without a TCP segment of all captures, by reason.
    pub(super) fn skipped(&self) -> BTreeMap<Skipped, u64> {
        let mut all = BTreeMap::new();
        for (reason, frames) in self.captures.iter().flat_map(|capture| &capture.skipped) {
            *all.entry(*reason).or_default() += frames;
        }
        all
    }

    /// The remedies of the verdict at a place of [`Report::verdicts`], foretold.
    #[must_use]
    pub fn remedies_of(&self, verdict: usize) -> &[Ranked] {
        self.remedies.get(verdict).map(Vec::as_slice).unwrap_or_default()
    }

    /// Counts a connection that was judged.
    pub(crate) fn count(&mut self, judged: &Judged) {
        if self.tls_connections.len() <= judged.capture {
            self.tls_connections.resize(judged.capture + 1, 0);
        }
        if let Some(number) = self.tls_connections.get_mut(judged.capture) {
            *number += 1;
        }
        for unjudged in judged.unjudged_chains() {
            *self.unjudged_chains.entry(unjudged).or_default() += 1;
        }
        self.worst_of_connections = self.worst_of_connections.max(judged.worst());
        self.legs.add(judged);
    }

    /// Findings on the case as a whole, by capture and stream.
    pub(super) fn findings_of_case(&self) -> Vec<(Option<usize>, &Finding)> {
        let of_case = self.case_findings.iter();
        let mut findings: Vec<_> = of_case.map(|(capture, finding)| (*capture, finding)).collect();
        findings.sort_by_key(|(capture, finding)| (*capture, finding.streams.first().copied()));
        findings
    }

    /// Findings in report order: worst first, then by rule, capture and stream.
    #[must_use]
    pub fn findings(&self) -> Vec<(Option<usize>, &Finding)> {
        let place = crate::rules::registry::places();
        let of_connections = self.connections.iter().flat_map(|judged| {
            judged.findings.iter().map(|finding| (Some(judged.capture), finding))
        });
        let of_case = self.case_findings.iter().map(|(capture, finding)| (*capture, finding));
        let mut findings: Vec<(Option<usize>, &Finding)> = of_connections.chain(of_case).collect();
        findings.sort_by_key(|(capture, finding)| {
            let order = place.get(finding.rule.id).copied().unwrap_or(usize::MAX);
            let stream = finding.streams.first().copied();
            (std::cmp::Reverse(finding.severity), order, *capture, stream)
        });
        findings
    }

    /// Findings grouped by severity and rule, worst first.
    #[must_use]
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for (capture, finding) in self.findings() {
            match groups.last_mut() {
                Some((severity, rule, list))
                    if *severity == finding.severity && rule.id == finding.rule.id =>
                {
                    list.push((capture, finding));
                }
                _ => groups.push((finding.severity, finding.rule, vec![(capture, finding)])),
            }
        }
        groups
    }

    /// The worst severity of all findings.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        let of_case = self.case_findings.iter().map(|(_, finding)| finding.severity);
        self.worst_of_connections.into_iter().chain(of_case).max()
    }

    /// Whether any input could not be read.
    #[must_use]
    pub fn has_trouble(&self) -> bool {
        self.captures.iter().any(|capture| !capture.errors.is_empty())
    }
}
