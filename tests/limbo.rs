//! The path-validation cases of the C2SP x509-limbo suite, whose `expected_result` is that of the web PKI profile.
//! OpenSSL without `-x509_strict`, which is what the appliances run, is laxer on purpose; so each difference is listed
//! below with its reason, and with an `openssl` 3.0 command at hand every verdict is compared with the real one.

// A test says what it skipped and how much it compared; its helpers may fail it.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use tlsight::trust::{
    Conclusion, PathValidation, Purpose, Question, Store, StoreSemantics, validate,
};
use tlsight::x509::{Certificate, pem};

/// Judged at this time where the case names none: 2026-11-21T00:00:00Z.
const NOW: i64 = 1_795_219_200;

const REVOCATION: &str = "revocation lists are not consulted: the appliances do not by default, and a capture holds none";
const COMMON_NAME: &str =
    "what the common name may hold is a rule for those who issue; the alternative names match";
const LEVEL: &str =
    "key sizes and kinds are judged by the security level, which is 0 here as in `openssl verify`";
const FIRST_PATH: &str =
    "OpenSSL takes the first issuer that fits and never goes back to try another path";
const PARTIAL: &str =
    "a CA of the store that is not self-signed ends no path without -partial_chain";
const LAST_SECOND: &str =
    "for OpenSSL the second named by notAfter is already too late (X509_cmp_time)";
const LEAF_USAGE: &str = "the CA in leaf position may only sign certificates by its key usage, which the purpose does not accept";
const DEPTH: &str = "-verify_depth counts self-issued certificates too";
const WILDCARD_NC: &str =
    "name constraints are compared with the text of a wildcard name, not with what it could match";
const PUBLIC_SUFFIX: &str =
    "OpenSSL knows no list of public suffixes, only two dots after the star";
const NAME_FORM: &str = "OpenSSL takes a star at either edge of the first label";
const CN_FALLBACK: &str = "without DNS names OpenSSL compares the common name";
const STRICT: &str = "a rule of form that OpenSSL enforces only with -x509_strict, or not at all";

const EXCEPTIONS: &[(&str, &str)] = &[
    ("crl::revoked-certificate-with-crl", REVOCATION),
    ("crl::crlnumber-missing", REVOCATION),
    ("crl::crlnumber-critical", REVOCATION),
    ("crl::issuer-missing-crlsign", REVOCATION),
    ("cve::cve-2024-0567", FIRST_PATH),
    ("cve::cve-2025-61727", WILDCARD_NC),
    ("pathlen::validation-ignores-pathlen-in-leaf", LEAF_USAGE),
    ("pathlen::max-chain-depth-1-self-issued", DEPTH),
    ("rfc5280::aki::leaf-missing-aki", STRICT),
    ("rfc5280::aki::intermediate-missing-aki", STRICT),
    ("rfc5280::nc::permitted-dns-match-noncritical", STRICT),
    ("rfc5280::nc::invalid-dnsname-leading-period", STRICT),
    ("rfc5280::nc::not-allowed-in-ee-noncritical", STRICT),
    ("rfc5280::nc::not-allowed-in-ee-critical", STRICT),
    ("rfc5280::nc::nc-permits-invalid-dns-san", STRICT),
    ("rfc5280::nc::nc-permits-invalid-email-san", STRICT),
    ("rfc5280::nc::nc-forbids-alternate-chain-ica", FIRST_PATH),
    ("rfc5280::nc::nc-forbids-same-chain-ica", FIRST_PATH),
    ("rfc5280::nc::nc-forbids-dnsname-wildcard-san", WILDCARD_NC),
    ("rfc5280::pc::ica-noncritical-pc", STRICT),
    ("rfc5280::san::noncritical-with-empty-subject", STRICT),
    ("rfc5280::san::underscore-dns", STRICT),
    ("rfc5280::serial::too-long", STRICT),
    ("rfc5280::serial::zero", STRICT),
    ("rfc5280::ski::root-missing-ski", STRICT),
    ("rfc5280::ski::intermediate-missing-ski", STRICT),
    ("rfc5280::validity::notafter-exact", LAST_SECOND),
    ("rfc5280::validity::notafter-fractional", LAST_SECOND),
    ("rfc5280::root-missing-basic-constraints", STRICT),
    ("rfc5280::root-non-critical-basic-constraints", STRICT),
    ("rfc5280::leaf-ku-keycertsign", STRICT),
    ("rfc5280::ca-as-leaf", LEAF_USAGE),
    ("rfc5280::root-and-intermediate-swapped", PARTIAL),
    ("webpki::aki::root-with-aki-missing-keyidentifier", STRICT),
    ("webpki::cn::ipv4-hex-mismatch", COMMON_NAME),
    ("webpki::cn::ipv4-leading-zeros-mismatch", COMMON_NAME),
    ("webpki::cn::ipv6-uppercase-mismatch", COMMON_NAME),
    ("webpki::cn::ipv6-uncompressed-mismatch", COMMON_NAME),
    ("webpki::cn::ipv6-non-rfc5952-mismatch", COMMON_NAME),
    ("webpki::cn::punycode-not-in-san", COMMON_NAME),
    ("webpki::cn::utf8-vs-punycode-mismatch", COMMON_NAME),
    ("webpki::cn::not-in-san", COMMON_NAME),
    ("webpki::cn::case-mismatch", COMMON_NAME),
    ("webpki::eku::ee-anyeku", STRICT),
    ("webpki::eku::ee-critical-eku", STRICT),
    ("webpki::eku::ee-without-eku", STRICT),
    ("webpki::eku::root-has-eku", STRICT),
    ("webpki::nc::intermediate-permitted-excluded-subtrees-both-null", STRICT),
    ("webpki::nc::intermediate-permitted-excluded-subtrees-both-empty-sequences", STRICT),
    ("webpki::san::public-suffix-multi-label-wildcard-san", PUBLIC_SUFFIX),
    ("webpki::san::public-suffix-private-namespace-wildcard-san", PUBLIC_SUFFIX),
    ("webpki::san::wildcard-embedded-leftmost-san", NAME_FORM),
    ("webpki::san::no-san", CN_FALLBACK),
    ("webpki::san::san-critical-with-nonempty-subject", STRICT),
    ("webpki::malformed-aia", STRICT),
    ("webpki::forbidden-p192-leaf", LEVEL),
    ("webpki::forbidden-dsa-leaf", LEVEL),
    ("webpki::forbidden-weak-rsa-key-in-root", LEVEL),
    ("webpki::forbidden-weak-rsa-in-leaf", LEVEL),
    ("webpki::forbidden-rsa-not-divisible-by-8-in-root", LEVEL),
    ("webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf", LEVEL),
    ("webpki::v1-cert", STRICT),
    ("webpki::ee-basicconstraints-ca", STRICT),
];

fn cases() -> Option<Vec<Value>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/limbo/limbo.json.zst");
    let Ok(packed) = std::fs::File::open(&file) else {
        eprintln!("skipped: no suite at {}", file.display());
        return None;
    };
    let suite: Value = serde_json::from_reader(zstd::Decoder::new(packed).unwrap()).unwrap();
    Some(suite["testcases"].as_array().unwrap().clone())
}

fn texts<'a>(case: &'a Value, field: &str) -> Vec<&'a str> {
    case[field].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

fn time(case: &Value) -> i64 {
    let text = case["validation_time"].as_str();
    text.map_or(NOW, |text| text.parse::<jiff::Timestamp>().unwrap().as_second())
}

/// The name to check, as `(kind, value)`; limbo gives clients no name that OpenSSL could check.
fn peer_name(case: &Value) -> Option<(&str, &str)> {
    Some((
        case["expected_peer_name"]["kind"].as_str()?,
        case["expected_peer_name"]["value"].as_str()?,
    ))
}

/// `None` when a certificate of the case cannot be read.
fn ask_tlsight(case: &Value) -> Option<PathValidation> {
    let read = |text: &str| pem::read(text.as_bytes()).remove(0).result.ok().map(Arc::new);
    let leaf: Arc<Certificate> = read(case["peer_certificate"].as_str().unwrap())?;
    let untrusted: Vec<_> =
        texts(case, "untrusted_intermediates").into_iter().filter_map(read).collect();
    let mut store = Store::new(StoreSemantics::OpenSsl);
    texts(case, "trusted_certs")
        .into_iter()
        .for_each(|text| store.add_bundle("trusted_certs", text.as_bytes()));
    let purpose =
        if case["validation_kind"] == "CLIENT" { Purpose::Client } else { Purpose::Server };
    let name = peer_name(case);
    Some(validate(&Question {
        security_level: 0,
        max_depth: case["max_chain_depth"]
            .as_u64()
            .map_or(100, |depth| usize::try_from(depth).unwrap()),
        host: name.filter(|name| name.0 == "DNS").map(|name| name.1),
        ip: name.filter(|name| name.0 == "IP").map(|name| name.1.parse().unwrap()),
        ..Question::new(leaf, &untrusted, &store, time(case), purpose)
    }))
}

/// Errors as `(number, depth)`; `None` without a usable command, or when it cannot read a certificate.
fn ask_openssl(case: &Value, folder: &Path) -> Option<(bool, Vec<(u32, usize)>)> {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    write("leaf.pem", case["peer_certificate"].as_str().unwrap().to_owned());
    write("untrusted.pem", texts(case, "untrusted_intermediates").concat());
    write("trust.pem", texts(case, "trusted_certs").concat());
    let mut command = Command::new("openssl");
    command.current_dir(folder).args([
        "verify",
        "-no-CApath",
        "-no-CAstore",
        "-CAfile",
        "trust.pem",
    ]);
    command.args(["-attime", &time(case).to_string(), "-purpose"]);
    command.arg(if case["validation_kind"] == "CLIENT" { "sslclient" } else { "sslserver" });
    if !texts(case, "untrusted_intermediates").is_empty() {
        command.args(["-untrusted", "untrusted.pem"]);
    }
    if let Some(depth) = case["max_chain_depth"].as_u64() {
        command.args(["-verify_depth", &depth.to_string()]);
    }
    match peer_name(case) {
        Some(("DNS", name)) => _ = command.args(["-verify_hostname", name]),
        Some(("IP", name)) => _ = command.args(["-verify_ip", name]),
        _ => {}
    }
    let done = command.arg("leaf.pem").output().ok()?;
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    if stderr.contains("Could not read")
        || stderr.contains("Error loading")
        || stderr.contains("Unable to load")
    {
        return None;
    }
    let line = |line: &str| {
        let (code, rest) = line.strip_prefix("error ")?.split_once(" at ")?;
        Some((code.parse().ok()?, rest.split_once(' ')?.0.parse().ok()?))
    };
    Some((done.status.success(), stderr.lines().filter_map(line).collect()))
}

/// Cases whose anchor signs with a key that the library used here has no code for (P-192, DSA): the answer is then
/// "undecided", where OpenSSL accepts.
const UNDECIDED: &[&str] = &["webpki::forbidden-p192-root", "webpki::forbidden-dsa-root"];

fn exception(id: &str) -> Option<&'static str> {
    EXCEPTIONS.iter().find(|(listed, _)| *listed == id).map(|(_, reason)| *reason)
}

#[test]
fn every_difference_from_the_web_pki_profile_has_a_reason() {
    let Some(cases) = cases() else { return };
    let mut differences = Vec::new();
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let answer = ask_tlsight(case);
        let accepted = answer.as_ref().is_some_and(PathValidation::ok);
        let expected = case["expected_result"] == "SUCCESS";
        let errors: Vec<_> =
            answer.iter().flat_map(|answer| &answer.errors).map(ToString::to_string).collect();
        match (accepted == expected, exception(id)) {
            (false, None) => differences.push(format!("{id}: accepted {accepted} {errors:?}")),
            (true, Some(reason)) => {
                differences.push(format!("{id}: agrees, though listed as {reason}"))
            }
            _ => {}
        }
    }
    eprintln!("{} cases, {} exceptions", cases.len(), EXCEPTIONS.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_verdict_is_that_of_the_command() {
    let Some(cases) = cases() else { return };
    let version = Command::new("openssl").arg("version").output();
    if !version.is_ok_and(|done| done.stdout.starts_with(b"OpenSSL 3.0.")) {
        eprintln!("skipped: needs the command openssl 3.0");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut compared, mut differences) = (0, Vec::new());
    for case in &cases {
        let (Some((ok, theirs)), Some(answer)) =
            (ask_openssl(case, folder.path()), ask_tlsight(case))
        else {
            eprintln!("not compared: {}", case["id"]);
            continue;
        };
        compared += 1;
        let ours: Vec<_> = answer.errors.iter().map(|error| (error.code, error.depth)).collect();
        let undecided = answer.conclusion() == Conclusion::Undecided
            && UNDECIDED.contains(&case["id"].as_str().unwrap());
        if (answer.ok() != ok || ours != theirs) && !undecided {
            differences.push(format!(
                "{}: openssl {ok} {theirs:?}, tlsight {:?} {ours:?}",
                case["id"],
                answer.conclusion()
            ));
        }
    }
    eprintln!("{compared} verdicts compared");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
