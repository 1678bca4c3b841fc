//! What an Expressway offers, and which kind of certificate that asks for: cipher
//! strings, signature algorithms, and what Unified CM makes of them.

mod curve;
mod fingerprint;
mod signature_algorithms;
mod unified_cm;

use std::collections::BTreeMap;

use super::case::{Case, CaseConnection, CaseObservation};
use super::documents::{CUSTOMIZE_CIPHERS, MRA_REQUIREMENTS};
use super::finding::{Evidence, Observation, Severity};
use super::reaction::{Reaction, reaction};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::selection::{self, Preference};
use super::words::{Text, Values};
use crate::connection::Connection;
use crate::expressway::ciphers::{self, expand};
use crate::expressway::{Appliance, Settings};
use crate::tls::names;
use crate::tls::{ClientHello, Role};

pub(super) use fingerprint::sip_differs;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[
    ECDSA_OFFERED_FIRST,
    RSA_PREFIX_ONLY,
    fingerprint::CIPHER_STRING_FINGERPRINT,
    signature_algorithms::SIP_SIGALG_ECDSA_FIRST,
    signature_algorithms::SIGALG_SETTING_NO_EFFECT,
    unified_cm::CUCM_CERT_CHOICE_PREDICTED,
    curve::EC_CURVE_NOT_OFFERED,
    unified_cm::CUCM_15SU2_HTTPS_CIPHER_TRAP,
];

const RELEASES: &str = "X14.2.1 release notes";

const ECDSA_OFFERED_FIRST: Rule = Rule {
    id: "ecdsa-offered-first",
    severity: Severity::Warning,
    summary: Text::en("Expressway prefers ECDSA, so Unified CM may show its EC certificate"),
    sentence: Text::en(
        "{host} offers ECDSA before RSA to {server} ({first} comes before {rsa}){strings}: a server that has an EC certificate shows that one. {effect}",
    ),
    remedy: Text::en(
        "Trust the CA of the EC certificates (or the certificates themselves, if self-signed), or prefer RSA: Maintenance > Security > Ciphers, put `ECDHE-RSA-AES256-GCM-SHA384:` in front of the lists; SIP and XMPP need a restart.",
    ),
    needs: &[Need::Expressway],
    applies: Text::en(
        "Expressway from X14.2 on. Upgrades from X14.0 or later get the RSA prefix; upgrades from below X14.0 and fresh installs prefer ECDSA (CSCwc88608)",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a ClientHello of an Expressway has an ECDSA suite before its first RSA suite. It is a warning where an EC certificate was refused or cannot be trusted, else information.",
        ),
        why: Text::en(
            "Unified CM follows the client's order on SIP and wherever EC is allowed. Tomcat-ECDSA and CallManager-ECDSA are self-signed by default, or signed by another CA than the RSA certificates.",
        ),
        symptom: Text::en(
            "Logins or registrations fail after an upgrade though no certificate was changed",
        ),
        steps: Text::en(
            "1. Maintenance > Security > Ciphers: does each list begin with `ECDHE-RSA-AES256-GCM-SHA384`? 2. If not, trust the EC certificates or put that in front. 3. Restart.",
        ),
        caveat: Text::en(
            "Release notes of X14.2 say that upgrades from below 14.2 get the prefix; those of X14.2.1 to X14.2.7 corrected that. Which string the traffic server uses towards UC nodes is not documented.",
        ),
    },
    references: &[MRA_REQUIREMENTS, CUSTOMIZE_CIPHERS, RELEASES, "CSCwc88608"],
    check: Check::Case(ecdsa_offered_first),
};

fn ecdsa_offered_first(case: &Case<'_>) -> Vec<CaseObservation> {
    each_use(case)
        .filter_map(|(appliance, _, list)| {
            let prefers = |one: &&&CaseConnection<'_>| {
                selection::preference(one.subject.connection) == Some(Preference::EcdsaFirst)
            };
            let one = *list.iter().find(prefers)?;
            let at_fault = list.iter().find(|one| selection::is_untrusted_ecdsa(one.findings));
            let connection = one.subject.connection;
            let hello = connection.handshake.client_hello()?;
            let (first, rsa) = (first_of(hello, true)?, first_of(hello, false)?);
            let hidden = list.iter().any(|one| refused_hidden_ec(one.subject.connection));
            let effect = match at_fault {
                Some(_) => Text::en("Here one did, and it was not trusted."),
                None if hidden => Text::en(
                    "Here a certificate was refused that TLS 1.3 hides, and whose key is an EC one as far as record lengths tell.",
                ),
                None => Text::en("Here no certificate failed for it."),
            };
            let strings = strings_with(appliance.settings.as_ref(), Preference::EcdsaFirst);
            let values = Values::new()
                .with("host", appliance.title())
                .with("server", scene::server(connection))
                .with("first", first)
                .with("rsa", rsa)
                .with("strings", strings)
                .with_words("effect", effect);
            let severity = (at_fault.is_none() && !hidden).then_some(Severity::Info);
            Some(one.observation(Observation {
                values,
                evidence: offer(connection).into_iter().collect(),
                severity,
                of: None,
            }))
        })
        .collect()
}

/// Whether the client refused a hidden certificate that seems to have an EC key.
fn refused_hidden_ec(connection: &Connection) -> bool {
    let refused = matches!(reaction(connection, Role::Server), Reaction::Refused(_));
    refused && connection.inferred_server_key().is_some_and(|(_, key)| !key.is_rsa())
}

/// The first suite of TLS 1.2 with an EC certificate, or with an RSA one.
fn first_of(hello: &ClientHello, ecdsa: bool) -> Option<String> {
    let wanted = if ecdsa { names::Authentication::Ecdsa } else { names::Authentication::Rsa };
    let code = hello.suites().find(|code| {
        names::cipher_suite(*code).is_some_and(|suite| suite.authentication == wanted)
    })?;
    Some(names::cipher_suite_name(code).into_owned())
}

/// ` (SIPTLSCiphers and UcClientTLSCiphers prefer it too)`, by the configuration.
fn strings_with(settings: Option<&Settings>, wanted: Preference) -> String {
    let prefers = |text: &str| match expand(text).preference() {
        ciphers::Preference::EcdsaFirst => wanted == Preference::EcdsaFirst,
        ciphers::Preference::RsaFirst => wanted == Preference::RsaFirst,
        _ => false,
    };
    let named: Vec<&str> = settings
        .map(Settings::cipher_strings)
        .unwrap_or_default()
        .into_iter()
        .filter(|(_, text)| prefers(text))
        .map(|(name, _)| name)
        .collect();
    if named.is_empty() {
        String::new()
    } else {
        format!("; so do the configured {}", named.join(", "))
    }
}

const RSA_PREFIX_ONLY: Rule = Rule {
    id: "rsa-prefix-only",
    severity: Severity::Info,
    summary: Text::en(
        "RSA comes first with one suite only, and the server took ECDSA, which comes second",
    ),
    sentence: Text::en(
        "{client} offers TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 first and ECDSA second, and {server} selected {suite}: it does not take the first suite, or decides by itself.",
    ),
    remedy: Text::en(
        "Put ECDSA last (`...:+ECDSA`) or forbid it (`...:!ECDSA`) at Maintenance > Security > Ciphers, or let the server accept the first suite (Unified CM: Cisco Unified OS Administration, Security > Cipher Management).",
    ),
    needs: &[],
    applies: Text::en("Expressway with the RSA prefix; TLS 1.2"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the offer begins with ECDHE-RSA-AES256-GCM-SHA384 followed by an ECDSA suite, and an ECDSA suite was selected.",
        ),
        why: Text::en(
            "The prefix moves one suite only. A server that refuses it lands on ECDSA, as if there were no prefix. HAProxy with both certificates takes ECDSA whenever the client can, whatever the order.",
        ),
        symptom: Text::en("The RSA prefix is there, and the EC certificate is still shown"),
        steps: Text::en(
            "1. Compare with the server's cipher list. 2. Use `+ECDSA` in place of the prefix.",
        ),
        caveat: Text::en(
            "Whether the server refused the first suite or prefers ECDSA by itself cannot be told from one handshake.",
        ),
    },
    references: &[MRA_REQUIREMENTS, CUSTOMIZE_CIPHERS],
    check: Check::Connection(rsa_prefix_only),
};

fn rsa_prefix_only(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let hello = connection.handshake.client_hello()?;
    let mut offered = hello.suites().filter(|code| {
        names::cipher_suite(*code)
            .is_some_and(|suite| suite.authentication != names::Authentication::Tls13)
    });
    let prefixed = offered.next() == Some(0xc030) && offered.next() == Some(0xc02c);
    if !prefixed || !selection::is_ecdsa(connection) {
        return None;
    }
    let frame = selection::server_hello_frame(connection)?;
    let values = selection::values(scene::values(connection), connection);
    let suite = values.get("suite").unwrap_or_default().into_owned();
    let selected = Evidence::new(frame, "tls.handshake.ciphersuite", suite);
    Some(Observation {
        values,
        evidence: [selected].into_iter().chain(offer(connection)).collect(),
        severity: None,
        of: None,
    })
}

/// For each known Expressway the connections that it opened: those of the traffic server
/// and those of SIP (`true`) apart, because each has a cipher string of its own.
fn each_use<'c>(
    case: &'c Case<'_>,
) -> impl Iterator<Item = (&'c Appliance, bool, Vec<&'c CaseConnection<'c>>)> {
    let mut uses: BTreeMap<(usize, bool), Vec<&CaseConnection<'_>>> = BTreeMap::new();
    for one in case.connections {
        let leg = one.subject.leg;
        let sip = leg.is_sip_of_expressway();
        let Some(index) = leg.client_appliance.filter(|_| sip || leg.is_traffic_server()) else {
            continue;
        };
        uses.entry((index, sip)).or_default().push(one);
    }
    uses.into_iter()
        .filter_map(|((index, sip), list)| Some((case.deployment.appliance(index)?, sip, list)))
}

/// The first suites offered.
fn offer(connection: &Connection) -> Option<Evidence> {
    let hello = connection.handshake.client_hello()?;
    let first: Vec<String> = hello
        .suites()
        .filter(|code| code >> 8 != 0x13)
        .take(3)
        .map(|code| names::cipher_suite_name(code).into_owned())
        .collect();
    let frame = selection::client_hello_frame(connection)?;
    Some(Evidence::new(frame, "tls.handshake.ciphersuite", first.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bent_case, expressway};
    use super::*;
    use crate::connection::{Claim, HiddenKey};

    #[test]
    fn an_ec_certificate_that_tls13_hides_and_the_client_refused_is_told() {
        let told = |key| {
            const SAMPLE: &str = "tls13-client-refuses.pcap";
            let bend = |connection: &mut Connection| {
                let mut inferred = connection.observed.inferred.iter_mut();
                let of_key = inferred.find(|one| matches!(one.claim, Claim::ServerKey(_))).unwrap();
                of_key.claim = Claim::ServerKey(key);
            };
            bent_case("ecdsa-offered-first", SAMPLE, vec![expressway()], Vec::new(), bend).remove(0)
        };
        let elliptic = told(HiddenKey::P384);
        assert!(elliptic.sentence().contains("whose key is an EC one"), "{}", elliptic.sentence());
        assert_eq!(elliptic.severity, Severity::Warning);
        let rsa = told(HiddenKey::Rsa(2048));
        assert!(rsa.sentence().contains("no certificate failed"));
        assert_eq!(rsa.severity, Severity::Info);
    }
}
