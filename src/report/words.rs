//! What the renderers say in the same words.

use std::collections::BTreeMap;

use super::model::Report;
use crate::connection::NotJudged;
use crate::foresight::Seen;
use crate::packet::Skipped;
use crate::rules::{Text, Values};
use crate::time::date_text;
use crate::tls::Role;
use crate::trust::{Conclusion, NotChecked, Outcome, SignatureVerdict, StoreSemantics};
use crate::wire::text::count;
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

/// `3 certificate chains of servers: no trust store given (--trust)`.
/// The reason is that of [`NotJudged`].
pub(super) fn unjudged_chains(role: Role, reason: &str, chains: u64) -> String {
    let without_store = reason == NotJudged::NoTrustStore.reason();
    let why = match role {
        Role::Server if without_store => "no trust store given (--trust)",
        Role::Client if without_store => "no trust store of the servers given (--peer-trust)",
        _ => reason,
    };
    let whose = if role == Role::Server { "servers" } else { "clients" };
    format!("{} of {whose}: {why}", count(chains, "certificate chain"))
}

/// The word of the JSON document for frames without a TCP segment.
pub(super) fn skipped_word(reason: Skipped) -> String {
    match reason {
        Skipped::LinkType(link) => format!("{LINK_TYPE}{}", link.0),
        Skipped::NoPacket => "no_packet".into(),
        Skipped::NotIp => "not_ip".into(),
        Skipped::Encrypted => ENCRYPTED.into(),
        Skipped::Dtls => "dtls".into(),
        Skipped::Quic => "quic".into(),
        Skipped::NotTcp => "not_tcp".into(),
        Skipped::CutHeader => "header_cut".into(),
        Skipped::Malformed => "malformed_header".into(),
        Skipped::TooDeep => "too_many_encapsulations".into(),
    }
}

/// The word for frames that are encrypted below IP.
const ENCRYPTED: &str = "encrypted_link";

/// Begins the word for frames of an unknown link type; its number follows.
const LINK_TYPE: &str = "link_type_";

/// These words in the order in which they are told, and what they mean.
const SKIPPED: [(&str, &str); 9] = [
    ("dtls", "DTLS (TLS over UDP)"),
    ("quic", "QUIC (TLS 1.3 over UDP)"),
    ("not_tcp", "IP but not TCP"),
    ("not_ip", "not IP"),
    (ENCRYPTED, "encrypted below IP (Wi-Fi, MACsec)"),
    ("no_packet", "no packets (journal entries, events, custom blocks)"),
    ("header_cut", "cut inside the headers"),
    ("malformed_header", "with malformed headers"),
    ("too_many_encapsulations", "with too many encapsulations"),
];

/// `8 IP but not TCP, 2 of unknown link type 127`, from counts by [`skipped_word`]; nothing
/// where no frame was skipped.
pub(super) fn skipped_text<'w>(counts: impl IntoIterator<Item = (&'w str, u64)>) -> String {
    let counts: BTreeMap<&str, u64> = counts.into_iter().collect();
    let usual = SKIPPED
        .iter()
        .filter_map(|(word, meaning)| Some(format!("{} {meaning}", counts.get(word)?)));
    let unknown = counts.iter().filter_map(|(word, frames)| {
        let link = word.strip_prefix(LINK_TYPE)?;
        Some(format!("{frames} of unknown link type {link}"))
    });
    usual.chain(unknown).collect::<Vec<_>>().join(", ")
}

/// Whether the word is that of frames of which nothing could be read: of an unknown link type, or
/// encrypted below IP.
pub(super) fn is_unread(word: &str) -> bool {
    word.starts_with(LINK_TYPE) || word == ENCRYPTED
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
        NotIssuer::UnknownSignature => {
            "the signature algorithm is not one that OpenSSL is known to have"
        }
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

/// A text of a rule without places to fill.
pub(super) fn words(text: Text) -> String {
    text.fill(&Values::new())
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
    let frame = capture.map_or_else(
        || seen.frame.to_string(),
        |one| one.frames_among(&[seen.frame], report.captures.len()),
    );
    format!("stream {}, frame {frame}", seen.stream)
}
