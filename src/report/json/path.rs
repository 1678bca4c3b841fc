//! What path validation says, in JSON: errors, the path, the tried certificates and
//! the remedy.

use serde::Serialize;

use crate::connection::Chain;
use crate::report::words::{conclusion_word, outcome_words, semantics_word, signature_words};
use crate::trust::{Anchor, Candidate, Needed, Origin, PathValidation, Remedy, VerifyError};
use crate::wire::text::hex;
use crate::x509::Certificate;

/// The verdict on the chain of one side of a connection.
#[derive(Serialize)]
pub(super) struct PathDocument {
    ok: bool,
    conclusion: &'static str,
    errors: Vec<ErrorDocument>,
    path: Vec<LinkDocument>,
    remedy: Option<RemedyDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    otherwise: Option<OtherwiseDocument>,
}

impl PathDocument {
    pub(super) fn of(chain: &Chain) -> Self {
        Self {
            ok: chain.validation.ok(),
            conclusion: conclusion_word(chain.validation.conclusion()),
            errors: errors(&chain.validation.errors),
            path: links(&chain.validation),
            remedy: RemedyDocument::of(chain),
            otherwise: chain.otherwise.as_ref().map(|other| OtherwiseDocument {
                store_semantics: semantics_word(other.semantics),
                ok: other.validation.ok(),
                errors: errors(&other.validation.errors),
            }),
        }
    }
}

/// One error, in OpenSSL's words.
#[derive(Serialize)]
pub(super) struct ErrorDocument {
    code: u32,
    depth: usize,
    text: &'static str,
}

pub(super) fn errors(list: &[VerifyError]) -> Vec<ErrorDocument> {
    let document = |error: &VerifyError| ErrorDocument {
        code: error.code,
        depth: error.depth,
        text: error.text,
    };
    list.iter().map(document).collect()
}

/// One certificate of the path.
#[derive(Serialize)]
pub(super) struct LinkDocument {
    subject: String,
    sha256: String,
    from: &'static str,
}

pub(super) fn links(validation: &PathValidation) -> Vec<LinkDocument> {
    let document = |link: &crate::trust::Link| LinkDocument {
        subject: link.certificate.subject.to_string(),
        sha256: hex(&link.certificate.sha256),
        from: from(link.origin),
    };
    validation.path.iter().map(document).collect()
}

const fn from(origin: Origin) -> &'static str {
    match origin {
        Origin::Store(_) => "store",
        Origin::Leaf | Origin::Peer(_) => "peer",
    }
}

/// What the store answers when it is searched in the other way.
#[derive(Serialize)]
pub(super) struct OtherwiseDocument {
    store_semantics: &'static str,
    ok: bool,
    errors: Vec<ErrorDocument>,
}

/// A certificate that was looked at as an issuer.
#[derive(Serialize)]
pub(super) struct CandidateDocument {
    depth: usize,
    subject: String,
    serial: String,
    sha256: String,
    from: &'static str,
    outcome: &'static str,
    reason: &'static str,
    signature: String,
}

pub(super) fn candidates(list: &[Candidate]) -> Vec<CandidateDocument> {
    let document = |candidate: &Candidate| {
        let (outcome, reason) = outcome_words(candidate.outcome);
        CandidateDocument {
            depth: candidate.depth,
            subject: candidate.certificate.subject.to_string(),
            serial: candidate.certificate.serial.to_string(),
            sha256: hex(&candidate.certificate.sha256),
            from: from(candidate.origin),
            outcome,
            reason,
            signature: signature_words(candidate.signature),
        }
    };
    list.iter().map(document).collect()
}

/// The smallest change of the store that mends the path.
#[derive(Serialize)]
pub(super) struct RemedyDocument {
    add: Vec<AddDocument>,
    remove: Vec<RemoveDocument>,
    remaining: Vec<ErrorDocument>,
    proven: bool,
}

#[derive(Serialize)]
struct AddDocument {
    subject: String,
    serial: Option<String>,
    sha256: Option<String>,
    at_hand: bool,
    sent_by_peer: bool,
    key_id: Option<String>,
    urls: Vec<String>,
}

#[derive(Serialize)]
struct RemoveDocument {
    subject: String,
    serial: String,
    sha256: String,
    source: String,
    line: usize,
}

impl RemedyDocument {
    fn of(chain: &Chain) -> Option<Self> {
        chain.remedy.as_ref().map(|remedy| Self::new(remedy, &chain.in_the_way))
    }

    pub(super) fn new(remedy: &Remedy, in_the_way: &[Anchor]) -> Self {
        Self {
            add: remedy.add.iter().map(AddDocument::of).collect(),
            remove: in_the_way.iter().map(RemoveDocument::of).collect(),
            remaining: errors(&remedy.remaining),
            proven: remedy.proven,
        }
    }
}

impl AddDocument {
    fn of(needed: &Needed) -> Self {
        match needed {
            Needed::Present { certificate, sent_by_peer } => {
                Self::present(certificate, *sent_by_peer)
            }
            Needed::Missing { subject, key, urls } => Self {
                subject: subject.to_string(),
                serial: None,
                sha256: None,
                at_hand: false,
                sent_by_peer: false,
                key_id: key.as_ref().and_then(|key| key.key_id.as_deref()).map(hex),
                urls: urls.clone(),
            },
        }
    }

    fn present(certificate: &Certificate, sent_by_peer: bool) -> Self {
        Self {
            subject: certificate.subject.to_string(),
            serial: Some(certificate.serial.to_string()),
            sha256: Some(hex(&certificate.sha256)),
            at_hand: true,
            sent_by_peer,
            key_id: certificate.extensions.subject_key_id.as_deref().map(hex),
            urls: Vec::new(),
        }
    }
}

impl RemoveDocument {
    fn of(anchor: &Anchor) -> Self {
        Self {
            subject: anchor.certificate.subject.to_string(),
            serial: anchor.certificate.serial.to_string(),
            sha256: hex(&anchor.certificate.sha256),
            source: anchor.source.clone(),
            line: anchor.line,
        }
    }
}
