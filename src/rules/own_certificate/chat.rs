//! Do both Expressways carry the aliases of chat nodes?

use super::{GUIDE, MRA_GUIDE};
use crate::expressway::BoxRole;
use crate::rules::case::{Case, CaseObservation};
use crate::rules::finding::Severity;
use crate::rules::own::{self, Own};
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::words::Text;

pub(super) const CHAT_ALIAS_MISSING: Rule = Rule {
    id: "chat-alias-missing",
    severity: Severity::Warning,
    summary: Text::en("A name like a chat node alias stands in one Expressway certificate only"),
    sentence: Text::en(
        "{certificate} of {box} ({seen}) carries {name}, which reads like the alias of a chat node, and the certificate of {other} does not: federated group chat needs it in both.",
    ),
    remedy: Text::en(
        "If {name} is a chat node alias and group chat with federated partners over TLS is used: generate a new CSR on {other} that has it (the chat node aliases of IM and Presence are offered there), have it signed, upload it, restart.",
    ),
    needs: &[Need::OwnCertificate, Need::Pair],
    applies: Text::en("Expressway-C and -E with XMPP federation and group chat over TLS"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the certificates of a known Expressway-C and Expressway-E differ in a name whose first label begins with chat or conference.",
        ),
        why: Text::en(
            "For federated group chat over TLS the aliases of the chat nodes have to be subject alternative names on both Expressways.",
        ),
        symptom: Text::en("Group chat with federated partners fails, all else works"),
        steps: Text::en(
            "1. IM and Presence: note the chat node aliases (Messaging > Group Chat Server Alias Mapping). 2. Compare them with both certificates. 3. New CSR where one is missing.",
        ),
        caveat: Text::en(
            "What is an alias stands in no archive; it is told by how the name begins. Without federated group chat nothing is missing.",
        ),
    },
    references: &[MRA_GUIDE, GUIDE],
    check: Check::Case(chat_alias_missing),
};

fn chat_alias_missing(case: &Case<'_>) -> Vec<CaseObservation> {
    let all = own::certificates(case);
    let of = |role: BoxRole| all.iter().find(move |own| own.is_of(role));
    let (Some(core), Some(edge)) = (of(BoxRole::Core), of(BoxRole::Edge)) else {
        return Vec::new();
    };
    [(core, edge), (edge, core)]
        .into_iter()
        .flat_map(|(has, other)| only_in(has, other).map(move |name| missing(has, other, &name)))
        .collect()
}

/// Names like aliases that one certificate has and the other does not.
fn only_in<'o>(has: &'o Own<'_>, other: &'o Own<'_>) -> impl Iterator<Item = String> + use<'o> {
    has.leaf.extensions.dns_names().filter(|name| {
        let begins = name.to_ascii_lowercase();
        let alias = begins.starts_with("chat") || begins.starts_with("conference");
        alias && other.leaf.extensions.dns_names().all(|known| !known.eq_ignore_ascii_case(name))
    })
}

fn missing(has: &Own<'_>, other: &Own<'_>, name: &str) -> CaseObservation {
    let values = has.values().with("name", name).with("other", other.appliance.title());
    has.observation(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expressway::Appliance;
    use crate::rules::testing::{case_findings, expressway, own_certificate};

    fn of(role: BoxRole, names: &[&str]) -> Appliance {
        let certificate = own_certificate(|params| {
            params.subject_alt_names = names
                .iter()
                .map(|name| rcgen::SanType::DnsName((*name).try_into().unwrap()))
                .collect();
        });
        Appliance { role: Some(role), server_certificates: vec![certificate], ..expressway() }
    }

    #[test]
    fn an_alias_on_one_side_only_is_told() {
        let core = || of(BoxRole::Core, &["expc.example.org", "chat1.example.org"]);
        let without = of(BoxRole::Edge, &["expe.example.org", "example.org"]);
        let found = case_findings("chat-alias-missing", vec![core(), without]);
        assert_eq!(found.len(), 1);
        assert!(found[0].sentence().contains("carries chat1.example.org"));
        let with = of(BoxRole::Edge, &["expe.example.org", "CHAT1.example.org"]);
        assert!(case_findings("chat-alias-missing", vec![core(), with]).is_empty());
    }
}
