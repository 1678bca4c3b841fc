//! A leg: who the two ends of a connection are, and what runs between them.

use super::service::{Checker, Service};
use crate::tls::Role;
use crate::trust::name::NameRule;

/// Who a host is in a deployment of Mobile and Remote Access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// An Expressway-C.
    ExpresswayC,
    /// An Expressway-E.
    ExpresswayE,
    /// An Expressway of which nothing tells whether it is C or E.
    Expressway,
    /// A node of Unified CM.
    UnifiedCm,
    /// A node of the IM and Presence Service.
    ImAndPresence,
    /// Unity Connection.
    UnityConnection,
    /// Unified CM, IM and Presence or Unity Connection: the port is the same.
    UcNode,
    /// A client outside: Jabber, Webex or a phone.
    Client,
    /// The cloud of Webex.
    Webex,
    /// Nothing is known of it.
    #[default]
    Unknown,
}

impl Party {
    /// What it is called in `--map`, in JSON and in reports.
    pub const WORDS: [(Self, &'static str, &'static str); 10] = [
        (Self::ExpresswayC, "expressway-c", "Expressway-C"),
        (Self::ExpresswayE, "expressway-e", "Expressway-E"),
        (Self::Expressway, "expressway", "Expressway"),
        (Self::UnifiedCm, "cucm", "Unified CM"),
        (Self::ImAndPresence, "imp", "IM and Presence"),
        (Self::UnityConnection, "unity", "Unity Connection"),
        (Self::UcNode, "uc", "UC node"),
        (Self::Client, "client", "MRA client"),
        (Self::Webex, "webex", "Webex"),
        (Self::Unknown, "unknown", "host"),
    ];

    /// The word of `--map` and of the JSON document.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.words().0
    }

    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.words().1
    }

    /// The party that a word of [`Party::WORDS`] means.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(word)).map(|row| row.0)
    }

    fn words(self) -> (&'static str, &'static str) {
        let row = Self::WORDS.iter().find(|(party, ..)| *party == self);
        row.map_or(("unknown", "host"), |(_, word, name)| (word, name))
    }

    /// Whether it is an Expressway.
    #[must_use]
    pub const fn is_expressway(self) -> bool {
        matches!(self, Self::ExpresswayC | Self::ExpresswayE | Self::Expressway)
    }

    /// Whether it is a server that Expressway-C connects to for clients.
    #[must_use]
    pub const fn is_uc(self) -> bool {
        matches!(self, Self::UnifiedCm | Self::ImAndPresence | Self::UnityConnection | Self::UcNode)
    }
}

/// Who the two ends of a connection are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leg {
    /// The side that connects.
    pub client: Party,
    /// The side that listens.
    pub server: Party,
    /// What listens on the port.
    pub service: Option<&'static Service>,
    /// Which known appliance is the client ([`super::Deployment::appliance`]).
    pub client_appliance: Option<usize>,
    /// Which known appliance is the server.
    pub server_appliance: Option<usize>,
}

impl Leg {
    /// The party that plays `role`.
    #[must_use]
    pub const fn party(&self, role: Role) -> Party {
        match role {
            Role::Client => self.client,
            Role::Server => self.server,
        }
    }

    /// The known appliance that plays `role`.
    #[must_use]
    pub const fn appliance_of(&self, role: Role) -> Option<usize> {
        match role {
            Role::Client => self.client_appliance,
            Role::Server => self.server_appliance,
        }
    }

    /// The known appliance on this leg: the one that connects, if both are known.
    #[must_use]
    pub const fn appliance(&self) -> Option<usize> {
        match self.client_appliance {
            Some(index) => Some(index),
            None => self.server_appliance,
        }
    }

    /// Whether the traffic server of an Expressway-C connects to a UC node.
    #[must_use]
    pub fn is_traffic_server(&self) -> bool {
        self.client == Party::ExpresswayC
            && self.server.is_uc()
            && self.service.is_some_and(|service| service.checker == Checker::TrafficServer)
    }

    /// Whether something is known of an end.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.appliance().is_some() || [self.client, self.server] != [Party::Unknown; 2]
    }

    /// Whether the SIP side of an Expressway is the client.
    #[must_use]
    pub fn is_sip_of_expressway(&self) -> bool {
        self.client.is_expressway()
            && self.service.is_some_and(|service| service.checker == Checker::SipZone)
    }

    /// How its client compares names.
    #[must_use]
    pub fn name_rule(&self) -> NameRule {
        if self.is_traffic_server() {
            NameRule::TrafficServer
        } else if self.is_sip_of_expressway() {
            NameRule::SipZone
        } else {
            NameRule::OpenSsl
        }
    }

    /// Whether an Expressway-C connects to an Expressway-E through the traversal zone.
    #[must_use]
    pub fn is_traversal(&self) -> bool {
        self.client == Party::ExpresswayC
            && self.server == Party::ExpresswayE
            && self.service.is_some_and(|service| service.checker == Checker::SipZone)
    }
}
