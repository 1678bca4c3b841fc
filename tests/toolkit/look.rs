//! Analyses bytes with the library and says what was seen, in the words of the
//! JSON document.

use std::io::Cursor;

use serde_json::{Map, Value};
use tlsight::limits::Limits;
use tlsight::pipeline::{Config, Source, analyze};
use tlsight::report::{Report, json};

/// The report on a capture in memory.
pub(crate) fn report(bytes: &[u8], limits: &Limits) -> Report {
    let config = Config { limits: limits.clone(), ..Config::default() };
    analyze(vec![source(bytes)], &config)
}

/// A capture in memory.
pub(crate) fn source(bytes: &[u8]) -> Source {
    Source::Stream { name: "test".into(), bytes: Box::new(Cursor::new(bytes.to_vec())) }
}

/// The JSON document on a capture in memory.
pub(crate) fn document(bytes: &[u8]) -> Value {
    to_value(&report(bytes, &Limits::default()))
}

pub(crate) fn to_value(report: &Report) -> Value {
    let mut text = Vec::new();
    json::write(report, &mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The connections of a document.
pub(crate) fn connections(document: &Value) -> &[Value] {
    document["connections"].as_array().unwrap()
}

/// The only connection of a document.
pub(crate) fn only(document: &Value) -> &Value {
    let all = connections(document);
    assert_eq!(all.len(), 1, "one connection expected: {document:#}");
    &all[0]
}

/// What a connection says whatever the way it was captured in: no frame numbers,
/// times, addresses and packet counts.
pub(crate) fn facts(connection: &Value) -> Value {
    const OF_THE_CAPTURE: [&str; 11] = [
        "input",
        "stream",
        "client",
        "server",
        "tcp",
        "encapsulation",
        "name_check",
        "service",
        "timing",
        "inferred",
        "judged_at",
    ];
    let mut facts = connection.clone();
    let fields = facts.as_object_mut().unwrap();
    OF_THE_CAPTURE.iter().for_each(|field| drop(fields.remove(*field)));
    // Between the directions, order is a matter of the capture too.
    if let Some(alerts) = facts["alerts"].as_array_mut() {
        alerts.sort_by_key(|alert| alert["from"].to_string());
    }
    // What is concluded from record lengths rests on the order of both directions;
    // where that is unsure nothing is concluded.
    const INFERRED: [&str; 2] = ["tls13-server-key-type", "tls13-mtls-inferred"];
    if let Some(findings) = facts["findings"].as_array_mut() {
        findings.retain(|rule| !INFERRED.iter().any(|inferred| rule == inferred));
    }
    forget_places(&mut facts);
    facts
}

fn forget_places(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !is_place(name));
            fields.values_mut().for_each(forget_places);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_places),
        _ => {}
    }
}

/// The stage of an alert is told by the order of both directions in the capture.
fn is_place(field: &str) -> bool {
    field == "stage"
        || ["frame", "frames", "time"]
            .iter()
            .any(|end| field == *end || field.ends_with(&format!("_{end}")))
}

/// The fields in which two connections differ, each with both values.
pub(crate) fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let empty = Map::new();
    let (expected, found) =
        (expected.as_object().unwrap_or(&empty), found.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = expected.keys().chain(found.keys()).collect();
    names.sort();
    names.dedup();
    let differs = names.into_iter().filter(|name| expected.get(*name) != found.get(*name));
    differs
        .map(|name| {
            format!("{name}: {}, not {}", short(found.get(name)), short(expected.get(name)))
        })
        .collect()
}

fn short(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "absent".to_owned(), Value::to_string);
    let mut end = text.len().min(240);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if end == text.len() { text } else { format!("{}...", &text[..end]) }
}

/// The ledger's classes sum to the number of TCP connections, in every capture and
/// in all together.
pub(crate) fn assert_ledger_sums(what: &str, report: &Report) {
    for capture in &report.captures {
        let sum: u64 = capture.ledger.values().sum();
        assert_eq!(sum, capture.tcp_connections, "{what}: the ledger does not sum");
    }
}

/// The connections, without how one ended that was under way, and without why its certificate
/// was not judged then: a file that is cut in the middle of a frame says so, one that ends
/// between two does not.
pub(crate) fn without_sudden_ends(report: &Value) -> Value {
    let mut connections = report["connections"].clone();
    for connection in connections.as_array_mut().unwrap() {
        let ending = connection["handshake"].as_str().unwrap();
        if ["unanswered", "unfinished", "cut_off"].contains(&ending) {
            let fields = connection.as_object_mut().unwrap();
            for field in ["handshake", "findings", "worst_severity"] {
                fields.remove(field).unwrap();
            }
            fields.retain(|_, value| value.get("not_judged").is_none());
        }
    }
    connections
}
