//! Settings about the box itself: names, addresses, cluster, domains, logging.

use std::net::IpAddr;

use super::Settings;

impl Settings {
    /// The host name without domain (`IP DNS Hostname`), else the name of the system.
    #[must_use]
    pub fn host_name(&self) -> Option<&str> {
        self.text("IP DNS Hostname").or_else(|| self.text("SystemUnit Name"))
    }

    /// The DNS domain of the box (`IP DNS Domain Name`).
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.text("IP DNS Domain Name")
    }

    /// Host name and domain together: the name that its certificate should hold.
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        Some(format!("{}.{}", self.text("IP DNS Hostname")?, self.domain()?))
    }

    /// The name of the cluster (`Alternates Cluster Name`).
    #[must_use]
    pub fn cluster_name(&self) -> Option<&str> {
        self.text("Alternates Cluster Name")
    }

    /// Addresses or names of the peers of the cluster, this box among them (`Alternates
    /// Peer <n> Address`).
    #[must_use]
    pub fn cluster_peers(&self) -> Vec<&str> {
        self.paths.each("Alternates Peer", "Address")
    }

    /// Default DNS servers (`DNS Server <n> Address`); older dumps have `IP DNS Server`.
    #[must_use]
    pub fn dns_servers(&self) -> Vec<&str> {
        let servers = self.paths.each("DNS Server", "Address");
        if servers.is_empty() { self.paths.each("IP DNS Server", "Address") } else { servers }
    }

    /// The box's own addresses (`Ethernet <n> IP V4/V6 Address`), and the public one of a
    /// static NAT if it is on.
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut found = Vec::new();
        for number in self.paths.numbers("Ethernet") {
            let of = |rest: &str| format!("Ethernet {number} IP {rest}");
            let behind_nat = self.switch(&of("V4 StaticNAT Mode")) == Some(true);
            let own = [of("V4 Address"), of("V6 Address")];
            let public = behind_nat.then(|| of("V4 StaticNAT Address"));
            let texts = own.iter().chain(&public).filter_map(|path| self.text(path));
            found.extend(texts.filter_map(|text| text.parse::<IpAddr>().ok()));
        }
        found.retain(|address| !address.is_unspecified());
        found
    }

    /// The local time zone (`TimeZone Name`), such as `Asia/Kolkata`.
    #[must_use]
    pub fn time_zone(&self) -> Option<&str> {
        self.text("TimeZone Name")
    }

    /// Domains with Mobile and Remote Access on (`SIP Domain <n> Edge: On`).
    #[must_use]
    pub fn edge_domains(&self) -> Vec<&str> {
        let of = |number: &u32, rest: &str| format!("SIP Domain {number} {rest}");
        let numbers = self.paths.numbers("SIP Domain").into_iter();
        let edge = numbers.filter(|number| self.switch(&of(number, "Edge")) == Some(true));
        edge.filter_map(|number| self.text(&of(&number, "Name"))).collect()
    }

    /// The level of a logger by its name, such as `developer.trafficserver.ssl`: whether
    /// DEBUG was on.
    #[must_use]
    pub fn logger_level(&self, name: &str) -> Option<&str> {
        let kind = if name.starts_with("network.") { "Network" } else { "Developer" };
        self.text(&format!("Logger {kind} {name} Level"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    const DUMP: &str = "\
*c xConfiguration Alternates Cluster Name: \"expc.lab.example\"
*c xConfiguration Alternates Peer 1 Address: \"expc1.lab.example\"
*c xConfiguration Alternates Peer 2 Address: \"expc2.lab.example\"
*c xConfiguration Alternates Peer 3 Address: \"\"
*c xConfiguration DNS Server 1 Address: \"192.0.2.53\"
*c xConfiguration Ethernet 1 IP V4 Address: \"192.0.2.10\"
*c xConfiguration Ethernet 1 IP V4 StaticNAT Address: \"198.51.100.9\"
*c xConfiguration Ethernet 1 IP V4 StaticNAT Mode: \"Off\"
*c xConfiguration Ethernet 2 IP V4 Address: \"192.0.2.20\"
*c xConfiguration Ethernet 2 IP V4 StaticNAT Address: \"198.51.100.20\"
*c xConfiguration Ethernet 2 IP V4 StaticNAT Mode: \"On\"
*c xConfiguration Ethernet 2 IP V6 Address: \"2001:db8::20\"
*c xConfiguration IP DNS Domain Name: \"lab.example\"
*c xConfiguration IP DNS Hostname: \"expc1\"
*c xConfiguration Logger Developer developer.trafficserver.ssl Level: \"DEBUG\"
*c xConfiguration Logger Network network.sip Level: \"INFO\"
*c xConfiguration SIP Domain 1 Name: \"lab.example\"
*c xConfiguration SIP Domain 1 Edge: \"On\"
*c xConfiguration SIP Domain 2 Name: \"other.example\"
*c xConfiguration SIP Domain 2 Edge: \"Off\"
";

    #[test]
    fn the_box_and_its_surroundings() {
        let settings = Settings::read(&[DUMP.as_bytes()], &Limits::default());
        assert_eq!(settings.host_name(), Some("expc1"));
        assert_eq!(settings.full_name().as_deref(), Some("expc1.lab.example"));
        assert_eq!(settings.cluster_name(), Some("expc.lab.example"));
        assert_eq!(settings.cluster_peers(), ["expc1.lab.example", "expc2.lab.example"]);
        assert_eq!(settings.dns_servers(), ["192.0.2.53"]);
        let addresses = ["192.0.2.10", "192.0.2.20", "2001:db8::20", "198.51.100.20"];
        assert_eq!(settings.addresses(), addresses.map(|a| a.parse::<IpAddr>().unwrap()));
        assert_eq!(settings.edge_domains(), ["lab.example"]);
        assert_eq!(settings.logger_level("developer.trafficserver.ssl"), Some("DEBUG"));
        assert_eq!(settings.logger_level("network.sip"), Some("INFO"));
        assert_eq!(settings.time_zone(), None);
    }
}
