//! The document of `tlsight trust --json`.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use super::trust::CertificateContent;
use crate::report::store::{StoreExamination, is_weighty, remark_text, remark_word};
use crate::time::date_text;
use crate::trust::{Remark, Store};
use crate::wire::text::hex;

#[derive(Serialize)]
struct ExaminationDocument<'a> {
    ok: bool,
    time: String,
    time_from: &'a str,
    anchors: Vec<AnchorDocument<'a>>,
    unreadable_blocks: Vec<BlockDocument<'a>>,
}

#[derive(Serialize)]
struct AnchorDocument<'a> {
    number: usize,
    source: &'a str,
    line: usize,
    sha256: String,
    #[serde(flatten)]
    content: CertificateContent,
    remarks: Vec<RemarkDocument>,
}

#[derive(Serialize)]
struct RemarkDocument {
    kind: &'static str,
    weighty: bool,
    /// Number of the earlier anchor that the remark compares with.
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier: Option<usize>,
    text: String,
}

#[derive(Serialize)]
struct BlockDocument<'a> {
    source: &'a str,
    line: usize,
    reason: String,
}

/// Writes an examined store.
///
/// # Errors
/// What the writer says.
pub fn write_store(examination: &StoreExamination<'_>, out: &mut impl Write) -> io::Result<()> {
    let store = examination.store;
    let anchors = store.anchors().iter().enumerate().map(|(position, anchor)| AnchorDocument {
        number: position + 1,
        source: &anchor.source,
        line: anchor.line,
        sha256: hex(&anchor.certificate.sha256),
        content: CertificateContent::of(&anchor.certificate),
        remarks: examination.about(position).map(|remark| document(store, remark)).collect(),
    });
    let blocks = store.unreadable().iter().map(|block| BlockDocument {
        source: &block.source,
        line: block.line,
        reason: block.reason.to_string(),
    });
    let document = ExaminationDocument {
        ok: !examination.has_weighty_remark(),
        time: date_text(examination.time),
        time_from: examination.time_from,
        anchors: anchors.collect(),
        unreadable_blocks: blocks.collect(),
    };
    formatter::pretty(&document, out)
}

fn document(store: &Store, remark: Remark) -> RemarkDocument {
    let earlier = match remark {
        Remark::SameSubjectOtherKey { earlier, .. } | Remark::Duplicate { earlier, .. } => {
            Some(earlier + 1)
        }
        _ => None,
    };
    RemarkDocument {
        kind: remark_word(remark),
        weighty: is_weighty(remark),
        earlier,
        text: remark_text(store, remark),
    }
}
