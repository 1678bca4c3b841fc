//! The name that a certificate is compared with, and what came of it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::NotJudged;
use crate::trust::name::NameRule;

/// The answer about the server's name.
#[derive(Clone, Debug)]
pub enum NameVerdict {
    /// Compared.
    Checked {
        /// What the client wanted to reach.
        reference: Reference,
        /// Whether the certificate names it, by OpenSSL's rules (RFC 9525).
        matches: bool,
        /// Whether the traffic server of an Expressway would find it there.
        traffic_server: bool,
        /// Whether a SIP zone of an Expressway would find it there.
        sip_zone: bool,
        /// The names in the certificate that were compared.
        presented: Arc<[String]>,
    },
    /// Not compared, and why.
    NotJudged(NotJudged),
}

impl NameVerdict {
    /// Whether the certificate has the name for one who compares by `rule`; `None` where that was
    /// not judged.
    #[must_use]
    pub const fn found_by(&self, rule: NameRule) -> Option<bool> {
        match self {
            Self::Checked { matches, traffic_server, sip_zone, .. } => Some(match rule {
                NameRule::OpenSsl => *matches,
                NameRule::TrafficServer => *traffic_server,
                NameRule::SipZone => *sip_zone,
            }),
            Self::NotJudged(_) => None,
        }
    }
}

/// The name that a client checks a certificate against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// The server name of the ClientHello.
    ServerName(String),
    /// The name that the user expects (`--expect-name`).
    Expected(String),
    /// The peer address of the SIP zone that connects, in the settings of the Expressway.
    ZonePeer(String),
    /// The name under which the log of the Expressway says that it connected.
    Logged(String),
    /// The name that the client looked up in the DNS to find the address.
    DnsAnswer(String),
    /// The address connected to: a client that connects by address sends no name
    /// (RFC 6066, 3).
    Address(IpAddr),
}

impl Reference {
    /// Where it comes from, as in the JSON document.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        match self {
            Self::ServerName(_) => "sni",
            Self::Expected(_) => "expected name",
            Self::ZonePeer(_) => "zone peer address",
            Self::Logged(_) => "log",
            Self::DnsAnswer(_) => "dns answer",
            Self::Address(_) => "server address",
        }
    }

    /// Whether it is a name that the client, its settings or its log, or the user has
    /// said.
    #[must_use]
    pub const fn is_said(&self) -> bool {
        matches!(
            self,
            Self::ServerName(_) | Self::Expected(_) | Self::ZonePeer(_) | Self::Logged(_)
        )
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServerName(name)
            | Self::Expected(name)
            | Self::ZonePeer(name)
            | Self::Logged(name)
            | Self::DnsAnswer(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}
