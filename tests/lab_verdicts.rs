//! What the program says of every capture and archive of the lab, against its ground truth: the facts of each
//! connection, and that the first verdict names the true cause, the true aborter and the true certificate.
//! Skipped when the lab is not beside the repository.

// A test says what it skipped and how much it compared; its helpers may fail it.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

mod toolkit;

use std::path::{Path, PathBuf};

use serde_json::Value;
use toolkit::program::run;

const EXPRESSWAY: &str = "10.106.79.170";

/// The words of the truth files for a cause, and the rules that may be the cause of the
/// first verdict then. A word that is not here tells of no failure.
const CAUSES: &[(&str, &[&str])] = &[
    ("server_certificate_self_signed_not_in_trust_store", &["self-signed-not-trusted"]),
    ("issuer_not_in_trust_store", &["trust-anchor-missing"]),
    ("self_signed_root_in_chain_not_in_trust_store", &["trust-anchor-missing"]),
    ("intermediate_not_sent_and_not_in_trust_store", &["intermediate-missing"]),
    ("server_sends_incomplete_chain", &["intermediate-missing"]),
    ("only_intermediate_in_trust_store", &["trust-anchor-missing", "store-holds-no-root"]),
    (
        "only_leaf_in_trust_store",
        &["trust-anchor-missing", "intermediate-missing", "store-holds-no-root"],
    ),
    ("anchor_shadowed_by_same_subject", &["same-subject-anchors", "certificate-signature-failure"]),
    ("name_mismatch", &["name-not-in-certificate", "ip-only-as-ip-san"]),
    ("certificate_expired", &["certificate-expired"]),
    ("certificate_not_yet_valid", &["certificate-not-yet-valid"]),
    ("weak_key", &["weak-key"]),
    ("server_certificate_lacks_serverauth_eku", &["eku-unsuitable"]),
    (
        "client_certificate_issuer_not_trusted_by_server",
        &["client-certificate-refused", "client-chain-not-trusted"],
    ),
    (
        "client_certificate_self_signed_not_in_trust_store",
        &["client-certificate-refused", "client-chain-not-trusted"],
    ),
    ("client_certificate_lacks_clientauth_eku", &["eku-unsuitable", "client-certificate-refused"]),
    ("client_certificate_expired", &["certificate-expired", "client-certificate-refused"]),
    ("client_sends_incomplete_chain", &["client-certificate-refused", "client-chain-not-trusted"]),
    ("client_sent_no_certificate", &["client-certificate-not-sent"]),
    (
        "expressway_certificate_not_trusted_by_cucm",
        &["certificate-refused", "trust-anchor-missing", "self-signed-not-trusted"],
    ),
    ("no_common_cipher", &["no-common-cipher"]),
    ("no_common_group", &["no-common-cipher", "no-common-group"]),
    ("no_common_signature_algorithm", &["no-common-cipher", "no-common-signature-algorithm"]),
    ("protocol_version_mismatch", &["no-common-version"]),
    ("reset_by_server_after_client_hello", &["handshake-unfinished", "closed-without-alert"]),
    ("reset_by_server_mid_handshake", &["handshake-unfinished", "closed-without-alert"]),
    ("closed_by_server_mid_handshake", &["handshake-unfinished", "closed-without-alert"]),
    ("no_answer_to_client_hello", &["handshake-unfinished"]),
    ("handshake_stalled_by_server", &["handshake-unfinished"]),
    ("client_closed_right_after_server_flight", &["handshake-unfinished", "closed-without-alert"]),
];

/// Under TLS 1.3 without keys the certificate is hidden, so only who refused whose is told.
const HIDDEN: &[(&str, &[&str])] = &[
    ("server_", &["tls13-client-refused-certificate"]),
    ("issuer_", &["tls13-client-refused-certificate"]),
    ("self_signed_root_", &["tls13-client-refused-certificate"]),
    ("certificate_", &["tls13-client-refused-certificate"]),
    ("name_mismatch", &["tls13-client-refused-certificate", "name-not-in-certificate"]),
    ("client_sent_no_", &["client-certificate-not-sent", "client-certificate-refused"]),
    ("client_", &["client-certificate-refused"]),
];

fn lab() -> Option<PathBuf> {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/lab");
    if lab.is_dir() {
        return Some(lab);
    }
    eprintln!("skipped: no lab at {}", lab.display());
    None
}

/// A capture or archive with its truth.
struct Scenario {
    name: String,
    truth: Value,
    /// Arguments that name its input and trust store.
    arguments: Vec<String>,
    keylog: Option<String>,
}

fn scenarios(lab: &Path) -> Vec<Scenario> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(lab).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| scenario(folder)).collect()
}

fn scenario(folder: &Path) -> Option<Scenario> {
    let truth: Value =
        serde_json::from_slice(&std::fs::read(folder.join("truth.json")).ok()?).unwrap();
    let path = |file: &Value| folder.join(file.as_str().unwrap()).to_str().unwrap().to_owned();
    let mut arguments = vec!["--trust".to_owned(), path(&truth["trust_store"]["file"])];
    arguments.extend(list(&truth["capture"]["files"]).map(|file| path(&file["file"])));
    let keylog = truth["keylog"].is_string().then(|| path(&truth["keylog"]));
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    Some(Scenario { name, truth, arguments, keylog })
}

fn bundles(lab: &Path) -> Vec<Scenario> {
    let folder = lab.join("bundles");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let truths = files.iter().filter(|file| file.to_string_lossy().ends_with(".truth.json"));
    truths
        .map(|file| {
            let truth: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            let host = file.file_name().unwrap().to_string_lossy().replace(".truth.json", "");
            let archive =
                files.iter().find(|file| file.to_string_lossy().contains(&format!("_{host}_")));
            let arguments = vec![archive.unwrap().to_str().unwrap().to_owned()];
            Scenario { name: host, truth, arguments, keylog: None }
        })
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The document for a scenario, with further arguments.
fn document(scenario: &Scenario, more: &[&str]) -> Value {
    let mut arguments = vec!["--json".to_owned()];
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    arguments.extend(scenario.arguments.iter().cloned());
    let done = run(&arguments);
    assert!(matches!(done.code, Some(0 | 1)), "{}: {done:?}", scenario.name);
    serde_json::from_str(&done.stdout).unwrap()
}

/// What was compared, and what was not so.
struct Check {
    what: String,
    compared: usize,
    wrong: Vec<String>,
}

impl Check {
    fn equal(&mut self, field: &str, said: &str, truth: &str) {
        self.compared += 1;
        if said != truth {
            self.wrong.push(format!("{}: {field}: says {said:?}, truth {truth:?}", self.what));
        }
    }

    fn holds(&mut self, field: &str, holds: bool, said: &str) {
        self.compared += 1;
        if !holds {
            self.wrong.push(format!("{}: {field}: {said}", self.what));
        }
    }
}

/// Connections with the truth about them: the n-th from a client to a server is the n-th.
fn pairs<'v>(said: &'v Value, truth: &'v Value) -> Vec<(Option<&'v Value>, &'v Value)> {
    let mut left: Vec<&Value> = list(&said["connections"]).collect();
    let mut pair = |truth: &'v Value| {
        let same =
            |one: &&Value| one["client"] == truth["client"] && one["server"] == truth["server"];
        let at = left.iter().position(same);
        (at.map(|at| left.remove(at)), truth)
    };
    list(&truth["connections"]).map(&mut pair).collect()
}

fn compare_facts(check: &mut Check, said: &Value, truth: &Value, whole: bool) {
    let visible = &truth["visible_in_capture_without_keys"];
    check.equal("sni", text(&said["sni"]), text(&visible["sni"]));
    check.equal("version", text(&said["version"]), text(&visible["version"]));
    check.equal("cipher", text(&said["cipher_suite"]["name"]), text(&visible["cipher"]));
    let certificates = list(&said["server_certificates"]).count().to_string();
    check.equal("server certificates", &certificates, &visible["server_certificates"].to_string());
    compare_alerts(check, said, visible);
    if whole {
        compare_certificates(check, said, truth);
        compare_errors(check, said, truth);
        compare_end(check, said, truth);
    }
}

/// Alerts that can be read, in order.
fn compare_alerts(check: &mut Check, said: &Value, visible: &Value) {
    let readable = |alerts: &Value| {
        let clear = list(alerts).filter(|alert| alert["encrypted"] == false);
        let words =
            clear.map(|alert| format!("{} {}", text(&alert["from"]), text(&alert["description"])));
        words.collect::<Vec<_>>().join(", ")
    };
    check.equal("alerts", &readable(&said["alerts"]), &readable(&visible["alerts"]));
}

fn compare_certificates(check: &mut Check, said: &Value, truth: &Value) {
    let prints = |list_of: &Value| {
        list(list_of).map(|one| text(&one["sha256"]).to_owned()).collect::<Vec<_>>().join(" ")
    };
    let visible = &truth["visible_in_capture_without_keys"];
    if visible["server_certificates"] != 0 {
        check.equal(
            "server chain",
            &prints(&said["server_certificates"]),
            &prints(&truth["server_certificates"]),
        );
    }
    if visible["client_certificates"] != 0 {
        check.equal(
            "client chain",
            &prints(&said["client_certificates"]),
            &prints(&truth["client_certificates"]),
        );
    }
}

/// The errors of `openssl verify`, where a path was judged.
fn compare_errors(check: &mut Check, said: &Value, truth: &Value) {
    let errors = |of: &Value| {
        let each = list(&of["errors"])
            .map(|e| format!("{} at {} {}", e["code"], e["depth"], text(&e["text"])));
        each.collect::<Vec<_>>().join(", ")
    };
    let path = &said["server_path"];
    let shown = truth["visible_in_capture_without_keys"]["server_certificates"] != 0;
    if shown && truth["verify"].is_object() && truth["server"] != format!("{EXPRESSWAY}:5061") {
        check.holds("path", path["errors"].is_array(), &format!("not judged: {path}"));
    }
    if path["errors"].is_array() && truth["verify"].is_object() {
        let verify = &truth["verify"];
        let ours = errors(path);
        // A program that judges as OpenSSL does by default has security level 1.
        let fits =
            ours == errors(&verify["openssl"]) || ours == errors(&verify["openssl_auth_level_2"]);
        check.holds(
            "errors",
            fits,
            &format!("says {ours:?}, truth {}", verify["openssl"]["result"]),
        );
    }
}

fn compare_end(check: &mut Check, said: &Value, truth: &Value) {
    let expected: &[&str] = match text(&truth["outcome"]) {
        "completed" => &["completed"],
        "failed_fatal_alert" | "completed_then_fatal_alert" => &["aborted"],
        "ended_without_alert" => &["reset", "closed", "unfinished"],
        "no_server_answer" => &["reset", "closed", "unanswered"],
        _ => return,
    };
    if inside_session(truth) {
        return;
    }
    let outcome = text(&said["handshake"]);
    check.holds(
        "outcome",
        expected.contains(&outcome),
        &format!("says {outcome}, truth {expected:?}"),
    );
    check.equal("aborted by", text(&said["aborted_by"]), text(&truth["aborted_by"]));
}

/// Whether the alert came inside the session: of a renegotiation under TLS 1.2, which nobody can
/// read, and the handshake itself completed.
fn inside_session(truth: &Value) -> bool {
    truth["outcome"] == "completed_then_fatal_alert" && truth["version"] != "TLSv1.3"
}

/// What the truth expects of a connection, with what stands before `:` taken off; the words that only a key log
/// or a log tells are left out, unless there is one.
fn kinds(truth: &Value, id: &Value, keys: bool) -> Vec<String> {
    let of = |finding: &&Value| {
        let listed = list(&finding["connections"]).any(|one| one == id);
        let anywhere = finding["connection"].is_null() && finding["connections"].is_null();
        anywhere || listed || finding["connection"] == *id
    };
    let words = list(&truth["expected_findings"])
        .filter(of)
        .map(|finding| text(&finding["kind"]).to_owned());
    words
        .filter_map(|kind| match kind.split_once(':') {
            Some(("with_keylog", kind)) if keys => Some(kind.to_owned()),
            Some(("with_keylog", kind)) => Some(format!("hidden {kind}")),
            Some(_) => None,
            None => Some(kind),
        })
        .collect()
}

/// The rules of which one must be the cause; none where nothing failed.
fn acceptable(kinds: &[String]) -> Vec<&'static str> {
    let mut rules = Vec::new();
    for kind in kinds {
        if let Some(kind) = kind.strip_prefix("hidden ") {
            let row = HIDDEN.iter().find(|(begin, _)| kind.starts_with(begin));
            rules.extend(row.map(|row| row.1).unwrap_or_default());
        } else {
            let row = CAUSES.iter().find(|(known, _)| known == kind);
            rules.extend(row.map(|row| row.1).unwrap_or_default());
        }
    }
    rules
}

/// The first verdict that names the stream of a connection.
fn verdict<'v>(said: &'v Value, connection: &Value) -> Option<&'v Value> {
    list(&said["verdicts"]).find(|verdict| {
        verdict["input"] == connection["input"]
            && list(&verdict["streams"]).any(|stream| *stream == connection["stream"])
    })
}

fn compare_verdict(
    check: &mut Check,
    said: &Value,
    pair: (&Value, &Value),
    truth: &Value,
    keys: bool,
) {
    let (connection, true_connection) = pair;
    let verdict = verdict(said, connection);
    let kinds = kinds(truth, &true_connection["id"], keys);
    let failed = !matches!(text(&true_connection["outcome"]), "completed" | "no_tls")
        && !inside_session(true_connection);
    let acceptable = acceptable(&kinds);
    if !failed {
        // What is wrong with a connection that works is a warning.
        let fits = verdict.is_none_or(|verdict| acceptable.contains(&text(&verdict["cause"])));
        check.holds(
            "healthy",
            fits,
            &format!("verdict {}", verdict.map_or("", |v| text(&v["sentence"]))),
        );
        return;
    }
    let Some(verdict) = verdict else {
        check.holds("verdict", false, &format!("none, truth {kinds:?}"));
        return;
    };
    let cause = text(&verdict["cause"]);
    check.holds(
        "cause",
        acceptable.is_empty() || acceptable.contains(&cause),
        &format!("says {cause}, truth {kinds:?}: {}", text(&verdict["sentence"])),
    );
    check.equal("refused by", text(&verdict["refused_by"]), text(&true_connection["aborted_by"]));
    compare_named_certificate(check, verdict, true_connection, &kinds);
}

/// Where a certificate is the cause and can be seen, the sentence names it by its serial number.
fn compare_named_certificate(check: &mut Check, verdict: &Value, truth: &Value, kinds: &[String]) {
    let visible = &truth["visible_in_capture_without_keys"];
    let about = |begins: &[&str]| {
        kinds.iter().any(|kind| {
            begins.iter().any(|begin| kind.starts_with(begin))
                && CAUSES.iter().any(|row| row.0 == kind)
        })
    };
    let server = about(&[
        "server_certificate",
        "issuer_",
        "self_signed_root",
        "certificate_",
        "name_",
        "weak_",
    ]);
    let client = about(&["client_certificate_"]);
    let chain = match (server, client) {
        (true, false) if visible["server_certificates"] != 0 => &truth["server_certificates"],
        (false, true) if visible["client_certificates"] != 0 => &truth["client_certificates"],
        _ => return,
    };
    let sentence = text(&verdict["sentence"]).replace(':', "").to_uppercase();
    let named = list(chain).any(|one| sentence.contains(&text(&one["serial"]).to_uppercase()));
    check.holds("certificate", named, &format!("not named in: {}", text(&verdict["sentence"])));
}

/// Runs a scenario once and compares everything.
fn compare(scenario: &Scenario, more: &[&str], keys: bool) -> Check {
    let said = document(scenario, more);
    let truth = &scenario.truth;
    let mut check = Check { what: String::new(), compared: 0, wrong: Vec::new() };
    let whole = truth["capture"]["reference_is_full_capture"] != true;
    for (connection, true_connection) in pairs(&said, truth) {
        check.what =
            format!("{} {} connection {}", scenario.name, more.join(" "), true_connection["id"]);
        let Some(connection) = connection else {
            let seen = true_connection["visible_in_capture_without_keys"]["client_hello"] == true;
            check.holds("connection", !seen, "is not in the document");
            continue;
        };
        if !keys {
            compare_facts(&mut check, connection, true_connection, whole);
        }
        compare_verdict(&mut check, &said, (connection, true_connection), truth, keys);
    }
    check
}

fn finish(checks: impl Iterator<Item = Check>, least: usize) {
    let (mut compared, mut wrong) = (0, Vec::new());
    for check in checks {
        compared += check.compared;
        wrong.extend(check.wrong);
    }
    eprintln!("{compared} facts compared");
    assert!(wrong.is_empty(), "{} of {compared} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= least, "only {compared}");
}

#[test]
fn every_capture_of_the_lab_is_told_as_it_is() {
    let Some(lab) = lab() else { return };
    finish(scenarios(&lab).iter().map(|scenario| compare(scenario, &[], false)), 400);
}

#[test]
fn and_so_with_the_expressway_named() {
    let Some(lab) = lab() else { return };
    let named = ["--expressway", EXPRESSWAY];
    finish(scenarios(&lab).iter().map(|scenario| compare(scenario, &named, false)), 400);
}

#[test]
fn with_keys_the_hidden_cause_is_named() {
    let Some(lab) = lab() else { return };
    let hidden = |scenario: &&Scenario| {
        scenario.keylog.is_some()
            && list(&scenario.truth["connections"]).any(|one| one["version"] == "TLSv1.3")
    };
    let scenarios = scenarios(&lab);
    let checks = scenarios.iter().filter(hidden).map(|scenario| {
        compare(scenario, &["--keylog", scenario.keylog.as_deref().unwrap()], true)
    });
    finish(checks, 9);
}

#[test]
fn every_archive_of_the_lab_is_told_as_it_is() {
    let Some(lab) = lab() else { return };
    finish(bundles(&lab).iter().map(|bundle| compare(bundle, &[], false)), 100);
}
