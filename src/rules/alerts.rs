//! Alerts: who told whom what, and what it means at this place.

use super::client_certificate::chain_upload;
use super::finding::{Observation, Severity};
use super::reaction::{self, Reaction};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::words::{Text, Values};
use crate::connection::{Connection, LedgerClass, NameVerdict, Outcome};
use crate::expressway::{Checker, service};
use crate::tls::names::{self, Authentication};
use crate::tls::{ClientHello, KeyExchangeParameters, Role};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[ALERT_RECEIVED];

pub(super) const ID: &str = "alert-received";

const ALERT_RECEIVED: Rule = Rule {
    id: ID,
    severity: Severity::Error,
    summary: Text::en("A side ended the handshake with an alert"),
    sentence: Text::en(
        "{sender} ended the handshake with {alert}, sent to {receiver}: {meaning}{vouched}.",
    ),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en("Every TLS connection"),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Fatal alerts in clear, and encrypted ones that length and place give away, where no other finding on the connection explains them.",
        ),
        why: Text::en(
            "The alert is the only thing that a side says about its reason. Who sent it matters most: the sender is the one that refused, and its own log and trust list tell why.",
        ),
        symptom: Text::en(
            "Depends on the service; the log of the receiver names the alert: tlsv1 alert unknown ca",
        ),
        steps: Text::en(
            "1. Look at the sender: the fault is in what the other side showed, or in the trust list of the sender. 2. Other findings on the same connection may be the fault, though the alert does not say so by itself. 3. Read the sender's log at that time.",
        ),
        caveat: Text::en(
            "Java says certificate_unknown (46) for nearly every fault of a certificate. An alert in clear is not authenticated: a middlebox can send it as well.",
        ),
    },
    references: &["RFC 8446, 6.2", "RFC 5246, 7.2.2"],
    check: Check::Connection(alert_received),
};

fn alert_received(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let Outcome::Alert { by, description, frame, .. } = connection.outcome else { return None };
    let evidence = scene::alert_evidence(frame, description);
    let values = scene::values(connection)
        .with("sender", scene::holder(connection, by))
        .with("receiver", scene::holder(connection, by.other()))
        .with("alert", scene::said_alert(description))
        .with_words("meaning", meaning(connection, by, description))
        .with_words(
            "vouched",
            besides(connection, by, description).map_or(NOTHING, |(fact, _)| fact),
        );
    let values = match dh_bits(connection) {
        Some(bits) => values.with("dh_bits", bits.to_string()),
        None => values,
    };
    let values = with_remedy(values, subject, by, description);
    Some(Observation { values, evidence: vec![evidence], severity: None, of: None })
}

const NOTHING: Text = Text::en("");
const NOT_STAPLED: Text = Text::en(
    "; that certificate demands a stapled OCSP response (RFC 7633), and the server sent none",
);
const STAPLE: Text = Text::en(
    "Let {receiver} staple an OCSP response, or have its certificate issued again without the demand for one (TLS feature status_request).",
);
const VOUCHED: Text =
    Text::en("; by the trust list given here, nothing is wrong with that certificate");

/// What else is known of a certificate that was refused without a reason, and what helps.
fn besides(connection: &Connection, by: Role, alert: Option<u8>) -> Option<(Text, Text)> {
    if by == Role::Client && matches!(alert, Some(42 | 46 | 113)) && lacks_staple(connection) {
        return Some((NOT_STAPLED, STAPLE));
    }
    vouched(connection, by, alert).then_some((VOUCHED, COMPARE))
}

/// Whether the server's certificate demands a stapled response, and the client that asked for one
/// got none.
fn lacks_staple(connection: &Connection) -> bool {
    const STATUS_REQUEST: u16 = 5;
    let handshake = &connection.handshake;
    let asked =
        handshake.client_hello().is_some_and(|hello| hello.extension(STATUS_REQUEST).is_some());
    let demanded = connection.server_leaf().is_some_and(|leaf| leaf.extensions.must_staple);
    asked && demanded && handshake.stapled().is_none() && handshake.gaps().is_empty()
}

/// Whether a side refused a certificate in which nothing is found wrong, and does not say why.
fn vouched(connection: &Connection, by: Role, alert: Option<u8>) -> bool {
    let named = by == Role::Server || name_matches(connection);
    let path = connection.path(by.other()).judged();
    matches!(alert, Some(42 | 43 | 46)) && named && path.is_some_and(|path| path.ok())
}

const ASK_THE_SENDER: Text = Text::en(
    "The reason is with {sender}: look at the other findings of this connection, and at its log for this time.",
);

/// Adds `{remedy}` and what it names: what helps where the alert is all that there is, because
/// no other finding names a fault of a certificate that the capture does not show.
fn with_remedy(values: Values, subject: &Subject<'_>, by: Role, alert: Option<u8>) -> Values {
    let connection = subject.connection;
    // Where the other side's certificate was shown, or hidden by TLS 1.3, other rules tell.
    let unseen = reaction::reaction(connection, by.other()) == Reaction::Unknown;
    let known = besides(connection, by, alert).map(|(_, remedy)| remedy);
    let known = known.or_else(|| too_short(connection, by, alert).then_some(LONGER_GROUP));
    let remedy = known.unwrap_or_else(|| remedy(by, alert, unseen));
    let values = values.with_words("remedy", remedy);
    match (by, alert) {
        (Role::Server, Some(112)) => {
            values.with("name", connection.server_name().unwrap_or_default())
        }
        (Role::Server, Some(120)) => values.with("protocols", protocols(connection)),
        (Role::Client, Some(42..=46 | 48)) if unseen => values
            .with("fetch", scene::fetch(connection))
            .with_words("missing", missing(connection))
            .with_words("upload", scene::upload(subject))
            .with_words("wanted", Text::en("the CA certificates above the server's certificate")),
        (Role::Server, Some(42..=46 | 48)) if unseen => values
            .with_words("missing", missing(connection))
            .with_words("upload", chain_upload(subject))
            .with_words("chain", Text::en("the whole CA chain of {client}")),
        _ => values,
    }
}

fn remedy(by: Role, alert: Option<u8>, unseen: bool) -> Text {
    match (by, alert) {
        (Role::Server, Some(86)) => FALLEN_BACK,
        (Role::Server, Some(112)) => UNKNOWN_NAME,
        (Role::Server, Some(120)) => OTHER_PROTOCOL,
        (Role::Client, Some(48)) if unseen => GET_AND_UPLOAD,
        (Role::Client, Some(42..=46)) if unseen => GET_AND_COMPARE,
        (Role::Server, Some(42..=46 | 48)) if unseen => LOOK_AT_CLIENT,
        _ => ASK_THE_SENDER,
    }
}

const COMPARE: Text = Text::en(
    "Compare the trust list of {sender} with the one given here, and whether {sender} was restarted since it was changed; its log for this time tells the reason. What is not in a capture remains: revocation, a name other than the one asked for, algorithms that it has disabled.",
);
const GET_AND_UPLOAD: Text = Text::en(
    "{missing}Get the server's certificate (`{fetch}`), and compare its chain with the trust list of {sender}. {upload}.",
);
const GET_AND_COMPARE: Text = Text::en(
    "{missing}Get the server's certificate (`{fetch}`), and look at its names, dates and usages (`tlsight verify`); the log of {sender} for this time tells which of them it is.",
);
const LOOK_AT_CLIENT: Text = Text::en(
    "{missing}Look at the certificate of {receiver} (on an Expressway: Maintenance > Security > Server certificate): its dates, its extended key usage clientAuth, and whether the CAs above it are in the trust list of {sender}. If they are not: {upload}.",
);
const LONGER_GROUP: Text = Text::en(
    "Give the server a Diffie-Hellman group of 2048 bits or more, or let both sides prefer ECDHE suites (Expressway: Maintenance > Security > Ciphers).",
);
const FALLEN_BACK: Text = Text::en(
    "Look at what {receiver} tried just before: a handshake with a newer version failed, and it fell back (it says so by TLS_FALLBACK_SCSV). The reason is there.",
);
const UNKNOWN_NAME: Text = Text::en(
    "Compare the name {name} with those that {sender} is set up for and has in its certificate. If it is wrong, correct it where {receiver} has it from (Unified CM: System > Server, then on Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers); a proxy in the path that picks its certificate by name says so too.",
);
const OTHER_PROTOCOL: Text = Text::en(
    "{receiver} offers {protocols}. Check that the service on port {port} is the one that is meant, and that no proxy in the path answers in its place.",
);

/// Why the certificate of {receiver} is not in the capture.
fn missing(connection: &Connection) -> Text {
    match connection.ledger {
        LedgerClass::OneSided => {
            Text::en("The packets of {receiver} are not in the capture: capture both directions. ")
        }
        LedgerClass::CutBySnaplen => Text::en(
            "The capture has the beginnings of packets only: take it again without a snapshot length. ",
        ),
        LedgerClass::Gap => Text::en("Packets are missing in the capture: take it again. "),
        _ => Text::en(""),
    }
}

/// The application protocols of the ClientHello.
fn protocols(connection: &Connection) -> String {
    let hello = connection.handshake.client_hello();
    let offered = hello.map(|hello| hello.alpn()).unwrap_or_default();
    if offered.is_empty() { "none".to_owned() } else { offered.join(", ") }
}

/// What an alert means, by its sender and by what the sender had seen.
fn meaning(connection: &Connection, by: Role, alert: Option<u8>) -> Text {
    let Some(code) = alert else { return Text::en("the alert is encrypted") };
    if connection.renegotiation.is_some_and(|begun| begun.failed()) {
        return Text::en("it ends a second handshake, inside the encryption of the first");
    }
    if by == Role::Server
        && let Some(meaning) = of_key(connection, code)
    {
        return meaning;
    }
    if code == 47 && certificates_sent(connection, by.other()) > MOST_CERTIFICATES {
        return Text::en(
            "a message was malformed or too long; the certificate list that it was shown is longer than the 100 kB that OpenSSL takes at most",
        );
    }
    // These speak of a certificate even where the capture does not show it.
    let of_certificate = matches!(code, 42..=46 | 48)
        || matches!(reaction::reaction(connection, by.other()), Reaction::Refused(_));
    match by {
        Role::Client if of_certificate => of_server_certificate(connection, code),
        Role::Server if of_certificate => of_client_certificate(code),
        // What a client has against the suite it says to the ServerHello.
        _ if too_short(connection, by, alert) => SHORT_GROUP,
        Role::Client if code == 71 => Text::en("what the server chose is too weak for the client"),
        _ if code == 80 && is_old(connection) => OLD_VERSION,
        _ => of_handshake(code),
    }
}

/// The length of the finite field in which the server wants to agree on a key.
fn dh_bits(connection: &Connection) -> Option<u32> {
    let (_, exchange) = connection.handshake.server_key_exchange()?;
    match exchange.parameters? {
        KeyExchangeParameters::DhBits(bits) => Some(bits),
        _ => None,
    }
}

/// Whether a client refuses the finite field in which the server wants to agree on a key.
fn too_short(connection: &Connection, by: Role, alert: Option<u8>) -> bool {
    by == Role::Client && matches!(alert, Some(40 | 71)) && dh_bits(connection).is_some()
}

const SHORT_GROUP: Text = Text::en(
    "the server wants to agree on a key in a Diffie-Hellman group of {dh_bits} bits; a client refuses one that is too short for it (OpenSSL: by its security level, 1024 bits at level 1, 2048 at level 2; CiscoSSL since X8.7.2 less than 1024, CSCuy59366)",
);

/// Whether the handshake is one of TLS 1.1 or older, or can be of no newer version.
fn is_old(connection: &Connection) -> bool {
    const TLS12: u16 = 0x0303;
    let handshake = &connection.handshake;
    let hello = || handshake.client_hello().filter(|hello| hello.supported_versions().is_empty());
    let most = || hello().map(|hello| hello.legacy_version);
    handshake.version().or_else(most).is_some_and(|version| version < TLS12)
}

const OLD_VERSION: Text = Text::en(
    "an error inside the sender; OpenSSL 3 says so of TLS 1.1 and older, whose signatures with SHA-1 its security level does not allow",
);

/// What OpenSSL takes of a Certificate message unless it is told otherwise
/// (SSL_CTX_set_max_cert_list(3)); it refuses more with illegal_parameter.
const MOST_CERTIFICATES: usize = 100 * 1024;

/// How long the Certificate message of a side is, in bytes: where it is hidden, all that the side
/// encrypted, which is hardly more.
fn certificates_sent(connection: &Connection, of: Role) -> usize {
    let handshake = &connection.handshake;
    let hidden = || handshake.encrypted(of).map(|(_, length)| length).sum();
    handshake.certificate_length(of).map_or_else(hidden, |length| length as usize)
}

/// What tells that the client's pre-shared key is not the server's: what it encrypts does not open
/// (RFC 4279, 2), or its binder does not fit (RFC 8446, 4.2.11; OpenSSL says illegal_parameter).
fn of_key(connection: &Connection, code: u8) -> Option<Text> {
    let handshake = &connection.handshake;
    let suite = connection.cipher_suite().and_then(names::cipher_suite);
    let by_key = suite.is_some_and(|suite| suite.authentication == Authentication::Psk);
    let offered = || handshake.client_hello().is_some_and(ClientHello::offers_psk);
    match code {
        20 | 51 if by_key => {
            Some(Text::en("the pre-shared key of the client is not the one that the server has"))
        }
        47 | 51 if handshake.server_hello().is_none() && offered() => Some(Text::en(
            "a message was malformed, or the pre-shared key that the client offers is not the one that the server has",
        )),
        _ => None,
    }
}

fn of_server_certificate(connection: &Connection, code: u8) -> Text {
    let checker = service(connection.server.port).map(|service| service.checker);
    match code {
        48 => Text::en("its trust list lacks the chain of the certificate that the server showed"),
        80 if name_matches(connection) && is_old(connection) => OLD_VERSION,
        80 if name_matches(connection) => Text::en(
            "an error of its own, after it had seen the server's certificate; the name that it asked for is in that certificate",
        ),
        80 if checker == Some(Checker::TrafficServer) => Text::en(
            "after a certificate the traffic server of Expressway says so when the name does not match",
        ),
        80 if is_old(connection) => OLD_VERSION,
        80 => Text::en("an error of its own, after it had seen the server's certificate"),
        45 => Text::en("the server's certificate or a CA above it has expired"),
        44 => Text::en("the server's certificate has been revoked"),
        43 => Text::en(
            "the server's certificate is not for this use (OpenSSL: its extended key usage; Java: an algorithm or a key length that it has disabled)",
        ),
        42 if name_matches(connection) => Text::en(
            "the server's certificate is refused; the alert does not tell why (OpenSSL: not valid yet, key or signature too weak, or another name than this one expected; others: nearly everything)",
        ),
        42 => Text::en(
            "the server's certificate is refused: not valid yet, key or signature too weak, or wrong name",
        ),
        46 => Text::en(
            "the server's certificate is refused; Java says so of nearly every fault, but not of a certificate that has expired",
        ),
        51 => Text::en("a signature did not verify"),
        _ => Text::en("the server's certificate is refused"),
    }
}

/// Whether every way of comparing finds the name in the server's certificate.
fn name_matches(connection: &Connection) -> bool {
    let NameVerdict::Checked { matches, traffic_server, .. } = &connection.name else {
        return false;
    };
    *matches && *traffic_server
}

fn of_client_certificate(code: u8) -> Text {
    match code {
        48 => Text::en("its trust list lacks the chain of the certificate that the client showed"),
        45 => Text::en("the client's certificate or a CA above it has expired"),
        44 => Text::en("the client's certificate has been revoked"),
        43 => Text::en(
            "the client's certificate is not for this use (OpenSSL: its extended key usage lacks clientAuth; Java: an algorithm or a key length that it has disabled)",
        ),
        46 => Text::en(
            "the client's certificate is refused; Java says so of nearly every fault, but not of a certificate that has expired",
        ),
        51 => Text::en("a signature of the client did not verify"),
        _ => Text::en("the client's certificate is refused"),
    }
}

fn of_handshake(code: u8) -> Text {
    match code {
        10 => Text::en("a message came that was not expected at this place"),
        20 => Text::en("a record could not be decrypted"),
        22 => Text::en("a record was longer than it may be"),
        40 => Text::en(
            "both sides have no cipher suite, group or signature algorithm in common, or a certificate that the server requires did not come",
        ),
        47 | 50 => Text::en("a message was malformed; think of a middlebox"),
        70 => Text::en("both sides have no TLS version in common"),
        49 => Text::en("access is not granted; GnuTLS says so of a client that it does not trust"),
        71 => Text::en("what was offered is too weak for the server"),
        80 => Text::en("an error inside the sender"),
        86 => Text::en("the client fell back to an older version without need"),
        109 => Text::en("an extension that has to be there is missing"),
        110 => Text::en("an extension came that was not asked for"),
        112 => Text::en("the server does not know the server name that was asked for"),
        113 => Text::en("the stapled OCSP response is refused"),
        115 => Text::en("the server does not know the pre-shared key that the client offers"),
        116 => Text::en("the server requires a client certificate"),
        120 => Text::en("both sides have no application protocol (ALPN) in common"),
        _ => Text::en("the standards say no more of it"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Finding;
    use super::super::testing::{EXPRESSWAY, WITHOUT_ROOT};
    use super::super::testing::{bend_client_hello, bend_leaf, bend_server_hello, bent, findings};
    use super::*;
    use crate::connection::NotJudged;
    use crate::tls::{Body, Extension, What};

    #[test]
    fn who_told_whom_what_and_what_it_means() {
        // Of an unsuitable certificate there is nothing else to be seen.
        let said = |by| {
            let found = bent(ID, "rsa-trusted.pcap", EXPRESSWAY, |connection| {
                refuse(connection, by, 44);
            });
            found.unwrap().sentence()
        };
        assert_eq!(
            said(Role::Client),
            "10.30.5.20 ended the handshake with alert certificate_revoked (44), sent to \
             cucmpub.example.org (10.30.7.11:8443): the server's certificate has been revoked."
        );
        let by_server = said(Role::Server);
        assert!(
            by_server.starts_with("cucmpub.example.org (10.30.7.11:8443) ended"),
            "{by_server}"
        );
    }

    /// What is said of an alert of `by` in a handshake that is in order but for it.
    fn told(by: Role, code: u8, bend: impl Fn(&mut Connection)) -> Finding {
        let found = bent(ID, "rsa-trusted.pcap", EXPRESSWAY, |connection| {
            refuse(connection, by, code);
            bend(connection);
        });
        found.unwrap()
    }

    #[test]
    fn a_refused_certificate_that_the_trust_list_vouches_for_is_told_so() {
        for code in [42, 43, 46] {
            let found = told(Role::Client, code, |_| {});
            assert!(found.sentence().ends_with("nothing is wrong with that certificate."));
            assert!(found.remedy().starts_with("Compare the trust list of 10.30.5.20 with"));
        }
        let found = told(Role::Client, 46, |connection| {
            connection.name = NameVerdict::NotJudged(NotJudged::NoTrustStore)
        });
        assert!(!found.sentence().contains("nothing is wrong"), "{}", found.sentence());
    }

    #[test]
    fn a_staple_that_the_certificate_demands_is_missed() {
        let found = told(Role::Client, 42, |connection| {
            bend_leaf(connection, Role::Server, |leaf| leaf.extensions.must_staple = true);
            let asks = Extension { code: 5, body: vec![1, 0, 0, 0, 0], whole: true };
            bend_client_hello(connection, |hello| hello.extensions.push(asks.clone()));
        });
        assert!(found.sentence().contains("and the server sent none"), "{}", found.sentence());
        assert!(found.remedy().starts_with("Let cucmpub.example.org"), "{}", found.remedy());
    }

    #[test]
    fn what_is_too_weak_depends_on_who_says_so() {
        let by_client = told(Role::Client, 71, |_| {}).sentence();
        assert!(by_client.ends_with("what the server chose is too weak for the client."));
        let by_server = told(Role::Server, 71, |_| {}).sentence();
        assert!(by_server.ends_with("what was offered is too weak for the server."));
    }

    #[test]
    fn a_group_that_is_too_short_is_told_with_its_length() {
        let of_1024_bits = |connection: &mut Connection| {
            for entry in &mut connection.observed.handshake.entries {
                if let What::Message(message) = &mut entry.what
                    && let Body::ServerKeyExchange(exchange) = &mut message.body
                {
                    exchange.parameters = Some(KeyExchangeParameters::DhBits(1024));
                }
            }
        };
        for code in [40, 71] {
            let found = told(Role::Client, code, of_1024_bits);
            assert!(found.sentence().contains("group of 1024 bits;"), "{}", found.sentence());
            assert!(found.remedy().starts_with("Give the server a Diffie-Hellman group"));
        }
        assert!(!told(Role::Server, 40, of_1024_bits).sentence().contains("1024"));
    }

    #[test]
    fn a_fallback_without_need_is_explained_by_what_came_before() {
        let remedy = told(Role::Server, 86, |_| {}).remedy();
        assert!(remedy.starts_with("Look at what 10.30.5.20 tried just before"), "{remedy}");
    }

    #[test]
    fn an_error_inside_the_sender_may_come_of_an_old_version() {
        let said = |version| {
            let bend = |connection: &mut Connection| {
                bend_server_hello(connection, |hello| hello.legacy_version = version);
            };
            told(Role::Client, 80, bend).sentence()
        };
        let old = said(0x0302);
        assert!(old.contains("OpenSSL 3 says so of TLS 1.1 and older"), "{old}");
        assert!(!said(0x0303).contains("OpenSSL 3"));
    }

    #[test]
    fn an_alert_that_another_finding_explains_is_not_told_twice() {
        for sample in
            ["root-missing.pcap", "expired.pcap", "mtls-refused-tls12.pcap", "short-host-name.pcap"]
        {
            assert!(findings(ID, sample, WITHOUT_ROOT).is_empty(), "{sample}");
        }
        // The chain is at fault, but this alert is about something else.
        let found = bent(ID, "root-missing.pcap", WITHOUT_ROOT, |connection| {
            refuse(connection, Role::Client, 40);
        });
        assert!(found.is_some());
    }

    #[test]
    fn what_is_not_in_the_capture_has_to_be_fetched() {
        let bend = |by, code| {
            move |connection: &mut Connection| {
                connection.observed.outcome =
                    Outcome::Alert { by, description: Some(code), frame: 5, inferred: false };
            }
        };
        let told = |by, code| {
            bent(ID, "client-to-server-only.pcap", EXPRESSWAY, bend(by, code)).unwrap().remedy()
        };
        let fetched = told(Role::Client, 48);
        assert!(fetched.starts_with("The packets of cucmpub.example.org"), "{fetched}");
        assert!(fetched.contains("-connect 10.30.7.11:"), "{fetched}");
        assert!(fetched.contains("> Append CA certificate, upload the CA certificates above"));
        assert!(told(Role::Client, 45).contains("names, dates and usages"));
        assert!(told(Role::Client, 40).starts_with("The reason is with"));
        let looked = bent(ID, "client-hello-unanswered.pcap", EXPRESSWAY, bend(Role::Server, 48));
        let looked = looked.unwrap().remedy();
        assert!(
            looked.contains("upload the whole CA chain of 10.30.5.20 as tomcat-trust"),
            "{looked}"
        );
    }

    #[test]
    fn a_name_and_a_protocol_that_the_server_does_not_know_are_told() {
        let told = |code| {
            let found = bent(ID, "client-hello-unanswered.pcap", EXPRESSWAY, |connection| {
                connection.observed.outcome = Outcome::Alert {
                    by: Role::Server,
                    description: Some(code),
                    frame: 5,
                    inferred: false,
                };
            });
            found.unwrap().remedy()
        };
        assert!(
            told(112).starts_with("Compare the name cucmpub.example.org with"),
            "{}",
            told(112)
        );
        assert!(told(120).starts_with("10.30.5.20 offers none"), "{}", told(120));
    }

    #[test]
    fn where_the_name_is_right_the_alert_does_not_tell_of_names() {
        for code in [80, 42] {
            let found = bent(ID, "root-missing.pcap", EXPRESSWAY, |connection| {
                connection.observed.outcome = Outcome::Alert {
                    by: Role::Client,
                    description: Some(code),
                    frame: 9,
                    inferred: false,
                };
            });
            let said = found.unwrap().sentence();
            assert!(!said.contains("wrong name") && !said.contains("does not match"), "{said}");
        }
    }

    #[test]
    fn a_certificate_list_that_is_too_long_is_no_work_of_a_middlebox() {
        use crate::tls::{Body, What};
        for (length, long) in [(900, false), (200_000, true)] {
            let found = bent(ID, "root-missing.pcap", WITHOUT_ROOT, |connection| {
                refuse(connection, Role::Client, 47);
                for entry in &mut connection.observed.handshake.entries {
                    if let What::Message(message) = &mut entry.what
                        && matches!(message.body, Body::Certificate(_))
                    {
                        message.length = length;
                    }
                }
            });
            let said = found.unwrap().sentence();
            assert_eq!(said.contains("100 kB"), long, "{said}");
        }
    }

    #[test]
    fn a_pre_shared_key_that_does_not_fit_is_told() {
        // TLS_PSK_WITH_AES_256_GCM_SHA384, whose key the server cannot open.
        let found = bent(ID, "root-missing.pcap", WITHOUT_ROOT, |connection| {
            refuse(connection, Role::Server, 20);
            bend_server_hello(connection, |hello| hello.cipher_suite = Some(0x00a9));
        });
        let said = found.unwrap().sentence();
        assert!(said.contains("the pre-shared key of the client is not the one"), "{said}");
        let found = bent(ID, "root-missing.pcap", WITHOUT_ROOT, |connection| {
            refuse(connection, Role::Server, 20);
        });
        assert!(!found.unwrap().sentence().contains("pre-shared"));
    }

    fn refuse(connection: &mut Connection, by: Role, code: u8) {
        let description = Some(code);
        connection.observed.outcome = Outcome::Alert { by, description, frame: 9, inferred: false };
    }

    #[test]
    fn a_close_notify_is_no_alert_worth_telling() {
        let whole = ["rsa-trusted.pcap", "tls13-trusted.pcap", "mra-login-works.pcap"];
        let parts = ["packet-lost.pcap", "client-to-server-only.pcap", "begun-mid-stream.pcap"];
        for sample in whole.into_iter().chain(parts) {
            assert!(findings(ID, sample, EXPRESSWAY).is_empty(), "{sample}");
        }
    }
}
