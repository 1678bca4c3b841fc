//! A chain whose judge is not known: what path validation says of it whoever trusts it.

use super::failure::code;
use super::question::{Link, PathValidation, Question};
use super::store::Store;
use super::verify::validate;

/// Validates the path that the peer sent as if its last certificate were trusted, so that no
/// error tells of trust: what is left every trust store would answer. The store of `question`
/// does not count.
///
/// Dates are left out as well: who judges may have a CA renewed.
///
/// Where the last certificate was sent, not trusted, the signature on it is not looked at, nor
/// what it would have to fulfil below an anchor.
#[must_use]
pub fn by_itself(question: &Question<'_>) -> PathValidation {
    let semantics = question.store.semantics();
    let nothing = Store::new(semantics);
    let sent = validate(&Question { store: &nothing, ..question.clone() }).path;
    let mut store = Store::new(semantics);
    if let Some(top) = sent.last() {
        store.add(top.certificate.clone(), "", 0);
    }
    let mut answer = validate(&Question { store: &store, partial_chain: true, ..question.clone() });
    let dates = [code::CERT_HAS_EXPIRED, code::CERT_NOT_YET_VALID];
    answer.errors.retain(|error| !error.lacks_trust() && !dates.contains(&error.code));
    answer.path = answer.path.into_iter().zip(sent).map(as_sent).collect();
    answer
}

/// What the store has here, the peer sent.
fn as_sent((link, sent): (Link, Link)) -> Link {
    Link { origin: sent.origin, ..link }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

    use super::super::{Origin, Purpose, StoreSemantics};
    use super::*;
    use crate::x509::Certificate;

    const NOW: i64 = 1_790_000_000;

    /// A leaf below an intermediate of this kind; the root is not sent.
    fn below(kind: IsCa) -> [Arc<Certificate>; 2] {
        let key = || KeyPair::generate().unwrap();
        let named = |name: &str| {
            let mut params = CertificateParams::new(vec!["cucm.example.org".to_owned()]).unwrap();
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
            params
        };
        let mut root = named("Root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = Issuer::new(root, key());
        let mut between = named("Intermediate");
        between.is_ca = kind;
        let between_key = key();
        let between_der = between.signed_by(&between_key, &root).unwrap();
        let between = Issuer::new(between, between_key);
        let leaf = named("cucm").signed_by(&key(), &between).unwrap();
        [leaf, between_der].map(|one| Arc::new(Certificate::parse(one.der()).unwrap()))
    }

    fn answered(chain: &[Arc<Certificate>; 2], time: i64) -> PathValidation {
        let store = Store::new(StoreSemantics::OpenSsl);
        let [leaf, between] = chain;
        let others = [Arc::clone(between)];
        by_itself(&Question::new(Arc::clone(leaf), &others, &store, time, Purpose::Server))
    }

    #[test]
    fn a_chain_without_its_root_has_no_fault_of_its_own() {
        let chain = below(IsCa::Ca(BasicConstraints::Unconstrained));
        let answer = answered(&chain, NOW);
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        // In 1970 none of them was valid.
        assert!(answered(&chain, 0).errors.is_empty());
        let origins: Vec<Origin> = answer.path.iter().map(|link| link.origin).collect();
        assert_eq!(origins, [Origin::Leaf, Origin::Peer(0)]);
    }

    #[test]
    fn an_issuer_that_is_no_ca_is_one_for_every_trust_store() {
        let answer = answered(&below(IsCa::ExplicitNoCa), NOW);
        let told: Vec<(u32, usize)> =
            answer.errors.iter().map(|error| (error.code, error.depth)).collect();
        assert!(told.contains(&(code::INVALID_CA, 1)), "{told:?}");
    }
}
