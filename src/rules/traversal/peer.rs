//! Is the other end of the traversal zone named by its address?

use std::net::IpAddr;

use super::{GUIDE, MRA_GUIDE, link};
use crate::rules::case::{Case, CaseObservation};
use crate::rules::documents::COLLABORATION_EDGE_ISSUES;
use crate::rules::finding::Severity;
use crate::rules::own;
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::words::{Text, Values};

pub(super) const TRAVERSAL_PEER_IS_IP: Rule = Rule {
    id: "traversal-peer-is-ip",
    severity: Severity::Warning,
    summary: Text::en("The traversal zone reaches Expressway-E by address, not by name"),
    sentence: Text::en(
        "The zone {zone} of {box} has the peer address {addresses} (xconf_dump). SIP zones look for the peer address in the certificate, and certificates carry names.",
    ),
    remedy: Text::en(
        "On {box}, Configuration > Zones > {zone}: enter the full domain name of the Expressway-E, which has to resolve to {addresses} and to be a subject alternative name of its certificate.",
    ),
    needs: &[Need::Settings],
    applies: Text::en("Expressway-C, traversal client zones over TLS; all versions"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a peer address of a traversal client zone in xconf_dump is an IP address.",
        ),
        why: Text::en(
            "With TLS verify mode On the zone looks for its peer address among the subject alternative names of the Expressway-E certificate. An Expressway does not take a certificate with an address in it.",
        ),
        symptom: Text::en(
            "Traversal zone FAILED: Peer's TLS certificate identity was unacceptable",
        ),
        steps: Text::en(
            "1. Make the name of the Expressway-E resolve on Expressway-C. 2. Enter it as peer address. 3. Check that the Expressway-E certificate carries it.",
        ),
        caveat: Text::en(
            "A zone with TLS verify mode Off does not look for the name; a UC traversal zone needs it On.",
        ),
    },
    references: &[MRA_GUIDE, GUIDE, COLLABORATION_EDGE_ISSUES],
    check: Check::Case(traversal_peer_is_ip),
};

fn traversal_peer_is_ip(case: &Case<'_>) -> Vec<CaseObservation> {
    let appliances = case.deployment.appliances().iter();
    appliances
        .flat_map(|appliance| {
            let zones = link::client_zones(appliance).into_iter();
            zones.filter(|zone| zone.tls_verify != Some(false)).filter_map(|zone| {
                let is_address = |peer: &&String| peer.parse::<IpAddr>().is_ok();
                let addresses: Vec<&str> =
                    zone.peers.iter().filter(is_address).map(String::as_str).collect();
                let values = Values::new()
                    .with("box", appliance.title())
                    .with("zone", &zone.name)
                    .with("addresses", addresses.join(", "));
                (!addresses.is_empty()).then(|| own::told(values))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::expressway::Appliance;
    use crate::rules::testing::{case_findings, expressway, settings};

    #[test]
    fn an_address_as_peer_is_told_with_its_zone() {
        let of = |peer: &str, verify: &str| {
            let peer = format!("Zones Zone 1 TraversalClient Peer 1 Address: \"{peer}\"");
            let verify = format!("Zones Zone 1 TraversalClient SIP TLS Verify Mode: \"{verify}\"");
            let lines = [
                "Zones Zone 1 Name: \"UC zone\"",
                "Zones Zone 1 Type: \"TraversalClient\"",
                &peer,
                &verify,
            ];
            let settings = Some(settings(&lines));
            case_findings("traversal-peer-is-ip", vec![Appliance { settings, ..expressway() }])
        };
        let said = of("192.0.2.30", "On")[0].sentence();
        assert!(
            said.starts_with(
                "The zone UC zone of Expressway-C expc.example.org has the peer address 192.0.2.30"
            ),
            "{said}"
        );
        assert!(of("expe.example.org", "On").is_empty());
        assert!(of("192.0.2.30", "Off").is_empty());
    }
}
