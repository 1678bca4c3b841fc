//! The state of one Expressway, as `xstat_dump` tells it.
//!
//! The text form has blocks, `*s SystemUnit: /` to `*s/end`, nested by indentation; the
//! known samples are of X7 and X8, so nothing here depends on a block being there. The
//! XML form is read like that of the configuration. Names of roots are those of the
//! xStatus reference of the Administrator Guide X15.5.

mod blocks;

use std::net::IpAddr;

use blocks::Blocks;

use super::paths::{Paths, switch};
use super::settings::{ZoneKind, looks_like_xml};
use super::version::Version;
use super::xml;
use crate::limits::Limits;

/// Addresses of a box that are kept; it has two interfaces.
const ADDRESSES: usize = 64;

/// Which half of the pair a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoxRole {
    /// Expressway-C, inside.
    Core,
    /// Expressway-E, at the edge.
    Edge,
}

/// A zone and how it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneStatus {
    /// Its number in the configuration.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What it leads to.
    pub kind: ZoneKind,
    /// `Active`, `Failed`, `Address resolvable`; the last is the normal state of the
    /// zones made for CUCM from X14.0.2 (release notes).
    pub status: Option<String>,
    /// Its peers by number.
    pub peers: Vec<PeerStatus>,
}

/// A peer of a zone. What the dump does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerStatus {
    /// The configured address or name.
    pub address: Option<String>,
    /// State of SIP towards it.
    pub sip_status: Option<String>,
    /// Why it is not active, if said.
    pub sip_cause: Option<String>,
    /// The address that SIP uses.
    pub ip: Option<IpAddr>,
    /// The port that SIP uses.
    pub port: Option<u16>,
}

/// An alarm that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Its number in the product (`40052`).
    pub id: Option<u32>,
    /// What it says.
    pub text: String,
    /// Whether someone has acknowledged it, if said.
    pub acknowledged: Option<bool>,
}

/// Values by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    paths: Paths,
    /// Whether an XML text broke off.
    pub damaged: bool,
}

impl Status {
    /// Reads dumps in the order given; put the text form first.
    #[must_use]
    pub fn read(dumps: &[&[u8]], limits: &Limits) -> Self {
        let mut status = Self::default();
        for dump in dumps {
            status.add(dump, limits);
        }
        status
    }

    /// Adds a dump, text or XML, whichever it looks like. What is known already stays.
    pub fn add(&mut self, dump: &[u8], limits: &Limits) {
        let text = String::from_utf8_lossy(dump);
        if looks_like_xml(&text) {
            self.damaged |= !xml::read(&text, &mut self.paths, limits);
        } else {
            let mut blocks = Blocks::default();
            for line in text.lines() {
                if let Some(value) = blocks.line(line) {
                    self.paths.add(&blocks.path, value, limits);
                }
            }
        }
    }

    /// The value under a path, such as `SystemUnit Software Version`; without regard to
    /// case.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.paths.get(path)
    }

    /// All values below a root as they come: `Tunnels`, `CollaborationEdge`,
    /// `EdgeConfigProvisioning`, `Edgedomain`, `XMPP`, whose layouts are not documented.
    pub fn section(&self, root: &str) -> impl Iterator<Item = (&str, &str)> + use<'_> {
        self.paths.below(root)
    }

    /// Values left out because there were more than [`Limits::settings`].
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.paths.dropped
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.len() == 0
    }

    /// What the box calls itself: `Cisco Expressway-C`.
    #[must_use]
    pub fn product(&self) -> Option<&str> {
        self.paths.said("SystemUnit Product")
    }

    /// The software version: of the block `SystemUnit`, else of the XML form's root.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        let said = self.paths.get("SystemUnit Software Version").and_then(Version::parse);
        said.or_else(|| self.paths.get(xml::VERSION).and_then(Version::parse))
    }

    /// Which half of the pair this is: by the product's name, else by the flag
    /// `Configuration: Expressway`, which is False on Expressway-C (seen on X7).
    #[must_use]
    pub fn role(&self) -> Option<BoxRole> {
        self.product().and_then(role_of_product).or_else(|| {
            let flag = self.get("SystemUnit Software Configuration Expressway")?;
            Some(if switch(flag)? { BoxRole::Edge } else { BoxRole::Core })
        })
    }

    /// The box's own addresses, of the blocks `Ethernet`, `NetworkInterface` and `IP`.
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> = Vec::new();
        for root in ["Ethernet", "NetworkInterface", "IP"] {
            for (_, value) in self.section(root).filter(|(path, _)| is_own_address(path)) {
                let address = value.trim().parse::<IpAddr>().ok();
                let address = address.filter(|it| !it.is_unspecified() && !found.contains(it));
                found.extend(address.filter(|_| found.len() < ADDRESSES));
            }
        }
        found
    }

    /// When the dump was taken, as written (`2026-11-21 20:38:14`). Its time zone is not
    /// documented.
    #[must_use]
    pub fn system_time(&self) -> Option<&str> {
        self.paths.said("SystemUnit SystemTime").or_else(|| self.paths.said("Time SystemTime"))
    }

    /// The local time zone, such as `Asia/Kolkata`.
    #[must_use]
    pub fn time_zone(&self) -> Option<&str> {
        self.paths.said("SystemUnit TimeZone").or_else(|| self.paths.said("Time TimeZone"))
    }

    /// Peers of the cluster, where a block `Alternates` tells them.
    #[must_use]
    pub fn cluster_peers(&self) -> Vec<&str> {
        let peers = self.paths.each("Alternates Peer", "Address");
        if peers.is_empty() { self.paths.each("Alternates Alternate", "Address") } else { peers }
    }

    /// All zones by number.
    #[must_use]
    pub fn zones(&self) -> Vec<ZoneStatus> {
        let numbers = self.paths.numbers("Zones Zone").into_iter();
        let numbers = numbers.filter(|number| {
            let of = |rest: &str| self.paths.said(&format!("Zones Zone {number} {rest}")).is_some();
            of("Name") || of("Type") || of("Status")
        });
        numbers.map(|number| self.zone(number)).collect()
    }

    fn zone(&self, number: u32) -> ZoneStatus {
        let zone = format!("Zones Zone {number}");
        let said = |rest: &str| self.paths.said(&format!("{zone} {rest}")).map(str::to_owned);
        let kind = ZoneKind::parse(&said("Type").unwrap_or_default());
        let peers = format!("{zone} {} Peer", kind.word());
        let numbers = self.paths.numbers(&peers).into_iter();
        ZoneStatus {
            number,
            name: said("Name").unwrap_or_default(),
            status: said("Status"),
            peers: numbers.map(|number| self.peer(&format!("{peers} {number}"))).collect(),
            kind,
        }
    }

    fn peer(&self, peer: &str) -> PeerStatus {
        let said = |rest: &str| self.paths.said(&format!("{peer} {rest}"));
        PeerStatus {
            address: said("Address").map(str::to_owned),
            sip_status: said("SIP Status").map(str::to_owned),
            sip_cause: said("SIP Cause").map(str::to_owned),
            ip: said("SIP Address").and_then(|address| address.parse().ok()),
            port: said("SIP Port").and_then(|port| port.parse().ok()),
        }
    }

    /// Alarms that are up, of the blocks `Warnings` and `Alarms`.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut found = Vec::new();
        for root in ["Warnings Warning", "Alarms Alarm"] {
            for number in self.paths.numbers(root) {
                let said = |rest: &str| self.paths.said(&format!("{root} {number} {rest}"));
                let id = said("ID").or_else(|| said("AlarmID"));
                let text =
                    ["Reason", "Title", "Description", "Detail"].iter().find_map(|w| said(w));
                if id.is_some() || text.is_some() {
                    found.push(Warning {
                        id: id.and_then(|id| id.parse().ok()),
                        text: text.unwrap_or_default().to_owned(),
                        acknowledged: said("State").and_then(acknowledged),
                    });
                }
            }
        }
        found
    }
}

/// Whether a path ends in `Address` and is not about a DNS server.
fn is_own_address(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let last = path.split_whitespace().rev().find(|word| *word != "1");
    last == Some("address") && !path.contains("dns")
}

fn acknowledged(state: &str) -> Option<bool> {
    match state.to_ascii_lowercase().as_str() {
        "acknowledged" => Some(true),
        "unacknowledged" => Some(false),
        _ => None,
    }
}

/// `Expressway-C`, `Expressway-E`, `VCS Control`, `VCS Expressway`, `Core`, `Edge`.
fn role_of_product(product: &str) -> Option<BoxRole> {
    let product = product.to_ascii_lowercase();
    let has = |words: [&str; 3]| words.iter().any(|word| product.contains(word));
    let words: Vec<&str> = product.split(|c: char| !c.is_alphanumeric()).collect();
    let last = words.last().copied().unwrap_or_default();
    if has(["expressway-c", "vcs control", "expressway core"]) || last == "core" {
        Some(BoxRole::Core)
    } else if has(["expressway-e", "vcs expressway", "expressway edge"]) || last == "edge" {
        Some(BoxRole::Edge)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
xstatus
*s SystemUnit: /
  Product: \"Cisco Expressway-C\"
  Uptime: 1034522
  SystemTime: \"2026-11-21 20:38:14\"
  TimeZone: \"Asia/Kolkata\"
  Software: /
    Version: \"X14.3.4\"
    ReleaseKey: \"\"
    Configuration: /
      Expressway: \"False\"
  Hardware:
    Version: \"VMWare\"
*s/end
Version: \"outside of any block\"
*s Ethernet 1: /
  IPv4: /
    Address: \"192.0.2.10\"
    SubnetMask: \"255.255.255.0\"
*s/end
*s Zones: /
  Zone 1: /
    Name: \"say \"E\"\"
    Status: \"Active\"
    Type: \"TraversalClient\"
    TraversalClient: /
      Peer 1: /
        Address: \"expe.lab.example\"
        SIP: /
          Status: \"Active\"
          Address: \"198.51.100.20\"
          Port: \"7001\"
  Zone 12:
    Name: \"CEtls-cucm\"
    Status: \"Address resolvable\"
    Type: \"Neighbor\"
*s/end
*s Warnings: /
  Warning 1: /
    ID: \"40052\"
    Reason: \"no common name\"
    State: \"Unacknowledged\"
*s/end
*s Tunnels: /
  Tunnel 1: /
    Status: \"Active\"
*s/end

OK
";

    fn status(text: &str) -> Status {
        Status::read(&[text.as_bytes()], &Limits::default())
    }

    #[test]
    fn the_box() {
        let status = status(TEXT);
        assert_eq!(status.version(), Some(Version::new(14, 3, 4)));
        assert_eq!(status.get("SystemUnit Hardware Version"), Some("VMWare"));
        assert_eq!(status.role(), Some(BoxRole::Core));
        assert_eq!(status.addresses(), ["192.0.2.10".parse::<IpAddr>().unwrap()]);
        assert_eq!(status.system_time(), Some("2026-11-21 20:38:14"));
        assert_eq!(status.time_zone(), Some("Asia/Kolkata"));
        assert_eq!(status.section("Tunnels").count(), 1);
        assert_eq!(status.get("Version"), None);
    }

    #[test]
    fn zones_and_warnings() {
        let status = status(TEXT);
        let zones = status.zones();
        let [first, second] = &zones[..] else { panic!("{zones:?}") };
        assert_eq!((first.name.as_str(), first.number), ("say \"E\"", 1));
        let [peer] = &first.peers[..] else { panic!("{first:?}") };
        assert_eq!(peer.address.as_deref(), Some("expe.lab.example"));
        assert_eq!((peer.ip.unwrap().to_string(), peer.port), ("198.51.100.20".into(), Some(7001)));
        assert_eq!(second.status.as_deref(), Some("Address resolvable"));
        assert_eq!((second.number, &second.kind), (12, &ZoneKind::Neighbor));
        let warning = Warning {
            id: Some(40052),
            text: "no common name".to_owned(),
            acknowledged: Some(false),
        };
        assert_eq!(status.warnings(), [warning]);
    }

    #[test]
    fn the_role_by_name_or_flag() {
        let of = |product: &str, flag: &str| {
            status(&format!(
                "*s SystemUnit:\n  Product: \"{product}\"\n  Software:\n    Configuration:\n      Expressway: {flag}\n*s/end"
            ))
            .role()
        };
        assert_eq!(of("Cisco Expressway-E", "False"), Some(BoxRole::Edge));
        assert_eq!(of("TANDBERG VCS", "True"), Some(BoxRole::Edge));
        assert_eq!(of("TANDBERG VCS", "False"), Some(BoxRole::Core));
        assert_eq!(of("Cisco VCS Control", "?"), Some(BoxRole::Core));
        assert_eq!(of("Cisco Expressway", "?"), None);
    }

    #[test]
    fn xml_says_the_same() {
        let status = status(
            "<Status product=\"Cisco VCS\" version=\"X15.2\"><SystemUnit item=\"1\"><Product item=\"1\">\
             Cisco Expressway-E</Product></SystemUnit><Zones item=\"1\"><Zone item=\"1\"><Name item=\"1\">a\
             </Name><Type item=\"1\">TraversalServer</Type><TraversalServer item=\"1\"><Peer item=\"1\">\
             <SIP item=\"1\"><Status item=\"1\">Failed</Status></SIP></Peer></TraversalServer></Zone>\
             <Zone item=\"3\"><Name item=\"1\">b</Name></Zone></Zones></Status>",
        );
        assert_eq!(status.version(), Some(Version::new(15, 2, 0)));
        assert_eq!(status.role(), Some(BoxRole::Edge));
        let zones = status.zones();
        assert_eq!(zones.iter().map(|zone| zone.number).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(zones[0].peers[0].sip_status.as_deref(), Some("Failed"));
    }
}
