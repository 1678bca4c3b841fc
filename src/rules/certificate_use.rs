//! May the certificate be used for this, and is its key strong enough?

use std::sync::Arc;

use super::finding::{Observation, Severity};
use super::path_fault::{self, Fault, sides};
use super::reaction::{Reaction, reaction, severity, tells, with_reaction};
use super::reissue::{self, Held};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::words::{Text, Values};
use crate::connection::Connection;
use crate::tls::Role;
use crate::tls::names::{self, KeyExchange};
use crate::trust::code;
use crate::x509::{Certificate, KeyKind, KeyUsage};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[WEAK_KEY, EKU_UNSUITABLE, KEY_USAGE_OF_OTHER_SUITES];

/// How OpenSSL says "key too small", and Java everything, or unsupported_certificate of what its
/// security properties disable (measured with OpenJDK 17).
const TOO_WEAK: &[u8] = &[42, 43, 46];
/// How OpenSSL says "not for this purpose", and Java everything.
const WRONG_PURPOSE: &[u8] = &[43, 46];
/// How a client says that the key may not be used for the suite: GnuTLS internal_error
/// (80; measured with gnutls-cli 3.7), others as of every purpose.
const WRONG_SUITE: &[u8] = &[80, 43, 46, 42];

/// Below 112 bits of security, OpenSSL's level 2, which distributions and products
/// set (SSL_CTX_set_security_level).
const SHORTEST_RSA: u32 = 2048;
/// The same for elliptic curves.
const SHORTEST_EC: u32 = 224;

const WEAK_KEY: Rule = Rule {
    id: "weak-key",
    severity: Severity::Error,
    summary: Text::en("The key of a certificate is too short for the other side"),
    sentence: Text::en(
        "Of the chain of {holder}, {what} has a key of {bits} bits, below the {least} bits of security level 2{sure}; {reaction}.",
    ),
    remedy: Text::en(
        "Have {certificate} issued again by {issuer} with a new key of at least {least} bits (RSA 2048 or 4096){below}. {replace}.",
    ),
    needs: &[],
    applies: Text::en("Every TLS connection whose certificates can be read"),
    part: Part::Certificate {
        alerts: TOO_WEAK,
        clause: Text::en(
            "{what} has a key of {bits} bits, below the {least} bits of security level 2{sure}",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether path validation finds a key below the security level (OpenSSL errors 66 and 67), or a side, or a CA that it sent, has an RSA key below 2048 bits and the other side did not accept it.",
        ),
        why: Text::en(
            "OpenSSL's security level 2 refuses RSA keys below 2048 bits with bad_certificate (42).",
        ),
        symptom: Text::en(
            "One old server or client fails while all others work; the alert is bad_certificate",
        ),
        steps: Text::en(
            "1. Make a new request with a key of 2048 bits or more. 2. Have it signed and upload it. 3. Restart the services that use it.",
        ),
        caveat: Text::en(
            "A peer of security level 1 accepts 1024 bits; `--security-level` says which one is asked. Without that the finding is made only when the handshake did not go on.",
        ),
    },
    references: &["RFC 9325, 4.5", "SSL_CTX_set_security_level(3), OpenSSL 3.0"],
    check: Check::Connection(weak_key),
};

fn weak_key(subject: &Subject<'_>) -> Option<Observation> {
    let too_small = [code::EE_KEY_TOO_SMALL, code::CA_KEY_TOO_SMALL];
    if let Some(fault) = Fault::find(subject, |error, _| too_small.contains(&error.code)) {
        let (certificate, depth) = (fault.certificate(), fault.error.depth);
        return Some(fault.observation(TOO_WEAK, |values| {
            key_values(values, certificate, depth).with_words("sure", BY_PATH)
        }));
    }
    let connection = subject.connection;
    sides(connection).into_iter().find_map(|of| {
        let refused = match of {
            Role::Server => tells(connection, of, TOO_WEAK),
            // Of a client 46, and silence, tell more of trust than of keys.
            Role::Client => reaction(connection, of) == Reaction::Refused(Some(42)),
        };
        let (depth, certificate) = weakest(connection, of).filter(|_| refused)?;
        let held = if depth == 0 { Held::Own } else { Held::Sent };
        Some(short_key(subject, of, certificate, held))
    })
}

fn short_key(
    subject: &Subject<'_>,
    of: Role,
    certificate: &Certificate,
    held: Held,
) -> Observation {
    let connection = subject.connection;
    let values = scene::values(connection)
        .with("holder", scene::holder(connection, of))
        .with("certificate", certificate.title())
        .with("issuer", certificate.issuer.text())
        .with_words("what", held.what())
        .with_words("sure", LIKELY);
    let values = key_values(values, certificate, usize::from(held != Held::Own));
    let values = reissue::with_place(values, subject, certificate, of, held);
    let shown = scene::certificate_frame(connection, of).map(|frame| {
        scene::serial_evidence(frame, certificate)
            .expecting(format!("a key of {SHORTEST_RSA} bits"))
    });
    Observation {
        values: with_reaction(values, connection, of, TOO_WEAK),
        evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
        severity: severity(connection, of),
        of: Some(of),
    }
}

fn key_values(values: Values, certificate: &Certificate, depth: usize) -> Values {
    let bits = certificate.public_key.bits.map_or_else(|| "unknown".to_owned(), |b| b.to_string());
    let rsa = is_rsa(certificate);
    let least = if rsa { SHORTEST_RSA } else { SHORTEST_EC };
    let below = if depth == 0 { Text::en("") } else { BELOW };
    values.with("bits", bits).with("least", least.to_string()).with_words("below", below)
}

const BY_PATH: Text = Text::en(" (OpenSSL: {openssl})");
const LIKELY: Text = Text::en(", which a peer of that level refuses in this way");
const BELOW: Text = Text::en(", and what it signed as well");

/// The first RSA certificate of a side that is too short, and its place.
fn weakest(connection: &Connection, of: Role) -> Option<(usize, &Arc<Certificate>)> {
    let shown = connection.certificates(of).iter().enumerate();
    shown.filter_map(|(place, shown)| Some((place, shown.parsed()?))).find(|(_, certificate)| {
        is_rsa(certificate) && certificate.public_key.bits.is_some_and(|bits| bits < SHORTEST_RSA)
    })
}

fn is_rsa(certificate: &Certificate) -> bool {
    matches!(certificate.public_key.kind, KeyKind::Rsa | KeyKind::RsaPss)
}

const EKU_UNSUITABLE: Rule = Rule {
    id: "eku-unsuitable",
    severity: Severity::Error,
    summary: Text::en(
        "A certificate is not for the side that shows it: clientAuth or serverAuth is missing",
    ),
    sentence: Text::en(
        "{holder} showed {certificate}, whose extended key usage lacks {usage}; {reaction}.",
    ),
    remedy: Text::en("{reissue}"),
    needs: &[],
    applies: Text::en(
        "Mutual TLS: 5061, 5091, 6971, 6972, 7001, 4372; combined certificates of public CAs end with FN74362",
    ),
    part: Part::Certificate {
        alerts: WRONG_PURPOSE,
        clause: Text::en("the extended key usage of the certificate {certificate} lacks {usage}"),
    },
    page: Page {
        checks: Text::en(
            "Whether the extended key usage, where there is one, of a server's certificate has serverAuth and that of a client's has clientAuth.",
        ),
        why: Text::en(
            "Expressway shows one certificate as server and as client (before X15.5). Public CAs stop issuing clientAuth; a certificate without it is refused by every peer that asks for a client certificate.",
        ),
        symptom: Text::en(
            "UC traversal zone FAILED, SSH tunnels down, SIP to Unified CM or mutual TLS on 6971 and 6972 refused after a certificate was renewed; the alert is unsupported_certificate (43)",
        ),
        steps: Text::en(
            "1. Look at the extended key usage of the certificate that the finding names. 2. Have it issued by a CA that grants both serverAuth and clientAuth, or use the separate client certificate of X15.5. 3. Restart. The switch `xConfiguration SIP TLS Certificate ExtendedKeyUsage Checking Mode: Off` on an X15.5 Expressway-E lets the zone come up, not the SSH tunnels.",
        ),
        caveat: Text::en(
            "A server that does not check the usage accepts the certificate; then this is a warning. Java says certificate_unknown (46) for every fault.",
        ),
    },
    references: &[
        "RFC 5280, 4.2.1.12",
        "Prepare Expressway for Client Auth EKU Sunset (225482)",
        "Navigate Client EKU Sunset with Expressway x15.5 (225693)",
        "Field Notice FN74362",
        "CSCwr73373",
    ],
    check: Check::Connection(eku_unsuitable),
};

fn eku_unsuitable(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    // The client's comes first: as long as the server waits for it, the server's
    // own was accepted.
    Role::BOTH.into_iter().find_map(|of| {
        let leaf = scene::leaf(connection, of)?;
        let (allowed, usage, reissue) = match of {
            Role::Client => (leaf.extensions.allows_client_auth(), "clientAuth", REISSUE_CLIENT),
            Role::Server => (leaf.extensions.allows_server_auth(), "serverAuth", REISSUE_SERVER),
        };
        (!allowed).then(|| unsuitable(connection, of, leaf, usage, reissue))
    })
}

fn unsuitable(
    connection: &Connection,
    of: Role,
    leaf: &Certificate,
    usage: &'static str,
    reissue: Text,
) -> Observation {
    let values = scene::values(connection)
        .with("holder", scene::holder(connection, of))
        .with("certificate", leaf.title())
        .with("usage", usage)
        .with_words("reissue", reissue);
    let shown = scene::certificate_frame(connection, of)
        .map(|frame| scene::serial_evidence(frame, leaf).expecting(usage));
    let harmless = reaction(connection, of) == Reaction::Accepted;
    Observation {
        values: with_reaction(values, connection, of, WRONG_PURPOSE),
        evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
        severity: harmless.then_some(Severity::Warning),
        of: Some(of),
    }
}

const REISSUE_CLIENT: Text = Text::en(
    "Have the certificate of {client} issued again with both serverAuth and clientAuth (a private CA, or a public one that still combines them); from X15.5 on, Expressway has a store of its own for client certificates. Field notice FN74362 tells the dates.",
);
const REISSUE_SERVER: Text = Text::en(
    "Have the certificate of {server} issued again with serverAuth in its extended key usage, and clientAuth if it also connects to others.",
);

const KEY_USAGE_OF_OTHER_SUITES: Rule = Rule {
    id: "key-usage-of-other-suites",
    severity: Severity::Error,
    summary: Text::en("The key usage of the server's certificate does not allow the cipher suite"),
    sentence: Text::en(
        "{server} chose {suite} and showed {certificate}, whose key usage ({usages}) lacks {usage}, which that suite needs; {reaction}.",
    ),
    remedy: Text::en(
        "Have {certificate} issued again with digitalSignature and keyEncipherment in its key usage (digitalSignature for EC).",
    ),
    needs: &[Need::ServerCertificate],
    applies: Text::en("Clients that compare key usage and cipher suite, as GnuTLS and Java do"),
    part: Part::Certificate {
        alerts: WRONG_SUITE,
        clause: Text::en(
            "the key usage of the certificate {certificate} ({usages}) lacks {usage}, which the suite {suite} needs",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether a client refused a server's certificate whose key usage, where there is one, has no digitalSignature although the suite signs with the key (DHE, ECDHE), or no keyEncipherment although the suite encrypts to it (RSA).",
        ),
        why: Text::en(
            "The key usage says what a key is for. A certificate made for the old RSA key exchange has keyEncipherment alone; the suites of today sign.",
        ),
        symptom: Text::en("Some clients connect and others do not, with the same certificate"),
        steps: Text::en(
            "1. Look at the key usage of the certificate. 2. Make the request again, so that the CA puts digitalSignature and keyEncipherment in. 3. Upload the certificate, and restart the services that use it.",
        ),
        caveat: Text::en(
            "OpenSSL, and so Expressway, does not compare the two for RSA keys; the finding is made only where the client refused the certificate.",
        ),
    },
    references: &["RFC 5246, 7.4.2", "RFC 8446, 4.4.2.2", "RFC 5280, 4.2.1.3"],
    check: Check::Connection(key_usage_of_other_suites),
};

fn key_usage_of_other_suites(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let leaf = scene::leaf(connection, Role::Server)?;
    let allowed = leaf.extensions.key_usage?;
    let suite = names::cipher_suite(connection.cipher_suite()?)?;
    let (usage, bit) = needed(suite.key_exchange)?;
    let refused = matches!(reaction(connection, Role::Server), Reaction::Refused(Some(code)) if WRONG_SUITE.contains(&code));
    if allowed.any_of(bit) || !refused || suits_no_suite(connection) {
        return None;
    }
    let values = scene::values(connection)
        .with("certificate", leaf.title())
        .with("suite", suite.name)
        .with("usages", allowed.names().join(", "))
        .with("usage", usage);
    let shown = scene::certificate_frame(connection, Role::Server)
        .map(|frame| scene::serial_evidence(frame, leaf).expecting(usage));
    Some(Observation {
        values: with_reaction(values, connection, Role::Server, WRONG_SUITE),
        evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
        severity: None,
        of: Some(Role::Server),
    })
}

/// Whether path validation refuses the usages of the server's certificate already.
fn suits_no_suite(connection: &Connection) -> bool {
    let path = path_fault::validation(connection, Role::Server);
    let mut errors = path.into_iter().flat_map(|path| &path.errors);
    errors.any(|error| error.code == code::INVALID_PURPOSE && error.depth == 0)
}

/// What a suite does with the key of the server's certificate (RFC 5246, 7.4.2).
const fn needed(exchange: KeyExchange) -> Option<(&'static str, u16)> {
    match exchange {
        KeyExchange::Dhe | KeyExchange::Ecdhe | KeyExchange::Tls13 => {
            Some(("Digital Signature", KeyUsage::DIGITAL_SIGNATURE))
        }
        KeyExchange::Rsa => Some(("Key Encipherment", KeyUsage::KEY_ENCIPHERMENT)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, bend_leaf, bent, findings};
    use super::*;
    use crate::connection::Outcome;

    #[test]
    fn a_key_that_may_not_sign_explains_why_a_signing_suite_was_refused() {
        let id = "key-usage-of-other-suites";
        let refused_with = |usage, code| {
            bent(id, "root-missing.pcap", EXPRESSWAY, |connection| {
                bend_leaf(connection, Role::Server, |leaf| {
                    leaf.extensions.key_usage = Some(KeyUsage::of(usage));
                });
                connection.observed.outcome = Outcome::Alert {
                    by: Role::Client,
                    description: Some(code),
                    frame: 99,
                    inferred: false,
                };
            })
        };
        let said = refused_with(KeyUsage::KEY_ENCIPHERMENT, 80).unwrap().sentence();
        assert!(said.contains("(Key Encipherment) lacks Digital Signature, which"), "{said}");
        assert!(refused_with(KeyUsage::DIGITAL_SIGNATURE, 80).is_none());
        assert!(refused_with(KeyUsage::KEY_ENCIPHERMENT, 48).is_none());
        assert!(findings(id, "root-missing.pcap", EXPRESSWAY).is_empty());
    }

    #[test]
    fn a_short_key_explains_bad_certificate() {
        let found = bent("weak-key", "wrong-name-openssl.pcap", EXPRESSWAY, |connection| {
            bend_leaf(connection, Role::Server, |leaf| leaf.public_key.bits = Some(1024));
        });
        assert!(found.unwrap().sentence().contains("has a key of 1024 bits"));
    }

    #[test]
    fn a_short_key_of_a_client_explains_bad_certificate_only() {
        let refused_with = |code| {
            bent("weak-key", "mtls-refused-tls12.pcap", EXPRESSWAY, |connection| {
                bend_leaf(connection, Role::Client, |leaf| {
                    leaf.public_key.kind = KeyKind::Rsa;
                    leaf.public_key.bits = Some(1024);
                });
                connection.observed.outcome = Outcome::Alert {
                    by: Role::Server,
                    description: Some(code),
                    frame: 99,
                    inferred: false,
                };
            })
        };
        let found = refused_with(42).unwrap();
        assert_eq!(found.of, Some(Role::Client));
        assert!(found.sentence().contains("1024 bits, below the 2048 bits of security level 2"));
        assert!(refused_with(48).is_none());
    }

    #[test]
    fn a_short_key_that_the_client_accepted_is_silent() {
        let found = bent("weak-key", "rsa-trusted.pcap", EXPRESSWAY, |connection| {
            bend_leaf(connection, Role::Server, |leaf| leaf.public_key.bits = Some(1024));
        });
        assert!(found.is_none());
        assert!(findings("weak-key", "wrong-name-openssl.pcap", EXPRESSWAY).is_empty());
    }

    #[test]
    fn a_client_certificate_without_client_auth_is_told() {
        let without = |connection: &mut Connection| {
            bend_leaf(connection, Role::Client, |leaf| {
                leaf.extensions.extended_key_usage = Some(vec![])
            });
        };
        let refused =
            bent("eku-unsuitable", "mtls-refused-java.pcap", EXPRESSWAY, without).unwrap();
        assert!(refused.sentence().contains("lacks clientAuth; 10.30.7.11 refused it"));
        assert_eq!(refused.severity, Severity::Error);
        let accepted = bent("eku-unsuitable", "mtls-accepted.pcap", EXPRESSWAY, without).unwrap();
        assert_eq!(accepted.severity, Severity::Warning);
        assert!(findings("eku-unsuitable", "mtls-accepted.pcap", EXPRESSWAY).is_empty());
    }
}
