//! Were the certificates valid when the connection was made?

use std::collections::BTreeSet;
use std::sync::Arc;

use super::case::{Case, CaseConnection, CaseObservation};
use super::finding::{Evidence, Observation, Severity};
use super::own;
use super::reaction::{self, with_reaction};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::words::{Text, Values};
use crate::connection::Connection;
use crate::expressway::Appliance;
use crate::time::date_text;
use crate::tls::Role;
use crate::wire::text::count;
use crate::x509::{Certificate, Sha256};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] =
    &[CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERT_EXPIRES_SOON];

const RENEW: &str = "On Unified CM: OS Administration > Security > Certificate Management, then restart the services that use it (utils service restart Cisco Tomcat). On Expressway: upload the new server certificate on that peer, then restart it";
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
        "Of what {holder} showed, {what} expired on {date}, before {when}; {reaction}.",
    ),
    remedy: Text::en("Renew {certificate}. {renew}."),
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
    Some(outdated.observation(subject.connection, EXPIRED, "x509af.notAfter"))
}

const CERTIFICATE_NOT_YET_VALID: Rule = Rule {
    id: "certificate-not-yet-valid",
    severity: Severity::Error,
    summary: Text::en("A certificate was not valid yet when the connection was made"),
    sentence: Text::en(
        "Of what {holder} showed, {what} is valid only from {date}, after {when}; {reaction}.",
    ),
    remedy: Text::en(
        "Check date and time of both machines and their NTP servers (the certificate may be right and a clock wrong). Else issue {certificate} again. {renew}.",
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
    Some(outdated.observation(subject.connection, NOT_YET_VALID, "x509af.notBefore"))
}

/// A certificate outside its validity, and the date that says so.
struct Outdated {
    of: Role,
    depth: usize,
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
            let shown = connection.certificates(of).iter().filter_map(|one| one.parsed());
            let path = judged.into_iter().flat_map(|path| &path.path).map(|link| &link.certificate);
            let all: Vec<_> = match judged {
                Some(_) => path.enumerate().collect(),
                None => shown.enumerate().collect(),
            };
            all.into_iter().find_map(|(depth, certificate)| {
                Some(Self {
                    of,
                    depth,
                    date: wrong(certificate)?,
                    certificate: Arc::clone(certificate),
                    in_path: judged.is_some() || depth == 0,
                })
            })
        })
    }

    fn observation(
        self,
        connection: &Connection,
        alerts: &[u8],
        field: &'static str,
    ) -> Observation {
        let values = scene::values(connection)
            .with("certificate", scene::certificate(&self.certificate))
            .with("date", date_text(self.date))
            .with("time", connection.judged_at)
            .with_words("when", when(connection))
            .with("holder", scene::holder(connection, self.of))
            .with("renew", RENEW)
            .with_words("what", self.what());
        // Nobody knows whether a stray certificate behind the first is needed.
        let unsure = (!self.in_path && !reaction::tells(connection, self.of, alerts))
            .then_some(Severity::Warning);
        Observation {
            values: with_reaction(values, connection, self.of, alerts),
            evidence: scene::certificate_frame(connection, self.of)
                .map(|frame| Evidence::new(frame, field, date_text(self.date)))
                .into_iter()
                .chain(scene::ending(connection))
                .collect(),
            severity: reaction::severity(connection, self.of).or(unsure),
            of: Some(self.of),
        }
    }

    const fn what(&self) -> Text {
        match self.depth {
            0 => Text::en("the certificate {certificate}"),
            _ => Text::en("the CA certificate {certificate} in the chain"),
        }
    }
}

/// The time at which the certificate was judged.
fn when(connection: &Connection) -> Text {
    if connection.judged_at == connection.first.time {
        Text::en("this connection at {time}")
    } else {
        Text::en("{time}, the time that was asked for")
    }
}

/// Less than this is soon: 30 days.
const SOON: i64 = 30 * 86_400;
/// The alarms that an Expressway raises before its own certificate expires.
const EXPIRY_ALARMS: &[u32] = &[40_069, 40_079];

const CERT_EXPIRES_SOON: Rule = Rule {
    id: "cert-expires-soon",
    severity: Severity::Warning,
    summary: Text::en("A certificate expires within 30 days after the capture"),
    sentence: Text::en(
        "{what} {certificate} of {holder} ({seen}) expires on {date}, {days} after the capture.{alarmed}",
    ),
    remedy: Text::en("Renew {certificate} before {date}. {renew}."),
    needs: &[],
    applies: Text::en("Certificates on the wire, and those of known Expressways"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "The end of validity of every certificate that was shown, and of those in server_*.pem and client_*.pem of a known Expressway, against the time of the capture. Each certificate is told once.",
        ),
        why: Text::en(
            "Expressway raises alarms for its own certificate only (40069, and from X15.5 on 40079 for that of the client, 21 days before). Nobody warns it of the certificates of Unified CM nodes and CAs.",
        ),
        symptom: Text::en("None yet; on that day login or registration fails"),
        steps: Text::en(
            "1. Renew the certificate; for a CA certificate, fetch its successor into the trust lists. 2. Restart the services that use it. 3. Look at the other nodes: their certificates were often issued on the same day.",
        ),
        caveat: Text::en(
            "Days count from the capture, not from today. A CA certificate may be sent and not needed.",
        ),
    },
    references: &[
        "RFC 5280, 4.1.2.5",
        "Cisco Expressway Administrator Guide X15.5, Reference Material (alarms)",
    ],
    check: Check::Case(cert_expires_soon),
};

fn cert_expires_soon(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for one in case.connections {
        for of in [Role::Server, Role::Client] {
            found.extend(shown_soon(case, one, of, &mut told));
        }
    }
    let Some(now) = case.clock() else { return found };
    for appliance in case.deployment.appliances() {
        let files = [
            (&appliance.server_certificates, Text::en("server_*.pem")),
            (&appliance.client_certificates, Text::en("client_*.pem")),
        ];
        for (list, file) in files {
            for (depth, certificate) in list.iter().enumerate() {
                let Some(soon) = Soon::find(certificate, now, &mut told) else { continue };
                let values = soon.values(certificate, depth).with("holder", appliance.title());
                let seen = if appliance.archive.is_some() { file } else { GIVEN };
                let values = values.with_words("seen", seen);
                found.push(own::told(alarmed(values, Some(appliance), depth)));
            }
        }
    }
    found
}

const GIVEN: Text = Text::en("the file given with --own-cert");

/// The certificates that one side shows in a connection and that were not told yet.
fn shown_soon(
    case: &Case<'_>,
    one: &CaseConnection<'_>,
    of: Role,
    told: &mut BTreeSet<Sha256>,
) -> Vec<CaseObservation> {
    let connection = one.subject.connection;
    let Some(now) = connection.clock() else { return Vec::new() };
    let known = one.subject.leg.appliance_of(of).and_then(|at| case.deployment.appliance(at));
    let shown = connection.certificates(of).iter().enumerate();
    shown
        .filter_map(|(depth, shown)| {
            let certificate = shown.parsed()?;
            let soon = Soon::find(certificate, now, told)?;
            let values = soon
                .values(certificate, depth)
                .with("holder", scene::holder(connection, of))
                .with("port", connection.server.port)
                .with_words("seen", Text::en("shown on port {port}"));
            let evidence = Evidence::new(shown.frame, "x509af.notAfter", date_text(soon.end));
            Some(one.observation(Observation {
                values: alarmed(values, known, depth),
                evidence: vec![evidence],
                severity: None,
                of: Some(of),
            }))
        })
        .collect()
}

fn alarmed(values: Values, known: Option<&Appliance>, depth: usize) -> Values {
    match known.filter(|_| depth == 0) {
        Some(appliance) => own::with_alarm(values, appliance, EXPIRY_ALARMS),
        None => values.with_words("alarmed", Text::en("")),
    }
}

/// The end of a certificate that expires soon.
struct Soon {
    end: i64,
    days: i64,
}

impl Soon {
    /// Of a certificate that is asked for the first time.
    fn find(certificate: &Certificate, now: i64, told: &mut BTreeSet<Sha256>) -> Option<Self> {
        let end = certificate.not_after.unix?;
        let left = end.checked_sub(now)?;
        let soon = (0..SOON).contains(&left) && told.insert(certificate.sha256);
        soon.then_some(Self { end, days: left / 86_400 })
    }

    fn values(&self, certificate: &Certificate, depth: usize) -> Values {
        let what = match depth {
            0 => Text::en("The certificate"),
            _ => Text::en("The CA certificate"),
        };
        Values::new()
            .with("certificate", scene::certificate(certificate))
            .with("date", date_text(self.end))
            .with("days", count(self.days.unsigned_abs(), "day"))
            .with("renew", RENEW)
            .with_words("what", what)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, NO_STORE, WITHOUT_ROOT, bent, finding, findings};
    use super::super::testing::{
        case_findings, end_after, expressway, findings_of, log, own_certificate,
    };
    use super::*;
    use crate::expressway::Event;

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

    fn ending_after(days: i64) -> Appliance {
        let certificate = own_certificate(|params| end_after(params, days));
        Appliance {
            server_certificates: vec![certificate],
            archive: Some("expc.tar.gz".to_owned()),
            log: Some(log(vec![])),
            ..expressway()
        }
    }

    #[test]
    fn the_certificate_of_an_expressway_that_expires_soon_is_told_once() {
        const RULE: &str = "cert-expires-soon";
        let mut twice = ending_after(29);
        twice.client_certificates = twice.server_certificates.clone();
        let found = case_findings(RULE, vec![twice]);
        let [found] = &found[..] else { panic!("{found:?}") };
        let said = found.sentence();
        assert!(
            said.contains("of Expressway-C expc.example.org (server_*.pem) expires on 2026-12-20"),
            "{said}"
        );
        assert!(said.ends_with("29 days after the capture."), "{said}");
        for days in [30, -1] {
            assert!(case_findings(RULE, vec![ending_after(days)]).is_empty(), "{days}");
        }
    }

    #[test]
    fn the_alarm_is_told_with_it() {
        let alarm = Event::Alarm { id: 40_069, raised: Some(true), text: String::new() };
        let appliance = Appliance { log: Some(log(vec![alarm])), ..ending_after(3) };
        let said = case_findings("cert-expires-soon", vec![appliance])[0].sentence();
        assert!(
            said.ends_with("after the capture. Line 1 of its log shows alarm 40069."),
            "{said}"
        );
    }

    #[test]
    fn certificates_of_the_samples_last_longer() {
        for sample in ["mtls-accepted.pcap", "expired.pcap"] {
            assert!(findings_of("cert-expires-soon", sample, NO_STORE, expressway()).is_empty());
        }
    }
}
