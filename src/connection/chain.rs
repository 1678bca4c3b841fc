//! What path validation says of a chain that a side showed.

use std::sync::Arc;

use crate::trust::{Anchor, PathValidation, Remedy, StoreSemantics};

/// A judged chain.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The answer of path validation.
    pub validation: PathValidation,
    /// What would mend it, when it failed.
    pub remedy: Option<Remedy>,
    /// The anchors that the remedy takes out of the store.
    pub in_the_way: Vec<Anchor>,
    /// Of what the remedy adds: where other trust stores have it.
    pub elsewhere: Vec<Anchor>,
    /// The answer of the other way to look issuers up, when it is another one.
    pub otherwise: Option<Otherwise>,
}

impl Chain {
    /// The answer alone.
    #[must_use]
    pub const fn of(validation: PathValidation) -> Self {
        Self {
            validation,
            remedy: None,
            in_the_way: Vec::new(),
            elsewhere: Vec::new(),
            otherwise: None,
        }
    }
}

/// What the same store answers when issuers are looked up in the other way.
#[derive(Clone, Debug)]
pub struct Otherwise {
    /// That way.
    pub semantics: StoreSemantics,
    /// Its answer.
    pub validation: PathValidation,
}

/// The answer about a chain.
#[derive(Clone, Debug)]
pub enum PathVerdict {
    /// Judged by path validation.
    Judged(Arc<Chain>),
    /// Not judged, and why.
    NotJudged(NotJudged),
}

impl PathVerdict {
    /// The validation, if there was one.
    #[must_use]
    pub fn judged(&self) -> Option<&PathValidation> {
        self.chain().map(|chain| &chain.validation)
    }

    /// The validation with what would mend it, if there was one.
    #[must_use]
    pub fn chain(&self) -> Option<&Chain> {
        match self {
            Self::Judged(chain) => Some(chain),
            Self::NotJudged(_) => None,
        }
    }
}

/// Why something was not judged. Each is an answer, not a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotJudged {
    /// No trust anchors were given.
    NoTrustStore,
    /// The side that checks it is not the Expressway whose trust list is known.
    OtherMachine,
    /// TLS 1.3 encrypts the certificates.
    HiddenByTls13,
    /// A resumed session shows no certificates.
    Resumed,
    /// The side sent no certificate.
    NotSent,
    /// The certificate is not in the capture, or not all of it.
    NotCaptured,
    /// Not all certificates of the list are in the capture, and those that are lead to no
    /// trust anchor; the others may.
    NotAllCaptured,
    /// The certificate cannot be read.
    Unreadable,
    /// No name to compare with is known.
    NoReference,
    /// The capture has no times (simple packet blocks), and none was given.
    NoTime,
}

impl NotJudged {
    /// All reasons.
    pub const ALL: [Self; 10] = [
        Self::NoTrustStore,
        Self::OtherMachine,
        Self::HiddenByTls13,
        Self::Resumed,
        Self::NotSent,
        Self::NotCaptured,
        Self::NotAllCaptured,
        Self::Unreadable,
        Self::NoReference,
        Self::NoTime,
    ];

    /// The reason in words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoTrustStore => "no trust store given",
            Self::OtherMachine => "checked by another machine, whose trust list is not known",
            Self::HiddenByTls13 => "certificate hidden by TLS 1.3",
            Self::Resumed => "resumed session, no certificate sent",
            Self::NotSent => "no certificate sent",
            Self::NotCaptured => "certificate not in the capture",
            Self::NotAllCaptured => "not all certificates of the list are in the capture",
            Self::Unreadable => "certificate cannot be read",
            Self::NoReference => "no name to compare with",
            Self::NoTime => "the capture has no times; give one with --at",
        }
    }
}
