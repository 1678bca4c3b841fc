//! Opens the encrypted records of a connection with the secrets of a key log.
//!
//! Both directions are at an end when this begins, so neither the order of frames
//! nor that of secrets matters. What comes out are entries like those in clear,
//! each behind the record that it came from, and marked as decrypted. A secret is
//! never part of an entry or an anomaly.

mod aead;
mod content;
mod renegotiation;
mod schedule;
mod tls12;
mod tls13;

use content::Contents;

use super::extension::code;
use super::half::{Half, HalfEntry};
use super::handshake::{Anomaly, Role, What};
use super::keylog::{KeyLog, Secrets};
use super::message::{Body, Context};
use super::names;
use super::server_hello::is_tls13;
use super::{ClientHello, ServerHello};
use crate::limits::Limits;

/// How many sequence numbers are tried behind a gap, each at the price of one
/// decryption: more records than a lost segment or two can hold.
const AHEAD: u64 = 32;

/// Why records stay closed although there is a secret.
enum Trouble {
    /// The first record that the secret should open does not open.
    WrongKey { frame: u64 },
    /// The protocol version cannot be decrypted here.
    Version { frame: u64, version: u16 },
    /// The cipher suite cannot be decrypted here.
    Suite { frame: u64, suite: u16 },
    /// The log names the connection, but has not the secrets that it needs.
    NoSecret { frame: u64, kind: &'static str },
}

impl Trouble {
    fn anomaly(&self) -> Anomaly {
        let (frame, what) = match self {
            Self::WrongKey { frame } => {
                let what = "the key log has a secret for this connection, but it does not decrypt";
                (*frame, format!("{what} frame {frame}"))
            }
            Self::Version { frame, version } => {
                let name = names::version_name(*version);
                (
                    *frame,
                    format!("not decrypted although there is a secret: {name} is not supported"),
                )
            }
            Self::Suite { frame, suite } => {
                let name = names::cipher_suite_name(*suite);
                (
                    *frame,
                    format!("not decrypted although there is a secret: {name} is not supported"),
                )
            }
            Self::NoSecret { frame, kind } => {
                (*frame, format!("not decrypted: of this connection the key log has no {kind}"))
            }
        };
        Anomaly { frame, what }
    }
}

/// What decryption depends on, from both hellos.
struct Session<'a> {
    client: &'a ClientHello,
    server: &'a ServerHello,
    /// Frame of the ServerHello.
    frame: u64,
    suite: u16,
}

impl<'a> Session<'a> {
    fn of(client: &'a [HalfEntry], server: &'a [HalfEntry]) -> Option<Self> {
        let (frame, server) = server.iter().find_map(server_hello)?;
        let client = client.iter().find_map(client_hello)?;
        Some(Self { client, server, frame, suite: server.cipher_suite? })
    }

    fn context(&self, limits: &Limits) -> Context {
        Context {
            version: Some(self.server.version()),
            suite: Some(self.suite),
            certificates: limits.certificates,
            bytes: limits.handshake_bytes,
        }
    }
}

fn client_hello(entry: &HalfEntry) -> Option<&ClientHello> {
    match &entry.what {
        What::Message(message) => match &message.body {
            Body::ClientHello(hello) => Some(&**hello),
            _ => None,
        },
        _ => None,
    }
}

fn server_hello(entry: &HalfEntry) -> Option<(u64, &ServerHello)> {
    match &entry.what {
        What::Message(message) => match &message.body {
            Body::ServerHello(hello) => Some((entry.last.frame, &**hello)),
            _ => None,
        },
        _ => None,
    }
}

/// The random of the first ClientHello, by which a key log knows a connection.
pub(super) fn client_random(half: &Half) -> Option<&[u8]> {
    half.entries.iter().find_map(client_hello).map(|hello| hello.random.as_slice())
}

/// Adds to both directions what their encrypted records hold.
pub(super) fn open(client: &mut Half, server: &mut Half, keys: &KeyLog, limits: &Limits) {
    let Some(secrets) = client_random(client).and_then(|random| keys.secrets(random)) else {
        return;
    };
    let sealed = !(client.kept.records.is_empty() && server.kept.records.is_empty());
    let Some(session) = Session::of(&client.entries, &server.entries).filter(|_| sealed) else {
        return;
    };
    let mut from_client = Contents::new(session.context(limits), limits);
    let mut from_server = Contents::new(session.context(limits), limits);
    let records = (client.kept.records.as_slice(), server.kept.records.as_slice());
    let contents = (&mut from_client, &mut from_server);
    let trouble = if is_tls13(session.server.version()) {
        open_tls13(&session, secrets, records, contents)
    } else {
        renegotiation::open(&session, keys, records, contents)
    };
    client.adopt(from_client);
    server.adopt(from_server);
    server.anomalies.extend(trouble.err().map(|trouble| trouble.anomaly()));
}

type Records<'a> = (&'a [super::kept::Record], &'a [super::kept::Record]);

fn open_tls13(
    session: &Session<'_>,
    secrets: &Secrets,
    records: Records<'_>,
    contents: (&mut Contents<'_>, &mut Contents<'_>),
) -> Result<(), Trouble> {
    let (frame, version) = (session.frame, session.server.version());
    if !secrets.has_traffic_secrets() {
        return Err(Trouble::NoSecret { frame, kind: "traffic secret of TLS 1.3" });
    }
    let Some(suite) = tls13::Suite::of(version, session.suite) else {
        return Err(if tls13::is_supported(version) {
            Trouble::Suite { frame, suite: session.suite }
        } else {
            Trouble::Version { frame, version }
        });
    };
    let early = session.client.extension(code::EARLY_DATA).is_some();
    let client = tls13::Side::new(suite, Role::Client, secrets, early, contents.0);
    let server = tls13::Side::new(suite, Role::Server, secrets, false, contents.1);
    // Both sides, also when the key of one is wrong.
    let (server, client) = (server.open(records.1), client.open(records.0));
    let without = |role, kind, records: &[super::kept::Record]| {
        let missing = secrets.of(role).handshake.is_none() && !records.is_empty();
        if missing { Err(Trouble::NoSecret { frame, kind }) } else { Ok(()) }
    };
    server
        .and(client)
        .and_then(|()| without(Role::Server, "handshake secret of the server", records.1))
        .and_then(|()| without(Role::Client, "handshake secret of the client", records.0))
}

impl Half {
    /// Puts entries that were decrypted behind the records they came from.
    fn adopt(&mut self, contents: Contents<'_>) {
        self.kept.drop_all();
        self.anomalies.extend(contents.anomalies);
        self.limit_hit |= contents.full;
        for at in contents.opened {
            if let Some(entry) = self.entries.get_mut(at) {
                entry.decrypted = true;
            }
        }
        let mut new = contents.entries.into_iter().peekable();
        let old = std::mem::take(&mut self.entries);
        for (index, entry) in old.into_iter().enumerate() {
            while let Some((_, entry)) = new.next_if(|(after, _)| *after <= index) {
                self.entries.push(entry);
            }
            self.entries.push(entry);
        }
        self.entries.extend(new.map(|(_, entry)| entry));
    }
}
