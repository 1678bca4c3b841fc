//! Will a certificate expire soon after the capture?

use std::collections::BTreeSet;

use super::super::reissue;
use super::{RENEW, RENEW_CA};
use crate::expressway::{Appliance, Party};
use crate::rules::case::{Case, CaseConnection, CaseObservation};
use crate::rules::finding::{Evidence, Observation, Severity};
use crate::rules::own;
use crate::rules::rule::{Check, Page, Part, Rule};
use crate::rules::scene;
use crate::rules::words::{Text, Values};
use crate::time::date_text;
use crate::tls::Role;
use crate::wire::text::count;
use crate::x509::{Certificate, Sha256};

/// Less than this is soon: 30 days.
const SOON: i64 = 30 * 86_400;
/// The alarms that an Expressway raises before its own certificate expires.
const EXPIRY_ALARMS: &[u32] = &[40_069, 40_079];

pub(super) const CERT_EXPIRES_SOON: Rule = Rule {
    id: "cert-expires-soon",
    severity: Severity::Warning,
    summary: Text::en("A certificate expires within 30 days after the capture"),
    sentence: Text::en(
        "{what} {certificate} of {holder} ({seen}) expires on {date}, {days} after the capture.{alarmed}",
    ),
    remedy: Text::en("{renew} before {date}. {replace}.{trusted}"),
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
                let values = soon
                    .values(certificate, depth, Party::Expressway)
                    .with("holder", appliance.title());
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
                .values(certificate, depth, one.subject.leg.party(of))
                .with("holder", scene::holder(connection, of))
                .with("port", connection.server.port.to_string())
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

/// Of a certificate that may be a trust anchor.
const TRUSTED: Text =
    Text::en(" Whoever has the old one in a trust list needs the new one there, too.");

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

    fn values(&self, certificate: &Certificate, depth: usize, holder: Party) -> Values {
        let (what, renew, replace) = match depth {
            0 => (Text::en("The certificate"), RENEW, reissue::own(holder)),
            _ => (Text::en("The CA certificate"), RENEW_CA, reissue::sent(holder)),
        };
        let alone = depth == 0 && !certificate.is_self_signed();
        let trusted = if alone { Text::en("") } else { TRUSTED };
        Values::new()
            .with("certificate", certificate.title())
            .with("date", date_text(self.end))
            .with("days", count(self.days.unsigned_abs(), "day"))
            .with("ca", certificate.subject.text())
            .with_words("renew", renew)
            .with_words("replace", replace)
            .with_words("trusted", trusted)
            .with_words("what", what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expressway::Event;
    use crate::rules::testing::{
        bend_leaf, bend_shown, bent_case, case_findings, end_after, expressway, log,
        own_certificate,
    };

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
    fn a_certificate_on_the_wire_is_told_with_its_frame() {
        let of = |days: i64| {
            let sample = "rsa-trusted.pcap";
            bent_case("cert-expires-soon", sample, vec![], vec![], |connection| {
                let end = connection.judged_at.seconds() + days * 86_400;
                bend_leaf(connection, Role::Server, |leaf| leaf.not_after.unix = Some(end));
            })
        };
        let found = of(12);
        let [found] = &found[..] else { panic!("{found:?}") };
        assert!(found.sentence().contains("(shown on port"), "{}", found.sentence());
        assert!(found.sentence().ends_with("12 days after the capture."), "{}", found.sentence());
        assert_eq!(found.frames().len(), 1);
        assert!(found.remedy().starts_with("Renew CN="), "{}", found.remedy());
        assert!(!found.remedy().contains("trust list"), "{}", found.remedy());
        assert!(of(30).is_empty());
    }

    #[test]
    fn a_ca_certificate_is_renewed_by_the_ca() {
        let sample = "rsa-trusted.pcap";
        let found = bent_case("cert-expires-soon", sample, vec![], vec![], |connection| {
            let end = connection.judged_at.seconds() + 86_400;
            bend_shown(connection, Role::Server, 1, |ca| ca.not_after.unix = Some(end));
        });
        let remedy = found.first().expect("a finding").remedy();
        assert!(remedy.starts_with("Get the renewed certificate of CN=Example Issuing CA 1"));
        assert!(remedy.contains("Upload the new CA certificate"), "{remedy}");
        assert!(remedy.ends_with("in a trust list needs the new one there, too."), "{remedy}");
    }
}
