//! The families of rules, in report order.

use std::collections::BTreeMap;

use super::rule::Rule;
use super::{
    addressing, alerts, both_ends, certificate_chain, certificate_name, certificate_use,
    certificate_validity,
};
use super::{
    cipher_preference, cipher_selection, client_certificate, client_trust, cluster, configuration,
    handshake_failure, in_clear, negotiation, own_certificate, path_fault, path_validation,
    refusal, renegotiation, request, tcp, tls13_inference, traversal, trust_store, unified_cm,
    visibility,
};

/// Each family is one file with one slice that names its rules in report order. A
/// verdict takes the first finding that explains the end of the connection, so what
/// knows better stands before what is more general.
const FAMILIES: &[(&str, &[Rule])] = &[
    ("certificate chain", certificate_chain::RULES),
    ("certificate validity", certificate_validity::RULES),
    ("certificate use", certificate_use::RULES),
    ("certificate path", path_fault::RULES),
    ("certificate name", certificate_name::RULES),
    ("addressing", addressing::RULES),
    ("own certificate", own_certificate::RULES),
    ("traversal zone", traversal::RULES),
    ("cluster", cluster::RULES),
    ("configuration", configuration::RULES),
    ("trust store", trust_store::RULES),
    ("path validation", path_validation::RULES),
    ("client certificate trust", client_trust::RULES),
    ("client certificate", client_certificate::RULES),
    ("Unified CM", unified_cm::RULES),
    ("refusals", refusal::RULES),
    ("cipher selection", cipher_selection::RULES),
    ("cipher preference", cipher_preference::RULES),
    ("negotiation", negotiation::RULES),
    ("renegotiation", renegotiation::RULES),
    ("alerts", alerts::RULES),
    ("before TLS", tcp::RULES),
    ("requests for TLS", request::RULES),
    ("in place of TLS", in_clear::RULES),
    ("handshake failure", handshake_failure::RULES),
    ("both ends", both_ends::RULES),
    ("visibility", visibility::RULES),
    ("inferred from TLS 1.3 record lengths", tls13_inference::RULES),
];

/// The families with their names.
#[must_use]
pub const fn families() -> &'static [(&'static str, &'static [Rule])] {
    FAMILIES
}

/// Every rule, in report order.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|(_, rules)| rules.iter())
}

/// The place of each rule in report order, by its id.
#[must_use]
pub fn places() -> BTreeMap<&'static str, usize> {
    rules().map(|rule| rule.id).zip(0..).collect()
}

/// Names under which engineers know some of these faults on the way from Expressway-C to
/// UC nodes, and the rule that finds them there and everywhere else.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("uc-chain-not-trusted", "trust-anchor-missing"),
    ("uc-cert-self-signed", "self-signed-not-trusted"),
    ("uc-intermediate-missing", "intermediate-missing"),
    ("ecdsa-chosen-not-trusted", "ecdsa-selected"),
    ("uc-name-not-in-cert", "name-not-in-certificate"),
    ("cucm-rejects-expc-cert", "client-certificate-refused"),
    ("client-cert-not-sent", "client-certificate-not-sent"),
    ("tls13-client-refused-cert", "tls13-client-refused-certificate"),
    ("cert-expired", "certificate-expired"),
    ("cert-not-yet-valid", "certificate-not-yet-valid"),
    ("closed-without-alert", "handshake-unfinished"),
];

/// A rule by its id, or by another name of the fault.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    let known = OTHER_NAMES.iter().find(|(other, _)| *other == id).map_or(id, |(_, rule)| *rule);
    rules().find(|rule| rule.id == known)
}

/// Other names of the fault that a rule finds.
pub fn other_names(id: &str) -> impl Iterator<Item = &'static str> {
    OTHER_NAMES.iter().filter(move |(_, rule)| *rule == id).map(|(other, _)| *other)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing::{EXPRESSWAY, NO_STORE, WITHOUT_ROOT};
    use super::super::testing::{all_findings_of, expressway, judged};
    use super::super::{Check, Need, Text};
    use super::*;

    /// Rules that fire on none of the captures; their own tests bend one, or give settings.
    const BENT: &[&str] = &[
        "certificate-signature-failure",
        "weak-key",
        "eku-unsuitable",
        "key-usage-of-other-suites",
        "weak-signature",
        "issuer-not-a-ca",
        "path-length-exceeded",
        "key-usage-unsuitable",
        "name-constraint-violated",
        "critical-extension-unknown",
        "path-refused",
        "old-tls",
        "weak-suite",
        "same-subject-anchors",
        "store-lookup-differs",
        "too-much-path-work",
        "signature-not-checked",
        "client-chain-not-trusted",
        "client-certificate-empty",
        "configured-name-suspected",
        "ended-in-between",
        "ip-only-as-ip-san",
        "subscriber-not-covered",
        "cert-reuse-detected",
        "foreign-certificate",
        "origin-verification-disabled",
        "verify-mode-off-no-relief",
        "revocation-fail",
        "restart-pending",
        "debug-not-enabled",
        "bundle-incomplete",
        "cucm-wildcard",
        "rsa-prefix-only",
        "ec-curve-not-offered",
        "cucm-15su2-https-cipher-trap",
        "sip-sigalg-ecdsa-first",
        "sigalg-setting-no-effect",
        "cucm-cert-choice-predicted",
        "cert-expires-soon",
        "expc-cert-no-clientauth",
        "expe-serverauth-only",
        "eku-refused",
        "public-ca-combined-eku-expiring",
        "expc-san-missing-profile",
        "expc-san-missing-cluster",
        "expe-san-missing-domain",
        "chat-alias-missing",
        "refusal-in-log-only",
        "dns-name-not-found",
        "cert-without-cn",
        "cert-key-8192",
        "cert-odd-oid",
        "traversal-name-mismatch",
        "traversal-peer-is-ip",
        "traversal-chain-missing",
    ];

    #[test]
    fn ids_are_kebab_case_and_unique() {
        let mut known = BTreeSet::new();
        for rule in rules() {
            assert!(known.insert(rule.id), "{} twice", rule.id);
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(rule.id.chars().all(kebab), "{}", rule.id);
        }
    }

    #[test]
    fn other_names_lead_to_rules_and_are_none() {
        for (other, id) in OTHER_NAMES {
            assert_eq!(find(other).map(|rule| rule.id), Some(*id));
            assert!(rules().all(|rule| rule.id != *other), "{other}");
        }
    }

    #[test]
    fn every_page_is_complete() {
        for rule in rules() {
            let page = &rule.page;
            let texts = [rule.summary, rule.sentence, rule.remedy, rule.applies];
            let page = [page.checks, page.why, page.symptom, page.steps, page.caveat];
            for text in texts.iter().chain(&page) {
                assert!(!text.en.trim().is_empty(), "{}", rule.id);
            }
            assert!(!rule.references.is_empty(), "{}", rule.id);
            assert!(rule.summary.en.chars().count() <= 100, "{}", rule.id);
        }
    }

    #[test]
    fn what_a_rule_needs_is_of_the_kind_that_it_looks_at() {
        let of_connections = [
            Need::TrustStore,
            Need::TrustList,
            Need::TrustListOrRefusal,
            Need::ServerCertificate,
            Need::Expressway,
            Need::Parties,
        ];
        for rule in rules().filter(|rule| matches!(rule.check, Check::Connection(_))) {
            assert!(rule.needs.iter().all(|need| of_connections.contains(need)), "{}", rule.id);
        }
        let of_cases = rules().filter(|rule| matches!(rule.check, Check::Case(_)));
        let content: Vec<_> =
            of_cases.filter(|rule| rule.needs.is_empty()).map(|rule| rule.id).collect();
        assert_eq!(
            content,
            [
                "cert-expires-soon",
                "tcp-connection-failed",
                "dns-name-not-found",
                "request-for-tls-refused",
                "client-does-not-speak-tls"
            ]
        );
    }

    #[test]
    fn pages_have_no_placeholders() {
        for rule in rules() {
            let page = &rule.page;
            let texts: [Text; 7] = [
                rule.summary,
                rule.applies,
                page.checks,
                page.why,
                page.symptom,
                page.steps,
                page.caveat,
            ];
            assert!(texts.iter().all(|text| text.places().next().is_none()), "{}", rule.id);
        }
    }

    #[test]
    fn every_placeholder_is_filled_on_every_sample() {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
        let mut fired = BTreeSet::new();
        for entry in std::fs::read_dir(samples).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let silent = ["begun-mid-stream.pcap", "snaplen-96.pcap"].contains(&name.as_str());
            if silent || !name.ends_with(".pcap") {
                continue;
            }
            for store in [EXPRESSWAY, WITHOUT_ROOT, NO_STORE] {
                let alone = judged(&name, store).into_iter().flat_map(|judged| judged.findings);
                for finding in alone.chain(all_findings_of(&name, store, expressway())) {
                    fired.insert(finding.rule.id);
                    let said = finding.sentence() + &finding.remedy();
                    assert!(!said.contains(['{', '}']), "{name}: {}: {said}", finding.rule.id);
                }
            }
        }
        for rule in rules().filter(|rule| !BENT.contains(&rule.id)) {
            assert!(fired.contains(rule.id), "{} fires on no sample", rule.id);
        }
    }
}
