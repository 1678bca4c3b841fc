//! The traversal zone between Expressway-C and Expressway-E: do the two look for names
//! that the other's certificate carries, and does each know the chain of the other?

mod chain;
mod link;
mod names;
mod peer;

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use super::rule::Rule;
use crate::expressway::Event;
use crate::expressway::log::Cause;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] =
    &[names::TRAVERSAL_NAME_MISMATCH, peer::TRAVERSAL_PEER_IS_IP, chain::TRAVERSAL_CHAIN_MISSING];

/// 7001, and one more for each further zone (IP Port Usage Guide X15.0).
const PORTS: RangeInclusive<u16> = 7001..=7010;

const EXPRESSWAY_CERTIFICATES: &str = "Troubleshoot Expressway Certificates (221624)";
const MRA_GUIDE: &str =
    "Mobile and Remote Access Deployment Guide X15.2, Requirements and Basic Configuration";
const GUIDE: &str = "Cisco Expressway Certificate Creation and Use Deployment Guide X15.5";

/// Whether a line of the log is about a handshake of a traversal zone: its cause, and the
/// other end.
fn failure(event: &Event) -> Option<(Cause, SocketAddr)> {
    let (cause, ends) = match event {
        Event::NegotiationError { cause, inbound, source, destination, .. } => {
            let ends = if *inbound { [destination, source] } else { [source, destination] };
            (*cause, ends)
        }
        Event::SslError { cause, local, remote, .. } => (*cause, [local, remote]),
        _ => return None,
    };
    let is_traversal = ends.iter().any(|end| end.is_some_and(|end| PORTS.contains(&end.port())));
    let [_, other] = ends;
    other.filter(|_| is_traversal).map(|other| (cause, other))
}
