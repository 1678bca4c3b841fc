//! Certificates that are valid, and that some part of an Expressway cannot read or use.

use super::{GUIDE, MRA_GUIDE};
use crate::rules::case::{Case, CaseObservation};
use crate::rules::finding::Severity;
use crate::rules::own::{self, Own};
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::words::{Text, Values};
use crate::x509::{Attribute, KeyKind, Name};

const ALARMS: &str = "Cisco Expressway Administrator Guide X15.5, Reference Material (alarms)";
/// The alarm for a certificate without common name.
const NO_COMMON_NAME: u32 = 40_052;
/// Keys of this size stop SIP zones.
const TOO_LONG: u32 = 8192;

pub(super) const CERT_WITHOUT_CN: Rule = Rule {
    id: "cert-without-cn",
    severity: Severity::Error,
    summary: Text::en("The certificate of an Expressway has no common name"),
    sentence: Text::en("{what} MRA does not work with such a certificate.{alarmed}"),
    remedy: Text::en(
        "Generate a CSR on {box} that has its full domain name as common name and as subject alternative name, have it signed by a CA that keeps the common name, upload it, and restart.",
    ),
    needs: &[Need::Expressway],
    applies: Text::en("Expressway-C and Expressway-E"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the own certificate of an Expressway has a common name in its subject. Where the certificate is not known, alarm 40052 in the status or the log counts.",
        ),
        why: Text::en(
            "Certificates need no common name (RFC 9525), and CAs begin to leave it out. Expressway needs it: without, alarm 40052 is raised and MRA breaks.",
        ),
        symptom: Text::en("MRA fails after a certificate was renewed; alarm 40052"),
        steps: Text::en(
            "1. Look at the subject of the certificate. 2. New CSR with a common name. 3. Upload and restart.",
        ),
        caveat: Text::en(
            "None known for the certificate; an alarm may be older than the certificate.",
        ),
    },
    references: &[ALARMS, GUIDE, "RFC 9525"],
    check: Check::Case(cert_without_cn),
};

fn cert_without_cn(case: &Case<'_>) -> Vec<CaseObservation> {
    let all = own::certificates(case);
    let nameless = all
        .iter()
        .filter(|own| own.leaf.subject.common_name().is_none_or(|name| name.trim().is_empty()));
    let by_certificate = nameless.map(|own| {
        let values = own.values().with_words(
            "what",
            Text::en("{box} has the certificate {certificate} ({seen}), whose subject has no common name."),
        );
        own.observation(own::with_alarm(values, own.appliance, &[NO_COMMON_NAME]))
    });
    let appliances = case.deployment.appliances().iter().enumerate();
    let by_alarm = appliances
        .filter(|(index, _)| all.iter().all(|own| own.index != *index))
        .filter(|(_, appliance)| own::alarm(appliance, &[NO_COMMON_NAME]).is_some())
        .map(|(_, appliance)| {
            let values = Values::new().with("box", appliance.title()).with_words(
                "what",
                Text::en("{box} says that its certificate has no common name."),
            );
            own::told(own::with_alarm(values, appliance, &[NO_COMMON_NAME]))
        });
    by_certificate.chain(by_alarm).collect()
}

pub(super) const CERT_KEY_8192: Rule = Rule {
    id: "cert-key-8192",
    severity: Severity::Warning,
    summary: Text::en("The key of an Expressway's certificate is too long for its SIP zones"),
    sentence: Text::en(
        "{box} has the certificate {certificate} ({seen}) with an RSA key of {bits} bits; keys of 8192 bits can stop SIP TLS zones.",
    ),
    remedy: Text::en(
        "Generate a CSR on {box} with a key of 4096 bits, have it signed, upload it, and restart.",
    ),
    needs: &[Need::OwnCertificate],
    applies: Text::en("SIP TLS zones of Expressway-C and Expressway-E"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the own certificate of an Expressway has an RSA key of 8192 bits or more.",
        ),
        why: Text::en("SIP TLS zones may not come up with such a key."),
        symptom: Text::en(
            "Zones fail after a certificate was renewed, without a fault in chain, name or date",
        ),
        steps: Text::en("1. New CSR with 4096 bits. 2. Have it signed, upload it. 3. Restart."),
        caveat: Text::en("The guide says that such keys can stop zones, not that they always do."),
    },
    references: &[GUIDE],
    check: Check::Case(cert_key_8192),
};

fn cert_key_8192(case: &Case<'_>) -> Vec<CaseObservation> {
    own::certificates(case)
        .into_iter()
        .filter_map(|own| {
            let key = &own.leaf.public_key;
            let rsa = matches!(key.kind, KeyKind::Rsa | KeyKind::RsaPss);
            let bits = key.bits.filter(|bits| rsa && *bits >= TOO_LONG)?;
            Some(own.observation(own.values().with("bits", bits.to_string())))
        })
        .collect()
}

pub(super) const CERT_ODD_OID: Rule = Rule {
    id: "cert-odd-oid",
    severity: Severity::Warning,
    summary: Text::en("Subject or issuer of an Expressway's certificate has an unknown attribute"),
    sentence: Text::en(
        "{box} has the certificate {certificate} ({seen}), whose {place} has the attribute {oid}, which has no usual name; an OID that is not decoded can stop the SSH tunnels (2222).",
    ),
    remedy: Text::en(
        "Have the certificate of {box} issued with usual attributes only (CN, O, OU, L, ST, C, ...); where the issuer has the odd one, by another CA.",
    ),
    needs: &[Need::OwnCertificate],
    applies: Text::en("SSH tunnels between Expressway-C and Expressway-E"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether subject and issuer of the own certificate of an Expressway have only attributes whose types have a usual short name.",
        ),
        why: Text::en(
            "The SSH tunnels of MRA write the names of the certificate out; an object identifier that they cannot decode can keep them down while the SIP zone is up.",
        ),
        symptom: Text::en("Traversal zone Active, SSH tunnels down, MRA login fails"),
        steps: Text::en(
            "1. `openssl x509 -noout -subject -issuer` prints such an attribute as a number. 2. Have the certificate issued without it. 3. Upload and restart.",
        ),
        caveat: Text::en(
            "Which attributes an Expressway decodes is not documented; those that this program does not know may be fine there.",
        ),
    },
    references: &[GUIDE, MRA_GUIDE],
    check: Check::Case(cert_odd_oid),
};

fn cert_odd_oid(case: &Case<'_>) -> Vec<CaseObservation> {
    let odd = |own: &Own<'_>| {
        let of = |name: &Name, place: Text| {
            let oid = name.attributes().iter().find(|one| one.short_name().is_none());
            oid.map(|odd: &Attribute| (place, odd.oid.to_string()))
        };
        of(&own.leaf.subject, Text::en("subject"))
            .or_else(|| of(&own.leaf.issuer, Text::en("issuer")))
    };
    own::certificates(case)
        .into_iter()
        .filter_map(|own| {
            let (place, oid) = odd(&own)?;
            Some(own.observation(own.values().with_words("place", place).with("oid", oid)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{CertificateParams, DistinguishedName, DnType};

    use super::*;
    use crate::expressway::{Appliance, Event};
    use crate::rules::testing::{case_findings, expressway, log, own_certificate};

    fn with(build: impl FnOnce(&mut CertificateParams)) -> Appliance {
        Appliance { server_certificates: vec![own_certificate(build)], ..expressway() }
    }

    fn alarm(raised: bool) -> Event {
        Event::Alarm { id: NO_COMMON_NAME, raised: Some(raised), text: String::new() }
    }

    #[test]
    fn a_certificate_without_common_name_is_told_and_the_alarm_with_it() {
        const RULE: &str = "cert-without-cn";
        let mut appliance = with(|params| {
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::OrganizationName, "Example");
        });
        let found = case_findings(RULE, vec![appliance.clone()]);
        let said = found[0].sentence();
        assert!(
            said.contains("(the file given with --own-cert), whose subject has no common name"),
            "{said}"
        );
        appliance.log = Some(log(vec![alarm(true)]));
        let said = case_findings(RULE, vec![appliance])[0].sentence();
        assert!(said.ends_with("Line 1 of its log shows alarm 40052."), "{said}");
        assert!(case_findings(RULE, vec![with(|_| ())]).is_empty());
    }

    #[test]
    fn without_the_certificate_the_alarm_counts_until_it_is_lowered() {
        const RULE: &str = "cert-without-cn";
        let of = |events| {
            case_findings(RULE, vec![Appliance { log: Some(log(events)), ..expressway() }])
        };
        assert!(of(vec![alarm(true)])[0].sentence().contains("says that its certificate has no"));
        assert!(of(vec![alarm(true), alarm(false)]).is_empty());
    }

    #[test]
    fn a_key_of_8192_bits_is_told() {
        let bits = |bits| {
            let mut appliance = with(|_| ());
            let leaf = Arc::make_mut(&mut appliance.server_certificates[0]);
            leaf.public_key.kind = KeyKind::Rsa;
            leaf.public_key.bits = Some(bits);
            case_findings("cert-key-8192", vec![appliance])
        };
        assert!(bits(8192)[0].sentence().contains("with an RSA key of 8192 bits"));
        assert!(bits(4096).is_empty());
    }

    #[test]
    fn an_attribute_without_a_name_is_told_by_its_number() {
        const RULE: &str = "cert-odd-oid";
        let odd = with(|params| {
            let kind = DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 99_999, 1]);
            params.distinguished_name.push(kind, "odd");
        });
        let said = case_findings(RULE, vec![odd])[0].sentence();
        assert!(said.contains("whose subject has the attribute 1.3.6.1.4.1.99999.1"), "{said}");
        let usual = with(|params| {
            params.distinguished_name.push(DnType::OrganizationalUnitName, "Voice");
        });
        assert!(case_findings(RULE, vec![usual]).is_empty());
    }
}
