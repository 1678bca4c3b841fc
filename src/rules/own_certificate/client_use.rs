//! Has the certificate that an Expressway shows as a client the usage for it?

use super::{FIELD_NOTICE, NAVIGATE, PREPARE};
use crate::expressway::{BoxRole, Settings};
use crate::rules::case::{Case, CaseObservation};
use crate::rules::finding::Severity;
use crate::rules::own::{self, Own};
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::words::Text;
use crate::tls::Role;

pub(super) const EXPC_CERT_NO_CLIENTAUTH: Rule = Rule {
    id: "expc-cert-no-clientauth",
    severity: Severity::Error,
    summary: Text::en("The certificate of Expressway-C may not be used as a client"),
    sentence: Text::en(
        "{box} has the certificate {certificate} ({seen}), whose extended key usage lacks clientAuth{condition}: {effect}.",
    ),
    remedy: Text::en("{reissue}"),
    needs: &[Need::OwnCertificate],
    applies: Text::en("Expressway-C as client of Expressway-E (7001, 2222); all versions"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "The extended key usage of the certificate that Expressway-C shows as a client: server_*.pem of its archive, from X15.5 on client_*.pem, or what it shows in the capture.",
        ),
        why: Text::en(
            "On the traversal zone Expressway-C is the client, and Expressway-E asks for its certificate, both for SIP on 7001 and for the SSH tunnels on 2222. A certificate that has an extended key usage without clientAuth is refused; one without any extended key usage is accepted.",
        ),
        symptom: Text::en(
            "UC traversal zone FAILED after a certificate was renewed; or the zone is Active and the SSH tunnels are down",
        ),
        steps: Text::en(
            "1. X15.5: give Expressway-C a client certificate of a private CA with clientAuth, and put that CA into the trusted CA list of Expressway-E. Before: have the certificate issued with serverAuth and clientAuth. 2. Restart. 3. `xConfiguration SIP TLS Certificate ExtendedKeyUsage Checking Mode: Off` on an X15.5 Expressway-E brings up the zone only, not the SSH tunnels.",
        ),
        caveat: Text::en(
            "From X15.5 on the server certificate may lack clientAuth. If neither the version nor a client certificate is known, this is a warning.",
        ),
    },
    references: &["RFC 5280, 4.2.1.12", NAVIGATE, PREPARE, FIELD_NOTICE, "CSCwr73373"],
    check: Check::Case(expc_cert_no_clientauth),
};

fn expc_cert_no_clientauth(case: &Case<'_>) -> Vec<CaseObservation> {
    let tolerant = case.deployment.appliances().iter().find(|one| {
        let checking = one.settings.as_ref().and_then(Settings::eku_checking);
        one.role == Some(BoxRole::Edge) && checking == Some(false)
    });
    let lacking = own::shown_as_client(case, BoxRole::Core).into_iter().filter(lacks_client_auth);
    lacking
        .filter_map(|own| {
            let (condition, severity) = match (own.role, own::one_for_both(own.appliance)) {
                (Role::Client, _) | (_, Some(true)) => (Text::en(""), None),
                (Role::Server, None) => (IF_BEFORE, Some(Severity::Warning)),
                (Role::Server, Some(false)) => return None,
            };
            let values = own.values().with_words("condition", condition);
            let values = match tolerant {
                Some(edge) => values.with("edge", edge.title()).with_words("effect", TOLERATED),
                None => values.with_words("effect", REFUSED),
            };
            let mut found = own.observation(values.with_words("reissue", reissue(&own)));
            found.observation.severity = severity;
            Some(found)
        })
        .collect()
}

fn lacks_client_auth(own: &Own<'_>) -> bool {
    !own.leaf.extensions.allows_client_auth()
}

const IF_BEFORE: Text =
    Text::en(" (its version is not known: before X15.5 it shows this certificate as a client too)");
const REFUSED: Text = Text::en(
    "Expressway-E refuses it on the traversal zone (7001), and the SSH tunnels (2222) stay down, so MRA fails",
);
const TOLERATED: Text = Text::en(
    "{edge} has ExtendedKeyUsage Checking Mode Off (xconf_dump), so the traversal zone comes up, but the SSH tunnels (2222) stay down and MRA still fails",
);

fn reissue(own: &Own<'_>) -> Text {
    match own::one_for_both(own.appliance) {
        Some(false) => Text::en(
            "Give {box} a client certificate with clientAuth; a private CA may sign it, whose chain then belongs into the trusted CA list of Expressway-E. Then restart.",
        ),
        _ => Text::en(
            "Have the certificate of {box} issued again with both serverAuth and clientAuth (a private CA, or a public one that still combines them), or upgrade Expressway-C and Expressway-E to X15.5 and give it a client certificate of its own (field notice FN74362).",
        ),
    }
}

pub(super) const EXPE_SERVERAUTH_ONLY: Rule = Rule {
    id: "expe-serverauth-only",
    severity: Severity::Error,
    summary: Text::en("The certificate of Expressway-E is for servers only"),
    sentence: Text::en(
        "{box} has the certificate {certificate} ({seen}), whose extended key usage lacks clientAuth: {effect}.",
    ),
    remedy: Text::en(
        "Upgrade Expressway-E and Expressway-C to X15.5, which has a client certificate of its own (X15.4 is the interim fix), or have the certificate issued by a CA that still combines serverAuth and clientAuth (field notice FN74362).",
    ),
    needs: &[Need::OwnCertificate],
    applies: Text::en(
        "Expressway-E: MRA SIP and cluster before X15.4; mutual TLS where it is the client in every version",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "The extended key usage of the certificate of Expressway-E: server_*.pem of its archive, from X15.5 on client_*.pem if it is there, or what it shows in the capture.",
        ),
        why: Text::en(
            "Public CAs stop issuing certificates with clientAuth. Before X15.4 Expressway-C checks clientAuth of the Expressway-E certificate in the SIP SERVICE message, and the cluster database asks for it. From X15.4 on these two do not; peers that Expressway-E connects to over mutual TLS still do.",
        ),
        symptom: Text::en(
            "Before X15.4: MRA SIP registration fails after a certificate was renewed, or the peers of a cluster do not replicate. Later: neighbor zones, federation or Webex calls refused",
        ),
        steps: Text::en(
            "1. Upgrade Expressway-C and Expressway-E to the same version, X15.4 or better X15.5. 2. X15.4: `xConfiguration XCP TLS Certificate CVS EnableServerEkuUpload: On` on Expressway-E lets such a certificate in. 3. X15.5: give it a client certificate with clientAuth if it connects to others over mutual TLS.",
        ),
        caveat: Text::en(
            "From X15.5 on a server certificate without clientAuth is right as long as the client certificate has it; the finding is made only when no client certificate is known, or that one lacks it.",
        ),
    },
    references: &["RFC 5280, 4.2.1.12", PREPARE, NAVIGATE, FIELD_NOTICE, "CSCwr73373"],
    check: Check::Case(expe_serverauth_only),
};

fn expe_serverauth_only(case: &Case<'_>) -> Vec<CaseObservation> {
    let lacking = own::shown_as_client(case, BoxRole::Edge).into_iter().filter(lacks_client_auth);
    lacking
        .map(|own| {
            let version = own.appliance.version;
            let needed = version.map(|one| one.needs_client_auth_for_service_and_cluster());
            let effect = match (needed, own::one_for_both(own.appliance), own.role) {
                (Some(true), ..) => BEFORE,
                (Some(false), Some(false), Role::Server) => SEPARATE,
                (Some(false), ..) => LATER,
                (None, ..) => VERSION_UNKNOWN,
            };
            let values = own.values();
            let values = match version {
                Some(version) => values.with("version", version.to_string()),
                None => values,
            };
            let mut found = own.observation(values.with_words("effect", effect));
            found.observation.severity = (needed != Some(true)).then_some(Severity::Warning);
            found
        })
        .collect()
}

const BEFORE: Text = Text::en(
    "before X15.4 (it runs {version}) MRA SIP registration fails with it, and so does the cluster database where TLS verification is enforced",
);
const LATER: Text = Text::en(
    "MRA does not need it from X15.4 on (it runs {version}), but peers that it connects to over mutual TLS (neighbor zones, federation, Webex) refuse it",
);
const SEPARATE: Text = Text::en(
    "{version} has another certificate for connections as a client, which is not known here; if it is a copy of this one, as the upgrade makes it, peers over mutual TLS refuse it",
);
const VERSION_UNKNOWN: Text = Text::en(
    "its version is not known; before X15.4 MRA SIP registration fails with it, later only mutual TLS where it connects to others",
);

#[cfg(test)]
mod tests {
    use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};

    use super::*;
    use crate::expressway::{Appliance, Version};
    use crate::rules::testing::{
        case_findings, expressway, findings_of, own_certificate, settings,
    };

    const C: &str = "expc-cert-no-clientauth";
    const E: &str = "expe-serverauth-only";

    fn with(
        role: BoxRole,
        version: Option<&str>,
        usages: &[rcgen::ExtendedKeyUsagePurpose],
    ) -> Appliance {
        Appliance {
            role: Some(role),
            version: version.and_then(Version::parse),
            archive: Some("expc.tar.gz".to_owned()),
            server_certificates: vec![own_certificate(|params| {
                params.extended_key_usages = usages.to_vec();
            })],
            ..expressway()
        }
    }

    #[test]
    fn a_server_certificate_on_expressway_c_is_told_with_its_place() {
        let found = case_findings(C, vec![with(BoxRole::Core, Some("X14.3"), &[ServerAuth])]);
        let [found] = &found[..] else { panic!("{found:?}") };
        assert_eq!(found.severity, Severity::Error);
        let said = found.sentence();
        assert!(said.starts_with("Expressway-C expc.example.org has the certificate CN=expc"));
        assert!(said.contains("(server_*.pem of expc.tar.gz), whose extended key usage lacks clientAuth: Expressway-E refuses it"));
        assert!(found.remedy().contains("FN74362"));
    }

    #[test]
    fn both_usages_or_none_are_fine() {
        for usages in [&[ServerAuth, ClientAuth][..], &[]] {
            for version in [Some("X14.3"), Some("X15.5"), None] {
                let boxes = [BoxRole::Core, BoxRole::Edge].map(|role| with(role, version, usages));
                assert!(case_findings(C, boxes.to_vec()).is_empty());
                assert!(case_findings(E, boxes.to_vec()).is_empty());
            }
        }
    }

    #[test]
    fn from_x15_5_on_the_client_certificate_of_expressway_c_counts() {
        let mut appliance = with(BoxRole::Core, Some("X15.5"), &[ServerAuth]);
        assert!(case_findings(C, vec![appliance.clone()]).is_empty());
        appliance.client_certificates = appliance.server_certificates.clone();
        let found = case_findings(C, vec![appliance]);
        assert!(found[0].sentence().contains("(client_*.pem of expc.tar.gz)"));
        assert!(
            found[0].remedy().contains("Give Expressway-C expc.example.org a client certificate")
        );
    }

    #[test]
    fn without_a_version_it_is_a_warning() {
        let found = case_findings(C, vec![with(BoxRole::Core, None, &[ServerAuth])]);
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(found[0].sentence().contains("its version is not known: before X15.5"));
    }

    #[test]
    fn an_expressway_e_that_does_not_check_lets_the_zone_up_only() {
        let mut edge = with(BoxRole::Edge, Some("X15.5"), &[ServerAuth, ClientAuth]);
        edge.settings =
            Some(settings(&["SIP TLS Certificate ExtendedKeyUsage Checking Mode: \"Off\""]));
        let found = case_findings(C, vec![with(BoxRole::Core, Some("X14.3"), &[ServerAuth]), edge]);
        assert!(found[0].sentence().contains("but the SSH tunnels (2222) stay down"));
    }

    #[test]
    fn what_is_shown_on_the_wire_counts_where_no_file_tells() {
        let of = |appliance| findings_of(C, "mtls-accepted.pcap", None, appliance);
        assert!(of(expressway()).is_empty());
        let file = with(BoxRole::Core, Some("X14.3"), &[ServerAuth]);
        assert_eq!(of(file).len(), 1);
    }

    #[test]
    fn the_weight_on_expressway_e_depends_on_the_version() {
        let of = |version| case_findings(E, vec![with(BoxRole::Edge, version, &[ServerAuth])]);
        let cases = [
            (Some("X15.3"), Severity::Error, "MRA SIP registration fails with it"),
            (
                Some("X15.4"),
                Severity::Warning,
                "MRA does not need it from X15.4 on (it runs X15.4)",
            ),
            (Some("X15.5"), Severity::Warning, "X15.5 has another certificate for connections"),
            (None, Severity::Warning, "its version is not known"),
        ];
        for (version, severity, words) in cases {
            let found = of(version);
            assert_eq!(found[0].severity, severity, "{version:?}");
            assert!(found[0].sentence().contains(words), "{}", found[0].sentence());
        }
    }

    #[test]
    fn a_client_certificate_beside_it_makes_that_of_the_server_right() {
        let mut edge = with(BoxRole::Edge, Some("X15.5"), &[ServerAuth]);
        edge.client_certificates = with(BoxRole::Edge, None, &[ClientAuth]).server_certificates;
        assert!(case_findings(E, vec![edge]).is_empty());
    }
}
