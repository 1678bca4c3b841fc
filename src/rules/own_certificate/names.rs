//! Does the certificate carry the names that Unified CM, the other Expressway and the
//! clients look for?

use std::collections::BTreeMap;

use super::{GUIDE, MRA_GUIDE};
use crate::expressway::{Appliance, BoxRole, Event, Settings};
use crate::rules::case::{Case, CaseObservation};
use crate::rules::documents::COLLABORATION_EDGE_ISSUES;
use crate::rules::finding::Severity;
use crate::rules::own::{self, Own};
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::words::{Text, Values};
use crate::tls::Role;
use crate::trust::name::{NameRule, check};

/// MRA domains that are looked at: real deployments have a handful.
const DOMAINS: usize = 64;

pub(super) const EXPC_SAN_MISSING_PROFILE: Rule = Rule {
    id: "expc-san-missing-profile",
    severity: Severity::Error,
    summary: Text::en("The name of a secure phone profile may be missing on Expressway-C"),
    sentence: Text::en(
        "The log of {box} says {times}: Registration Rejected, Reason \"{reason}\" (line {line}). That is also seen when the name of a secure phone profile is no full domain name, or not in the certificate of Expressway-C; the log does not name the profile. {certificate} ({seen}) carries {names}.",
    ),
    remedy: Text::en(
        "On Unified CM, System > Security > Phone Security Profile: compare the names of the encrypted profiles used over MRA with those of the certificate. Each has to be a full domain name and one of them. Then a new CSR on Expressway-C with all of them. If they are all there, look at the SIP domains of the Expressway instead.",
    ),
    needs: &[Need::OwnCertificate, Need::Log],
    applies: Text::en("Expressway-C, Unified CM in mixed mode, SIP on 5061"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the log of Expressway-C rejects registrations for an unknown domain, while its certificate is known and Unified CM is not known to be without mixed mode (zones CEtls-).",
        ),
        why: Text::en(
            "In mixed mode Unified CM takes a registration over MRA for the device only if the name of the device's security profile is a subject alternative name of the Expressway-C certificate. From X12.6 on that name has to be a full domain name, whose last label begins with a letter.",
        ),
        symptom: Text::en("Login works, and secure registration of some phones is rejected"),
        steps: Text::en(
            "1. Unified CM, System > Security > Phone Security Profile: note the names of encrypted profiles. 2. Expressway-C, Maintenance > Security > Server certificate: generate a CSR that has them. 3. Have it signed, upload it, restart.",
        ),
        caveat: Text::en(
            "The log names no profile, so this is a warning. A domain that is really unknown gives the same line.",
        ),
    },
    references: &[COLLABORATION_EDGE_ISSUES, MRA_GUIDE, GUIDE],
    check: Check::Case(expc_san_missing_profile),
};

fn expc_san_missing_profile(case: &Case<'_>) -> Vec<CaseObservation> {
    own::shown_as_client(case, BoxRole::Core)
        .into_iter()
        .filter(|own| mixed_mode(own.appliance) != Some(false))
        .filter_map(|own| {
            let mut rejected = own::log_lines(own.appliance).filter_map(|line| match &line.event {
                Event::RegistrationRejected { reason, .. } if is_unknown_domain(reason) => {
                    Some((line.number, reason))
                }
                _ => None,
            });
            let (line, reason) = rejected.next()?;
            let values = own
                .values()
                .with("line", line.to_string())
                .with("reason", reason)
                .with("times", crate::wire::text::count(1 + rejected.count() as u64, "time"))
                .with("names", own::dns_names(own.leaf));
            let mut found = own.observation(values);
            found.observation.severity = Some(Severity::Warning);
            Some(found)
        })
        .collect()
}

fn is_unknown_domain(reason: &str) -> bool {
    reason.trim().eq_ignore_ascii_case("unknown domain")
}

/// Whether Unified CM runs in mixed mode, where the zones tell: Expressway makes CEtls-
/// zones only then.
fn mixed_mode(appliance: &Appliance) -> Option<bool> {
    let zones = appliance.settings.as_ref()?.zones();
    let has = |prefix: &str| zones.iter().any(|zone| zone.name.starts_with(prefix));
    has("CEtcp-").then(|| has("CEtls-"))
}

pub(super) const EXPC_SAN_MISSING_CLUSTER: Rule = Rule {
    id: "expc-san-missing-cluster",
    severity: Severity::Warning,
    summary: Text::en("The certificate of a peer does not carry the name of its cluster"),
    sentence: Text::en(
        "{box} is a peer of the cluster {cluster} (Alternates Cluster Name in xconf_dump), and {certificate} ({seen}) does not carry that name; it carries {names}.",
    ),
    remedy: Text::en(
        "Generate a CSR on {box} that has {cluster} as subject alternative name, have it signed, upload it, and restart. The same on every peer.",
    ),
    needs: &[Need::OwnCertificate, Need::Settings],
    applies: Text::en("Clusters of Expressway-C"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the cluster name in the settings is among the subject alternative names of the certificate, where the settings list more than one peer.",
        ),
        why: Text::en(
            "Expressway-E compares its TLS verify subject name, which is the cluster name for a cluster, with the subject alternative names of whichever peer connects. SIP zones do not look at the common name.",
        ),
        symptom: Text::en("The traversal zone is up from some peers and fails from others"),
        steps: Text::en(
            "1. On each peer compare the certificate with the cluster name. 2. New CSR with the cluster name and the peer's own name. 3. Upload and restart, one peer after the other.",
        ),
        caveat: Text::en(
            "No harm while the TLS verify subject name is another name that every peer carries.",
        ),
    },
    references: &[MRA_GUIDE, GUIDE],
    check: Check::Case(expc_san_missing_cluster),
};

fn expc_san_missing_cluster(case: &Case<'_>) -> Vec<CaseObservation> {
    own::shown_as_client(case, BoxRole::Core)
        .into_iter()
        .filter_map(|own| {
            let settings = own.appliance.settings.as_ref()?;
            let cluster = settings.cluster_name()?;
            if settings.cluster_peers().len() < 2 || carries(&own, cluster) {
                return None;
            }
            let values =
                own.values().with("cluster", cluster).with("names", own::dns_names(own.leaf));
            Some(own.observation(values))
        })
        .collect()
}

fn carries(own: &Own<'_>, name: &str) -> bool {
    check(NameRule::SipZone, own.leaf, name).matched
}

pub(super) const EXPE_SAN_MISSING_DOMAIN: Rule = Rule {
    id: "expe-san-missing-domain",
    severity: Severity::Error,
    summary: Text::en("The certificate of Expressway-E does not carry a domain of MRA"),
    sentence: Text::en(
        "{box} has the certificate {certificate} ({seen}), which carries neither {domain} nor collab-edge.{domain}; {domain} is a domain of MRA ({told}). It carries {names}.",
    ),
    remedy: Text::en(
        "Generate a CSR on {box} that has {domain} or collab-edge.{domain} as subject alternative name, have it signed, upload it, and restart.",
    ),
    needs: &[Need::OwnCertificate, Need::Archive],
    applies: Text::en("Expressway-E towards clients: 8443, 5061"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether each MRA domain, or collab-edge. in front of it, is among the subject alternative names of the Expressway-E certificate. The domains are those with Edge On in the settings, and those in the paths of requests in the logs.",
        ),
        why: Text::en(
            "A client that looks for its service domain expects a certificate for that domain, because DNS answers can be forged.",
        ),
        symptom: Text::en(
            "Clients warn of an untrusted certificate, or phones do not register over MRA",
        ),
        steps: Text::en(
            "1. Expressway-E, Maintenance > Security > Server certificate: generate a CSR with the Unified CM registration domains. 2. Have it signed, upload it, restart. 3. Where a public CA does not sign the domain itself, use collab-edge. in front of it.",
        ),
        caveat: Text::en(
            "With archives of several pairs in one run, a domain of one pair is looked for in the Expressway-E of the other too.",
        ),
    },
    references: &[MRA_GUIDE, GUIDE],
    check: Check::Case(expe_san_missing_domain),
};

fn expe_san_missing_domain(case: &Case<'_>) -> Vec<CaseObservation> {
    let domains = domains(case);
    let own = own::certificates(case).into_iter();
    let of_edge = own.filter(|own| own.is_of(BoxRole::Edge) && own.role == Role::Server);
    of_edge
        .flat_map(|own| {
            let missing = domains.iter().filter(|(domain, _)| {
                !carries(&own, domain) && !carries(&own, &format!("collab-edge.{domain}"))
            });
            let told = missing.map(|(domain, source)| {
                let values = source.add(own.values());
                let names = own::dns_names(own.leaf);
                own.observation(values.with("domain", domain).with("names", names))
            });
            told.collect::<Vec<_>>()
        })
        .collect()
}

/// What told a domain.
enum Source {
    Settings { of: String },
    Log { of: String, line: u64 },
}

impl Source {
    fn add(&self, values: Values) -> Values {
        match self {
            Self::Settings { of } => values
                .with("teller", of)
                .with_words("told", Text::en("SIP Domain with Edge On in xconf_dump of {teller}")),
            Self::Log { of, line } => values
                .with("teller", of)
                .with("line", line.to_string())
                .with_words("told", Text::en("line {line} of the log of {teller}")),
        }
    }
}

/// The domains of MRA, each with what told it first.
fn domains(case: &Case<'_>) -> BTreeMap<String, Source> {
    let mut found = BTreeMap::new();
    let mut add = |domain: &str, source: Source| {
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        if domain.contains('.') && found.len() < DOMAINS {
            found.entry(domain).or_insert(source);
        }
    };
    for appliance in case.deployment.appliances() {
        let edge = appliance.settings.as_ref().map(Settings::edge_domains).unwrap_or_default();
        for domain in edge {
            add(domain, Source::Settings { of: appliance.title() });
        }
    }
    for appliance in case.deployment.appliances() {
        for line in own::log_lines(appliance) {
            if let Event::ReceiveRequest { wanted: Some(wanted), .. } = &line.event {
                add(&wanted.domain, Source::Log { of: appliance.title(), line: line.number });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expressway::log::TrueName;
    use crate::rules::testing::{
        bent_case, case_findings, expressway, log, own_certificate, settings,
    };

    fn named(role: BoxRole, names: &[&str], lines: &[&str], events: Vec<Event>) -> Appliance {
        let certificate = own_certificate(|params| {
            params.subject_alt_names = names
                .iter()
                .map(|name| rcgen::SanType::DnsName((*name).try_into().unwrap()))
                .collect();
        });
        Appliance {
            role: Some(role),
            settings: (!lines.is_empty()).then(|| settings(lines)),
            server_certificates: vec![certificate],
            log: Some(log(events)),
            ..expressway()
        }
    }

    fn rejected(reason: &str) -> Event {
        Event::RegistrationRejected { reason: reason.to_owned(), source: None }
    }

    #[test]
    fn a_rejected_registration_points_to_the_names_of_profiles() {
        const RULE: &str = "expc-san-missing-profile";
        let of = |reason, zones: &[&str]| {
            let events = vec![rejected(reason), rejected(reason)];
            case_findings(RULE, vec![named(BoxRole::Core, &["expc.example.org"], zones, events)])
        };
        let found = of("Unknown domain", &[]);
        assert_eq!(found[0].severity, Severity::Warning);
        let said = found[0].sentence();
        assert!(
            said.contains(
                "says 2 times: Registration Rejected, Reason \"Unknown domain\" (line 1)"
            ),
            "{said}"
        );
        assert!(said.ends_with("carries expc.example.org."), "{said}");
        assert!(of("Not permitted", &[]).is_empty());
        let not_mixed = ["Zones Zone 3 Name: \"CEtcp-cucm.example.org\""];
        assert!(of("Unknown domain", &not_mixed).is_empty());
        let mixed = [not_mixed[0], "Zones Zone 4 Name: \"CEtls-cucm.example.org\""];
        assert_eq!(of("Unknown domain", &mixed).len(), 1);
    }

    #[test]
    fn a_peer_without_the_cluster_name_is_told() {
        const RULE: &str = "expc-san-missing-cluster";
        let lines = [
            "Alternates Cluster Name: \"cluster.example.org\"",
            "Alternates Peer 1 Address: \"expc1.example.org\"",
            "Alternates Peer 2 Address: \"expc2.example.org\"",
        ];
        let of = |names: &[&str], lines: &[&str]| {
            case_findings(RULE, vec![named(BoxRole::Core, names, lines, vec![])])
        };
        let found = of(&["expc1.example.org"], &lines);
        assert!(found[0].sentence().contains("is a peer of the cluster cluster.example.org"));
        assert!(of(&["expc1.example.org", "cluster.example.org"], &lines).is_empty());
        assert!(of(&["expc1.example.org"], &lines[..2]).is_empty());
    }

    #[test]
    fn where_no_file_tells_the_certificate_on_the_wire_counts_and_proves_it() {
        let lines = [
            "Alternates Cluster Name: \"cluster.example.org\"",
            "Alternates Peer 1 Address: \"expc1.example.org\"",
            "Alternates Peer 2 Address: \"expc2.example.org\"",
        ];
        let appliance = Appliance { settings: Some(settings(&lines)), ..expressway() };
        let found = bent_case(
            "expc-san-missing-cluster",
            "mtls-accepted.pcap",
            vec![appliance],
            vec![],
            |_| (),
        );
        assert!(found[0].sentence().contains("(shown to 10.30.7.11 on port 6972)"));
        assert_eq!(found[0].frames().len(), 1);
    }

    #[test]
    fn a_domain_of_mra_is_looked_for_with_and_without_collab_edge() {
        const RULE: &str = "expe-san-missing-domain";
        let lines = ["SIP Domain 1 Name: \"example.org\"", "SIP Domain 1 Edge: \"On\""];
        let core = named(BoxRole::Core, &["expc.example.org"], &lines, vec![]);
        let of = |names: &[&str], core: &Appliance| {
            let edge = named(BoxRole::Edge, names, &[], vec![]);
            case_findings(RULE, vec![core.clone(), edge])
        };
        let found = of(&["expe.example.org"], &core);
        let said = found[0].sentence();
        assert!(said.contains("neither example.org nor collab-edge.example.org"), "{said}");
        assert!(said.contains("SIP Domain with Edge On in xconf_dump of Expressway-C"), "{said}");
        for name in ["example.org", "collab-edge.example.org"] {
            assert!(of(&["expe.example.org", name], &core).is_empty(), "{name}");
        }
        let wanted = TrueName {
            domain: "lab.example".to_owned(),
            scheme: "https".to_owned(),
            host: "cucm.lab.example".to_owned(),
            port: 8443,
        };
        let asked =
            Event::ReceiveRequest { txn: None, request: String::new(), wanted: Some(wanted) };
        let core = named(BoxRole::Core, &["expc.example.org"], &[], vec![asked]);
        let found = of(&["expe.example.org"], &core);
        assert!(found[0].sentence().contains("line 1 of the log of Expressway-C"));
    }
}
