//! The verdicts of the room `trust` against those of the real `openssl verify` in the lab's ground truth.
//! Skipped when the lab is not beside the repository.

// A test says what it skipped and how much it compared; its helpers may fail it.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tlsight::trust::name::{NameRule, check};
use tlsight::trust::{PathValidation, Purpose, Question, Store, StoreSemantics, validate};
use tlsight::wire::text::hex;
use tlsight::x509::{Certificate, pem};

fn lab() -> Option<PathBuf> {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/lab");
    if lab.is_dir() {
        return Some(lab);
    }
    eprintln!("skipped: no lab at {}", lab.display());
    None
}

fn scenarios(lab: &Path) -> Vec<(PathBuf, Value)> {
    let mut folders: Vec<_> =
        std::fs::read_dir(lab).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
        .into_iter()
        .filter_map(|folder| {
            let truth = std::fs::read(folder.join("truth.json")).ok()?;
            Some((folder, serde_json::from_slice(&truth).unwrap()))
        })
        .collect()
}

/// The certificates of a list in a truth file, found by name.
fn certificates(lab: &Path, list: &Value) -> Vec<Arc<Certificate>> {
    let named = |entry: &Value| {
        let file = lab.join("pki").join(format!("{}.pem", entry["name"].as_str().unwrap()));
        let certificate = pem::read(&std::fs::read(file).unwrap()).remove(0).result.unwrap();
        assert_eq!(hex(&certificate.sha256), entry["sha256"].as_str().unwrap());
        assert_eq!(certificate.subject.to_string(), entry["subject"].as_str().unwrap());
        assert_eq!(certificate.issuer.to_string(), entry["issuer"].as_str().unwrap());
        assert_eq!(
            certificate.serial.hex().to_uppercase(),
            entry["serial"].as_str().unwrap().to_uppercase()
        );
        assert_eq!(certificate.signature_algorithm.name(), entry["signature"].as_str().unwrap());
        assert_eq!(certificate.is_self_signed(), entry["self_signed"].as_bool().unwrap());
        Arc::new(certificate)
    };
    list.as_array().unwrap().iter().map(named).collect()
}

fn store(file: &Path) -> Store {
    let mut store = Store::new(StoreSemantics::OpenSsl);
    store.add_bundle("trust.pem", &std::fs::read(file).unwrap());
    assert!(store.unreadable().is_empty());
    store
}

fn errors(answer: &PathValidation) -> Vec<(u64, u64, String)> {
    answer
        .errors
        .iter()
        .map(|error| {
            (u64::from(error.code), u64::try_from(error.depth).unwrap(), error.text.to_owned())
        })
        .collect()
}

fn expected(verdict: &Value) -> Vec<(u64, u64, String)> {
    let list = verdict["errors"].as_array().unwrap();
    list.iter()
        .map(|error| {
            let text = error["text"].as_str().unwrap().to_owned();
            (error["code"].as_u64().unwrap(), error["depth"].as_u64().unwrap(), text)
        })
        .collect()
}

/// Compares the three verdicts of one side of one connection; returns how many were compared.
fn compare(
    what: &str,
    chain: &[Arc<Certificate>],
    store: &Store,
    truth: &Value,
    purpose: Purpose,
) -> usize {
    let command = truth["command"].as_str().unwrap();
    let time = command
        .split_whitespace()
        .skip_while(|word| *word != "-attime")
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let (leaf, rest) = chain.split_first().unwrap();
    let plain = Question {
        security_level: 0,
        ..Question::new(Arc::clone(leaf), rest, store, time, purpose)
    };
    let variants = [
        ("openssl", plain.clone()),
        ("openssl_partial_chain", Question { partial_chain: true, ..plain.clone() }),
        ("openssl_auth_level_2", Question { security_level: 2, ..plain }),
    ];
    // A TLS library hands over the whole list of the peer, leaf included; that must change nothing.
    let whole = Question { untrusted: chain, ..variants[0].1.clone() };
    assert_eq!(errors(&validate(&whole)), expected(&truth["openssl"]), "{what}: whole list");
    for (name, question) in &variants {
        let answer = validate(question);
        assert_eq!(errors(&answer), expected(&truth[*name]), "{what}: {name}");
        assert_eq!(answer.ok(), truth[*name]["ok"].as_bool().unwrap(), "{what}: {name}");
    }
    variants.len()
}

fn compare_names(what: &str, leaf: &Certificate, truth: &Value) -> usize {
    let mut compared = 0;
    if let (Some(name), Some(answer)) =
        (truth["name_checked"].as_str(), truth["name_check"].as_str())
    {
        assert_eq!(
            check(NameRule::OpenSsl, leaf, name).matched,
            answer == "match",
            "{what}: {name}"
        );
        compared += 1;
        if let Some(decided) = truth["name_check_ats"].as_str() {
            let ours = check(NameRule::TrafficServer, leaf, name).matched;
            assert_eq!(ours, decided == "accepted", "{what}: {name} by the traffic server");
            compared += 1;
        }
    }
    compared
}

#[test]
fn every_verdict_of_the_lab_is_reproduced() {
    let Some(lab) = lab() else { return };
    let mut compared = 0;
    for (folder, truth) in scenarios(&lab) {
        for connection in truth["connections"].as_array().unwrap() {
            let what = format!(
                "{} connection {}",
                folder.file_name().unwrap().display(),
                connection["id"]
            );
            let servers = certificates(&lab, &connection["server_certificates"]);
            let clients = certificates(&lab, &connection["client_certificates"]);
            let verify = &connection["verify"];
            if verify.is_object() {
                let trust = store(&folder.join(truth["trust_store"]["file"].as_str().unwrap()));
                compared += compare(&what, &servers, &trust, verify, Purpose::Server);
                compared += compare_names(&what, &servers[0], verify);
            }
            let verify = &connection["client_certificate_verify"];
            if verify.is_object() {
                let trust =
                    store(&folder.join(truth["server_trust_store"]["file"].as_str().unwrap()));
                compared += compare(&what, &clients, &trust, verify, Purpose::Client);
            }
        }
    }
    eprintln!("{compared} verdicts compared");
    assert!(compared > 150, "only {compared}");
}
