//! What a line of the log can say.

use std::net::{IpAddr, SocketAddr};

use super::cause::Cause;
use super::true_name::TrueName;

/// Bytes kept of a value.
const VALUE: usize = 512;

/// What a line says. Every text is cut at 512 bytes and may hold control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The traffic server received a request of a client (`Detail="Receive Request"`).
    ReceiveRequest {
        /// `Txn-id`, which ties request, next request and response.
        txn: Option<String>,
        /// The first line of the request.
        request: String,
        /// Where the client really wants to go.
        wanted: Option<TrueName>,
    },
    /// The traffic server is about to connect (`Detail="Sending Request"`). What it says
    /// of TLS next belongs to this target.
    SendingRequest {
        /// `Txn-id`.
        txn: Option<String>,
        /// `Dst-ip` and `Dst-port`.
        destination: Option<SocketAddr>,
        /// The first line of the request.
        request: String,
    },
    /// The traffic server answered its client (`Detail="Sending Response"`).
    SendingResponse {
        /// `Txn-id`.
        txn: Option<String>,
        /// The HTTP status.
        status: Option<u16>,
        /// The first line of the response, such as `HTTP/1.1 502 connect failed`.
        text: String,
    },
    /// `Core server certificate verification failed for (<name>)`: the chain of the server
    /// is not trusted.
    ChainRefused {
        /// The name that the traffic server asked for.
        name: String,
        /// OpenSSL's text.
        error: String,
        /// OpenSSL's number for the text, see [`super::verification_code`].
        code: Option<u32>,
        /// Address of the server.
        server: Option<IpAddr>,
        /// Which certificate of the chain; 0 is the server's own.
        depth: Option<u32>,
        /// What followed.
        action: Action,
    },
    /// `SNI (<name>) not in certificate`: the chain is good, the name is not in it.
    NameRefused {
        /// The name that the traffic server asked for.
        name: String,
        /// Address of the server.
        server: Option<IpAddr>,
        /// What followed.
        action: Action,
    },
    /// `SSL connection failed for '<name>'`. Traffic Server writes it at this level up to
    /// 8.1, later at DEBUG only: its absence proves nothing.
    ConnectionFailed {
        /// The name that the traffic server asked for, or the address.
        name: String,
        /// OpenSSL's error.
        error: String,
        /// OpenSSL's packed error number.
        code: Option<u32>,
        /// What the error means.
        cause: Cause,
    },
    /// `Inbound TLS Negotiation Error`, `Outbound TLS Negotiation Error`: SIP.
    NegotiationError {
        /// Whether this box was the server.
        inbound: bool,
        /// `Src-ip` and `Src-port`.
        source: Option<SocketAddr>,
        /// `Dst-ip` and `Dst-port`.
        destination: Option<SocketAddr>,
        /// The product's words.
        detail: String,
        /// What they mean.
        cause: Cause,
        /// `Common-name` of the peer's certificate.
        common_name: Option<String>,
    },
    /// `TCP Connection Closed`: SIP.
    TcpClosed {
        /// The product's words.
        reason: String,
        /// What they mean.
        cause: Cause,
        /// `Src-ip` and `Src-port`.
        source: Option<SocketAddr>,
        /// `Dst-ip` and `Dst-port`.
        destination: Option<SocketAddr>,
    },
    /// `ssl_error_reason` of SIP (`developer.ssl`).
    SslError {
        /// Whether this box was the server (`bServer`).
        is_server: Option<bool>,
        /// This box's end.
        local: Option<SocketAddr>,
        /// The peer's end.
        remote: Option<SocketAddr>,
        /// OpenSSL's error.
        reason: String,
        /// What it means.
        cause: Cause,
    },
    /// A common name that SIP found in the peer's certificate (DEBUG). Readable under TLS
    /// 1.3 too.
    PeerCommonName {
        /// The name.
        name: String,
    },
    /// A DNS name that SIP found in the peer's certificate (DEBUG).
    PeerDnsName {
        /// The name.
        name: String,
    },
    /// How far a handshake of SIP got (`developer.ssl`).
    Handshake {
        /// How far.
        stage: Stage,
        /// The product's words, such as `want error ssl`.
        reason: String,
    },
    /// XMPP refused a certificate.
    XmppRefused {
        /// The host that XMPP meant.
        host: String,
        /// Why, such as `Invalid Hostname`.
        info: String,
    },
    /// `Registration Rejected`: SIP.
    RegistrationRejected {
        /// Why; `Unknown domain` is also seen when the name of a secure phone profile is
        /// no full name or not in the certificate of Expressway-C.
        reason: String,
        /// `Src-ip` and `Src-port`.
        source: Option<SocketAddr>,
    },
    /// `Sending HTTP error response`. Status 403 is the allow list or the domain, not TLS.
    HttpError {
        /// The HTTP status.
        status: Option<u16>,
        /// The product's words.
        reason: String,
    },
    /// An alarm about certificates, TLS or restarts.
    Alarm {
        /// Its number, as in the Administrator Guide's list of alarms.
        id: u32,
        /// Whether it came up or went away, if said.
        raised: Option<bool>,
        /// What it says.
        text: String,
    },
    /// A mark that someone set into the log.
    DebugMarker {
        /// What they wrote.
        text: String,
    },
    /// Diagnostic logging was started.
    LoggingStarted {
        /// With which levels.
        detail: String,
    },
}

/// What follows a failed verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The connection is ended.
    Terminate,
    /// The connection goes on: verification is permissive.
    Continue,
    /// The line does not say.
    Unknown,
}

/// How far a handshake of SIP got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `Handshake in progress`.
    InProgress,
    /// `Handshake succeeded`.
    Succeeded,
    /// `Handshake Failed`.
    Failed,
}

impl Event {
    /// Whether the line tells of a failure or of the log itself. There are few of these;
    /// ordinary requests and stages must not push them out.
    pub(super) fn is_rare(&self) -> bool {
        match self {
            Self::ReceiveRequest { .. }
            | Self::SendingRequest { .. }
            | Self::SendingResponse { .. }
            | Self::PeerCommonName { .. }
            | Self::PeerDnsName { .. } => false,
            Self::TcpClosed { cause, .. } => *cause != Cause::Other,
            Self::Handshake { stage, .. } => *stage == Stage::Failed,
            Self::HttpError { status, .. } => *status == Some(403),
            _ => true,
        }
    }

    /// Whether the line tells of a TLS connection that failed.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::ChainRefused { .. }
                | Self::NameRefused { .. }
                | Self::ConnectionFailed { .. }
                | Self::NegotiationError { .. }
                | Self::XmppRefused { .. }
        )
    }

    /// The text of a request or response that the line announces and later lines bring.
    pub(super) fn message(&mut self) -> Option<&mut String> {
        match self {
            Self::ReceiveRequest { request: text, .. }
            | Self::SendingRequest { request: text, .. }
            | Self::SendingResponse { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// A value as it is kept.
pub(super) fn kept(value: &str) -> String {
    crate::expressway::paths::bounded(value.trim(), VALUE)
}
