//! The families of rules, in report order.

use super::rule::Rule;
use super::{alerts, certificate_chain, certificate_name, certificate_use, certificate_validity};
use super::{
    cipher_selection, client_certificate, client_trust, handshake_failure, negotiation,
    path_validation, refusal, trust_store, visibility,
};

/// Each family is one file with one slice that names its rules in report order. A
/// verdict takes the first finding that explains the end of the connection, so what
/// knows better stands before what is more general.
const FAMILIES: &[(&str, &[Rule])] = &[
    ("certificate chain", certificate_chain::RULES),
    ("certificate validity", certificate_validity::RULES),
    ("certificate use", certificate_use::RULES),
    ("certificate name", certificate_name::RULES),
    ("trust store", trust_store::RULES),
    ("path validation", path_validation::RULES),
    ("client certificate trust", client_trust::RULES),
    ("client certificate", client_certificate::RULES),
    ("refusals", refusal::RULES),
    ("cipher selection", cipher_selection::RULES),
    ("negotiation", negotiation::RULES),
    ("alerts", alerts::RULES),
    ("handshake failure", handshake_failure::RULES),
    ("visibility", visibility::RULES),
];

/// The families with their names.
#[must_use]
pub const fn families() -> &'static [(&'static str, &'static [Rule])] {
    FAMILIES
}

/// Every rule, in report order.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|(_, rules)| rules.iter())
}

/// A rule by its id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}
