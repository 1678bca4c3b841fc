//! TCP connections that came to no TLS: the SYN was refused, nobody answered, the client
//! spoke in clear, or it asked for TLS in vain.

use super::in_clear::InClear;
use super::request::RefusedRequest;
use crate::flow::{Flow, Mark};
use crate::packet::{Direction, Endpoint};

/// A TCP connection that came to no TLS, though a service was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// It was not opened.
    Unopened(Unopened),
    /// The client spoke in clear.
    InClear(InClear),
    /// The client asked in clear for TLS, and was refused.
    Refused(RefusedRequest),
}

impl Missed {
    /// Both ends, that of the client first.
    #[must_use]
    pub const fn ends(&self) -> [Endpoint; 2] {
        match self {
            Self::Unopened(unopened) => [unopened.client, unopened.server],
            Self::InClear(in_clear) => [in_clear.client, in_clear.server],
            Self::Refused(request) => [request.client, request.server],
        }
    }

    /// Its beginning.
    #[must_use]
    pub const fn first(&self) -> Mark {
        match self {
            Self::Unopened(unopened) => unopened.syn,
            Self::InClear(in_clear) => in_clear.first,
            Self::Refused(request) => request.first,
        }
    }
}

/// A TCP connection that was not opened, or ended by the server before a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unopened {
    /// Who sent the SYN.
    pub client: Endpoint,
    /// To whom.
    pub server: Endpoint,
    /// The first SYN.
    pub syn: Mark,
    /// Its sequence number. The same SYN seen again is no other attempt.
    pub sequence: u32,
    /// How that showed.
    pub failure: Failure,
}

/// How a TCP connection came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing answered the SYN.
    Unanswered,
    /// A RST refused it.
    Refused(Mark),
    /// The server opened it, and ended it at once before the client had said anything: with a
    /// RST, or else a FIN.
    Dropped {
        /// When.
        mark: Mark,
        /// With a RST.
        reset: bool,
    },
}

/// A server that ends a connection within this time, in nanoseconds, does not wait for a client
/// that is slow to speak.
const AT_ONCE: i64 = 1_000_000_000;

impl Unopened {
    /// What a flow without payload tells, if its opening was captured.
    #[must_use]
    pub fn of(flow: &Flow) -> Option<Self> {
        Direction::BOTH.into_iter().find_map(|side| {
            let client = flow.half(side);
            let syn = client.syn()?;
            let failure = failure(flow, side)?;
            let sequence = client.base()?;
            let (client, server) = (flow.key.sender(side), flow.key.receiver(side));
            Some(Self { client, server, syn, sequence, failure })
        })
    }
}

fn failure(flow: &Flow, side: Direction) -> Option<Failure> {
    let (client, server) = (flow.half(side), flow.half(side.reverse()));
    if client.bytes > 0 || server.bytes > 0 {
        return None;
    }
    if server.syn().is_some() {
        return dropped(flow, side);
    }
    match server.rst() {
        _ if client.has_acknowledged() => None,
        Some(mark) => Some(Failure::Refused(mark)),
        None => (server.segments == 0).then_some(Failure::Unanswered),
    }
}

/// The connection was opened, and the server ended it at once, before the client did.
fn dropped(flow: &Flow, side: Direction) -> Option<Failure> {
    let (client, server) = (flow.half(side), flow.half(side.reverse()));
    if flow.opener() != Some(side) || !client.has_acknowledged() || !flow.sent_nothing(side) {
        return None;
    }
    let (reset, mark) = match (server.reset(), server.fin()) {
        (Some(reset), fin) if fin.is_none_or(|fin| reset.frame < fin.frame) => (true, reset),
        (_, fin) => (false, fin?),
    };
    let ends = [client.fin(), client.rst()];
    let first = ends.into_iter().flatten().all(|end| end.frame > mark.frame);
    let at_once = mark.time.since(server.syn()?.time) < AT_ONCE;
    (first && at_once).then_some(Failure::Dropped { mark, reset })
}
