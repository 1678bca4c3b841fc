//! TCP connections that came to no TLS: the SYN was refused, nobody answered, or the client
//! spoke in clear.

use super::in_clear::InClear;
use crate::flow::{Flow, Mark};
use crate::packet::{Direction, Endpoint};

/// A TCP connection that came to no TLS, though a service was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// It was not opened.
    Unopened(Unopened),
    /// The client spoke in clear.
    InClear(InClear),
}

impl Missed {
    /// Both ends, that of the client first.
    #[must_use]
    pub const fn ends(&self) -> [Endpoint; 2] {
        match self {
            Self::Unopened(unopened) => [unopened.client, unopened.server],
            Self::InClear(in_clear) => [in_clear.client, in_clear.server],
        }
    }

    /// Its beginning.
    #[must_use]
    pub const fn first(&self) -> Mark {
        match self {
            Self::Unopened(unopened) => unopened.syn,
            Self::InClear(in_clear) => in_clear.first,
        }
    }
}

/// A TCP connection that was not opened.
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
    /// The RST that refused it; `None` when nothing came back.
    pub refused: Option<Mark>,
}

impl Unopened {
    /// What a flow without payload tells, if its opening was captured.
    #[must_use]
    pub fn of(flow: &Flow) -> Option<Self> {
        Direction::BOTH.into_iter().find_map(|side| {
            let (client, server) = (flow.half(side), flow.half(side.reverse()));
            let syn = client.syn().filter(|_| server.syn().is_none())?;
            if client.bytes > 0 || server.bytes > 0 || client.has_acknowledged() {
                return None;
            }
            let sequence = flow.half(side).base()?;
            let refused = server.rst();
            if refused.is_none() && server.segments > 0 {
                return None;
            }
            let (client, server) = (flow.key.sender(side), flow.key.receiver(side));
            Some(Self { client, server, syn, sequence, refused })
        })
    }
}
