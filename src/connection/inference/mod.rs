//! What the lengths of encrypted records tell of a TLS 1.3 handshake without keys.
//!
//! TLS 1.3 hides certificates, requests for them and alerts (RFC 8446, 2), but
//! not how long they are, and most of a handshake's messages have few possible
//! lengths. Facts stay facts ([`crate::tls::Handshake`] holds the lengths); what is
//! concluded from them is an [`Inference`]: a claim with its confidence, its reason
//! and its frames. Where lengths fit more than one story there is no claim.
//!
//! [`shape`] knows how long messages are in their records, [`key`] how long
//! signatures are, [`flight`] takes a side's records apart, [`client`] and [`server`]
//! conclude. The lengths were measured with OpenSSL, GnuTLS, NSS, Java, Go,
//! rustls and Node.js: `tests/inference/run.sh`.

mod client;
mod flight;
mod key;
mod server;
mod shape;
#[cfg(test)]
mod tests;

pub use flight::Record;
pub use key::HiddenKey;

use crate::tls::{Handshake, Role};

/// Something concluded from the lengths of encrypted records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// What is concluded.
    pub claim: Claim,
    /// How sure that is.
    pub confidence: Confidence,
    /// From what it follows.
    pub reason: String,
    /// The records it follows from.
    pub records: Vec<Record>,
}

impl Inference {
    /// Frames of these records, each once.
    #[must_use]
    pub fn frames(&self) -> Vec<u64> {
        let mut frames: Vec<u64> = self.records.iter().map(|record| record.frame).collect();
        frames.dedup();
        frames
    }
}

/// What can be concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Which kind of key the server signed with (RFC 8446, 4.4.3).
    ServerKey(HiddenKey),
    /// Length of the server's Certificate message: the chain with its framing
    /// (RFC 8446, 4.4.2).
    ServerChain(usize),
    /// Whether the server asked for a client certificate (RFC 8446, 4.3.2).
    CertificateRequested(bool),
    /// Whether the client answered that with a certificate, or with an empty list.
    ClientCertificate {
        /// Not an empty list.
        sent: bool,
    },
    /// Which kind of key the client signed with.
    ClientKey(HiddenKey),
    /// A side refused the other with an alert (RFC 8446, 6.2).
    Refused {
        /// Who refused.
        by: Role,
    },
}

impl Claim {
    /// Its name in the JSON document.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::ServerKey(_) => "server_key",
            Self::ServerChain(_) => "server_chain",
            Self::CertificateRequested(_) => "certificate_requested",
            Self::ClientCertificate { .. } => "client_certificate",
            Self::ClientKey(_) => "client_key",
            Self::Refused { by: Role::Client } => "client_refused",
            Self::Refused { by: Role::Server } => "server_refused",
        }
    }

    /// What is said of it.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::ServerKey(key) | Self::ClientKey(key) => key.name().to_owned(),
            Self::ServerChain(length) => format!("{length} bytes"),
            Self::CertificateRequested(true) | Self::Refused { .. } => "yes".to_owned(),
            Self::CertificateRequested(false) => "no".to_owned(),
            Self::ClientCertificate { sent: true } => "sent".to_owned(),
            Self::ClientCertificate { sent: false } => "empty".to_owned(),
        }
    }
}

/// How sure a conclusion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// No other message of the protocol fits these lengths in this place.
    High,
    /// Something else would look the same, but is rare.
    Likely,
}

impl Confidence {
    /// Its word in the JSON document.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Likely => "likely",
        }
    }
}

/// Everything that follows from the lengths of `handshake`, if it is one of TLS 1.3
/// with hidden certificates. A resumed session has none to hide.
#[must_use]
pub(super) fn infer(handshake: &Handshake) -> Vec<Inference> {
    let hidden = handshake.is_tls13()
        && !is_opened(handshake)
        && handshake.certificates(Role::Server).is_none()
        && handshake.server_hello().is_some_and(|(_, hello)| !hello.accepts_psk());
    if !hidden {
        return Vec::new();
    }
    let mut inferred = server::infer(handshake);
    inferred.extend(client::infer(handshake));
    inferred
}

/// Frame of the alert with which a side ended a TLS 1.3 handshake, where the alert is
/// encrypted and only its length and place tell that it is one.
#[must_use]
pub(super) fn refusal(handshake: &Handshake) -> Option<(Role, u64)> {
    let is_closed = |role| !handshake.is_decrypted(role);
    let by_client = is_closed(Role::Client).then(|| client::encrypted_refusal(handshake)).flatten();
    let by_server = || {
        let record = server::encrypted_refusal(handshake).filter(|_| is_closed(Role::Server))?;
        Some((Role::Server, record.frame))
    };
    by_client.map(|frame| (Role::Client, frame)).or_else(by_server)
}

/// Whether the client of a TLS 1.3 handshake went on after the server's flight: it
/// sent a record that is long enough for a Finished.
#[must_use]
pub(super) fn client_went_on(handshake: &Handshake) -> bool {
    !handshake.is_decrypted(Role::Client) && client::went_on(handshake)
}

/// Whether the server's flight of a TLS 1.3 handshake is there to its end, the Finished.
#[must_use]
pub(super) fn server_flight_is_whole(handshake: &Handshake) -> bool {
    handshake.is_tls13()
        && !handshake.is_decrypted(Role::Server)
        && server::flight_is_whole(handshake)
}

/// Whether it cannot be told what the server made of the client's certificate, because its answer
/// may be in bytes that are missing.
#[must_use]
pub(super) fn server_word_is_missing(handshake: &Handshake) -> bool {
    !handshake.is_decrypted(Role::Server) && server::word_is_missing(handshake)
}

/// With a key there are facts, and nothing is to be concluded of certificates.
fn is_opened(handshake: &Handshake) -> bool {
    handshake.is_decrypted(Role::Client) || handshake.is_decrypted(Role::Server)
}
