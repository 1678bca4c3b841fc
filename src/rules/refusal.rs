//! The client refused the server's certificate, and nothing that can be seen says why.

use super::documents::{MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION};
use super::finding::{Observation, Severity};
use super::path_fault;
use super::reaction::{self, Reaction};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::connection::{Connection, NotJudged, PathVerdict};
use crate::tls::Role;
use crate::x509::Certificate;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[CERTIFICATE_REFUSED, TLS13_CLIENT_REFUSED_CERTIFICATE];

/// The alerts of a client that does not trust a chain: of OpenSSL, and of Java.
const NOT_TRUSTED: &[u8] = &[48, 46];

pub(super) const ID: &str = "certificate-refused";

const CERTIFICATE_REFUSED: Rule = Rule {
    id: ID,
    severity: Severity::Error,
    summary: Text::en(
        "The client refused the server's certificate for reasons of its own trust list",
    ),
    sentence: Text::en(
        "{client} refused {certificate}, which {server} showed, with {alert}: {reason}.",
    ),
    remedy: Text::en("{upload}."),
    needs: &[Need::ServerCertificate],
    applies: Text::en("Every TLS connection whose server certificate can be read"),
    part: Part::Certificate { alerts: NOT_TRUSTED, clause: Text::en("{reason}") },
    page: Page {
        checks: Text::en(
            "Whether the client sent unknown_ca (48) or certificate_unknown (46) after the server's certificate although no trust store was given, or the one that was given vouches for the chain.",
        ),
        why: Text::en(
            "The client judges by its own trust list. Without that list the capture tells only that it lacks the CA.",
        ),
        symptom: Text::en(
            "MRA login fails or takes long; Expressway answers the client with 502 connect failed; the log says: Core server certificate verification failed",
        ),
        steps: Text::en(
            "1. Get the trust list of this very client (each peer of a cluster has its own; in a diagnostic archive it is ca_*.pem) and give it with --trust: the report then names what is missing. 2. Upload the CA certificates above the certificate: Maintenance > Security > Trusted CA certificate > Append CA certificate. 3. Restart the Expressway: before that a new trust list is not used.",
        ),
        caveat: Text::en("Java says certificate_unknown (46) also for wrong names and dates."),
    },
    references: &["RFC 8446, 6.2", TRAFFIC_SERVER_VERIFICATION, "CSCwc69661"],
    check: Check::Connection(certificate_refused),
};

fn certificate_refused(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let Reaction::Refused(Some(alert)) = reaction::reaction(connection, Role::Server) else {
        return None;
    };
    let leaf = connection.server_leaf()?;
    let reason = reason(connection, leaf, alert)?;
    let values = scene::values(connection)
        .with("certificate", leaf.title())
        .with("issuer", leaf.issuer.text())
        .with("alert", scene::said_alert(Some(alert)))
        .with_words("reason", reason)
        .with_words("wanted", wanted(leaf))
        .with_words("upload", scene::upload(subject));
    let shown = scene::certificate_frame(connection, Role::Server)
        .map(|frame| scene::serial_evidence(frame, leaf));
    Some(Observation {
        values,
        evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
        severity: None,
        of: Some(Role::Server),
    })
}

fn reason(connection: &Connection, leaf: &Certificate, alert: u8) -> Option<Text> {
    let vouched = match &connection.server_path {
        PathVerdict::Judged(chain) => chain.validation.ok(),
        PathVerdict::NotJudged(NotJudged::NoTrustStore | NotJudged::OtherMachine) => false,
        PathVerdict::NotJudged(_) => return None,
    };
    // Told by the rule on that fault.
    if path_fault::validation(connection, Role::Server).is_some_and(|path| !path.errors.is_empty())
    {
        return None;
    }
    match (alert, vouched) {
        (48, true) => Some(VOUCHED),
        (48, false) if connection.server_path.judged().is_some() => None,
        (48, false) if leaf.is_self_signed() => Some(Text::en(
            "the certificate {certificate} is self-signed, and the client does not have it in its trust list",
        )),
        (48, false) if !issuer_sent(connection, leaf) => Some(Text::en(
            "the client does not have the CA that the certificate {certificate} leads to (issuer {issuer}) in its trust list; the server sent no certificate of {issuer} with it, so if that is an intermediate and not the root, the server sends too little, and the client may lack only that",
        )),
        (48, false) => Some(Text::en(
            "the client does not have the CA that the certificate {certificate} leads to (issuer {issuer}) in its trust list",
        )),
        (46, false) if connection.server_path.judged().is_none() => Some(Text::en(
            "certificate_unknown does not tell what is wrong with the certificate {certificate}; most often its issuer {issuer} is not trusted",
        )),
        _ => None,
    }
}

/// Whether a certificate with the name of its issuer came with it.
fn issuer_sent(connection: &Connection, leaf: &Certificate) -> bool {
    let sent = connection.server_certificates.iter().skip(1).filter_map(|one| one.parsed());
    sent.into_iter().any(|ca| ca.subject == leaf.issuer)
}

const VOUCHED: Text = Text::en(
    "the client does not trust the certificate {certificate}, though the trust store given here vouches for it: that store is not the one that the client uses, or the client was not restarted since it was changed, or it lacks a revocation list that it wants to have",
);

fn wanted(leaf: &Certificate) -> Text {
    if leaf.is_self_signed() {
        Text::en("the certificate {certificate} itself")
    } else {
        Text::en("the CA certificates above it ({issuer}, up to the root)")
    }
}

const TLS13_CLIENT_REFUSED_CERTIFICATE: Rule = Rule {
    id: "tls13-client-refused-certificate",
    severity: Severity::Error,
    summary: Text::en("Under TLS 1.3 the client refused the server's certificate"),
    sentence: Text::en(
        "{who_connects} refused the certificate of {place}, which TLS 1.3 hides, with {alert}: {meaning}.",
    ),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en(
        "TLS 1.3; Expressway as client on SIP from X15.2 on by default, Unified CM from 15SU2",
    ),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Whether the client ended a TLS 1.3 handshake with an alert right after the server's flight. OpenSSL sends it in clear; others encrypt it, and it is told by its length (19 bytes, 35 from Java).",
        ),
        why: Text::en(
            "The certificate cannot be seen, but the alert tells that it was refused and, in clear, why.",
        ),
        symptom: Text::en("As for the same fault under TLS 1.2: login or registration fails"),
        steps: Text::en(
            "1. Read the alert: unknown_ca (48) is the chain, internal_error (80) the name, certificate_expired (45) the date. 2. Get the certificate from the server (`openssl s_client -connect HOST:PORT -showcerts`), or test with TLS 1.2 for SIP (`xConfiguration SIP Advanced SipTlsVersions: 'TLSv1.2'`). 3. Repair as for TLS 1.2.",
        ),
        caveat: Text::en(
            "That OpenSSL sends this alert in clear was measured with OpenSSL 3.0. An encrypted alert may also be about something else than the certificate.",
        ),
    },
    references: &["RFC 8446, 4.4.2.4", "RFC 8446, 6.2", MRA_REQUIREMENTS],
    check: Check::Connection(tls13_client_refused_certificate),
};

fn tls13_client_refused_certificate(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    if !connection.handshake.is_tls13() || !connection.server_certificates.is_empty() {
        return None;
    }
    let Reaction::Refused(alert) = reaction::reaction(connection, Role::Server) else {
        return None;
    };
    let (meaning, remedy) = match alert {
        Some(48) => (NO_ANCHOR, TRUST_HIDDEN),
        Some(80) => (WRONG_NAME, RENAME),
        Some(45) => (EXPIRED, RENEW),
        Some(43) => (WRONG_PURPOSE, REISSUE),
        Some(44) => (REVOKED, REPLACE),
        Some(51) => (BAD_SIGNATURE, LOOK),
        Some(_) => (UNTOLD, LOOK),
        None => (ENCRYPTED, LOOK),
    };
    let values = scene::values(connection)
        .with("place", scene::named_server(subject))
        .with("who_connects", scene::named_client(subject))
        .with("fetch", scene::fetch(connection))
        .with("alert", scene::said_alert(alert))
        .with("wanted", "the CA certificates above the server's certificate")
        .with_words("upload", scene::upload(subject))
        .with_words("meaning", meaning)
        .with_words("remedy", remedy);
    Some(Observation {
        values,
        evidence: scene::ending(connection).into_iter().collect(),
        severity: None,
        of: Some(Role::Server),
    })
}

const NO_ANCHOR: Text = Text::en(
    "it found no way from that certificate to its trust list; the list lacks the CA above it, or the certificate itself if it is self-signed, or the server leaves out an intermediate certificate",
);
const WRONG_NAME: Text = Text::en(
    "the traffic server of Expressway says so when the certificate does not carry the name that was asked for",
);
const EXPIRED: Text = Text::en("that certificate, or a CA above it, has expired");
const WRONG_PURPOSE: Text = Text::en("that certificate is not for servers (extended key usage)");
const REVOKED: Text = Text::en("that certificate, or a CA above it, has been revoked");
const BAD_SIGNATURE: Text =
    Text::en("a signature did not verify, that of the handshake or one in the chain");
const UNTOLD: Text = Text::en("the alert does not tell whether chain, name or date is at fault");
const ENCRYPTED: Text = Text::en("the reason is encrypted, and so is what was wrong");

const TRUST_HIDDEN: Text = Text::en("Get the certificate from the server (`{fetch}`). {upload}.");
const RENAME: Text = Text::en(
    "Compare the server name of the ClientHello with the certificate; on Unified CM, System > Server has to list the fully qualified domain name that the certificate carries.",
);
const RENEW: Text =
    Text::en("Renew the certificate of {server}, or the CA certificate above it that has expired.");
const REISSUE: Text = Text::en(
    "Look at the certificate (`{fetch}`): have it issued again with serverAuth in its extended key usage, and clientAuth if {server} also connects to others.",
);
const REPLACE: Text = Text::en(
    "Have a new certificate issued for {server}; if it was revoked by mistake, look which revocation list or OCSP server {client} asks, and how old its answer is.",
);
const LOOK: Text = Text::en(
    "Get the certificate from the server (`{fetch}`), and the reason from the log of {client}; for SIP, test with `xConfiguration SIP Advanced SipTlsVersions: 'TLSv1.2'` to see it in a capture.",
);

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, NO_STORE, WITHOUT_ROOT, bent, finding, findings};

    const REFUSED: &str = "certificate-refused";
    const HIDDEN: &str = "tls13-client-refused-certificate";

    #[test]
    fn without_a_trust_list_the_word_of_the_client_counts() {
        let found = finding(REFUSED, "ecdsa-selfsigned-untrusted.pcap", NO_STORE);
        assert!(found.sentence().contains("is self-signed, and the client does not have it"));
        let found = finding(REFUSED, "root-missing.pcap", NO_STORE);
        assert!(found.sentence().contains("(issuer CN=Example Issuing CA 1,O=Example)"));
    }

    #[test]
    fn a_certificate_without_its_issuer_may_lack_only_that() {
        let found = finding(REFUSED, "intermediate-not-sent.pcap", NO_STORE);
        assert!(found.sentence().contains("the server sent no certificate of CN=Example Issuing"));
        let found = finding(REFUSED, "root-missing.pcap", NO_STORE);
        assert!(!found.sentence().contains("sent no certificate of"));
    }

    #[test]
    fn a_trust_list_that_vouches_is_not_the_one_of_the_client() {
        let found = finding(REFUSED, "root-missing.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("though the trust store given here vouches for it"));
    }

    #[test]
    fn where_the_trust_list_explains_the_refusal_this_is_silent() {
        assert!(findings(REFUSED, "root-missing.pcap", WITHOUT_ROOT).is_empty());
        assert!(findings(REFUSED, "rsa-trusted.pcap", NO_STORE).is_empty());
        assert!(findings(REFUSED, "expired.pcap", NO_STORE).is_empty());
    }

    /// What fetches the certificate is shown the same one as the client, hence by name and protocol.
    #[test]
    fn a_hidden_certificate_is_fetched_as_the_client_got_it() {
        let fetched = |started_by| {
            let found = bent(HIDDEN, "tls13-client-refuses.pcap", WITHOUT_ROOT, |connection| {
                connection.observed.handshake.started_by = started_by;
            });
            found.unwrap().remedy()
        };
        let plain = "`openssl s_client -connect 10.30.7.11:8443 -servername cucmpub.example.org";
        assert!(fetched(None).contains(&format!("{plain} -showcerts`")));
        assert!(fetched(Some("SMTP")).contains(&format!("{plain} -starttls smtp -showcerts`")));
        let proxied = fetched(Some("HTTP CONNECT"));
        assert!(proxied.contains("-proxy 10.30.7.11:8443 -connect HOST:PORT -showcerts`"));
    }

    #[test]
    fn a_hidden_certificate_that_was_refused_is_told() {
        let found = finding(HIDDEN, "tls13-client-refuses.pcap", WITHOUT_ROOT);
        assert!(found.sentence().contains("with alert unknown_ca (48)"));
        let found = finding(HIDDEN, "tls13-client-refuses-gnutls.pcap", WITHOUT_ROOT);
        assert!(found.sentence().contains("with an encrypted alert"));
        assert!(findings(HIDDEN, "tls13-trusted.pcap", EXPRESSWAY).is_empty());
        assert!(findings(HIDDEN, "root-missing.pcap", WITHOUT_ROOT).is_empty());
    }
}
