//! Each remedy is proved by asking again.

use std::sync::Arc;

use super::super::testing::{Ca, NOW, leaf_params, self_signed, store};
use super::super::{NotChecked, Purpose, Question, Store, StoreSemantics, Unchecked};
use super::*;

fn mend(sent: &[&Arc<Certificate>], store: &Store, pool: &[&Arc<Certificate>]) -> Option<Remedy> {
    let owned =
        |list: &[&Arc<Certificate>]| list.iter().map(|one| Arc::clone(one)).collect::<Vec<_>>();
    let (sent, pool) = (owned(sent), owned(pool));
    let question = Question::new(Arc::clone(&sent[0]), &sent[1..], store, NOW, Purpose::Server);
    remedy(&question, &validate(&question), &pool)
}

fn subjects(remedy: &Remedy) -> Vec<(String, bool)> {
    let entry = |needed: &Needed| match needed {
        Needed::Present { certificate, sent_by_peer } => {
            (certificate.subject.to_string(), *sent_by_peer)
        }
        Needed::Missing { subject, .. } => (format!("missing {subject}"), false),
    };
    remedy.add.iter().map(entry).collect()
}

#[test]
fn a_good_path_needs_nothing() {
    let leaf = self_signed(&leaf_params("a.example"));
    assert_eq!(mend(&[&leaf], &store(&[&leaf]), &[]), None);
}

#[test]
fn a_self_signed_leaf_is_added_itself() {
    let leaf = self_signed(&leaf_params("a.example"));
    let found = mend(&[&leaf], &store(&[]), &[]).unwrap();
    assert_eq!((subjects(&found), found.proven), (vec![("CN=a.example".to_owned(), true)], true));
}

#[test]
fn a_root_that_was_sent_is_added() {
    let root = Ca::root("root");
    let leaf = root.leaf("a.example");
    let found = mend(&[&leaf, &root.certificate], &store(&[]), &[]).unwrap();
    assert_eq!((subjects(&found), found.proven), (vec![("CN=root".to_owned(), true)], true));
}

#[test]
fn a_root_that_nobody_showed_must_be_fetched() {
    let root = Ca::root("root");
    let leaf = root.leaf("a.example");
    let found = mend(&[&leaf], &store(&[]), &[]).unwrap();
    assert_eq!(
        (subjects(&found), found.proven),
        (vec![("missing CN=root".to_owned(), false)], false)
    );
    let Some(Needed::Missing { key: Some(key), .. }) = found.add.first() else {
        panic!("{found:?}")
    };
    assert_eq!(key.key_id, root.certificate.extensions.subject_key_id);
    let pooled = mend(&[&leaf], &store(&[]), &[&root.certificate]).unwrap();
    assert_eq!((subjects(&pooled), pooled.proven), (vec![("CN=root".to_owned(), false)], true));
}

#[test]
fn an_omitted_intermediate_and_its_root_come_from_the_pool() {
    let root = Ca::root("root");
    let intermediate = root.intermediate("intermediate");
    let leaf = intermediate.leaf("a.example");
    let pool = [&root.certificate, &intermediate.certificate];
    let found = mend(&[&leaf], &store(&[]), &pool).unwrap();
    let expected = vec![("CN=intermediate".to_owned(), false), ("CN=root".to_owned(), false)];
    assert_eq!((subjects(&found), found.proven), (expected, true));
    // With the root in the store already, the intermediate alone is enough.
    let found = mend(&[&leaf], &store(&[&root.certificate]), &pool).unwrap();
    assert_eq!((found.add.len(), found.proven), (1, true));
}

#[test]
fn expiry_is_not_mended_by_trust() {
    let mut params = leaf_params("a.example");
    params.not_after = rcgen::date_time_ymd(2025, 1, 1);
    let leaf = self_signed(&params);
    let found = mend(&[&leaf], &store(&[]), &[]).unwrap();
    assert_eq!((found.add.len(), found.proven), (1, false));
    assert_eq!(found.remaining.iter().map(|error| error.code).collect::<Vec<_>>(), [10]);
    let found = mend(&[&leaf], &store(&[&leaf]), &[]).unwrap();
    assert!(found.add.is_empty() && !found.proven);
}

#[test]
fn a_shadow_of_the_same_name_is_removed() {
    let tomcat = self_signed(&leaf_params("cucm.lab.example"));
    let callmanager = self_signed(&leaf_params("cucm.lab.example"));
    let found = mend(&[&callmanager], &store(&[&tomcat]), &[]).unwrap();
    assert_eq!((found.remove.as_slice(), found.add.len(), found.proven), (&[0][..], 1, true));
    let (old, new) = (Ca::root("root"), Ca::root("root"));
    let leaf = new.leaf("a.example");
    let expressway =
        store(&[&old.certificate, &new.certificate]).with_semantics(StoreSemantics::Expressway);
    let found = mend(&[&leaf], &expressway, &[]).unwrap();
    assert_eq!((found.remove.as_slice(), found.add.len(), found.proven), (&[0][..], 0, true));
}

#[test]
fn a_path_without_a_fault_that_could_be_seen_is_not_mended() {
    let leaf = self_signed(&leaf_params("a.example"));
    let store = store(&[&leaf]);
    let question = Question::new(Arc::clone(&leaf), &[], &store, NOW, Purpose::Server);
    let mut undecided = validate(&question);
    undecided.unchecked.push(Unchecked { depth: 0, reason: NotChecked::Unsupported });
    assert_eq!(undecided.conclusion(), Conclusion::Undecided);
    assert_eq!(remedy(&question, &undecided, &[]), None);
}
