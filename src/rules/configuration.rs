//! What the settings, the status and the log of an Expressway say by themselves.

mod log_only;

use super::case::{Case, CaseConnection, CaseObservation};
use super::cipher_preference::sip_differs;
use super::documents::{ADMIN_REFERENCE, MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION};
use super::finding::{Observation, Severity};
use super::own::{alarm, log_lines, told};
use super::rule::{Check, Need, Page, Part, Rule};
use super::words::{Text, Values};
use crate::expressway::log::Action;
use crate::expressway::settings::Inaccessible;
use crate::expressway::{Appliance, Event, Verification};
use crate::tls::Role;
use crate::wire::text::count;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[
    ORIGIN_VERIFICATION_DISABLED,
    VERIFY_MODE_OFF_NO_RELIEF,
    REVOCATION_FAIL,
    RESTART_PENDING,
    DEBUG_NOT_ENABLED,
    log_only::REFUSAL_IN_LOG_ONLY,
    BUNDLE_INCOMPLETE,
];

const DIAGNOSTICS: &str = "Administrator Guide X15.5, Diagnostics and Troubleshooting";

const ORIGIN_VERIFICATION_DISABLED: Rule = Rule {
    id: "origin-verification-disabled",
    severity: Severity::Warning,
    summary: Text::en("The traffic server does not enforce what it verifies"),
    sentence: Text::en(
        "{host}: {how}. Certificates of UC nodes that cannot be trusted are accepted, so a login that works proves nothing about them.",
    ),
    remedy: Text::en(
        "When the trust list is right, switch it on again, on each Expressway-C: `xConfiguration EdgeConfigServer VerifyOriginServer: On`.",
    ),
    needs: &[Need::Archive],
    applies: Text::en("Expressway-C from X14.2 on"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether `EdgeConfigServer VerifyOriginServer` is Off in the configuration, or the log says Action=Continue after a failed verification.",
        ),
        why: Text::en(
            "The switch is the short way out after an upgrade to X14.2. It leaves Expressway-C open to anybody who stands in for a UC node (CVE-2022-20814).",
        ),
        symptom: Text::en("None: logins work"),
        steps: Text::en(
            "1. Mend the trust list as the other findings say. 2. `xConfiguration EdgeConfigServer VerifyOriginServer: On` on each Expressway-C. 3. Test a login.",
        ),
        caveat: Text::en(
            "The setting stands in no xConfiguration reference; that it is missing in a configuration says nothing.",
        ),
    },
    references: &[TRAFFIC_SERVER_VERIFICATION, "X14.2 release notes", "CSCwc69661", "CSCwa25108"],
    check: Check::Case(origin_verification_disabled),
};

fn origin_verification_disabled(case: &Case<'_>) -> Vec<CaseObservation> {
    let appliances = case.deployment.appliances().iter();
    appliances
        .filter_map(|appliance| {
            let settings = appliance.settings.as_ref();
            let off = settings.and_then(|settings| settings.verify_origin_server()) == Some(false);
            let goes_on = log_lines(appliance).find(|line| {
                matches!(
                    line.event,
                    Event::ChainRefused { action: Action::Continue, .. }
                        | Event::NameRefused { action: Action::Continue, .. }
                )
            });
            let how = match (off, goes_on) {
                (true, _) => Text::en("EdgeConfigServer VerifyOriginServer is Off"),
                (false, Some(_)) => Text::en("log line {line} says Action=Continue"),
                (false, None) => return None,
            };
            let values = of(appliance)
                .with("line", goes_on.map(|line| line.number).unwrap_or_default().to_string())
                .with_words("how", how);
            Some(told(values))
        })
        .collect()
}

const VERIFY_MODE_OFF_NO_RELIEF: Rule = Rule {
    id: "verify-mode-off-no-relief",
    severity: Severity::Info,
    summary: Text::en("TLS verify mode Off does not switch off what fails here"),
    sentence: Text::en(
        "{host} runs {version}: that TLS verify mode of {server} is Off{shown} does not help; the traffic server verifies every HTTPS connection, whatever that mode says.",
    ),
    remedy: Text::en(
        "Mend the trust as the verdict says. As a stopgap that lowers security: `xConfiguration EdgeConfigServer VerifyOriginServer: Off` on each Expressway-C, until the trust list is right.",
    ),
    needs: &[Need::Settings, Need::Version],
    applies: Text::en("Expressway-C from X14.2 on (disputed: X14.0.8)"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a certificate of a UC node fails, and the configuration shows TLS verify mode Off for a UC server or a zone that Expressway made for one.",
        ),
        why: Text::en(
            "TLS verify mode rules discovery only. It is the first thing that is switched when logins fail, and changes nothing.",
        ),
        symptom: Text::en("Login still fails after TLS verify mode was set to Off"),
        steps: Text::en(
            "1. Leave TLS verify mode as it was. 2. Follow the verdict. 3. Use VerifyOriginServer only to win time.",
        ),
        caveat: Text::en(
            "The mode of a UC server has no documented path in the configuration; it is told by the zones CEtls, which inherit it, or by what looks like such a server.",
        ),
    },
    references: &[MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION],
    check: Check::Case(verify_mode_off_no_relief),
};

fn verify_mode_off_no_relief(case: &Case<'_>) -> Vec<CaseObservation> {
    let appliances = case.deployment.appliances().iter().enumerate();
    appliances
        .filter_map(|(index, appliance)| {
            let version = appliance.version?;
            if version.verifies_origin_servers() == Verification::No {
                return None;
            }
            let failing = case.of_appliance(index).find(|one| refused_by_traffic_server(one))?;
            let zone = verify_off(appliance)?;
            let values = of(appliance)
                .with("version", version.to_string())
                .with("server", super::scene::server(failing.subject.connection))
                .with("zone", zone)
                .with_words("shown", Text::en(" ({zone})"));
            Some(failing.observation(Observation { values, ..Observation::default() }))
        })
        .collect()
}

/// Whether the traffic server refused a certificate.
fn refused_by_traffic_server(one: &CaseConnection<'_>) -> bool {
    one.subject.leg.is_traffic_server()
        && one.subject.connection.outcome.failed()
        && one.server_certificate_fault().is_some()
}

/// What shows that TLS verify mode is Off.
fn verify_off(appliance: &Appliance) -> Option<String> {
    let settings = appliance.settings.as_ref()?;
    let server = settings.uc_servers().into_iter().find(|server| server.tls_verify == Some(false));
    if let Some(server) = server {
        return Some(format!("{} of {}", server.path.trim(), server.address));
    }
    let zone = settings
        .zones()
        .into_iter()
        .find(|zone| zone.tls_verify == Some(false) && zone.name.starts_with("CEtls"))?;
    Some(format!("zone {}", zone.name))
}

const REVOCATION_FAIL: Rule = Rule {
    id: "revocation-fail",
    severity: Severity::Warning,
    summary: Text::en(
        "Certificates count as revoked when their revocation source cannot be reached",
    ),
    sentence: Text::en(
        "{host} checks revocation for SIP TLS, with Source Inaccessibility Behavior Fail: {refused}. That looks like a certificate fault and is none.",
    ),
    remedy: Text::en(
        "Configuration > SIP: let the Expressway reach the CRL or OCSP source, or set Source inaccessibility behavior to Ignore, or Certificate revocation checking to Off for a test.",
    ),
    needs: &[Need::Settings],
    applies: Text::en("SIP TLS of Expressway"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether revocation checking of SIP is on and an unreachable source means a failure, while the Expressway refused a SIP TLS handshake.",
        ),
        why: Text::en(
            "An Expressway-C in an inner network often reaches no OCSP responder of a public CA.",
        ),
        symptom: Text::en("SIP TLS zones fail though chain, name and dates are right"),
        steps: Text::en(
            "1. Configuration > SIP > Certificate revocation checking. 2. Test with Ignore. 3. Allow HTTP to the CRL and OCSP addresses in the certificates.",
        ),
        caveat: Text::en(
            "Revocation itself is not checked here: whether a certificate is revoked cannot be told from a capture.",
        ),
    },
    references: &[ADMIN_REFERENCE],
    check: Check::Case(revocation_fail),
};

fn revocation_fail(case: &Case<'_>) -> Vec<CaseObservation> {
    let appliances = case.deployment.appliances().iter().enumerate();
    appliances
        .filter_map(|(index, appliance)| {
            let revocation = appliance.settings.as_ref()?.revocation();
            let on = revocation.checking == Some(true);
            if !on || revocation.inaccessible != Some(Inaccessible::Fail) {
                return None;
            }
            let refused = case.of_appliance(index).find(|one| {
                let own = one.subject.leg.client_appliance == Some(index);
                let by = if own { Role::Client } else { Role::Server };
                one.subject.connection.outcome.aborted_by() == Some(by)
                    && one.subject.leg.service.is_some_and(|service| {
                        service.checker == crate::expressway::Checker::SipZone
                    })
            })?;
            let values = of(appliance)
                .with("server", super::scene::server(refused.subject.connection))
                .with_words("refused", Text::en("it refused the handshake with {server}"));
            Some(refused.observation(Observation { values, ..Observation::default() }))
        })
        .collect()
}

const RESTART_PENDING: Rule = Rule {
    id: "restart-pending",
    severity: Severity::Warning,
    summary: Text::en(
        "An alarm asks for a restart, or SIP offers what its configured cipher string cannot give",
    ),
    sentence: Text::en("{host}: {how}."),
    remedy: Text::en("{restart}"),
    needs: &[Need::Archive],
    applies: Text::en("Expressway; changes of trusted CAs, certificates and SIP settings"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the status or the log holds alarm 15028 or 20020, or the order of cipher suites in a ClientHello cannot come from the configured cipher string.",
        ),
        why: Text::en(
            "A new trusted CA, server certificate or cipher string of SIP counts after a restart only.",
        ),
        symptom: Text::en("The remedy was applied and nothing has changed"),
        steps: Text::en("1. Maintenance > Restart options > Restart, peer by peer. 2. Test again."),
        caveat: Text::en(
            "The archive holds the configuration of the moment when logging began; cipher suites that do not fit it can also come from a change after that moment.",
        ),
    },
    references: &[ADMIN_REFERENCE, "MRA Deployment Guide X15.2, troubleshooting"],
    check: Check::Case(restart_pending),
};

/// Alarms that ask for a restart (Administrator Guide X15.5, Reference Material).
const RESTART_ALARMS: [u32; 2] = [15028, 20020];

fn restart_pending(case: &Case<'_>) -> Vec<CaseObservation> {
    let appliances = case.deployment.appliances().iter().enumerate();
    appliances
        .filter_map(|(index, appliance)| {
            let values = of(appliance);
            let Some((id, line)) = alarm(appliance, &RESTART_ALARMS) else {
                return running_otherwise(case, index, values);
            };
            let values = values.with("alarm", id.to_string()).with_words("restart", RESTART);
            Some(told(match line {
                None => values.with_words(
                    "how",
                    Text::en("its status shows alarm {alarm}, which asks for a restart"),
                ),
                Some(line) => values.with("line", line.to_string()).with_words(
                    "how",
                    Text::en("log line {line} shows alarm {alarm}, which asks for a restart"),
                ),
            }))
        })
        .collect()
}

const RESTART: Text = Text::en(
    "Restart the Expressway (Maintenance > Restart options), on every peer of the cluster, and reproduce.",
);
const COMPARE: Text = Text::en(
    "Look whether the SIP cipher list (Maintenance > Security > Ciphers) was changed since the last restart, or since logging began. If it was: restart the Expressway (Maintenance > Restart options), on every peer of the cluster, and reproduce.",
);

/// What SIP offers cannot come from the string that is configured for it.
fn running_otherwise(case: &Case<'_>, index: usize, values: Values) -> Option<CaseObservation> {
    let one = sip_differs(case, index)?;
    let values = values.with("server", super::scene::server(one.subject.connection)).with_words(
        "how",
        Text::en("the cipher suites that SIP offers to {server} cannot come from the configured SIPTLSCiphers"),
    );
    let values = values.with_words("restart", COMPARE);
    // Where SIP works, a list that differs harms nobody yet.
    let severity = (!one.subject.connection.outcome.failed()).then_some(Severity::Info);
    Some(one.observation(Observation { values, severity, ..Observation::default() }))
}

const DEBUG_NOT_ENABLED: Rule = Rule {
    id: "debug-not-enabled",
    severity: Severity::Info,
    summary: Text::en("TLS 1.3 failed, and the loggers that would tell why were not at DEBUG"),
    sentence: Text::en(
        "{host} logged with {levels}: the certificates of the TLS 1.3 handshake with {server}, which failed, stand neither in the capture nor in the log.",
    ),
    remedy: Text::en("Set the four loggers and reproduce: {loggers}"),
    needs: &[Need::Settings],
    applies: Text::en("Expressway X15 and later"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a TLS 1.3 handshake of a known Expressway failed while the configuration has a developer logger of the traffic server below DEBUG.",
        ),
        why: Text::en(
            "TLS 1.3 encrypts certificates, and the ordinary log of a broken TLS 1.3 handshake is of little help.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Set the four loggers on the command line of the Expressway. 2. Start diagnostic logging with tcpdump, reproduce, stop. 3. Set them back to INFO.",
        ),
        caveat: Text::en("DEBUG fills the log fast; keep the test short."),
    },
    references: &[MRA_REQUIREMENTS],
    check: Check::Case(debug_not_enabled),
};

/// The four loggers, as 225476 names them.
const LOGGERS: [&str; 4] = [
    "developer.trafficserver.http",
    "developer.trafficserver.http_trans",
    "developer.trafficserver.iocore",
    "developer.trafficserver.ssl",
];

/// The commands that set them, each on its own.
pub(super) fn debug_commands() -> String {
    let commands: Vec<String> = LOGGERS
        .iter()
        .map(|logger| format!("`xConfiguration Logger Developer {logger} Level: 'DEBUG'`"))
        .collect();
    commands.join(", ")
}

fn debug_not_enabled(case: &Case<'_>) -> Vec<CaseObservation> {
    let appliances = case.deployment.appliances().iter().enumerate();
    appliances
        .filter_map(|(index, appliance)| {
            let settings = appliance.settings.as_ref()?;
            let below: Vec<String> = LOGGERS
                .iter()
                .filter_map(|logger| Some((logger, settings.logger_level(logger)?)))
                .filter(|(_, level)| !level.eq_ignore_ascii_case("DEBUG"))
                .map(|(logger, level)| format!("{logger} at {level}"))
                .collect();
            let failed = case.of_appliance(index).find(|one| {
                let connection = one.subject.connection;
                connection.handshake.is_tls13()
                    && connection.outcome.failed()
                    && connection.server_certificates.is_empty()
            })?;
            if below.is_empty() || appliance.version.is_some_and(|version| version.major < 15) {
                return None;
            }
            let values = of(appliance)
                .with("levels", below.join(", "))
                .with("server", super::scene::server(failed.subject.connection))
                .with("loggers", debug_commands());
            Some(failed.observation(Observation { values, ..Observation::default() }))
        })
        .collect()
}

const BUNDLE_INCOMPLETE: Rule = Rule {
    id: "bundle-incomplete",
    severity: Severity::Info,
    summary: Text::en("The diagnostic archive lacks something that the answer may need"),
    sentence: Text::en("{host}: {lacks}."),
    remedy: Text::en(
        "Collect again: Maintenance > Diagnostics > Diagnostic logging, tick Take tcpdump while logging, start, reproduce, stop, Collect log, and download the archive from every peer of the cluster and from the other Expressway; keep the test short.",
    ),
    needs: &[Need::Archive],
    applies: Text::en("Diagnostic archives of Expressway"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether configuration, status, log, trusted CA list, certificate or capture is missing, the trusted CA list cannot be read whole, the set of captures is full (20 files per interface from X14.0 on), or the configuration names cluster peers whose archives are not here.",
        ),
        why: Text::en(
            "Each archive holds one peer, and trust lists are kept per peer: the result of one peer is not that of the cluster. When the captures are full, the first packets are gone.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Start diagnostic logging with tcpdump on one peer: it starts on all. 2. Reproduce at once. 3. Stop, collect, and download from every peer.",
        ),
        caveat: Text::en(
            "After a restart while logging only the log is in the archive. A member with an unknown name counts as missing.",
        ),
    },
    references: &[DIAGNOSTICS],
    check: Check::Case(bundle_incomplete),
};

/// Captures per interface from X14.0 on; the oldest is overwritten behind that.
const FULL_SET: usize = 20;

fn bundle_incomplete(case: &Case<'_>) -> Vec<CaseObservation> {
    let all = case.deployment.appliances();
    all.iter()
        .filter(|appliance| appliance.archive.is_some())
        .filter_map(|appliance| {
            let mut lacks: Vec<String> = missing(appliance);
            if appliance.captures >= FULL_SET {
                lacks.push(format!(
                    "{} captures, so the set may be full and its beginning gone",
                    appliance.captures
                ));
            }
            lacks.extend(absent_peers(appliance, all.len()));
            if lacks.is_empty() {
                return None;
            }
            Some(told(of(appliance).with("lacks", lacks.join("; "))))
        })
        .collect()
}

fn missing(appliance: &Appliance) -> Vec<String> {
    let members = [
        (appliance.settings.is_some(), "no configuration (xconf_dump)"),
        (appliance.status.is_some(), "no status (xstat_dump)"),
        (appliance.log.is_some(), "no log (loggingsnapshot)"),
        (appliance.store.is_some(), "no trusted CA list (ca_*.pem)"),
        (!appliance.server_certificates.is_empty(), "no certificate of its own (server_*.pem)"),
        (appliance.captures > 0, "no capture"),
    ];
    let mut lacks: Vec<String> =
        members.iter().filter(|(there, _)| !there).map(|(_, what)| (*what).to_owned()).collect();
    let unreadable = appliance.store.as_ref().map(|store| store.unreadable()).unwrap_or_default();
    if let Some(first) = unreadable.first() {
        lacks.push(format!(
            "{} of its trusted CA list cannot be read, the first in line {} ({}), so it may trust more than is judged by here",
            count(unreadable.len() as u64, "block"),
            first.line,
            first.reason
        ));
    }
    if appliance.log.as_ref().is_some_and(|log| log.broken_off) {
        lacks.push("the log could not be read to its end".to_owned());
    }
    lacks
}

/// Peers of the cluster of which there is no archive.
fn absent_peers(appliance: &Appliance, known: usize) -> Option<String> {
    let settings = appliance.settings.as_ref()?;
    let peers = settings.cluster_peers();
    (peers.len() > known.max(1)).then(|| {
        format!(
            "the cluster has {} peers ({}), and archives of {known} are here",
            peers.len(),
            peers.join(", ")
        )
    })
}

/// `{host}`.
fn of(appliance: &Appliance) -> Values {
    Values::new().with("host", appliance.title())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, WITHOUT_ROOT, expressway, findings_of, log, store};
    use crate::expressway::{Appliance, Event, Settings, Status};
    use crate::limits::Limits;

    fn configured(lines: &str) -> Appliance {
        let mut settings = Settings::default();
        settings.add(lines.as_bytes(), &Limits::default());
        Appliance { settings: Some(settings), ..expressway() }
    }

    #[test]
    fn verification_that_is_switched_off_is_told() {
        let id = "origin-verification-disabled";
        let off = configured("*c xConfiguration EdgeConfigServer VerifyOriginServer: \"Off\"\n");
        let found = findings_of(id, "rsa-trusted.pcap", EXPRESSWAY, off);
        assert!(found[0].sentence().starts_with(
            "Expressway-C expc.example.org: EdgeConfigServer VerifyOriginServer is Off."
        ));
        let on = configured("*c xConfiguration EdgeConfigServer VerifyOriginServer: \"On\"\n");
        assert!(findings_of(id, "rsa-trusted.pcap", EXPRESSWAY, on).is_empty());
    }

    #[test]
    fn verify_mode_off_is_no_relief_where_the_traffic_server_refuses() {
        let id = "verify-mode-off-no-relief";
        let zone = "*c xConfiguration Zones Zone 2 Name: \"CEtls-cucmpub.example.org\"\n\
                    *c xConfiguration Zones Zone 2 Type: \"Neighbor\"\n\
                    *c xConfiguration Zones Zone 2 Neighbor SIP TLS Verify Mode: \"Off\"\n";
        let found = findings_of(id, "root-missing.pcap", WITHOUT_ROOT, configured(zone));
        assert_eq!(found.len(), 1);
        assert!(found[0].sentence().contains("zone CEtls-cucmpub.example.org"));
        assert!(findings_of(id, "rsa-trusted.pcap", EXPRESSWAY, configured(zone)).is_empty());
    }

    #[test]
    fn an_alarm_that_asks_for_a_restart_is_told() {
        let mut status = Status::default();
        let text = b"xstatus\n*s Warnings: /\n  Warning 1: /\n    ID: \"20020\"\n    Reason: \"Restart\"\n*s/end\n";
        status.add(text, &Limits::default());
        let appliance = Appliance { status: Some(status), ..expressway() };
        let found = findings_of("restart-pending", "rsa-trusted.pcap", EXPRESSWAY, appliance);
        assert!(found[0].sentence().contains("alarm 20020"));
        assert!(found[0].remedy().starts_with("Restart the Expressway"));
        let quiet = findings_of("restart-pending", "rsa-trusted.pcap", EXPRESSWAY, expressway());
        assert!(quiet.is_empty());
    }

    #[test]
    fn what_an_archive_lacks_is_told_and_what_the_user_named_is_not() {
        let archive = Some("diagnostic_log_expc.tar.gz".to_owned());
        let appliance = Appliance { archive, captures: 1, ..expressway() };
        let found = findings_of("bundle-incomplete", "rsa-trusted.pcap", EXPRESSWAY, appliance);
        assert!(found[0].sentence().contains("no log (loggingsnapshot)"));
        assert!(!found[0].sentence().contains("no capture"));
        let named = findings_of("bundle-incomplete", "rsa-trusted.pcap", EXPRESSWAY, expressway());
        assert!(named.is_empty());
    }

    #[test]
    fn a_trusted_ca_list_that_cannot_be_read_whole_is_told() {
        let mut list = store("expressway");
        list.add_bundle("ca_expc.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n");
        let archive = Some("diagnostic_log_expc.tar.gz".to_owned());
        let appliance = Appliance { archive, store: Some(list), captures: 1, ..expressway() };
        let found = findings_of("bundle-incomplete", "rsa-trusted.pcap", EXPRESSWAY, appliance);
        let said = found[0].sentence();
        let words = "1 block of its trusted CA list cannot be read, the first in line 1 (the block has no matching END line), so it may";
        assert!(said.contains(words), "{said}");
    }

    #[test]
    fn an_alarm_that_was_lowered_is_not_up_and_another_stays() {
        let alarm = |id, raised| Event::Alarm { id, raised: Some(raised), text: String::new() };
        let told = |events| {
            let appliance = Appliance {
                archive: Some("expc.tar.gz".to_owned()),
                log: Some(log(events)),
                ..expressway()
            };
            findings_of("restart-pending", "rsa-trusted.pcap", EXPRESSWAY, appliance)
        };
        assert!(told(vec![alarm(20020, true), alarm(20020, false)]).is_empty());
        let found = told(vec![alarm(15028, true), alarm(20020, true), alarm(20020, false)]);
        assert!(found[0].sentence().contains("log line 1 shows alarm 15028"));
    }

    #[test]
    fn loggers_below_debug_matter_where_tls13_failed() {
        let id = "debug-not-enabled";
        let info =
            "*c xConfiguration Logger Developer developer.trafficserver.ssl Level: \"INFO\"\n";
        let x15 = || Appliance {
            version: crate::expressway::Version::parse("X15.2"),
            ..configured(info)
        };
        let found = findings_of(id, "tls13-client-refuses.pcap", WITHOUT_ROOT, x15());
        assert!(found[0].remedy().contains(
            "`xConfiguration Logger Developer developer.trafficserver.http_trans Level: 'DEBUG'`"
        ));
        assert!(findings_of(id, "tls13-trusted.pcap", EXPRESSWAY, x15()).is_empty());
    }

    #[test]
    fn revocation_that_cannot_be_checked_matters_where_sip_was_refused() {
        let id = "revocation-fail";
        let lines = "*c xConfiguration SIP TLS Certificate Revocation Checking Mode: \"On\"\n\
            *c xConfiguration SIP TLS Certificate Revocation Checking Source Inaccessibility Behavior: \"Fail\"\n";
        assert!(findings_of(id, "tls13-trusted.pcap", EXPRESSWAY, configured(lines)).is_empty());
    }
}
