//! A trust store examined: each anchor in file order, and what is odd about it.

use super::json::usage_name;
use super::page::{FAINT, HEADING, Look, Page, WARNING};
use super::words::{date, subject};
use crate::time::date_text;
use crate::trust::{Anchor, Remark, Store, examine};
use crate::wire::text::{count, hex};
use crate::x509::Certificate;

/// A store and what was remarked about it.
#[derive(Debug)]
pub struct StoreExamination<'a> {
    /// The store.
    pub store: &'a Store,
    /// Unix seconds at which validity was judged.
    pub time: i64,
    /// Where that time comes from: `now`, `--at`.
    pub time_from: &'a str,
    /// What is odd.
    pub remarks: Vec<Remark>,
}

impl<'a> StoreExamination<'a> {
    /// Looks the store over.
    #[must_use]
    pub fn new(store: &'a Store, time: i64, time_from: &'a str) -> Self {
        Self { store, time, time_from, remarks: examine(store, time) }
    }

    /// Whether a remark says that the store will fail somebody.
    #[must_use]
    pub fn has_weighty_remark(&self) -> bool {
        self.remarks.iter().copied().any(is_weighty)
    }

    /// The remarks about one anchor.
    pub fn about(&self, anchor: usize) -> impl Iterator<Item = Remark> {
        self.remarks.iter().copied().filter(move |remark| anchor_of(*remark) == Some(anchor))
    }
}

/// Which anchor a remark is about; none for a block that cannot be read.
const fn anchor_of(remark: Remark) -> Option<usize> {
    match remark {
        Remark::Expired { anchor }
        | Remark::NotYetValid { anchor }
        | Remark::SameSubjectOtherKey { anchor, .. }
        | Remark::Duplicate { anchor, .. }
        | Remark::IssuerMissing { anchor }
        | Remark::Leaf { anchor, .. } => Some(anchor),
        Remark::Unreadable { .. } => None,
    }
}

/// Whether a remark says that somebody may be refused because of it.
#[must_use]
pub const fn is_weighty(remark: Remark) -> bool {
    matches!(
        remark,
        Remark::Expired { .. }
            | Remark::NotYetValid { .. }
            | Remark::SameSubjectOtherKey { .. }
            | Remark::Unreadable { .. }
    )
}

/// A word for the kind of remark, for programs.
#[must_use]
pub const fn remark_word(remark: Remark) -> &'static str {
    match remark {
        Remark::Expired { .. } => "expired",
        Remark::NotYetValid { .. } => "not-yet-valid",
        Remark::SameSubjectOtherKey { .. } => "same-subject-other-key",
        Remark::Duplicate { .. } => "duplicate",
        Remark::IssuerMissing { .. } => "issuer-missing",
        Remark::Leaf { .. } => "leaf",
        Remark::Unreadable { .. } => "unreadable",
    }
}

/// A remark in words.
#[must_use]
pub fn remark_text(store: &Store, remark: Remark) -> String {
    match remark {
        Remark::Expired { .. } => "expired: every chain that ends here is refused".into(),
        Remark::NotYetValid { .. } => "not valid yet, or its dates cannot be read".into(),
        Remark::SameSubjectOtherKey { earlier, .. } => format!(
            "same subject as {}, with another key: Expressway takes the first of a subject only (CSCwa12894), so this one is as if absent; OpenSSL does the same where the certificates below carry no authority key identifier",
            place(store, earlier)
        ),
        Remark::Duplicate { earlier, .. } => {
            format!("the same certificate as {}", place(store, earlier))
        }
        Remark::IssuerMissing { .. } => {
            "not self-signed, and its issuer is not in the store: without a partial chain it vouches for nobody".into()
        }
        Remark::Leaf { self_signed: true, .. } => {
            "no CA certificate: trusted as itself, vouches for nobody else".into()
        }
        Remark::Leaf { self_signed: false, .. } => {
            "no CA certificate and not self-signed: without a partial chain it is not even trusted as itself".into()
        }
        Remark::Unreadable { block } => {
            let reason = store.unreadable().get(block).map(|block| block.reason.to_string());
            reason.unwrap_or_default()
        }
    }
}

/// `no. 2 (ca.pem line 31)`.
fn place(store: &Store, anchor: usize) -> String {
    let line = store.anchors().get(anchor).map(|at| format!(" ({} line {})", at.source, at.line));
    format!("no. {}{}", anchor + 1, line.unwrap_or_default())
}

/// The examination for people.
#[must_use]
pub fn render(examination: &StoreExamination<'_>, look: Look) -> String {
    let store = examination.store;
    let mut page = Page::new(look);
    page.fact(&format!(
        "{}, {}; judged at {} ({})",
        count(store.anchors().len() as u64, "certificate"),
        count(store.unreadable().len() as u64, "unreadable block"),
        date_text(examination.time),
        examination.time_from
    ));
    for (position, anchor) in store.anchors().iter().enumerate() {
        page.blank();
        let from = page.place();
        page.fact(&anchor_title(position, anchor));
        page.paint_lines(from, HEADING);
        for line in anchor_lines(anchor) {
            page.fact(&line);
        }
        for remark in examination.about(position) {
            remark_line(&mut page, is_weighty(remark), &remark_text(store, remark));
        }
    }
    if !store.unreadable().is_empty() {
        page.heading("Unreadable blocks");
    }
    for block in store.unreadable() {
        let text = format!("{} line {}: {}", block.source, block.line, block.reason);
        remark_line(&mut page, true, &text);
    }
    page.into_text()
}

fn remark_line(page: &mut Page, weighty: bool, text: &str) {
    let (sign, style) = if weighty { ("!", WARNING) } else { ("-", FAINT) };
    let from = page.place();
    page.fact(&format!("  {sign} {text}"));
    page.paint(from, sign, style);
}

fn anchor_title(position: usize, anchor: &Anchor) -> String {
    let subject = subject(&anchor.certificate);
    format!("{} {} line {}: {subject}", position + 1, anchor.source, anchor.line)
}

fn anchor_lines(anchor: &Anchor) -> Vec<String> {
    let certificate = &anchor.certificate;
    let mut lines = Vec::new();
    if certificate.is_self_signed() {
        lines.push("  self-signed".into());
    } else {
        lines.push(format!("  issuer  {}", certificate.issuer));
    }
    lines.push(format!("  serial  {}", certificate.serial));
    lines.push(format!(
        "  valid   {} to {}",
        date(&certificate.not_before),
        date(&certificate.not_after)
    ));
    lines.push(format!(
        "  key     {}, signed with {}",
        certificate.public_key.label(),
        certificate.signature_algorithm.name()
    ));
    lines.push(format!("  usage   {}", usage(certificate)));
    lines.push(format!("  SHA-256 {}", hex(&certificate.sha256)));
    lines
}

/// What the certificate may be used for, by its extensions.
fn usage(certificate: &Certificate) -> String {
    let extensions = &certificate.extensions;
    let mut parts = vec![match extensions.basic_constraints {
        Some(basic) if basic.ca => match basic.path_len {
            Some(length) => format!("CA, path length {length}"),
            None => "CA".to_owned(),
        },
        None if certificate.version == 1 => "version 1, no extensions".to_owned(),
        _ => "no CA".to_owned(),
    }];
    parts.extend(extensions.key_usage.map(|usage| usage.names().join(", ")));
    parts.extend(extensions.extended_key_usage.as_ref().map(|list| {
        let names: Vec<String> = list.iter().map(usage_name).collect();
        format!("only for {}", names.join(", "))
    }));
    parts.join("; ")
}
