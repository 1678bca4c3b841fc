//! `tlsight whatif` and `tlsight forecast`: what is foretold from one recording is what
//! another recording shows. The pairs of the lab are skipped when the lab is not beside
//! the repository.

// A test says what it skipped; its helpers may fail it.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

mod toolkit;

use std::path::{Path, PathBuf};

use serde_json::Value;
use toolkit::program::{Run, run};
use toolkit::told::{list, text};

// --- what is foretold -------------------------------------------------------------

struct Outlook(Value, Option<i32>);

fn foretold(arguments: &[&str]) -> Outlook {
    let done = run(&[arguments, &["--json"]].concat());
    assert!(matches!(done.code, Some(0 | 1)) && done.stderr.is_empty(), "{arguments:?}: {done:?}");
    Outlook(serde_json::from_str(&done.stdout).unwrap(), done.code)
}

fn whatif(arguments: &[&str]) -> Outlook {
    foretold(&[&["whatif"], arguments].concat())
}

impl Outlook {
    /// The connection of a capture to a port, by the number of the capture.
    fn to(&self, capture: u64, port: u16) -> Leg<'_> {
        let is_it = |one: &&Value| {
            one["capture"] == capture && text(&one["server"]).ends_with(&format!(":{port}"))
        };
        Leg(list(&self.0["connections"]).find(is_it).unwrap())
    }

    fn fates(&self) -> Vec<&str> {
        list(&self.0["connections"]).map(|one| text(&one["fate"])).collect()
    }

    fn notes(&self) -> Vec<&str> {
        list(&self.0["notes"]).map(|note| text(&note["id"])).collect()
    }
}

struct Leg<'o>(&'o Value);

impl Leg<'_> {
    fn value(&self, what: &str) -> &Value {
        let after = &self.0["after"][what];
        assert!(after["unknown"].is_null(), "{what} is not known: {after}");
        &after["value"]
    }

    fn unknown(&self, what: &str) -> &str {
        text(&self.0["after"][what]["unknown"])
    }

    #[track_caller]
    fn becomes(&self, what: &str, value: &str) {
        assert_eq!(text(self.value(what)), value, "{what}");
    }

    /// Every known value names what it rests on.
    #[track_caller]
    fn rests_on_something(&self) {
        for (what, after) in self.0["after"].as_object().unwrap() {
            let told = !after["because"].as_array().is_none_or(Vec::is_empty);
            assert!(told || !after["unknown"].is_null(), "{what}: {after}");
        }
    }
}

const RSA_SUITE: &str = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
const ECDSA_SUITE: &str = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
const DEFAULT: &str = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH";

/// The vendor's remedy in front of the default of the vendor.
fn prefixed() -> String {
    format!("ECDHE-RSA-AES256-GCM-SHA384:{DEFAULT}")
}

// --- pairs of the lab --------------------------------------------------------------

struct Scenario {
    capture: String,
    trust: String,
    truth: Value,
}

/// A scenario by the beginning of its name.
fn scenario(name: &str) -> Option<Scenario> {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/lab");
    let Ok(entries) = std::fs::read_dir(&lab) else {
        eprintln!("skipped {name}: no lab at {}", lab.display());
        return None;
    };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let is_it = |folder: &&PathBuf| folder.file_name().unwrap().to_string_lossy().starts_with(name);
    let folder = folders.iter().find(is_it).unwrap();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let truth = std::fs::read(folder.join("truth.json")).unwrap();
    Some(Scenario {
        capture: file("capture.pcap"),
        trust: file("trust.pem"),
        truth: serde_json::from_slice(&truth).unwrap(),
    })
}

/// Compares what is foretold for a connection with the recorded truth of another one.
#[track_caller]
fn comes_true(leg: &Leg<'_>, truth: &Value) {
    leg.becomes("version", text(&truth["version"]));
    leg.becomes("suite", text(&truth["cipher"]));
    leg.becomes("certificate_sha256", text(&truth["server_certificates"][0]["sha256"]));
    let verify = &truth["verify"]["openssl"];
    leg.becomes("chain", if verify["ok"] == true { "accepted" } else { "refused" });
    assert_eq!(leg.value("chain_error"), &verify["errors"][0]["code"]);
    if truth["verify"]["name_check"] == "match" {
        leg.becomes("name", "matches");
    }
    let completed = truth["outcome"] == "completed";
    if completed && !leg.unknown("outcome").is_empty() {
        // The server asks for a certificate, and the client had not come so far.
        assert!(leg.unknown("outcome").contains("client certificate"), "{}", leg.0["after"]);
        return;
    }
    leg.becomes("outcome", if completed { "completed" } else { "refused" });
    let fatal = list(&truth["alerts"]).find(|alert| alert["level"] == "fatal");
    match fatal {
        Some(alert) => assert_eq!(leg.value("alert")["code"], alert["code"]),
        None => assert!(leg.value("alert").is_null()),
    }
    leg.rests_on_something();
}

/// The truth about the connection to a port.
fn truth_of(scenario: &Scenario, port: u16) -> &Value {
    let is_it = |one: &&Value| text(&one["server"]).ends_with(&format!(":{port}"));
    list(&scenario.truth["connections"]).find(is_it).unwrap()
}

/// Two orders of ciphers at one Tomcat with both certificates (22a, 22b).
#[test]
fn the_order_of_ciphers_is_foretold_from_its_neighbour() {
    let (Some(ecdsa), Some(rsa)) = (scenario("22a"), scenario("22b")) else { return };
    let prefixed = prefixed();
    let both = [ecdsa.capture.as_str(), rsa.capture.as_str()];
    let outlook = whatif(&[&["--ciphers", &prefixed, "--trust", &ecdsa.trust][..], &both].concat());
    comes_true(&outlook.to(0, 8443), truth_of(&rsa, 8443));
    let outlook = whatif(&[&["--ciphers", DEFAULT, "--trust", &rsa.trust][..], &both].concat());
    comes_true(&outlook.to(1, 8443), truth_of(&ecdsa, 8443));
}

/// From one capture alone the second certificate is not known, and the truth is among
/// what is called possible.
#[test]
fn a_certificate_that_was_never_seen_is_not_foretold() {
    let (Some(ecdsa), Some(rsa)) = (scenario("22a"), scenario("22b")) else { return };
    let prefixed = prefixed();
    for (from, ciphers, truth) in [(&ecdsa, prefixed.as_str(), &rsa), (&rsa, DEFAULT, &ecdsa)] {
        let outlook = whatif(&["--ciphers", ciphers, "--trust", &from.trust, &from.capture]);
        let leg = outlook.to(0, 8443);
        assert!(leg.unknown("certificate_sha256").contains("never seen with"));
        let cipher = &truth_of(truth, 8443)["cipher"];
        assert!(list(&leg.0["after"]["suite"]["possible"]).any(|suite| suite == cipher));
        // With the product named the suite still depends on that certificate.
        let product = ["--server-product", "tomcat"];
        let arguments = ["--ciphers", ciphers, "--trust", &from.trust, &from.capture];
        let named = whatif(&[&product[..], &arguments].concat());
        assert!(!named.to(0, 8443).unknown("outcome").is_empty());
    }
}

/// One server and two trust lists (02a and 02e, 03a and 03c).
#[test]
fn an_anchor_is_foretold_from_its_neighbour() {
    for (without, with) in [("02a", "02e"), ("03a", "03c")] {
        let (Some(without), Some(with)) = (scenario(without), scenario(with)) else { return };
        let added =
            whatif(&["--add-anchor", &with.trust, "--trust", &without.trust, &without.capture]);
        comes_true(&added.to(0, 8443), truth_of(&with, 8443));
        assert_eq!((added.fates(), added.1), (vec!["mended"], Some(0)));
        // Back: what the other list does not have is taken out.
        let folder = tempfile::tempdir().unwrap();
        let extra = folder.path().join("extra.pem");
        std::fs::write(&extra, last_certificate(&with.trust)).unwrap();
        let extra = extra.to_str().unwrap();
        let removed = whatif(&["--remove-anchor", extra, "--trust", &with.trust, &with.capture]);
        comes_true(&removed.to(0, 8443), truth_of(&without, 8443));
        assert_eq!((removed.fates(), removed.1), (vec!["breaks"], Some(1)));
    }
}

fn last_certificate(path: &str) -> String {
    let pem = std::fs::read_to_string(path).unwrap();
    pem[pem.rfind("-----BEGIN CERTIFICATE-----").unwrap()..].to_owned()
}

/// CSCwa12894: two self-signed certificates with one name; each list has the other one
/// (19a, 19b).
#[test]
fn one_name_and_two_certificates_are_foretold_from_their_neighbour() {
    let (Some(tomcat), Some(callmanager)) = (scenario("19a"), scenario("19b")) else { return };
    for (from, to) in [(&tomcat, &callmanager), (&callmanager, &tomcat)] {
        let changes = ["--remove-anchor", &from.trust, "--add-anchor", &to.trust];
        let outlook = whatif(&[&changes[..], &["--trust", &from.trust, &from.capture]].concat());
        for port in [8443, 5061] {
            comes_true(&outlook.to(0, port), truth_of(to, port));
        }
        assert!(outlook.fates().contains(&"breaks"));
        // Beside the old one the new one is never used.
        let arguments = ["--add-anchor", &to.trust, "--trust", &from.trust, &from.capture];
        let how = ["--store-semantics", "expressway"];
        let shadowed = whatif(&[&how[..], &arguments].concat());
        assert!(shadowed.notes().contains(&"anchor-shadowed"), "{:?}", shadowed.notes());
        assert!(!shadowed.fates().contains(&"mended"));
    }
}

/// HAProxy takes ECDSA although RSA comes first (22f).
#[test]
fn haproxy_is_helped_by_forbidding_ecdsa_only() {
    let Some(haproxy) = scenario("22f") else { return };
    let prefixed = prefixed();
    let of = |change: &[&str]| {
        let named = ["--server-product", "haproxy", "--trust", &haproxy.trust, &haproxy.capture];
        whatif(&[change, &named].concat())
    };
    // The prefix is what it has already: nothing changes.
    assert_eq!(of(&["--ciphers", &prefixed]).fates(), ["still fails"]);
    let last = format!("{DEFAULT}:+ECDSA");
    let outlook = of(&["--ciphers", &last]);
    outlook.to(0, 8443).becomes("suite", ECDSA_SUITE);
    assert_eq!(outlook.fates(), ["still fails"]);
    let forbidden = of(&["--disable", "ecdsa"]);
    assert!(forbidden.to(0, 8443).unknown("certificate_sha256").contains("RSA certificate"));
}

// --- recordings that come with the program --------------------------------------------

fn remedy(name: &str) -> String {
    format!("samples/remedies/{name}.pcap")
}

/// The subject and the port of each connection, with what it was or will be.
type Told = Vec<(String, String, String, String)>;

/// Every remedy of the vendor's document (225476), foretold from the captures before it
/// and held against the capture after it.
#[test]
fn the_remedies_of_the_vendor_are_foretold() {
    const TRUST: &str = "samples/remedies/trust/expressway.pem";
    let (upgraded, prefix) = (remedy("upgraded"), remedy("rsa-prefix"));
    let last = format!("{DEFAULT}:+ECDSA");
    for (change, after) in [
        (vec!["--ciphers".to_owned(), prefixed()], "rsa-prefix"),
        (vec!["--ciphers".to_owned(), last], "ecdsa-last"),
        (vec!["--disable".to_owned(), "ecdsa".to_owned()], "ecdsa-forbidden"),
    ] {
        let change: Vec<&str> = change.iter().map(String::as_str).collect();
        // The second capture shows what RSA certificates the servers have.
        let arguments = ["--trust", TRUST, &upgraded, &prefix];
        let outlook = whatif(&[change.as_slice(), &arguments].concat());
        assert_eq!(foretold_of(&outlook), recorded(&remedy(after), TRUST), "{after}");
    }
}

/// What is foretold for the first capture.
fn foretold_of(outlook: &Outlook) -> Told {
    let first = list(&outlook.0["connections"]).filter(|one| one["capture"] == 0);
    let mut told: Told = first
        .map(|one| {
            let value = |what: &str| text(Leg(one).value(what)).to_owned();
            (
                text(&one["server"]).to_owned(),
                value("suite"),
                value("certificate_sha256"),
                value("outcome"),
            )
        })
        .collect();
    told.sort();
    told
}

/// What a capture shows.
fn recorded(capture: &str, trust: &str) -> Told {
    let done = run(&["--json", "--trust", trust, capture]);
    let document: Value = serde_json::from_str(&done.stdout).unwrap();
    let mut told: Told = list(&document["connections"])
        .map(|one| {
            let certificate = &one["server_certificates"][0]["sha256"];
            (
                text(&one["server"]).to_owned(),
                text(&one["cipher_suite"]["name"]).to_owned(),
                text(certificate).to_owned(),
                text(&one["handshake"]).to_owned(),
            )
        })
        .collect();
    told.sort();
    told
}

#[test]
fn a_trusted_ec_certificate_is_foretold() {
    let trust = |name: &str| format!("samples/remedies/trust/{name}.pem");
    let (old, new) = (trust("expressway"), trust("expressway-with-ecdsa"));
    // The capture from before the upgrade shows that the servers take this client.
    let captures = [remedy("upgraded"), remedy("before-upgrade")];
    let arguments = ["--add-anchor", &new, "--trust", &old, &captures[0], &captures[1]];
    let outlook = whatif(&arguments);
    assert_eq!(foretold_of(&outlook), recorded(&remedy("ecdsa-trusted"), &new));
    assert_eq!(outlook.1, Some(0));
}

/// The name of a leg is that of the certificate after it was issued again.
#[test]
fn a_new_certificate_takes_the_place_of_the_old_one() {
    const TRUST: &str = "samples/remedies/trust/expressway.pem";
    let folder = tempfile::tempdir().unwrap();
    let expired = remedy("certificate-expired");
    let done =
        run(&["certs", &remedy("certificate-renewed"), "-o", folder.path().to_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let renewed = recorded(&remedy("certificate-renewed"), TRUST);
    let (server, _, sha256, _) = &renewed[0];
    let new = pem_of(folder.path(), sha256);
    let replaced = format!("{server}={}", new.display());
    let outlook = whatif(&["--replace-cert", &replaced, "--trust", TRUST, &expired]);
    let port = server.rsplit_once(':').unwrap().1.parse().unwrap();
    outlook.to(0, port).becomes("certificate_sha256", sha256);
}

/// The file of a folder that holds the certificate with this fingerprint.
fn pem_of(folder: &Path, sha256: &str) -> PathBuf {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut pems = files.filter(|file| file.extension().is_some_and(|end| end == "pem"));
    pems.find(|file| {
        let blocks = tlsight::x509::pem::read(&std::fs::read(file).unwrap());
        blocks.iter().filter_map(|block| block.result.as_ref().ok()).any(|one| {
            one.sha256.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == sha256
        })
    })
    .unwrap()
}

#[test]
fn without_a_change_on_a_leg_everything_stays() {
    for sample in ["rsa-trusted", "tls13-trusted", "mtls-refused-tls12", "no-common-cipher"] {
        let capture = format!("samples/{sample}.pcap");
        let trust = "samples/trust/expressway.pem";
        let added = ["--add-anchor", trust, "--trust", trust, &capture];
        let outlook = whatif(&added);
        for one in list(&outlook.0["connections"]) {
            for what in ["version", "suite", "certificate_sha256", "outcome"] {
                let (before, after) = (&one["before"][what], &one["after"][what]);
                let same = after["value"] == *before || !after["unknown"].is_null();
                assert!(same, "{sample}: {what}: {before} becomes {after}");
            }
            assert!(!text(&one["fate"]).contains("breaks"), "{sample}: {one}");
        }
    }
}

#[test]
fn only_the_clients_that_are_named_are_changed() {
    let capture = remedy("upgraded");
    let changed = |more: &[&str]| -> Vec<bool> {
        let outlook = whatif(&[&["--disable", "ecdsa", &capture], more].concat());
        list(&outlook.0["connections"]).map(|one| one["changed"] == true).collect()
    };
    assert_eq!(changed(&[]), [true; 4]);
    assert_eq!(changed(&["--client", "10.30.5.20"]), [true; 4]);
    assert_eq!(changed(&["--client", "10.30.5.21"]), [false; 4]);
    assert_eq!(changed(&["--expressway", "10.30.7.11"]), [false; 4]);
}

/// What the report calls a remedy that would work has been recorded to work.
#[test]
fn remedies_that_would_work_have_worked() {
    const TRUST: &str = "samples/remedies/trust/expressway.pem";
    let recordings = [
        ("--rsa-prefix", "rsa-prefix", "expressway"),
        ("--ecdsa-last", "ecdsa-last", "expressway"),
        ("--disable ecdsa", "ecdsa-forbidden", "expressway"),
        ("--add-anchor FILE", "ecdsa-trusted", "expressway-with-ecdsa"),
    ];
    let done = run(&["--json", "--trust", TRUST, &remedy("upgraded"), &remedy("rsa-prefix")]);
    let document: Value = serde_json::from_str(&done.stdout).unwrap();
    let mut tried = 0;
    for verdict in list(&document["verdicts"]) {
        for foretold in list(&verdict["foretold"]) {
            assert_eq!(foretold["prospect"], "would work", "{foretold}");
            let flags = text(&foretold["whatif"]);
            let (_, after, store) = recordings.iter().find(|(known, ..)| *known == flags).unwrap();
            let trust = format!("samples/remedies/trust/{store}.pem");
            let mut of_server = recorded(&remedy(after), &trust)
                .into_iter()
                .filter(|row| row.0 == text(&verdict["server"]));
            assert_eq!(of_server.next().unwrap().3, "completed", "{flags}");
            tried += 1;
        }
    }
    assert_eq!(tried, 2 * recordings.len());
}

/// The anchor that has the name of the right one is taken out, and what it alone vouched
/// for breaks (CSCwa12894).
#[test]
fn a_remedy_says_what_it_breaks() {
    let Some(tomcat) = scenario("19a") else { return };
    let done = run(&["--json", "--trust", &tomcat.trust, &tomcat.capture]);
    let document: Value = serde_json::from_str(&done.stdout).unwrap();
    let all = list(&document["verdicts"]).flat_map(|verdict| list(&verdict["foretold"]));
    let breaks = |one: &&Value| {
        list(&one["side_effects"])
            .any(|effect| effect["fate"] == "breaks" && text(&effect["server"]).ends_with(":8443"))
    };
    assert!(all.filter(breaks).count() > 0, "{}", document["verdicts"]);
}

// --- upgrades ---------------------------------------------------------------------------

/// A version that does not verify, and one that does: what nobody minded is refused.
#[test]
fn verification_begins_with_an_upgrade() {
    let capture = remedy("before-upgrade");
    let of = |to: &str| {
        let known = ["--expressway", "10.30.5.20", "--product-version", "X14.0.6"];
        let trust = ["--trust", "samples/remedies/trust/expressway.pem"];
        foretold(&[&["forecast", "--to", to, &capture][..], &known, &trust].concat())
    };
    // From X14.0 on the prefix comes with the upgrade, and the servers may have RSA.
    let verifying = of("X14.2.1");
    assert!(verifying.notes().contains(&"release"));
    for one in list(&verifying.0["connections"]) {
        assert_ne!(text(&one["fate"]), "mended", "{one}");
    }
    // To a version that does not verify nothing breaks.
    let not_verifying = of("X14.0.7");
    assert!(!not_verifying.fates().contains(&"breaks"), "{:?}", not_verifying.fates());
    assert_eq!(not_verifying.1, Some(0));
}

// --- the command line ----------------------------------------------------------------------

#[track_caller]
fn trouble(arguments: &[&str], word: &str) {
    let done = run(arguments);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains(word), "{word} is not in {}", done.stderr);
}

#[test]
fn mistakes_are_told() {
    let capture = "samples/rsa-trusted.pcap";
    trouble(&["whatif", capture], "--ciphers");
    trouble(&["whatif", "--ciphers", "NOTHING", capture], "no cipher suite matches");
    trouble(&["whatif", "--add-anchor", "/nowhere.pem", capture], "/nowhere.pem");
    trouble(&["whatif", "--replace-cert", capture, capture], "no certificate found");
    trouble(&["whatif", "--server-product", "nginx", "--tls12-only", capture], "haproxy");
    trouble(&["forecast", "--to", "X15.5", capture], "--expressway");
    trouble(&["forecast", "--to", "fifteen", capture], "version");
    let known = ["--expressway", "10.30.5.20", "--product-version", "X15.5"];
    trouble(&[&["forecast", "--to", "X14.2", capture][..], &known].concat(), "no upgrade");
    trouble(&["whatif", "--tls12-only", "/nowhere.pcap"], "/nowhere.pcap");
}

fn said(done: &Run, words: &[&str]) {
    for word in words {
        assert!(done.stdout.contains(word), "{word} is not in {}", done.stdout);
    }
}

#[test]
fn the_text_says_what_changes_why_and_how_to_confirm_it() {
    let arguments = [
        "whatif",
        "--disable",
        "ecdsa",
        "--trust",
        "samples/remedies/trust/expressway.pem",
        "samples/remedies/upgraded.pcap",
        "samples/remedies/rsa-prefix.pcap",
    ];
    let done = run(&arguments);
    assert_eq!(done.code, Some(0), "{done:?}");
    said(
        &done,
        &["Change: !ECDSA", "mended  ", "unknown_ca (48) -> completed", "because ", "frame "],
    );
    said(&done, &["confirm: openssl s_client -connect 10.30.7.11:6972", "-verify_return_error"]);
    said(&done, &[RSA_SUITE, ECDSA_SUITE]);
}

#[test]
fn help_teaches_with_examples() {
    for (command, words) in [
        ("whatif", ["--add-anchor", "Examples:", "Exit status:"]),
        ("forecast", ["--to", "Examples:", "Exit status:"]),
    ] {
        let help = run(&[command, "--help"]);
        assert_eq!(help.code, Some(0));
        said(&help, &words);
    }
}
