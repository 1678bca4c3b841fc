//! The document of `tlsight diff --json`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use crate::report::diff::{
    ApplianceDifference, Aspect, Change, Class, Content, Difference, Half, LegDifference, Seen,
    Side, StoreDifference, Value,
};
use crate::report::model::{CaptureReport, SCHEMA_VERSION};
use crate::wire::text::hex;
use crate::x509::Certificate;

#[derive(Serialize)]
struct DiffDocument<'a> {
    schema_version: u32,
    tool: &'static str,
    before: SideDocument,
    after: SideDocument,
    /// Legs by class.
    summary: BTreeMap<String, u64>,
    /// Legs that fail after, broken or not.
    failing_after: usize,
    expressways: Vec<ApplianceDocument<'a>>,
    trust_store: Option<StoreDocument>,
    peer_trust_store: Option<StoreDocument>,
    legs: Vec<LegDocument<'a>>,
}

#[derive(Serialize)]
struct SideDocument {
    inputs: Vec<String>,
    tls_connections: usize,
    errors: Vec<String>,
}

#[derive(Serialize)]
struct ApplianceDocument<'a> {
    name: &'a str,
    known_before: bool,
    known_after: bool,
    changes: Vec<SettingDocument<'a>>,
    trust_list: Option<StoreDocument>,
    not_compared: &'a [&'static str],
}

#[derive(Serialize)]
struct SettingDocument<'a> {
    what: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

#[derive(Serialize)]
struct StoreDocument {
    added: Vec<CertificateDocument>,
    removed: Vec<CertificateDocument>,
    reordered: bool,
}

#[derive(Serialize)]
struct CertificateDocument {
    subject: String,
    issuer: String,
    serial: String,
    sha256: String,
}

#[derive(Serialize)]
struct LegDocument<'a> {
    class: String,
    fails_after: bool,
    before: Option<HalfDocument<'a>>,
    after: Option<HalfDocument<'a>>,
    changes: Vec<ChangeDocument<'a>>,
}

#[derive(Serialize)]
struct HalfDocument<'a> {
    client: String,
    client_is: &'static str,
    server: String,
    server_is: &'static str,
    server_name: Option<&'a str>,
    service: Option<&'static str>,
    state: String,
    connections: u64,
    completed: u64,
    failed: u64,
    outcomes: Vec<ValueDocument<'a>>,
    causes: Vec<ValueDocument<'a>>,
    streams: Vec<StreamDocument>,
}

#[derive(Serialize)]
struct StreamDocument {
    input: usize,
    stream: u64,
}

#[derive(Serialize)]
struct ChangeDocument<'a> {
    what: &'static str,
    /// Whether both sides are visible: else nothing is known to have changed.
    known: bool,
    before: SeenDocument<'a>,
    after: SeenDocument<'a>,
}

#[derive(Serialize)]
struct SeenDocument<'a> {
    values: Vec<ValueDocument<'a>>,
    not_visible: Option<&'static str>,
}

#[derive(Serialize)]
struct ValueDocument<'a> {
    text: &'a str,
    connections: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<BTreeMap<String, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<&'a [String]>,
}

/// Writes the comparison of two runs.
///
/// # Errors
/// What the writer says.
pub fn write_diff(
    before: Side<'_>,
    after: Side<'_>,
    difference: &Difference,
    out: &mut impl Write,
) -> io::Result<()> {
    let summary = Class::ALL.into_iter().map(|class| (word(class.word()), difference.count(class)));
    let document = DiffDocument {
        schema_version: SCHEMA_VERSION,
        tool: concat!("tlsight ", env!("CARGO_PKG_VERSION")),
        before: SideDocument::of(before),
        after: SideDocument::of(after),
        summary: summary.collect(),
        failing_after: difference.legs.iter().filter(|leg| leg.fails_after()).count(),
        expressways: difference.appliances.iter().map(ApplianceDocument::of).collect(),
        trust_store: difference.store.as_ref().map(StoreDocument::of),
        peer_trust_store: difference.peer_store.as_ref().map(StoreDocument::of),
        legs: difference.legs.iter().map(LegDocument::of).collect(),
    };
    formatter::pretty(&document, out)
}

/// `only before` as a word of the document.
fn word(words: &str) -> String {
    words.replace([' ', '-'], "_").to_ascii_lowercase()
}

impl SideDocument {
    fn of(side: Side<'_>) -> Self {
        let report = side.report;
        let errors = report.captures.iter().flat_map(|capture| &capture.errors);
        Self {
            inputs: report.captures.iter().map(CaptureReport::name).collect(),
            tls_connections: report
                .connections
                .iter()
                .filter(|judged| judged.same_as.is_none())
                .count(),
            errors: errors.cloned().collect(),
        }
    }
}

impl<'a> ApplianceDocument<'a> {
    fn of(appliance: &'a ApplianceDifference) -> Self {
        let (known_before, known_after) = appliance.known;
        let changes = appliance.changes.iter().map(|change| SettingDocument {
            what: &change.what,
            before: change.before.as_deref(),
            after: change.after.as_deref(),
        });
        Self {
            name: &appliance.title,
            known_before,
            known_after,
            changes: changes.collect(),
            trust_list: appliance.store.as_ref().map(StoreDocument::of),
            not_compared: &appliance.not_compared,
        }
    }
}

impl StoreDocument {
    fn of(store: &StoreDifference) -> Self {
        let document = |one: &std::sync::Arc<Certificate>| CertificateDocument {
            subject: one.subject.to_string(),
            issuer: one.issuer.to_string(),
            serial: one.serial.to_string(),
            sha256: hex(&one.sha256),
        };
        Self {
            added: store.added.iter().map(document).collect(),
            removed: store.removed.iter().map(document).collect(),
            reordered: store.reordered,
        }
    }
}

impl<'a> LegDocument<'a> {
    fn of(leg: &'a LegDifference) -> Self {
        Self {
            class: word(leg.class.word()),
            fails_after: leg.fails_after(),
            before: leg.before.as_ref().map(HalfDocument::of),
            after: leg.after.as_ref().map(HalfDocument::of),
            changes: leg.changes.iter().map(ChangeDocument::of).collect(),
        }
    }
}

impl<'a> HalfDocument<'a> {
    fn of(half: &'a Half) -> Self {
        let values = |aspect| half.seen(aspect).map(ValueDocument::all).unwrap_or_default();
        let stream = |&(input, stream): &(usize, u64)| StreamDocument { input, stream };
        Self {
            client: half.client.to_string(),
            client_is: half.leg.client.word(),
            server: half.server.to_string(),
            server_is: half.leg.server.word(),
            server_name: half.name.as_deref(),
            service: half.leg.service.map(|service| service.name),
            state: word(half.state().word()),
            connections: half.connections,
            completed: half.completed,
            failed: half.failed,
            outcomes: values(Aspect::Outcome),
            causes: values(Aspect::Cause),
            streams: half.streams.iter().map(stream).collect(),
        }
    }
}

impl<'a> ChangeDocument<'a> {
    fn of(change: &'a Change) -> Self {
        Self {
            what: change.aspect.word(),
            known: change.is_known(),
            before: SeenDocument::of(&change.before),
            after: SeenDocument::of(&change.after),
        }
    }
}

impl<'a> SeenDocument<'a> {
    fn of(seen: &'a Seen) -> Self {
        let values = ValueDocument::all(seen);
        let not_visible = seen.hidden.filter(|_| values.is_empty());
        Self { values, not_visible }
    }
}

impl<'a> ValueDocument<'a> {
    fn all(seen: &'a Seen) -> Vec<Self> {
        seen.values().map(|(value, connections)| Self::of(value, *connections)).collect()
    }

    fn of(value: &'a Value, connections: u64) -> Self {
        let (parts, list) = match &value.content {
            Content::Plain => (None, None),
            Content::Parts(parts) => {
                let part = |(name, text): &'a (&'static str, String)| (word(name), text.as_str());
                (Some(parts.iter().map(part).collect()), None)
            }
            Content::List(list) => (None, Some(list.as_slice())),
        };
        Self { text: &value.text, connections, parts, list }
    }
}
