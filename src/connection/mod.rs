//! The noun of the tool: all that was seen of one TLS connection, nothing judged.
//!
//! Here the two legs meet: the packet leg gives the flow and the handshake, the
//! certificate leg gives parsed certificates and the answer of path validation.

mod assemble;
mod chain;
mod in_clear;
mod inference;
mod ledger;
mod outcome;
mod reach;
mod reference;
mod renegotiation;
mod request;
mod terms;
mod timing;
mod unopened;

use std::ops::Deref;
use std::sync::Arc;

pub use assemble::{Observed, Tcp, TcpSide};
pub use chain::{Chain, NotJudged, Otherwise, PathVerdict};
pub use in_clear::InClear;
pub use inference::{Claim, Confidence, HiddenKey, Inference, Record};
pub use ledger::LedgerClass;
pub use outcome::{Outcome, Resumption};
pub use reach::s_client;
pub use reference::{NameVerdict, Reference};
pub use renegotiation::{Renegotiation, RenegotiationEnd};
pub use request::RefusedRequest;
pub use terms::Terms;
pub use timing::Timing;
pub use unopened::{Failure, Missed, Unopened};

use crate::time::Timestamp;
use crate::tls::Role;
use crate::trust::PathValidation;
use crate::x509::{Certificate, Name, Sha256, Unparseable};

/// One TLS connection: what packets and records told, its certificates, and what path
/// validation answered.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `tcp.stream` as Wireshark numbers it.
    pub stream: u64,
    /// What was seen of it on the wire; read as if it stood here.
    pub observed: Box<Observed>,
    /// The time at which its certificates are judged: that of its first frame, unless
    /// the user asks for another.
    pub judged_at: Timestamp,
    /// What the server showed.
    pub server_certificates: Vec<Presented>,
    /// What the client showed; an empty answer to a CertificateRequest is
    /// `Some` of an empty list.
    pub client_certificates: Option<Vec<Presented>>,
    /// The server's chain against the trust store.
    pub server_path: PathVerdict,
    /// The client's chain against the trust store of the server, if one is known.
    pub client_path: PathVerdict,
    /// What every trust store would say of the server's chain, and of the client's, where none
    /// judged it.
    pub by_itself: [Option<Arc<Chain>>; 2],
    /// What the client wants to reach: the name that it compares with the server's
    /// certificate, whether or not there is one to see.
    pub reference: Option<Reference>,
    /// The server's certificate against the name the client asked for.
    pub name: NameVerdict,
}

/// A certificate as a side showed it.
#[derive(Clone, Debug)]
pub struct Presented {
    /// Frame of the Certificate message.
    pub frame: u64,
    /// What it says, or why it cannot be read.
    pub certificate: Result<Arc<Certificate>, Arc<Unparseable>>,
}

impl Presented {
    /// SHA-256 of the DER.
    #[must_use]
    pub fn sha256(&self) -> &Sha256 {
        match &self.certificate {
            Ok(certificate) => &certificate.sha256,
            Err(unparseable) => &unparseable.sha256,
        }
    }

    /// The parsed certificate, if it is readable.
    #[must_use]
    pub fn parsed(&self) -> Option<&Arc<Certificate>> {
        self.certificate.as_ref().ok()
    }
}

/// 1995, the year of SSL 2.0: what claims to be older was captured without a clock.
const FIRST_YEAR: i64 = 788_918_400;

impl Deref for Connection {
    type Target = Observed;

    fn deref(&self) -> &Observed {
        &self.observed
    }
}

impl Connection {
    /// The time of judgement in unix seconds, if the capture knows the time.
    #[must_use]
    pub fn clock(&self) -> Option<i64> {
        Some(self.judged_at.seconds()).filter(|seconds| *seconds >= FIRST_YEAR)
    }

    /// The certificates that `role` showed.
    #[must_use]
    pub fn certificates(&self, role: Role) -> &[Presented] {
        match role {
            Role::Server => &self.server_certificates,
            Role::Client => self.client_certificates.as_deref().unwrap_or_default(),
        }
    }

    /// The path verdict on the certificates of `role`.
    #[must_use]
    pub const fn path(&self, role: Role) -> &PathVerdict {
        match role {
            Role::Server => &self.server_path,
            Role::Client => &self.client_path,
        }
    }

    /// The path validation of the certificates of `role`: against a trust store, or where none
    /// judged them by themselves.
    #[must_use]
    pub fn validation(&self, role: Role) -> Option<&PathValidation> {
        let [server, client] = &self.by_itself;
        let by_itself = match role {
            Role::Server => server,
            Role::Client => client,
        };
        let unjudged = || by_itself.as_ref().map(|chain| &chain.validation);
        self.path(role).judged().or_else(unjudged)
    }

    /// The path verdict on the certificates of `role`, to be given.
    pub const fn path_mut(&mut self, role: Role) -> &mut PathVerdict {
        match role {
            Role::Server => &mut self.server_path,
            Role::Client => &mut self.client_path,
        }
    }

    /// What every trust store would say of the chain of `role`, to be given.
    pub const fn by_itself_mut(&mut self, role: Role) -> &mut Option<Arc<Chain>> {
        let [server, client] = &mut self.by_itself;
        match role {
            Role::Server => server,
            Role::Client => client,
        }
    }

    /// The server's own certificate, if it is readable.
    #[must_use]
    pub fn server_leaf(&self) -> Option<&Arc<Certificate>> {
        self.server_certificates.first().and_then(Presented::parsed)
    }

    /// The names of certificate authorities in the server's CertificateRequest, read.
    /// `None` when there was no request; names that cannot be read are left out.
    #[must_use]
    pub fn requested_authorities(&self) -> Option<Vec<Name>> {
        let (_, request) = self.handshake.certificate_request()?;
        Some(request.authorities.iter().filter_map(|der| Name::from_der(der).ok()).collect())
    }

    /// Whether a CA above the client's certificate is among the names that the server
    /// asked for (RFC 5246, 7.4.4: roots or CAs below them). `None` when the server
    /// named none, or the client showed no certificate that can be read, or the one that
    /// matches may stand in a part that was not captured.
    ///
    /// # Errors
    /// The names that the server asked for, where none of them is such a CA.
    #[must_use]
    pub fn client_issuer_requested(&self) -> Option<Result<(), Vec<Name>>> {
        let (_, request) = self.handshake.certificate_request()?;
        let shown = self.certificates(Role::Client);
        shown.first().and_then(Presented::parsed)?;
        let issuers = shown.iter().filter_map(Presented::parsed).map(|one| &one.issuer);
        // Mostly a name stands there octet by octet as in the certificate, and none needs
        // to be read.
        let same = |issuer: &Name| request.authorities.iter().any(|der| **der == *issuer.der());
        if issuers.clone().any(same) {
            return Some(Ok(()));
        }
        let names = self.requested_authorities().filter(|names| !names.is_empty())?;
        // What the server shows may tell that the issuer comes from one of them.
        let of_server = self.certificates(Role::Server).iter().filter_map(Presented::parsed);
        let between = |issuer: &Name| {
            let mut above = of_server.clone();
            above.any(|ca| ca.subject == *issuer && names.contains(&ca.issuer))
        };
        if issuers.into_iter().any(|issuer| names.contains(issuer) || between(issuer)) {
            return Some(Ok(()));
        }
        let all_seen = request.whole && self.handshake.certificates_are_whole(Role::Client)?;
        all_seen.then_some(Err(names))
    }
}
