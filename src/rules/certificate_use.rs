//! May the certificate be used for this, and is its key strong enough?

use std::sync::Arc;

use super::finding::{Evidence, Observation, Severity};
use super::reaction::{Reaction, reaction, severity, tells, with_reaction};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::connection::Connection;
use crate::tls::Role;
use crate::trust::code;
use crate::x509::{Certificate, KeyKind};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[WEAK_KEY, EKU_UNSUITABLE];

/// How OpenSSL says "key too small", and Java everything.
const TOO_WEAK: &[u8] = &[42, 46];
/// How OpenSSL says "not for this purpose", and Java everything.
const WRONG_PURPOSE: &[u8] = &[43, 46];

/// Below 112 bits of security, OpenSSL's level 2, which distributions and products
/// set (SSL_CTX_set_security_level).
const SHORTEST_RSA: u32 = 2048;

const WEAK_KEY: Rule = Rule {
    id: "weak-key",
    severity: Severity::Error,
    summary: Text::en("The key of a server certificate is too short for the client"),
    sentence: Text::en(
        "{server} showed {certificate} with a key of {bits} bits, below the {least} bits of security level 2; {reaction}.",
    ),
    remedy: Text::en(
        "Issue {certificate} again with a key of at least {least} bits (RSA 2048 or 4096).",
    ),
    needs: &[],
    applies: Text::en("Every TLS connection whose server certificate can be read"),
    part: Part::Certificate {
        alerts: TOO_WEAK,
        clause: Text::en(
            "the key of the certificate {certificate} has {bits} bits, below the {least} bits of security level 2",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether the server, or a CA that it sent, has an RSA key below 2048 bits and the client did not accept it.",
        ),
        why: Text::en(
            "OpenSSL's security level 2 refuses RSA keys below 2048 bits with bad_certificate (42).",
        ),
        symptom: Text::en(
            "One old server fails while all others work; the alert is bad_certificate",
        ),
        steps: Text::en(
            "1. Make a new request with a key of 2048 bits or more. 2. Have it signed and upload it. 3. Restart the services that use it.",
        ),
        caveat: Text::en(
            "A client of security level 1 accepts 1024 bits. The finding is made only when the handshake did not go on.",
        ),
    },
    references: &["RFC 9325, 4.5", "SSL_CTX_set_security_level(3), OpenSSL 3.0"],
    check: Check::Connection(weak_key),
};

fn weak_key(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let by_path = connection.server_path.judged().is_some_and(|path| {
        let weak = [code::EE_KEY_TOO_SMALL, code::CA_KEY_TOO_SMALL];
        path.errors.iter().any(|error| weak.contains(&error.code))
    });
    if !by_path && !tells(connection, Role::Server, TOO_WEAK) {
        return None;
    }
    let (certificate, bits) = weakest(connection)?;
    let values = scene::values(connection)
        .with("certificate", certificate.title())
        .with("bits", bits.to_string())
        .with("least", SHORTEST_RSA.to_string());
    let shown = scene::certificate_frame(connection, Role::Server).map(|frame| {
        Evidence::new(frame, "x509af.serialNumber", certificate.serial.text())
            .expecting(format!("a key of {SHORTEST_RSA} bits"))
    });
    Some(Observation {
        values: with_reaction(values, connection, Role::Server, TOO_WEAK),
        evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
        severity: severity(connection, Role::Server),
        of: Some(Role::Server),
    })
}

/// The first RSA certificate of the server that is too short.
fn weakest(connection: &Connection) -> Option<(&Arc<Certificate>, u32)> {
    connection.server_certificates.iter().filter_map(|shown| shown.parsed()).find_map(
        |certificate| {
            let key = &certificate.public_key;
            let rsa = matches!(key.kind, KeyKind::Rsa | KeyKind::RsaPss);
            let bits = key.bits.filter(|bits| rsa && *bits < SHORTEST_RSA)?;
            Some((certificate, bits))
        },
    )
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
    [Role::Client, Role::Server].into_iter().find_map(|of| {
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

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, bend_leaf, bent, findings};
    use super::*;

    #[test]
    fn a_short_key_explains_bad_certificate() {
        let found = bent("weak-key", "wrong-name-openssl.pcap", EXPRESSWAY, |connection| {
            bend_leaf(connection, Role::Server, |leaf| leaf.public_key.bits = Some(1024));
        });
        assert!(found.unwrap().sentence().contains("with a key of 1024 bits"));
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
