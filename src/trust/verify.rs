//! One validation from beginning to end (`X509_verify_cert` and `verify_chain`, crypto/x509/x509_vfy.c).

use crate::x509::{Certificate, KeyUsage, Time};

use super::failure::{VerifyError, code};
use super::name;
use super::question::{Budget, Exhausted, Link, Origin, PathValidation, Question, Unchecked};
use super::signature::{SignatureVerdict, verify_signature};
use super::{build, constraints, extensions, security};

/// The verification ends here; the reason has been recorded.
pub(super) struct Stop;

/// What one validation gathers while it runs.
pub(super) struct Work {
    pub(super) path: Vec<Link>,
    /// How many certificates of the path, from the leaf, did not come from the store.
    pub(super) untrusted: usize,
    pub(super) candidates: Vec<super::Candidate>,
    pub(super) exhausted: Option<Exhausted>,
    errors: Vec<VerifyError>,
    unchecked: Vec<Unchecked>,
    budget: Budget,
    explanations: u32,
}

impl Work {
    /// Records an error; `Err` when `openssl verify` would end here.
    pub(super) fn report(&mut self, code: u32, depth: usize) -> Result<(), Stop> {
        let error = VerifyError::new(code, depth);
        self.errors.push(error);
        if error.openssl_verify_goes_on() { Ok(()) } else { Err(Stop) }
    }

    pub(super) fn spend_issuer_check(&mut self) -> Result<(), Stop> {
        match self.budget.issuer_checks.checked_sub(1) {
            Some(left) => self.budget.issuer_checks = left,
            None => return Err(self.out_of(Exhausted::IssuerChecks)),
        }
        Ok(())
    }

    pub(super) fn spend_constraint_checks(&mut self, count: usize) -> Result<(), Stop> {
        let left = u32::try_from(count)
            .ok()
            .and_then(|count| self.budget.constraint_checks.checked_sub(count));
        match left {
            Some(left) => self.budget.constraint_checks = left,
            None => return Err(self.out_of(Exhausted::ConstraintChecks)),
        }
        Ok(())
    }

    /// True while a signature may be checked that only explains a candidate. These have half of the budget for
    /// themselves, so that a crowd of candidates cannot use up what the path needs.
    pub(super) fn spend_explanation(&mut self) -> bool {
        let left = self.explanations.checked_sub(1);
        self.explanations = left.unwrap_or(0);
        left.is_some()
    }

    fn out_of(&mut self, what: Exhausted) -> Stop {
        self.exhausted = Some(what);
        Stop
    }
}

/// Answers a question the way OpenSSL 3.0 would.
///
/// The errors are those that `openssl verify` prints: its callback lets the verification go on after some of them
/// (expired, unsuitable purpose, invalid CA, ...), so that there can be several. A TLS library stops at the first.
#[must_use]
pub fn validate(question: &Question<'_>) -> PathValidation {
    let mut work = Work {
        path: vec![Link { certificate: question.leaf.clone(), origin: Origin::Leaf }],
        untrusted: 1,
        candidates: Vec::new(),
        exhausted: None,
        errors: Vec::new(),
        unchecked: Vec::new(),
        budget: question.budget,
        explanations: question.budget.signatures / 2,
    };
    // A stop has left its reason in `work`.
    let _ = steps(question, &mut work);
    PathValidation {
        errors: work.errors,
        path: work.path,
        candidates: work.candidates,
        unchecked: work.unchecked,
        exhausted: work.exhausted,
    }
}

/// The checks in OpenSSL's order.
fn steps(question: &Question<'_>, work: &mut Work) -> Result<(), Stop> {
    if !security::key_reaches(&question.leaf, question.security_level) {
        work.report(code::EE_KEY_TOO_SMALL, 0)?;
    }
    build::build(question, work)?;
    extensions::check(question, work)?;
    security_level(question.security_level, work)?;
    identity(question, work)?;
    signatures_and_dates(question, work)?;
    constraints::check(work)
}

/// `check_auth_level`: keys of all CAs, hashes of all signatures but the anchor's own.
fn security_level(level: u8, work: &mut Work) -> Result<(), Stop> {
    let path = work.path.clone();
    let anchor = path.len() - 1;
    for (depth, link) in path.iter().enumerate() {
        if depth > 0 && !security::key_reaches(&link.certificate, level) {
            work.report(code::CA_KEY_TOO_SMALL, depth)?;
        }
        if depth < anchor && !security::signature_reaches(&link.certificate, level) {
            work.report(code::CA_MD_TOO_WEAK, depth)?;
        }
    }
    Ok(())
}

/// `check_id`
fn identity(question: &Question<'_>, work: &mut Work) -> Result<(), Stop> {
    if let Some(host) = question.host
        && !name::openssl_host(&question.leaf, host).matched
    {
        work.report(code::HOSTNAME_MISMATCH, 0)?;
    }
    if let Some(ip) = question.ip
        && !name::openssl_ip(&question.leaf, ip).matched
    {
        work.report(code::IP_ADDRESS_MISMATCH, 0)?;
    }
    Ok(())
}

/// `internal_verify`: from the top down, each signature with the key above it, then the dates. The signature of the
/// topmost certificate is not checked, because a self-signature proves nothing.
fn signatures_and_dates(question: &Question<'_>, work: &mut Work) -> Result<(), Stop> {
    let path = work.path.clone();
    let top = path.len() - 1;
    for (depth, link) in path.iter().enumerate().rev() {
        let subject = &link.certificate;
        match path.get(depth + 1) {
            Some(issuer) => signature(work, subject, &issuer.certificate, depth)?,
            None if subject.could_have_issued(subject).is_err() && !question.partial_chain => {
                if top == 0 {
                    work.report(code::UNABLE_TO_VERIFY_LEAF_SIGNATURE, 0)?;
                } else {
                    continue;
                }
            }
            None => {}
        }
        dates(work, subject, question.time, depth)?;
    }
    Ok(())
}

fn signature(
    work: &mut Work,
    subject: &Certificate,
    issuer: &Certificate,
    depth: usize,
) -> Result<(), Stop> {
    signing_allowed(work, subject, issuer, depth + 1)?;
    if !issuer.public_key.decodes {
        return work.report(code::UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, depth + 1);
    }
    match work.budget.signatures.checked_sub(1) {
        Some(left) => work.budget.signatures = left,
        None => return Err(work.out_of(Exhausted::Signatures)),
    }
    match verify_signature(subject, issuer) {
        SignatureVerdict::Good => Ok(()),
        SignatureVerdict::Bad => work.report(code::CERT_SIGNATURE_FAILURE, depth),
        SignatureVerdict::NotChecked(reason) => {
            work.unchecked.push(Unchecked { depth, reason });
            Ok(())
        }
    }
}

/// `ossl_x509_signing_allowed`
fn signing_allowed(
    work: &mut Work,
    subject: &Certificate,
    issuer: &Certificate,
    depth: usize,
) -> Result<(), Stop> {
    let (needed, error) = if subject.extensions.proxy {
        (KeyUsage::DIGITAL_SIGNATURE, code::KEYUSAGE_NO_DIGITAL_SIGNATURE)
    } else {
        (KeyUsage::KEY_CERT_SIGN, code::KEYUSAGE_NO_CERTSIGN)
    };
    match issuer.extensions.key_usage {
        Some(usage) if !usage.any_of(needed) => work.report(error, depth),
        _ => Ok(()),
    }
}

/// `ossl_x509_check_cert_time`: valid from the first second on, no longer valid at the last one.
fn dates(work: &mut Work, certificate: &Certificate, time: i64, depth: usize) -> Result<(), Stop> {
    match certificate.not_before {
        Time { unix: None, .. } => work.report(code::ERROR_IN_CERT_NOT_BEFORE_FIELD, depth)?,
        Time { unix: Some(start), .. } if start > time => {
            work.report(code::CERT_NOT_YET_VALID, depth)?
        }
        Time { .. } => {}
    }
    match certificate.not_after {
        Time { unix: None, .. } => work.report(code::ERROR_IN_CERT_NOT_AFTER_FIELD, depth),
        Time { unix: Some(end), .. } if end <= time => work.report(code::CERT_HAS_EXPIRED, depth),
        Time { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests;
