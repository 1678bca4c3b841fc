//! What a side says in clear in place of TLS: told by its first words.

use super::half::HalfEntry;
use super::handshake::What;
use super::observer::Side;
use super::opening::Opening;

/// A protocol that a side speaks in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spoken {
    /// RFC 9112.
    Http,
    /// RFC 3261.
    Sip,
    /// RFC 6120.
    Xmpp,
    /// RFC 4253.
    Ssh,
}

impl Spoken {
    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Sip => "SIP",
            Self::Xmpp => "XMPP",
            Self::Ssh => "SSH",
        }
    }

    /// What a client says; nothing where it only asks to go on with something else: a proxy for
    /// a connection (RFC 9110, 9.3.6), or TLS (RFC 2817).
    fn of_client(text: &[u8]) -> Option<Self> {
        let line = first_line(text);
        let spoken = match line {
            // RFC 9113, 3.4.
            b"PRI * HTTP/2.0" => Self::Http,
            _ if line.starts_with(b"SSH-") => Self::Ssh,
            _ if is_stream(line) => Self::Xmpp,
            _ => of_request(line)?,
        };
        let asks_for_tls = [&b"upgrade: tls/"[..], b"<starttls"]
            .iter()
            .any(|words| text.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words)));
        (!asks_for_tls).then_some(spoken)
    }

    /// What a server says, and the status of its answer.
    fn of_server(text: &[u8]) -> Option<(Self, Option<u16>)> {
        let line = first_line(text);
        let status =
            || std::str::from_utf8(line.split(|byte| *byte == b' ').nth(1)?).ok()?.parse().ok();
        match line {
            _ if line.starts_with(b"HTTP/1.") => Some((Self::Http, status())),
            _ if line.starts_with(b"SIP/2.0 ") => Some((Self::Sip, status())),
            _ if line.starts_with(b"SSH-") => Some((Self::Ssh, None)),
            _ if is_stream(line) => Some((Self::Xmpp, None)),
            _ => None,
        }
    }
}

/// What a client said in clear, and what the server made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// What the client spoke.
    pub spoken: Spoken,
    /// Frame of its first bytes.
    pub frame: u64,
    /// What the server answered.
    pub answer: Answer,
}

/// What a server answers to a client that speaks in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Nothing.
    Silence,
    /// An alert of TLS.
    Alert {
        /// AlertDescription.
        description: u8,
        /// Its frame.
        frame: u64,
    },
    /// Something in clear.
    Text {
        /// What it speaks, where that is known.
        spoken: Option<Spoken>,
        /// The status of its answer.
        status: Option<u16>,
        /// Frame of its first bytes.
        frame: u64,
    },
}

impl Said {
    /// What both sides said, if the client spoke in clear from the first byte to the last and
    /// the server never got to TLS.
    pub(super) fn of(client: &Opening, server: Option<&Side>) -> Option<Self> {
        let spoken = Spoken::of_client(client.whole_text()?)?;
        let answer = match server {
            None => Answer::Silence,
            Some(Side::Opening(server)) => {
                let told = Spoken::of_server(server.whole_text()?);
                let status = told.and_then(|(_, status)| status);
                let spoken = told.map(|(spoken, _)| spoken);
                Answer::Text { spoken, status, frame: server.first_frame() }
            }
            Some(Side::Tls(server)) => {
                let first = server.entries.first()?;
                let What::Alert { description, .. } = first.what else { return None };
                let alert = |entry: &HalfEntry| matches!(entry.what, What::Alert { .. });
                server.entries.iter().all(alert).then_some(())?;
                Answer::Alert { description, frame: first.last.frame }
            }
        };
        Some(Self { spoken, frame: client.first_frame(), answer })
    }
}

/// The first line that is not empty: empty ones keep a connection of SIP alive (RFC 5626, 4.4.1).
fn first_line(text: &[u8]) -> &[u8] {
    let mut lines = text.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

fn is_stream(line: &[u8]) -> bool {
    line.starts_with(b"<?xml") || line.starts_with(b"<stream:stream")
}

/// Method, target, version (RFC 9112, 3; RFC 3261, 7.1).
fn of_request(line: &[u8]) -> Option<Spoken> {
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
    match version {
        _ if !is_method || method == b"CONNECT" || target.is_empty() => None,
        b"SIP/2.0" => Some(Spoken::Sip),
        b"HTTP/1.0" | b"HTTP/1.1" => Some(Spoken::Http),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_by_their_first_line() {
        let of = Spoken::of_client;
        assert_eq!(of(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), Some(Spoken::Http));
        assert_eq!(of(b"\r\n\r\nREGISTER sip:example.org SIP/2.0\r\n"), Some(Spoken::Sip));
        assert_eq!(of(b"SSH-2.0-OpenSSH_9.2\r\n"), Some(Spoken::Ssh));
        assert_eq!(of(b"<?xml version='1.0'?><stream:stream to='x'>"), Some(Spoken::Xmpp));
        assert_eq!(of(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Some(Spoken::Http));
    }

    #[test]
    fn what_leads_to_something_else_is_not_told() {
        let texts: [&[u8]; 6] = [
            b"CONNECT host:443 HTTP/1.1\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.0\r\n\r\n",
            b"<stream:stream to='x'><starttls xmlns='y'/>",
            b"get / HTTP/1.1\r\n",
            b"GET /index.html\r\n",
            b"",
        ];
        for text in texts {
            assert_eq!(Spoken::of_client(text), None);
        }
    }

    #[test]
    fn answers_are_told_with_their_status() {
        assert_eq!(Spoken::of_server(b"HTTP/1.1 400 Bad\r\n"), Some((Spoken::Http, Some(400))));
        assert_eq!(Spoken::of_server(b"SIP/2.0 200 OK\r\n"), Some((Spoken::Sip, Some(200))));
        assert_eq!(Spoken::of_server(b"\x15\x03\x03\0\x02"), None);
    }
}
