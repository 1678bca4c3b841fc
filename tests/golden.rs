//! Table and JSON of every sample against the files in tests/golden.
//!
//! One command renews them:
//!
//! ```text
//! SNAPSHOTS=overwrite cargo test --test golden
//! ```
//!
//! Which sample is judged with which trust store stands in samples/README.md.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use snapbox::assert::{Action, DEFAULT_ACTION_ENV};
use snapbox::data::DataFormat;
use snapbox::{Assert, Data, IntoData};
use tlsight::rules::registry;
use toolkit::indent::indented;
use toolkit::program::run;
use toolkit::samples::{self, Sample};

const RENEW: &str = "renew with: SNAPSHOTS=overwrite cargo test --test golden";

fn golden(name: &str, kind: &str) -> PathBuf {
    samples::root().join("tests/golden").join(format!("{name}.{kind}"))
}

/// What the program prints for a sample; diagnostics would be trouble.
fn output(sample: &Sample, flags: &[&str]) -> String {
    let mut args: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    args.extend(sample.args());
    let run = run(&args);
    assert_eq!(run.stderr, "", "{}: nothing to complain about", sample.name);
    assert!(matches!(run.code, Some(0 | 1)), "{}: exit {:?}", sample.name, run.code);
    run.stdout
}

/// Compares with a golden file, or renews it; gives the difference in words.
fn compare(sample: &Sample, kind: &str, text: String) -> Option<String> {
    let expected = Data::read_from(&golden(&sample.name, kind), Some(DataFormat::Text)).raw();
    let assert = Assert::new().action_env(DEFAULT_ACTION_ENV);
    let result = assert.try_eq(Some(&sample.name), text.into_data(), expected);
    result.err().map(|difference| difference.to_string())
}

fn assert_none(differences: &[String]) {
    assert!(differences.is_empty(), "{}\n{RENEW}", differences.join("\n"));
}

#[test]
fn tables_are_as_recorded() {
    let compare = |sample: &Sample| compare(sample, "txt", output(sample, &[]));
    assert_none(&samples::rows().iter().filter_map(compare).collect::<Vec<_>>());
}

#[test]
fn documents_are_as_recorded() {
    let compare = |sample: &Sample| compare(sample, "json", indented(&output(sample, &["--json"])));
    assert_none(&samples::rows().iter().filter_map(compare).collect::<Vec<_>>());
}

/// A golden file whose sample is gone would never fail again.
#[test]
fn every_golden_file_has_its_sample() {
    if Action::with_env_var(DEFAULT_ACTION_ENV) == Some(Action::Overwrite) {
        return; // The other tests are writing them just now.
    }
    let known: BTreeSet<PathBuf> = samples::rows()
        .iter()
        .flat_map(|sample| [golden(&sample.name, "txt"), golden(&sample.name, "json")])
        .collect();
    let there: BTreeSet<PathBuf> = std::fs::read_dir(samples::root().join("tests/golden"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(there, known);
}

fn archives() -> impl Iterator<Item = String> {
    let folder = std::fs::read_dir(samples::root().join("samples/archives")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".tar")).map(|name| format!("samples/archives/{name}"))
}

/// A capture or archive without a row in samples/README.md would be in no test.
#[test]
fn every_capture_has_its_row() {
    let known: BTreeSet<String> = samples::rows().into_iter().flat_map(|s| s.files).collect();
    let there: BTreeSet<String> = std::fs::read_dir(samples::root().join("samples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".pcap"))
        .map(|name| format!("samples/{name}"))
        .chain(archives())
        .collect();
    assert_eq!(there, known);
}

/// Rules that fired on a sample, with their severities.
fn fired(sample: &Sample) -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&output(sample, &["--json"])).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|finding| (text(&finding["rule"]), text(&finding["severity"]))).collect()
}

/// Where the row of a sample and the findings on it part: every rule that the row
/// names must fire, and no warning or error that it does not name may.
fn disagreement(sample: &Sample) -> Vec<String> {
    let Some(named) = &sample.rules else { return Vec::new() };
    let fired = fired(sample);
    let silent = named.iter().filter(|rule| !fired.iter().any(|(id, _)| id == *rule));
    let unnamed = fired.iter().filter(|(id, severity)| severity != "info" && !named.contains(id));
    let unknown = |rule: &str| if registry::find(rule).is_none() { " (no such rule)" } else { "" };
    silent
        .map(|rule| format!("{}: `{rule}` did not fire{}", sample.name, unknown(rule)))
        .chain(unnamed.map(|(id, severity)| {
            format!("{}: {severity} `{id}` fired, the row does not name it", sample.name)
        }))
        .collect()
}

#[test]
fn each_sample_fires_the_rules_that_its_row_names() {
    if registry::rules().next().is_none() {
        return; // There are no rules yet.
    }
    let parted: Vec<String> = samples::rows().iter().flat_map(disagreement).collect();
    assert!(parted.is_empty(), "samples/README.md and the rules part:\n{}", parted.join("\n"));
}

#[test]
fn only_what_is_long_or_deep_takes_several_lines() {
    let text = indented(r#"{"a":[],"b":[1,{"c":"x,\"{:"}]}"#);
    assert_eq!(text, "{\n \"a\": [],\n \"b\": [\n  1,\n  {\"c\":\"x,\\\"{:\"}\n ]\n}\n");
}
