//! What a rule is. Adding one touches one file: its family's.

use super::case::{Case, CaseObservation};
use super::finding::{Observation, Severity};
use super::own;
use super::path_fault;
use super::words::Text;
use crate::connection::Connection;
use crate::expressway::{Appliance, BoxRole, Deployment, Leg, Line, Version};
use crate::tls::Role;
use crate::trust::Store;

/// A rule is a value.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case, never reused.
    pub id: &'static str,
    /// How bad it is when it fires, unless the check says otherwise.
    pub severity: Severity,
    /// One line.
    pub summary: Text,
    /// The sentence of a finding, with placeholders.
    pub sentence: Text,
    /// The next step, with placeholders.
    pub remedy: Text,
    /// What must be there for the rule to judge.
    pub needs: &'static [Need],
    /// Versions and ports it applies to, in words.
    pub applies: Text,
    /// What it contributes to a verdict.
    pub part: Part,
    /// The page that `tlsight explain` shows.
    pub page: Page,
    /// RFC sections; titles of vendor documents and defect ids.
    pub references: &'static [&'static str],
    /// What it looks at, and how.
    pub check: Check,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// One connection.
    Connection(fn(&Subject<'_>) -> Option<Observation>),
    /// Everything together: appliances, their settings and logs, all connections.
    Case(fn(&Case<'_>) -> Vec<CaseObservation>),
}

/// What a rule contributes to a verdict. The first finding, in the order of the
/// registry, that explains how a connection ended is its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A fault of a certificate. It is the cause when the other side ended the
    /// handshake in a way that says so.
    Certificate {
        /// The alerts that tell this fault (those of OpenSSL, and 46 of Java).
        alerts: &'static [u8],
        /// The fault as a clause, with placeholders.
        clause: Text,
    },
    /// Explains by itself why the handshake failed.
    Handshake,
    /// Never a cause.
    Remark,
}

/// The explanation of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// What it checks.
    pub checks: Text,
    /// Why it matters.
    pub why: Text,
    /// What the customer sees.
    pub symptom: Text,
    /// What to do, step by step.
    pub steps: Text,
    /// When it can be wrong.
    pub caveat: Text,
}

/// Something that a rule cannot judge without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Trust anchors (`--trust`).
    TrustStore,
    /// Trust anchors of a side that checks the other: `--trust` for the client, `--peer-trust` for
    /// the server.
    TrustList,
    /// The same, or a side that refused the other's chain: some faults show without the list.
    TrustListOrRefusal,
    /// A readable server certificate.
    ServerCertificate,
    /// A known Expressway on this connection; for a rule on cases one at all.
    Expressway,
    /// What runs on a known Expressway.
    Version,
    /// Hosts of which it is known what they are.
    Parties,
    /// A diagnostic archive with a configuration, a status or a log, whichever tells.
    Archive,
    /// The configuration of an Expressway.
    Settings,
    /// The log of an Expressway.
    Log,
    /// The certificate of a known Expressway.
    OwnCertificate,
    /// A known Expressway-C and a known Expressway-E.
    Pair,
    /// Two captures, in which one connection may be recorded twice.
    TwoCaptures,
}

impl Need {
    /// What it is, and how to give it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::TrustStore => "a trust store (--trust, or that of a diagnostic archive)",
            Self::TrustList => {
                "the trust list of the side that checks (--trust, or that of a diagnostic archive; for certificates of clients --peer-trust)"
            }
            Self::TrustListOrRefusal => {
                "the trust list of the side that checks, as for other rules on chains, or that this side refused the chain"
            }
            Self::ServerCertificate => "a readable server certificate",
            Self::Expressway => "a known Expressway (its diagnostic archive, or --expressway IP)",
            Self::Version => {
                "the version of a known Expressway (its diagnostic archive, or --product-version)"
            }
            Self::Parties => {
                "what the hosts are (a diagnostic archive, --expressway IP, or --map IP=WHO)"
            }
            Self::Archive => {
                "the diagnostic archive of an Expressway with its configuration, status or log, whichever tells"
            }
            Self::Settings => {
                "the configuration of an Expressway (xconf_dump of its diagnostic archive)"
            }
            Self::Log => "the log of an Expressway (loggingsnapshot of its diagnostic archive)",
            Self::OwnCertificate => {
                "the certificate of a known Expressway (its diagnostic archive, --own-cert, or shown in the capture)"
            }
            Self::Pair => "a known Expressway-C and a known Expressway-E (an archive of each)",
            Self::TwoCaptures => "two captures that recorded the same connection at two places",
        }
    }

    /// Why a rule on connections with this need could not judge.
    #[must_use]
    pub const fn unmet(self) -> &'static str {
        match self {
            Self::TrustStore => "the trust list of the machine that checks is not known (--trust)",
            Self::Expressway => {
                "no Expressway known (give its diagnostic archive, or --expressway IP)"
            }
            Self::ServerCertificate => "no server certificate visible",
            // What only a case has is never missed by a connection.
            other => other.words(),
        }
    }

    /// The need as which its lack is counted: the more usual one, which meets it too.
    #[must_use]
    pub const fn counted_as(self) -> Self {
        match self {
            Self::TrustList | Self::TrustListOrRefusal => Self::TrustStore,
            Self::Parties => Self::Expressway,
            other => other,
        }
    }

    /// Whether `subject` has it.
    #[must_use]
    pub fn met(self, subject: &Subject<'_>) -> bool {
        match self {
            Self::TrustStore => subject.store.is_some(),
            Self::TrustList => {
                let connection = subject.connection;
                let judged =
                    Role::BOTH.into_iter().any(|side| connection.path(side).judged().is_some());
                judged || subject.store.is_some()
            }
            Self::TrustListOrRefusal => {
                let refused = |side| path_fault::validation(subject.connection, side).is_some();
                Self::TrustList.met(subject) || Role::BOTH.into_iter().any(refused)
            }
            Self::ServerCertificate => subject.connection.server_leaf().is_some(),
            Self::Expressway => subject.leg.appliance().is_some(),
            Self::Parties => subject.leg.is_known(),
            _ => false,
        }
    }

    /// Whether `case` has it.
    #[must_use]
    pub fn met_by(self, case: &Case<'_>) -> bool {
        let known = case.deployment.appliances();
        let is_known = |role: BoxRole| known.iter().any(|one| one.role == Some(role));
        match self {
            Self::TrustStore
            | Self::TrustList
            | Self::TrustListOrRefusal
            | Self::ServerCertificate => case.connections.iter().any(|one| self.met(&one.subject)),
            Self::Expressway => !known.is_empty(),
            Self::Version => known.iter().any(|one| one.version.is_some()),
            Self::Parties => {
                !known.is_empty() || case.connections.iter().any(|one| self.met(&one.subject))
            }
            Self::Archive => known.iter().any(|one| one.has_archive()),
            Self::Settings => known.iter().any(|one| one.settings.is_some()),
            Self::Log => known.iter().any(|one| one.log.is_some()),
            Self::OwnCertificate => !own::certificates(case).is_empty(),
            Self::Pair => is_known(BoxRole::Core) && is_known(BoxRole::Edge),
            Self::TwoCaptures => {
                let first = case.connections.first().map(|one| one.capture);
                case.connections.iter().any(|one| Some(one.capture) != first)
            }
        }
    }
}

/// What a check looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The connection to judge.
    pub connection: &'a Connection,
    /// The trust anchors of the side that checks the server, when they are known.
    pub store: Option<&'a Store>,
    /// Who the two ends are.
    pub leg: Leg,
    /// Who is who.
    pub deployment: &'a Deployment,
    /// What the log of the Expressway says of this connection, in order.
    pub log: &'a [Line],
}

impl<'a> Subject<'a> {
    /// The known Expressway on this connection.
    #[must_use]
    pub fn appliance(&self) -> Option<&'a Appliance> {
        self.deployment.appliance(self.leg.appliance()?)
    }

    /// The software version of that Expressway.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.appliance()?.version
    }
}
