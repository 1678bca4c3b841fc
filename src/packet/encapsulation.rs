//! What a packet was wrapped in on its way.

use std::fmt;

/// The set of tags and tunnels around a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Encapsulation(u16);

const NAMES: [&str; 15] = [
    "VLAN",
    "QinQ",
    "MPLS",
    "PPPoE",
    "Cisco SGT",
    "IP in IP",
    "6in4",
    "GRE",
    "VXLAN",
    "GENEVE",
    "GTP-U",
    "Teredo",
    "VN-Tag",
    "MACsec",
    "CAPWAP",
];

impl Encapsulation {
    /// One IEEE 802.1Q tag.
    pub const VLAN: Self = Self(1);
    /// More than one IEEE 802.1Q / 802.1ad tag.
    pub const QINQ: Self = Self(1 << 1);
    /// RFC 3032.
    pub const MPLS: Self = Self(1 << 2);
    /// RFC 2516.
    pub const PPPOE: Self = Self(1 << 3);
    /// Cisco metadata with a security group tag.
    pub const SGT: Self = Self(1 << 4);
    /// RFC 2003, and IPv4 or IPv6 in IPv6 (RFC 2473).
    pub const IP_IN_IP: Self = Self(1 << 5);
    /// RFC 4213.
    pub const SIX_IN_FOUR: Self = Self(1 << 6);
    /// RFC 2784, and the ERSPAN mirrors inside it.
    pub const GRE: Self = Self(1 << 7);
    /// RFC 7348.
    pub const VXLAN: Self = Self(1 << 8);
    /// RFC 8926.
    pub const GENEVE: Self = Self(1 << 9);
    /// 3GPP TS 29.281.
    pub const GTP_U: Self = Self(1 << 10);
    /// RFC 4380.
    pub const TEREDO: Self = Self(1 << 11);
    /// Cisco's tag of virtual interfaces.
    pub const VN_TAG: Self = Self(1 << 12);
    /// IEEE 802.1AE, authenticated but not encrypted.
    pub const MACSEC: Self = Self(1 << 13);
    /// RFC 5415.
    pub const CAPWAP: Self = Self(1 << 14);

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names, in the order of the constants.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES
            .iter()
            .enumerate()
            .filter_map(move |(bit, name)| (self.0 >> bit & 1 == 1).then_some(*name))
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(super) fn add_vlan(&mut self) {
        let seen = self.0 & (Self::VLAN.0 | Self::QINQ.0) != 0;
        self.0 &= !Self::VLAN.0;
        self.add(if seen { Self::QINQ } else { Self::VLAN });
    }
}

impl fmt::Display for Encapsulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names().collect();
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tags_are_qinq() {
        let mut around = Encapsulation::default();
        assert!(around.is_empty());
        around.add_vlan();
        assert_eq!(around.to_string(), "VLAN");
        around.add_vlan();
        around.add(Encapsulation::GRE);
        assert_eq!(around.to_string(), "QinQ, GRE");
    }
}
