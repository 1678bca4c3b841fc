//! Which protocol's dialogue came before TLS: told by what both sides said, not by
//! the port.

/// One protocol and what gives it away.
struct Dialogue {
    name: &'static str,
    /// What the client's or the server's text must have in it.
    marks: &'static [Mark],
}

enum Mark {
    /// The client's text has this in it, in any case of letters.
    ClientSays(&'static str),
    /// The server's text begins with this.
    ServerBegins(&'static [u8]),
    /// The client's bytes begin with this.
    ClientBegins(&'static [u8]),
    /// The server's bytes have this at this offset.
    ServerAt(usize, &'static [u8]),
    /// The client's bytes have this in them.
    ClientHas(&'static [u8]),
}

use Mark::{ClientBegins, ClientHas, ClientSays, ServerAt, ServerBegins};

/// In order: the surer first.
const DIALOGUES: &[Dialogue] = &[
    // HAProxy's PROXY protocol, 2.1 and 2.2: a header in front of the first byte of the client.
    Dialogue { name: "PROXY protocol", marks: &[ClientBegins(b"PROXY ")] },
    Dialogue { name: "PROXY protocol", marks: &[ClientBegins(b"\r\n\r\n\0\r\nQUIT\n")] },
    // RFC 9110, 9.3.6.
    Dialogue { name: "HTTP CONNECT", marks: &[ClientBegins(b"CONNECT ")] },
    // RFC 1928; SOCKS 4 (a CONNECT request).
    Dialogue { name: "SOCKS 5", marks: &[ClientBegins(&[5]), ServerBegins(&[5])] },
    Dialogue { name: "SOCKS 4", marks: &[ClientBegins(&[4, 1]), ServerBegins(&[0])] },
    // RFC 6120, 5; server to server streams have their own namespace.
    Dialogue {
        name: "XMPP server",
        marks: &[ClientHas(b"jabber:server"), ClientSays("<starttls")],
    },
    Dialogue { name: "XMPP", marks: &[ClientSays("<starttls")] },
    // RFC 4511, 4.14: the extended request carries this object identifier.
    Dialogue { name: "LDAP", marks: &[ClientHas(b"1.3.6.1.4.1.1466.20037")] },
    // PostgreSQL, Message Formats: SSLRequest.
    Dialogue { name: "PostgreSQL", marks: &[ClientBegins(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f])] },
    // MySQL client/server protocol 10: the greeting's sequence number and version.
    Dialogue { name: "MySQL", marks: &[ServerAt(3, &[0, 10])] },
    // Microsoft RDP: TPKT with an X.224 connection request and confirm.
    Dialogue { name: "RDP", marks: &[ClientBegins(&[3, 0]), ServerAt(5, &[0xd0])] },
    // RFC 4217 before RFC 3207: both greet with 220.
    Dialogue { name: "FTP", marks: &[ClientSays("AUTH TLS")] },
    Dialogue { name: "FTP", marks: &[ClientSays("AUTH SSL")] },
    Dialogue { name: "SMTP", marks: &[ServerBegins(b"220"), ClientSays("STARTTLS")] },
    // RFC 2595.
    Dialogue { name: "POP3", marks: &[ServerBegins(b"+OK"), ClientSays("STLS")] },
    Dialogue { name: "IMAP", marks: &[ServerBegins(b"* "), ClientSays("STARTTLS")] },
    // RFC 4642.
    Dialogue { name: "NNTP", marks: &[ServerBegins(b"20"), ClientSays("STARTTLS")] },
    // RFC 5804.
    Dialogue { name: "ManageSieve", marks: &[ServerBegins(b"\""), ClientSays("STARTTLS")] },
    Dialogue { name: "IRC", marks: &[ServerBegins(b":"), ClientSays("STARTTLS")] },
    Dialogue { name: "STARTTLS", marks: &[ClientSays("STARTTLS")] },
];

/// Stands for a protocol that is not known here.
pub(super) const UNKNOWN: &str = "another protocol";

/// Names the protocol; [`UNKNOWN`] when there was a dialogue that is not
/// known here, nothing when TLS began with the first byte.
pub(super) fn protocol(client: &[u8], server: &[u8]) -> Option<&'static str> {
    if client.is_empty() && server.is_empty() {
        return None;
    }
    let known = DIALOGUES.iter().find(|dialogue| {
        dialogue.marks.iter().all(|mark| match mark {
            ClientSays(words) => has_text(client, words),
            ClientHas(bytes) => has(client, bytes),
            ClientBegins(bytes) => client.starts_with(bytes),
            ServerBegins(bytes) => server.starts_with(bytes),
            ServerAt(offset, bytes) => {
                server.get(*offset..).is_some_and(|rest| rest.starts_with(bytes))
            }
        })
    });
    Some(known.map_or(UNKNOWN, |dialogue| dialogue.name))
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn has_text(bytes: &[u8], wanted: &str) -> bool {
    bytes.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialogues_are_told_by_what_was_said() {
        let cases: [(&str, &[u8], &[u8]); 11] = [
            ("PROXY protocol", b"PROXY TCP4 192.0.2.1 192.0.2.2 5555 443\r\n", b""),
            ("PROXY protocol", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", b""),
            ("SMTP", b"EHLO x\r\nSTARTTLS\r\n", b"220 mail ESMTP\r\n250 STARTTLS\r\n220 go\r\n"),
            ("FTP", b"AUTH TLS\r\n", b"220 ftp\r\n234 ok\r\n"),
            ("IMAP", b"a1 starttls\r\n", b"* OK ready\r\na1 OK\r\n"),
            ("POP3", b"STLS\r\n", b"+OK ready\r\n+OK\r\n"),
            ("XMPP", b"<stream:stream xmlns='jabber:client'><starttls xmlns='x'/>", b"<?xml"),
            ("XMPP server", b"<stream:stream xmlns='jabber:server'><starttls/>", b"<?xml"),
            ("PostgreSQL", &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], b"S"),
            ("HTTP CONNECT", b"CONNECT host:443 HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 ok\r\n\r\n"),
            ("another protocol", b"hello\n", b"world\n"),
        ];
        for (name, client, server) in cases {
            assert_eq!(protocol(client, server), Some(name));
        }
        assert_eq!(protocol(b"", b""), None);
    }
}
