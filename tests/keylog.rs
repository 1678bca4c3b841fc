//! Captures with their key logs against the lab's ground truth: what TLS 1.3, or the end of a TLS 1.2
//! handshake, hides is decrypted and flows into the same facts and verdicts. Skipped when the lab is not beside the
//! repository. The recordings beside this file hold their secrets themselves; `compare_tshark.py` and the
//! `record_*.sh` make them.

// A test says what it skipped and how much it compared; its helpers may fail it.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tlsight::capture::{CaptureReader, Chunk, Input};
use tlsight::connection::{Connection, LedgerClass, Outcome, PathVerdict};
use tlsight::limits::Limits;
use tlsight::pipeline::{Config, Source, analyze};
use tlsight::report::{Report, json};
use tlsight::tls::{KeyLog, Role};
use tlsight::trust::{Store, StoreSemantics};
use tlsight::wire::text::hex;

/// The scenarios with a key log: folder and truth.
fn scenarios() -> Vec<(PathBuf, Value)> {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/lab");
    let Ok(entries) = std::fs::read_dir(&lab) else {
        eprintln!("skipped: no lab at {}", lab.display());
        return Vec::new();
    };
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
        .into_iter()
        .filter(|folder| folder.join("keylog.txt").is_file())
        .map(|folder| {
            let truth = std::fs::read(folder.join("truth.json")).unwrap();
            (folder, serde_json::from_slice(&truth).unwrap())
        })
        .collect()
}

fn keys(folder: &Path) -> KeyLog {
    let mut keys = KeyLog::default();
    let junk = keys.add(&std::fs::read(folder.join("keylog.txt")).unwrap());
    assert_eq!(junk.lines, 0, "{}", folder.display());
    keys
}

fn store(folder: &Path) -> Store {
    let mut store = Store::new(StoreSemantics::OpenSsl);
    store.add_bundle("trust.pem", &std::fs::read(folder.join("trust.pem")).unwrap());
    store
}

fn captures(folder: &Path, truth: &Value) -> Vec<PathBuf> {
    let files = truth["capture"]["files"].as_array().unwrap();
    files.iter().map(|file| folder.join(file["file"].as_str().unwrap())).collect()
}

fn report(folder: &Path, truth: &Value, keys: KeyLog) -> Report {
    let config = Config { keys: Arc::new(keys), store: Some(store(folder)), ..Config::default() };
    analyze(vec![Source::Files(captures(folder, truth))], &config)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn fingerprints(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| text(entry, "sha256").to_owned()).collect()
}

fn shown(connection: &Connection, role: Role) -> Vec<String> {
    connection.certificates(role).iter().map(|shown| hex(shown.sha256())).collect()
}

fn compare(what: &str, connection: &Connection, truth: &Value) {
    assert_eq!(
        shown(connection, Role::Server),
        fingerprints(&truth["server_certificates"]),
        "{what}: certificates of the server"
    );
    assert_eq!(
        shown(connection, Role::Client),
        fingerprints(&truth["client_certificates"]),
        "{what}: certificates of the client"
    );
    let empty = connection.client_certificates.as_ref().is_some_and(Vec::is_empty);
    assert_eq!(Some(empty), truth["client_sent_empty_certificate"].as_bool(), "{what}: empty list");
    let request = connection.handshake.certificate_request().is_some();
    assert_eq!(request, !truth["certificate_request"].is_null(), "{what}: certificate request");
    compare_end(what, connection, truth);
    compare_verdict(what, connection, truth);
}

fn compare_end(what: &str, connection: &Connection, truth: &Value) {
    let expected: Vec<(u64, String, u64)> = truth["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| {
            let number = |key: &str| alert[key].as_u64().unwrap();
            (number("frame"), text(alert, "from").to_owned(), number("code"))
        })
        .collect();
    let found: Vec<(u64, String, u64)> = connection
        .handshake
        .alerts()
        .map(|alert| (alert.frame, alert.from.name().to_owned(), u64::from(alert.description)))
        .collect();
    assert_eq!(found, expected, "{what}: alerts");
    let ended = match text(truth, "outcome") {
        "completed" => matches!(connection.outcome, Outcome::Completed),
        "failed_fatal_alert" | "completed_then_fatal_alert" => matches!(
            connection.outcome,
            Outcome::Alert { description: Some(_), inferred: false, .. }
        ),
        "ended_without_alert" => {
            matches!(connection.outcome, Outcome::Reset { .. } | Outcome::Closed { .. })
        }
        "no_server_answer" | "tcp_no_answer" | "tcp_refused" => {
            !matches!(connection.outcome, Outcome::Completed)
        }
        other => panic!("{what}: outcome {other}"),
    };
    assert!(ended, "{what}: {:?} instead of {}", connection.outcome, truth["outcome"]);
    let by = connection.outcome.aborted_by().map(Role::name);
    assert_eq!(by, truth["aborted_by"].as_str(), "{what}: who ended it");
}

fn compare_verdict(what: &str, connection: &Connection, truth: &Value) {
    let Some(expected) = truth["verify"]["openssl"]["errors"].as_array() else { return };
    let expected: Vec<(u64, u64)> = expected
        .iter()
        .map(|error| (error["code"].as_u64().unwrap(), error["depth"].as_u64().unwrap()))
        .collect();
    let PathVerdict::Judged(validation) = &connection.server_path else {
        panic!("{what}: {:?}", connection.server_path)
    };
    let found: Vec<(u64, u64)> = validation
        .validation
        .errors
        .iter()
        .map(|error| (u64::from(error.code), u64::try_from(error.depth).unwrap()))
        .collect();
    assert_eq!(found, expected, "{what}: verdict");
}

#[test]
fn with_its_key_log_every_capture_shows_the_truth() {
    let (mut compared, mut decrypted) = (0, 0);
    for (folder, truth) in scenarios() {
        let report = report(&folder, &truth, keys(&folder));
        let name = folder.file_name().unwrap().display().to_string();
        for expected in truth["connections"].as_array().unwrap() {
            let Some(found) =
                report.connections.iter().map(|judged| &judged.connection).find(|connection| {
                    connection.client.to_string() == text(expected, "client")
                        && connection.server.to_string() == text(expected, "server")
                })
            else {
                let silent = matches!(text(expected, "outcome"), "tcp_no_answer" | "tcp_refused");
                assert!(silent, "{name}: {} is missing", expected["client"]);
                continue;
            };
            let what = format!("{name} connection {}", expected["id"]);
            compare(&what, found, expected);
            assert!(
                found.handshake.anomalies.is_empty(),
                "{what}: {:?}",
                found.handshake.anomalies
            );
            compared += 1;
            decrypted += usize::from(found.handshake.is_decrypted(Role::Server));
        }
    }
    eprintln!("{compared} connections compared, {decrypted} of them decrypted");
}

/// Another connection's secrets under this connection's name.
fn wrong(folder: &Path) -> KeyLog {
    let text = std::fs::read_to_string(folder.join("keylog.txt")).unwrap();
    let turned: String = text
        .lines()
        .map(|line| match line.rsplit_once(' ') {
            Some((head, secret)) => {
                format!("{head} {}\n", secret.chars().rev().collect::<String>())
            }
            None => String::new(),
        })
        .collect();
    let mut keys = KeyLog::default();
    keys.add(turned.as_bytes());
    keys
}

#[test]
fn a_wrong_key_says_so_and_changes_nothing_else() {
    for (folder, truth) in scenarios() {
        let name = folder.file_name().unwrap().display().to_string();
        let without = report(&folder, &truth, KeyLog::default());
        let with_wrong = report(&folder, &truth, wrong(&folder));
        for (plain, other) in without.connections.iter().zip(&with_wrong.connections) {
            let (plain, other) = (&plain.connection, &other.connection);
            assert_eq!(plain.outcome, other.outcome, "{name}");
            assert_eq!(plain.handshake.entries, other.handshake.entries, "{name}");
            let told = other
                .handshake
                .anomalies
                .iter()
                .filter(|anomaly| anomaly.what.contains("does not decrypt frame"))
                .count();
            let sealed = [Role::Client, Role::Server]
                .iter()
                .any(|role| plain.handshake.encrypted(*role).next().is_some());
            assert_eq!(told, usize::from(sealed), "{name}: {:?}", other.handshake.anomalies);
        }
    }
}

#[test]
fn no_secret_is_in_any_output() {
    for (folder, truth) in scenarios() {
        let report = report(&folder, &truth, keys(&folder));
        let mut document = Vec::new();
        json::write(&report, &mut document).unwrap();
        let document = String::from_utf8(document).unwrap();
        let text = format!("{document}{report:?}");
        let log = std::fs::read_to_string(folder.join("keylog.txt")).unwrap();
        for secret in log.lines().filter_map(|line| line.rsplit_once(' ')) {
            assert!(!text.contains(secret.1), "{}", folder.display());
        }
        let hidden = report
            .connections
            .iter()
            .filter(|judged| judged.connection.ledger == LedgerClass::HiddenByTls13)
            .count();
        assert_eq!(hidden, 0, "{}", folder.display());
    }
}

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keylog/recordings");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10);
    files
}

#[test]
fn secrets_inside_a_capture_open_every_kind_of_protection() {
    for file in recordings() {
        let name = file.file_name().unwrap().display().to_string();
        let source = || vec![Source::Files(vec![file.clone()])];
        for judged in &analyze(source(), &Config::default()).connections {
            let handshake = &judged.connection.handshake;
            for role in [Role::Client, Role::Server] {
                assert!(handshake.has(role, 20), "{name}: no Finished of the {}", role.name());
            }
            assert_eq!(handshake.anomalies, [], "{name}");
            assert!(judged.connection.ledger != LedgerClass::HiddenByTls13, "{name}");
        }
        let ignoring = Config { ignore_embedded_keys: true, ..Config::default() };
        for judged in &analyze(source(), &ignoring).connections {
            assert!(judged.connection.handshake.entries.iter().all(|entry| !entry.decrypted));
        }
    }
}

/// The key logs that stand in a recording.
fn embedded(file: &Path) -> String {
    let limits = Limits::default();
    let mut reader = CaptureReader::new(Input::open(file).unwrap(), &limits).unwrap();
    reader.keep_secrets(true);
    let mut chunk = Chunk::default();
    while reader.fill(&mut chunk) {}
    let secrets = reader.take_secrets();
    secrets.iter().map(|text| String::from_utf8_lossy(text)).collect()
}

/// What a key log does not open is hidden as it is without one, and the handshake is no worse.
#[test]
fn an_incomplete_key_log_is_not_worse_than_none() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keylog/recordings");
    let file = folder.join("openssl-TLS_AES_256_GCM_SHA384-mutual.pcapng");
    let whole = embedded(&file);
    let with = |label: &str| {
        let kept: Vec<&str> = whole.lines().filter(|line| !line.starts_with(label)).collect();
        assert!(kept.len() < whole.lines().count(), "{label}");
        let mut keys = KeyLog::default();
        keys.add(kept.join("\n").as_bytes());
        let keys = Arc::new(keys);
        let config = Config { keys, ignore_embedded_keys: true, ..Config::default() };
        let mut report = analyze(vec![Source::Files(vec![file.clone()])], &config);
        report.connections.remove(0).connection
    };
    for label in ["CLIENT_", "CLIENT_HANDSHAKE", "SERVER_", "SERVER_HANDSHAKE", "SERVER_TRAFFIC"] {
        let connection = with(label);
        assert_eq!(connection.outcome, Outcome::Completed, "{label}");
        let hidden = label == "SERVER_" || label == "SERVER_HANDSHAKE";
        assert_eq!(connection.ledger == LedgerClass::HiddenByTls13, hidden, "{label}");
        assert_eq!(connection.handshake.is_decrypted(Role::Server), !hidden, "{label}");
        let told = connection.handshake.anomalies.iter().any(|one| one.what.contains("has no"));
        assert_eq!(told, label != "SERVER_TRAFFIC", "{label}");
    }
}

/// Both sides of a handshake on rustls, once for each algorithm (`record_compressed.sh`).
#[test]
fn compressed_certificates_are_shown_like_others() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keylog/recordings");
    for (number, name) in [(1, "zlib"), (2, "brotli"), (3, "zstd")] {
        let file = folder.join(format!("rustls13-compressed-{name}.pcapng"));
        let report = analyze(vec![Source::Files(vec![file])], &Config::default());
        let connection = &report.connections[0].connection;
        for (role, host) in [(Role::Server, "tls"), (Role::Client, "client")] {
            let (_, list) = connection.handshake.certificates(role).unwrap();
            assert_eq!(list.compression, Some(number), "{name}");
            let subjects: Vec<String> = connection
                .certificates(role)
                .iter()
                .map(|shown| shown.parsed().unwrap().subject.to_string())
                .collect();
            let leaf =
                format!("CN={host}.example.org,OU=Certificates that are compressed,O=Example");
            assert_eq!(subjects, [leaf.as_str(), "CN=Key log ca"], "{name}");
        }
    }
}

/// A server on NSS signs with one (`record_delegated.sh`).
#[test]
fn a_delegated_credential_is_shown_with_its_key() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keylog/recordings");
    let file = folder.join("nss-delegated-credential.pcapng");
    let report = analyze(vec![Source::Files(vec![file])], &Config::default());
    let connection = &report.connections[0].connection;
    let (_, list) = connection.handshake.certificates(Role::Server).unwrap();
    let credential = list.delegated_credential(0).unwrap();
    assert_eq!((credential.verify_algorithm, credential.algorithm), (0x0403, 0x0403));
    // Three days, counted from the certificate's notBefore.
    assert!((259_200..259_300).contains(&credential.valid_time));
    let mut text = Vec::new();
    json::write(&report, &mut text).unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    let told = &document["connections"][0]["server_certificates"][0]["delegated_credential"];
    assert_eq!((&told["key"], &told["key_bits"]), (&"EC prime256v1".into(), &256.into()));
    assert_eq!(told["algorithm"]["name"], "ecdsa_secp256r1_sha256");
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[test]
fn damaged_records_and_secrets_are_survived() {
    let mut dice = Dice(1);
    for file in recordings() {
        let whole = std::fs::read(&file).unwrap();
        for round in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..=dice.roll(4) {
                let at = dice.roll(bytes.len());
                bytes[at] ^= 1 << dice.roll(8);
            }
            if round % 3 == 0 {
                bytes.truncate(dice.roll(whole.len()));
            }
            let bytes = Box::new(std::io::Cursor::new(bytes));
            let source = Source::Stream { name: "damaged".into(), bytes };
            let report = analyze(vec![source], &Config::default());
            json::write(&report, &mut Vec::new()).unwrap();
        }
    }
}
