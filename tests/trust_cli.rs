//! The commands about trust as a user types them: `verify`, `trust`, `peers`, `certs`, and the flags of the scan.
//! Where the command `openssl` 3.0 is at hand, verdicts are compared with its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may fail, and says what it skipped"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use serde_json::Value;

/// Judged at this time: 2026-11-21T00:00:00Z.
const AT: &str = "2026-11-21T00:00:00Z";
const AT_UNIX: &str = "1795219200";

struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }
}

fn tlsight<I: AsRef<std::ffi::OsStr>>(arguments: &[I]) -> Ran {
    let done = Command::new(env!("CARGO_BIN_EXE_tlsight"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    Ran {
        status: done.status.code().unwrap(),
        stdout: String::from_utf8(done.stdout).unwrap(),
        stderr: String::from_utf8(done.stderr).unwrap(),
    }
}

/// A root, an intermediate, a leaf for both roles, and odd ones, as files.
struct Pki {
    folder: tempfile::TempDir,
}

fn authority(name: &str, years: std::ops::Range<i32>) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(years.start, 1, 1);
    params.not_after = date_time_ymd(years.end, 1, 1);
    params
}

fn leaf(name: &str, usages: &[ExtendedKeyUsagePurpose]) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = usages.to_vec();
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2028, 1, 1);
    params
}

impl Pki {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, pem: String| std::fs::write(folder.path().join(name), pem).unwrap();
        let [root_key, other_key, middle_key, leaf_key] =
            std::array::from_fn(|_| KeyPair::generate().unwrap());
        let root = authority("Test Root", 2020..2040);
        write("root.pem", root.self_signed(&root_key).unwrap().pem());
        // The same name with another key, and without identifiers that would tell them apart.
        write("twin.pem", root.self_signed(&other_key).unwrap().pem());
        write("old.pem", authority("Old Root", 2000..2010).self_signed(&other_key).unwrap().pem());
        let root = Issuer::new(root, root_key);
        let middle = authority("Test Intermediate", 2020..2040);
        write("middle.pem", middle.signed_by(&middle_key, &root).unwrap().pem());
        let middle = Issuer::new(middle, middle_key);
        let both = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let served = leaf("a.example", &both).signed_by(&leaf_key, &middle).unwrap().pem();
        write("leaf.pem", served);
        let server = leaf("b.example", &both[..1]).signed_by(&leaf_key, &middle).unwrap().pem();
        write("server-only.pem", server);
        let mut alone = leaf("self.example", &[]);
        alone.use_authority_key_identifier_extension = false;
        write("self.pem", alone.self_signed(&leaf_key).unwrap().pem());
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A file of several others.
    fn joined(&self, name: &str, parts: &[&str]) -> String {
        let text: String =
            parts.iter().map(|part| std::fs::read_to_string(self.path(part)).unwrap()).collect();
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// A certificate with trust settings of OpenSSL behind it.
    fn trusted(&self, name: &str, certificate: &str, settings: &[&str]) {
        let (from, to) = (self.path(certificate), self.path(name));
        let mut command = Command::new("openssl");
        command.args(["x509", "-trustout", "-in", &from, "-out", &to]).args(settings);
        assert!(command.status().unwrap().success());
    }

    /// `tlsight verify` with names of files in this folder, at a fixed time.
    fn verify(&self, leaf: &str, trust: &str, more: &[&str]) -> Ran {
        let (leaf, trust) = (self.path(leaf), self.path(trust));
        let mut arguments = vec!["verify", &leaf, "--trust", &trust];
        if !more.contains(&"--at") {
            arguments.extend(["--at", AT]);
        }
        arguments.extend(more);
        tlsight(&arguments)
    }
}

fn has_openssl() -> bool {
    let version = Command::new("openssl").arg("version").output();
    let usable = version.is_ok_and(|done| done.stdout.starts_with(b"OpenSSL 3.0."));
    if !usable {
        eprintln!("skipped: needs the command openssl 3.0");
    }
    usable
}

/// The errors that `openssl verify` prints, as the JSON has them.
fn openssl_errors(arguments: &[&str]) -> Vec<(u64, u64, String)> {
    let mut command = Command::new("openssl");
    command.args(["verify", "-no-CApath", "-no-CAstore", "-attime", AT_UNIX]).args(arguments);
    let stderr = String::from_utf8(command.output().unwrap().stderr).unwrap();
    let error = |line: &str| {
        let (code, rest) = line.strip_prefix("error ")?.split_once(" at ")?;
        let (depth, text) = rest.split_once(" depth lookup: ")?;
        Some((code.parse().ok()?, depth.parse().ok()?, text.to_owned()))
    };
    stderr.lines().filter_map(error).collect()
}

fn json_errors(list: &Value) -> Vec<(u64, u64, String)> {
    let error = |error: &Value| {
        let text = error["text"].as_str().unwrap().to_owned();
        (error["code"].as_u64().unwrap(), error["depth"].as_u64().unwrap(), text)
    };
    list.as_array().unwrap().iter().map(error).collect()
}

#[test]
fn verify_says_what_openssl_says() {
    if !has_openssl() {
        return;
    }
    let pki = Pki::new();
    let middle = pki.path("middle.pem");
    pki.trusted("root-no-server.pem", "root.pem", &["-addreject", "serverAuth"]);
    pki.trusted("root-mail.pem", "root.pem", &["-addtrust", "emailProtection"]);
    pki.trusted("middle-server.pem", "middle.pem", &["-addtrust", "serverAuth"]);
    pki.trusted("leaf-no-server.pem", "leaf.pem", &["-addreject", "anyExtendedKeyUsage"]);
    std::fs::write(pki.path("mark.pem"), "\u{feff}").unwrap();
    pki.joined("marked.pem", &["mark.pem", "root.pem", "mark.pem", "old.pem"]);
    pki.joined("marked-leaf.pem", &["mark.pem", "leaf.pem", "middle.pem"]);
    let cases: &[(&str, &str, &[&str], &[&str])] = &[
        ("leaf.pem", "marked.pem", &["--untrusted", &middle], &["-untrusted", &middle]),
        ("marked-leaf.pem", "middle.pem", &["--partial-chain"], &["-partial_chain"]),
        ("leaf.pem", "root-no-server.pem", &["--untrusted", &middle], &["-untrusted", &middle]),
        ("leaf.pem", "root-mail.pem", &["--untrusted", &middle], &["-untrusted", &middle]),
        (
            "leaf.pem",
            "root-no-server.pem",
            &["--untrusted", &middle, "--purpose", "client"],
            &["-untrusted", &middle, "-purpose", "sslclient"],
        ),
        ("leaf.pem", "middle-server.pem", &[], &[]),
        ("leaf.pem", "leaf-no-server.pem", &["--partial-chain"], &["-partial_chain"]),
        ("leaf.pem", "root.pem", &["--untrusted", &middle], &["-untrusted", &middle]),
        ("leaf.pem", "root.pem", &[], &[]),
        ("leaf.pem", "middle.pem", &[], &[]),
        ("leaf.pem", "middle.pem", &["--partial-chain"], &["-partial_chain"]),
        ("leaf.pem", "old.pem", &["--untrusted", &middle], &["-untrusted", &middle]),
        ("self.pem", "root.pem", &[], &[]),
        ("self.pem", "self.pem", &[], &[]),
        (
            "leaf.pem",
            "root.pem",
            &["--untrusted", &middle, "--name", "other.example"],
            &["-untrusted", &middle, "-verify_hostname", "other.example"],
        ),
        (
            "leaf.pem",
            "root.pem",
            &["--untrusted", &middle, "--ip", "192.0.2.1"],
            &["-untrusted", &middle, "-verify_ip", "192.0.2.1"],
        ),
        (
            "server-only.pem",
            "root.pem",
            &["--untrusted", &middle, "--purpose", "client"],
            &["-untrusted", &middle, "-purpose", "sslclient"],
        ),
        ("old.pem", "old.pem", &["--purpose", "any"], &["-purpose", "any"]),
    ];
    for (leaf, trust, ours, theirs) in cases {
        let mut ours = ours.to_vec();
        ours.extend(["--json", "--security-level", "0"]);
        let ran = pki.verify(leaf, trust, &ours);
        let (leaf, trust) = (pki.path(leaf), pki.path(trust));
        let mut arguments = theirs.to_vec();
        if !theirs.contains(&"-purpose") {
            arguments.extend(["-purpose", "sslserver"]);
        }
        arguments.extend(["-CAfile", &trust, &leaf]);
        let expected = openssl_errors(&arguments);
        let document = ran.json();
        assert_eq!(json_errors(&document["errors"]), expected, "{leaf} {arguments:?}");
        assert_eq!(document["ok"].as_bool().unwrap(), expected.is_empty(), "{leaf}");
        assert_eq!(ran.status, i32::from(!expected.is_empty()), "{leaf}");
    }
}

#[test]
fn verify_tells_the_path_the_tries_and_the_remedy() {
    let pki = Pki::new();
    let chain = pki.joined("chain.pem", &["leaf.pem", "middle.pem", "root.pem"]);
    let ran = pki.verify("chain.pem", "old.pem", &["--json"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let document = ran.json();
    assert_eq!(document["errors"][0]["code"], 19);
    assert_eq!(document["errors"][0]["depth"], 2);
    assert_eq!(document["time"], AT);
    assert_eq!(document["path"].as_array().unwrap().len(), 3);
    assert_eq!(document["candidates"][0]["outcome"], "taken");
    assert_eq!(document["candidates"][0]["from"], "peer");
    assert_eq!(document["candidates"][0]["signature"], "good");
    let remedy = &document["remedy"];
    assert_eq!(
        (&remedy["proven"], &remedy["add"][0]["subject"]),
        (&true.into(), &"CN=Test Root".into())
    );
    assert_eq!(remedy["add"][0]["sent_by_peer"], true);
    // What it names really mends the chain.
    let mended = pki.joined("mended.pem", &["old.pem", "root.pem"]);
    assert_eq!(tlsight(&["verify", &chain, "--trust", &mended, "--at", AT]).status, 0);

    let text = pki.verify("chain.pem", "old.pem", &[]).stdout;
    for part in [
        "CN=a.example (serial ",
        "): not OK",
        "error 19 at 2 depth lookup: self-signed certificate in certificate chain",
        "taken: CN=Test Intermediate",
        "Add to the trust store: CN=Test Root",
        "the chain is accepted",
        "judged at 2026-11-21T00:00:00Z (--at), purpose server, security level 1",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn what_is_missing_is_named_with_its_key() {
    let pki = Pki::new();
    let document = pki.verify("leaf.pem", "root.pem", &["--json"]).json();
    let added = &document["remedy"]["add"][0];
    assert_eq!(added["subject"], "CN=Test Intermediate");
    assert_eq!((&added["at_hand"], &added["sha256"]), (&false.into(), &Value::Null));
    assert_eq!(added["key_id"].as_str().unwrap().len(), 40);
    assert_eq!(document["remedy"]["proven"], false);
}

#[test]
fn an_issuer_that_was_not_looked_for_is_not_called_missing() {
    let pki = Pki::new();
    let middle = pki.path("middle.pem");
    let more = ["--untrusted", &middle, "--security-level", "5"];
    let ran = pki.verify("leaf.pem", "root.pem", &more);
    assert!(ran.stdout.contains("error 66 at 0 depth lookup"), "{}", ran.stdout);
    assert!(ran.stdout.contains("issuer CN=Test Intermediate: not looked for"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("not sent"), "{}", ran.stdout);
}

#[test]
fn the_lookup_of_expressway_takes_the_first_of_a_subject() {
    let pki = Pki::new();
    pki.joined("twins.pem", &["twin.pem", "root.pem"]);
    let middle = pki.path("middle.pem");
    let with = |how| {
        pki.verify("leaf.pem", "twins.pem", &["--untrusted", &middle, "--store-semantics", how])
    };
    assert_eq!(with("openssl").status, 0);
    let refused = with("expressway");
    assert_eq!(refused.status, 1);
    assert!(refused.stdout.contains("certificate signature failure"), "{}", refused.stdout);
    assert!(refused.stdout.contains("Take out of the trust store"), "{}", refused.stdout);
}

#[test]
fn verify_without_a_time_judges_now_and_says_so() {
    let pki = Pki::new();
    let (leaf, root, middle) = (pki.path("leaf.pem"), pki.path("root.pem"), pki.path("middle.pem"));
    let ran = tlsight(&["verify", &leaf, "--trust", &root, "--untrusted", &middle, "--json"]);
    assert_eq!(ran.json()["time_from"], "now");
    let late = pki.verify(
        "leaf.pem",
        "root.pem",
        &["--untrusted", &middle, "--at", "2030-01-01T00:00:00+09:00"],
    );
    assert!(
        late.stdout.contains("error 10 at 0 depth lookup: certificate has expired"),
        "{}",
        late.stdout
    );
    assert!(late.stdout.contains("judged at 2029-12-31T15:00:00Z"), "{}", late.stdout);
}

#[test]
fn trouble_with_files_and_flags_is_status_two() {
    let pki = Pki::new();
    let (leaf, root) = (pki.path("leaf.pem"), pki.path("root.pem"));
    let nothing = pki.path("nothing.pem");
    std::fs::write(&nothing, "no certificate here").unwrap();
    let broken = pki.path("broken.pem");
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAA*A\n-----END CERTIFICATE-----\n")
        .unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["verify", &leaf], "--trust"),
        (&["verify", "/nowhere.pem", "--trust", &root], "/nowhere.pem"),
        (&["verify", &nothing, "--trust", &root], "no certificate found"),
        (&["verify", "samples/rsa-trusted.pcap", "--trust", &root], "tlsight certs samples/rsa"),
        (&["verify", &leaf, "--trust", "samples/rsa-trusted.pcap"], "tlsight certs samples/rsa"),
        (&["verify", "samples", "--trust", &root], "samples: it is a folder"),
        (&["verify", &broken, "--trust", &root], "line 1: the text is not base64"),
        (&["verify", &leaf, "--trust", &nothing], "no certificate found"),
        (&["verify", &leaf, "--trust", &root, "--at", "noon"], "RFC 3339"),
        (&["verify", &leaf, "--trust", &root, "--security-level", "6"], "0..=5"),
        (&["verify", &leaf, "--trust", &root, "--ip", "host"], "invalid"),
        (&["trust", &nothing], "no certificate found"),
        (&["trust"], "required"),
        (&["peers", "/nowhere.pcap"], "/nowhere.pcap"),
        (&["certs", "samples/rsa-trusted.pcap"], "--output"),
        (&["--expect-name", "host=", "samples/rsa-trusted.pcap"], "no address"),
    ];
    for (arguments, said) in cases {
        let ran = tlsight(arguments);
        assert_eq!(ran.status, 2, "{arguments:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn trust_examines_each_anchor_in_order() {
    let pki = Pki::new();
    let clean = tlsight(&["trust", &pki.path("root.pem"), "--at", AT]);
    assert_eq!(clean.status, 0, "{}", clean.stdout);
    let odd = pki.joined(
        "odd.pem",
        &["root.pem", "twin.pem", "old.pem", "middle.pem", "leaf.pem", "root.pem"],
    );
    let broken = "-----BEGIN CERTIFICATE-----\nAA*A\n-----END CERTIFICATE-----\n";
    std::fs::write(&odd, std::fs::read_to_string(&odd).unwrap() + broken).unwrap();
    let ran = tlsight(&["trust", &odd, "--at", AT, "--json"]);
    assert_eq!(ran.status, 1);
    let document = ran.json();
    let kinds: Vec<Vec<&str>> = document["anchors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|anchor| {
            let remarks = anchor["remarks"].as_array().unwrap();
            remarks.iter().map(|remark| remark["kind"].as_str().unwrap()).collect()
        })
        .collect();
    let expected: [&[&str]; 6] =
        [&[], &["same-subject-other-key"], &["expired"], &[], &["leaf"], &["duplicate"]];
    assert_eq!(kinds, expected);
    assert_eq!(document["anchors"][1]["remarks"][0]["earlier"], 1);
    assert_eq!(document["ok"], false);
    let lines: Vec<u64> = document["anchors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["line"].as_u64().unwrap())
        .collect();
    let text = std::fs::read_to_string(&odd).unwrap();
    for line in &lines {
        let line = usize::try_from(*line).unwrap();
        assert!(text.lines().nth(line - 1).unwrap().starts_with("-----BEGIN"), "{lines:?}");
    }
    assert_eq!(document["unreadable_blocks"][0]["reason"], "the text is not base64");
    let said = tlsight(&["trust", &odd, "--at", AT]).stdout;
    assert!(said.contains("CSCwa12894") && said.contains("the text is not base64"), "{said}");
    // An intermediate alone lacks its root, which is worth knowing and no more.
    let alone = tlsight(&["trust", &pki.path("middle.pem"), "--at", AT]);
    assert!(alone.status == 0 && alone.stdout.contains("its issuer is not in the store"));
}

#[test]
fn peers_tell_whom_a_server_accepts() {
    let ran = tlsight(&[
        "peers",
        "--json",
        "samples/mtls-refused-tls12.pcap",
        "samples/mtls-accepted.pcap",
    ]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let document = ran.json();
    let peers = document["peers"].as_array().unwrap();
    let clients: Vec<&Value> =
        peers.iter().flat_map(|peer| peer["client_certificates"].as_array().unwrap()).collect();
    let sum =
        |field: &str| clients.iter().map(|client| client[field].as_u64().unwrap()).sum::<u64>();
    assert!(sum("accepted") >= 1 && sum("refused") >= 1, "{clients:?}");
    let text = tlsight(&["peers", "samples/mtls-refused-tls12.pcap"]).stdout;
    assert!(
        text.contains("asks for a client certificate in") && text.contains("refused in"),
        "{text}"
    );
}

#[test]
fn certs_writes_each_certificate_once() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let ran = tlsight(&[
        "certs",
        "samples/mra-login-works.pcap",
        "samples/mra-login-works.pcap",
        "-o",
        out,
    ]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let index = std::fs::read_to_string(Path::new(out).join("index.tsv")).unwrap();
    let files: Vec<PathBuf> =
        Path::new(out).read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), index.lines().count(), "{index}");
    for line in index.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let (sha256, file) = (fields[0], *fields.last().unwrap());
        assert!(file.starts_with(&sha256[..16]), "{line}");
        let pem = std::fs::read(Path::new(out).join(file)).unwrap();
        let certificate = tlsight::x509::pem::read(&pem).remove(0).result.unwrap();
        assert_eq!(tlsight::wire::text::hex(&certificate.sha256), sha256);
    }
    let again = tlsight(&["certs", "samples/mra-login-works.pcap", "-o", out]);
    assert!(again.status == 2 && again.stderr.contains("is not empty"), "{}", again.stderr);
    assert_eq!(tlsight(&["certs", "samples/mra-login-works.pcap", "-o", out, "--force"]).status, 0);
    let forced = || std::fs::read_to_string(Path::new(out).join("index.tsv")).unwrap();
    assert_eq!(forced(), index, "the same again changes nothing");
    let more = ["certs", "samples/ecdsa-selfsigned-untrusted.pcap", "-o", out, "--force"];
    assert_eq!(tlsight(&more).status, 0);
    let begins = |text: &str| -> std::collections::BTreeSet<String> {
        text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(begins(&forced()), begins(&index), "what was there before is still told");
    assert_eq!(forced().lines().count(), Path::new(out).read_dir().unwrap().count());
    std::fs::write(Path::new(out).join("index.tsv"), "mine").unwrap();
    assert_eq!(tlsight(&more).status, 2);
    assert_eq!(forced(), "mine", "somebody's file stays as it is");
}

#[cfg(unix)]
#[test]
fn certs_follows_no_link_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    std::fs::write(&outside, "untouched").unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::os::unix::fs::symlink(&outside, out.join("index.tsv")).unwrap();
    let ran =
        tlsight(&["certs", "samples/rsa-trusted.pcap", "--force", "-o", out.to_str().unwrap()]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "untouched");
}

/// The only connection of a run.
fn only(arguments: &[&str]) -> Value {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let ran = tlsight(&all);
    assert!(ran.status < 2, "{}", ran.stderr);
    ran.json()["connections"][0].clone()
}

#[test]
fn the_scan_takes_time_name_and_peers_from_the_command_line() {
    let capture = "samples/rsa-trusted.pcap";
    let trust = ["--trust", "samples/trust/expressway.pem"];
    let of = |more: &[&str]| only(&[&trust, more, &[capture]].concat());
    let plain = of(&[]);
    assert_eq!(
        (&plain["server_path"]["ok"], &plain["name_check"]["source"]),
        (&true.into(), &"sni".into())
    );
    assert_eq!(plain["name_check"]["traffic_server"], true);
    let late = of(&["--at", "2090-01-01T00:00:00Z"]);
    assert_eq!(late["server_path"]["errors"][0]["code"], 10);
    assert_eq!(late["judgement_time"], "2090-01-01T00:00:00.000000Z");
    assert!(late["findings"].as_array().unwrap().contains(&"certificate-expired".into()));
    let other = of(&["--expect-name", "other.example"]);
    assert_eq!(other["name_check"]["source"], "expected name");
    assert_eq!(other["name_check"]["matches"], false);
    assert!(other["findings"].as_array().unwrap().contains(&"name-not-in-certificate".into()));
    let elsewhere = of(&["--expect-name", "192.0.2.99=other.example"]);
    assert_eq!(elsewhere["name_check"]["source"], "sni");
}

#[test]
fn client_chains_are_judged_by_the_trust_of_the_servers() {
    let refused = "samples/mtls-refused-tls12.pcap";
    let plain = only(&[refused]);
    assert_eq!(plain["client_path"]["not_judged"], "no trust store given");
    let judged = only(&["--peer-trust", "samples/trust/cucm.pem", refused]);
    assert_eq!(judged["client_path"]["ok"], false);
    assert!(judged["client_path"]["remedy"].is_object());
    assert!(judged["findings"].as_array().unwrap().contains(&"client-chain-not-trusted".into()));
    let with = only(&["--peer-trust", "samples/trust/cucm-with-expressway.pem", refused]);
    assert_eq!(with["client_path"]["ok"], true, "{}", with["client_path"]);
}

fn lab() -> Option<PathBuf> {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/lab");
    if !lab.is_dir() {
        eprintln!("skipped: no lab at {}", lab.display());
    }
    lab.is_dir().then_some(lab)
}

/// Client chains of the lab end as its `openssl verify` said, wherever they can be seen.
#[test]
fn client_paths_of_the_lab_are_reproduced() {
    let Some(lab) = lab() else { return };
    let mut compared = 0;
    for entry in lab.read_dir().unwrap() {
        let folder = entry.unwrap().path();
        let Ok(truth) = std::fs::read(folder.join("truth.json")) else { continue };
        let truth: Value = serde_json::from_slice(&truth).unwrap();
        let Some(store) = truth["server_trust_store"]["file"].as_str() else { continue };
        let file = truth["capture"]["files"][0]["file"].as_str().unwrap();
        let store = folder.join(store).display().to_string();
        let capture = folder.join(file).display().to_string();
        let report =
            tlsight(&["--json", "--security-level", "0", "--peer-trust", &store, &capture]).json();
        for expected in truth["connections"].as_array().unwrap() {
            let verify = &expected["client_certificate_verify"]["openssl"];
            let same = |found: &&Value| found["client"] == expected["client"];
            let found = report["connections"].as_array().unwrap().iter().find(same);
            let Some(path) = found.map(|found| &found["client_path"]) else { continue };
            if verify.is_object() && path["ok"].is_boolean() {
                assert_eq!(
                    json_errors(&path["errors"]),
                    json_errors(&verify["errors"]),
                    "{capture}"
                );
                assert_eq!(path["ok"], verify["ok"], "{capture}");
                compared += 1;
            }
        }
    }
    eprintln!("{compared} client chains compared");
    assert!(compared >= 3, "only {compared}");
}

#[test]
fn a_named_box_of_which_no_connection_is_seen_is_told() {
    let told = |address: &str| {
        let ran = tlsight(&["--expressway", address, "samples/root-missing.pcap"]);
        let sentence = format!("no TLS connection here begins or ends at Expressway-C {address}");
        (ran.stderr.contains(&sentence), ran.stdout.contains(&sentence))
    };
    assert_eq!(told("10.9.9.9"), (true, true));
    assert_eq!(told("10.30.5.20"), (false, false));
}
