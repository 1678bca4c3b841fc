//! Two trust lists compared.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::trust::Store;
use crate::x509::Certificate;

/// What two trust lists differ in.
#[derive(Clone, Debug, Default)]
pub struct StoreDifference {
    /// Anchors that the second has and the first lacks, in the order of the second.
    pub added: Vec<Arc<Certificate>>,
    /// Anchors that the first has and the second lacks, in the order of the first.
    pub removed: Vec<Arc<Certificate>>,
    /// Whether the same anchors stand in another order, where the order decides: where
    /// several have one subject.
    pub reordered: bool,
}

impl StoreDifference {
    /// Compares; `None` when a store is not known, or both are the same.
    #[must_use]
    pub fn of(before: Option<&Store>, after: Option<&Store>) -> Option<Self> {
        let (before, after) = (before?, after?);
        let mut difference = Self {
            added: missing(after, before),
            removed: missing(before, after),
            reordered: false,
        };
        difference.reordered = difference.is_empty()
            && before.has_namesakes()
            && !fingerprints(before).eq(fingerprints(after));
        (!difference.is_empty()).then_some(difference)
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && !self.reordered
    }
}

fn fingerprints(store: &Store) -> impl Iterator<Item = &[u8]> {
    store.anchors().iter().map(|anchor| anchor.certificate.sha256.as_slice())
}

/// The anchors of one store that the other lacks, each once.
fn missing(of: &Store, from: &Store) -> Vec<Arc<Certificate>> {
    let mut known: BTreeSet<&[u8]> = fingerprints(from).collect();
    let anchors = of.anchors().iter().map(|anchor| &anchor.certificate);
    anchors.filter(|one| known.insert(one.sha256.as_slice())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::StoreSemantics;

    fn store(names: &[&str]) -> Store {
        let mut store = Store::new(StoreSemantics::OpenSsl);
        for name in names {
            let path = format!("{}/samples/archives/recorded/{name}", env!("CARGO_MANIFEST_DIR"));
            store.add_bundle(name, &std::fs::read(path).unwrap());
        }
        store
    }

    #[test]
    fn anchors_come_and_go() {
        let (before, after) = (store(&["root.pem"]), store(&["ec-root.pem", "ec-root.pem"]));
        let difference = StoreDifference::of(Some(&before), Some(&after)).unwrap();
        assert_eq!((difference.added.len(), difference.removed.len()), (1, 1));
        assert!(!difference.reordered);
        assert!(StoreDifference::of(Some(&before), Some(&before)).is_none());
        assert!(StoreDifference::of(None, Some(&before)).is_none());
    }

    #[test]
    fn the_order_counts_among_namesakes_only() {
        let (one, other) = ("tomcat-self.pem", "callmanager-self.pem");
        let (before, after) = (store(&[one, other]), store(&[other, one]));
        let difference = StoreDifference::of(Some(&before), Some(&after)).unwrap();
        assert!(difference.reordered && difference.added.is_empty());
        let (before, after) = (store(&["root.pem", other]), store(&[other, "root.pem"]));
        assert!(StoreDifference::of(Some(&before), Some(&after)).is_none());
    }
}
