//! The noun of the tool: all that was seen of one TLS connection, nothing judged.
//!
//! Here the two legs meet: the packet leg gives the flow and the handshake, the
//! certificate leg gives parsed certificates and the answer of path validation.

mod assemble;
mod inference;
mod ledger;
mod outcome;
mod timing;

use std::net::IpAddr;
use std::sync::Arc;

pub use assemble::{Observed, Tcp, TcpSide};
pub use inference::{Answer, Claim, Confidence, HiddenKey, Inference};
pub use ledger::LedgerClass;
pub use outcome::{Outcome, Resumption};
pub use timing::Timing;

use crate::flow::Mark;
use crate::packet::{Encapsulation, Endpoint};
use crate::tls::{Handshake, Role};
use crate::trust::PathValidation;
use crate::x509::{Certificate, Sha256, Unparseable};

/// One TLS connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `tcp.stream` as Wireshark numbers it.
    pub stream: u64,
    /// The side that sent the ClientHello.
    pub client: Endpoint,
    /// The other side.
    pub server: Endpoint,
    /// Its first frame.
    pub first: Mark,
    /// Its last frame.
    pub last: Mark,
    /// What TCP did.
    pub tcp: Tcp,
    /// What the packets were wrapped in.
    pub encapsulation: Encapsulation,
    /// What TLS said.
    pub handshake: Handshake,
    /// How the handshake ended.
    pub outcome: Outcome,
    /// Whether an earlier session was taken up.
    pub resumption: Resumption,
    /// What could be seen of it.
    pub ledger: LedgerClass,
    /// What record lengths tell of a TLS 1.3 handshake without keys.
    pub inferred: Vec<Inference>,
    /// What the server showed.
    pub server_certificates: Vec<Presented>,
    /// What the client showed; an empty answer to a CertificateRequest is
    /// `Some` of an empty list.
    pub client_certificates: Option<Vec<Presented>>,
    /// The server's chain against the trust store.
    pub server_path: PathVerdict,
    /// The client's chain against the trust store of the server, if one is known.
    pub client_path: PathVerdict,
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

/// The answer about a chain.
#[derive(Clone, Debug)]
pub enum PathVerdict {
    /// Judged by path validation.
    Judged(Arc<PathValidation>),
    /// Not judged, and why.
    NotJudged(NotJudged),
}

impl PathVerdict {
    /// The validation, if there was one.
    #[must_use]
    pub fn judged(&self) -> Option<&PathValidation> {
        match self {
            Self::Judged(validation) => Some(validation),
            Self::NotJudged(_) => None,
        }
    }
}

/// Why something was not judged. Each is an answer, not a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotJudged {
    /// No trust anchors were given.
    NoTrustStore,
    /// TLS 1.3 encrypts the certificates.
    HiddenByTls13,
    /// A resumed session shows no certificates.
    Resumed,
    /// The side sent no certificate.
    NotSent,
    /// The certificate is not in the capture, or not all of it.
    NotCaptured,
    /// The certificate cannot be read.
    Unreadable,
    /// No name to compare with is known.
    NoReference,
}

impl NotJudged {
    /// The reason in words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoTrustStore => "no trust store given",
            Self::HiddenByTls13 => "certificate hidden by TLS 1.3",
            Self::Resumed => "resumed session, no certificate sent",
            Self::NotSent => "no certificate sent",
            Self::NotCaptured => "certificate not in the capture",
            Self::Unreadable => "certificate cannot be read",
            Self::NoReference => "no name to compare with",
        }
    }
}

/// The answer about the server's name.
#[derive(Clone, Debug)]
pub enum NameVerdict {
    /// Compared.
    Checked {
        /// What the client wanted to reach.
        reference: Reference,
        /// Whether the certificate names it.
        matches: bool,
        /// The names in the certificate that were compared.
        presented: Vec<String>,
    },
    /// Not compared, and why.
    NotJudged(NotJudged),
}

/// The name that a client checks a certificate against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The server name of the ClientHello.
    ServerName(String),
    /// The address connected to: a client that connects by address sends no name
    /// (RFC 6066, 3).
    Address(IpAddr),
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ServerName(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl Connection {
    /// The end that plays `role`.
    #[must_use]
    pub const fn end(&self, role: Role) -> Endpoint {
        match role {
            Role::Client => self.client,
            Role::Server => self.server,
        }
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

    /// The first conclusion from record lengths that `pick` knows what to do with.
    pub fn inferred<T>(&self, pick: impl Fn(&Claim) -> Option<T>) -> Option<(&Inference, T)> {
        self.inferred.iter().find_map(|inference| Some((inference, pick(&inference.claim)?)))
    }

    /// The server's own certificate, if it is readable.
    #[must_use]
    pub fn server_leaf(&self) -> Option<&Arc<Certificate>> {
        self.server_certificates.first().and_then(Presented::parsed)
    }

    /// The server name that the client sent.
    #[must_use]
    pub fn server_name(&self) -> Option<String> {
        self.handshake.client_hello().and_then(crate::tls::ClientHello::server_name)
    }

    /// The cipher suite that the server chose.
    #[must_use]
    pub fn cipher_suite(&self) -> Option<u16> {
        self.handshake.server_hello().and_then(|(_, hello)| hello.cipher_suite)
    }
}
