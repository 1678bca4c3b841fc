//! TCP connections on which the client asked in clear for TLS, and was refused.

use super::assemble::likely_client;
use crate::flow::{Flow, Mark};
use crate::packet::Endpoint;
use crate::tls::{Observer, Refused};

/// A client that asked for TLS, or a proxy for a tunnel, and did not get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRequest {
    /// Who asked.
    pub client: Endpoint,
    /// Whom.
    pub server: Endpoint,
    /// The first frame of the connection.
    pub first: Mark,
    /// For what, and what was answered.
    pub refused: Refused,
}

impl RefusedRequest {
    /// What a flow tells that never got to TLS.
    #[must_use]
    pub fn of(flow: &Flow, observer: &Observer) -> Option<Self> {
        let side = flow.opener().unwrap_or_else(|| likely_client(flow));
        let refused = observer.refused(side)?;
        let (client, server) = (flow.key.sender(side), flow.key.receiver(side));
        Some(Self { client, server, first: flow.first, refused })
    }
}
