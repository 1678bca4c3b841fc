//! `tlsight diff` on captures from before and after each remedy of the vendor's document
//! (225476), and on archives.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use serde_json::Value;
use toolkit::program::{Run, run};
use toolkit::samples;
use toolkit::told::{archive, list, text};

/// Services of the samples.
const UDS: u16 = 8443;
const TFTP: u16 = 6972;
const STORE: &str = "expressway";
const WITH_EC: &str = "expressway-with-ecdsa";

struct Diff(Value, Option<i32>);

/// A capture of samples/remedies.
fn pcap(name: &str) -> String {
    format!("samples/remedies/{name}.pcap")
}

fn store(name: &str) -> String {
    format!("samples/remedies/trust/{name}.pem")
}

fn diff(arguments: &[&str]) -> Diff {
    let done = run_diff(&[&["--json"], arguments].concat());
    assert!(matches!(done.code, Some(0 | 1)) && done.stderr.is_empty(), "{arguments:?}: {done:?}");
    Diff(serde_json::from_str(&done.stdout).unwrap(), done.code)
}

fn run_diff(arguments: &[&str]) -> Run {
    run(&[&["diff"], arguments].concat())
}

/// Two captures of samples/remedies, each judged by its trust list.
fn pair(before: (&str, &str), after: (&str, &str)) -> Diff {
    let stores = [store(before.1), store(after.1)];
    let files = [pcap(before.0), pcap(after.0)];
    diff(&["--trust", &stores[0], "--trust-after", &stores[1], &files[0], &files[1]])
}

impl Diff {
    /// Class of each leg by name and port of its server.
    fn classes(&self) -> Vec<(&str, u16, &str)> {
        let mut classes: Vec<_> = list(&self.0["legs"])
            .map(|leg| {
                let half = if leg["after"].is_null() { &leg["before"] } else { &leg["after"] };
                let (_, port) = text(&half["server"]).rsplit_once(':').unwrap();
                let name = text(&half["server_name"]);
                let host = name.split('.').next().unwrap();
                (host, port.parse().unwrap(), text(&leg["class"]))
            })
            .collect();
        classes.sort_unstable();
        classes
    }

    /// The leg to a server.
    fn leg(&self, host: &str, port: u16) -> Leg<'_> {
        let is_it = |half: &Value| {
            text(&half["server_name"]).starts_with(host)
                && text(&half["server"]).ends_with(&format!(":{port}"))
        };
        let leg = list(&self.0["legs"]).find(|leg| is_it(&leg["after"]) || is_it(&leg["before"]));
        Leg(leg.unwrap_or_else(|| panic!("no leg to {host}:{port}: {:?}", self.classes())))
    }

    /// Checks the classes of a login, in the order of [`Diff::classes`]: publisher 6972 and
    /// 8443, subscriber 6972, IM and Presence 8443; and the exit status.
    #[track_caller]
    fn login(&self, tftp: &str, uds: &str, exit: i32) {
        let expected = [
            ("cucmpub", TFTP, tftp),
            ("cucmpub", UDS, uds),
            ("cucmsub", TFTP, tftp),
            ("imp", UDS, uds),
        ];
        assert_eq!(self.classes(), expected);
        assert_eq!(self.1, Some(exit));
    }
}

struct Leg<'d>(&'d Value);

impl Leg<'_> {
    /// What is known to have changed.
    fn changed(&self) -> Vec<&str> {
        let known = list(&self.0["changes"]).filter(|change| change["known"] == true);
        known.map(|change| text(&change["what"])).collect()
    }

    fn change(&self, what: &str) -> &Value {
        let found = list(&self.0["changes"]).find(|change| change["what"] == what);
        found.unwrap_or_else(|| panic!("{what} has not changed: {}", self.0["changes"]))
    }

    /// The values of one aspect, before and after; or why it is not visible.
    fn values(&self, what: &str) -> (Vec<&str>, Vec<&str>) {
        let change = self.change(what);
        let of = |side: &'static str| {
            let seen = &change[side];
            let mut values: Vec<&str> =
                list(&seen["values"]).map(|value| text(&value["text"])).collect();
            values.extend(seen["not_visible"].as_str());
            values
        };
        (of("before"), of("after"))
    }

    #[track_caller]
    fn went(&self, what: &str, before: &str, after: &str) {
        assert_eq!(self.values(what), (vec![before], vec![after]), "{what}");
    }
}

const SELF_SIGNED: &str = "self-signed certificate, error 18 at depth 0";
const REFUSED: &str = "client aborted: unknown_ca (48)";

#[test]
fn an_upgrade_that_breaks() {
    let diff = pair(("before-upgrade", STORE), ("upgraded", STORE));
    diff.login("broken", "unchanged", 1);
    let leg = diff.leg("cucmpub", TFTP);
    assert_eq!(leg.changed(), ["outcome", "cause"]);
    leg.went("outcome", "completed", REFUSED);
    leg.went("cause", "self-signed-not-trusted (nobody minded)", "self-signed-not-trusted");
}

#[test]
fn rsa_preferred() {
    for after in ["rsa-prefix", "ecdsa-last", "ecdsa-forbidden"] {
        let diff = pair(("upgraded", STORE), (after, STORE));
        // What works goes on working, with another offer.
        diff.login("fixed", "changed", 0);
        let leg = diff.leg("cucmsub", TFTP);
        leg.went("outcome", REFUSED, "completed");
        leg.went("cause", "self-signed-not-trusted", "none");
        leg.went("key_kind", "ECDSA", "RSA");
        leg.went("chain_verdict", SELF_SIGNED, "trusted");
        let certificate = leg.change("server_certificate");
        let part = |side: &str, part: &str| {
            certificate[side]["values"][0]["parts"][part].as_str().unwrap().to_owned()
        };
        assert_eq!(part("before", "key"), "EC secp384r1");
        assert_eq!(part("after", "issuer"), "CN=Example Issuing CA 1,O=Example");
        assert_eq!(diff.leg("imp", UDS).changed(), ["offered_cipher_suites"]);
        let (old, new) = leg.values("offered_cipher_suites");
        assert!(old[0].starts_with("ECDSA first"), "{old:?}");
        let begin = if after == "ecdsa-forbidden" { "RSA only" } else { "RSA first" };
        assert!(new[0].starts_with(begin), "{after}: {new:?}");
    }
}

#[test]
fn the_prefix_moves_one_suite_and_that_is_told() {
    let (stores, files) = (store(STORE), [pcap("upgraded"), pcap("rsa-prefix")]);
    let said = run_diff(&["--trust", &stores, &files[0], &files[1]]).stdout;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("the same 67 in another order"), "{said}");
    assert!(said.contains("Legs: 2 changed, 2 fixed"), "{said}");
}

#[test]
fn a_server_that_does_not_go_by_the_order_is_not_mended_by_it() {
    let before = ("haproxy-upgraded", STORE);
    let diff = pair(before, ("haproxy-rsa-prefix", STORE));
    diff.login("changed", "changed", 0);
    assert_eq!(diff.0["failing_after"], 2);
    assert_eq!(diff.leg("cucmpub", TFTP).changed(), ["offered_cipher_suites"]);
    pair(before, ("haproxy-ecdsa-forbidden", STORE)).login("fixed", "changed", 0);
}

#[test]
fn trusted_ec_certificates_and_their_ca() {
    let diff = pair(("upgraded", STORE), ("ecdsa-trusted", WITH_EC));
    diff.login("fixed", "unchanged", 0);
    let leg = diff.leg("cucmpub", TFTP);
    assert_eq!(leg.changed(), ["outcome", "cause", "chain_verdict"]);
    leg.went("chain_verdict", SELF_SIGNED, "trusted");
    assert_eq!(list(&diff.0["trust_store"]["added"]).count(), 3);
    assert_eq!(list(&diff.0["trust_store"]["removed"]).count(), 0);

    let diff = pair(("ec-ca-missing", STORE), ("ec-ca-trusted", WITH_EC));
    assert_eq!(diff.classes(), [("cucmsub", TFTP, "fixed")]);
    diff.leg("cucmsub", TFTP).went("cause", "trust-anchor-missing", "none");
}

#[test]
fn unified_cm_trusts_the_chain_of_expressway_c() {
    let diff = pair(("refused-by-cucm", WITH_EC), ("ecdsa-trusted", WITH_EC));
    diff.login("fixed", "unchanged", 0);
    let leg = diff.leg("cucmpub", TFTP);
    assert_eq!(leg.changed(), ["outcome", "cause", "client_certificate_taken"]);
    leg.went("client_certificate_taken", "refused: unknown_ca (48)", "accepted");
    leg.went("outcome", "server aborted: unknown_ca (48)", "completed");
}

#[test]
fn a_corrected_name_is_the_same_leg() {
    for (before, sent) in [("name-short", "cucmpub"), ("name-address", "none")] {
        let diff = pair((before, STORE), ("name-full", STORE));
        assert_eq!(diff.classes(), [("cucmpub", UDS, "fixed")], "{before}");
        let leg = diff.leg("cucmpub", UDS);
        assert_eq!(leg.changed(), ["outcome", "cause", "name_verdict", "server_name"]);
        leg.went("cause", "name-not-in-certificate", "none");
        leg.went("server_name", sent, "cucmpub.example.org");
    }
}

#[test]
fn a_renewed_certificate_tells_serial_and_dates() {
    let diff = pair(("certificate-expired", STORE), ("certificate-renewed", STORE));
    assert_eq!(diff.classes(), [("cucmpub", UDS, "fixed")]);
    let leg = diff.leg("cucmpub", UDS);
    assert_eq!(leg.changed(), ["outcome", "cause", "server_certificate", "chain_verdict"]);
    let files = [pcap("certificate-expired"), pcap("certificate-renewed")];
    let said = run_diff(&["--trust", &store(STORE), &files[0], &files[1]]).stdout;
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("valid until 2025-01-01T00:00:00Z -> 2044-01-01T00:00:00Z"), "{said}");
    assert!(!words.contains("issuer"), "the issuer is the same: {said}");
}

#[test]
fn what_tls13_hides_is_not_visible_and_not_changed() {
    let diff = pair(("certificate-renewed", STORE), ("tls13-hides", STORE));
    assert_eq!(diff.classes(), [("cucmpub", UDS, "changed")]);
    let leg = diff.leg("cucmpub", UDS);
    let changed = leg.changed();
    assert_eq!(changed, ["version", "cipher_suite", "offered_versions", "offered_cipher_suites"]);
    for hidden in ["server_certificate", "chain_verdict", "name_verdict"] {
        assert_eq!(leg.values(hidden).1, ["certificate hidden by TLS 1.3"], "{hidden}");
    }
}

#[test]
fn a_service_that_is_no_longer_there_is_broken() {
    let trust = "samples/trust/expressway.pem";
    let (works, refused) = ("samples/rsa-trusted.pcap", "samples/connection-refused.pcap");
    let broken = diff(&["--trust", trust, works, refused]);
    assert_eq!((broken.0["legs"].as_array().unwrap().len(), broken.1), (1, Some(1)));
    let leg = broken.leg("cucmpub", UDS);
    assert_eq!(leg.0["class"], "broken");
    leg.went("outcome", "completed", "TCP connection refused");
    leg.went("cause", "none", "tcp-connection-failed");
    let mended = diff(&["--trust", trust, refused, works]);
    assert_eq!(mended.leg("cucmpub", UDS).0["class"], "fixed");
}

#[test]
fn an_expressway_with_another_address_is_the_same_leg() {
    let files = ["samples/rsa-trusted.pcap", "samples/vlan.pcap"];
    let trust = ["--trust", "samples/trust/expressway.pem"];
    let parted = diff(&[&trust[..], &files].concat());
    assert_eq!(
        parted.classes(),
        [("cucmpub", UDS, "only_after"), ("cucmpub", UDS, "only_before")],
        "two hosts of which nothing is known"
    );
    let who = ["--map", "10.30.5.20=expressway-c", "--map", "10.40.5.20=expressway-c"];
    let arguments = [&trust[..], &who, &files].concat();
    assert_eq!(diff(&arguments).classes(), [("cucmpub", UDS, "changed")], "another offer");
    let said = run_diff(&arguments).stdout;
    assert!(said.contains("was: Expressway-C 10.30.5.20 to UC node"), "{said}");
}

#[test]
fn the_same_traffic_in_another_archive_is_unchanged() {
    let files = [archive(15), archive(17)].map(|path| path.to_str().unwrap().to_owned());
    let again = diff(&[&files[0], &files[1]]);
    assert!(list(&again.0["legs"]).all(|leg| leg["class"] == "unchanged"), "{:?}", again.classes());
    assert_eq!(list(&again.0["legs"]).count(), 7);
}

#[test]
fn what_one_side_does_not_show_is_not_seen() {
    let trust = ["--trust", "samples/trust/expressway.pem"];
    let arguments = [&trust[..], &["samples/rsa-trusted.pcap", "samples/truncated.pcap"]].concat();
    let cut = run_diff(&[&["--json"], &arguments[..]].concat());
    let document: Value = serde_json::from_str(&cut.stdout).unwrap();
    assert_eq!(document["legs"][0]["class"], "not_seen");
    let resumed = [&trust[..], &["samples/resumed-tls12.pcap", "samples/resumed-tls12.pcap"]];
    assert_eq!(diff(&resumed.concat()).classes(), [("cucmpub", UDS, "unchanged")]);
}

#[test]
fn chance_is_no_change() {
    let again = pair(("upgraded", STORE), ("upgraded-again", STORE));
    again.login("unchanged", "unchanged", 0);
    assert!(list(&again.0["legs"]).all(|leg| list(&leg["changes"]).count() == 0));
    // Other ports, other times, another order of connections.
    let (files, stores) =
        ([pcap("upgraded"), pcap("name-full"), pcap("upgraded-again")], store(STORE));
    let several = diff(&[
        "--trust", &stores, "--before", &files[0], &files[1], "--after", &files[1], &files[2],
    ]);
    several.login("unchanged", "unchanged", 0);
}

#[test]
fn every_sample_is_the_same_as_itself() {
    for sample in samples::rows() {
        let mut arguments: Vec<&str> = Vec::new();
        if let Some(trust) = &sample.trust {
            arguments.extend(["--trust", trust]);
        }
        arguments.push("--before");
        arguments.extend(sample.files.iter().map(String::as_str));
        arguments.push("--after");
        arguments.extend(sample.files.iter().map(String::as_str));
        let done = run_diff(&[&["--json"], &arguments[..]].concat());
        let Ok(document) = serde_json::from_str::<Value>(&done.stdout) else {
            panic!("{}: {done:?}", sample.name)
        };
        let same = list(&document["legs"])
            .all(|leg| leg["class"] == "unchanged" && list(&leg["changes"]).count() == 0);
        assert!(same, "{}: {}", sample.name, document["summary"]);
        assert!(
            list(&document["expressways"]).all(|one| list(&one["changes"]).count() == 0),
            "{}",
            sample.name
        );
        assert_ne!(done.code, Some(1), "{}", sample.name);
    }
}

#[test]
fn a_mixed_leg_says_so() {
    let (stores, files) = (store(STORE), ["before-upgrade", "rsa-prefix", "upgraded"].map(pcap));
    let arguments = ["--trust", &stores, "--before", &files[0], "--after", &files[1], &files[2]];
    let mixed = diff(&arguments);
    mixed.login("broken", "changed", 1);
    assert_eq!(mixed.leg("cucmpub", TFTP).0["after"]["state"], "mixed");
    let said = run_diff(&arguments).stdout;
    let words = "after: 2 connections, mixed: client aborted: unknown_ca (48) in 1, completed in 1";
    assert!(said.contains(words), "{said}");
    // The other way round it is mended, and half mended is not mended.
    let back = ["--trust", &stores, "--before", &files[1], &files[2], "--after", &files[1]];
    diff(&back).login("fixed", "changed", 0);
    let half = ["--trust", &stores, "--before", &files[2], "--after", &files[1], &files[2]];
    diff(&half).login("changed", "changed", 0);
}

#[test]
fn archives_tell_what_changed_on_the_box() {
    let files = [archive(2), archive(7)].map(|path| path.to_str().unwrap().to_owned());
    let upgrade = diff(&[&files[0], &files[1]]);
    upgrade.login("broken", "changed", 1);
    let [expressway] = &upgrade.0["expressways"].as_array().unwrap()[..] else { panic!() };
    assert_eq!(expressway["name"], "Expressway-C expc.example.org");
    let change = |what: &str| {
        let found = list(&expressway["changes"]).find(|change| change["what"] == what);
        found.map(|change| (text(&change["before"]), text(&change["after"])))
    };
    assert_eq!(change("software"), Some(("X14.0.5", "X14.3.4")));
    assert_eq!(
        change("xConfiguration SIP Advanced SipTlsVersions"),
        Some(("TLSv1:TLSv1.1:TLSv1.2", "TLSv1.2:TLSv1.3"))
    );
    assert_eq!(list(&expressway["trust_list"]["added"]).count(), 2);

    // Unified CM has got the chain of Expressway-C; not every service was asked again.
    let files = [archive(1), archive(15)].map(|path| path.to_str().unwrap().to_owned());
    let mended = diff(&[&files[0], &files[1]]);
    for (host, port, class) in [
        ("cucmpub", 5061, "fixed"),
        ("cucmpub", TFTP, "fixed"),
        ("cucmsub", TFTP, "fixed"),
        ("cucmpub", UDS, "unchanged"),
        ("cucmpub", 5091, "only_before"),
        ("cucmpub", 6971, "only_before"),
        ("expe", 7001, "only_after"),
        ("cucmsub", UDS, "only_after"),
    ] {
        assert_eq!(mended.leg(host, port).0["class"], class, "{host}:{port}");
    }
    assert_eq!(mended.1, Some(0));
}

#[test]
fn exit_status_and_usage() {
    let (stores, files) = (store(STORE), ["upgraded", "upgraded-again"].map(pcap));
    let code = |more: &[&str]| {
        run_diff(&[&["--trust", &stores, &files[0], &files[1]], more].concat()).code
    };
    assert_eq!(code(&[]), Some(0), "it failed before");
    assert_eq!(code(&["--fail-on", "failing"]), Some(1));
    let broken = [&*stores, &pcap("before-upgrade"), &files[0]].map(str::to_owned);
    let never = ["--trust", &broken[0], "--fail-on", "never", &broken[1], &broken[2]];
    assert_eq!(run_diff(&never).code, Some(0));
    for wrong in [
        vec![files[0].as_str()],
        vec!["--before", &files[0]],
        vec![&files[0], &files[1], "--after", &files[1]],
        vec![&files[0], "no-such-file"],
        vec![],
    ] {
        let done = run_diff(&wrong);
        assert!(done.code == Some(2) && !done.stderr.is_empty(), "{wrong:?}: {done:?}");
    }
}
