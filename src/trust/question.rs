//! What is asked of [`validate`](super::validate), and what comes back.

use std::net::IpAddr;
use std::sync::Arc;

use crate::x509::Certificate;

use super::candidate::Candidate;
use super::failure::VerifyError;
use super::signature::NotChecked;
use super::store::Store;

/// The role of the certificate that is judged (`-purpose` of `openssl verify`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A server's certificate, judged by a TLS client: `sslserver`.
    Server,
    /// A client's certificate, judged by a TLS server: `sslclient`.
    Client,
    /// No role: key usages of leaf and CAs are not looked at.
    Any,
}

/// How much work one question may cost. The search itself never goes back, so the limits are far above what honest
/// certificates need; they hold for hostile ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Pairs of certificates compared as possible issuer and subject.
    pub issuer_checks: u32,
    /// Signatures verified on the path; half as many again may be verified to explain candidates.
    pub signatures: u32,
    /// Names compared with name constraints.
    pub constraint_checks: u32,
}

impl Default for Budget {
    /// 100 certificates of one name in every role need 20,000 comparisons and 100 signatures. OpenSSL itself compares up
    /// to 2^20 names of one certificate with the constraints of one CA, and refuses what asks for more.
    fn default() -> Self {
        Self { issuer_checks: 100_000, signatures: 300, constraint_checks: 2 << 20 }
    }
}

/// Which part of the [`Budget`] was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhausted {
    /// [`Budget::issuer_checks`]
    IssuerChecks,
    /// [`Budget::signatures`]
    Signatures,
    /// [`Budget::constraint_checks`]
    ConstraintChecks,
}

/// One question: does this store vouch for this certificate, at this time, in this role?
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The certificate to judge.
    pub leaf: Arc<Certificate>,
    /// What else the peer sent, in its order; the leaf may be among it.
    pub untrusted: &'a [Arc<Certificate>],
    /// The trust anchors.
    pub store: &'a Store,
    /// Unix seconds at which validity is judged.
    pub time: i64,
    /// Role of the certificate.
    pub purpose: Purpose,
    /// Accept a path that ends in any certificate of the store (`-partial_chain`).
    pub partial_chain: bool,
    /// OpenSSL's security level, 0 to 5. A TLS library takes 1 by default (OpenSSL 3.0; Debian builds take 2); the
    /// `openssl verify` command without `-auth_level` takes none, which is 0.
    pub security_level: u8,
    /// How many CAs may stand between the leaf and the anchor (`-verify_depth`); 100 is OpenSSL's default.
    pub max_depth: usize,
    /// Name to check with OpenSSL's rules (`-verify_hostname`).
    pub host: Option<&'a str>,
    /// Address to check with OpenSSL's rules (`-verify_ip`).
    pub ip: Option<IpAddr>,
    /// Limits of the work.
    pub budget: Budget,
}

impl<'a> Question<'a> {
    /// The question of a TLS library with default settings: security level 1, no partial path, no name.
    #[must_use]
    pub fn new(
        leaf: Arc<Certificate>,
        untrusted: &'a [Arc<Certificate>],
        store: &'a Store,
        time: i64,
        purpose: Purpose,
    ) -> Self {
        Self {
            leaf,
            untrusted,
            store,
            time,
            purpose,
            partial_chain: false,
            security_level: 1,
            max_depth: 100,
            host: None,
            ip: None,
            budget: Budget::default(),
        }
    }
}

/// Where a certificate of a path came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The leaf itself.
    Leaf,
    /// The peer sent it: position in [`Question::untrusted`].
    Peer(usize),
    /// The store has it: position in [`Store::anchors`].
    Store(usize),
}

/// One certificate of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// Where it came from.
    pub origin: Origin,
}

/// A signature on the path that could not be checked here, though OpenSSL might.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unchecked {
    /// Whose signature: depth in the path.
    pub depth: usize,
    /// Why not.
    pub reason: NotChecked,
}

/// What a validation comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// OpenSSL accepts the path.
    Accepted,
    /// OpenSSL refuses it; the errors say why.
    Refused,
    /// No error was found, but a signature could not be checked here.
    Undecided,
    /// The certificates ask for more work than the budget allows.
    TooMuchWork(Exhausted),
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathValidation {
    /// What `openssl verify` would print, in its order. A TLS library stops at the first one.
    pub errors: Vec<VerifyError>,
    /// The path as far as it was found, leaf first.
    pub path: Vec<Link>,
    /// All certificates with the name of a wanted issuer, step by step, and what became of them.
    pub candidates: Vec<Candidate>,
    /// Signatures that this program cannot check.
    pub unchecked: Vec<Unchecked>,
    /// Which part of the budget was used up, if one was.
    pub exhausted: Option<Exhausted>,
}

impl PathValidation {
    /// True only for [`Conclusion::Accepted`].
    #[must_use]
    pub fn ok(&self) -> bool {
        self.conclusion() == Conclusion::Accepted
    }

    /// The answer in one word.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        match (self.exhausted, self.errors.is_empty(), self.unchecked.is_empty()) {
            (Some(what), ..) => Conclusion::TooMuchWork(what),
            (None, false, _) => Conclusion::Refused,
            (None, true, false) => Conclusion::Undecided,
            (None, true, true) => Conclusion::Accepted,
        }
    }

    /// The error that a TLS library stops at and answers with an alert.
    #[must_use]
    pub fn first_error(&self) -> Option<&VerifyError> {
        self.errors.first()
    }
}
