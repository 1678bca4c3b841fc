//! What listens on which port (Cisco Expressway IP Port Usage Configuration Guide
//! X15.0, chapter Mobile and Remote Access, unless noted).

/// A service of an MRA deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// TCP port it listens on.
    pub port: u16,
    /// What it is, for people.
    pub name: &'static str,
    /// How the Expressway that connects to it checks the server's name.
    pub checker: Checker,
}

/// Which program of the Expressway is the client, and so how names are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checker {
    /// The traffic server: server name or address against dNSName and CN.
    TrafficServer,
    /// SIP zones: the configured peer address, which is not on the wire.
    SipZone,
    /// XMPP.
    Xmpp,
    /// The database that the peers of a cluster share.
    ClusterDatabase,
}

const SERVICES: &[Service] = &[
    Service { port: 443, name: "HTTPS", checker: Checker::TrafficServer },
    Service { port: 4372, name: "cluster database", checker: Checker::ClusterDatabase },
    Service { port: 5061, name: "SIP TLS", checker: Checker::SipZone },
    Service { port: 5062, name: "SIP TLS", checker: Checker::SipZone },
    // CUCM Security Guide 15, SIP OAuth Mode.
    Service { port: 5090, name: "SIP OAuth on premises", checker: Checker::SipZone },
    Service { port: 5091, name: "SIP OAuth for MRA", checker: Checker::SipZone },
    Service { port: 5222, name: "XMPP clients", checker: Checker::Xmpp },
    Service { port: 5269, name: "XMPP federation", checker: Checker::Xmpp },
    Service {
        port: 6971,
        name: "phone configuration download over HTTPS",
        checker: Checker::TrafficServer,
    },
    Service {
        port: 6972,
        name: "configuration download over HTTPS",
        checker: Checker::TrafficServer,
    },
    // One port for each traversal zone, from 7001 on.
    Service { port: 7001, name: "SIP UC traversal", checker: Checker::SipZone },
    Service { port: 7002, name: "SIP UC traversal", checker: Checker::SipZone },
    Service { port: 7003, name: "SIP UC traversal", checker: Checker::SipZone },
    Service { port: 7004, name: "SIP UC traversal", checker: Checker::SipZone },
    Service { port: 7336, name: "managed file transfer", checker: Checker::TrafficServer },
    Service { port: 7400, name: "XMPP router", checker: Checker::Xmpp },
    Service {
        port: 7443,
        name: "voicemail notifications over TLS",
        checker: Checker::TrafficServer,
    },
    Service { port: 8443, name: "UDS, AXL and SOAP over HTTPS", checker: Checker::TrafficServer },
    Service { port: 9443, name: "contact search over HTTPS", checker: Checker::TrafficServer },
];

/// The service on a port, if it is one of MRA.
#[must_use]
pub fn service(port: u16) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.port == port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_listed_once() {
        for (index, one) in SERVICES.iter().enumerate() {
            assert!(SERVICES.iter().skip(index + 1).all(|other| other.port != one.port));
        }
        assert_eq!(service(6972).map(|s| s.checker), Some(Checker::TrafficServer));
        assert!(service(80).is_none());
    }
}
