//! Would the server trust the client's certificate, and had it asked for one like it?

use super::client_certificate::{chain_upload, client_chain, empty_list};
use super::documents::UPLOAD_ONTO_CUCM;
use super::finding::{Evidence, Observation, Severity};
use super::reaction::{Reaction, reaction, severity, with_reaction};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::trust_fault::{TrustFault, openssl};
use super::words::Text;
use crate::connection::Outcome;
use crate::tls::Role;
use crate::trust::code;
use crate::x509::Name;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] =
    &[CLIENT_CHAIN_NOT_TRUSTED, CLIENT_ISSUER_NOT_REQUESTED, CLIENT_CERTIFICATE_EMPTY];

/// How a server says "not trusted": OpenSSL unknown_ca (48) and, for a bad signature,
/// decrypt_error (51), Java certificate_unknown (46), GnuTLS access_denied (49; measured with
/// gnutls-serv 3.7), others bad_certificate (42).
const NOT_TRUSTED: &[u8] = &[48, 46, 42, 49, 51];

const CLIENT_CHAIN_NOT_TRUSTED: Rule = Rule {
    id: "client-chain-not-trusted",
    severity: Severity::Error,
    summary: Text::en("The server's trust store does not vouch for the client's certificate"),
    sentence: Text::en(
        "{client} showed {certificate}, which the trust store given for {server} does not accept{namesake} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en("{upload}."),
    needs: &[Need::TrustList],
    applies: Text::en(
        "Mutual TLS, where the trust store of the server is given with --peer-trust: 6971, 6972, 5061, 5091, 7001",
    ),
    part: Part::Certificate {
        alerts: NOT_TRUSTED,
        clause: Text::en(
            "its trust store does not accept the certificate {certificate}{namesake} (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "The chain that the client showed against the trust store given with --peer-trust, as OpenSSL would judge it for a TLS client (purpose sslclient). Faults that no CA in the store mends (dates, usages, keys, signatures) have rules of their own.",
        ),
        why: Text::en(
            "From X14.0.2 on Expressway-C shows its certificate wherever it is asked. The server then needs the root above it, and the intermediates that the client does not send.",
        ),
        symptom: Text::en(
            "Login passes UDS on 8443 and fails at the configuration download (502), SIP registration fails, or the traversal zone stays down",
        ),
        steps: Text::en(
            "1. Export tomcat-trust and CallManager-trust of the node, and give them with --peer-trust. 2. Upload what `to mend it` names there, as tomcat-trust and as CallManager-trust, on every node. 3. Restart Cisco Tomcat, Cisco CallManager, Cisco TFTP and Cisco HAProxy.",
        ),
        caveat: Text::en(
            "The verdict is that of the store given with --peer-trust, and OpenSSL's; Unified CM's Tomcat is Java, and looks CAs up by key identifier.",
        ),
    },
    references: &["RFC 5280, 6.1", "RFC 5246, 7.4.6", UPLOAD_ONTO_CUCM, "CSCvz45074", "CSCwa12905"],
    check: Check::Connection(client_chain_not_trusted),
};

fn client_chain_not_trusted(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let error = connection.client_path.judged()?.first_error()?;
    // Other faults have rules of their own: no CA in the trust list mends them.
    if !error.lacks_trust() && error.code != code::CERT_SIGNATURE_FAILURE {
        return None;
    }
    let leaf = scene::leaf(connection, Role::Client)?;
    let values = scene::values(connection)
        .with("certificate", leaf.title())
        .with_words("chain", client_chain(Some(leaf)))
        .with_words("upload", chain_upload(subject));
    let values = match TrustFault::of(connection, Role::Client) {
        Some(fault) => fault.values(values),
        None => values
            .with("openssl", openssl(error))
            .with("issuer", leaf.issuer.text())
            .with_words("namesake", Text::en("")),
    };
    let shown = scene::certificate_frame(connection, Role::Client)
        .map(|frame| scene::serial_evidence(frame, leaf).expecting("a chain to a trust anchor"));
    Some(Observation {
        values: with_reaction(values, connection, Role::Client, NOT_TRUSTED),
        evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
        severity: severity(connection, Role::Client),
        of: Some(Role::Client),
    })
}

const CLIENT_ISSUER_NOT_REQUESTED: Rule = Rule {
    id: "client-issuer-not-requested",
    severity: Severity::Warning,
    summary: Text::en("The client's certificate comes from a CA that the server did not ask for"),
    sentence: Text::en(
        "{server} asked {client} for a certificate of {authorities}; {client} showed {certificate}, issued by {issuer}; {reaction}.",
    ),
    remedy: Text::en("{upload}."),
    needs: &[],
    applies: Text::en("Mutual TLS whose CertificateRequest can be read and names CAs"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the issuer of any certificate that the client showed is among the CA names of the server's CertificateRequest.",
        ),
        why: Text::en(
            "The names are those of the CAs that the server trusts. A CA that is not among them is most likely not in its trust store; `tlsight peers` lists what each server names.",
        ),
        symptom: Text::en(
            "As for a client certificate that is refused: configuration download, SIP registration or traversal zone fail",
        ),
        steps: Text::en(
            "1. Compare the names with the chain of the client's certificate. 2. Upload root and intermediates of that chain to the server's trust stores (Unified CM: tomcat-trust and CallManager-trust). 3. Restart its services: the names are read at their start.",
        ),
        caveat: Text::en(
            "The list is a hint: a server may name fewer CAs than it trusts, and OpenSSL's file for names need not be its trust store.",
        ),
    },
    references: &["RFC 5246, 7.4.4", "RFC 8446, 4.2.4", UPLOAD_ONTO_CUCM],
    check: Check::Connection(client_issuer_not_requested),
};

/// More names than these are counted: a server may name hundreds.
const NAMES_TOLD: usize = 5;

fn client_issuer_not_requested(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let asked_for = connection.client_issuer_requested()?.err()?;
    let leaf = scene::leaf(connection, Role::Client)?;
    let (entry, _) = connection.handshake.certificate_request()?;
    let names = authorities(&asked_for);
    let values = scene::values(connection)
        .with("certificate", leaf.title())
        .with("issuer", leaf.issuer.text())
        .with("authorities", &names)
        .with_words("chain", client_chain(Some(leaf)))
        .with_words("upload", chain_upload(subject));
    let asked = Evidence::new(entry.frame, "x509if.RelativeDistinguishedName_item_element", names)
        .expecting(leaf.issuer.text());
    let shown = scene::certificate_frame(connection, Role::Client)
        .map(|frame| scene::serial_evidence(frame, leaf));
    let harmless = reaction(connection, Role::Client) == Reaction::Accepted;
    Some(Observation {
        values: with_reaction(values, connection, Role::Client, NOT_TRUSTED),
        evidence: [asked].into_iter().chain(shown).chain(scene::ending(connection)).collect(),
        severity: harmless.then_some(Severity::Info),
        of: Some(Role::Client),
    })
}

pub(super) fn authorities(names: &[Name]) -> String {
    let mut told: Vec<String> = names.iter().take(NAMES_TOLD).map(ToString::to_string).collect();
    if let Some(more @ 1..) = names.len().checked_sub(NAMES_TOLD) {
        told.push(format!("{more} more"));
    }
    told.join("; ")
}

const CLIENT_CERTIFICATE_EMPTY: Rule = Rule {
    id: "client-certificate-empty",
    severity: Severity::Info,
    summary: Text::en("The server asked for a client certificate, got none, and went on"),
    sentence: Text::en(
        "{server} asked {client} for a certificate and went on without one: client authentication is optional there, or is done later.",
    ),
    remedy: Text::en(
        "TLS minds nothing here, but the program behind it may (a web server answers 400 or 403): what it answers is encrypted. If {client} is an Expressway-C of X14.0.2 or newer, it should have shown its certificate: check that it has one with clientAuth that suits the request.",
    ),
    needs: &[],
    applies: Text::en("Mutual TLS; on Unified CM 6971 and 6972 ask, but by default do not require"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the client answered a CertificateRequest with an empty Certificate and the handshake was completed.",
        ),
        why: Text::en(
            "It shows that the server asks. The same server refuses a certificate that it does not trust, so that an Expressway which begins to show one (X14.0.2) can fail where it worked before.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Before an upgrade to X14.0.2 or newer, upload the CA chain of the Expressway-C certificate to tomcat-trust and CallManager-trust. 2. After it, look whether the certificate is shown.",
        ),
        caveat: Text::en(
            "Under TLS 1.3 the empty list is encrypted and told by its length (25 bytes).",
        ),
    },
    references: &["RFC 5246, 7.4.6", "RFC 8446, 4.4.2", "CSCvz45074"],
    check: Check::Connection(client_certificate_empty),
};

fn client_certificate_empty(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    if connection.outcome != Outcome::Completed {
        return None;
    }
    let frame = empty_list(connection)?;
    Some(Observation {
        values: scene::values(connection),
        evidence: vec![Evidence::new(frame, "tls.handshake.certificates_length", "0")],
        severity: None,
        of: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        EXPRESSWAY, NO_STORE, bend_shown, bent, findings, findings_of_peers,
    };
    use super::*;
    use crate::tls::{Body, What};

    const REFUSED: &str = "mtls-refused-tls12.pcap";
    const ACCEPTED: &str = "mtls-accepted.pcap";

    #[test]
    fn a_client_that_the_given_store_does_not_know_is_told() {
        let found = findings_of_peers("client-chain-not-trusted", REFUSED, Some("cucm"));
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert!(found.sentence().contains("refused it with alert unknown_ca (48)"));
        assert!(found.remedy().contains("as tomcat-trust"), "{}", found.remedy());
        assert_eq!(found.severity, Severity::Error);
        let accepted = findings_of_peers("client-chain-not-trusted", ACCEPTED, Some("cucm"));
        assert!(accepted.iter().all(|found| found.severity == Severity::Warning));
    }

    #[test]
    fn a_client_that_the_store_knows_and_a_store_that_is_not_known_are_silent() {
        for peers in [Some("cucm-with-expressway"), None] {
            for sample in [REFUSED, ACCEPTED] {
                let found = findings_of_peers("client-chain-not-trusted", sample, peers);
                assert!(found.is_empty(), "{sample}: {found:?}");
            }
        }
    }

    #[test]
    fn an_issuer_that_was_not_asked_for_is_told_with_what_was() {
        let found = findings("client-issuer-not-requested", REFUSED, EXPRESSWAY);
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert!(found.sentence().contains("asked 10.30.5.20 for a certificate of CN="));
        assert_eq!(found.severity, Severity::Warning);
        assert!(findings("client-issuer-not-requested", ACCEPTED, NO_STORE).is_empty());
    }

    #[test]
    fn a_ca_that_the_server_shows_below_one_that_it_asks_for_is_asked_for() {
        let joined = bent("client-issuer-not-requested", REFUSED, EXPRESSWAY, |connection| {
            let asked_for = connection.client_issuer_requested().unwrap().unwrap_err();
            let issuer = scene::leaf(connection, Role::Client).unwrap().issuer.clone();
            bend_shown(connection, Role::Server, 0, |shown| {
                shown.subject = issuer;
                shown.issuer = asked_for[0].clone();
            });
        });
        assert!(joined.is_none());
    }

    /// The CA that was asked for may be the issuer of one that was not captured.
    #[test]
    fn of_a_chain_that_is_cut_it_is_not_said_that_nobody_asked_for_it() {
        let cut = bent("client-issuer-not-requested", REFUSED, EXPRESSWAY, |connection| {
            for entry in &mut connection.observed.handshake.entries {
                if let (Role::Client, What::Message(message)) = (entry.from, &mut entry.what)
                    && matches!(message.body, Body::Certificate(_))
                {
                    message.whole = false;
                }
            }
        });
        assert!(cut.is_none());
    }

    #[test]
    fn an_empty_answer_is_told_where_the_server_goes_on() {
        const EMPTY: &str = "mtls-empty-certificate.pcap";
        let found = bent("client-certificate-empty", EMPTY, NO_STORE, |connection| {
            connection.observed.outcome = Outcome::Completed;
        });
        assert!(found.unwrap().sentence().contains("went on without one"));
        assert!(findings("client-certificate-empty", EMPTY, NO_STORE).is_empty());
        assert!(findings("client-certificate-empty", ACCEPTED, NO_STORE).is_empty());
    }
}
