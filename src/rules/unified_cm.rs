//! What Unified CM asks of certificates, on its own side.

use std::collections::BTreeMap;

use super::case::{Case, CaseConnection, CaseObservation};
use super::documents::{MRA_REQUIREMENTS, UPLOAD_ONTO_CUCM};
use super::finding::{Evidence, Observation, Severity};
use super::reaction::{Reaction, reaction};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::words::{Text, Values};
use crate::expressway::Party;
use crate::tls::Role;
use crate::x509::Certificate;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] =
    &[SIP_OAUTH_TOMCAT_TRUST, EXPC_CHAIN_UPLOAD_REMINDER, CUCM_WILDCARD];

const SIP_OAUTH: &str = "CUCM Security Guide 15, SIP OAuth Mode";
const CERTIFICATES: &str = "CUCM Security Guide 15, Certificates";
/// The port of SIP OAuth for MRA.
const OAUTH: u16 = 5091;

const SIP_OAUTH_TOMCAT_TRUST: Rule = Rule {
    id: "sip-oauth-tomcat-trust",
    severity: Severity::Error,
    summary: Text::en("Unified CM refused on the port of SIP OAuth, where tomcat-trust decides"),
    sentence: Text::en(
        "{server} refused {client} on port 5091 with {alert}: SIP OAuth checks the certificate of Expressway-C against tomcat-trust, and its names against Device > Expressway-C.",
    ),
    remedy: Text::en(
        "On every Unified CM node: OS Administration > Security > Certificate Management, upload the CA chain of the Expressway-C certificate as tomcat-trust, restart Cisco Tomcat and Cisco CallManager. Device > Expressway-C has to list the X.509 subject or subject alternative name of every Expressway-C. `utils sipOAuth-mode status` shows whether the mode is on, `utils sipOAuth-mode enable` switches it on.",
    ),
    needs: &[],
    applies: Text::en("Unified CM 12.5 and later, SIP OAuth for MRA (5091)"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the server ended the handshake on 5091 after it had seen the client's certificate.",
        ),
        why: Text::en(
            "5091 is mutual TLS: Unified CM shows its Tomcat certificate and checks that of Expressway-C against tomcat-trust, not CallManager-trust. Upload to CallManager-trust alone does not help.",
        ),
        symptom: Text::en("Phones and Jabber log in over MRA and do not register"),
        steps: Text::en(
            "1. Upload the chain as tomcat-trust. 2. Restart the services. 3. Compare Device > Expressway-C with the names in the certificate of each Expressway-C. 4. Refresh the servers on Expressway-C, so that the zone CEOAuth is made anew.",
        ),
        caveat: Text::en(
            "Under TLS 1.3 the alert is encrypted; then the refusal is told by its place.",
        ),
    },
    references: &[SIP_OAUTH, UPLOAD_ONTO_CUCM],
    check: Check::Connection(sip_oauth_tomcat_trust),
};

fn sip_oauth_tomcat_trust(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    if connection.server.port != OAUTH {
        return None;
    }
    let Reaction::Refused(alert) = reaction(connection, Role::Client) else { return None };
    let evidence = scene::ending(connection).into_iter().collect();
    let values = scene::values(connection).with("alert", scene::said_alert(alert));
    Some(Observation { values, evidence, severity: None, of: Some(Role::Client) })
}

const EXPC_CHAIN_UPLOAD_REMINDER: Rule = Rule {
    id: "expc-chain-upload-reminder",
    severity: Severity::Info,
    summary: Text::en(
        "Unified CM asks Expressway-C for its certificate: both trust stores need its chain",
    ),
    sentence: Text::en(
        "{servers} asked {host} for its certificate, and this version shows it wherever it is asked: the chain ({issuer} and above) belongs in tomcat-trust and in CallManager-trust.",
    ),
    remedy: Text::en(
        "On every Unified CM node: OS Administration > Security > Certificate Management; look for the root and intermediates of the Expressway-C certificate among tomcat-trust and CallManager-trust.",
    ),
    needs: &[Need::Version],
    applies: Text::en("Expressway-C from X14.0.2 on (CSCvz45074), 6971 and 6972"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether Expressway-C of X14.0.2 or later got a CertificateRequest on 6971 or 6972 and was not refused there.",
        ),
        why: Text::en(
            "HAProxy of Unified CM asks and accepts no certificate at all, but refuses one that it cannot trust. A node that has not seen the upload refuses later.",
        ),
        symptom: Text::en("None yet"),
        steps: Text::en(
            "1. `show cert list trust` on each node. 2. Upload what is missing. 3. Restart Cisco Tomcat, Cisco CallManager and Cisco HAProxy.",
        ),
        caveat: Text::en(
            "That it was accepted here says that this node has the chain in the store of this service.",
        ),
    },
    references: &[UPLOAD_ONTO_CUCM, "CSCvz45074", "CSCvz20720", MRA_REQUIREMENTS],
    check: Check::Case(expc_chain_upload_reminder),
};

fn expc_chain_upload_reminder(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut asked: BTreeMap<usize, Vec<&CaseConnection<'_>>> = BTreeMap::new();
    for one in case.connections {
        let connection = one.subject.connection;
        let asks = matches!(connection.server.port, 6971 | 6972)
            && connection.handshake.certificate_request().is_some();
        let refused = matches!(reaction(connection, Role::Client), Reaction::Refused(_));
        let shows =
            one.subject.version().is_some_and(|version| version.presents_certificate_to_cucm());
        if asks && shows && !refused && one.subject.leg.client == Party::ExpresswayC {
            let index = one.subject.leg.client_appliance.unwrap_or_default();
            asked.entry(index).or_default().push(one);
        }
    }
    asked
        .into_iter()
        .filter_map(|(index, list)| {
            let appliance = case.deployment.appliance(index)?;
            let first = list.first()?;
            let mut servers: Vec<String> =
                list.iter().map(|one| scene::server(one.subject.connection)).collect();
            servers.sort();
            servers.dedup();
            let issuer = scene::leaf(first.subject.connection, Role::Client)
                .or_else(|| appliance.client_leaf())
                .map_or_else(|| "its CA".to_owned(), |leaf| leaf.issuer.text().to_owned());
            let (entry, _) = first.subject.connection.handshake.certificate_request()?;
            let request = Evidence::new(entry.frame, "tls.handshake.type", "certificate_request");
            let values = Values::new()
                .with("servers", servers.join(", "))
                .with("host", appliance.title())
                .with("issuer", issuer);
            Some(first.observation(Observation {
                values,
                evidence: vec![request],
                severity: None,
                of: Some(Role::Client),
            }))
        })
        .collect()
}

const CUCM_WILDCARD: Rule = Rule {
    id: "cucm-wildcard",
    severity: Severity::Warning,
    summary: Text::en("Unified CM shows a wildcard certificate, which it does not support"),
    sentence: Text::en("{server} showed {certificate} with the wildcard name {name}."),
    remedy: Text::en(
        "Have a certificate issued with the names of the nodes (multi-server SAN): OS Administration > Security > Certificate Management > Generate CSR, distribution Multi-server (SAN).",
    ),
    needs: &[Need::Parties],
    applies: Text::en("Unified CM and IM and Presence"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a certificate that Unified CM or IM and Presence shows has a name with an asterisk.",
        ),
        why: Text::en(
            "Wildcard certificates are not supported by Unified CM. The traffic server accepts one asterisk in the leftmost label, SIP zones compare names as they are.",
        ),
        symptom: Text::en("Some services accept it, others do not"),
        steps: Text::en(
            "1. Generate a CSR on the node. 2. Have it signed. 3. Upload it and restart the services.",
        ),
        caveat: Text::en(
            "The certificate may belong to a device in the path instead of Unified CM.",
        ),
    },
    references: &[CERTIFICATES],
    check: Check::Connection(cucm_wildcard),
};

fn cucm_wildcard(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    if !matches!(subject.leg.server, Party::UnifiedCm | Party::ImAndPresence | Party::UcNode) {
        return None;
    }
    let leaf = connection.server_leaf()?;
    let name = wildcard(leaf)?;
    let frame = scene::certificate_frame(connection, Role::Server)?;
    let values = scene::values(connection).with("certificate", leaf.title()).with("name", &name);
    let evidence = vec![Evidence::new(frame, "x509ce.dNSName", name)];
    Some(Observation { values, evidence, severity: None, of: Some(Role::Server) })
}

fn wildcard(leaf: &Certificate) -> Option<String> {
    let common_name = leaf.subject.common_name().map(str::to_owned);
    let mut names = leaf.extensions.dns_names().chain(common_name);
    names.find(|name| name.contains('*'))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        EXPRESSWAY, WITH_ECDSA, expressway, finding, findings, findings_of,
    };
    use crate::expressway::{Appliance, Version};

    #[test]
    fn a_refusal_on_the_port_of_sip_oauth_names_its_store() {
        let found = finding("sip-oauth-tomcat-trust", "mtls-refused-java.pcap", EXPRESSWAY);
        assert!(
            found.remedy().contains("as tomcat-trust") && found.remedy().contains("sipOAuth-mode")
        );
        assert!(
            findings("sip-oauth-tomcat-trust", "mtls-refused-tls12.pcap", EXPRESSWAY).is_empty()
        );
    }

    #[test]
    fn an_accepted_certificate_is_a_reminder_from_x14_0_2_on() {
        let id = "expc-chain-upload-reminder";
        let found = findings_of(id, "mra-login-works.pcap", WITH_ECDSA, expressway());
        assert_eq!(found.len(), 1);
        assert!(found[0].sentence().contains("cucmsub.example.org (10.30.7.12:6972)"));
        let old = Appliance { version: Version::parse("X12.6"), ..expressway() };
        assert!(findings_of(id, "mra-login-works.pcap", WITH_ECDSA, old).is_empty());
    }

    #[test]
    fn no_sample_has_a_wildcard() {
        assert!(
            findings_of("cucm-wildcard", "rsa-trusted.pcap", EXPRESSWAY, expressway()).is_empty()
        );
    }
}
