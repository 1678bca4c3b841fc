//! Who talks to whom.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The address of the innermost IP header.
    pub address: IpAddr,
    /// The TCP port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl Endpoint {
    /// The end that an IPv4 address and a port in one number stand for.
    const fn of_number(number: u64) -> Self {
        let [p0, p1, a, b, c, d, ..] = number.to_le_bytes();
        let address = IpAddr::V4(Ipv4Addr::new(d, c, b, a));
        Self { address, port: u16::from_le_bytes([p0, p1]) }
    }

    /// A number in which ends differ.
    fn number(&self) -> u64 {
        let address = match self.address {
            IpAddr::V4(v4) => u64::from(v4.to_bits()),
            // The interface identifier: the half in which hosts differ.
            IpAddr::V6(v6) => {
                let [.., a, b, c, d, e, f, g, h] = v6.octets();
                u64::from_be_bytes([a, b, c, d, e, f, g, h])
            }
        };
        address.rotate_left(16) ^ u64::from(self.port)
    }
}

/// Without the machinery of formatting: every connection names its ends several times.
impl Endpoint {
    /// Address and port: `10.30.7.11:8443`, `[fe80::1]:443`.
    #[must_use]
    pub fn text(&self) -> String {
        if self.address.is_ipv6() {
            return SocketAddr::new(self.address, self.port).to_string();
        }
        let mut text = self.host();
        text.push(':');
        text.push_str(itoa::Buffer::new().format(self.port));
        text
    }

    /// The address alone: `10.30.5.20`.
    #[must_use]
    pub fn host(&self) -> String {
        let IpAddr::V4(address) = self.address else { return self.address.to_string() };
        // Room for a port, too.
        let mut text = String::with_capacity("255.255.255.255:65535".len());
        for octet in address.octets() {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(itoa::Buffer::new().format(octet));
        }
        text
    }
}

/// The two ends of a connection, the same for both directions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKey(Ends);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ends {
    V4(V4Ends),
    Other { low: Endpoint, high: Endpoint },
}

/// Nearly all ends are of IPv4, where a number stands for each: the address and, in the last
/// 16 bits, the port. Keys are made, compared and hashed for every packet, and numbers need a
/// few instructions for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct V4Ends {
    low: u64,
    high: u64,
}

impl V4Ends {
    /// The ends of a segment between the bits of two addresses with their ports, and the
    /// direction it goes in.
    #[inline]
    pub(super) fn new(source: (u32, u16), destination: (u32, u16)) -> (Self, Direction) {
        let number = |(address, port): (u32, u16)| u64::from(address) << 16 | u64::from(port);
        let (from, to) = (number(source), number(destination));
        let direction = if from <= to { Direction::FromLow } else { Direction::FromHigh };
        (Self { low: from.min(to), high: from.max(to) }, direction)
    }
}

/// Which of a [`FlowKey`]'s ends sent something. Who is client and who is server
/// is told by the handshake, not by the addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Sent by the lower end.
    FromLow,
    /// Sent by the higher end.
    FromHigh,
}

impl fmt::Debug for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, high] = Direction::BOTH.map(|side| self.sender(side));
        write!(f, "{low} <-> {high}")
    }
}

impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Ends::V4(ends) => {
                state.write_u64(ends.low);
                state.write_u64(ends.high);
            }
            Ends::Other { low, high } => (low, high).hash(state),
        }
    }
}

impl FlowKey {
    /// The key of a segment and the direction it goes in.
    #[must_use]
    pub fn new(source: Endpoint, destination: Endpoint) -> (Self, Direction) {
        match (source.address, destination.address) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let (from, to) = (from.to_bits(), to.to_bits());
                let (ends, direction) = V4Ends::new((from, source.port), (to, destination.port));
                (Self::of_v4(ends), direction)
            }
            _ if source <= destination => {
                (Self(Ends::Other { low: source, high: destination }), Direction::FromLow)
            }
            _ => (Self(Ends::Other { low: destination, high: source }), Direction::FromHigh),
        }
    }

    /// The key of a flow of IPv4.
    #[inline]
    pub(super) const fn of_v4(ends: V4Ends) -> Self {
        Self(Ends::V4(ends))
    }

    /// A number that spreads keys evenly, the same in every run.
    #[inline]
    #[must_use]
    pub fn spread(&self) -> u32 {
        let (low, high) = match &self.0 {
            Ends::V4(ends) => (ends.low, ends.high),
            Ends::Other { low, high } => (low.number(), high.number()),
        };
        let mixed = low.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(21).wrapping_add(high);
        let [.., a, b, c, d] = mixed.wrapping_mul(0xff51_afd7_ed55_8ccd).to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// The end that sends in `direction`.
    #[must_use]
    pub const fn sender(&self, direction: Direction) -> Endpoint {
        match (self.0, direction) {
            (Ends::V4(V4Ends { low: number, .. }), Direction::FromLow)
            | (Ends::V4(V4Ends { high: number, .. }), Direction::FromHigh) => {
                Endpoint::of_number(number)
            }
            (Ends::Other { low: end, .. }, Direction::FromLow)
            | (Ends::Other { high: end, .. }, Direction::FromHigh) => end,
        }
    }

    /// The end that receives in `direction`.
    #[must_use]
    pub const fn receiver(&self, direction: Direction) -> Endpoint {
        self.sender(direction.reverse())
    }
}

impl Direction {
    /// Both, lower end first.
    pub const BOTH: [Self; 2] = [Self::FromLow, Self::FromHigh];

    /// The other one.
    #[inline]
    #[must_use]
    pub const fn reverse(self) -> Self {
        match self {
            Self::FromLow => Self::FromHigh,
            Self::FromHigh => Self::FromLow,
        }
    }
}

/// One value for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerDirection<T> {
    from_low: T,
    from_high: T,
}

impl<T> std::ops::Index<Direction> for PerDirection<T> {
    type Output = T;

    #[inline]
    fn index(&self, direction: Direction) -> &T {
        match direction {
            Direction::FromLow => &self.from_low,
            Direction::FromHigh => &self.from_high,
        }
    }
}

impl<T> std::ops::IndexMut<Direction> for PerDirection<T> {
    #[inline]
    fn index_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::FromLow => &mut self.from_low,
            Direction::FromHigh => &mut self.from_high,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_have_one_key() {
        let client = Endpoint { address: IpAddr::from([10, 0, 0, 9]), port: 40_000 };
        let server = Endpoint { address: IpAddr::from([10, 0, 0, 2]), port: 8443 };
        let (there, forth) = FlowKey::new(client, server);
        let (back_key, back) = FlowKey::new(server, client);
        assert_eq!(there, back_key);
        assert_eq!(forth.reverse(), back);
        assert_eq!(there.sender(forth), client);
        assert_eq!(there.receiver(forth), server);
        let v6 = Endpoint { address: IpAddr::from([0xfe80u16, 0, 0, 0, 0, 0, 0, 1]), port: 443 };
        assert_eq!(v6.to_string(), "[fe80::1]:443");
        assert_eq!(v6.host(), "fe80::1");
        assert_eq!(server.to_string(), "10.0.0.2:8443");
        assert_eq!(format!("{server:>14}|"), " 10.0.0.2:8443|");
        assert_eq!(client.host(), "10.0.0.9");
        for octet in 0..=u8::MAX {
            let address = Ipv4Addr::new(octet, 255 - octet, octet, 7);
            let end = Endpoint { address: address.into(), port: u16::from(octet) };
            assert_eq!(end.host(), address.to_string());
            assert_eq!(end.text(), format!("{address}:{octet}"));
        }
    }
}
