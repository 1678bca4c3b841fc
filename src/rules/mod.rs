//! Judgements: what was seen against what should be.
//!
//! Decoders record, rules judge. A rule is a value ([`Rule`]); a family of rules is
//! one file with one slice; the registry lists the families. Everything else (run
//! order, `tlsight rules`, `tlsight explain`, the rule index of the JSON document,
//! the tests over all rules) follows from the slices.

mod addressing;
mod alerts;
mod both_ends;
mod case;
mod certificate_chain;
mod certificate_name;
mod certificate_use;
mod certificate_validity;
mod cipher_preference;
mod cipher_selection;
mod client_certificate;
mod client_trust;
mod cluster;
mod configuration;
mod documents;
mod finding;
mod handshake_failure;
mod in_clear;
mod mending;
mod negotiation;
mod own;
mod own_certificate;
mod path_fault;
mod path_validation;
mod reaction;
mod refusal;
pub mod registry;
mod reissue;
mod renegotiation;
mod request;
mod rule;
mod run;
mod scene;
mod selection;
mod since;
mod tcp;
#[cfg(test)]
mod testing;
mod tls13_inference;
mod traversal;
mod trust_fault;
mod trust_store;
mod unified_cm;
mod verdict;
mod visibility;
mod words;

pub use case::{Attempt, Case, CaseConnection, CaseObservation, MissingName};
pub use finding::{Evidence, Finding, Observation, Severity};
pub use mending::mending;
pub use reaction::{Reaction, reaction};
pub use rule::{Check, Need, Page, Part, Rule, Subject};
pub use run::{Judgement, judge, judge_case};
pub use selection::{Preference, preference};
pub use verdict::{Told, Verdict, Verdicts, verdicts_of_case};
pub use words::{Text, Values};
