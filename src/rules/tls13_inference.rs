//! What record lengths tell where TLS 1.3 hides the certificates. Each sentence says
//! that it is concluded, and how sure that is.

use super::documents::MRA_REQUIREMENTS;
use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::words::{Text, Values};
use crate::connection::{
    Claim, Confidence, Connection, HiddenKey, Inference, LedgerClass, Outcome,
};
use crate::tls::Role;
use crate::trust::Store;
use crate::x509::KeyKind;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[TLS13_SERVER_KEY_TYPE, TLS13_MTLS_INFERRED];

const TLS13_SERVER_KEY_TYPE: Rule = Rule {
    id: "tls13-server-key-type",
    severity: Severity::Info,
    summary: Text::en("The lengths of records tell which kind of key the hidden certificate has"),
    sentence: Text::en(
        "The certificate of {server} is hidden by TLS 1.3; what can be seen fits {key} key ({confidence}: {reason}).{anchors}",
    ),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en(
        "TLS 1.3 with servers that send each message in a record of its own (measured: OpenSSL, GnuTLS, Go, Java's sockets, Node.js); SIP TlsSignatureAlgoPrefRsa exists from X15.2 on",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "The length of the encrypted record in front of the server's Finished, which holds its signature; else whether the client's signature algorithms or the size of the whole flight leave one kind of key only.",
        ),
        why: Text::en(
            "Under TLS 1.3 the cipher suite does not tell whether the RSA or the EC certificate was shown. The length of the signature does.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Compare with the certificates of the node (`show cert own tomcat`, `show cert own tomcat-ECDSA`). 2. Check that the CA of that kind is in the trust list.",
        ),
        caveat: Text::en(
            "Concluded from lengths, not read. Servers that join their messages in one record (Tomcat, NSS, rustls) or pad them in an unknown way give no such sign, and then nothing is said. An EC certificate may well be signed by an RSA CA.",
        ),
    },
    references: &["RFC 8446, 4.4.3", "RFC 8446, 5.2", MRA_REQUIREMENTS],
    check: Check::Connection(tls13_server_key_type),
};

fn tls13_server_key_type(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let (inference, key) = connection.inferred_server_key()?;
    let refused = matches!(connection.outcome, Outcome::Alert { by: Role::Client, .. });
    let anchors = anchors(subject.store, key);
    let values = said(connection, inference)
        .with("key", with_article(key))
        .with_words("anchors", anchors)
        .with_words("remedy", remedy(key, refused));
    Some(observed(inference, values))
}

/// What the kinds of the trust anchors add. An EC certificate may be signed by an RSA
/// CA, so this is a hint for where to look, no verdict.
fn anchors(store: Option<&Store>, key: HiddenKey) -> Text {
    let rsa = |kind: &KeyKind| matches!(kind, KeyKind::Rsa | KeyKind::RsaPss);
    let all_rsa = store.is_some_and(|store| {
        let mut kinds =
            store.anchors().iter().map(|anchor| &anchor.certificate.public_key.kind).peekable();
        kinds.peek().is_some() && kinds.all(rsa)
    });
    if all_rsa && !key.is_rsa() {
        Text::en(
            " The trust store holds RSA certificates only: it suffices if an RSA CA signed that certificate, not if it is self-signed or of an EC CA.",
        )
    } else {
        Text::en("")
    }
}

const fn remedy(key: HiddenKey, refused: bool) -> Text {
    match (key.is_rsa(), refused) {
        (false, true) => Text::en(
            "The client refused it: look whether the CA of the EC certificate, or the certificate itself if it is self-signed, is in the trust list of {client}. For SIP, `xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa: On` prefers RSA.",
        ),
        (true, true) => Text::en(
            "The client refused it: look whether the CA of the RSA certificate is in the trust list of {client}.",
        ),
        _ => Text::en("Nothing to do; it tells which certificate of the node to look at."),
    }
}

const fn with_article(key: HiddenKey) -> &'static str {
    match key {
        HiddenKey::Rsa(1024) => "an RSA-1024",
        HiddenKey::Rsa(1536) => "an RSA-1536",
        HiddenKey::Rsa(2048) => "an RSA-2048",
        HiddenKey::Rsa(3072) => "an RSA-3072",
        HiddenKey::Rsa(4096) => "an RSA-4096",
        HiddenKey::Rsa(_) | HiddenKey::AnyRsa => "an RSA",
        HiddenKey::P256 => "an EC P-256",
        HiddenKey::P384 => "an EC P-384",
        HiddenKey::P521 => "an EC P-521",
        HiddenKey::Ed25519 => "an Ed25519",
        HiddenKey::Ed448 => "an Ed448",
        HiddenKey::AnyElliptic => "an elliptic curve",
    }
}

const TLS13_MTLS_INFERRED: Rule = Rule {
    id: "tls13-mtls-inferred",
    severity: Severity::Info,
    summary: Text::en(
        "The lengths of records tell that a client certificate was asked for under TLS 1.3",
    ),
    sentence: Text::en(
        "{server} asked {client} for a certificate, as far as record lengths tell, {answer} ({confidence}: {reason}).",
    ),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en("TLS 1.3 on every port; mutual TLS: 5061, 5091, 6971, 6972, 7001, 9443"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "The first encrypted record of the client: as long as a Finished (nothing was asked), as long as an empty Certificate (25 bytes, 41 from Java, 61 or 77 together with the Finished), or longer than anything but a certificate.",
        ),
        why: Text::en(
            "Whether mutual TLS took place, and whether the client had a certificate to show, decides where to look when the server then gives up.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Empty list: give the client a certificate that fits the CAs the server names. 2. Certificate sent and the server gave up: load the CA chain of the client where the server looks.",
        ),
        caveat: Text::en(
            "Concluded from lengths, not read. A server that accepts the client and closes at once, without ticket or data, looks like one that refuses it.",
        ),
    },
    references: &["RFC 8446, 4.3.2", "RFC 8446, 4.4.2", "RFC 8446, 4.4.4"],
    check: Check::Connection(tls13_mtls_inferred),
};

fn tls13_mtls_inferred(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let (request, ()) =
        connection.inferred(|claim| (*claim == Claim::CertificateRequested(true)).then_some(()))?;
    let sent = connection.inferred(|claim| match claim {
        Claim::ClientCertificate { sent } => Some(*sent),
        _ => None,
    });
    let (answer, remedy) = match sent {
        Some((_, true)) => (
            "and got one",
            "Have the CA chain of {client} at hand: it must be in the trust list of {server}.",
        ),
        Some((_, false)) => (
            "and got an empty list",
            "If {server} requires one, give {client} a certificate that it may use as a client.",
        ),
        None if lacks_packets(connection) => (
            "and what came back is not in the capture",
            "Capture both directions in full. Have the CA chain of {client} at hand: it must be in the trust list of {server}.",
        ),
        None => (
            "and got no answer",
            "See how the connection ended: the client went away before it answered.",
        ),
    };
    let values = said(connection, request)
        .with_words("answer", Text::en(answer))
        .with_words("remedy", Text::en(remedy));
    Some(observed(request, values))
}

/// Whether the answer may have been sent without being captured.
fn lacks_packets(connection: &Connection) -> bool {
    use LedgerClass::{CutBySnaplen, Gap, OneSided};
    connection.tcp.client.bytes == 0 || matches!(connection.ledger, CutBySnaplen | Gap | OneSided)
}

/// `{client}`, `{server}`, and how sure a conclusion is, and why.
fn said(connection: &Connection, inference: &Inference) -> Values {
    let confidence = match inference.confidence {
        Confidence::High => Text::en("hardly anything else fits"),
        Confidence::Likely => Text::en("likely"),
    };
    scene::values(connection).with("reason", &inference.reason).with_words("confidence", confidence)
}

fn observed(inference: &Inference, values: Values) -> Observation {
    let evidence = inference
        .records
        .iter()
        .map(|record| Evidence::new(record.frame, "tls.record.length", record.length.to_string()))
        .collect();
    Observation { evidence, values, severity: None, of: None }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, bent, finding, findings};
    use super::*;

    const ID: &str = "tls13-mtls-inferred";

    #[test]
    fn the_kind_of_a_hidden_key_is_inferred_from_its_signature() {
        let found = finding("tls13-server-key-type", "tls13-trusted.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("fits an RSA-2048 key"));
        assert!(findings("tls13-server-key-type", "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }

    #[test]
    fn a_hidden_client_certificate_is_inferred_from_its_length() {
        let found = finding("tls13-mtls-inferred", "mtls-refused-tls13.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("and got one"));
        assert!(findings("tls13-mtls-inferred", "tls13-trusted.pcap", EXPRESSWAY).is_empty());
        assert!(findings("tls13-mtls-inferred", "mtls-accepted.pcap", EXPRESSWAY).is_empty());
    }
    /// The server alone was captured: nothing tells whether the client answered.
    #[test]
    fn an_answer_that_was_not_captured_is_no_missing_answer() {
        let told = |class| {
            let found = bent(ID, "mtls-refused-tls13.pcap", EXPRESSWAY, |connection| {
                let answer = |claim: &Claim| matches!(claim, Claim::ClientCertificate { .. });
                let claims = &mut connection.observed.inferred;
                claims.retain(|inference| !answer(&inference.claim));
                claims.push(Inference {
                    claim: Claim::CertificateRequested(true),
                    ..claims[0].clone()
                });
                connection.observed.ledger = class;
            });
            found.unwrap().sentence()
        };
        assert!(told(LedgerClass::OneSided).contains("and what came back is not in the capture"));
        assert!(told(LedgerClass::HiddenByTls13).contains("and got no answer"));
    }
}
