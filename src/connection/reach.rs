//! How a server is reached as the client reached it: the beginning of an `openssl s_client` line.

use super::{Connection, Reference};
use crate::wire::text::{is_plain, shell_word};

/// The words of a command for a POSIX shell, to be typed on a host from which the server is
/// reached as the client reaches it: end, server name, and the protocol that asks for TLS. `None`
/// where `openssl s_client` cannot speak what comes before TLS.
#[must_use]
pub fn s_client(connection: &Connection) -> Option<Vec<String>> {
    let mut words = vec!["openssl".to_owned(), "s_client".to_owned()];
    let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), shell_word(value)]);
    add("-connect", &connection.server.text());
    let name = connection.server_name().filter(|name| is_plain(name));
    if let Some(name) = name {
        add("-servername", name);
    }
    if let Some(protocol) = connection.handshake.started_by {
        add("-starttls", starttls(protocol)?);
        let domain = connection.reference.as_ref().map(Reference::to_string);
        if let Some(domain) = domain.filter(|name| protocol.starts_with("XMPP") && is_plain(name)) {
            add("-xmpphost", &domain);
        }
    }
    if name.is_none() {
        words.push("-noservername".to_owned());
    }
    Some(words)
}

/// What `-starttls` calls the protocol whose dialogue came before TLS.
fn starttls(protocol: &str) -> Option<&'static str> {
    Some(match protocol {
        "XMPP" => "xmpp",
        "XMPP server" => "xmpp-server",
        "LDAP" => "ldap",
        "PostgreSQL" => "postgres",
        "MySQL" => "mysql",
        "FTP" => "ftp",
        "SMTP" => "smtp",
        "POP3" => "pop3",
        "IMAP" => "imap",
        "NNTP" => "nntp",
        "ManageSieve" => "sieve",
        "IRC" => "irc",
        _ => return None,
    })
}
