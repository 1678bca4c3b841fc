//! What could not be seen, and how to see it.

use super::configuration::debug_commands;
use super::documents::MRA_REQUIREMENTS;
use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::tls::{Role, names};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[TLS13_CERTIFICATE_HIDDEN];

const TLS13_CERTIFICATE_HIDDEN: Rule = Rule {
    id: "tls13-certificate-hidden",
    severity: Severity::Info,
    summary: Text::en("TLS 1.3 encrypts the certificates"),
    sentence: Text::en(
        "{client} and {server} negotiated {version}: the certificates of both sides are encrypted and were not judged.",
    ),
    remedy: Text::en(
        "With a key log of one side they are read and judged (`--keylog FILE`). An Expressway writes none: for HTTPS, set these four loggers on it and reproduce, {loggers}; for SIP, a test with `xConfiguration SIP Advanced SipTlsVersions: 'TLSv1.2'` shows them in a capture.",
    ),
    needs: &[],
    applies: Text::en(
        "Expressway SIP from X15.2 by default (possible from X14.2); Unified CM from 15SU2",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether TLS 1.3 was negotiated with a full handshake, so that certificates were exchanged that no capture shows.",
        ),
        why: Text::en(
            "Silence about these certificates is no clean bill: they may be wrong in every way that is checked elsewhere.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Set the developer loggers trafficserver.http, .http_trans, .iocore and .ssl to DEBUG and reproduce. 2. Look for Found DNS alt-name in peer certificate (SIP), which names what was seen. 3. Or limit SIP to TLS 1.2 for a test and capture again.",
        ),
        caveat: Text::en(
            "With the secrets of the session, in a key log (`--keylog`) or in the capture itself (pcapng), the rule is silent and the certificates are judged.",
        ),
    },
    references: &["RFC 8446, 2", "RFC 8446, 4.4.2", MRA_REQUIREMENTS],
    check: Check::Connection(tls13_certificate_hidden),
};

fn tls13_certificate_hidden(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let (entry, hello) = connection.handshake.server_hello()?;
    let hidden = connection.handshake.hides_certificates(Role::Server)
        && connection.server_certificates.is_empty()
        && connection.handshake.raw_public_key(Role::Server).is_none();
    if !hidden {
        return None;
    }
    let version = names::version_name(hello.version());
    Some(Observation {
        evidence: vec![Evidence::new(
            entry.frame,
            "tls.handshake.extensions.supported_version",
            version.to_string(),
        )],
        values: scene::values(connection)
            .with("version", version)
            .with("loggers", debug_commands()),
        severity: None,
        of: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, finding, findings};

    /// With a key, and without any certificate to see.
    #[test]
    fn a_raw_public_key_hides_nothing() {
        for rule in ["tls13-certificate-hidden", "ecdsa-selected"] {
            assert!(findings(rule, "raw-public-keys.pcapng", EXPRESSWAY).is_empty(), "{rule}");
        }
    }

    #[test]
    fn hidden_certificates_are_told_and_visible_ones_are_not() {
        let found = finding("tls13-certificate-hidden", "tls13-trusted.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("negotiated TLSv1.3"));
        assert!(findings("tls13-certificate-hidden", "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }
}
