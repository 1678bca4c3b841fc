//! TCP connections on which the client speaks in clear, and the server does not answer in kind.

use super::assemble::{Tcp, likely_client};
use crate::flow::{Flow, Mark};
use crate::packet::Endpoint;
use crate::tls::{Answer, Observer, Role, Said, Spoken};

/// A client that speaks in clear to a server that gives no answer in kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InClear {
    /// Who speaks.
    pub client: Endpoint,
    /// To whom.
    pub server: Endpoint,
    /// The first frame of the connection.
    pub first: Mark,
    /// What both said.
    pub said: Said,
    /// Who ended the connection, in which frame, and whether with a RST.
    pub ended: Option<(Role, u64, bool)>,
}

/// Ports that are made for clear text: HTTP and proxies, SIP, and the configuration download of
/// Unified CM over HTTP; and SSH.
const FOR_CLEAR_TEXT: [u16; 7] = [22, 80, 3128, 5060, 6970, 8000, 8080];

impl InClear {
    /// What a flow tells of which both directions were seen.
    #[must_use]
    pub fn of(flow: &Flow, observer: &Observer) -> Option<Self> {
        let side = flow.opener().unwrap_or_else(|| likely_client(flow));
        let said = observer.said(side)?;
        let (client, server) = (flow.key.sender(side), flow.key.receiver(side));
        let tcp = Tcp::of(flow, side);
        let worth = tcp.server.segments > 0
            && match said.answer {
                Answer::Alert { .. } => true,
                Answer::Silence => !FOR_CLEAR_TEXT.contains(&server.port),
                Answer::Text { spoken, status, .. } => {
                    let refused = spoken == Some(Spoken::Http) && matches!(status, Some(400 | 426));
                    (refused || spoken.is_none()) && !FOR_CLEAR_TEXT.contains(&server.port)
                }
            };
        let ended = tcp.ended().map(|(by, mark, reset)| (by, mark.frame, reset));
        worth.then_some(Self { client, server, first: flow.first, said, ended })
    }
}
