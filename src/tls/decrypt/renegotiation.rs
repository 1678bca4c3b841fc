//! TLS 1.2: Finished, alerts, and handshakes inside the encryption of an earlier one
//! (RFC 5246, 7.4.1.1; RFC 5746).
//!
//! A ChangeCipherSpec ends an epoch: what follows it is protected by the keys of the
//! handshake before it, whose hellos and master secret have to be known.

use super::content::{CHANGE_CIPHER_SPEC, Contents};
use super::tls12::{Keys, Suite};
use super::{AHEAD, Records, Session, Trouble};
use crate::tls::extension::code;
use crate::tls::half::HalfEntry;
use crate::tls::handshake::Role;
use crate::tls::kept::{Record, Sealed};
use crate::tls::keylog::KeyLog;
use crate::tls::record::Content;
use crate::tls::{ClientHello, ServerHello};

const TLS12: u16 = 0x0303;

/// Opens both directions, epoch by epoch.
pub(super) fn open(
    session: &Session<'_>,
    keys: &KeyLog,
    records: Records<'_>,
    contents: (&mut Contents<'_>, &mut Contents<'_>),
) -> Result<(), Trouble> {
    let mut client = Side { rest: records.0, contents: contents.0 };
    let mut server = Side { rest: records.1, contents: contents.1 };
    let mut hellos = (session.client.clone(), session.server.clone());
    loop {
        let seen = (client.contents.entries.len(), server.contents.entries.len());
        let (for_client, for_server) = derive(session.frame, &hellos, keys)?;
        let (to_client, to_server) = (client.epoch(for_client), server.epoch(for_server));
        if !(to_client? | to_server?) {
            return Ok(());
        }
        let new = (
            client.hello(seen.0, super::client_hello),
            server.hello(seen.1, |entry| super::server_hello(entry).map(|(_, hello)| hello)),
        );
        let (Some(client_hello), Some(server_hello)) = new else { return Ok(()) };
        // Of a renegotiated handshake the log need not have the secret.
        let known = keys.secrets(&client_hello.random).is_some_and(|s| s.master.is_some());
        if !known {
            return Ok(());
        }
        hellos = (client_hello, server_hello);
    }
}

/// The keys of both sides in the epoch that follows these hellos.
fn derive(
    frame: u64,
    (client, server): &(ClientHello, ServerHello),
    keys: &KeyLog,
) -> Result<(Keys, Keys), Trouble> {
    let (version, suite) = (server.version(), server.cipher_suite.unwrap_or_default());
    let Some(master) = keys.secrets(&client.random).and_then(|s| s.master.as_ref()) else {
        return Err(Trouble::NoSecret { frame, kind: "master secret" });
    };
    // TLS 1.0 and 1.1 derive keys with MD5 and SHA-1 together.
    if version != TLS12 {
        return Err(Trouble::Version { frame, version });
    }
    let encrypt_then_mac = server.extension(code::ENCRYPT_THEN_MAC).is_some();
    Suite::of(suite, encrypt_then_mac)
        .and_then(|suite| {
            let of =
                |role| Keys::derive(suite, role, master.bytes(), &server.random, &client.random);
            Some((of(Role::Client)?, of(Role::Server)?))
        })
        .ok_or(Trouble::Suite { frame, suite })
}

struct Side<'r, 'c, 'l> {
    rest: &'r [Record],
    contents: &'c mut Contents<'l>,
}

impl Side<'_, '_, '_> {
    /// Opens records until a ChangeCipherSpec; whether there was one.
    fn epoch(&mut self, mut keys: Keys) -> Result<bool, Trouble> {
        let mut lost = false;
        while let Some((record, rest)) = self.rest.split_first() {
            self.rest = rest;
            let sealed = match &record.sealed {
                Sealed::Bytes(sealed) => sealed,
                Sealed::PlaceOnly => {
                    keys.skip();
                    self.step_over(record);
                    continue;
                }
                Sealed::Gap => {
                    lost = true;
                    self.contents.forget_partial_message();
                    continue;
                }
            };
            let Some(plain) = keys.open(record, sealed, if lost { AHEAD } else { 0 }) else {
                if lost {
                    continue;
                }
                self.rest = &[];
                return Err(Trouble::WrongKey { frame: record.last.frame });
            };
            lost = false;
            if self.take(record, &plain) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn step_over(&mut self, record: &Record) {
        if record.header.content == Content::Handshake {
            self.contents.forget_partial_message();
        }
    }

    /// Whether the record was a ChangeCipherSpec.
    fn take(&mut self, record: &Record, plain: &[u8]) -> bool {
        let content = record.header.content.number();
        self.contents.take(content, plain, record);
        content == CHANGE_CIPHER_SPEC
    }

    /// The newest hello among the entries behind the first `seen`.
    fn hello<T: Clone>(&self, seen: usize, pick: impl Fn(&HalfEntry) -> Option<&T>) -> Option<T> {
        let new = self.contents.entries.get(seen..)?;
        new.iter().rev().find_map(|(_, entry)| pick(entry)).cloned()
    }
}
