//! Does the server's chain reach a trust anchor of the client?

use super::documents::{MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION};
use super::finding::{Evidence, Observation, Severity};
use super::reaction::{severity, with_reaction};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::trust_fault::{Lack, TrustFault, openssl};
use super::words::{Text, Values};
use crate::connection::Connection;
use crate::expressway::Party;
use crate::tls::Role;
use crate::trust::{Origin, code};
use crate::x509::Certificate;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[
    SELF_SIGNED_NOT_TRUSTED,
    TRUST_ANCHOR_MISSING,
    INTERMEDIATE_MISSING,
    CERTIFICATE_SIGNATURE_FAILURE,
];

/// How a client says "not trusted": OpenSSL and the traffic server unknown_ca (48),
/// Java certificate_unknown (46), others bad_certificate (42).
const NOT_TRUSTED: &[u8] = &[48, 46, 42];

const TRAFFIC_SERVER: Text = Text::en(
    "Every TLS client; the traffic server of Expressway verifies towards Unified CM, IM and Presence and Unity Connection on 443, 8443, 6971 and 6972 from X14.2 on (sources disagree about X14.0.8 to X14.0.11), whatever TLS verify mode says",
);
const SYMPTOM: Text = Text::en(
    "MRA login fails or takes long; Expressway answers the client with 502 connect failed; the log says: Core server certificate verification failed",
);
const OTHER_STORE: Text = Text::en(
    "The verdict is that of the trust store given with --trust. If it is not the store of this very client (each peer of a cluster has its own), it says nothing about this client.",
);

const SELF_SIGNED_NOT_TRUSTED: Rule = Rule {
    id: "self-signed-not-trusted",
    severity: Severity::Error,
    summary: Text::en("The server shows a self-signed certificate that is not in the trust store"),
    sentence: Text::en(
        "{server} showed the self-signed certificate {certificate}, which is not in the trust store{namesake} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en("{advice}."),
    needs: &[Need::ServerCertificate, Need::TrustStore],
    applies: TRAFFIC_SERVER,
    part: Part::Certificate {
        alerts: NOT_TRUSTED,
        clause: Text::en(
            "the certificate {certificate} is self-signed and not in the trust list{namesake} (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether the only certificate of the server is self-signed and missing from the trust store (OpenSSL error 18 at depth 0).",
        ),
        why: Text::en(
            "Self-signed certificates are the default of Unified CM, one per service and kind of key. Nobody vouches for them, so each has to be in the client's trust list itself.",
        ),
        symptom: SYMPTOM,
        steps: Text::en(
            "1. Note the serial number and compare it with `show cert own tomcat`, `show cert own tomcat-ECDSA`, `show cert own CallManager` on the node. 2. Best: have the certificate signed by a CA and put that CA's chain into the trust list. 3. Otherwise put the certificate itself there: Maintenance > Security > Trusted CA certificate > Append CA certificate. 4. If the trust list has another certificate of the same subject, remove that one first or have both signed: Expressway uses the first entry of a subject only (CSCwa12894). 5. Restart the Expressway.",
        ),
        caveat: OTHER_STORE,
    },
    references: &[
        "RFC 5280, 6.1",
        MRA_REQUIREMENTS,
        TRAFFIC_SERVER_VERIFICATION,
        "CSCwc69661",
        "CSCwa12894",
    ],
    check: Check::Connection(self_signed_not_trusted),
};

fn self_signed_not_trusted(subject: &Subject<'_>) -> Option<Observation> {
    let fault = fault(subject.connection, Lack::SelfSigned)?;
    let leaf = subject.connection.server_leaf()?;
    let advice = if fault.namesake().is_some() { SIGN_BOTH } else { SIGN_OR_TRUST };
    let values = fault
        .values(values(subject, leaf))
        .with_words("advice", advice)
        .with_words("wanted", THE_CERTIFICATE);
    Some(observation(subject.connection, values, leaf, "this certificate in the trust store"))
}

const SIGN_OR_TRUST: Text = Text::en(
    "Have the certificate signed by a CA that {client} trusts, or trust it as it is. {upload}",
);
const SIGN_BOTH: Text = Text::en(
    "The trust list of {client} has another certificate of the same subject (serial {other_serial}), and Expressway uses only the first of a subject (CSCwa12894): uploading this one as well does not help. Have both certificates signed by a CA that {client} trusts, or let one serve both services (Unified CM 14 and later: reuse the multi-SAN Tomcat certificate as CallManager certificate)",
);

const THE_CERTIFICATE: Text = Text::en("the certificate {certificate} itself");

const TRUST_ANCHOR_MISSING: Rule = Rule {
    id: "trust-anchor-missing",
    severity: Severity::Error,
    summary: Text::en("The root CA above the server's certificate is not in the trust store"),
    sentence: Text::en(
        "{server} showed {certificate}, whose chain leads to {anchor}, which is not in the trust store{namesake}{useless} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en("{upload}.{replace}"),
    needs: &[Need::ServerCertificate, Need::TrustStore],
    applies: TRAFFIC_SERVER,
    part: Part::Certificate {
        alerts: NOT_TRUSTED,
        clause: Text::en(
            "the chain of the certificate {certificate} leads to {anchor}, which is not in the trust list{namesake}{useless} (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether the chain that the server showed ends in a certificate of the trust store (OpenSSL errors 19, 20 above depth 0, and 2).",
        ),
        why: Text::en(
            "A client accepts a server certificate only if a chain of signatures leads to a CA that it trusts. An intermediate in the trust store is not enough: OpenSSL wants the self-signed root.",
        ),
        symptom: SYMPTOM,
        steps: Text::en(
            "1. Get the root CA certificate that the finding names, and its intermediates, from whoever runs that CA. 2. Maintenance > Security > Trusted CA certificate > Append CA certificate, on every peer of the cluster. 3. Restart the Expressway. 4. If the finding says that a CA of the same name is there with another key, it is an old or foreign one: the new one has to come in, and the old one out when Expressway's lookup finds it first (CSCwa12894).",
        ),
        caveat: OTHER_STORE,
    },
    references: &[
        "RFC 5280, 6.1",
        "RFC 8446, 4.4.2.4",
        MRA_REQUIREMENTS,
        TRAFFIC_SERVER_VERIFICATION,
        "CSCwc69661",
        "CSCwa25108",
        "CSCwa12894",
    ],
    check: Check::Connection(trust_anchor_missing),
};

fn trust_anchor_missing(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let fault = fault(connection, Lack::Anchor)?;
    let leaf = connection.server_leaf()?;
    let end = fault.end()?;
    let expired = end.not_after.unix.is_some_and(|end| connection.clock() > Some(end));
    let (anchor, wanted) = if end.is_self_signed() && expired {
        (end.title(), RENEWED_ROOT)
    } else if end.is_self_signed() {
        // The root was sent: its serial can be told.
        (end.title(), Text::en("the root CA certificate {anchor} (the server sends it)"))
    } else if fault.ends_in_store() {
        (
            end.issuer.text(),
            Text::en(
                "the root CA certificate {anchor} (the store has only the intermediate below it)",
            ),
        )
    } else {
        (
            end.issuer.text(),
            Text::en("the root CA certificate {anchor} and the intermediates below it"),
        )
    };
    let expected = [end.issuer.text(), " in the trust store"].concat();
    let values = fault
        .values(values(subject, leaf))
        .with("anchor", anchor)
        .with_words("wanted", wanted)
        .with_words("replace", replace(subject, &fault));
    Some(observation(connection, values, leaf, &expected))
}

const RENEWED_ROOT: Text = Text::en(
    "the renewed root CA certificate of the same name and key (from whoever runs that CA; {anchor}, which the server sends, has expired, but need not be taken out there)",
);

/// Behind a CA of the same name the new one is appended in vain; Unified CM goes by key
/// identifiers (CSCwa12905), and so do the clients outside.
fn replace(subject: &Subject<'_>, fault: &TrustFault<'_>) -> Text {
    let by_key = matches!(
        subject.leg.client,
        Party::UnifiedCm | Party::ImAndPresence | Party::UcNode | Party::Client
    );
    if by_key || fault.namesake().is_none() { Text::en("") } else { TAKE_THE_OLD_ONE_OUT }
}

const TAKE_THE_OLD_ONE_OUT: Text = Text::en(
    " The trust list has another CA of that name (serial {other_serial}), and Expressway uses only the first of a subject (CSCwa12894): take that one out, unless certificates that it signed are still in use; then have these signed by the new one first.",
);

const INTERMEDIATE_MISSING: Rule = Rule {
    id: "intermediate-missing",
    severity: Severity::Error,
    summary: Text::en(
        "The issuer of the server's certificate was neither sent nor is it in the trust store",
    ),
    sentence: Text::en(
        "{server} showed {certificate} without its issuer {issuer}{sent}, which is not in the trust store either{useless} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en(
        "Let the server send its chain: upload the intermediate CA certificates to its trust store before its own certificate. Or give the client what it lacks. {upload}.",
    ),
    needs: &[Need::ServerCertificate, Need::TrustStore],
    applies: TRAFFIC_SERVER,
    part: Part::Certificate {
        alerts: NOT_TRUSTED,
        clause: Text::en(
            "the server sent the certificate {certificate} without that of its issuer {issuer}{sent}, which is not in the trust list either{useless} (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether the issuer of the server's own certificate is at hand, in what the server sent or in the trust store (OpenSSL error 20 at depth 0, or 21).",
        ),
        why: Text::en(
            "A server has to send the certificates between its own and the root. If it sends its own alone, the client can build the chain only if it has the intermediate already.",
        ),
        symptom: SYMPTOM,
        steps: Text::en(
            "1. Look at the issuer's name. If it is the name of a root CA, the root is missing: append it to the trust list. 2. If it is an intermediate, append it and its root: Maintenance > Security > Trusted CA certificate > Append CA certificate. 3. On Unified CM, upload the intermediate as tomcat-trust (and CallManager-trust) before the signed certificate. 4. Restart.",
        ),
        caveat: Text::en(
            "Whether the issuer is a root or an intermediate cannot be told from a certificate that is not there; an issuer that calls itself Root is told as trust-anchor-missing. The verdict is that of the trust store given with --trust.",
        ),
    },
    references: &["RFC 5246, 7.4.2", "RFC 8446, 4.4.2", TRAFFIC_SERVER_VERIFICATION, "CSCwc69661"],
    check: Check::Connection(intermediate_missing),
};

fn intermediate_missing(subject: &Subject<'_>) -> Option<Observation> {
    let fault = fault(subject.connection, Lack::Intermediate)?;
    let leaf = subject.connection.server_leaf()?;
    let expected = format!("{} sent too, or in the trust store", leaf.issuer);
    let values =
        fault.values(fault.with_sent(values(subject, leaf))).with_words("wanted", THE_ISSUER);
    Some(observation(subject.connection, values, leaf, &expected))
}

const THE_ISSUER: Text =
    Text::en("the CA certificate {issuer} (and, if that is no root, the root above it)");

const CERTIFICATE_SIGNATURE_FAILURE: Rule = Rule {
    id: "certificate-signature-failure",
    severity: Severity::Error,
    summary: Text::en(
        "A signature in the server's chain does not fit the CA of that name that is there",
    ),
    sentence: Text::en(
        "The signature on {signed}, shown by {server}, was not made by the key of the CA {issuer} that {whose} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en("{mend}"),
    needs: &[Need::ServerCertificate, Need::TrustStore],
    applies: TRAFFIC_SERVER,
    part: Part::Certificate {
        alerts: &[51, 48, 46, 42],
        clause: Text::en(
            "the signature on the certificate {signed} was not made by the key of the CA {issuer} that {whose} (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether each signature of the chain verifies with the key above it (OpenSSL error 7).",
        ),
        why: Text::en(
            "CAs are found by name. When a CA was renewed with a new key and both certificates are in the trust list, the first one wins, and its key does not fit; or the server still sends the old one.",
        ),
        symptom: SYMPTOM,
        steps: Text::en(
            "1. Compare the serial numbers of the CA certificates of that name, in the trust list or in what the server sends, with the CA that signed. 2. Keep only the right one. 3. Restart the Expressway.",
        ),
        caveat: OTHER_STORE,
    },
    references: &["RFC 5280, 6.1.3", "CSCwa12894", "CSCwa12905"],
    check: Check::Connection(certificate_signature_failure),
};

fn certificate_signature_failure(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let path = connection.server_path.judged()?;
    let error = path.errors.iter().find(|error| error.code == code::CERT_SIGNATURE_FAILURE)?;
    let signed = &path.path.get(error.depth)?.certificate;
    let by = path.path.get(error.depth + 1);
    let (whose, mend) = match by.map(|link| link.origin) {
        Some(Origin::Store(_)) => (Text::en("the trust list has"), OTHER_KEY_IN_STORE),
        Some(_) => (Text::en("it sent with it"), OTHER_KEY_SENT),
        None => (Text::en("it names as its own"), ALTERED),
    };
    let values = values(subject, connection.server_leaf()?)
        .with("signed", signed.title())
        .with("issuer", signed.issuer.text())
        .with("ca", by.map(|link| link.certificate.title()).unwrap_or_default())
        .with_words("whose", whose)
        .with_words("mend", mend)
        .with("openssl", openssl(error));
    let values = with_reaction(values, connection, Role::Server, &[51, 48, 46, 42]);
    Some(Observation {
        values,
        evidence: proof(connection, signed, "a signature by the key of its CA"),
        severity: severity(connection, Role::Server),
        of: Some(Role::Server),
    })
}

const OTHER_KEY_IN_STORE: Text = Text::en(
    "The trust list of {client} has a CA of this name with another key, in front of the right one or in its place. Remove it and upload the present CA certificate: Maintenance > Security > Trusted CA certificate.",
);
const OTHER_KEY_SENT: Text = Text::en(
    "{server} sends {ca}, which has this name and another key: an older or a newer certificate of that CA. Let it send the one that signed {signed} (Unified CM: OS Administration > Security > Certificate Management, as tomcat-trust and CallManager-trust in place of the other, then restart Cisco Tomcat; Expressway: in the file with its server certificate). If that is the right one, the certificate was altered: have it issued again.",
);
const ALTERED: Text = Text::en(
    "The certificate was altered after it was signed: have it issued again, or get it again from where it was made.",
);

fn fault(connection: &Connection, lack: Lack) -> Option<TrustFault<'_>> {
    TrustFault::of(connection, Role::Server).filter(|fault| fault.lack == lack)
}

fn values(subject: &Subject<'_>, leaf: &Certificate) -> Values {
    let in_store = subject.store.is_some_and(|store| store.contains(&leaf.sha256));
    let useless = if in_store { LEAF_IN_STORE } else { Text::en("") };
    scene::values(subject.connection)
        .with("certificate", leaf.title())
        .with_words("useless", useless)
        .with_words("upload", scene::upload(subject))
}

/// A certificate of the store ends the chain only if it is self-signed, or under
/// X509_V_FLAG_PARTIAL_CHAIN, which neither the traffic server nor SIP sets.
const LEAF_IN_STORE: Text = Text::en(
    " (the server's certificate itself is in it, which does not help: a CA signed it, so OpenSSL wants that CA and its root)",
);

fn observation(
    connection: &Connection,
    values: Values,
    leaf: &Certificate,
    expected: &str,
) -> Observation {
    Observation {
        values: with_reaction(values, connection, Role::Server, NOT_TRUSTED),
        evidence: proof(connection, leaf, expected),
        severity: severity(connection, Role::Server),
        of: Some(Role::Server),
    }
}

fn proof(connection: &Connection, shown: &Certificate, expected: &str) -> Vec<Evidence> {
    let certificate = scene::certificate_frame(connection, Role::Server)
        .map(|frame| scene::serial_evidence(frame, shown).expecting(expected));
    certificate.into_iter().chain(scene::ending(connection)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        EXPRESSWAY, WITH_ECDSA, WITHOUT_ROOT, bent, finding, findings, judged, store,
        validation_of_server,
    };
    use super::*;
    use crate::connection::PathVerdict;
    use crate::expressway::{Deployment, Leg};
    use crate::trust::{Candidate, Origin, Outcome, SignatureVerdict, Store, VerifyError};
    use crate::x509::NotIssuer;
    use std::sync::Arc;

    #[test]
    fn of_an_expired_root_that_was_sent_the_renewed_one_is_uploaded() {
        let remedy = |not_after: Option<i64>| {
            let found = bent("trust-anchor-missing", "root-missing.pcap", WITHOUT_ROOT, |one| {
                let end = &mut validation_of_server(one).path.last_mut().unwrap().certificate;
                let trusted = store(EXPRESSWAY.unwrap());
                let (_, root) = trusted.named(&end.issuer).next().unwrap();
                *end = Arc::clone(&root.certificate);
                Arc::make_mut(end).not_after.unix = not_after;
            });
            found.unwrap().remedy()
        };
        assert!(remedy(Some(1_700_000_000)).contains("the renewed root CA certificate"));
        // Still valid, and a date that cannot be read.
        for not_after in [Some(4_000_000_000), None] {
            assert!(remedy(not_after).contains("(the server sends it)"), "{not_after:?}");
        }
    }

    #[test]
    fn a_self_signed_certificate_outside_the_store_is_told_with_its_serial() {
        let found =
            finding("self-signed-not-trusted", "ecdsa-selfsigned-untrusted.pcap", EXPRESSWAY);
        assert_eq!(
            found.sentence(),
            "cucmpub.example.org (10.30.7.11:8443) showed the self-signed certificate \
             CN=cucmpub-EC.example.org,O=Example (serial 6d:1c:4f:0a:93:be:52:d7:08:e1:f4:a2:7c:35:b9:81), \
             which is not in the trust store (OpenSSL: self-signed certificate, error 18 at depth 0); \
             10.30.5.20 refused it with alert unknown_ca (48)."
        );
        assert_eq!(found.severity, Severity::Error);
        assert!(
            found.remedy().contains(
                "Maintenance > Security > Trusted CA certificate > Append CA certificate"
            )
        );
    }

    #[test]
    fn a_namesake_in_the_store_changes_the_advice() {
        let id = "self-signed-not-trusted";
        let found = bent(id, "ecdsa-selfsigned-untrusted.pcap", EXPRESSWAY, |connection| {
            let leaf = connection.server_leaf().unwrap().clone();
            let PathVerdict::Judged(path) = &mut connection.server_path else {
                panic!("not judged")
            };
            Arc::make_mut(path).validation.candidates.push(Candidate {
                depth: 0,
                origin: Origin::Store(0),
                certificate: leaf,
                outcome: Outcome::NotTheSame,
                signature: SignatureVerdict::Bad,
            });
        });
        let found = found.unwrap();
        assert!(
            found
                .sentence()
                .contains("(the store has a certificate of the same name, serial 6d:1c:")
        );
        assert!(found.remedy().contains("CSCwa12894"));
    }

    #[test]
    fn a_self_signed_certificate_in_the_store_is_silent() {
        let found =
            findings("self-signed-not-trusted", "ecdsa-selfsigned-trusted.pcap", WITH_ECDSA);
        assert!(found.is_empty());
    }

    #[test]
    fn an_accepted_certificate_that_the_store_does_not_have_is_a_warning() {
        let found = finding("self-signed-not-trusted", "ecdsa-selfsigned-trusted.pcap", EXPRESSWAY);
        assert_eq!(found.severity, Severity::Warning);
        assert!(found.sentence().contains(
            "10.30.5.20 went on all the same, but a peer that checks this would refuse it"
        ));
    }

    #[test]
    fn a_missing_root_is_named() {
        let found = finding("trust-anchor-missing", "root-missing.pcap", WITHOUT_ROOT);
        assert!(
            found
                .sentence()
                .contains("leads to CN=Example Root CA,O=Example, which is not in the trust store")
        );
        assert!(
            found
                .sentence()
                .contains("unable to get local issuer certificate, error 20 at depth 1")
        );
    }

    #[test]
    fn the_certificate_itself_in_the_store_is_said_not_to_help() {
        let connection = judged("root-missing.pcap", WITHOUT_ROOT).remove(0).connection;
        let said = |store: &Store| {
            let subject = Subject {
                connection: &connection,
                store: Some(store),
                leg: Leg::default(),
                deployment: &Deployment::default(),
                log: &[],
            };
            TRUST_ANCHOR_MISSING.sentence.fill(&trust_anchor_missing(&subject).unwrap().values)
        };
        let mut store = store("expressway-without-root");
        assert!(!said(&store).contains("does not help"));
        store.add(connection.server_leaf().unwrap().clone(), "trust.pem", 1);
        let told = said(&store);
        assert!(told.contains("trust store (the server's certificate itself is in it"), "{told}");
    }

    #[test]
    fn a_ca_of_the_same_name_in_the_store_has_to_go() {
        let id = "trust-anchor-missing";
        let found = bent(id, "root-missing.pcap", WITHOUT_ROOT, |connection| {
            let leaf = connection.server_leaf().unwrap().clone();
            let PathVerdict::Judged(path) = &mut connection.server_path else {
                panic!("not judged")
            };
            Arc::make_mut(path).validation.candidates.push(Candidate {
                depth: 1,
                origin: Origin::Store(0),
                certificate: leaf,
                outcome: Outcome::NotIssuer(NotIssuer::KeyIdentifier),
                signature: SignatureVerdict::Bad,
            });
        });
        let remedy = found.unwrap().remedy();
        assert!(remedy.contains("then restart it. The trust list has another CA"), "{remedy}");
        let without = finding(id, "root-missing.pcap", WITHOUT_ROOT).remedy();
        assert!(!without.contains("CSCwa12894"), "{without}");
    }

    #[test]
    fn a_lone_certificate_of_a_ca_that_calls_itself_root_lacks_that_root() {
        let sample = "ecdsa-root-missing.pcap";
        assert_eq!(findings("trust-anchor-missing", sample, EXPRESSWAY).len(), 1);
        assert!(findings("intermediate-missing", sample, EXPRESSWAY).is_empty());
    }

    #[test]
    fn a_chain_to_a_root_of_the_store_is_silent() {
        assert!(findings("trust-anchor-missing", "root-missing.pcap", EXPRESSWAY).is_empty());
    }

    #[test]
    fn an_issuer_that_nobody_has_is_told_where_only_one_certificate_was_sent() {
        let found = finding("intermediate-missing", "intermediate-not-sent.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("without its issuer CN=Example Issuing CA 1,O=Example"));
    }

    #[test]
    fn an_issuer_that_was_sent_with_another_key_is_told() {
        let id = "intermediate-missing";
        let found = bent(id, "intermediate-not-sent.pcap", EXPRESSWAY, |connection| {
            let leaf = connection.server_leaf().unwrap().clone();
            let PathVerdict::Judged(path) = &mut connection.server_path else {
                panic!("not judged")
            };
            Arc::make_mut(path).validation.candidates.push(Candidate {
                depth: 0,
                origin: Origin::Peer(1),
                certificate: leaf,
                outcome: Outcome::NotIssuer(NotIssuer::KeyIdentifier),
                signature: SignatureVerdict::Bad,
            });
        });
        assert!(found.unwrap().sentence().contains("(it sent one of that name, serial "));
    }

    #[test]
    fn an_issuer_that_was_sent_is_silent() {
        assert!(findings("intermediate-missing", "root-missing.pcap", WITHOUT_ROOT).is_empty());
    }

    #[test]
    fn a_signature_of_another_key_is_told() {
        let failing_at = |depth| {
            let id = "certificate-signature-failure";
            let found = bent(id, "root-missing.pcap", EXPRESSWAY, |connection| {
                validation_of_server(connection).errors =
                    vec![VerifyError::new(code::CERT_SIGNATURE_FAILURE, depth)];
            });
            found.unwrap()
        };
        let by_store = failing_at(1);
        assert!(by_store.sentence().contains("certificate signature failure, error 7 at depth 1"));
        assert!(by_store.sentence().contains("that the trust list has"));
        let by_sent = failing_at(0);
        assert!(by_sent.sentence().contains("that it sent with it"), "{}", by_sent.sentence());
        assert!(by_sent.remedy().contains("sends CN=Example Issuing CA 1"), "{}", by_sent.remedy());
        assert!(failing_at(2).remedy().starts_with("The certificate was altered"));
        assert!(
            findings("certificate-signature-failure", "root-missing.pcap", EXPRESSWAY).is_empty()
        );
    }
}
