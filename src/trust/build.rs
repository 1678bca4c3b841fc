//! Finding a path (`build_chain`, crypto/x509/x509_vfy.c), with `X509_V_FLAG_TRUSTED_FIRST`, OpenSSL's default since
//! 1.1.0: the store is asked first for every issuer, and only when it has none, what the peer sent.

use std::sync::Arc;

use crate::x509::Certificate;

use super::candidate::{Candidate, Outcome};
use super::failure::code;
use super::question::{Exhausted, Link, Origin, Question};
use super::settings::{self, Standing};
use super::signature::{NotChecked, SignatureVerdict, verify_signature};
use super::store::StoreSemantics;
use super::verify::{Stop, Work};

/// More candidates than this are not recorded, only tried: nobody reads further, and a hostile set has thousands.
const MAX_CANDIDATES: usize = 500;

/// What may become the next certificate of the path.
struct Possible {
    origin: Origin,
    certificate: Arc<Certificate>,
}

/// Builds `work.path` from the leaf up to a trusted certificate, or as far as it goes.
pub(super) fn build(question: &Question<'_>, work: &mut Work) -> Result<(), Stop> {
    let mut used = vec![false; question.untrusted.len()];
    let mut ask_peer = true;
    let trusted = loop {
        if let Some(issuer) = from_store(question, work)? {
            ask_peer = false;
            if extend_trusted(question, work, issuer)? {
                break true;
            }
            if !last(work)?.is_self_signed() {
                continue;
            }
        }
        if !ask_peer {
            break false;
        }
        match from_peer(question, work, &mut used)? {
            Some(issuer) => {
                work.path.push(Link { certificate: issuer.certificate, origin: issuer.origin });
                work.untrusted += 1;
            }
            // As in OpenSSL the store is asked once more for the last certificate, with the same answer.
            None => break false,
        }
    };
    if trusted || (question.partial_chain && leaf_is_anchor(question, work)?) {
        return Ok(());
    }
    not_trusted(question, work)
}

/// True once the path is so long that no further issuer is looked for.
fn too_long(question: &Question<'_>, work: &Work) -> bool {
    work.path.len() > question.max_depth.saturating_add(1)
}

/// Adds an issuer from the store; true when the path is trusted with it.
fn extend_trusted(
    question: &Question<'_>,
    work: &mut Work,
    issuer: Possible,
) -> Result<bool, Stop> {
    let current = last(work)?;
    if !current.public_key.decodes {
        // X509_self_signed fails inside OpenSSL, without a call of the callback.
        return work.report(code::UNSPECIFIED, work.path.len() - 1).and(Err(Stop));
    }
    let link = Link { certificate: issuer.certificate, origin: issuer.origin };
    let standing = settings::standing(question, &link);
    if current.is_self_signed() {
        // A self-signed certificate is its own issuer: from_store has made sure that the store has this very one.
        work.path.pop();
        work.untrusted = work.untrusted.min(work.path.len());
    }
    work.path.push(link);
    match standing {
        Standing::Trusted => Ok(true),
        Standing::Rejected => rejected(work, work.path.len() - 1),
        Standing::Open => Ok(question.partial_chain),
    }
}

fn rejected<T>(work: &mut Work, depth: usize) -> Result<T, Stop> {
    work.report(code::CERT_REJECTED, depth).and(Err(Stop))
}

/// `X509_STORE_CTX_get1_issuer` and the comparison that follows it for self-signed certificates.
fn from_store(question: &Question<'_>, work: &mut Work) -> Result<Option<Possible>, Stop> {
    if too_long(question, work) {
        return Ok(None);
    }
    let current = last(work)?;
    let named: Vec<Possible> = question
        .store
        .named(&current.issuer)
        .map(|(position, anchor)| Possible {
            origin: Origin::Store(position),
            certificate: Arc::clone(&anchor.certificate),
        })
        .collect();
    let taken = match question.store.semantics() {
        StoreSemantics::OpenSsl => prefer(question, work, &named, |_| true)?,
        StoreSemantics::Expressway => named.first().map(|_| 0),
    };
    let same = |possible: &Possible| {
        !current.is_self_signed() || possible.certificate.sha256 == current.sha256
    };
    let mimic = taken.filter(|&index| named.get(index).is_some_and(|possible| !same(possible)));
    let taken = if mimic.is_some() { None } else { taken };
    explain(work, &named, taken, mimic);
    Ok(taken.and_then(|index| named.into_iter().nth(index)))
}

/// `find_issuer` over what the peer sent.
fn from_peer(
    question: &Question<'_>,
    work: &mut Work,
    used: &mut [bool],
) -> Result<Option<Possible>, Stop> {
    let current = last(work)?;
    if current.is_self_signed() || too_long(question, work) {
        return Ok(None);
    }
    let mut named = Vec::new();
    for (position, certificate) in question.untrusted.iter().enumerate() {
        work.spend_issuer_check()?;
        if !used.get(position).copied().unwrap_or(true) && certificate.subject == current.issuer {
            named.push(Possible {
                origin: Origin::Peer(position),
                certificate: Arc::clone(certificate),
            });
        }
    }
    let in_path: Vec<_> = work.path.iter().map(|link| link.certificate.sha256).collect();
    let fresh = |possible: &Possible| !in_path.contains(&possible.certificate.sha256);
    let taken = prefer(question, work, &named, fresh)?;
    explain(work, &named, taken, None);
    let issuer = taken.and_then(|index| named.into_iter().nth(index));
    if let Some(Possible { origin: Origin::Peer(position), .. }) = &issuer
        && let Some(flag) = used.get_mut(*position)
    {
        *flag = true;
    }
    Ok(issuer)
}

/// The order that both lookups share: the first that fits and is valid now, else the one that fits and ends last.
fn prefer(
    question: &Question<'_>,
    work: &mut Work,
    named: &[Possible],
    allowed: impl Fn(&Possible) -> bool,
) -> Result<Option<usize>, Stop> {
    let current = last(work)?;
    let mut best: Option<(usize, Option<i64>)> = None;
    for (index, possible) in named.iter().enumerate() {
        work.spend_issuer_check()?;
        if possible.certificate.could_have_issued(&current).is_err() || !allowed(possible) {
            continue;
        }
        if valid_at(&possible.certificate, question.time) {
            return Ok(Some(index));
        }
        let end = possible.certificate.not_after.unix;
        // As in ASN1_TIME_compare an unreadable date is not later than another, and none is later than it.
        let later = |latest: Option<i64>| end.zip(latest).is_some_and(|(end, best)| end > best);
        if best.is_none_or(|(_, latest)| later(latest)) {
            best = Some((index, end));
        }
    }
    Ok(best.map(|(index, _)| index))
}

/// `ossl_x509_check_cert_time` without its callback: unreadable dates are not valid, and the last second is over.
fn valid_at(certificate: &Certificate, time: i64) -> bool {
    certificate.not_before.unix.is_some_and(|start| start <= time)
        && certificate.not_after.unix.is_some_and(|end| end > time)
}

/// Records what became of every certificate of the right name.
fn explain(work: &mut Work, named: &[Possible], taken: Option<usize>, mimic: Option<usize>) {
    let Some(current) = work.path.last().map(|link| Arc::clone(&link.certificate)) else {
        return;
    };
    let depth = work.path.len() - 1;
    for (index, possible) in named.iter().enumerate() {
        if work.candidates.len() >= MAX_CANDIDATES && taken != Some(index) {
            continue;
        }
        let outcome = if taken == Some(index) {
            Outcome::Taken
        } else if mimic == Some(index) {
            Outcome::NotTheSame
        } else if let Err(reason) = possible.certificate.could_have_issued(&current) {
            Outcome::NotIssuer(reason)
        } else if work
            .path
            .iter()
            .any(|link| link.certificate.sha256 == possible.certificate.sha256)
        {
            Outcome::InPath
        } else {
            Outcome::Passed
        };
        let signature = if work.spend_explanation() {
            verify_signature(&current, &possible.certificate)
        } else {
            SignatureVerdict::NotChecked(NotChecked::Budget)
        };
        let certificate = Arc::clone(&possible.certificate);
        work.candidates.push(Candidate {
            depth,
            origin: possible.origin,
            certificate,
            outcome,
            signature,
        });
    }
}

/// The last resort of `check_trust` with `-partial_chain`: the leaf itself is in the store.
fn leaf_is_anchor(question: &Question<'_>, work: &mut Work) -> Result<bool, Stop> {
    if too_long(question, work) || work.untrusted != work.path.len() {
        return Ok(false);
    }
    let found = question
        .store
        .named(&question.leaf.subject)
        .find(|(_, anchor)| anchor.certificate.sha256 == question.leaf.sha256)
        .map(|(position, _)| position);
    match (found, work.path.first_mut()) {
        (Some(position), Some(leaf)) => {
            let own = Link { origin: Origin::Store(position), ..leaf.clone() };
            if settings::stated(question, &own) == Standing::Rejected {
                return rejected(work, 0);
            }
            *leaf = own;
            work.untrusted = 0;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The error for a path that reached no anchor, in OpenSSL's order of reasons.
fn not_trusted(question: &Question<'_>, work: &mut Work) -> Result<(), Stop> {
    let depth = work.path.len() - 1;
    if too_long(question, work) {
        work.report(code::CERT_CHAIN_TOO_LONG, depth)?;
    }
    let error = match (last(work)?.is_self_signed(), depth) {
        (true, 0) => code::DEPTH_ZERO_SELF_SIGNED_CERT,
        (true, _) => code::SELF_SIGNED_CERT_IN_CHAIN,
        (false, _) if work.untrusted < work.path.len() => code::UNABLE_TO_GET_ISSUER_CERT,
        (false, _) => code::UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    };
    work.report(error, depth)
}

fn last(work: &mut Work) -> Result<Arc<Certificate>, Stop> {
    match work.path.last() {
        Some(link) => Ok(Arc::clone(&link.certificate)),
        None => {
            // A path begins with its leaf; this arm only spares an unchecked index.
            work.exhausted = Some(Exhausted::IssuerChecks);
            Err(Stop)
        }
    }
}
