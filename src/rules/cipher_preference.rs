//! What an Expressway offers, and which kind of certificate that asks for: cipher
//! strings, signature algorithms, and what Unified CM makes of them.

use std::collections::BTreeMap;

use super::case::{Case, CaseConnection, CaseObservation};
use super::documents::{
    ADMIN_REFERENCE, CUCM_CIPHER_MANAGEMENT, CUCM_TLS13_SETUP, CUSTOMIZE_CIPHERS, MRA_REQUIREMENTS,
};
use super::finding::{Evidence, Observation, Severity};
use super::negotiation::{HANDSHAKE_FAILURE, refused_hello};
use super::reaction::{Reaction, reaction};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::selection::{self, Preference};
use super::words::{Text, Values};
use crate::connection::Connection;
use crate::expressway::ciphers::{self, Agreement, expand};
use crate::expressway::known_cipher_lists::recognise;
use crate::expressway::settings::{CipherUse, TlsVersion};
use crate::expressway::{Appliance, Party, Settings};
use crate::tls::names::{self, SignatureKey};
use crate::tls::{ClientHello, Role};
use crate::x509::{Curve, KeyKind};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[
    ECDSA_OFFERED_FIRST,
    RSA_PREFIX_ONLY,
    CIPHER_STRING_FINGERPRINT,
    SIP_SIGALG_ECDSA_FIRST,
    SIGALG_SETTING_NO_EFFECT,
    CUCM_CERT_CHOICE_PREDICTED,
    EC_CURVE_NOT_OFFERED,
    CUCM_15SU2_HTTPS_CIPHER_TRAP,
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

const CIPHER_STRING_FINGERPRINT: Rule = Rule {
    id: "cipher-string-fingerprint",
    severity: Severity::Info,
    summary: Text::en("The order of the cipher suites tells which cipher string is active"),
    sentence: Text::en("The offer of {host} to {server} has the order of: {known}.{configured}"),
    remedy: Text::en(
        "Compare with Maintenance > Security > Ciphers; `tlsight ciphers STRING` shows the order that a string stands for.",
    ),
    needs: &[Need::Expressway],
    applies: Text::en("Expressway as client"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the suites of a ClientHello stand in the order that one of the vendor's cipher strings gives, and whether the configured strings give it too.",
        ),
        why: Text::en(
            "A changed string counts for SIP and XMPP after a restart only, so what runs may differ from what is configured.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Compare the active string with the configured one. 2. Where they differ, restart.",
        ),
        caveat: Text::en(
            "Several strings can give the same order. Which string the traffic server uses towards UC nodes is not documented, so all that fit are named.",
        ),
    },
    references: &[MRA_REQUIREMENTS, CUSTOMIZE_CIPHERS],
    check: Check::Case(cipher_string_fingerprint),
};

fn cipher_string_fingerprint(case: &Case<'_>) -> Vec<CaseObservation> {
    each_use(case)
        .filter_map(|(appliance, _, list)| {
            let one = list.first()?;
            let connection = one.subject.connection;
            let offered: Vec<u16> = connection.handshake.client_hello()?.suites().collect();
            let known: Vec<&str> = recognise(&offered).iter().map(|list| list.name).collect();
            if known.is_empty() {
                return None;
            }
            let agreeing = agreeing(appliance.settings.as_ref(), &offered);
            let strings = appliance.settings.as_ref().map(Settings::cipher_strings);
            let configured = if strings.is_none_or(|strings| strings.is_empty()) {
                Text::en("")
            } else if agreeing.is_empty() {
                Text::en(" None of the configured strings gives this order: a restart may be pending, or this service has a string of its own.")
            } else {
                Text::en(" Of the configured strings these give the same order: {agreeing}.")
            };
            let values = Values::new()
                .with("host", appliance.title())
                .with("server", scene::server(connection))
                .with("known", known.join("; or "))
                .with("agreeing", agreeing.join(", "))
                .with_words("configured", configured);
            let evidence = offer(connection).into_iter().collect();
            Some(one.observation(Observation { values, evidence, severity: None, of: None }))
        })
        .collect()
}

/// Names of the configured strings that can have made an offer.
fn agreeing<'s>(settings: Option<&'s Settings>, offered: &[u16]) -> Vec<&'s str> {
    let strings = settings.map(Settings::cipher_strings).unwrap_or_default();
    let fits =
        |text: &str| matches!(ciphers::compare(text, offered), Agreement::CanComeFrom { .. });
    strings.into_iter().filter(|(_, text)| fits(text)).map(|(name, _)| name).collect()
}

/// Whether what SIP offers cannot come from the string that is configured for it: the
/// server that was offered it, and the connection.
pub(super) fn sip_differs<'c>(
    case: &'c Case<'_>,
    appliance: usize,
) -> Option<&'c CaseConnection<'c>> {
    let settings = case.deployment.appliance(appliance)?.settings.as_ref()?;
    let configured = settings.ciphers(CipherUse::Sip)?;
    case.connections.iter().find(|one| {
        let offered = one
            .subject
            .connection
            .handshake
            .client_hello()
            .map(|hello| hello.suites().collect::<Vec<u16>>());
        one.subject.leg.client_appliance == Some(appliance)
            && one.subject.leg.is_sip_of_expressway()
            && offered.is_some_and(|offered| {
                matches!(ciphers::compare(configured, &offered), Agreement::Differs(_))
            })
    })
}

const SIP_SIGALG_ECDSA_FIRST: Rule = Rule {
    id: "sip-sigalg-ecdsa-first",
    severity: Severity::Warning,
    summary: Text::en("SIP prefers ECDSA signatures, which decides the certificate under TLS 1.3"),
    sentence: Text::en(
        "{host} offers TLS 1.3 to {server} with {first} before {rsa} in signature_algorithms: a server that goes by them shows its EC certificate{setting}.",
    ),
    remedy: Text::en(
        "`xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa: On` on the command line of the Expressway, then restart all peers; or trust the CA of the EC certificate.",
    ),
    needs: &[Need::Expressway],
    applies: Text::en(
        "SIP of Expressway from X15.2 on, with TLS 1.3 in SipTlsVersions; ports 5061, 5091, 7001",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a SIP ClientHello of an Expressway that offers TLS 1.3 has an ecdsa_* algorithm before the first rsa_pss_*.",
        ),
        why: Text::en(
            "The cipher suites of TLS 1.3 name no kind of key; the signature algorithms do. With the setting On the order is rsa_pss_rsae_sha512 (0x0806), rsa_pss_rsae_sha384 (0x0805), rsa_pss_rsae_sha256 (0x0804), ecdsa_secp521r1_sha512 (0x0603), ecdsa_secp384r1_sha384 (0x0503), ecdsa_secp256r1_sha256 (0x0403).",
        ),
        symptom: Text::en("SIP TLS zones fail under TLS 1.3 and work under TLS 1.2"),
        steps: Text::en(
            "1. Set it On. 2. Restart all peers. 3. Look at the order again (`tlsight show`).",
        ),
        caveat: Text::en(
            "The setting has no effect on HTTPS (8443, 6971, 6972), and none without TLS 1.3.",
        ),
    },
    references: &[MRA_REQUIREMENTS, ADMIN_REFERENCE, "RFC 8446, 4.2.3"],
    check: Check::Case(sip_sigalg_ecdsa_first),
};

fn sip_sigalg_ecdsa_first(case: &Case<'_>) -> Vec<CaseObservation> {
    each_use(case)
        .filter(|(_, sip, _)| *sip)
        .filter_map(|(appliance, _, list)| {
            if appliance.version.is_some_and(|version| !version.has_signature_preference_setting())
            {
                return None;
            }
            let found = list.iter().find_map(|one| {
                let hello = one.subject.connection.handshake.client_hello()?;
                Some((one, ecdsa_signature_first(hello)?))
            });
            let (one, (first, rsa)) = found?;
            let connection = one.subject.connection;
            let set = appliance.settings.as_ref().and_then(Settings::signature_prefers_rsa);
            let setting = match set {
                Some(true) => Text::en(", though TlsSignatureAlgoPrefRsa is On: a restart is due"),
                Some(false) => Text::en(" (TlsSignatureAlgoPrefRsa is Off)"),
                None => Text::en(""),
            };
            let frame = selection::client_hello_frame(connection)?;
            let algorithms = format!("{first}, ... {rsa}");
            let values = Values::new()
                .with("host", appliance.title())
                .with("server", scene::server(connection))
                .with("first", first)
                .with("rsa", rsa)
                .with_words("setting", setting);
            Some(one.observation(Observation {
                values,
                evidence: vec![Evidence::new(frame, "tls.handshake.sig_hash_alg", algorithms)],
                severity: None,
                of: None,
            }))
        })
        .collect()
}

/// The ECDSA algorithm that stands before the first RSA-PSS one, where TLS 1.3 is
/// offered.
fn ecdsa_signature_first(hello: &ClientHello) -> Option<(String, String)> {
    const TLS13: u16 = 0x0304;
    if !hello.supported_versions().contains(&TLS13) {
        return None;
    }
    let algorithms = hello.signature_algorithms();
    let is_pss = |code: &u16| (0x0804..=0x0806).contains(code);
    let pss = algorithms.iter().position(is_pss)?;
    let ecdsa = algorithms
        .iter()
        .take(pss)
        .find(|code| names::signature_key(**code) == SignatureKey::Ecdsa)?;
    let name = |code: u16| names::signature_scheme_name(code).into_owned();
    Some((name(*ecdsa), name(*algorithms.get(pss)?)))
}

const SIGALG_SETTING_NO_EFFECT: Rule = Rule {
    id: "sigalg-setting-no-effect",
    severity: Severity::Info,
    summary: Text::en("TlsSignatureAlgoPrefRsa is set where it has no effect"),
    sentence: Text::en("{host}: TlsSignatureAlgoPrefRsa is On, but {why}."),
    remedy: Text::en(
        "For HTTPS use the cipher list: Maintenance > Security > Ciphers, put `ECDHE-RSA-AES256-GCM-SHA384:` in front. For SIP the setting needs TLS 1.3: `xConfiguration SIP Advanced SipTlsVersions: 'TLSv1.2:TLSv1.3'`.",
    ),
    needs: &[Need::Settings],
    applies: Text::en("Expressway from X15.2 on"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the setting is On while SipTlsVersions has no TLSv1.3, or while ECDSA that is not trusted was selected on a port of the traffic server.",
        ),
        why: Text::en(
            "It orders the signature algorithms of SIP, and only TLS 1.3 goes by them. The traffic server on 8443 is unchanged.",
        ),
        symptom: Text::en("The setting was switched and nothing has changed"),
        steps: Text::en("1. Find out which port fails. 2. Use the remedy for that service."),
        caveat: Text::en("Effective or not, the setting does no harm."),
    },
    references: &[MRA_REQUIREMENTS, ADMIN_REFERENCE],
    check: Check::Case(sigalg_setting_no_effect),
};

fn sigalg_setting_no_effect(case: &Case<'_>) -> Vec<CaseObservation> {
    let appliances = case.deployment.appliances().iter().enumerate();
    appliances
        .filter_map(|(index, appliance)| {
            let settings = appliance.settings.as_ref()?;
            if settings.signature_prefers_rsa() != Some(true) {
                return None;
            }
            let versions = settings.sip_tls_versions();
            let without = !versions.is_empty() && !versions.contains(&TlsVersion::Tls13);
            let failing = case.of_appliance(index).find(|one| {
                one.subject.leg.is_traffic_server() && selection::is_untrusted_ecdsa(one.findings)
            });
            let values = Values::new().with("host", appliance.title());
            match (failing, without) {
                (Some(one), _) => {
                    let why = Text::en("the fault is on HTTPS ({server}), which it does not touch");
                    let server = scene::server(one.subject.connection);
                    let values = values.with("server", server).with_words("why", why);
                    Some(one.observation(Observation { values, ..Observation::default() }))
                }
                (None, true) => {
                    let why = Text::en("SipTlsVersions has no TLSv1.3");
                    let values = values.with_words("why", why);
                    let observation = Observation { values, ..Observation::default() };
                    Some(CaseObservation { observation, ..CaseObservation::default() })
                }
                (None, false) => None,
            }
        })
        .collect()
}

const CUCM_CERT_CHOICE_PREDICTED: Rule = Rule {
    id: "cucm-cert-choice-predicted",
    severity: Severity::Info,
    summary: Text::en("Which certificate Unified CM shows under TLS 1.3, predicted from the offer"),
    sentence: Text::en(
        "The certificate of {server} is hidden by TLS 1.3. Predicted, not seen: by the {by} of the offer ({first} comes first) Unified CM shows its {kind} certificate{check}.",
    ),
    remedy: Text::en(
        "Check that the CA of the {kind} certificate is in the trust list of {client}. On Unified CM, System > Enterprise Parameters > Security Parameters > TLS 1.3 Certificate Preference Order decides whether it goes by TLS 1.2 ciphers or by signature algorithms.",
    ),
    needs: &[Need::Parties],
    applies: Text::en("Unified CM from 15SU2 on; ports 5061, 5091, 6971, 6972"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Where TLS 1.3 was negotiated with Unified CM: the order of the TLS 1.2 cipher suites if TLS 1.2 is offered too, else that of signature_algorithms.",
        ),
        why: Text::en(
            "By default (TLS 1.2 Ciphers Preference Order) Unified CM picks RSA or EC by the client's TLS 1.2 cipher order if the client offers both versions, else by its signature algorithms. RSA Preferred of the parameter TLS Ciphers has no effect where Unified CM is the server.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Read the certificate on the node: `show cert own CallManager`, `show cert own tomcat`, `show cert own tomcat-ECDSA`. 2. Confirm with the length of the signature (tls13-server-key-type).",
        ),
        caveat: Text::en(
            "A prediction from the documented behaviour with default parameters; the kind of key that record lengths tell counts more. Whether HTTP Ciphers, RSA only by default, also rules 6971 and 6972 is not documented.",
        ),
    },
    references: &[CUCM_TLS13_SETUP, "IM and Presence and ECDSA certificate questions (212086)"],
    check: Check::Connection(cucm_cert_choice_predicted),
};

fn cucm_cert_choice_predicted(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let hidden = connection.handshake.is_tls13() && connection.server_certificates.is_empty();
    let port = matches!(connection.server.port, 5061 | 5091 | 6971 | 6972);
    if !hidden || !port || subject.leg.server != Party::UnifiedCm {
        return None;
    }
    let hello = connection.handshake.client_hello()?;
    let frame = selection::client_hello_frame(connection)?;
    let (by, first, rsa) = prediction(hello)?;
    let values = scene::values(connection)
        .with("by", by)
        .with("first", &first)
        .with("kind", if rsa { "RSA" } else { "EC" })
        .with_words("check", agreement(connection, rsa));
    Some(Observation {
        values,
        evidence: vec![Evidence::new(frame, "tls.handshake.type", first)],
        severity: None,
        of: Some(Role::Server),
    })
}

/// Whether the length of the signature says the same.
fn agreement(connection: &Connection, rsa: bool) -> Text {
    let inferred = connection.inferred_server_key();
    match inferred {
        Some((_, key)) if key.is_rsa() == rsa => Text::en("; the lengths of records say the same"),
        Some(_) => Text::en(
            "; but the lengths of records tell the other kind, so this server goes by something else: TLS 1.3 Certificate Preference Order is not at its default, or it has no {kind} certificate for this service",
        ),
        None => Text::en(""),
    }
}

/// What Unified CM goes by, the first of it, and whether that asks for RSA (CUCM Security
/// Guide 15, TLS 1.3 Setup).
fn prediction(hello: &ClientHello) -> Option<(&'static str, String, bool)> {
    const TLS12: u16 = 0x0303;
    if hello.supported_versions().contains(&TLS12) {
        let first = hello.suites().find_map(|code| {
            let suite = names::cipher_suite(code)?;
            match suite.authentication {
                names::Authentication::Rsa => Some((code, true)),
                names::Authentication::Ecdsa => Some((code, false)),
                _ => None,
            }
        });
        let (code, rsa) = first?;
        return Some(("TLS 1.2 cipher suites", names::cipher_suite_name(code).into_owned(), rsa));
    }
    let (code, rsa) = hello.signature_algorithms().into_iter().find_map(|code| {
        match names::signature_key(code) {
            SignatureKey::Rsa | SignatureKey::RsaPss => Some((code, true)),
            SignatureKey::Ecdsa => Some((code, false)),
            _ => None,
        }
    })?;
    Some(("signature algorithms", names::signature_scheme_name(code).into_owned(), rsa))
}

const EC_CURVE_NOT_OFFERED: Rule = Rule {
    id: "ec-curve-not-offered",
    severity: Severity::Error,
    summary: Text::en(
        "The curve of the server's EC certificate is not among the groups that the client offers",
    ),
    sentence: Text::en(
        "{server} showed {certificate} with a key on {curve}, which is not among the groups that {client} offers ({groups}).",
    ),
    remedy: Text::en(
        "Have the EC certificate issued again with P-256, or let the client offer {curve}.",
    ),
    needs: &[],
    applies: Text::en("Unified CM from 15SU2 on, with EC certificates; TLS 1.2"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "The curve of the certificate's key against supported_groups of the ClientHello.",
        ),
        why: Text::en(
            "In TLS 1.2 a server may use an EC certificate only if the client offers its curve (RFC 8422, 5.1.1). Unified CM checks that from 15SU2 on: a 384-bit certificate needs P-384.",
        ),
        symptom: Text::en("Handshakes with the EC certificate fail from some clients only"),
        steps: Text::en("1. Look at the groups offered (`tlsight show`). 2. Reissue with P-256."),
        caveat: Text::en("A client that goes on anyway does not mind; then nothing is said."),
    },
    references: &["RFC 8422, 5.1.1", CUCM_CIPHER_MANAGEMENT],
    check: Check::Connection(ec_curve_not_offered),
};

fn ec_curve_not_offered(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let leaf = connection.server_leaf()?;
    let KeyKind::Ec(curve) = &leaf.public_key.kind else { return None };
    let code = match curve {
        Curve::P256 => 23,
        Curve::P384 => 24,
        Curve::P521 => 25,
        _ => return None,
    };
    let groups = connection.handshake.client_hello()?.supported_groups();
    let minded = reaction(connection, Role::Server) != Reaction::Accepted;
    if connection.handshake.is_tls13() || groups.is_empty() || groups.contains(&code) || !minded {
        return None;
    }
    let offered: Vec<String> =
        groups.iter().map(|group| names::group_name(*group).into_owned()).collect();
    let frame = selection::client_hello_frame(connection)?;
    let values = scene::values(connection)
        .with("certificate", leaf.title())
        .with("curve", names::group_name(code))
        .with("groups", offered.join(", "));
    let evidence =
        Evidence::new(frame, "tls.handshake.extensions_supported_group", offered.join(", "))
            .expecting(names::group_name(code));
    Some(Observation { values, evidence: vec![evidence], severity: None, of: Some(Role::Server) })
}

const CUCM_15SU2_HTTPS_CIPHER_TRAP: Rule = Rule {
    id: "cucm-15su2-https-cipher-trap",
    severity: Severity::Error,
    summary: Text::en(
        "ECDSA only was offered on HTTPS, where Unified CM has its RSA certificate only",
    ),
    sentence: Text::en(
        "{server} refused the offer of {client} with {alert}: only ECDSA suites are offered, and from 15SU2 on Unified CM loads only its RSA certificate for HTTPS unless HTTP Ciphers says otherwise.",
    ),
    remedy: Text::en(
        "On Unified CM, System > Enterprise Parameters > Security Parameters: HTTP Ciphers = All Supported EC and RSA Ciphers, then restart Cisco Tomcat on all nodes; or offer RSA suites too (Maintenance > Security > Ciphers on Expressway).",
    ),
    needs: &[Need::Parties],
    applies: Text::en("HTTPS of Unified CM from 15SU2 on"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a server on 443 or 8443 answers an offer of ECDSA suites alone with handshake_failure (40).",
        ),
        why: Text::en(
            "Before 15SU2 Cipher Management overrode HTTPS Ciphers. After the upgrade ECDSA-only Cipher Management with HTTP Ciphers left at its default gives an RSA certificate with EC ciphers, and every handshake fails.",
        ),
        symptom: Text::en("HTTPS of Unified CM fails for everybody after the upgrade to 15SU2"),
        steps: Text::en(
            "1. Set HTTP Ciphers. 2. Restart Cisco Tomcat. 3. Trust the CA of the EC certificate.",
        ),
        caveat: Text::en(
            "The alert says only that nothing fits; the version of Unified CM is not on the wire.",
        ),
    },
    references: &[CUCM_TLS13_SETUP, CUCM_CIPHER_MANAGEMENT],
    check: Check::Connection(cucm_15su2_https_cipher_trap),
};

fn cucm_15su2_https_cipher_trap(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let (alert, _) = refused_hello(connection, &[HANDSHAKE_FAILURE])?;
    let https = matches!(connection.server.port, 443 | 8443) && subject.leg.server.is_uc();
    if !https || selection::preference(connection)? != Preference::EcdsaOnly {
        return None;
    }
    let values = scene::values(connection).with("alert", scene::said_alert(Some(alert)));
    let evidence = scene::ending(connection).into_iter().chain(offer(connection)).collect();
    Some(Observation { values, evidence, severity: None, of: None })
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
