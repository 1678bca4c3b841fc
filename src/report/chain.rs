//! One chain explained: the verdict, the errors, the certificates that were tried, and
//! what would mend it. Read by `tlsight verify` and `tlsight show`.

use super::page::{Look, Page};
use super::words::{conclusion_word, outcome_words, semantics_word, signature_words, subject};
use crate::rules::mending;
use crate::time::date_text;
use crate::trust::{
    Anchor, Candidate, Conclusion, Origin, PathValidation, Purpose, Question, Remedy, Store,
    VerifyError,
};
use crate::wire::text::count;
use crate::x509::Certificate;

/// More candidates of one step are counted, not shown.
const SHOWN: usize = 20;

/// A question about a chain with its answer.
#[derive(Debug)]
pub struct ChainReport<'a> {
    /// What was asked.
    pub question: &'a Question<'a>,
    /// Where the time of the question comes from: `now`, `--at`.
    pub time_from: &'a str,
    /// Where the certificates of [`Question::untrusted`] were read, in the same order.
    pub sources: &'a [String],
    /// The answer.
    pub answer: &'a PathValidation,
    /// What would mend it.
    pub remedy: Option<&'a Remedy>,
}

/// The report for people.
#[must_use]
pub fn render(report: &ChainReport<'_>, look: Look) -> String {
    let mut page = Page::new(look);
    page.fact(&verdict(report));
    page.fact(&setting(report.question, report.time_from));
    for error in errors(report.answer) {
        page.fact(&format!("  {error}"));
    }
    page.heading("Path, leaf first, and what was tried at each step");
    for line in tree(report.answer, &|origin| report.place(origin)) {
        page.fact(&format!("  {line}"));
    }
    if let Some(remedy) = report.remedy {
        page.heading("What would mend it");
        page.line("  ", &mending(remedy, &report.in_the_way(), &[]), 2);
    }
    page.into_text()
}

impl ChainReport<'_> {
    /// The anchors that the remedy takes out.
    #[must_use]
    pub fn in_the_way(&self) -> Vec<Anchor> {
        let anchors = self.question.store.anchors();
        let positions = self.remedy.into_iter().flat_map(|remedy| &remedy.remove);
        positions.filter_map(|&at| anchors.get(at).cloned()).collect()
    }

    fn place(&self, origin: Origin) -> String {
        match origin {
            Origin::Leaf => "the leaf".into(),
            Origin::Peer(at) => {
                let source = self.sources.get(at).map_or("untrusted", String::as_str);
                format!("untrusted, {source}")
            }
            Origin::Store(at) => in_store(self.question.store, at),
        }
    }
}

fn in_store(store: &Store, at: usize) -> String {
    match store.anchors().get(at) {
        Some(anchor) => format!("trust store, {} line {}", anchor.source, anchor.line),
        None => "trust store".into(),
    }
}

fn verdict(report: &ChainReport<'_>) -> String {
    let said = match report.answer.conclusion() {
        Conclusion::Accepted => "OK".to_owned(),
        Conclusion::Refused => "not OK".to_owned(),
        other => format!("not decided: {}", conclusion_word(other)),
    };
    let leaf = &report.question.leaf;
    format!("{} (serial {}): {said}", subject(leaf), leaf.serial)
}

/// Everything that the answer depends on beside the certificates.
fn setting(question: &Question<'_>, time_from: &str) -> String {
    let role = match question.purpose {
        Purpose::Server => "server",
        Purpose::Client => "client",
        Purpose::Any => "any",
    };
    let lookup = semantics_word(question.store.semantics());
    let partial = if question.partial_chain { ", partial chain" } else { "" };
    let host = question.host.map(|host| format!(", name {host}")).unwrap_or_default();
    let ip = question.ip.map(|ip| format!(", address {ip}")).unwrap_or_default();
    format!(
        "  judged at {} ({time_from}), purpose {role}, security level {}, store semantics {lookup}{partial}{host}{ip}",
        date_text(question.time),
        question.security_level
    )
}

/// The errors as `openssl verify` prints them, and what could not be checked.
fn errors(answer: &PathValidation) -> impl Iterator<Item = String> {
    let unchecked = answer.unchecked.iter().map(|unchecked| {
        format!(
            "signature at {} depth not checked: this program lacks the algorithm",
            unchecked.depth
        )
    });
    answer.errors.iter().map(ToString::to_string).chain(unchecked)
}

/// The path as a tree: each certificate, and below it what was tried as its issuer.
#[must_use]
pub fn tree(answer: &PathValidation, place: &dyn Fn(Origin) -> String) -> Vec<String> {
    let mut lines = Vec::new();
    for (depth, link) in answer.path.iter().enumerate() {
        let own = if link.certificate.is_self_signed() { ", self-signed" } else { "" };
        lines.push(format!("{depth} {} [{}{own}]", name(&link.certificate), place(link.origin)));
        let tried: Vec<&Candidate> =
            answer.candidates.iter().filter(|candidate| candidate.depth == depth).collect();
        let last = depth + 1 == answer.path.len();
        if tried.is_empty() && last && !link.certificate.is_self_signed() && !answer.ok() {
            // An error in front of the search, such as a weak key, ends the verification.
            let searched = answer.errors.iter().any(VerifyError::lacks_trust);
            let found = if searched {
                "not sent, and not in the trust store"
            } else {
                "not looked for, because the verification ended before"
            };
            lines.push(format!("    issuer {}: {found}", link.certificate.issuer));
        }
        lines.extend(tried.iter().take(SHOWN).map(|tried| format!("    {}", line(tried, place))));
        if let Some(more @ 1..) = tried.len().checked_sub(SHOWN) {
            lines.push(format!("    and {}", count(more as u64, "more candidate")));
        }
    }
    lines
}

fn line(tried: &Candidate, place: &dyn Fn(Origin) -> String) -> String {
    let (outcome, reason) = outcome_words(tried.outcome);
    format!(
        "{outcome}: {} [{}]: {reason}; signature {}",
        name(&tried.certificate),
        place(tried.origin),
        signature_words(tried.signature)
    )
}

fn name(certificate: &Certificate) -> String {
    format!("{} (serial {})", subject(certificate), certificate.serial)
}
