//! What the README and the manual of the JSON document show is what the program says.
//!
//! A comment `<!-- tlsight ARGUMENTS -->` stands before each block of output; `| indented`
//! at its end lays JSON out for people. Renewed by `SNAPSHOTS=overwrite cargo test --test readme`.

mod toolkit;

use std::process::Command;

use tlsight::connection::{LedgerClass, NotJudged};
use toolkit::indent::indented;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const JSON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md");

#[test]
fn every_output_in_the_readme_is_real() {
    every_output_is_real(README);
}

#[test]
fn every_output_in_the_manual_of_the_document_is_real() {
    every_output_is_real(JSON);
}

#[test]
fn the_manuals_show_reports_and_a_document() {
    assert!(commands(README).len() >= 3);
    assert!(commands(JSON).iter().any(|command| command.contains("--json")));
}

/// Words of the JSON document that a program may look for.
#[test]
fn every_word_of_the_document_is_told() {
    let json = read(JSON);
    let told = |word: &str| assert!(json.contains(&format!("`{word}`")), "{word} is not told");
    LedgerClass::ALL.into_iter().for_each(|class| told(class.word()));
    NotJudged::ALL.into_iter().for_each(|why| told(why.reason()));
    for document in golden_documents() {
        for connection in document["connections"].as_array().into_iter().flatten() {
            let gaps = connection["gaps"].as_array().into_iter().flatten();
            let alerts = connection["alerts"].as_array().into_iter().flatten();
            [
                &connection["handshake"],
                &connection["abort"]["how"],
                &connection["resumed_by"],
                &connection["name_check"]["source"],
                &connection["server_path"]["conclusion"],
            ]
            .into_iter()
            .chain(gaps.map(|gap| &gap["cause"]))
            .chain(alerts.map(|alert| &alert["level"]))
            .filter_map(serde_json::Value::as_str)
            .for_each(told);
        }
    }
}

/// Fields of the document; what is inside `values` differs from rule to rule.
#[test]
fn every_field_of_the_document_is_told() {
    let manual = read(JSON);
    let (told, _) = manual.split_once("\n## A complete document\n").expect("the example is last");
    for document in golden_documents() {
        for name in fields(&document) {
            assert!(told.contains(&format!("`{name}`")), "{name} is not told");
        }
    }
}

/// Names of all members, in whatever depth.
fn fields(value: &serde_json::Value) -> Vec<&str> {
    match value {
        serde_json::Value::Array(list) => list.iter().flat_map(fields).collect(),
        serde_json::Value::Object(members) => {
            let inside = members.iter().filter(|(name, _)| *name != "values");
            let inside = inside.flat_map(|(_, value)| fields(value));
            members.keys().map(String::as_str).chain(inside).collect()
        }
        _ => Vec::new(),
    }
}

fn golden_documents() -> Vec<serde_json::Value> {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let files = std::fs::read_dir(golden).expect("golden files are there");
    let paths = files.map(|entry| entry.expect("a golden file").path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| std::fs::read_to_string(path).expect("a golden file can be read"))
        .map(|document| serde_json::from_str(&document).expect("JSON"))
        .collect()
}

fn every_output_is_real(manual: &str) {
    let text = read(manual);
    let renewed = with_real_outputs(&text);
    if std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite") {
        std::fs::write(manual, renewed).expect("the manual can be written");
    } else {
        snapbox::assert_data_eq!(text, snapbox::Data::text(renewed).raw());
    }
}

fn commands(manual: &str) -> Vec<String> {
    read(manual).lines().filter_map(command).map(str::to_owned).collect()
}

fn read(manual: &str) -> String {
    std::fs::read_to_string(manual).expect("the manual is there")
}

/// A manual with each block of output replaced by what the program prints.
fn with_real_outputs(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if let Some(command) = command(line) {
            let fence = lines.next().expect("a block follows the comment");
            assert!(fence.starts_with("```"), "a block follows {line}");
            out.push_str(&format!("{fence}\n{}```\n", output_of(command)));
            let end = lines.by_ref().find(|line| *line == "```");
            assert!(end.is_some(), "the block after {line} ends");
        }
    }
    out
}

fn command(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- tlsight ")?.strip_suffix(" -->")
}

fn output_of(command: &str) -> String {
    let arguments = command.strip_suffix(" | indented").unwrap_or(command);
    let run = Command::new(env!("CARGO_BIN_EXE_tlsight"))
        .args(arguments.split_whitespace())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("COLUMNS", "100")
        .output()
        .expect("tlsight runs");
    assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).expect("UTF-8");
    if arguments == command { text } else { indented(&text) }
}
