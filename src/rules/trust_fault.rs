//! Why a chain reaches no trust anchor: OpenSSL's errors, sorted by what to do.

use std::sync::Arc;

use super::words::{Text, Values};
use crate::connection::Connection;
use crate::tls::Role;
use crate::trust::{Candidate, Origin, Outcome, PathValidation, VerifyError, code};
use crate::x509::Certificate;

/// What kind of certificate the store lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// The certificate itself, which is self-signed.
    SelfSigned,
    /// The certificate that signed the only one shown.
    Intermediate,
    /// The root above what was shown, or above what the store has.
    Anchor,
}

/// A chain that reaches no anchor.
#[derive(Debug)]
pub(super) struct TrustFault<'a> {
    pub(super) lack: Lack,
    pub(super) error: &'a VerifyError,
    path: &'a PathValidation,
}

impl<'a> TrustFault<'a> {
    /// The fault of the chain that `of` showed, if path validation found one.
    pub(super) fn of(connection: &'a Connection, of: Role) -> Option<Self> {
        let path = connection.path(of).judged()?;
        let error = path.errors.iter().find(|error| error.lacks_trust())?;
        let mut fault = Self { lack: Lack::Anchor, error, path };
        fault.lack = match (error.code, error.depth) {
            (code::DEPTH_ZERO_SELF_SIGNED_CERT, _) => Lack::SelfSigned,
            (
                code::UNABLE_TO_GET_ISSUER_CERT_LOCALLY | code::UNABLE_TO_VERIFY_LEAF_SIGNATURE,
                0,
            ) if fault.namesake().is_none() && !fault.issuer_calls_itself_root() => {
                Lack::Intermediate
            }
            _ => Lack::Anchor,
        };
        Some(fault)
    }

    /// The last certificate that could be found.
    pub(super) fn end(&self) -> Option<&'a Arc<Certificate>> {
        self.path.path.last().map(|link| &link.certificate)
    }

    /// Whether the missing issuer is a root by its name. What it is cannot be told from
    /// a certificate that nobody has; this only chooses the more likely advice.
    fn issuer_calls_itself_root(&self) -> bool {
        let name = self.end().and_then(|end| end.issuer.common_name()).unwrap_or_default();
        name.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("root"))
    }

    /// Whether the store itself holds that last certificate.
    pub(super) fn ends_in_store(&self) -> bool {
        self.path.path.last().is_some_and(|link| matches!(link.origin, Origin::Store(_)))
    }

    /// A certificate of the store that has the wanted name but is another one.
    pub(super) fn namesake(&self) -> Option<&'a Candidate> {
        self.path.candidates.iter().find(|candidate| {
            candidate.depth == self.error.depth
                && matches!(candidate.origin, Origin::Store(_))
                && matches!(candidate.outcome, Outcome::NotIssuer(_) | Outcome::NotTheSame)
        })
    }

    /// A certificate that was sent under the wanted name but with another key.
    fn wrong_one_sent(&self) -> Option<&'a Candidate> {
        self.path.candidates.iter().find(|candidate| {
            candidate.depth == self.error.depth
                && matches!(candidate.origin, Origin::Peer(_))
                && matches!(candidate.outcome, Outcome::NotIssuer(_))
        })
    }

    /// Adds `{sent}`: what to say of such a certificate.
    pub(super) fn with_sent(&self, values: Values) -> Values {
        match self.wrong_one_sent() {
            Some(other) => values
                .with("sent_serial", other.certificate.serial.text())
                .with_words("sent", WRONG_ONE_SENT),
            None => values.with_words("sent", Text::en("")),
        }
    }

    /// Adds `{openssl}`, `{issuer}` and `{namesake}`.
    pub(super) fn values(&self, values: Values) -> Values {
        let issuer = self.end().map_or("", |end| end.issuer.text());
        let values = values.with("openssl", openssl(self.error)).with("issuer", issuer);
        match self.namesake() {
            Some(other) => values
                .with("other_serial", other.certificate.serial.text())
                .with_words("namesake", NAMESAKE),
            None => values.with_words("namesake", Text::en("")),
        }
    }
}

const NAMESAKE: Text = Text::en(
    " (the store has a certificate of the same name, serial {other_serial}, but with another key)",
);

const WRONG_ONE_SENT: Text = Text::en(
    " (it sent one of that name, serial {sent_serial}, but with another key: an older or newer CA of the same name)",
);

/// `self-signed certificate, error 18 at depth 0`.
pub(super) fn openssl(error: &VerifyError) -> String {
    format!("{}, error {} at depth {}", error.text, error.code, error.depth)
}
