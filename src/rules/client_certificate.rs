//! Mutual TLS: what the server made of the client's certificate.

use std::sync::Arc;

use super::client_trust::authorities;
use super::documents::{MRA_REQUIREMENTS, UPLOAD_ONTO_CUCM};
use super::finding::{Evidence, Observation, Severity};
use super::own;
use super::path_fault;
use super::reaction::{Reaction, hidden_answer, reaction};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::trust_fault;
use super::words::{Text, Values};
use crate::connection::{Connection, Outcome};
use crate::expressway::Party;
use crate::tls::Role;
use crate::tls::names;
use crate::trust::code;
use crate::x509::{Certificate, Name};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[CLIENT_CERTIFICATE_REFUSED, CLIENT_CERTIFICATE_NOT_SENT];

const CLIENT_CERTIFICATE_REFUSED: Rule = Rule {
    id: "client-certificate-refused",
    severity: Severity::Error,
    summary: Text::en("The server refused the client's certificate"),
    sentence: Text::en(
        "{place} refused {certificate} that {who_connects} showed, with {alert}: {reason}.",
    ),
    remedy: Text::en("{look}{remedy}."),
    needs: &[],
    applies: Text::en(
        "Mutual TLS: Expressway-C to Unified CM on 6971, 6972 (from X14.0.2), 5061 and 5091; Unified CM to Expressway-C on 5061; Expressway-C to Expressway-E on 7001",
    ),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Whether the server sent an alert about certificates after it had seen the client's certificate. Under TLS 1.3 that alert is encrypted; it is told by its length and place.",
        ),
        why: Text::en(
            "Unified CM asks for a client certificate on 6971 and 6972 and accepts none at all, but refuses one that it cannot trust. From X14.0.2 on Expressway-C shows its certificate wherever it is asked, so the CA chain that signed it has to be in tomcat-trust and CallManager-trust, even of a cluster that is not in mixed mode.",
        ),
        symptom: Text::en(
            "Login passes UDS on 8443 and fails at the configuration download (502), or SIP registration fails; the log of Expressway says: tlsv1 alert unknown ca with Dst-port 6972",
        ),
        steps: Text::en(
            "1. On every Unified CM node: OS Administration > Security > Certificate Management, upload root and intermediates of the Expressway-C certificate as tomcat-trust and as CallManager-trust. 2. `utils service restart Cisco Tomcat`, restart Cisco CallManager and Cisco TFTP, `utils service restart Cisco HAProxy`. 3. For 5091 (SIP OAuth) tomcat-trust decides, and Device > Expressway-C has to list the names of the Expressway-C certificate. 4. For 7001 the trusted CA list of Expressway-E needs the full chain of Expressway-C.",
        ),
        caveat: Text::en(
            "Only the alert tells why. Java servers say certificate_unknown (46) for every fault; under TLS 1.3 the alert cannot be read at all.",
        ),
    },
    references: &[
        "RFC 5246, 7.4.6",
        "RFC 8446, 4.4.2",
        UPLOAD_ONTO_CUCM,
        MRA_REQUIREMENTS,
        "Troubleshoot Common Issues after regenerating CUCM certificates (225746)",
        "CSCvz45074",
        "CSCvz20720",
    ],
    check: Check::Connection(client_certificate_refused),
};

fn client_certificate_refused(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let Reaction::Refused(alert) = reaction(connection, Role::Client) else { return None };
    let leaf = scene::leaf(connection, Role::Client);
    let kept = if leaf.is_none() { kept(subject) } else { None };
    let certificate = match (leaf, kept) {
        (Some(leaf), _) => format!("the certificate {}", leaf.title()),
        (None, Some(kept)) => {
            format!("the certificate (which TLS 1.3 hides; its own is {})", kept.title())
        }
        (None, None) => "the certificate (which TLS 1.3 hides)".to_owned(),
    };
    let alert_text = scene::said_alert(alert);
    let issuer = leaf.or(kept).map_or("its issuer", |leaf| leaf.issuer.text());
    let values = scene::values(connection)
        .with("place", scene::named_server(subject))
        .with("who_connects", scene::named_client(subject))
        .with("certificate", certificate)
        .with("alert", alert_text)
        .with("issuer", issuer)
        .with("top", missing_ca(connection).map_or(issuer, Name::text))
        .with_words("chain", client_chain(leaf.or(kept)))
        .with_words("look", look(leaf, kept))
        .with_words("remedy", remedy(alert, subject));
    let shown =
        leaf.zip(scene::certificate_frame(connection, Role::Client)).map(|(leaf, frame)| {
            Evidence::new(frame, "x509af.serialNumber", leaf.serial.text())
                .expecting(format!("{} in the trust store of the server", leaf.issuer))
        });
    Some(Observation {
        values: match kept {
            Some(kept) if alert.is_none() && lacks_client_auth(kept) => {
                values.with_words("reason", LACKS_CLIENT_AUTH)
            }
            _ => reason(values, connection, alert, leaf),
        },
        evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
        severity: None,
        of: Some(Role::Client),
    })
}

/// The certificate that a known Expressway has for connections as a client.
fn kept<'a>(subject: &Subject<'a>) -> Option<&'a Arc<Certificate>> {
    let appliance = subject.deployment.appliance(subject.leg.appliance_of(Role::Client)?)?;
    own::of_client(appliance)
}

fn lacks_client_auth(certificate: &Certificate) -> bool {
    !certificate.extensions.allows_client_auth()
}

/// What to do before the chain is uploaded, where the certificate itself is hidden.
fn look(leaf: Option<&Arc<Certificate>>, kept: Option<&Arc<Certificate>>) -> Text {
    match (leaf, kept) {
        (Some(_), _) => Text::en(""),
        (None, Some(kept)) if lacks_client_auth(kept) => REISSUE_FIRST,
        (None, _) => LOOK_FIRST,
    }
}

/// Adds `{reason}`: what the alert says, and how sure that is.
fn reason(
    values: Values,
    connection: &Connection,
    alert: Option<u8>,
    leaf: Option<&Arc<Certificate>>,
) -> Values {
    let judged = connection.client_path.judged();
    if let Some(error) = judged.and_then(|path| path.first_error()) {
        return values.with("openssl", trust_fault::openssl(error)).with_words("reason", BY_STORE);
    }
    let self_signed = leaf.is_some_and(|leaf| leaf.is_self_signed());
    let all_seen = connection.handshake.certificates_are_whole(Role::Client) == Some(true);
    let alone = all_seen && connection.certificates(Role::Client).len() == 1;
    let sent_root =
        missing_ca(connection).is_some_and(|top| leaf.is_some_and(|leaf| *top != leaf.issuer));
    let requested = leaf.is_some_and(|leaf| is_requested(connection, &leaf.issuer));
    let requested_top = missing_ca(connection).is_some_and(|top| is_requested(connection, top));
    let not_asked_for = connection.client_issuer_requested().and_then(Result::err);
    let words = match alert {
        Some(46 | 48) if judged.is_some_and(|path| path.ok()) => VOUCHED,
        Some(42) if judged.is_some_and(|path| path.ok()) => Text::en(
            "the alert does not tell why; the trust list given with --peer-trust accepts its chain",
        ),
        Some(48) if self_signed => Text::en(
            "it is self-signed, and the server does not have it among its trusted certificates",
        ),
        Some(48) if requested && sent_root => Text::en(
            "it names {issuer}, which signed it, among the CAs that it accepts, so it has that one: what it lacks is most likely {top} above it (OpenSSL wants the root; an intermediate alone is not enough)",
        ),
        Some(48) if requested => Text::en(
            "it names {issuer}, which signed it, among the CAs that it accepts, so it has that one: what it lacks is most likely a CA above it, up to the root (OpenSSL wants the root; an intermediate alone is not enough)",
        ),
        Some(48) if alone && leaf.is_some() => Text::en(
            "it does not have {issuer}, which signed it, among its trusted CAs, and the client sent its certificate alone, without that of {issuer}",
        ),
        Some(48) if sent_root && requested_top => Text::en(
            "it names {top}, to which the chain that the client sent leads, among the CAs that it accepts, so it most likely has that one: what it minds is in between",
        ),
        Some(48) if sent_root => Text::en(
            "it does not have {top}, to which the chain that the client sent leads, among its trusted CAs",
        ),
        Some(48) => Text::en("it does not have {issuer}, which signed it, among its trusted CAs"),
        Some(43) if leaf.is_some_and(|leaf| !lacks_client_auth(leaf)) => Text::en(
            "the alert says that it may not be used for this; its own extended key usage suits a client, so it is its key usage, or an extended key usage of a CA above it",
        ),
        Some(43) => Text::en("its extended key usage or type does not suit a client"),
        Some(45) => Text::en("for the server it has expired, or a CA above it has"),
        Some(44) => Text::en("it has been revoked"),
        Some(51) => Text::en("a signature did not verify"),
        None => Text::en(
            "the reason is encrypted; most often the server does not have {issuer} among its trusted CAs, or the certificate lacks clientAuth in its extended key usage, or has expired",
        ),
        _ if not_asked_for.is_some() => Text::en(
            "the alert does not tell why; but the server names the CAs that it accepts ({accepted}), and none of them is above it: most likely it lacks {top}",
        ),
        _ if requested => Text::en(
            "the alert does not tell why; the server names {issuer}, which signed it, among the CAs that it accepts: that it lacks this CA is hardly the reason",
        ),
        _ => Text::en(
            "the alert does not tell why; most often the server does not have {issuer} among its trusted CAs",
        ),
    };
    let accepted = not_asked_for.map(|names| authorities(&names)).unwrap_or_default();
    values.with("accepted", accepted).with_words("reason", words)
}

/// The CA that the server needs: the last one that what the client sent leads to.
fn missing_ca(connection: &Connection) -> Option<&Name> {
    let sent: Vec<_> =
        connection.certificates(Role::Client).iter().filter_map(|one| one.parsed()).collect();
    let mut end = *sent.first()?;
    // No chain is longer than what was sent.
    for _ in &sent {
        let above = sent.iter().find(|ca| ca.subject == end.issuer && !end.is_self_issued());
        end = above.copied().unwrap_or(end);
    }
    Some(&end.issuer)
}

/// Whether the CertificateRequest names a CA.
fn is_requested(connection: &Connection, ca: &Name) -> bool {
    let request = connection.handshake.certificate_request();
    let mut names = request.into_iter().flat_map(|(_, request)| &request.authorities);
    names.any(|der| **der == *ca.der())
}

const VOUCHED: Text = Text::en(
    "the trust list given with --peer-trust accepts it, so that list is not the one that the server uses, or the server was not restarted since it was changed",
);

const BY_STORE: Text = Text::en("the server's trust store does not accept it (OpenSSL: {openssl})");

/// Said where TLS 1.3 hides both the certificate and the reason: faults that no CA mends.
const LOOK_FIRST: Text = Text::en(
    "Look at the certificate of {client} first: it needs clientAuth in its extended key usage (field notice FN74362) and must not have expired; if both are right, the server lacks its CA. ",
);

const LACKS_CLIENT_AUTH: Text = Text::en(
    "the reason is encrypted, but the certificate that it has for this lacks clientAuth in its extended key usage, and a server that checks that refuses it whichever CAs it trusts",
);
const REISSUE_FIRST: Text = Text::en(
    "First give {client} a certificate with clientAuth in its extended key usage for this (field notice FN74362). If that one is refused too, the server lacks its CA. ",
);

/// What helps, by what the server said.
fn remedy(alert: Option<u8>, subject: &Subject<'_>) -> Text {
    let leaf = scene::leaf(subject.connection, Role::Client);
    let error = path_fault::validation(subject.connection, Role::Client)
        .and_then(|path| path.first_error());
    match alert {
        Some(43) if leaf.is_some_and(|leaf| !lacks_client_auth(leaf)) => Text::en(
            "Look at the key usage of the certificate of {client} (digitalSignature), and at the extended key usages of the CAs above it (clientAuth, or none)",
        ),
        Some(43) => Text::en(
            "Have the certificate of {client} issued again with clientAuth in its extended key usage",
        ),
        Some(44 | 45) => {
            Text::en("Renew the certificate of {client}, and look at the CAs above it")
        }
        // Said by the rule of that fault, with its remedy.
        _ if error.is_some_and(|e| !e.lacks_trust() && e.code != code::CERT_SIGNATURE_FAILURE) => {
            Text::en(
                "No CA in the trust list mends this: have the certificate mended as the finding on that fault says",
            )
        }
        _ => chain_upload(subject),
    }
}

/// Where the server keeps the CAs of its clients.
pub(super) fn chain_upload(subject: &Subject<'_>) -> Text {
    match (subject.connection.server.port, subject.leg.server) {
        (5091, _) => UPLOAD_FOR_OAUTH,
        (7001..=7010, _) | (_, Party::ExpresswayE) => UPLOAD_TO_EXPRESSWAY_E,
        (6971 | 6972 | 8443 | 9443, _) | (_, Party::UnifiedCm) => UPLOAD_TO_CUCM,
        _ => UPLOAD_TO_SERVER,
    }
}

/// `{chain}`: what the server has to trust, with `{client}` and `{issuer}`.
pub(super) fn client_chain(leaf: Option<&Arc<Certificate>>) -> Text {
    if leaf.is_some_and(|leaf| leaf.is_self_signed()) {
        Text::en("the self-signed certificate of {client} ({issuer}) itself")
    } else {
        Text::en("the whole CA chain of {client} ({issuer} and the CAs above it)")
    }
}

const UPLOAD_TO_CUCM: Text = Text::en(
    "On every Unified CM node: OS Administration > Security > Certificate Management, upload {chain} as tomcat-trust and as CallManager-trust; then `utils service restart Cisco Tomcat`, restart Cisco CallManager and Cisco TFTP, `utils service restart Cisco HAProxy`",
);
const UPLOAD_FOR_OAUTH: Text = Text::en(
    "On every Unified CM node: OS Administration > Security > Certificate Management, upload {chain} as tomcat-trust (SIP OAuth looks there), restart Cisco Tomcat and Cisco CallManager; check that Device > Expressway-C lists the names of the Expressway-C certificate",
);
const UPLOAD_TO_EXPRESSWAY_E: Text = Text::en(
    "On the Expressway-E {server}, and on every peer: Maintenance > Security > Trusted CA certificate > Append CA certificate, upload {chain}, then restart it",
);
const UPLOAD_TO_SERVER: Text = Text::en(
    "Upload {chain} where {server} looks. Unified CM: OS Administration > Security > Certificate Management on every node, as tomcat-trust and as CallManager-trust, then `utils service restart Cisco Tomcat`, restart Cisco CallManager, `utils service restart Cisco HAProxy`. Expressway: Maintenance > Security > Trusted CA certificate > Append CA certificate on every peer, then restart it",
);

const CLIENT_CERTIFICATE_NOT_SENT: Rule = Rule {
    id: "client-certificate-not-sent",
    severity: Severity::Error,
    summary: Text::en(
        "The server wanted a client certificate, the client sent none, and the server gave up",
    ),
    sentence: Text::en(
        "{server} asked {client} for a certificate, got an empty list, and gave up with {alert}.",
    ),
    remedy: Text::en(
        "Give {client} a certificate that it may use as a client (extended key usage clientAuth) and that a CA known to {server} signed.{authorities}",
    ),
    needs: &[],
    applies: Text::en(
        "Mutual TLS: 5061, 5091, 7001, 9443, and 6971 and 6972 where client authentication is required",
    ),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Whether the client answered a CertificateRequest with an empty Certificate and the server ended the handshake then.",
        ),
        why: Text::en(
            "A client without a usable certificate sends an empty list. A server that requires one gives up: handshake_failure (40) in TLS 1.2, certificate_required (116) in TLS 1.3, bad_certificate (42) from Java.",
        ),
        symptom: Text::en(
            "SIP over TLS or the traversal zone fails; the log says: no certificate returned",
        ),
        steps: Text::en(
            "1. Check that the client has a certificate with clientAuth. 2. Check that its CA is among the names of the CertificateRequest, if there are any. 3. On Unified CM 6971 and 6972 ask, but by default do not require, a certificate.",
        ),
        caveat: Text::en(
            "Under TLS 1.3 the empty list and the alert are encrypted; they are told by their lengths (25 and 19 bytes, from Java 41 and 35).",
        ),
    },
    references: &["RFC 5246, 7.4.6", "RFC 8446, 4.4.2", "RFC 8446, 6.2"],
    check: Check::Connection(client_certificate_not_sent),
};

fn client_certificate_not_sent(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let Outcome::Alert { by: Role::Server, description, .. } = connection.outcome else {
        return None;
    };
    let empty = empty_list(connection)?;
    let alert = scene::said_alert(description);
    let asked = connection.handshake.certificate_request();
    let request = asked.map(|(entry, request)| {
        let types: Vec<_> = request
            .certificate_types
            .iter()
            .map(|kind| names::client_certificate_type_name(*kind))
            .collect();
        Evidence::new(
            entry.frame,
            "tls.handshake.type",
            format!("certificate_request ({})", types.join(", ")),
        )
    });
    let accepted = connection.requested_authorities().unwrap_or_default();
    let named = if accepted.is_empty() {
        Text::en("")
    } else {
        Text::en(" The server names the CAs that it accepts: {accepted}.")
    };
    let answer =
        Evidence::new(empty, "tls.handshake.certificates_length", "0").expecting("a certificate");
    Some(Observation {
        values: scene::values(connection)
            .with("alert", alert)
            .with("accepted", authorities(&accepted))
            .with_words("authorities", named),
        evidence: request.into_iter().chain([answer]).chain(scene::ending(connection)).collect(),
        severity: None,
        of: None,
    })
}

/// Frame of the client's empty answer to a CertificateRequest.
pub(super) fn empty_list(connection: &Connection) -> Option<u64> {
    if connection.handshake.is_tls13() {
        return hidden_answer(connection, false);
    }
    let empty = connection.client_certificates.as_ref()?.is_empty();
    let (entry, list) = connection.handshake.certificates(Role::Client)?;
    (empty && list.cut_bytes == 0).then_some(entry.frame)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, bent, finding, findings};
    use super::super::testing::{expressway, findings_of, own_certificate};
    use super::*;
    use crate::expressway::Appliance;
    use crate::tls::{Body, What};

    const REFUSED: &str = "client-certificate-refused";
    const NOT_SENT: &str = "client-certificate-not-sent";

    #[test]
    fn unified_cm_that_does_not_know_the_ca_of_expressway_is_told_both_stores() {
        let found = finding(REFUSED, "mtls-refused-tls12.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("that 10.30.5.20 showed, with alert unknown_ca (48)"));
        assert!(found.sentence().contains("does not have CN=Example Voice Root CA,O=Example"));
        assert!(found.remedy().contains("as tomcat-trust and as CallManager-trust"));
        assert!(found.remedy().contains("utils service restart Cisco HAProxy"));
    }

    #[test]
    fn on_the_port_of_sip_oauth_only_tomcat_trust_counts() {
        let found = finding(REFUSED, "mtls-refused-java.pcap", EXPRESSWAY);
        assert!(found.remedy().contains("as tomcat-trust (SIP OAuth looks there)"));
        assert!(!found.remedy().contains("CallManager-trust"));
    }

    #[test]
    fn an_encrypted_refusal_is_told_by_its_place() {
        let found = finding(REFUSED, "mtls-refused-tls13.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("with an encrypted alert"));
    }

    #[test]
    fn what_a_known_expressway_has_tells_of_a_certificate_that_tls13_hides() {
        use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
        let told = |version: Option<&str>, usages: &[rcgen::ExtendedKeyUsagePurpose]| {
            let own = own_certificate(|params| params.extended_key_usages = usages.to_vec());
            let version = version.and_then(crate::expressway::Version::parse);
            let appliance = Appliance { version, server_certificates: vec![own], ..expressway() };
            let found = findings_of(REFUSED, "mtls-refused-tls13.pcap", EXPRESSWAY, appliance);
            found[0].sentence() + &found[0].remedy()
        };
        let lacks = told(Some("X14.3"), &[ServerAuth]);
        assert!(lacks.contains("(which TLS 1.3 hides; its own is CN=expc"), "{lacks}");
        assert!(lacks.contains("lacks clientAuth in its extended key usage, and a"), "{lacks}");
        assert!(lacks.contains("First give 10.30.5.20 a certificate with clientAuth"), "{lacks}");
        let has = told(Some("X14.3"), &[ServerAuth, ClientAuth]);
        assert!(!has.contains("lacks clientAuth in its extended key usage, and a"), "{has}");
        // From X15.5 on the certificate of the server tells nothing of that of the client.
        for version in [Some("X15.5"), None] {
            assert!(!told(version, &[ServerAuth]).contains("its own is"), "{version:?}");
        }
    }

    #[test]
    fn an_accepted_certificate_and_a_missing_one_are_not_refused() {
        for sample in ["mtls-accepted.pcap", "mtls-empty-certificate.pcap", "rsa-trusted.pcap"] {
            assert!(findings(REFUSED, sample, EXPRESSWAY).is_empty(), "{sample}");
        }
    }

    #[test]
    fn a_ca_that_the_server_asks_for_is_not_the_missing_one() {
        let asked_for = |sample| {
            let found = bent(REFUSED, sample, EXPRESSWAY, |connection| {
                let issuer = leaf_issuer(connection);
                for entry in &mut connection.observed.handshake.entries {
                    if let What::Message(message) = &mut entry.what
                        && let Body::CertificateRequest(request) = &mut message.body
                    {
                        request.authorities.push(issuer.clone());
                    }
                }
            });
            found.unwrap().sentence()
        };
        let said = asked_for("mtls-refused-tls12.pcap");
        assert!(said.contains("among the CAs that it accepts, so it has that one"), "{said}");
        let said = asked_for("mtls-refused-java.pcap");
        assert!(said.contains("that it lacks this CA is hardly the reason"), "{said}");
    }

    /// Java says certificate_unknown (46) of everything, but names all whom it trusts.
    #[test]
    fn where_the_alert_tells_nothing_the_request_may() {
        let found = finding(REFUSED, "mtls-refused-java.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("and none of them is above it: most likely it lacks"));
    }

    fn leaf_issuer(connection: &Connection) -> Vec<u8> {
        scene::leaf(connection, Role::Client).unwrap().issuer.der().to_vec()
    }

    #[test]
    fn an_empty_list_is_told() {
        let found = finding(NOT_SENT, "mtls-empty-certificate.pcap", EXPRESSWAY);
        assert!(
            found
                .sentence()
                .contains("got an empty list, and gave up with alert handshake_failure (40)")
        );
        let accepted = "The server names the CAs that it accepts: CN=";
        assert!(found.remedy().contains(accepted), "{}", found.remedy());
        assert!(findings(NOT_SENT, "mtls-refused-tls12.pcap", EXPRESSWAY).is_empty());
    }
}
