//! Zones: the SIP neighbours of an Expressway (xConfiguration reference, `Zones Zone`).

use super::Settings;
use crate::expressway::paths::switch;

/// What a zone leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneKind {
    /// A neighbour, such as CUCM.
    Neighbor,
    /// An Expressway-E, seen from Expressway-C.
    TraversalClient,
    /// An Expressway-C, seen from Expressway-E.
    TraversalServer,
    /// Whatever DNS finds.
    Dns,
    /// Another kind, in the product's word.
    Other(String),
}

impl ZoneKind {
    /// From the product's word.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "neighbor" => Self::Neighbor,
            "traversalclient" => Self::TraversalClient,
            "traversalserver" => Self::TraversalServer,
            "dns" => Self::Dns,
            _ => Self::Other(text.trim().to_owned()),
        }
    }

    /// The product's word, which is also the word of the kind's settings.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Neighbor => "Neighbor",
            Self::TraversalClient => "TraversalClient",
            Self::TraversalServer => "TraversalServer",
            Self::Dns => "DNS",
            Self::Other(word) => word,
        }
    }
}

/// One zone. What the dump does not say is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its number in the configuration.
    pub number: u32,
    /// Its name; those that Expressway makes for CUCM begin `CEtcp-`, `CEtls-` or
    /// `CEOAuth`.
    pub name: String,
    /// What it leads to.
    pub kind: ZoneKind,
    /// Addresses or names of the peers: what the peer's certificate must hold.
    pub peers: Vec<String>,
    /// SIP port of the peer, or of this box for a traversal server.
    pub sip_port: Option<u16>,
    /// `UDP`, `TCP` or `TLS`.
    pub transport: Option<String>,
    /// Whether the peer's certificate is verified.
    pub tls_verify: Option<bool>,
    /// The name that must be in the peer's certificate (traversal server, DNS).
    pub verify_subject_name: Option<String>,
}

const KINDS: [&str; 4] = ["Neighbor", "TraversalClient", "TraversalServer", "DNS"];

impl Settings {
    /// All zones by number.
    #[must_use]
    pub fn zones(&self) -> Vec<Zone> {
        self.paths.numbers("Zones Zone").into_iter().map(|number| self.zone(number)).collect()
    }

    fn zone(&self, number: u32) -> Zone {
        let zone = format!("Zones Zone {number}");
        let kind = self.zone_kind(&zone);
        let own = |rest: &str| format!("{zone} {} {rest}", kind.word());
        let text = |path: String| self.text(&path).map(str::to_owned);
        let transport = text(own("SIP Transport")).or_else(|| text(own("SIP Default Transport")));
        Zone {
            number,
            name: text(format!("{zone} Name")).unwrap_or_default(),
            peers: self
                .paths
                .each(&own("Peer"), "Address")
                .into_iter()
                .map(str::to_owned)
                .collect(),
            sip_port: self.text(&own("SIP Port")).and_then(|port| port.parse().ok()),
            transport,
            tls_verify: self.text(&own("SIP TLS Verify Mode")).and_then(switch),
            verify_subject_name: text(own("SIP TLS Verify Subject Name")),
            kind,
        }
    }

    /// The kind that the zone says, or the only one it has settings for.
    fn zone_kind(&self, zone: &str) -> ZoneKind {
        if let Some(word) = self.text(&format!("{zone} Type")) {
            return ZoneKind::parse(word);
        }
        let mut has = KINDS
            .into_iter()
            .filter(|kind| self.paths.below(&format!("{zone} {kind}")).next().is_some());
        match (has.next(), has.next()) {
            (Some(only), None) => ZoneKind::parse(only),
            _ => ZoneKind::Other(String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    const DUMP: &str = "\
*c xConfiguration Zones LocalZone SIP Record Route Address Type: \"IP\"
*c xConfiguration Zones DefaultZone SIP TLS Verify Mode: \"Off\"
*c xConfiguration Zones Zone 1 Name: \"to E\"
*c xConfiguration Zones Zone 1 Type: \"TraversalClient\"
*c xConfiguration Zones Zone 1 TraversalClient Peer 1 Address: \"expe1.lab.example\"
*c xConfiguration Zones Zone 1 TraversalClient Peer 2 Address: \"expe2.lab.example\"
*c xConfiguration Zones Zone 1 TraversalClient Peer 3 Address: \"\"
*c xConfiguration Zones Zone 1 TraversalClient SIP Port: 7001
*c xConfiguration Zones Zone 1 TraversalClient SIP TLS Verify Mode: \"On\"
*c xConfiguration Zones Zone 10 Name: \"Webex\"
*c xConfiguration Zones Zone 10 DNS SIP TLS Verify Mode: \"On\"
*c xConfiguration Zones Zone 10 DNS SIP TLS Verify Subject Name: \"callservice.example\"
*c xConfiguration Zones Zone 2 Name: \"CEtcp-cucm\"
*c xConfiguration Zones Zone 2 Type: \"Neighbor\"
*c xConfiguration Zones Zone 2 Neighbor SIP Transport: \"TCP\"
";

    #[test]
    fn zones_by_number() {
        let settings = Settings::read(&[DUMP.as_bytes()], &Limits::default());
        let zones = settings.zones();
        assert_eq!(zones.iter().map(|zone| zone.number).collect::<Vec<_>>(), [1, 2, 10]);
        let [first, second, tenth] = &zones[..] else { panic!("{zones:?}") };
        assert_eq!(first.peers, ["expe1.lab.example", "expe2.lab.example"]);
        assert_eq!((first.sip_port, first.tls_verify), (Some(7001), Some(true)));
        assert_eq!((&first.kind, first.name.as_str()), (&ZoneKind::TraversalClient, "to E"));
        assert_eq!(second.transport.as_deref(), Some("TCP"));
        assert_eq!((&second.kind, second.tls_verify), (&ZoneKind::Neighbor, None));
        assert_eq!(tenth.kind, ZoneKind::Dns);
        assert_eq!(tenth.verify_subject_name.as_deref(), Some("callservice.example"));
    }
}
