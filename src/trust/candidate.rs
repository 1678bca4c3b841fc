//! Which certificates were looked at as an issuer, and what became of each: the part of the answer that explains.

use std::sync::Arc;

use crate::x509::{Certificate, NotIssuer};

use super::question::Origin;
use super::signature::SignatureVerdict;

/// What became of a certificate that has the wanted issuer's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It became the next certificate of the path.
    Taken,
    /// It cannot be the issuer: its key identifier, serial number, kind of key or extensions say so.
    NotIssuer(NotIssuer),
    /// It could be the issuer, but another one came first in the order, or is valid where this one is not.
    Passed,
    /// It is in the path already.
    InPath,
    /// It has the name of a self-signed certificate of the peer, but is another certificate.
    NotTheSame,
}

/// One certificate considered as the issuer of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Depth of the certificate whose issuer was wanted.
    pub depth: usize,
    /// Where the candidate came from.
    pub origin: Origin,
    /// The candidate.
    pub certificate: Arc<Certificate>,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether its key really made the signature. With [`Outcome::NotIssuer`] and a bad signature the candidate is the
    /// well-known trap: a CA of the same name with another key.
    pub signature: SignatureVerdict,
}
