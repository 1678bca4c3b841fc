//! Outcomes of path validation in words, the same in text and JSON.

use super::model::Report;
use crate::foresight::Seen;
use crate::time::date_text;
use crate::trust::{Conclusion, NotChecked, Outcome, SignatureVerdict, StoreSemantics};
use crate::x509::{Certificate, NotIssuer, Time};

/// One word for the answer.
pub(super) const fn conclusion_word(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Accepted => "accepted",
        Conclusion::Refused => "refused",
        Conclusion::Undecided => "undecided",
        Conclusion::TooMuchWork(_) => "too much work",
    }
}

/// `1 matches the filters`, `0 match the filters`.
pub(super) fn match_filters(connections: u64) -> String {
    format!("{connections} match{} the filters", if connections == 1 { "es" } else { "" })
}

/// `openssl` or `expressway`.
pub(super) const fn semantics_word(semantics: StoreSemantics) -> &'static str {
    match semantics {
        StoreSemantics::OpenSsl => "openssl",
        StoreSemantics::Expressway => "expressway",
    }
}

/// What became of a candidate, and why.
pub(super) const fn outcome_words(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Taken => ("taken", "the first that fits"),
        Outcome::NotIssuer(reason) => ("rejected", not_issuer_words(reason)),
        Outcome::Passed => ("passed over", "another one comes first, or is valid where it is not"),
        Outcome::InPath => ("rejected", "it is in the path already"),
        Outcome::NotTheSame => {
            ("rejected", "it has the name of the self-signed certificate, but is another one")
        }
    }
}

const fn not_issuer_words(reason: NotIssuer) -> &'static str {
    match reason {
        NotIssuer::Name => "it has another name",
        NotIssuer::Inconsistent => "an extension is broken or there twice",
        NotIssuer::KeyIdentifier => "the authority key identifier names another key",
        NotIssuer::IssuerSerial => {
            "the authority key identifier names another issuer or serial number"
        }
        NotIssuer::NoKey => "its key cannot be read",
        NotIssuer::UnknownSignature => "OpenSSL does not know the signature algorithm",
        NotIssuer::KeyKind => "the signature was made by another kind of key",
    }
}

/// Whether a signature was made by the key of the candidate.
pub(super) fn signature_words(signature: SignatureVerdict) -> String {
    match signature {
        SignatureVerdict::Good => "good".into(),
        SignatureVerdict::Bad => "bad".into(),
        SignatureVerdict::NotChecked(NotChecked::Budget) => "not checked (limit)".into(),
        SignatureVerdict::NotChecked(_) => "not checked (algorithm)".into(),
    }
}

/// The subject, or a word for none.
pub(super) fn subject(certificate: &Certificate) -> String {
    if certificate.subject.is_empty() {
        "(no subject)".to_owned()
    } else {
        certificate.subject.to_string()
    }
}

/// A date of a certificate, also one that cannot be read.
pub(super) fn date(time: &Time) -> String {
    time.unix.map_or_else(|| format!("unreadable ({})", time.text), date_text)
}

/// `stream 3, frame 17`, with the name of the capture where there are several.
pub(super) fn place(report: &Report, seen: Seen) -> String {
    let capture = report.captures.get(seen.capture);
    let frame = capture.map_or_else(|| seen.frame.to_string(), |one| one.frame_text(seen.frame));
    let several = report.captures.len() > 1;
    let name = capture.filter(|_| several).map(|one| format!(" of {}", one.name()));
    format!("stream {}, frame {frame}{}", seen.stream, name.unwrap_or_default())
}
