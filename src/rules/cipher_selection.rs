//! Which cipher suite was selected, and what that means for the certificate.

use super::documents::{CUSTOMIZE_CIPHERS, MRA_REQUIREMENTS};
use super::finding::{Evidence, Observation, Severity};
use super::reaction::{self, Reaction};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::selection;
use super::trust_fault::TrustFault;
use super::words::Text;
use crate::connection::{Connection, Outcome};
use crate::tls::{Role, names};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[ECDSA_SELECTED, OLD_TLS, WEAK_SUITE];

const ECDSA_SELECTED: Rule = Rule {
    id: "ecdsa-selected",
    severity: Severity::Info,
    summary: Text::en("The server selected ECDSA and showed its EC certificate"),
    sentence: Text::en(
        "{server} selected ECDSA ({suite}{signature}) {because}, and showed its EC certificate{certificate}{trusted}.",
    ),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en(
        "TLS 1.2 and below; Expressway as client towards Unified CM on 6971, 6972, 8443 and 5061, above all after an upgrade to X14.2 (from below X14.0, or a fresh install, prefers ECDSA: CSCwc88608)",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en("Whether the cipher suite of the ServerHello signs with ECDSA."),
        why: Text::en(
            "Unified CM has an RSA and an EC certificate per service. The order of the client's cipher suites decides which one it shows. The EC one is often still self-signed or signed by another CA than the RSA one, so the same login that works with RSA fails with ECDSA.",
        ),
        symptom: Text::en(
            "MRA logins fail after an Expressway upgrade though no certificate was changed: 8443 works with the RSA certificate of Tomcat, 6972 or 5061 fails with the EC one",
        ),
        steps: Text::en(
            "1. Look whether the lists at Maintenance > Security > Ciphers begin with `ECDHE-RSA-AES256-GCM-SHA384` (RSA preferred). 2. If not, and the EC certificate is not trusted, do one of: put `ECDHE-RSA-AES256-GCM-SHA384:` in front; put ECDSA last with `:+ECDSA`; forbid it with `:!ECDSA`; or put root and intermediates of the EC certificate, or the certificate itself, into the trust list. 3. Restart the Expressway.",
        ),
        caveat: Text::en(
            "ECDSA is not a fault by itself: with a trusted EC certificate this is information. The prefix moves one suite only; a server that does not accept it still lands on ECDSA. Some servers take ECDSA whatever the client prefers.",
        ),
    },
    references: &[
        "RFC 8422, 2.1",
        "RFC 5246, 7.4.3",
        MRA_REQUIREMENTS,
        CUSTOMIZE_CIPHERS,
        "CSCwc88608",
    ],
    check: Check::Connection(ecdsa_selected),
};

fn ecdsa_selected(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    // A raw public key is of no other kind because of the client's order.
    let raw = connection.handshake.raw_public_key(Role::Server).is_some();
    if raw || !selection::is_ecdsa(connection) {
        return None;
    }
    let hello = selection::server_hello_frame(connection)?;
    let distrust = distrust(connection);
    let trusted = match (distrust, connection.server_path.judged()) {
        (Some(_), _) => Text::en(", which is not trusted"),
        (None, Some(path)) if path.ok() => Text::en(", which is trusted"),
        _ => Text::en(""),
    };
    let certificate = scene::leaf(connection, Role::Server)
        .map(|leaf| format!(" {}", leaf.title()))
        .unwrap_or_default();
    let values = selection::values(scene::values(connection), connection)
        .with("certificate", certificate)
        .with_words("trusted", trusted)
        .with_words("remedy", remedy(connection, distrust.is_some()));
    let suite = values.get("suite").unwrap_or_default().into_owned();
    let selected = Evidence::new(hello, "tls.handshake.ciphersuite", suite);
    Some(Observation {
        values,
        evidence: [selected].into_iter().chain(offered(connection)).collect(),
        severity: distrust,
        of: None,
    })
}

/// How bad it is that nobody vouches for the certificate: by the trust store, or by
/// the word of the client (unknown_ca).
fn distrust(connection: &Connection) -> Option<Severity> {
    let reaction = reaction::reaction(connection, Role::Server);
    let lacking = TrustFault::of(connection, Role::Server).is_some();
    match reaction {
        Reaction::Refused(Some(scene::UNKNOWN_CA)) => Some(Severity::Error),
        Reaction::Accepted if lacking => Some(Severity::Warning),
        _ if lacking => Some(Severity::Error),
        _ => None,
    }
}

fn remedy(connection: &Connection, at_fault: bool) -> Text {
    if at_fault {
        selection::remedy(connection)
    } else {
        Text::en("Nothing, as long as the EC certificate is trusted.")
    }
}

/// The first suites that the client offered.
fn offered(connection: &Connection) -> Option<Evidence> {
    let hello = connection.handshake.client_hello()?;
    let suites: Vec<_> = hello
        .suites()
        .filter(|code| names::cipher_suite(*code).is_some_and(|suite| !is_tls13(suite)))
        .take(3)
        .map(names::cipher_suite_name)
        .collect();
    let frame = selection::client_hello_frame(connection)?;
    Some(Evidence::new(frame, "tls.handshake.ciphersuite", suites.join(", ")))
}

fn is_tls13(suite: &names::CipherSuite) -> bool {
    suite.authentication == names::Authentication::Tls13
}

const OLD_TLS: Rule = Rule {
    id: "old-tls",
    severity: Severity::Warning,
    summary: Text::en("A version older than TLS 1.2 was negotiated"),
    sentence: Text::en(
        "{client} and {server} agreed on {version}, which is obsolete (RFC 8996; SSL: RFC 7568, RFC 6176).",
    ),
    remedy: Text::en(
        "Raise the minimum. Unified CM: `show tls min-version`, `set tls min-version 1.2`. Expressway, SIP: `xConfiguration SIP Advanced SipTlsVersions: 'TLSv1.2:TLSv1.3'`.",
    ),
    needs: &[],
    applies: Text::en("Every TLS connection"),
    part: Part::Remark,
    page: Page {
        checks: Text::en("The version of the ServerHello."),
        why: Text::en(
            "TLS 1.0 and 1.1 must not be used any more; newer peers refuse them with protocol_version (70).",
        ),
        symptom: Text::en("None yet; the connection fails after the next upgrade of either side"),
        steps: Text::en(
            "1. Find out which side allows no more than the old version. 2. Raise its minimum and maximum. 3. Test with a capture.",
        ),
        caveat: Text::en("Old phones may not know TLS 1.2."),
    },
    references: &["RFC 8996", "RFC 7568", "RFC 6176", "RFC 9325, 3.1.1"],
    check: Check::Connection(old_tls),
};

fn old_tls(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let (entry, hello) = connection.handshake.server_hello()?;
    let version = hello.version();
    // Chosen by the server, and the client would not have it.
    let refused = matches!(
        connection.outcome,
        Outcome::Alert { by: Role::Client, description: Some(70), .. }
    );
    if refused || !(0x0002..0x0303).contains(&version) {
        return None;
    }
    let name = names::version_name(version);
    Some(Observation {
        evidence: vec![
            Evidence::new(entry.frame, "tls.handshake.version", name.to_string())
                .expecting("TLSv1.2 or TLSv1.3"),
        ],
        values: scene::values(connection).with("version", name),
        severity: None,
        of: None,
    })
}

const WEAK_SUITE: Rule = Rule {
    id: "weak-suite",
    severity: Severity::Warning,
    summary: Text::en("The server selected a cipher suite that does not protect"),
    sentence: Text::en("{server} selected {suite} for {client}: the suite {weakness}."),
    remedy: Text::en(
        "Take it off the list of either side; one that does not have it is enough. In an OpenSSL cipher list, `{forbid}` forbids it (on Expressway: Maintenance > Security > Ciphers).",
    ),
    needs: &[],
    applies: Text::en("Every TLS connection"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the suite of the ServerHello leaves out encryption (NULL) or authentication (anonymous Diffie-Hellman), or encrypts with RC4, or with keys of 40 or 56 bits.",
        ),
        why: Text::en(
            "Such a connection is told as completed, and protects nothing against who is on the path: no suite of these may be negotiated (RFC 9325, 4.1).",
        ),
        symptom: Text::en("None; newer peers have no suite in common with this side"),
        steps: Text::en(
            "1. Find out which side has the suite in its list, and for what. 2. Forbid it there. 3. Test with a capture.",
        ),
        caveat: Text::en(
            "An anonymous suite can be meant, where the application authenticates in another way.",
        ),
    },
    references: &["RFC 9325, 4.1", "RFC 7465", "RFC 5246, A.5"],
    check: Check::Connection(weak_suite),
};

fn weak_suite(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let (entry, hello) = connection.handshake.server_hello()?;
    let suite = names::cipher_suite(hello.cipher_suite?)?;
    let (weakness, forbid) = weakness(suite)?;
    Some(Observation {
        evidence: vec![Evidence::new(entry.frame, "tls.handshake.ciphersuite", suite.name)],
        values: scene::values(connection)
            .with("suite", suite.name)
            .with_words("weakness", weakness)
            .with("forbid", forbid),
        severity: None,
        of: None,
    })
}

/// What a suite lacks, the worst first, and the word of an OpenSSL cipher list against it.
fn weakness(suite: &names::CipherSuite) -> Option<(Text, &'static str)> {
    if suite.cipher == "NULL" {
        Some((Text::en("encrypts nothing: whoever is on the path reads all of it"), "!eNULL"))
    } else if suite.authentication == names::Authentication::Anon {
        let told = "proves nobody's identity: whoever is on the path can stand for either side";
        Some((Text::en(told), "!aNULL"))
    } else if suite.export || suite.cipher.starts_with("DES_") {
        Some((Text::en("encrypts with a key of 40 or 56 bits"), "!LOW:!EXPORT"))
    } else if suite.cipher.starts_with("RC4") {
        Some((Text::en("encrypts with RC4, which is broken"), "!RC4"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        EXPRESSWAY, NO_STORE, WITH_ECDSA, bend_server_hello, bent, finding, findings,
    };
    use super::*;

    const ECDSA: &str = "ecdsa-selected";

    #[test]
    fn ecdsa_that_is_not_trusted_is_an_error_with_the_prefix_as_remedy() {
        for store in [EXPRESSWAY, NO_STORE] {
            let found = finding(ECDSA, "ecdsa-selfsigned-untrusted.pcap", store);
            assert_eq!(found.severity, Severity::Error);
            assert!(found.sentence().contains("because the client offers it first"));
            assert!(found.remedy().contains("`ECDHE-RSA-AES256-GCM-SHA384:`"));
        }
    }

    #[test]
    fn ecdsa_that_is_trusted_is_information_and_rsa_is_nothing() {
        let found = finding(ECDSA, "ecdsa-selfsigned-trusted.pcap", WITH_ECDSA);
        assert_eq!(found.severity, Severity::Info);
        assert!(findings(ECDSA, "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }

    #[test]
    fn ecdsa_that_the_client_took_without_trust_is_a_warning() {
        let found = finding(ECDSA, "ecdsa-selfsigned-trusted.pcap", EXPRESSWAY);
        assert_eq!(found.severity, Severity::Warning);
    }

    #[test]
    fn tls_1_1_is_old_and_1_2_is_not() {
        let found = bent("old-tls", "rsa-trusted.pcap", EXPRESSWAY, |connection| {
            bend_server_hello(connection, |hello| hello.legacy_version = 0x0302);
        });
        assert!(found.unwrap().sentence().contains("agreed on TLSv1.1"));
        assert!(findings("old-tls", "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }

    #[test]
    fn a_suite_that_does_not_protect_is_told_with_what_forbids_it() {
        let selected = |code: u16| {
            bent("weak-suite", "rsa-trusted.pcap", EXPRESSWAY, |connection| {
                bend_server_hello(connection, |hello| hello.cipher_suite = Some(code));
            })
        };
        // RSA_WITH_NULL_SHA256, DH_anon_WITH_AES_128_CBC_SHA, RSA_WITH_DES_CBC_SHA,
        // RSA_EXPORT_WITH_RC4_40_MD5, ECDHE_RSA_WITH_RC4_128_SHA, TLS_SHA256_SHA256 of TLS 1.3
        for (code, forbid) in [
            (0x003b, "`!eNULL`"),
            (0x0034, "`!aNULL`"),
            (0x0009, "`!LOW:!EXPORT`"),
            (0x0003, "`!LOW:!EXPORT`"),
            (0xc011, "`!RC4`"),
            (0xc0b4, "`!eNULL`"),
        ] {
            let found = selected(code).unwrap();
            assert!(found.remedy().contains(forbid), "{}", found.remedy());
        }
        // 3DES is at the edge of what may be negotiated.
        assert!(selected(0x000a).is_none());
        assert!(findings("weak-suite", "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }
}
