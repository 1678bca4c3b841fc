//! What would mend a failed path: the smallest set of certificates that has to be added to the store.

use std::sync::Arc;

use crate::x509::{AuthorityKeyIdentifier, Certificate, Name};

use super::candidate::Outcome;
use super::failure::VerifyError;
use super::question::{Conclusion, Origin, PathValidation, Question};
use super::signature::SignatureVerdict;
use super::store::Store;
use super::verify::validate;

/// One certificate that the store needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// It is at hand, in what the peer sent or in the pool.
    Present {
        /// The certificate to add.
        certificate: Arc<Certificate>,
        /// True when the peer itself sent it.
        sent_by_peer: bool,
    },
    /// It was seen nowhere and must be fetched from whoever runs that CA.
    Missing {
        /// Its subject.
        subject: Name,
        /// What the certificate below it says about its key, if anything.
        key: Option<AuthorityKeyIdentifier>,
        /// Where the certificate below it says it can be downloaded.
        urls: Vec<String>,
    },
}

/// What to change in the store, and what that achieves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// Anchors that stand in the way of the right one because they have its name: positions in [`Store::anchors`].
    pub remove: Vec<usize>,
    /// The certificates to add, nearest to the leaf first. Empty when adding certificates cannot help.
    pub add: Vec<Needed>,
    /// Errors that remain after everything that is at hand was changed and the question was asked again. Empty means
    /// the path is then valid. With a [`Needed::Missing`] they are today's errors.
    pub remaining: Vec<VerifyError>,
    /// True when the question was asked again with the changes and the path was accepted.
    pub proven: bool,
}

/// Most certificates are mended by one; more than three means that another question should be asked.
const MAX_ADDED: usize = 3;

/// So many certificates are tried as the first addition. An honest CA name has one or two; hostile sets have hundreds.
const MAX_TRIED: usize = 4;

/// Finds the smallest remedy for a failed validation. `pool` holds certificates known from elsewhere (other
/// connections, other stores, a bundle); what the peer sent is always considered. `None` for a path that is fine, or has
/// no fault that could be seen.
#[must_use]
pub fn remedy(
    question: &Question<'_>,
    failed: &PathValidation,
    pool: &[Arc<Certificate>],
) -> Option<Remedy> {
    if failed.errors.is_empty() {
        return None;
    }
    let added = by_adding(question, failed, pool);
    let shadows = shadows(failed);
    if added.as_ref().is_some_and(|remedy| remedy.proven) || shadows.is_empty() {
        return Some(added.unwrap_or_else(|| unmended(failed)));
    }
    let store = question.store.without(&shadows);
    let cleared = Question { store: &store, ..question.clone() };
    let answer = validate(&cleared);
    let found =
        if answer.ok() { Some(unmended(&answer)) } else { by_adding(&cleared, &answer, pool) };
    match found {
        Some(found) if !found.remaining.iter().any(VerifyError::lacks_trust) => {
            let proven = found.remaining.is_empty();
            Some(Remedy { remove: shadows, proven, ..found })
        }
        _ => Some(added.unwrap_or_else(|| unmended(failed))),
    }
}

/// Nothing in the store would change these errors.
fn unmended(answer: &PathValidation) -> Remedy {
    Remedy { remove: Vec::new(), add: Vec::new(), remaining: answer.errors.clone(), proven: false }
}

/// Anchors that were taken for the issuer though their key did not make the signature.
fn shadows(failed: &PathValidation) -> Vec<usize> {
    let mut positions: Vec<usize> = failed
        .candidates
        .iter()
        .filter(|candidate| matches!(candidate.outcome, Outcome::Taken | Outcome::NotTheSame))
        .filter(|candidate| candidate.signature == SignatureVerdict::Bad)
        .filter_map(|candidate| match candidate.origin {
            Origin::Store(position) => Some(position),
            Origin::Leaf | Origin::Peer(_) => None,
        })
        .collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// The smallest set of additions; with nothing at hand, the name of the missing issuer. `None` when no trust is lacking.
fn by_adding(
    question: &Question<'_>,
    failed: &PathValidation,
    pool: &[Arc<Certificate>],
) -> Option<Remedy> {
    if !failed.errors.iter().any(VerifyError::lacks_trust) {
        return None;
    }
    let mut best: Option<Remedy> = None;
    for first in additions(question, failed, pool).into_iter().take(MAX_TRIED) {
        let found = grow(question, pool, vec![first]);
        let size = |remedy: &Remedy| (remedy.remaining.len(), remedy.add.len());
        if best.as_ref().is_none_or(|best| size(&found) < size(best)) {
            best = Some(found);
        }
    }
    match best {
        // A set that only trades one missing issuer for the next is no remedy.
        Some(best) if !best.remaining.iter().any(VerifyError::lacks_trust) => Some(best),
        _ => Some(Remedy { add: missing(failed).into_iter().collect(), ..unmended(failed) }),
    }
}

/// Adds certificates until the path is trusted, or nothing at hand fits any more.
fn grow(
    question: &Question<'_>,
    pool: &[Arc<Certificate>],
    mut added: Vec<Arc<Certificate>>,
) -> Remedy {
    loop {
        let answer = ask_again(question, &added);
        let still_lacking = answer.errors.iter().any(VerifyError::lacks_trust);
        let next =
            additions(question, &answer, pool).into_iter().find(|next| !added.contains(next));
        match next {
            Some(next) if still_lacking && added.len() < MAX_ADDED => added.push(next),
            _ => {
                let proven = answer.conclusion() == Conclusion::Accepted;
                let add =
                    added.into_iter().map(|certificate| present(question, certificate)).collect();
                return Remedy { remove: Vec::new(), add, remaining: answer.errors, proven };
            }
        }
    }
}

/// The same question with a store that has the additions at its end, where a new upload goes.
fn ask_again(question: &Question<'_>, added: &[Arc<Certificate>]) -> PathValidation {
    let mut store: Store = question.store.clone();
    for certificate in added {
        store.add(Arc::clone(certificate), "added", 0);
    }
    validate(&Question { store: &store, ..question.clone() })
}

/// Certificates at hand that would take the path one step on: its self-signed end, or an issuer of its end.
fn additions(
    question: &Question<'_>,
    answer: &PathValidation,
    pool: &[Arc<Certificate>],
) -> Vec<Arc<Certificate>> {
    let Some(end) = answer.path.last().map(|link| &link.certificate) else {
        return Vec::new();
    };
    if end.is_self_signed() {
        return vec![Arc::clone(end)];
    }
    let mut fitting: Vec<Arc<Certificate>> = Vec::new();
    for certificate in question.untrusted.iter().chain(pool) {
        let fits = certificate.could_have_issued(end).is_ok()
            && !question.store.contains(&certificate.sha256);
        if fits && !fitting.contains(certificate) {
            fitting.push(Arc::clone(certificate));
        }
    }
    fitting
}

fn present(question: &Question<'_>, certificate: Arc<Certificate>) -> Needed {
    let sent_by_peer = certificate == question.leaf || question.untrusted.contains(&certificate);
    Needed::Present { certificate, sent_by_peer }
}

/// The issuer that nobody has shown. A self-signed certificate has none beside itself.
fn missing(failed: &PathValidation) -> Option<Needed> {
    let end = &failed.path.last()?.certificate;
    if end.is_self_signed() {
        return None;
    }
    Some(Needed::Missing {
        subject: end.issuer.clone(),
        key: end.extensions.authority_key_id.clone(),
        urls: end.extensions.ca_issuers.clone(),
    })
}

#[cfg(test)]
mod tests;
