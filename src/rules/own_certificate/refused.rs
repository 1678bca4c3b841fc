//! The peer said that the certificate is not for this side: what the Expressways can do
//! about it.

use super::{FIELD_NOTICE, NAVIGATE, PREPARE};
use crate::connection::Outcome;
use crate::expressway::{Appliance, Checker, Party, Settings};
use crate::rules::finding::{Observation, Severity};
use crate::rules::reaction::{Reaction, reaction};
use crate::rules::rule::{Check, Need, Page, Part, Rule, Subject};
use crate::rules::scene;
use crate::rules::words::{Text, Values};
use crate::tls::Role;

/// unsupported_certificate (RFC 8446, 6.2); OpenSSL says so for a wrong usage.
const UNSUPPORTED: u8 = 43;

pub(super) const EKU_REFUSED: Rule = Rule {
    id: "eku-refused",
    severity: Severity::Error,
    summary: Text::en(
        "An extended key usage was refused, and what the Expressways can do about it",
    ),
    sentence: Text::en(
        "{judge} refused the certificate of {holder} on {place} with alert unsupported_certificate (43), which OpenSSL sends when clientAuth or serverAuth is missing: {switch}.",
    ),
    remedy: Text::en("{what}"),
    needs: &[Need::Parties],
    applies: Text::en(
        "Mutual TLS with an Expressway at one end; the switch exists from X15.5 on, for inbound SIP only",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a side refused the other's certificate with unsupported_certificate (43) where an Expressway is one of them, and whether its version and its settings have a switch for that. That the certificate lacks the usage is said by eku-unsuitable, the refusal itself by client-certificate-refused.",
        ),
        why: Text::en(
            "From X15.5 on an Expressway can be told not to check the usage of certificates of inbound SIP TLS. It is On by default. Nothing of the kind exists before X15.5, for the SSH tunnels, or in Unified CM.",
        ),
        symptom: Text::en(
            "UC traversal zone FAILED, or SIP over mutual TLS refused, after a certificate was renewed",
        ),
        steps: Text::en(
            "1. Give the side that was refused a certificate with the usage: from X15.5 on a client certificate of its own, for instance of a private CA. 2. For a while, where the Expressway that refused runs X15.5: `xConfiguration SIP TLS Certificate ExtendedKeyUsage Checking Mode: Off`. This lowers security, and the SSH tunnels (2222) stay down. 3. FN74362 lists the options.",
        ),
        caveat: Text::en(
            "The alert also stands for other unsuitable kinds of certificates. How the log of an Expressway words this refusal is not documented. FN74362 moves the date of the Chrome Root Program to March 2027; 225482 and 225693 still say June 2026.",
        ),
    },
    references: &["RFC 8446, 6.2", NAVIGATE, PREPARE, FIELD_NOTICE, "CSCwr73373"],
    check: Check::Connection(eku_refused),
};

fn eku_refused(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let Outcome::Alert { by, description: Some(UNSUPPORTED), .. } = connection.outcome else {
        return None;
    };
    let of = by.other();
    let expressway = subject.leg.party(by).is_expressway() || subject.leg.party(of).is_expressway();
    if !expressway || reaction(connection, of) != Reaction::Refused(Some(UNSUPPORTED)) {
        return None;
    }
    let values = scene::values(connection)
        .with("judge", named(subject, by))
        .with("holder", named(subject, of))
        .with("place", scene::server_and_service(connection));
    let shown = scene::leaf(connection, of).zip(scene::certificate_frame(connection, of));
    Some(Observation {
        values: options(values, subject, by),
        evidence: scene::ending(connection)
            .into_iter()
            .chain(shown.map(|(leaf, frame)| scene::serial_evidence(frame, leaf)))
            .collect(),
        severity: None,
        of: Some(of),
    })
}

/// Adds `{switch}` and `{what}`: whether the side that refused can be told not to check,
/// and what to do.
fn options(values: Values, subject: &Subject<'_>, by: Role) -> Values {
    let judge = subject.leg.appliance_of(by).and_then(|at| subject.deployment.appliance(at));
    let inbound_sip = by == Role::Server
        && subject.leg.service.is_some_and(|one| one.checker == Checker::SipZone);
    let (switch, what) = match subject.leg.party(by) {
        party if !party.is_expressway() => (NO_SWITCH_THERE, REISSUE),
        _ if !inbound_sip => (NO_SWITCH_HERE, REISSUE),
        _ => (switch(judge), what(judge)),
    };
    let version = judge.and_then(|one| one.version);
    let version = version.map_or_else(String::new, |version| version.to_string());
    values.with("version", version).with_words("switch", switch).with_words("what", what)
}

fn switch(judge: Option<&Appliance>) -> Text {
    match judge.and_then(|one| one.version).map(|one| one.has_eku_checking_setting()) {
        Some(true) => {
            match judge.and_then(|one| one.settings.as_ref()).and_then(Settings::eku_checking) {
                Some(false) => Text::en(
                    "it runs {version} with ExtendedKeyUsage Checking Mode Off (xconf_dump), so that was not the setting in force then, or the certificate is unsuitable in another way",
                ),
                Some(true) => Text::en(
                    "it runs {version} with ExtendedKeyUsage Checking Mode On (xconf_dump), which checks inbound SIP TLS",
                ),
                None => Text::en(
                    "it runs {version}, whose ExtendedKeyUsage Checking Mode, On by default, checks inbound SIP TLS",
                ),
            }
        }
        Some(false) => Text::en("it runs {version}, which cannot be told not to check (X15.5 can)"),
        None => Text::en("its version is not known; from X15.5 on it can be told not to check"),
    }
}

fn what(judge: Option<&Appliance>) -> Text {
    match judge.and_then(|one| one.version).map(|one| one.has_eku_checking_setting()) {
        Some(false) => REISSUE,
        _ => Text::en(
            "Give {holder} a certificate with the usage (field notice FN74362 lists the options). Until then, on {judge} from X15.5 on: `xConfiguration SIP TLS Certificate ExtendedKeyUsage Checking Mode: Off`; it lowers security and does not bring up the SSH tunnels (2222).",
        ),
    }
}

const NO_SWITCH_THERE: Text = Text::en("no setting of an Expressway changes what that host checks");
const NO_SWITCH_HERE: Text = Text::en(
    "ExtendedKeyUsage Checking Mode of X15.5 is about inbound SIP TLS, so it does not change this",
);
const REISSUE: Text = Text::en(
    "Give {holder} a certificate with the usage that it needs on this side; an Expressway has a client certificate of its own from X15.5 on (field notice FN74362 lists the options).",
);

fn named(subject: &Subject<'_>, role: Role) -> String {
    let address = subject.connection.end(role).address;
    match subject.leg.party(role) {
        Party::Unknown => address.to_string(),
        party => format!("{} {address}", party.name()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::expressway::{BoxRole, Deployment, Mapped, Version};
    use crate::rules::finding::Finding;
    use crate::rules::run::judge;
    use crate::rules::testing::{expressway, judged, settings};

    /// What is found when one side ends this capture with an alert and this box is known.
    fn refused(sample: &str, by: Role, code: u8, appliance: Appliance) -> Option<Finding> {
        let mut connection = judged(sample, None).remove(0).connection;
        connection.observed.outcome =
            Outcome::Alert { by, description: Some(code), frame: 99, inferred: false };
        let mapped =
            Mapped { address: connection.client.address, port: None, party: Party::ExpresswayC };
        let mapped = if appliance.role == Some(BoxRole::Edge) { vec![mapped] } else { vec![] };
        let deployment = Deployment::new(&[Arc::new(appliance)], mapped);
        let leg = deployment.leg(connection.client, connection.server, None, None);
        let subject = Subject {
            connection: &connection,
            store: None,
            leg,
            deployment: &deployment,
            log: &[],
        };
        let found = judge(&subject).findings.into_iter().find(|one| one.rule.id == "eku-refused");
        let said = found.as_ref().map(|one| one.sentence() + &one.remedy()).unwrap_or_default();
        assert!(!said.contains(['{', '}']), "{said}");
        found
    }

    /// An Expressway-E at the address of the server of the sample.
    fn edge(version: &str, checking: &str) -> Appliance {
        Appliance {
            role: Some(BoxRole::Edge),
            version: Version::parse(version),
            addresses: vec!["10.30.7.11".parse().unwrap()],
            settings: Some(settings(&[checking])),
            ..expressway()
        }
    }

    const ON: &str = "SIP TLS Certificate ExtendedKeyUsage Checking Mode: \"On\"";
    /// Mutual TLS on 5091, refused.
    const SIP: &str = "mtls-refused-java.pcap";

    #[test]
    fn the_switch_of_the_expressway_that_refused_is_told() {
        let found = refused(SIP, Role::Server, 43, edge("X15.5", ON)).unwrap();
        assert!(found.sentence().starts_with(
            "Expressway-E 10.30.7.11 refused the certificate of Expressway-C 10.30.5.20"
        ));
        assert!(
            found.sentence().contains("X15.5 with ExtendedKeyUsage Checking Mode On (xconf_dump)")
        );
        assert!(found.remedy().contains("Checking Mode: Off`"));
        let found = refused(SIP, Role::Server, 43, edge("X14.3", ON)).unwrap();
        assert!(found.sentence().contains("X14.3, which cannot be told not to check"));
        assert!(!found.remedy().contains("Checking Mode: Off"));
    }

    #[test]
    fn unified_cm_has_no_such_switch() {
        let found = refused(SIP, Role::Server, 43, expressway()).unwrap();
        assert!(found.sentence().contains("no setting of an Expressway changes"));
    }

    #[test]
    fn other_alerts_and_strangers_are_left_to_others() {
        assert!(refused(SIP, Role::Server, 48, expressway()).is_none());
        let stranger = Appliance { addresses: vec!["192.0.2.99".parse().unwrap()], ..expressway() };
        assert!(refused(SIP, Role::Server, 43, stranger).is_none());
    }
}
