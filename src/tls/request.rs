//! What a client asks in clear to get to TLS, and what a server says that refuses it.

use super::observer::Side;
use super::opening::Opening;
use super::starttls;

/// A client asked in clear for TLS (STARTTLS, a tunnel through a proxy) and was refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The protocol of the dialogue.
    pub protocol: &'static str,
    /// `host:port` that a proxy was asked for, as it was written.
    pub target: Option<String>,
    /// What refused it, as it was written; of binary protocols what it means.
    pub answer: String,
    /// The status of HTTP (RFC 9110, 15).
    pub status: Option<u16>,
    /// Frame of the client's first words.
    pub began: u64,
    /// Frame of the server's last ones.
    pub ended: u64,
}

/// How much is told of an answer.
const ANSWER_CHARS: usize = 80;

impl Refused {
    /// What the beginnings of both sides tell, if TLS never came.
    pub(super) fn of(client: &Opening, server: &Side) -> Option<Self> {
        let Side::Opening(server) = server else { return None };
        let (asked, said) = (client.whole_text()?, server.whole_text()?);
        let protocol = starttls::protocol(asked, said)?;
        let answer = answer(protocol, asked, said)?;
        let connect = protocol == "HTTP CONNECT";
        Some(Self {
            protocol,
            target: word(asked, 1).filter(|_| connect),
            answer: answer.chars().take(ANSWER_CHARS).collect(),
            status: word(said, 1).filter(|_| connect).and_then(|status| status.parse().ok()),
            began: client.first_frame(),
            ended: server.last_frame(),
        })
    }
}

/// The answer that refuses; nothing where what was said does not tell, or says yes.
fn answer(protocol: &str, asked: &[u8], said: &[u8]) -> Option<String> {
    match protocol {
        "HTTP CONNECT" => {
            let status = word(said, 1).filter(|_| said.starts_with(b"HTTP/1."))?;
            (!status.starts_with(['1', '2'])).then(|| lines(said).next())?
        }
        "SMTP" => reply(asked, said, "STARTTLS"),
        "FTP" => reply(asked, said, "AUTH TLS").or_else(|| reply(asked, said, "AUTH SSL")),
        "POP3" => {
            let after = lines(asked).skip_while(|line| !is_command(line, "STLS")).nth(1);
            let gave_up = after.is_none_or(|line| is_command(&line, "QUIT"));
            lines(said).find(|line| gave_up && line.starts_with("-ERR"))
        }
        "IMAP" => {
            let command = lines(asked).find(|line| has_word(line, "STARTTLS"))?;
            let tag = command.split(' ').next()?.to_owned() + " ";
            let tagged = lines(said).find(|line| line.starts_with(&tag))?;
            let refuses = ["NO", "BAD"].iter().any(|word| has_word(&tagged, word));
            refuses.then_some(tagged)
        }
        "XMPP" | "XMPP server" => {
            let said = String::from_utf8_lossy(said);
            let at = said.find("<failure").filter(|_| said.contains("xmpp-tls"))?;
            said.get(at..)?.split_inclusive('>').next().map(str::to_owned)
        }
        "LDAP" => {
            let code = ldap_result(said).filter(|code| *code != 0)?;
            Some(format!("result code {code}"))
        }
        // PostgreSQL, SSL Session Encryption: one byte, `N` if it is unwilling.
        "PostgreSQL" => (said == b"N" && asked.len() == 8).then(|| "N".to_owned()),
        _ => None,
    }
}

/// The reply of four or five hundred to a command of SMTP or FTP: each line of the client has
/// one, behind the greeting (RFC 5321, 4.2; RFC 959, 4.2).
fn reply(asked: &[u8], said: &[u8], command: &str) -> Option<String> {
    let nth = lines(asked).position(|line| is_command(&line, command))?;
    let ends = |line: &String| {
        line.bytes().take(3).all(|byte| byte.is_ascii_digit())
            && matches!(line.as_bytes().get(3), Some(b' ') | None)
    };
    lines(said).filter(ends).nth(nth + 1).filter(|line| line.starts_with(['4', '5']))
}

/// The result code of the first answer of LDAP, where it is one to an extended request
/// (RFC 4511, 4.12; some servers write lengths longer than need be, as BER allows).
fn ldap_result(said: &[u8]) -> Option<u8> {
    const EXTENDED_RESPONSE: u8 = 0x78;
    let (_, message, _) = ber(said)?;
    let (_, _, operation) = ber(message)?;
    let (kind, response, _) = ber(operation)?;
    let (_, code, _) = ber(response)?;
    code.last().copied().filter(|_| kind == EXTENDED_RESPONSE)
}

/// Tag and content of the first element, and what follows it.
fn ber(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk()?;
    let more = usize::from(length & 0x7f);
    let (length, rest) = if length < 0x80 {
        (more, rest)
    } else {
        let (long, rest) = rest.split_at_checked(more)?;
        let length = long.iter().try_fold(0_usize, |sum, byte| {
            sum.checked_mul(256).map(|sum| sum | usize::from(*byte))
        })?;
        (length, rest)
    };
    let (content, behind) = rest.split_at_checked(length)?;
    Some((tag, content, behind))
}

/// Lines that are not empty.
fn lines(text: &[u8]) -> impl Iterator<Item = String> {
    text.split(|byte| matches!(byte, b'\r' | b'\n'))
        .filter(|line| !line.is_empty())
        .map(|line| String::from_utf8_lossy(line).into_owned())
}

fn is_command(line: &str, command: &str) -> bool {
    line.trim_end().eq_ignore_ascii_case(command)
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(' ').any(|one| one.eq_ignore_ascii_case(word))
}

/// A word of the first line.
fn word(text: &[u8], at: usize) -> Option<String> {
    lines(text).next()?.split(' ').nth(at).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(asked: &[u8], said: &[u8]) -> Option<(&'static str, String)> {
        let protocol = starttls::protocol(asked, said)?;
        Some((protocol, answer(protocol, asked, said)?))
    }

    const ASKED_LDAP: &[u8] = b"0\x1d\x02\x01\x01w\x18\x80\x161.3.6.1.4.1.1466.20037";

    #[test]
    fn refusals_are_told_in_the_words_of_the_server() {
        let cases: [(&str, &str, &[u8], &[u8]); 9] = [
            (
                "HTTP CONNECT",
                "HTTP/1.1 407 Proxy Authentication Required",
                b"CONNECT host:443 HTTP/1.1\r\n\r\n",
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            ),
            (
                "SMTP",
                "454 4.7.0 TLS not available",
                b"EHLO x\r\nSTARTTLS\r\nQUIT\r\n",
                b"220 mail\r\n250-mail\r\n250 STARTTLS\r\n454 4.7.0 TLS not available\r\n221 bye\r\n",
            ),
            ("FTP", "502 no", b"AUTH TLS\r\n", b"220 ftp\r\n502 no\r\n"),
            ("POP3", "-ERR no", b"CAPA\r\nSTLS\r\n", b"+OK hi\r\n+OK\r\nUSER\r\n.\r\n-ERR no\r\n"),
            ("IMAP", "a1 NO off", b"a1 STARTTLS\r\n", b"* OK hi\r\na1 NO off\r\n"),
            (
                "XMPP",
                "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                b"<stream:stream xmlns='jabber:client'><starttls xmlns='x'/>",
                b"<?xml?><failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>",
            ),
            ("LDAP", "result code 52", ASKED_LDAP, b"0\x0c\x02\x01\x01x\x07\x0a\x01\x34\x04\0\x04\0"),
            (
                "LDAP",
                "result code 2",
                ASKED_LDAP,
                b"0\x84\0\0\0\x10\x02\x01\x01x\x84\0\0\0\x07\x0a\x01\x02\x04\0\x04\0",
            ),
            ("PostgreSQL", "N", &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], b"N"),
        ];
        for (protocol, words, asked, said) in cases {
            assert_eq!(refused(asked, said), Some((protocol, words.to_owned())));
        }
    }

    #[test]
    fn what_goes_on_or_is_cut_is_no_refusal() {
        let cases: [(&[u8], &[u8]); 7] = [
            (b"CONNECT host:443 HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 ok\r\n\r\n"),
            (b"CONNECT host:443 HTTP/1.1\r\n\r\n", b""),
            (b"EHLO x\r\nSTARTTLS\r\n", b"220 mail\r\n250 STARTTLS\r\n220 go\r\n"),
            (b"EHLO x\r\nSTARTTLS\r\n", b"220 mail\r\n250 STARTTLS\r\n"),
            (b"a1 STARTTLS\r\n", b"* OK hi\r\na1 OK go\r\n"),
            (ASKED_LDAP, b"0\x0c\x02\x01\x01x\x07\x0a\x01\0\x04\0\x04\0"),
            (ASKED_LDAP, b"0\x84\xff\xff"),
        ];
        for (asked, said) in cases {
            assert_eq!(refused(asked, said), None);
        }
    }
}
