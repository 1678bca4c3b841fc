//! One store with everything wrong in it.

use std::sync::Arc;

use rcgen::date_time_ymd;

use super::super::testing::{Ca, NOW, leaf_params, params, self_signed, store};
use super::*;

#[test]
fn a_good_store_is_silent() {
    let root = Ca::root("root");
    let intermediate = root.intermediate("intermediate");
    assert_eq!(examine(&store(&[&intermediate.certificate, &root.certificate]), NOW), []);
}

#[test]
fn every_oddity_is_named() {
    let root = Ca::root("root");
    let other = Ca::root("root");
    let orphan = Ca::root("elsewhere").intermediate("orphan");
    let leaf = root.leaf("a.example");
    let own = self_signed(&leaf_params("b.example"));
    let anchors = [
        &root.certificate,
        &other.certificate,
        &root.certificate,
        &orphan.certificate,
        &leaf,
        &own,
    ];
    let mut list = store(&anchors);
    list.add_bundle("trust.pem", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    let expected = [
        Remark::SameSubjectOtherKey { anchor: 1, earlier: 0 },
        Remark::Duplicate { anchor: 2, earlier: 0 },
        Remark::IssuerMissing { anchor: 3 },
        Remark::Leaf { anchor: 4, self_signed: false },
        Remark::Leaf { anchor: 5, self_signed: true },
        Remark::Unreadable { block: 0 },
    ];
    assert_eq!(examine(&list, NOW), expected);
}

#[test]
fn dates_are_judged_at_the_given_time() {
    let mut dated = params("root");
    dated.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    dated.not_after = date_time_ymd(2025, 1, 1);
    let old = self_signed(&dated);
    assert_eq!(examine(&store(&[&Arc::clone(&old)]), NOW), [Remark::Expired { anchor: 0 }]);
    let start = old.not_before.unix.unwrap();
    assert_eq!(examine(&store(&[&old]), start - 1), [Remark::NotYetValid { anchor: 0 }]);
    assert_eq!(examine(&store(&[&old]), start), []);
}
