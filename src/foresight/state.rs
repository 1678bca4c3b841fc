//! What a handshake comes to, before a change and after it.

use super::reason::{Predicted, Reason, Seen};
use super::scene::Observed;
use crate::connection::{Connection, NameVerdict, Outcome, PathVerdict, Presented};
use crate::expressway::Leg;
use crate::tls::Role;
use crate::trust::name::check;
use crate::trust::{Conclusion, PathValidation, VerifyError};
use crate::x509::Certificate;

/// What a trust store says of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainWord {
    /// It vouches for it.
    Accepted,
    /// It does not; the error is the first of OpenSSL's.
    Refused(VerifyError),
}

impl ChainWord {
    /// Whether the store vouches for the chain.
    #[must_use]
    pub const fn accepted(self) -> bool {
        matches!(self, Self::Accepted)
    }

    /// `accepted`, `refused`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        if self.accepted() { "accepted" } else { "refused" }
    }
}

/// Whether a certificate has the name that the client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameWord {
    /// It has.
    Matches,
    /// It has not.
    Differs,
}

impl NameWord {
    /// `matches`, `differs`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::Differs => "differs",
        }
    }
}

/// How a handshake ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Both sides finish.
    Completed,
    /// A side refuses.
    Refused(Role),
}

impl Ending {
    /// `completed`, `refused`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Refused(_) => "refused",
        }
    }
}

/// The fatal alert that ends a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstAlert {
    /// Who sends it.
    pub from: Role,
    /// AlertDescription; `None` when it was encrypted.
    pub code: Option<u8>,
}

/// What was seen of a handshake.
#[derive(Clone, Debug)]
pub struct Before {
    /// Version.
    pub version: Option<u16>,
    /// Cipher suite.
    pub suite: Option<u16>,
    /// The certificate of the server, as far as it can be read.
    pub certificate: Option<Presented>,
    /// What the client's trust store says of the chain.
    pub chain: Predicted<ChainWord>,
    /// Whether the certificate has the name.
    pub name: Predicted<NameWord>,
    /// How it ended.
    pub outcome: Predicted<Ending>,
    /// With which alert.
    pub alert: Option<FirstAlert>,
}

impl Before {
    /// From a connection.
    #[must_use]
    pub fn of(one: &Observed<'_>) -> Self {
        let connection = one.connection;
        let alert = match connection.outcome {
            Outcome::Alert { by, description, .. } => {
                Some(FirstAlert { from: by, code: description })
            }
            _ => None,
        };
        Self {
            version: connection.handshake.version(),
            suite: connection.cipher_suite(),
            certificate: connection.server_certificates.first().cloned(),
            chain: chain_before(connection),
            name: name_before(connection, &one.leg),
            outcome: ending(connection),
            alert,
        }
    }
}

fn ending(connection: &Connection) -> Predicted<Ending> {
    match connection.outcome {
        Outcome::Completed => Predicted::known(Ending::Completed, Vec::new()),
        outcome => match outcome.aborted_by() {
            Some(by) => Predicted::known(Ending::Refused(by), Vec::new()),
            None => Predicted::unknown(format!("the handshake was {}", outcome.word())),
        },
    }
}

/// What the trust store of the client said of the chain.
pub(super) fn chain_before(connection: &Connection) -> Predicted<ChainWord> {
    match &connection.server_path {
        PathVerdict::Judged(chain) => chain_word(&chain.validation),
        PathVerdict::NotJudged(reason) => Predicted::unknown(reason.reason()),
    }
}

/// The answer of path validation in one word.
pub(super) fn chain_word(validation: &PathValidation) -> Predicted<ChainWord> {
    match (validation.conclusion(), validation.first_error()) {
        (Conclusion::Accepted, _) => Predicted::known(ChainWord::Accepted, Vec::new()),
        (Conclusion::Refused, Some(error)) => {
            Predicted::known(ChainWord::Refused(*error), Vec::new())
        }
        (Conclusion::TooMuchWork(_), _) => {
            Predicted::unknown("the chain asks for too much work to be judged")
        }
        _ => Predicted::unknown("a signature of the chain cannot be checked by this program"),
    }
}

/// Whether the certificate that was shown has the name.
pub(super) fn name_before(connection: &Connection, leg: &Leg) -> Predicted<NameWord> {
    match (&connection.name, connection.server_leaf()) {
        (NameVerdict::Checked { .. }, Some(leaf)) => name_of(leaf, connection, leg),
        (NameVerdict::NotJudged(reason), _) => Predicted::unknown(reason.reason()),
        (_, None) => Predicted::unknown("no certificate can be read"),
    }
}

/// Whether `leaf` has the name that the client of a connection wants.
pub(super) fn name_of(
    leaf: &Certificate,
    connection: &Connection,
    leg: &Leg,
) -> Predicted<NameWord> {
    let Some(reference) = &connection.reference else {
        return Predicted::unknown("no name to compare with");
    };
    let wanted = reference.to_string();
    let matched = check(leg.name_rule(), leaf, &wanted).matched;
    let word = if matched { NameWord::Matches } else { NameWord::Differs };
    let has = if matched { "has" } else { "does not have" };
    let text = format!("the certificate {has} the name {wanted} ({})", reference.source());
    Predicted::known(word, vec![Reason::given(text)])
}

/// Where a connection shows the server's certificate.
pub(super) fn certificate_seen(one: &Observed<'_>) -> Option<Seen> {
    let shown = one.connection.server_certificates.first()?;
    Some(Seen { capture: one.capture, stream: one.connection.stream, frame: shown.frame })
}
