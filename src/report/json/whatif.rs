//! The document of `tlsight whatif --json` and `tlsight forecast --json`.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use crate::foresight::{
    Before, ChainWord, Ending, FirstAlert, Foreseen, NameWord, Note, Outlook, Predicted,
    Prediction, Reason,
};
use crate::report::Report;
use crate::tls::names;
use crate::wire::text::hex;

#[derive(Serialize)]
struct OutlookDocument<'o> {
    changes: &'o [String],
    notes: Vec<NoteDocument<'o>>,
    /// Connections for which there was no room.
    not_foretold: u64,
    connections: Vec<ForeseenDocument<'o>>,
}

#[derive(Serialize)]
struct NoteDocument<'o> {
    id: &'static str,
    text: &'o str,
    source: Option<&'static str>,
}

#[derive(Serialize)]
struct ForeseenDocument<'o> {
    capture: usize,
    stream: u64,
    client: String,
    server: String,
    sni: Option<&'o str>,
    /// Whether the client is one that is changed.
    changed: bool,
    fate: &'static str,
    before: BeforeDocument,
    after: AfterDocument<'o>,
    /// A command for a shell; null where there is none.
    confirm: Option<&'o str>,
}

#[derive(Serialize)]
struct BeforeDocument {
    version: Option<String>,
    suite: Option<String>,
    certificate_sha256: Option<String>,
    chain: &'static str,
    /// OpenSSL's number where the chain is refused.
    chain_error: Option<u32>,
    name: &'static str,
    outcome: &'static str,
    alert: Option<AlertDocument>,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
struct AlertDocument {
    /// Null when it was encrypted.
    code: Option<u8>,
    from: &'static str,
}

#[derive(Serialize)]
struct AfterDocument<'o> {
    version: ValueDocument<'o, String>,
    suite: ValueDocument<'o, String>,
    certificate_sha256: ValueDocument<'o, String>,
    chain: ValueDocument<'o, &'static str>,
    chain_error: ValueDocument<'o, Option<u32>>,
    name: ValueDocument<'o, &'static str>,
    outcome: ValueDocument<'o, &'static str>,
    alert: ValueDocument<'o, Option<AlertDocument>>,
}

/// A value with what it rests on, or why it is not known.
#[derive(Serialize)]
#[serde(untagged)]
enum ValueDocument<'o, T> {
    Known { value: T, because: Vec<ReasonDocument<'o>> },
    Unknown { unknown: &'o str, possible: Vec<T> },
}

#[derive(Serialize)]
struct ReasonDocument<'o> {
    text: &'o str,
    #[serde(skip_serializing_if = "Option::is_none")]
    capture: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
}

/// Writes what a change does.
///
/// # Errors
/// What the writer says.
pub fn write_outlook(report: &Report, outlook: &Outlook, out: &mut impl Write) -> io::Result<()> {
    let connections = outlook.connections.iter().map(ForeseenDocument::of).collect();
    let notes = outlook.notes.iter().map(NoteDocument::of).collect();
    let not_foretold = report.left_out();
    let changes = &outlook.changes;
    formatter::pretty(&OutlookDocument { changes, notes, not_foretold, connections }, out)
}

impl<'o> NoteDocument<'o> {
    fn of(note: &'o Note) -> Self {
        Self { id: note.id, text: &note.text, source: note.source }
    }
}

impl<'o> ForeseenDocument<'o> {
    fn of(one: &'o Foreseen) -> Self {
        Self {
            capture: one.capture,
            stream: one.stream,
            client: one.client.to_string(),
            server: one.server.to_string(),
            sni: one.server_name.as_deref(),
            changed: one.touched,
            fate: one.fate().word(),
            before: BeforeDocument::of(&one.before),
            after: AfterDocument::of(&one.after),
            confirm: one.confirm.as_deref(),
        }
    }
}

const UNKNOWN: &str = "unknown";

impl BeforeDocument {
    fn of(before: &Before) -> Self {
        Self {
            version: before.version.map(|code| names::version_name(code).into_owned()),
            suite: before.suite.map(|code| names::cipher_suite_name(code).into_owned()),
            certificate_sha256: before.certificate.as_ref().map(|one| hex(one.sha256())),
            chain: before.chain.value().map_or(UNKNOWN, |chain| chain.word()),
            chain_error: before.chain.value().copied().and_then(error),
            name: before.name.value().map_or(UNKNOWN, |name| name.word()),
            outcome: before.outcome.value().map_or(UNKNOWN, |outcome| outcome.word()),
            alert: before.alert.map(AlertDocument::of),
        }
    }
}

fn error(chain: ChainWord) -> Option<u32> {
    match chain {
        ChainWord::Accepted => None,
        ChainWord::Refused(error) => Some(error.code),
    }
}

impl AlertDocument {
    const fn of(alert: FirstAlert) -> Self {
        Self { code: alert.code, from: alert.from.name() }
    }
}

impl<'o> AfterDocument<'o> {
    fn of(after: &'o Prediction) -> Self {
        let version = |code: &u16| names::version_name(*code).into_owned();
        let suite = |code: &u16| names::cipher_suite_name(*code).into_owned();
        Self {
            version: ValueDocument::of(&after.version, version),
            suite: ValueDocument::of(&after.suite, suite),
            certificate_sha256: ValueDocument::of(&after.certificate, |one| hex(&one.sha256)),
            chain: ValueDocument::of(&after.chain, |chain| chain.word()),
            chain_error: ValueDocument::of(&after.chain, |chain| error(*chain)),
            name: ValueDocument::of(&after.name, |name: &NameWord| name.word()),
            outcome: ValueDocument::of(&after.outcome, |outcome: &Ending| outcome.word()),
            alert: ValueDocument::of(&after.alert, |alert| alert.map(AlertDocument::of)),
        }
    }
}

impl<'o, T: PartialEq> ValueDocument<'o, T> {
    fn of<V>(predicted: &'o Predicted<V>, word: impl Fn(&V) -> T) -> Self {
        match predicted {
            Predicted::Known { value, because } => Self::Known {
                value: word(value),
                because: because.iter().map(ReasonDocument::of).collect(),
            },
            Predicted::Unknown { reason, possible } => {
                let mut words: Vec<T> = Vec::new();
                for value in possible.iter().map(word) {
                    if !words.contains(&value) {
                        words.push(value);
                    }
                }
                Self::Unknown { unknown: reason, possible: words }
            }
        }
    }
}

impl<'o> ReasonDocument<'o> {
    fn of(reason: &'o Reason) -> Self {
        Self {
            text: &reason.text,
            capture: reason.seen.map(|seen| seen.capture),
            stream: reason.seen.map(|seen| seen.stream),
            frame: reason.seen.map(|seen| seen.frame),
            source: reason.source,
        }
    }
}
