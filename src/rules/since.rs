//! Since which version of Expressway a fault matters.

use super::finding::Finding;
use super::rule::{Part, Subject};
use super::words::{Text, Values};
use crate::expressway::{Checker, Party, Verification, Version};
use crate::tls::Role;

/// What the version of the Expressway has to do with the cause of a failure.
pub(super) fn since(subject: &Subject<'_>, cause: &Finding) -> Option<String> {
    let version = subject.version();
    let of = cause.of.unwrap_or(Role::Server);
    let by_id = match cause.rule.id {
        "eku-unsuitable" | "eku-refused" if subject.leg.client.is_expressway() => Some(EKU),
        "tls13-client-refused-certificate" if subject.leg.is_sip_of_expressway() => {
            Some(SIGNATURES)
        }
        _ => None,
    };
    if let Some(text) = by_id {
        let running = version.map_or_else(
            || "the version of this Expressway is not known".to_owned(),
            |version| format!("this Expressway runs {version}"),
        );
        return Some(text.fill(&Values::new().with("running", running)));
    }
    let about_certificate =
        matches!(cause.rule.part, Part::Certificate { .. }) || cause.of.is_some();
    let text = match of {
        Role::Server if about_certificate && subject.leg.is_traffic_server() => {
            verification(version, subject.connection.outcome.failed())
        }
        Role::Client if shows_certificate_to_unified_cm(subject) => showing(version),
        _ => return None,
    };
    let running = version.map(|version| version.to_string()).unwrap_or_default();
    Some(text.fill(&Values::new().with("version", running)))
}

/// Field Notice FN74362; 225482; 225693.
const EKU: Text = Text::en(
    "Public CAs stop putting clientAuth into certificates (FN74362; dates in its own text and in 225482 differ). X15.4 is the interim fix for Expressway-E, X15.5 separates client and server certificates and has `xConfiguration SIP TLS Certificate ExtendedKeyUsage Checking Mode`; {running}.",
);
/// Administrator Guide X15.5, Reference Material; 225476.
const SIGNATURES: Text = Text::en(
    "From X15.2 on SIP offers TLS 1.3 by default, and `xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa` (default On, restart all peers) decides whether RSA or ECDSA is preferred; it has no effect on HTTPS; {running}.",
);

fn shows_certificate_to_unified_cm(subject: &Subject<'_>) -> bool {
    let leg = subject.leg;
    let asked = leg.service.is_some_and(|service| service.checker != Checker::Xmpp);
    leg.client == Party::ExpresswayC && leg.server.is_uc() && asked
}

/// Troubleshoot Expressway Traffic Server Certificate Verification (218018), X14.2
/// release notes and 225476; they disagree between X14.0.8 and X14.0.11.
fn verification(version: Option<Version>, refused: bool) -> Text {
    match version.map(Version::verifies_origin_servers) {
        Some(Verification::No) if refused => Text::en(
            "{version} is not known to verify these connections (X14.2 and later do), and yet it refused: look whether the version is right.",
        ),
        Some(Verification::Yes) => Text::en(
            "From X14.2 on the traffic server verifies every HTTPS connection to Unified CM, IM and Presence and Unity Connection, also where TLS verify mode is Off (CSCwc69661, CSCwa25108); this Expressway runs {version}.",
        ),
        Some(Verification::Disputed) => Text::en(
            "Whether {version} verifies these connections is disputed: 225476 says from X14.0.8 on, 218018 and the release notes say from X14.2 on. Log and alert decide.",
        ),
        Some(Verification::No) => Text::en(
            "{version} verifies the publisher at discovery only, where TLS verify mode is On. After an upgrade to X14.2 or later every HTTPS connection is verified, and this one will fail.",
        ),
        None => Text::en(
            "The version of the Expressway is not known. From X14.2 on (disputed: X14.0.8) the traffic server verifies every HTTPS connection, also where TLS verify mode is Off.",
        ),
    }
}

/// CSCvz45074; X14.2 release notes.
fn showing(version: Option<Version>) -> Text {
    match version.map(Version::presents_certificate_to_cucm) {
        Some(true) => Text::en(
            "From X14.0.2 on Expressway-C shows its certificate wherever Unified CM asks for one (CSCvz45074), so the CA chain of that certificate has to be in tomcat-trust and CallManager-trust even of a cluster that is not in mixed mode; this Expressway runs {version}.",
        ),
        Some(false) => Text::en(
            "The traffic server of {version} shows no certificate to Unified CM yet (CSCvz45074, from X14.0.2 on); SIP does in mixed mode.",
        ),
        None => Text::en(
            "From X14.0.2 on Expressway-C shows its certificate wherever Unified CM asks for one (CSCvz45074); the version of this Expressway is not known.",
        ),
    }
}
