//! One answer of a server to one offer.

use super::offer::{Kind, Offer, TLS13, curve_of_key, kind_of_hidden, kind_of_key, kind_of_suite};
use super::reason::Seen;
use crate::connection::{Connection, Outcome};
use crate::tls::Role;

/// What a server made of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It chose.
    Chosen(Chosen),
    /// It ended the handshake instead of a ServerHello.
    Refused {
        /// AlertDescription; `None` when it is encrypted.
        alert: Option<u8>,
    },
}

/// What a server chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Version.
    pub version: u16,
    /// Cipher suite.
    pub suite: u16,
    /// The group in which keys were agreed, where it is in clear.
    pub group: Option<u16>,
    /// The signature algorithm of the server, where it is in clear.
    pub signature: Option<u16>,
    /// The curve of the key in its certificate, where it can be read and has one.
    pub curve: Option<u16>,
    /// The kind of its certificate: shown, told by the suite, or concluded from the
    /// length of its signature.
    pub kind: Option<Kind>,
}

/// An offer with its answer.
#[derive(Clone, Debug)]
pub struct Negotiation {
    /// The server name that the client sent.
    pub server_name: Option<String>,
    /// What was offered.
    pub offer: Offer,
    /// What came back.
    pub answer: Answer,
    /// Where the answer was seen first.
    pub seen: Seen,
    /// How often.
    pub times: u64,
}

impl Negotiation {
    /// That of a connection. `None` where the offer or the answer was not captured, and
    /// where a session was resumed, whose suite was chosen earlier, or a pre-shared key stands in
    /// place of certificates.
    #[must_use]
    pub fn of(capture: usize, connection: &Connection) -> Option<Self> {
        let hello = connection.handshake.client_hello().filter(|hello| hello.whole)?;
        if connection.resumption.by_earlier_key() == Some(true) {
            return None;
        }
        let (answer, frame) = answer(connection)?;
        Some(Self {
            server_name: hello.server_name.clone(),
            offer: Offer::of(hello),
            answer,
            seen: Seen { capture, stream: connection.stream, frame },
            times: 1,
        })
    }

    /// What was chosen, with this version.
    #[must_use]
    pub fn chosen_in(&self, version: u16) -> Option<&Chosen> {
        self.chosen().filter(|chosen| chosen.version == version)
    }

    /// What was chosen.
    #[must_use]
    pub const fn chosen(&self) -> Option<&Chosen> {
        match &self.answer {
            Answer::Chosen(chosen) => Some(chosen),
            Answer::Refused { .. } => None,
        }
    }
}

/// The answer, and the frame that shows it.
fn answer(connection: &Connection) -> Option<(Answer, u64)> {
    let Some((entry, hello)) = connection.handshake.server_hello() else {
        return match connection.outcome {
            Outcome::Alert { by: Role::Server, description, frame, .. } => {
                Some((Answer::Refused { alert: description }, frame))
            }
            _ => None,
        };
    };
    let (version, suite) = (connection.handshake.version()?, hello.cipher_suite?);
    let exchange = connection.handshake.server_key_exchange().map(|(_, exchange)| exchange);
    let named =
        exchange.and_then(|exchange| exchange.parameters).and_then(|parameters| match parameters {
            crate::tls::KeyExchangeParameters::Group(group) => Some(group),
            _ => None,
        });
    let chosen = Chosen {
        version,
        suite,
        group: named.or_else(|| hello.key_share_group()),
        signature: exchange.and_then(|exchange| exchange.signature_algorithm),
        curve: connection.server_leaf().and_then(|leaf| curve_of_key(&leaf.public_key)),
        kind: kind(connection, version, suite),
    };
    Some((Answer::Chosen(chosen), entry.frame))
}

fn kind(connection: &Connection, version: u16, suite: u16) -> Option<Kind> {
    let shown = connection.server_leaf().and_then(|leaf| kind_of_key(&leaf.public_key));
    let by_suite = || kind_of_suite(suite).filter(|_| version < TLS13);
    let hidden = || connection.inferred_server_key().map(|(_, key)| kind_of_hidden(key));
    shown.or_else(by_suite).or_else(hidden)
}
