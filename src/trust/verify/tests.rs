//! The common verdicts, row by row, as `openssl verify` 3.0 gives them.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    NameConstraints, SanType, date_time_ymd,
};

use super::super::testing::{Ca, NOW, leaf_params, self_signed, store};
use super::super::{
    Budget, Conclusion, Exhausted, NotChecked, Outcome, PathValidation, Purpose, Question,
    SignatureVerdict, Store, StoreSemantics, validate, verify_signature,
};
use super::*;

type Chain<'a> = &'a [&'a Arc<Certificate>];

fn ask(
    chain: Chain<'_>,
    store: &Store,
    change: impl Fn(Question<'_>) -> Question<'_>,
) -> PathValidation {
    let sent: Vec<_> = chain.iter().map(|certificate| Arc::clone(certificate)).collect();
    let question = Question::new(Arc::clone(&sent[0]), &sent[1..], store, NOW, Purpose::Server);
    validate(&change(question))
}

fn errors(chain: Chain<'_>, store: &Store) -> Vec<(u32, usize)> {
    ask(chain, store, |question| question)
        .errors
        .iter()
        .map(|error| (error.code, error.depth))
        .collect()
}

#[test]
fn what_is_missing_decides_the_error() {
    let root = Ca::root("root");
    let intermediate = root.intermediate("intermediate");
    let leaf = intermediate.leaf("cucm.lab.example");
    let (root, intermediate) = (&root.certificate, &intermediate.certificate);
    assert_eq!(errors(&[&leaf, intermediate], &store(&[root])), []);
    assert_eq!(errors(&[&leaf], &store(&[root])), [(20, 0)]);
    assert_eq!(errors(&[&leaf, intermediate], &store(&[])), [(20, 1)]);
    assert_eq!(errors(&[&leaf, intermediate, root], &store(&[])), [(19, 2)]);
    assert_eq!(errors(&[&leaf, intermediate], &store(&[intermediate])), [(2, 1)]);
    assert_eq!(errors(&[&leaf], &store(&[&leaf])), [(20, 0)]);
    for anchor in [intermediate, &leaf] {
        let partial = ask(&[&leaf], &store(&[anchor]), |question| Question {
            partial_chain: true,
            ..question
        });
        assert!(partial.ok(), "{:?}", partial.errors);
    }
}

#[test]
fn a_self_signed_leaf_needs_itself_in_the_store() {
    let mut params = leaf_params("cucm.lab.example");
    let plain = self_signed(&params);
    assert_eq!(errors(&[&plain], &store(&[])), [(18, 0)]);
    assert_eq!(errors(&[&plain], &store(&[&plain])), []);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = self_signed(&params);
    assert_eq!(errors(&[&ca], &store(&[&ca])), []);
}

#[test]
fn errors_after_which_openssl_verify_goes_on_are_listed_together() {
    let mut params = leaf_params("cucm.lab.example");
    params.not_after = date_time_ymd(2025, 1, 1);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    assert_eq!(errors(&[&self_signed(&params)], &store(&[])), [(18, 0), (26, 0), (10, 0)]);
}

#[test]
fn the_same_name_with_another_key_is_explained() {
    let (old, new) = (Ca::root("root"), Ca::root("root"));
    let leaf = new.leaf("cucm.lab.example");
    let answer = ask(&[&leaf], &store(&[&old.certificate]), |question| question);
    assert_eq!(answer.first_error().map(|error| error.code), Some(20));
    let [candidate] = answer.candidates.as_slice() else { panic!("{:?}", answer.candidates) };
    assert!(matches!(candidate.outcome, Outcome::NotIssuer(_)));
    assert_eq!(candidate.signature, SignatureVerdict::Bad);
    // With the right one behind it OpenSSL finds its way by the key identifier, Expressway does not.
    let both = store(&[&old.certificate, &new.certificate]);
    assert_eq!(errors(&[&leaf], &both), []);
    assert_eq!(errors(&[&leaf], &both.with_semantics(StoreSemantics::Expressway)), [(7, 0)]);
}

#[test]
fn without_key_identifiers_the_first_anchor_of_the_name_wins() {
    let (first, second) =
        (Ca::root_without_identifiers("root"), Ca::root_without_identifiers("root"));
    let leaf = second.sign(&leaf_params("cucm.lab.example"));
    assert_eq!(errors(&[&leaf], &store(&[&first.certificate, &second.certificate])), [(7, 0)]);
    assert_eq!(errors(&[&leaf], &store(&[&second.certificate, &first.certificate])), []);
}

#[test]
fn the_last_second_is_too_late_and_the_first_is_not_too_early() {
    let leaf = self_signed(&leaf_params("cucm.lab.example"));
    let trust = store(&[&leaf]);
    let at = |time| {
        let answer = ask(&[&leaf], &trust, |question| Question { time, ..question });
        answer.first_error().map(|error| error.code)
    };
    let (start, end) = (leaf.not_before.unix.unwrap(), leaf.not_after.unix.unwrap());
    assert_eq!([at(start - 1), at(start), at(end - 1), at(end)], [Some(9), None, None, Some(10)]);
}

#[test]
fn a_name_is_checked_when_asked_for() {
    let leaf = self_signed(&leaf_params("cucm.lab.example"));
    let trust = store(&[&leaf]);
    let named = |host| ask(&[&leaf], &trust, |question| Question { host: Some(host), ..question });
    assert!(named("CUCM.lab.example").ok());
    assert_eq!(
        named("other").to_string_of_first(),
        "error 62 at 0 depth lookup: hostname mismatch"
    );
}

impl PathValidation {
    fn to_string_of_first(&self) -> String {
        self.first_error().map(ToString::to_string).unwrap_or_default()
    }
}

#[test]
fn an_exhausted_budget_has_its_own_conclusion() {
    let root = Ca::root("root");
    let leaf = root.leaf("cucm.lab.example");
    let trust = store(&[&root.certificate]);
    let with = |budget| {
        ask(&[&leaf, &root.certificate], &trust, |question| Question { budget, ..question })
            .conclusion()
    };
    let full = Budget::default();
    assert_eq!(with(full), Conclusion::Accepted);
    let no_checks = Budget { issuer_checks: 0, ..full };
    assert_eq!(with(no_checks), Conclusion::TooMuchWork(Exhausted::IssuerChecks));
    let no_signatures = Budget { signatures: 0, ..full };
    assert_eq!(with(no_signatures), Conclusion::TooMuchWork(Exhausted::Signatures));
}

#[test]
fn what_cannot_be_checked_is_not_called_bad() {
    let signed = self_signed(&leaf_params("cucm.lab.example"));
    let mut odd = (*signed).clone();
    // P-256 with SHA-224 is a pair that the library has no code for.
    odd.signature_algorithm.scheme =
        crate::x509::SignatureScheme::Ecdsa(crate::x509::Digest::Sha224);
    odd.inner_signature_algorithm = odd.signature_algorithm.clone();
    assert_eq!(verify_signature(&signed, &signed), SignatureVerdict::Good);
    assert_eq!(verify_signature(&odd, &odd), SignatureVerdict::NotChecked(NotChecked::Unsupported));
}

#[test]
fn an_unreadable_end_date_is_not_later_than_another() {
    let issuing = Ca::root_without_identifiers("root");
    let leaf = issuing.leaf("cucm.lab.example");
    let ended = |unix: Option<i64>, serial: u8| {
        let mut root = (*issuing.certificate).clone();
        root.not_after.unix = unix;
        root.sha256[0] ^= serial;
        Arc::new(root)
    };
    let (unreadable, old) = (ended(None, 1), ended(Some(NOW - 1), 2));
    for (first, second) in [(&unreadable, &old), (&old, &unreadable)] {
        let answer = ask(&[&leaf], &store(&[first, second]), |question| question);
        assert_eq!(answer.path.last().unwrap().origin, Origin::Store(0));
    }
}

#[test]
fn a_million_names_under_constraints_are_compared() {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let subtree = |n: u32| GeneralSubtree::DnsName(format!("x{n}.example"));
    ca.name_constraints = Some(NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: (0..1_000).map(subtree).collect(),
    });
    let ca = Ca::root_from(ca);
    let mut params = leaf_params("cucm.lab.example");
    params.subject_alt_names = (0..900)
        .map(|n| SanType::DnsName(format!("a{n}.lab.example").try_into().unwrap()))
        .collect();
    let leaf = ca.sign(&params);
    assert_eq!(errors(&[&leaf], &store(&[&ca.certificate])), []);
}
