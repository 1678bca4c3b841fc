//! Have both sides anything in common?

use std::borrow::Cow;

use super::documents::{CUCM_CIPHER_MANAGEMENT, CUCM_TLS13_SETUP};
use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::selection::{self, Preference};
use super::words::Text;
use crate::connection::{Connection, Outcome};
use crate::tls::{ClientHello, Role, names};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[NO_COMMON_CIPHER, NO_COMMON_VERSION];

const NO_COMMON_CIPHER: Rule = Rule {
    id: "no-common-cipher",
    severity: Severity::Error,
    summary: Text::en(
        "The server accepted none of the cipher suites, groups or signature algorithms offered",
    ),
    sentence: Text::en(
        "{server} accepts nothing of what {client} offered, and answered its ClientHello with alert {alert}. Offered: {offer}.",
    ),
    remedy: Text::en(
        "{hint}Compare the offer (`tlsight show --stream {stream}`) with what the server allows. Unified CM: Cisco Unified OS Administration, Security > Cipher Management, and System > Enterprise Parameters > Security Parameters. Expressway: Maintenance > Security > Ciphers.",
    ),
    needs: &[],
    applies: Text::en("Every TLS connection"),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Whether the server answered the first ClientHello with handshake_failure (40) or insufficient_security (71).",
        ),
        why: Text::en(
            "A server sends handshake_failure at once when there is no cipher suite, no group or no signature algorithm that both sides have and that fits a certificate of the server.",
        ),
        symptom: Text::en(
            "One service fails from every client of the same kind, at once and always",
        ),
        steps: Text::en(
            "1. Look which kinds of key the client offers (RSA, ECDSA). 2. Look which certificates the server has. 3. On Unified CM 15SU2 and later, ECDSA-only Cipher Management with HTTP Ciphers left at its default gives an RSA certificate with EC ciphers, which fails: set HTTP Ciphers to All Supported EC and RSA Ciphers. 4. From 15SU2 on the curve of the EC key must be among the groups that the client offers.",
        ),
        caveat: Text::en(
            "The alert does not tell which of the three is missing. Some servers also say handshake_failure when the server name is unknown to them.",
        ),
    },
    references: &["RFC 8446, 4.1.1", "RFC 5246, 7.4.1.3", CUCM_CIPHER_MANAGEMENT, CUCM_TLS13_SETUP],
    check: Check::Connection(no_common_cipher),
};

fn no_common_cipher(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let (alert, frame) = refused_hello(connection, &[HANDSHAKE_FAILURE, 71])?;
    let hello = connection.handshake.client_hello().filter(|hello| !speaks_ssl3_only(hello))?;
    let (only, hint) = match selection::preference(connection) {
        Some(Preference::EcdsaOnly) => (
            "cipher suites for EC certificates only, ",
            Text::en(
                "If the server has no EC certificate, give it one, or the client suites for RSA. ",
            ),
        ),
        Some(Preference::RsaOnly) => (
            "cipher suites for RSA certificates only, ",
            Text::en(
                "If the server has no RSA certificate, give it one, or the client suites for ECDSA. ",
            ),
        ),
        _ => ("cipher suites ", Text::en("")),
    };
    let offer = [only, &offer(hello)].concat();
    Some(Observation {
        evidence: vec![
            Evidence::new(frame, "tls.alert_message.desc", scene::alert(alert)),
            Evidence::new(
                selection::client_hello_frame(connection)?,
                "tls.handshake.ciphersuite",
                &offer,
            ),
        ],
        values: scene::values(connection)
            .with("alert", scene::alert(alert))
            .with("offer", offer)
            .with("stream", connection.stream.to_string())
            .with_words("hint", hint),
        severity: None,
        of: None,
    })
}

pub(super) const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;

/// An alert by the server in place of a ServerHello. Behind a HelloRetryRequest it has accepted
/// some of what was offered, and where bytes of it are missing it may have accepted all.
pub(super) fn refused_hello(connection: &Connection, alerts: &[u8]) -> Option<(u8, u64)> {
    let Outcome::Alert { by: Role::Server, description: Some(code), frame, .. } =
        connection.outcome
    else {
        return None;
    };
    let handshake = &connection.handshake;
    let said_more = handshake.server_hello().is_some()
        || handshake.hello_retry_request().is_some()
        || handshake.gaps().iter().any(|(entry, ..)| entry.from == Role::Server);
    (!said_more && alerts.contains(&code)).then_some((code, frame))
}

/// SSL 3.0 knows no protocol_version: handshake_failure is all that a server can say to a client
/// that speaks nothing newer (RFC 6101, 5.4.2).
fn speaks_ssl3_only(hello: &ClientHello) -> bool {
    hello.legacy_version == 0x0300 && hello.supported_versions().is_empty()
}

/// What was offered: the first cipher suites, groups and signature algorithms.
fn offer(hello: &ClientHello) -> String {
    let suites = hello.suites().filter(|code| !names::is_scsv(*code));
    let lists = [
        ("", first_names(suites, names::cipher_suite_name)),
        ("groups ", first_names(hello.supported_groups(), names::group_name)),
        (
            "signature algorithms ",
            first_names(hello.signature_algorithms(), names::signature_scheme_name),
        ),
    ];
    let told = lists.into_iter().filter(|(_, list)| !list.is_empty());
    told.map(|(what, list)| [what, &list].concat()).collect::<Vec<_>>().join("; ")
}

/// The first names of a list, and how many more there are.
fn first_names(
    codes: impl IntoIterator<Item = u16>,
    name: impl Fn(u16) -> Cow<'static, str>,
) -> String {
    const TOLD: usize = 3;
    let codes: Vec<u16> = codes.into_iter().filter(|code| !names::is_grease(*code)).collect();
    let told: Vec<_> = codes.iter().take(TOLD).map(|code| name(*code)).collect();
    match codes.len().saturating_sub(TOLD) {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

const NO_COMMON_VERSION: Rule = Rule {
    id: "no-common-version",
    severity: Severity::Error,
    summary: Text::en("Client and server have no TLS version in common"),
    sentence: Text::en("{client} offered {offered}; {answer}: no common version."),
    remedy: Text::en(
        "Raise the older side. Unified CM: `show tls min-version`, `set tls min-version`. Expressway: for SIP `xConfiguration SIP Advanced SipTlsVersions`, for HTTPS the minimum versions at Maintenance > Security > Ciphers (`xConfiguration Ciphers HTTPSProtocol Value`, `UcClientTLSProtocol`, `ReverseProxyTLSProtocol`). Or lower the minimum of the other side for a test.",
    ),
    needs: &[],
    applies: Text::en("Every TLS connection"),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Whether a side ended the handshake with protocol_version (70), or answered a client of SSL 3.0, which has no such alert, with handshake_failure (40).",
        ),
        why: Text::en(
            "Client and server must have a version in common; newer software refuses TLS 1.0 and 1.1. 6971 and 6972 of Unified CM want TLS 1.2 even when the cluster allows 1.0.",
        ),
        symptom: Text::en("Old phones or old servers fail after an upgrade of the other side"),
        steps: Text::en(
            "1. Look at the versions of the ClientHello. 2. Look at the minimum of the server. 3. Raise the older side.",
        ),
        caveat: Text::en("A middlebox that terminates TLS has its own minimum."),
    },
    references: &["RFC 8446, 4.2.1", "RFC 8446, 6.2", "RFC 5246, E.1"],
    check: Check::Connection(no_common_version),
};

const ANSWERED: Text = Text::en("{refuser} answered with alert {alert}");
/// A server that knows none of the versions offered may answer with the newest that it knows,
/// where that is older than what the client has at most (RFC 5246, E.1).
const CHOSEN: Text = Text::en("{server} chose {chosen}, which {client} refused with alert {alert}");

/// Who refused the versions of the other side, with which alert, in which frame.
fn refused_version(connection: &Connection, hello: &ClientHello) -> Option<(Role, u8, u64)> {
    match connection.outcome {
        Outcome::Alert { by, description: Some(PROTOCOL_VERSION), frame, .. } => {
            Some((by, PROTOCOL_VERSION, frame))
        }
        _ if speaks_ssl3_only(hello) => {
            let (alert, frame) = refused_hello(connection, &[HANDSHAKE_FAILURE])?;
            Some((Role::Server, alert, frame))
        }
        _ => None,
    }
}

fn no_common_version(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let hello = connection.handshake.client_hello()?;
    let (by, alert, frame) = refused_version(connection, hello)?;
    let supported: Vec<_> = hello
        .supported_versions()
        .into_iter()
        .filter(|code| !names::is_grease(*code))
        .map(names::version_name)
        .collect();
    let offered = match supported.as_slice() {
        // The extension may stand in the rest.
        [] if !hello.whole => {
            "versions that stand in a part of its ClientHello which is not in the capture"
                .to_owned()
        }
        [] => format!("{} at most", names::version_name(hello.legacy_version)),
        some => some.join(", "),
    };
    let selected = connection.handshake.server_hello().filter(|_| by == Role::Client);
    let chosen = selected.map(|(_, hello)| hello.version());
    let values = scene::values(connection);
    let values = match chosen {
        Some(version) => {
            values.with("chosen", names::version_name(version)).with_words("answer", CHOSEN)
        }
        None => values.with_words("answer", ANSWERED),
    };
    Some(Observation {
        evidence: vec![
            Evidence::new(frame, "tls.alert_message.desc", scene::alert(alert)),
            Evidence::new(
                selection::client_hello_frame(connection)?,
                "tls.handshake.version",
                &offered,
            ),
        ],
        values: values
            .with("offered", offered)
            .with("refuser", scene::holder(connection, by))
            .with("alert", scene::alert(alert)),
        severity: None,
        of: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        EXPRESSWAY, bend_client_hello, bend_server_hello, bent, finding, findings,
    };
    use crate::connection::Outcome;
    use crate::flow::GapCause;
    use crate::tls::{Entry, Role, What};

    #[test]
    fn a_hello_that_the_server_refuses_is_told_with_the_offer() {
        let found = finding("no-common-cipher", "no-common-cipher.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("with alert handshake_failure (40)"));
        assert!(found.sentence().contains("for EC certificates only, TLS_ECDHE_ECDSA_WITH_"));
        assert!(found.sentence().contains("secp256r1, x448 and 2 more; signature"));
        assert!(found.remedy().starts_with("If the server has no EC certificate"));
    }

    #[test]
    fn the_same_alert_after_a_server_hello_is_another_matter() {
        assert!(findings("no-common-cipher", "mtls-empty-certificate.pcap", EXPRESSWAY).is_empty());
    }

    /// What lies between the hello and the alert is not in the capture, or accepted a suite.
    #[test]
    fn an_alert_behind_more_than_the_hello_says_nothing_of_the_offer() {
        let told = |what: Option<What>| {
            bent("no-common-cipher", "no-common-cipher.pcap", EXPRESSWAY, |connection| {
                let entries = &mut connection.observed.handshake.entries;
                let behind = Entry { from: Role::Server, ..entries[0].clone() };
                entries.splice(1..1, what.map(|what| Entry { what, ..behind }));
            })
            .is_some()
        };
        assert!(told(None));
        assert!(!told(Some(What::Gap { length: 9, cause: GapCause::NotCaptured })));
    }

    #[test]
    fn a_client_of_ssl_3_is_refused_for_its_version() {
        let told = |rule| {
            bent(rule, "no-common-cipher.pcap", EXPRESSWAY, |connection| {
                bend_client_hello(connection, |hello| {
                    hello.legacy_version = 0x0300;
                    hello.extensions.clear();
                });
            })
        };
        assert!(told("no-common-cipher").is_none());
        let sentence = told("no-common-version").unwrap().sentence();
        assert!(sentence.contains("offered SSLv3 at most"), "{sentence}");
        assert!(sentence.contains("with alert handshake_failure (40)"));
    }

    #[test]
    fn versions_that_do_not_meet_are_told() {
        let found = finding("no-common-version", "no-common-version.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("10.30.5.20 offered TLSv1.1 at most"));
        assert!(found.remedy().contains("`UcClientTLSProtocol`"));
        assert!(findings("no-common-version", "no-common-cipher.pcap", EXPRESSWAY).is_empty());
    }

    /// The version that a ServerHello chose, which the client would not have, is no agreement.
    #[test]
    fn a_version_that_the_client_refuses_was_chosen_by_the_server() {
        let of = |rule| {
            bent(rule, "rsa-trusted.pcap", EXPRESSWAY, |connection| {
                bend_server_hello(connection, |hello| hello.legacy_version = 0x0301);
                connection.observed.outcome = Outcome::Alert {
                    by: Role::Client,
                    description: Some(70),
                    frame: 9,
                    inferred: false,
                };
            })
        };
        let sentence = of("no-common-version").unwrap().sentence();
        assert!(sentence.contains(" chose TLSv1.0, which 10.30.5.20 refused with alert"));
        assert!(of("old-tls").is_none());
    }
}
