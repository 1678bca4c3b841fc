//! Why the server showed this certificate: what the client offered first.

use super::finding::{Finding, Severity};
use super::words::{Text, Values};
use crate::connection::Connection;
use crate::tls::Role;
use crate::tls::names::{self, Authentication, CipherSuite};

/// What the client wants by the order of its cipher suites for TLS 1.2 and below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// A suite with ECDSA before any with RSA.
    EcdsaFirst,
    /// A suite with RSA before any with ECDSA.
    RsaFirst,
    /// ECDSA, and no RSA.
    EcdsaOnly,
    /// RSA, and no ECDSA.
    RsaOnly,
}

impl Preference {
    /// `ECDSA first`, `RSA only`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::EcdsaFirst => "ECDSA first",
            Self::RsaFirst => "RSA first",
            Self::EcdsaOnly => "ECDSA only",
            Self::RsaOnly => "RSA only",
        }
    }
}

/// The order of the first ClientHello; `None` without suites that tell a kind.
#[must_use]
pub fn preference(connection: &Connection) -> Option<Preference> {
    let hello = connection.handshake.client_hello()?;
    let mut kinds = hello
        .suites()
        .filter_map(names::cipher_suite)
        .map(|suite| suite.authentication)
        .filter(|kind| matches!(kind, Authentication::Rsa | Authentication::Ecdsa));
    let first = kinds.next()?;
    let has_other = kinds.any(|kind| kind != first);
    Some(match (first, has_other) {
        (Authentication::Ecdsa, true) => Preference::EcdsaFirst,
        (Authentication::Ecdsa, false) => Preference::EcdsaOnly,
        (_, true) => Preference::RsaFirst,
        (_, false) => Preference::RsaOnly,
    })
}

/// The suite that the server chose, if the suite tells the kind of its certificate.
pub(super) fn selected(connection: &Connection) -> Option<&'static CipherSuite> {
    connection.cipher_suite().and_then(names::cipher_suite)
}

/// Whether the server chose to prove itself with ECDSA (TLS 1.2 and below).
pub(super) fn is_ecdsa(connection: &Connection) -> bool {
    selected(connection).is_some_and(|suite| suite.authentication == Authentication::Ecdsa)
}

/// Whether the rules found that ECDSA was selected and is not trusted.
pub(super) fn is_untrusted_ecdsa(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.rule.id == "ecdsa-selected" && finding.severity > Severity::Info)
}

/// Adds `{suite}`, `{signature}` and `{because}`: what was selected, and why.
pub(super) fn values(values: Values, connection: &Connection) -> Values {
    let suite = connection.cipher_suite().map(names::cipher_suite_name).unwrap_or_default();
    let signature = connection
        .handshake
        .server_key_exchange()
        .and_then(|(_, exchange)| exchange.signature_algorithm)
        .map(|scheme| [", signed with ", &*names::signature_scheme_name(scheme)].concat())
        .unwrap_or_default();
    let because = match preference(connection) {
        Some(Preference::EcdsaFirst) => Text::en("because the client offers it first"),
        Some(Preference::EcdsaOnly) => Text::en("because the client offers nothing else"),
        Some(Preference::RsaFirst) => Text::en(
            "although the client offers RSA first (the server decided by itself, or has no RSA certificate)",
        ),
        _ => Text::en("by the server"),
    };
    values.with("suite", suite).with("signature", signature).with_words("because", because)
}

/// Frame of the ServerHello.
pub(super) fn server_hello_frame(connection: &Connection) -> Option<u64> {
    connection.handshake.server_hello().map(|(entry, _)| entry.frame)
}

/// Frame of the first ClientHello.
pub(super) fn client_hello_frame(connection: &Connection) -> Option<u64> {
    connection
        .handshake
        .client_hellos()
        .find(|(entry, _)| entry.from == Role::Client)
        .map(|(entry, _)| entry.frame)
}

/// What can be done about ECDSA that is not trusted, in the order of the vendor's
/// document. Which of it helps depends on who decided.
pub(super) fn remedies(connection: &Connection) -> &'static [Text] {
    match preference(connection) {
        Some(Preference::EcdsaFirst) => &[PREFER_RSA, ECDSA_LAST, FORBID_ECDSA, TRUST_ECDSA],
        Some(Preference::RsaFirst) => &[FORBID_ECDSA, TRUST_ECDSA],
        _ => &[TRUST_ECDSA],
    }
}

/// The same where TLS 1.3 hides the certificate and only its kind is known: the order of the
/// suites for TLS 1.2, by which Unified CM chooses (CUCM Security Guide 15, TLS 1.3 Setup), can
/// only be mended where it is at fault.
pub(super) fn hidden_remedies(connection: &Connection) -> &'static [Text] {
    match preference(connection) {
        Some(Preference::EcdsaFirst) => &[PREFER_RSA, ECDSA_LAST, FORBID_ECDSA],
        _ => &[],
    }
}

/// As one sentence for a finding.
pub(super) fn remedy(connection: &Connection) -> Text {
    match preference(connection) {
        Some(Preference::EcdsaFirst) => Text::en(
            "Where the EC certificate cannot be trusted: on Expressway, Maintenance > Security > Ciphers, put `ECDHE-RSA-AES256-GCM-SHA384:` in front of the list, so that RSA is selected; or upload the CA of the EC certificate (or the certificate itself, if self-signed) at Maintenance > Security > Trusted CA certificate.",
        ),
        _ => Text::en(
            "Where the EC certificate cannot be trusted: on Expressway, Maintenance > Security > Ciphers, forbid it with `!ECDSA`; or upload the CA of the EC certificate (or the certificate itself, if self-signed) at Maintenance > Security > Trusted CA certificate.",
        ),
    }
}

const PREFER_RSA: Text = Text::en(
    "Prefer RSA: on Expressway, Maintenance > Security > Ciphers, put `ECDHE-RSA-AES256-GCM-SHA384:` in front of the cipher list, so that the server shows its RSA certificate (which must be trusted); restart.",
);
const ECDSA_LAST: Text = Text::en(
    "Put ECDSA last: on Expressway, Maintenance > Security > Ciphers, append `:+ECDSA` to the cipher list (up to X15.0.1 the default then reads `EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH:+ECDSA`); restart.",
);
const FORBID_ECDSA: Text = Text::en(
    "Forbid ECDSA, if the server has an RSA certificate too: on Expressway, Maintenance > Security > Ciphers, append `:!ECDSA` to the cipher list (up to X15.0.1 the default then reads `EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH:!ECDSA`); restart.",
);
const TRUST_ECDSA: Text = Text::en("Trust the EC certificate. {upload}.");
