//! Were the certificates valid when the connection was made?

mod soon;

use std::sync::Arc;

use super::finding::{Evidence, Observation, Severity};
use super::reaction::{self, with_reaction};
use super::reissue::{self, Held};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::connection::{Connection, Presented};
use crate::time::date_text;
use crate::tls::Role;
use crate::x509::Certificate;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] =
    &[CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, soon::CERT_EXPIRES_SOON];

const SYMPTOM: Text = Text::en(
    "MRA login or registration fails from one day to the next, often for one node only; Expressway raises alarms for its own certificate, not for those of others",
);

/// How a peer says "expired": OpenSSL certificate_expired (45), Java as a server, and
/// as a client where its path checker does not say why, certificate_unknown (46).
const EXPIRED: &[u8] = &[45, 46];
/// How a peer says "not yet valid": OpenSSL bad_certificate (42), Java 42 or 46.
const NOT_YET_VALID: &[u8] = &[42, 46];

const CERTIFICATE_EXPIRED: Rule = Rule {
    id: "certificate-expired",
    severity: Severity::Error,
    summary: Text::en("A certificate had expired when the connection was made"),
    sentence: Text::en(
        "{chain_of} {holder}{showed}, {what} expired on {date}, before {when}; {reaction}.",
    ),
    remedy: Text::en("{renew}. {replace}."),
    needs: &[],
    applies: Text::en("Every TLS connection that shows certificates"),
    part: Part::Certificate { alerts: EXPIRED, clause: Text::en("{what} had expired on {date}") },
    page: Page {
        checks: Text::en(
            "The end of validity of every certificate that was shown, and of the CA certificates used from the trust store, against the time of the connection in the capture.",
        ),
        why: Text::en(
            "A client refuses an expired certificate, and so does a server that asks for one; it is enough that one CA of the chain has expired.",
        ),
        symptom: SYMPTOM,
        steps: Text::en(
            "1. Check the date on the node that recorded the capture. 2. Renew the certificate that the finding names, or fetch the renewed CA certificate into the trust list. 3. Restart the services that use it. 4. Check the other nodes of the cluster: their certificates were often issued on the same day.",
        ),
        caveat: Text::en(
            "The time is that of the capturing machine. If its clock was wrong, the finding is wrong, and the machine would judge as wrongly.",
        ),
    },
    references: &["RFC 5280, 4.1.2.5", "RFC 5280, 6.1.3", "RFC 8446, 6.2"],
    check: Check::Connection(certificate_expired),
};

fn certificate_expired(subject: &Subject<'_>) -> Option<Observation> {
    let time = subject.connection.clock()?;
    let late = |certificate: &Certificate| certificate.not_after.unix.filter(|end| *end < time);
    let outdated = Outdated::find(subject.connection, late)?;
    Some(outdated.observation(subject, EXPIRED, "x509af.notAfter"))
}

const CERTIFICATE_NOT_YET_VALID: Rule = Rule {
    id: "certificate-not-yet-valid",
    severity: Severity::Error,
    summary: Text::en("A certificate was not valid yet when the connection was made"),
    sentence: Text::en(
        "{chain_of} {holder}{showed}, {what} is valid only from {date}, after {when}; {reaction}.",
    ),
    remedy: Text::en(
        "Check date and time of both machines and their NTP servers (the certificate may be right and a clock wrong). Else issue {certificate} again. {replace}.",
    ),
    needs: &[],
    applies: Text::en("Every TLS connection that shows certificates"),
    part: Part::Certificate {
        alerts: NOT_YET_VALID,
        clause: Text::en("{what} is valid only from {date}"),
    },
    page: Page {
        checks: Text::en(
            "The begin of validity of every certificate that was shown, and of the CA certificates used from the trust store, against the time of the connection in the capture.",
        ),
        why: Text::en(
            "A client refuses a certificate whose time has not come, and so does a server that asks for one.",
        ),
        symptom: Text::en(
            "MRA login or registration fails right after a certificate was renewed, or after a machine lost its time source",
        ),
        steps: Text::en(
            "1. Check the clocks and NTP of the CA, of the node and of the Expressway. 2. Wait, or issue the certificate again with a begin in the past. 3. Restart the services that use it.",
        ),
        caveat: Text::en(
            "The time is that of the capturing machine; its own clock may be the one that is wrong.",
        ),
    },
    references: &["RFC 5280, 4.1.2.5", "RFC 5280, 6.1.3"],
    check: Check::Connection(certificate_not_yet_valid),
};

fn certificate_not_yet_valid(subject: &Subject<'_>) -> Option<Observation> {
    let time = subject.connection.clock()?;
    let early =
        |certificate: &Certificate| certificate.not_before.unix.filter(|begin| *begin > time);
    let outdated = Outdated::find(subject.connection, early)?;
    Some(outdated.observation(subject, NOT_YET_VALID, "x509af.notBefore"))
}

/// A certificate outside its validity, and the date that says so.
struct Outdated {
    of: Role,
    held: Held,
    date: i64,
    certificate: Arc<Certificate>,
    in_path: bool,
}

impl Outdated {
    /// The first one of either side. The server comes first because it shows first.
    fn find(connection: &Connection, wrong: impl Fn(&Certificate) -> Option<i64>) -> Option<Self> {
        [Role::Server, Role::Client].into_iter().find_map(|of| {
            // A path that is fine does without the certificates that are not.
            let judged = connection.path(of).judged();
            if judged.is_some_and(|path| path.ok()) {
                return None;
            }
            all(connection, of).into_iter().find_map(|(held, certificate)| {
                Some(Self {
                    of,
                    held,
                    date: wrong(certificate)?,
                    certificate: Arc::clone(certificate),
                    in_path: judged.is_some() || held == Held::Own,
                })
            })
        })
    }

    fn observation(self, subject: &Subject<'_>, alerts: &[u8], field: &'static str) -> Observation {
        let connection = subject.connection;
        let (chain_of, showed) = match self.held {
            Held::Own | Held::Sent => (Text::en("Of what"), Text::en(" showed")),
            Held::Trusted => (Text::en("Of the chain of"), Text::en("")),
        };
        let renewed = renewed(connection, self.of, &self.certificate);
        let renew = match (self.held, renewed) {
            (Held::Own, _) => RENEW,
            (_, Some(_)) => RENEWED_IS_SENT,
            (_, None) => RENEW_CA,
        };
        let values = scene::values(connection)
            .with("certificate", self.certificate.title())
            .with("date", date_text(self.date))
            // To the second, as certificates have it.
            .with("time", date_text(connection.judged_at.seconds()))
            .with_words("when", when(connection))
            .with("holder", scene::holder(connection, self.of))
            .with_words("chain_of", chain_of)
            .with_words("showed", showed)
            .with_words("renew", renew)
            .with_words("what", self.held.what());
        let values = match renewed {
            Some(renewed) => values.with("renewed", renewed.title()),
            None => values,
        };
        let values = reissue::with_place(values, subject, &self.certificate, self.of, self.held);
        // Nobody knows whether a stray certificate behind the first is needed.
        let unsure = (!self.in_path && !reaction::tells(connection, self.of, alerts))
            .then_some(Severity::Warning);
        Observation {
            values: with_reaction(values, connection, self.of, alerts),
            evidence: scene::certificate_frame(connection, self.of)
                // The frame does not show what the trust list holds.
                .filter(|_| self.held != Held::Trusted)
                .map(|frame| Evidence::new(frame, field, date_text(self.date)))
                .into_iter()
                .chain(scene::ending(connection))
                .collect(),
            severity: reaction::severity(connection, self.of).or(unsure),
            of: Some(self.of),
        }
    }
}

const RENEW: Text = Text::en("Renew {certificate}");
const RENEWED_IS_SENT: Text = Text::en(
    "The renewed certificate of {ca} is there: {holder} sends {renewed} (`tlsight certs` writes it out)",
);
const RENEW_CA: Text = Text::en("Get the renewed certificate of {ca} from whoever runs that CA");

/// What a side sent that has the name and the key of an outdated CA certificate, and is valid.
fn renewed<'c>(
    connection: &'c Connection,
    of: Role,
    outdated: &Certificate,
) -> Option<&'c Arc<Certificate>> {
    let time = connection.clock()?;
    let mut sent = connection.certificates(of).iter().filter_map(Presented::parsed);
    sent.find(|one| {
        let begun = one.not_before.unix.is_some_and(|begin| begin <= time);
        let valid = begun && one.not_after.unix.is_some_and(|end| time <= end);
        let same =
            one.subject == outdated.subject && one.public_key.spki == outdated.public_key.spki;
        valid && same
    })
}

/// The certificates of the path of a side, but not a root that it sent: who trusts that has it,
/// perhaps renewed, and does not need the one that was sent.
fn all(connection: &Connection, of: Role) -> Vec<(Held, &Arc<Certificate>)> {
    let links = connection.validation(of).into_iter().flat_map(|validation| &validation.path);
    links
        .enumerate()
        .map(|(depth, link)| (Held::at(depth, link.origin), &link.certificate))
        .filter(|(held, certificate)| *held != Held::Sent || !certificate.is_self_signed())
        .collect()
}

/// The time at which the certificate was judged.
fn when(connection: &Connection) -> Text {
    if connection.judged_at == connection.first.time {
        Text::en("this connection at {time}")
    } else {
        Text::en("{time}, the time that was asked for")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::validation_of_server;
    use super::super::testing::{EXPRESSWAY, NO_STORE, WITHOUT_ROOT, bent, finding, findings};
    use super::*;
    use crate::trust::{Origin, VerifyError, code};

    #[test]
    fn an_expired_certificate_is_told_with_its_date() {
        for store in [EXPRESSWAY, WITHOUT_ROOT, NO_STORE] {
            let found = finding("certificate-expired", "expired.pcap", store);
            assert!(
                found.sentence().contains("56:ff:6c:71:00:00:00:00:00:e0) expired on 2025-01-01")
            );
            assert!(found.sentence().contains("refused it with alert certificate_expired (45)"));
            assert_eq!(found.severity, Severity::Error);
        }
    }

    #[test]
    fn a_root_that_was_sent_does_not_have_to_be_valid() {
        let old = |origin| {
            bent("certificate-expired", "root-missing.pcap", EXPRESSWAY, |connection| {
                let validation = validation_of_server(connection);
                validation.errors = vec![VerifyError::new(code::SELF_SIGNED_CERT_IN_CHAIN, 2)];
                validation.path[2].origin = origin;
                let root = Arc::make_mut(&mut validation.path[2].certificate);
                root.not_after.unix = Some(1_700_000_000);
            })
        };
        assert!(old(Origin::Peer(1)).is_none());
        assert!(old(Origin::Store(0)).is_some());
    }

    #[test]
    fn a_renewed_certificate_that_was_sent_is_named() {
        let found = bent("certificate-expired", "root-missing.pcap", EXPRESSWAY, |connection| {
            let validation = validation_of_server(connection);
            validation.errors = vec![VerifyError::new(code::CERT_HAS_EXPIRED, 1)];
            // The trust list has an old one of what the server sends.
            validation.path[1].origin = Origin::Store(0);
            let between = Arc::make_mut(&mut validation.path[1].certificate);
            between.not_after.unix = Some(1_700_000_000);
        });
        let remedy = found.unwrap().remedy();
        assert!(
            remedy.starts_with("The renewed certificate of CN=Example Issuing CA 1"),
            "{remedy}"
        );
    }

    #[test]
    fn an_expired_ca_of_the_trust_list_is_replaced_there() {
        let found = bent("certificate-expired", "root-missing.pcap", EXPRESSWAY, |connection| {
            let validation = validation_of_server(connection);
            validation.errors = vec![VerifyError::new(code::CERT_HAS_EXPIRED, 2)];
            let root = Arc::make_mut(&mut validation.path[2].certificate);
            root.not_after.unix = Some(1_700_000_000);
        });
        let found = found.unwrap();
        assert!(found.sentence().starts_with("Of the chain of cucmpub.example.org"));
        assert!(found.sentence().contains("of the trust list of 10.30.5.20 expired on 2023-11-14"));
        assert!(found.remedy().starts_with("Get the renewed certificate of CN=Example Root CA"));
        assert!(found.remedy().contains("Maintenance > Security > Trusted CA certificate"));
        assert!(!found.remedy().contains("Certificate Management"));
    }

    #[test]
    fn a_renewed_self_signed_certificate_has_to_be_trusted_again() {
        let sample = "ecdsa-selfsigned-untrusted.pcap";
        let found = bent("certificate-expired", sample, NO_STORE, |connection| {
            connection.judged_at = crate::time::Timestamp::from_seconds(9_000_000_000);
        });
        assert!(found.unwrap().remedy().contains("It is self-signed, so the new one has to be"));
    }

    #[test]
    fn a_certificate_of_the_future_is_told_with_its_date() {
        let found = finding("certificate-not-yet-valid", "not-yet-valid.pcap", EXPRESSWAY);
        assert!(found.sentence().contains("is valid only from 2042-01-01"));
        assert!(findings("certificate-expired", "not-yet-valid.pcap", EXPRESSWAY).is_empty());
    }

    #[test]
    fn a_capture_without_a_clock_is_not_judged() {
        let found = bent("certificate-not-yet-valid", "rsa-trusted.pcap", NO_STORE, |connection| {
            connection.judged_at = crate::time::Timestamp::from_seconds(0);
        });
        assert!(found.is_none());
    }

    #[test]
    fn valid_certificates_are_silent() {
        for rule in ["certificate-expired", "certificate-not-yet-valid"] {
            assert!(findings(rule, "mtls-accepted.pcap", EXPRESSWAY).is_empty());
            assert!(findings(rule, "root-missing.pcap", NO_STORE).is_empty());
        }
    }
}
