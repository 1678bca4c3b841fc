//! `tlsight ciphers` and `tlsight versions` as a user types them.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use serde_json::Value;
use toolkit::program::{Run, run, run_in};

const PREFIXED: &str = "ECDHE-RSA-AES256-GCM-SHA384:EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH";

#[track_caller]
fn clean(run: &Run) -> &str {
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    &run.stdout
}

fn json(arguments: &[&str]) -> Value {
    let done = run(arguments);
    serde_json::from_str(clean(&done)).unwrap()
}

#[track_caller]
fn assert_refused(string: &str, words: &str) {
    let done = run(&["ciphers", string]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done:?}");
    assert!(done.stderr.contains(words), "{words} is not in {}", done.stderr);
}

#[test]
fn a_string_may_begin_with_a_minus() {
    let behind = run(&["ciphers", "--", "-AES:ALL"]);
    let plain = run(&["ciphers", "-AES:ALL"]);
    assert_eq!(clean(&plain), clean(&behind));
    assert!(json(&["ciphers", "-AES:ALL", "--json"]).is_object());
    assert!(json(&["ciphers", "--json", "-AES:ALL"]).is_object());
}

#[test]
fn the_answer_comes_first_and_the_table_has_every_suite() {
    let done = run(&["ciphers", PREFIXED]);
    let text = clean(&done);
    let order = "RSA comes first (ECDHE-RSA-AES256-GCM-SHA384); ECDSA at position 2 (ECDHE-ECDSA-AES256-GCM-SHA384).";
    assert_eq!(text.lines().next(), Some(order));
    assert!(text.contains("so RSA is preferred."), "{text}");
    assert!(text.contains("ignored, with a word that OpenSSL 1.1.1 and 3.0 do not know: !aDH"));
    let row = text.lines().find(|line| line.trim_start().starts_with("1  ")).unwrap();
    for cell in ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "0xc030", "RSA"] {
        assert!(row.contains(cell), "{row}");
    }
    // Columns stand under each other, those of TLS 1.3 too.
    let codes: Vec<_> = text.lines().filter_map(|line| line.find("  0x")).collect();
    assert!(codes.len() > 60 && codes.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn each_preference_has_its_sentence() {
    let cases = [
        ("EECDH+AESGCM", "ECDSA comes first (ECDHE-ECDSA-AES256-GCM-SHA384); RSA at position 2"),
        ("PSK+AESGCM:RSA+AESGCM", "RSA only at position 7 (AES256-GCM-SHA384); no ECDSA."),
        ("ECDSA+AESGCM", "ECDSA only (ECDHE-ECDSA-AES256-GCM-SHA384); no RSA."),
        ("aPSK", "No suite with an RSA or EC certificate."),
        // The vendor's test looks at the beginning only.
        ("EECDH+AESGCM:!ECDSA", "so ECDSA is preferred; for this list that is not so."),
        ("RC4:AES128-SHA", "only builds with weak ciphers have"),
        ("AES128-SHA:AES+3DES", "because no suite can be all of it: AES+3DES"),
        ("AES128-SHA:@SECLEVEL=2", "what @SECLEVEL=2 takes away"),
    ];
    for (string, words) in cases {
        let done = run(&["ciphers", string]);
        assert!(clean(&done).contains(words), "{string}: {}", done.stdout);
    }
}

#[test]
fn what_openssl_refuses_ends_with_status_2() {
    assert_refused("NONE:SUCH", "no cipher match");
    assert_refused("", "no cipher match");
    assert_refused("-AES", "no cipher match");
    assert_refused("AES:RSA_X", "invalid command");
    assert_refused("RC4", "only special builds have");
    assert_eq!(run(&["ciphers", "--vendor", "AES"]).code, Some(2));
}

#[test]
fn a_string_cannot_repaint_the_terminal() {
    let done = run(&["ciphers", "FOO\u{1b}[31m\u{202e}:RSA"]);
    assert!(clean(&done).contains("FOO\\u{1b}[31m\\u{202e}"), "{}", done.stdout);
    let done = run(&["ciphers", "--json", "FOO\u{1b}[31m:RSA"]);
    assert!(!clean(&done).contains('\u{1b}'));
    assert!(!run(&["ciphers", "\u{1b}[31m"]).stderr.contains('\u{1b}'));
}

#[test]
fn a_string_without_end_is_read_to_the_limit_and_told() {
    let done = run(&["ciphers", &"AES:".repeat(30_000)]);
    assert!(clean(&done).contains("bytes at the end were not read"), "{}", done.stdout);
}

#[test]
fn the_document_says_the_same() {
    let document = json(&["ciphers", "--json", &format!("{PREFIXED}:SEED:AES+3DES")]);
    assert_eq!(document["preference"], "rsa_first");
    assert_eq!((&document["first_rsa"], &document["first_ecdsa"]), (&1.into(), &2.into()));
    assert_eq!(document["tls13"][0]["code"], "0x1302");
    assert_eq!(document["suites"][0]["openssl"], "ECDHE-RSA-AES256-GCM-SHA384");
    assert_eq!(document["suites"][1]["name"], "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    assert_eq!(document["ignored"][0]["term"], "!aDH");
    assert_eq!(document["ignored"][1]["why"], "contradiction");
    let numbers = document["suites"].as_array().unwrap().iter().map(|s| s["number"].as_u64());
    assert!(numbers.enumerate().all(|(place, number)| number == Some(place as u64 + 1)));
    assert_eq!(json(&["ciphers", "--json", "SEED:AES"])["special_builds"][0]["build"], "legacy");
}

#[test]
fn without_a_string_the_vendors_are_listed() {
    let done = run(&["ciphers", "--vendor"]);
    let text = clean(&done);
    assert_eq!(text, clean(&run(&["ciphers"])));
    assert!(text.contains(PREFIXED) && text.contains("(222186)"), "{text}");
    let lists = json(&["ciphers", "--vendor", "--json"]);
    let lists = lists["lists"].as_array().unwrap();
    assert_eq!(text.matches("  source: ").count(), lists.len());
    assert!(lists.iter().all(|list| list["source"].as_str().is_some_and(|s| !s.is_empty())));
}

#[test]
fn versions_are_those_of_httpd_and_say_so() {
    let done = run_in(&[("COLUMNS", "80")], &["versions"]);
    let text = clean(&done);
    let words =
        ["X15.5   Apache/2.4.66 (Unix)   Mar 16 2026", "versions of Apache httpd", "CSCwc88608"];
    for word in words {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    let document = json(&["versions", "--json"]);
    assert_eq!(document["httpd"][2]["release"], "X14.0.8");
    let changes = document["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["source"].as_str().is_some()));
}
