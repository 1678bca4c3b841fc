//! What Unified CM makes of an offer.

use super::offer;
use crate::connection::Connection;
use crate::expressway::Party;
use crate::rules::documents::{CUCM_CIPHER_MANAGEMENT, CUCM_TLS13_SETUP};
use crate::rules::finding::{Evidence, Observation, Severity};
use crate::rules::negotiation::{HANDSHAKE_FAILURE, refused_hello};
use crate::rules::rule::{Check, Need, Page, Part, Rule, Subject};
use crate::rules::scene;
use crate::rules::selection::{self, Preference};
use crate::rules::words::Text;
use crate::tls::names::{self, SignatureKey};
use crate::tls::{ClientHello, Role};

pub(super) const CUCM_CERT_CHOICE_PREDICTED: Rule = Rule {
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

pub(super) const CUCM_15SU2_HTTPS_CIPHER_TRAP: Rule = Rule {
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
