//! What is compared of a connection: facts that do not differ by chance.

use std::collections::BTreeMap;

use super::{certificates, offer};
use crate::connection::{Connection, LedgerClass, NotJudged, Outcome};
use crate::report::model::{Judged, Report};
use crate::report::table::{outcome_text, signing_key};
use crate::rules::{Severity, Verdict};
use crate::tls::names;

/// What is compared, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// How the handshake ended, and who ended it with which alert.
    Outcome,
    /// The rule that names the cause.
    Cause,
    /// The version that was agreed on.
    Version,
    /// The cipher suite that was agreed on.
    CipherSuite,
    /// Which kind of key the server proved itself with.
    KeyKind,
    /// The server's own certificate.
    ServerCertificate,
    /// What the server sent with it.
    ServerChain,
    /// Path validation of the server's certificate.
    ChainVerdict,
    /// Whether the server's certificate has the name.
    NameVerdict,
    /// Whether the server asked for a client certificate.
    ClientCertificateRequested,
    /// The client's own certificate.
    ClientCertificate,
    /// How the server took it.
    ClientCertificateTaken,
    /// Path validation of the client's certificate.
    ClientChainVerdict,
    /// The server name that the client sent.
    ServerName,
    /// The versions that the client offered.
    OfferedVersions,
    /// The cipher suites that the client offered, in their order.
    OfferedSuites,
    /// The signature algorithms that the client offered, in their order.
    OfferedSignatures,
}

impl Aspect {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Outcome,
        Self::Cause,
        Self::Version,
        Self::CipherSuite,
        Self::KeyKind,
        Self::ServerCertificate,
        Self::ServerChain,
        Self::ChainVerdict,
        Self::NameVerdict,
        Self::ClientCertificateRequested,
        Self::ClientCertificate,
        Self::ClientCertificateTaken,
        Self::ClientChainVerdict,
        Self::ServerName,
        Self::OfferedVersions,
        Self::OfferedSuites,
        Self::OfferedSignatures,
    ];

    /// What it is called, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Cause => "cause",
            Self::Version => "version",
            Self::CipherSuite => "cipher suite",
            Self::KeyKind => "kind of key",
            Self::ServerCertificate => "server certificate",
            Self::ServerChain => "sent with it",
            Self::ChainVerdict => "its chain",
            Self::NameVerdict => "its name",
            Self::ClientCertificateRequested => "client certificate asked for",
            Self::ClientCertificate => "client certificate",
            Self::ClientCertificateTaken => "client certificate was",
            Self::ClientChainVerdict => "client chain",
            Self::ServerName => "server name sent",
            Self::OfferedVersions => "versions offered",
            Self::OfferedSuites => "cipher suites offered",
            Self::OfferedSignatures => "signature algorithms offered",
        }
    }

    /// Its word in the JSON document.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Cause => "cause",
            Self::Version => "version",
            Self::CipherSuite => "cipher_suite",
            Self::KeyKind => "key_kind",
            Self::ServerCertificate => "server_certificate",
            Self::ServerChain => "server_chain",
            Self::ChainVerdict => "chain_verdict",
            Self::NameVerdict => "name_verdict",
            Self::ClientCertificateRequested => "client_certificate_requested",
            Self::ClientCertificate => "client_certificate",
            Self::ClientCertificateTaken => "client_certificate_taken",
            Self::ClientChainVerdict => "client_chain_verdict",
            Self::ServerName => "server_name",
            Self::OfferedVersions => "offered_versions",
            Self::OfferedSuites => "offered_cipher_suites",
            Self::OfferedSignatures => "offered_signature_algorithms",
        }
    }
}

/// One aspect of one connection. What does not apply is no fact.
#[derive(Clone, Debug)]
pub enum Fact {
    /// It was seen.
    Seen(Value),
    /// It is there, or may be, and the capture does not show it; why.
    Hidden(&'static str),
}

impl Fact {
    /// A fact that its words tell in full.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Seen(Value { id: text.clone(), text, content: Content::Plain })
    }
}

/// A value. Two are the same when their identities are, whatever their words.
#[derive(Clone, Debug)]
pub struct Value {
    /// What is compared.
    pub(super) id: String,
    /// The value in words.
    pub text: String,
    /// What it consists of.
    pub content: Content,
}

/// What a value consists of.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing but its words.
    Plain,
    /// Named parts, as of a certificate.
    Parts(Vec<(&'static str, String)>),
    /// A list whose order counts.
    List(Vec<String>),
}

/// The cause of each connection that has a verdict, by capture and stream.
pub(super) type Causes<'r> = BTreeMap<(usize, u64), &'r Verdict>;

/// The causes that the verdicts of a run name.
pub(super) fn causes(report: &Report) -> Causes<'_> {
    let mut causes = BTreeMap::new();
    for (capture, verdict) in &report.verdicts {
        for stream in &verdict.streams {
            causes.entry((*capture, *stream)).or_insert(verdict);
        }
    }
    causes
}

/// The facts of a connection.
pub(super) fn facts(judged: &Judged, causes: &Causes<'_>) -> Vec<(Aspect, Fact)> {
    let connection = &judged.connection;
    let mut facts = vec![
        (Aspect::Outcome, outcome(connection)),
        (Aspect::Cause, cause(judged, causes)),
        (Aspect::Version, version(connection)),
        (Aspect::CipherSuite, suite(connection)),
        (Aspect::KeyKind, key(connection)),
    ];
    facts.extend(certificates::facts(judged));
    facts.extend(offer::facts(connection));
    facts
}

/// The facts of TCP connections that were not opened.
pub(super) fn unopened(verdict: &Verdict) -> Vec<(Aspect, Fact)> {
    let outcome = match verdict.refused_by {
        Some(_) => "TCP connection refused",
        None => "TCP connection not answered",
    };
    vec![(Aspect::Outcome, Fact::plain(outcome)), (Aspect::Cause, Fact::plain(verdict.cause))]
}

/// Why a connection does not show what it should.
pub(super) fn missing(connection: &Connection) -> &'static str {
    match connection.ledger {
        LedgerClass::HiddenByTls13 => NotJudged::HiddenByTls13.reason(),
        LedgerClass::Resumed => NotJudged::Resumed.reason(),
        _ if connection.outcome.failed() => "the handshake ended before",
        class => class.meaning(),
    }
}

/// Whether a side leaves with FIN or with RST is chance, and how an encrypted alert was
/// told is no part of it.
fn outcome(connection: &Connection) -> Fact {
    let id = match connection.outcome {
        Outcome::Completed => return Fact::plain("completed"),
        Outcome::NotVisible => return Fact::Hidden("the capture does not show enough"),
        Outcome::Unfinished => return Fact::Hidden("the capture ends inside the handshake"),
        Outcome::CutOff => return Fact::Hidden("the capture file is cut off"),
        Outcome::Alert { by, description, .. } => format!("{} {description:?}", by.name()),
        Outcome::Reset { by, .. } | Outcome::Closed { by, .. } => format!("{} left", by.name()),
        Outcome::Unanswered => "unanswered".to_owned(),
    };
    Fact::Seen(Value { id, text: outcome_text(connection), content: Content::Plain })
}

fn cause(judged: &Judged, causes: &Causes<'_>) -> Fact {
    match causes.get(&(judged.capture, judged.connection.stream)) {
        Some(verdict)
            if verdict.severity < Severity::Error && !judged.connection.outcome.failed() =>
        {
            Fact::plain(format!("{} (nobody minded)", verdict.cause))
        }
        Some(verdict) => Fact::plain(verdict.cause),
        None => match outcome(&judged.connection) {
            Fact::Seen(_) if judged.connection.outcome.failed() => Fact::plain("unknown"),
            Fact::Seen(_) => Fact::plain("none"),
            hidden => hidden,
        },
    }
}

fn version(connection: &Connection) -> Fact {
    match connection.handshake.version() {
        Some(version) => Fact::plain(names::version_name(version)),
        None => Fact::Hidden(missing(connection)),
    }
}

fn suite(connection: &Connection) -> Fact {
    match connection.cipher_suite() {
        Some(suite) => Fact::plain(names::cipher_suite_name(suite)),
        None => Fact::Hidden(missing(connection)),
    }
}

/// `RSA`, `ECDSA`; of a hidden certificate what record lengths tell.
fn key(connection: &Connection) -> Fact {
    if let Some(kind) = certificates::inferred_kind(connection) {
        return Fact::plain(kind);
    }
    match signing_key(connection).as_deref() {
        Some("hidden") => Fact::Hidden(NotJudged::HiddenByTls13.reason()),
        Some("resumed") => Fact::Hidden(NotJudged::Resumed.reason()),
        Some(kind) => Fact::plain(kind),
        None => Fact::Hidden(missing(connection)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Config, analyze, source_from_file};
    use crate::tls::Role;

    fn first_outcome(change: impl Fn(&mut Connection)) -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/rsa-trusted.pcap");
        let mut report = analyze(vec![source_from_file(path.into())], &Config::default());
        let connection = &mut report.connections[0].connection;
        change(connection);
        match outcome(connection) {
            Fact::Seen(value) => value.id,
            Fact::Hidden(reason) => format!("hidden: {reason}"),
        }
    }

    #[test]
    fn fin_and_rst_are_the_same_end_and_alerts_are_not() {
        let ends = |outcome: Outcome| first_outcome(move |one| one.observed.outcome = outcome);
        let (by, frame) = (Role::Client, 1);
        let left = ends(Outcome::Reset { by, frame });
        assert_eq!(left, ends(Outcome::Closed { by, frame: 2 }));
        assert_ne!(left, ends(Outcome::Closed { by: Role::Server, frame }));
        let alert =
            |description, inferred| ends(Outcome::Alert { by, description, frame, inferred });
        assert_eq!(alert(None, true), alert(None, false));
        assert_ne!(alert(Some(48), false), alert(Some(46), false));
        assert!(ends(Outcome::CutOff).starts_with("hidden"));
    }

    #[test]
    fn every_aspect_has_words_of_its_own() {
        let words: std::collections::BTreeSet<_> =
            Aspect::ALL.iter().flat_map(|one| [one.words(), one.word()]).collect();
        assert!(words.len() > Aspect::ALL.len());
        let sorted = Aspect::ALL.is_sorted();
        assert!(sorted, "the order of the list is that of the type");
    }
}
