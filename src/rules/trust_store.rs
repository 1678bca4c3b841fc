//! Does the order of the trust store decide, or the way it is searched?

use std::sync::Arc;

use super::documents::MRA_REQUIREMENTS;
use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::trust_fault::openssl;
use super::words::Text;
use crate::connection::{Chain, Connection};
use crate::tls::Role;
use crate::trust::{Anchor, Origin, Outcome, SignatureVerdict, Store, StoreSemantics};
use crate::x509::Name;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[SAME_SUBJECT_ANCHORS, STORE_LOOKUP_DIFFERS];

const SYMPTOM: Text = Text::en(
    "One service of a node works and another fails: discovery with TLS verify On against 8443, or SIP registration over TLS on 5061",
);
const STEPS: Text = Text::en(
    "1. `tlsight trust FILE` shows which entries share a subject, with their lines. 2. Keep the one that is needed and remove the other, if nothing needs it. 3. Best: have the certificates of Unified CM signed by a CA, or reuse the Tomcat certificate as CallManager (Unified CM 14 and newer), so that one anchor is enough. 4. Restart the Expressway.",
);
const REFERENCES: &[&str] = &["CSCwa12894", "CSCwa12905", MRA_REQUIREMENTS];

const SAME_SUBJECT_ANCHORS: Rule = Rule {
    id: "same-subject-anchors",
    severity: Severity::Warning,
    summary: Text::en(
        "Certificates of one subject with different keys are in the trust store, and one is needed",
    ),
    sentence: Text::en(
        "The trust store has {count} certificates of the subject {subject} with different keys ({anchors}), and the chain of {certificate}, which {server} showed, needs one of them; {effect}.",
    ),
    remedy: Text::en(
        "Keep the one that is needed and take the other out of the trust list (Maintenance > Security > Trusted CA certificate). Where another server still shows what the other signed, no list serves both: have the certificates of Unified CM signed by a CA. Expressway uses the first entry of a subject only (CSCwa12894).",
    ),
    needs: &[Need::ServerCertificate, Need::TrustStore],
    applies: Text::en(
        "Every Expressway; self-signed certificates of Unified CM are the usual case",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a name that the chain was looked up by stands in the trust store more than once, with different keys.",
        ),
        why: Text::en(
            "Expressway stops at the first entry with a matching subject, and the others are as if absent. OpenSSL tells them apart by the authority key identifier, which self-signed certificates of Unified CM do not have.",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: Text::en(
            "An error only where the chain fails because of it; else it works by the order of the list, or by key identifiers.",
        ),
    },
    references: REFERENCES,
    check: Check::Connection(same_subject_anchors),
};

fn same_subject_anchors(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let store = subject.store.filter(|store| store.has_namesakes())?;
    let chain = connection.server_path.chain()?;
    let leaf = connection.server_leaf()?;
    let (name, anchors) = doubled(chain, store)?;
    let fails = stands_in_the_way(chain, name);
    let effect = match (fails, &chain.otherwise) {
        (true, _) => Text::en("the one that is found first does not fit (OpenSSL: {openssl})"),
        (false, Some(_)) => Text::en("it depends on how the store is searched which one is found"),
        (false, None) => Text::en("here the right one is found, or none of them fits"),
    };
    let error = chain.validation.first_error().map(openssl).unwrap_or_default();
    let listed: Vec<String> = anchors.iter().map(|anchor| place(anchor)).collect();
    let values = scene::values(connection)
        .with("count", anchors.len().to_string())
        .with("subject", name.to_string())
        .with("anchors", listed.join(", "))
        .with("certificate", leaf.title())
        .with("openssl", error)
        .with_words("effect", effect);
    Some(Observation {
        values,
        evidence: proof(connection),
        severity: fails.then_some(Severity::Error),
        of: Some(Role::Server),
    })
}

/// The first name needed by the chain that the store has with several keys.
fn doubled<'a>(chain: &'a Chain, store: &'a Store) -> Option<(&'a Name, Vec<&'a Anchor>)> {
    let used = |origin: Origin| matches!(origin, Origin::Store(_));
    let path = chain.validation.path.iter().filter(|link| used(link.origin));
    let tried = chain.validation.candidates.iter().filter(|candidate| used(candidate.origin));
    let names = path
        .map(|link| &link.certificate.subject)
        .chain(tried.map(|candidate| &candidate.certificate.subject));
    names.into_iter().find_map(|name| {
        let mut anchors: Vec<&Anchor> = Vec::new();
        for (_, anchor) in store.named(name) {
            let spki = &anchor.certificate.public_key.spki;
            if anchors.iter().all(|known| known.certificate.public_key.spki != *spki) {
                anchors.push(anchor);
            }
        }
        (anchors.len() > 1).then_some((name, anchors))
    })
}

/// Whether the chain fails because an anchor of this name was found that is not the one.
fn stands_in_the_way(chain: &Chain, name: &Name) -> bool {
    let wrong = chain.validation.candidates.iter().any(|candidate| {
        candidate.certificate.subject == *name
            && matches!(candidate.origin, Origin::Store(_))
            && matches!(candidate.outcome, Outcome::Taken | Outcome::NotTheSame)
            && candidate.signature == SignatureVerdict::Bad
    });
    wrong && !chain.validation.ok()
}

/// `serial 6f:1d:... at ca.pem line 31`.
fn place(anchor: &Anchor) -> String {
    format!("serial {} at {} line {}", anchor.certificate.serial, anchor.source, anchor.line)
}

const STORE_LOOKUP_DIFFERS: Rule = Rule {
    id: "store-lookup-differs",
    severity: Severity::Warning,
    summary: Text::en(
        "OpenSSL and Expressway come to different verdicts with the same trust store",
    ),
    sentence: Text::en(
        "With store semantics {semantics} the chain of {certificate}, which {server} showed, is {verdict}; with store semantics {other} it is {other_verdict}: the trust store has several certificates of one subject, and the two find different ones (OpenSSL: {openssl}).",
    ),
    remedy: Text::en(
        "Do not rely on either: keep one certificate of each subject in the trust list (Maintenance > Security > Trusted CA certificate), the one that every server's chain needs; where they need different ones, have certificates signed by a CA. `--store-semantics` chooses which verdict the report gives.",
    ),
    needs: &[Need::ServerCertificate, Need::TrustStore],
    applies: Text::en("Expressway, whose trust list is searched by subject (CSCwa12894)"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the chain is accepted by one of two lookups and refused by the other: OpenSSL's (subject, key identifier, validity) and Expressway's as Cisco describes it (the first entry of the subject).",
        ),
        why: Text::en(
            "A chain that `openssl verify` accepts with the list of the Expressway may still be refused by the Expressway itself.",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: Text::en(
            "How each release searches is not published in detail; upstream traffic server with OpenSSL 3.0 searches as OpenSSL.",
        ),
    },
    references: REFERENCES,
    check: Check::Connection(store_lookup_differs),
};

fn store_lookup_differs(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let chain = connection.server_path.chain()?;
    let other = chain.otherwise.as_ref()?;
    let leaf = connection.server_leaf()?;
    let semantics = subject.store.map(Store::semantics).unwrap_or_default();
    let refusing = if chain.validation.ok() { &other.validation } else { &chain.validation };
    let word = |accepted: bool| if accepted { "accepted" } else { "refused" };
    let values = scene::values(connection)
        .with("certificate", leaf.title())
        .with("semantics", lookup(semantics))
        .with("verdict", word(chain.validation.ok()))
        .with("other", lookup(other.semantics))
        .with("other_verdict", word(other.validation.ok()))
        .with("openssl", refusing.first_error().map(openssl).unwrap_or_default());
    Some(Observation {
        values,
        evidence: proof(connection),
        severity: None,
        of: Some(Role::Server),
    })
}

const fn lookup(semantics: StoreSemantics) -> &'static str {
    match semantics {
        StoreSemantics::OpenSsl => "openssl",
        StoreSemantics::Expressway => "expressway",
    }
}

fn proof(connection: &Connection) -> Vec<Evidence> {
    let leaf = connection.server_leaf().map(Arc::as_ref);
    let shown = scene::certificate_frame(connection, Role::Server)
        .zip(leaf)
        .map(|(frame, leaf)| scene::serial_evidence(frame, leaf));
    shown.into_iter().chain(scene::ending(connection)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Finding;
    use super::super::testing::{EXPRESSWAY, findings, store};
    use super::*;
    use crate::pipeline::{Config, analyze, source_from_file};
    use crate::x509::Certificate;

    /// Another self-signed certificate with the subject of the sample's root: same
    /// bytes, another key.
    fn twin(of: &Certificate) -> Arc<Certificate> {
        let mut twin = of.clone();
        let mut spki = twin.public_key.spki.to_vec();
        spki.reverse();
        twin.public_key.spki = spki.into();
        let mut key = twin.public_key.key.to_vec();
        let middle = key.len() / 2;
        key[middle] ^= 1;
        twin.public_key.key = key.into();
        twin.sha256 = [7; 32];
        twin.extensions.subject_key_id = Some([7; 20].into());
        Arc::new(twin)
    }

    /// The findings of a trusted connection when a twin of each anchor comes first.
    fn with_twins(id: &str) -> Vec<Finding> {
        let real = store("expressway");
        let mut doubled = Store::new(StoreSemantics::OpenSsl);
        for anchor in real.anchors() {
            doubled.add(twin(&anchor.certificate), "twin.pem", 1);
        }
        for anchor in real.anchors() {
            doubled.add(Arc::clone(&anchor.certificate), "ca.pem", anchor.line);
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/rsa-trusted.pcap");
        let config = Config { store: Some(doubled), ..Config::default() };
        let report = analyze(vec![source_from_file(path.into())], &config);
        let all = report.connections.into_iter().flat_map(|judged| judged.findings);
        all.filter(|finding| finding.rule.id == id).collect()
    }

    #[test]
    fn anchors_of_one_subject_are_told_where_one_is_needed() {
        let found = with_twins("same-subject-anchors");
        let [found] = found.as_slice() else { panic!("{found:?}") };
        let said = found.sentence();
        assert!(said.contains("2 certificates of the subject") && said.contains("twin.pem line 1"));
        assert_eq!(found.severity, Severity::Warning);
        assert!(findings("same-subject-anchors", "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }

    #[test]
    fn two_lookups_that_differ_are_told() {
        let found = with_twins("store-lookup-differs");
        let [found] = found.as_slice() else { panic!("{found:?}") };
        let said = found.sentence();
        assert!(said.contains("semantics openssl the chain of") && said.contains("is accepted"));
        assert!(said.contains("semantics expressway it is refused"), "{said}");
        assert!(findings("store-lookup-differs", "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }
}
