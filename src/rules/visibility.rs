//! What could not be seen, and how to see it.

use super::finding::{Evidence, Observation, Severity};
use super::rule::{Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::connection::{Connection, Resumption};
use crate::tls::{Role, names};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[TLS13_CERTIFICATE_HIDDEN, TLS13_SERVER_KEY_TYPE];

const TLS13_CERTIFICATE_HIDDEN: Rule = Rule {
    id: "tls13-certificate-hidden",
    severity: Severity::Info,
    summary: Text::en("TLS 1.3 encrypts the certificates"),
    sentence: Text::en(
        "{client} and {server} negotiated {version}: the certificates of both sides are encrypted and were not judged.",
    ),
    remedy: Text::en(
        "To see them, set the four DEBUG loggers on Expressway and reproduce: {loggers}. For SIP, a test with `xConfiguration SIP Advanced SipTlsVersions: 'TLSv1.2'` shows them in a capture.",
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
            "With the secrets of the session the certificates are read and judged: give the key log with --keylog.",
        ),
    },
    references: &[
        "RFC 8446, 2",
        "RFC 8446, 4.4.2",
        "Understand Mobile and Remote Access Certificate Requirements and Apache Traffic Server History (225476)",
    ],
    check: tls13_certificate_hidden,
};

const LOGGERS: &str = "xConfiguration Logger Developer developer.trafficserver.http Level: 'DEBUG', and the same for developer.trafficserver.http_trans, developer.trafficserver.iocore and developer.trafficserver.ssl";

fn tls13_certificate_hidden(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let (entry, hello) = connection.handshake.server_hello()?;
    let hidden = connection.handshake.is_tls13()
        && connection.server_certificates.is_empty()
        && connection.resumption != Resumption::Psk;
    if !hidden {
        return None;
    }
    let version = names::version_name(hello.version());
    Some(Observation {
        evidence: vec![Evidence::new(
            entry.frame,
            "tls.handshake.extensions.supported_version",
            &version,
        )],
        values: scene::values(connection).with("version", version).with("loggers", LOGGERS),
        severity: None,
        of: None,
    })
}

const TLS13_SERVER_KEY_TYPE: Rule = Rule {
    id: "tls13-server-key-type",
    severity: Severity::Info,
    summary: Text::en("The length of a record tells which kind of key the hidden certificate has"),
    sentence: Text::en(
        "The certificate of {server}, which TLS 1.3 hides, has {key} key (inferred: its CertificateVerify record is {length} bytes long).",
    ),
    remedy: Text::en(
        "If it is an EC key and the client refused the certificate, look whether the CA of the EC certificate is in the trust list of {client}. For SIP, `xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa: On` prefers RSA.",
    ),
    needs: &[],
    applies: Text::en(
        "TLS 1.3 with servers that send each message in a record of its own, as OpenSSL does; the setting exists from X15.2 on",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "The length of the encrypted record in front of the server's Finished, which holds its signature.",
        ),
        why: Text::en(
            "Under TLS 1.3 the cipher suite does not tell whether the RSA or the EC certificate was shown. The length of the signature does.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Compare with the certificates of the node (`show cert own tomcat`, `show cert own tomcat-ECDSA`). 2. Check that the CA of that kind is in the trust list.",
        ),
        caveat: Text::en(
            "Inferred from lengths measured with OpenSSL; padding or joined records would deceive it, so it stays silent for every other length.",
        ),
    },
    references: &[
        "RFC 8446, 4.4.3",
        "RFC 8446, 5.2",
        "Understand Mobile and Remote Access Certificate Requirements and Apache Traffic Server History (225476)",
    ],
    check: tls13_server_key_type,
};

fn tls13_server_key_type(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let hidden = connection.handshake.is_tls13()
        && connection.server_certificates.is_empty()
        && connection.resumption != Resumption::Psk;
    if !hidden {
        return None;
    }
    let (frame, length) = certificate_verify(connection)?;
    let key = match length {
        281 => "an RSA 2048",
        409 => "an RSA 3072",
        537 => "an RSA 4096",
        94..=97 => "an EC P-256",
        126..=129 => "an EC P-384",
        161..=164 => "an EC P-521",
        _ => return None,
    };
    Some(Observation {
        evidence: vec![Evidence::new(frame, "tls.record.length", length)],
        values: scene::values(connection).with("key", key).with("length", length),
        severity: None,
        of: None,
    })
}

/// The server's record in front of the one that is as long as a Finished of the
/// suite's hash (RFC 8446, 4.4.4).
fn certificate_verify(connection: &Connection) -> Option<(u64, usize)> {
    let suite = connection.cipher_suite().and_then(names::cipher_suite)?;
    let finished = if suite.hash == Some("SHA384") { 69 } else { 53 };
    let records: Vec<(u64, usize)> = connection
        .handshake
        .encrypted(Role::Server)
        .map(|(entry, length)| (entry.frame, length))
        .take(6)
        .collect();
    let at = records.iter().position(|(_, length)| *length == finished)?;
    // Behind EncryptedExtensions and Certificate at least.
    records.get(at.checked_sub(1).filter(|before| *before >= 2)?).copied()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, finding, findings};

    #[test]
    fn hidden_certificates_are_told_and_visible_ones_are_not() {
        let found = finding("tls13-certificate-hidden", "tls13-trusted.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("negotiated TLSv1.3"));
        assert!(findings("tls13-certificate-hidden", "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }

    #[test]
    fn the_kind_of_a_hidden_key_is_inferred_from_its_signature() {
        let found = finding("tls13-server-key-type", "tls13-trusted.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("has an RSA 2048 key (inferred"));
        assert!(findings("tls13-server-key-type", "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }
}
