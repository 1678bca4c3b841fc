//! What the server makes of the client: whether it asks for a certificate, and how it
//! takes the one that it gets.

use super::client::end;
use super::predict::Case;
use super::reason::{Reason, Seen};
use crate::connection::{Claim, Connection, Outcome};
use crate::rules::{Reaction, reaction};
use crate::tls::Role;

/// How the second half of a handshake goes once the client has accepted the server.
pub(super) enum Asked {
    /// The server finishes.
    Passes(Option<Reason>),
    /// It refuses the client.
    Refused(Option<u8>, Reason),
    /// It cannot be told.
    Open(String),
}

/// ServerHelloDone.
const SERVER_HELLO_DONE: u8 = 14;

/// By what this connection showed, else by what others from this client showed.
pub(super) fn asked(case: &Case<'_, '_>) -> Asked {
    let connection = case.one.connection;
    let seen = end(case.one.capture, connection);
    let requests = requests(connection);
    if requests == Some(false) {
        return Asked::Passes(Some(Reason::seen(
            "the server asks for no client certificate",
            seen,
        )));
    }
    if case.client_changes() {
        return Asked::Open(
            "the server asks for a client certificate, and what it makes of the new one is not known"
                .to_owned(),
        );
    }
    if let Some(known) = took(connection, seen) {
        return known;
    }
    let same = case.scene.connections.iter().filter(|other| {
        other.connection.server == connection.server
            && other.connection.client.address == connection.client.address
    });
    let mut known =
        same.filter_map(|other| took(other.connection, end(other.capture, other.connection)));
    known.next().unwrap_or_else(|| {
        Asked::Open(match requests {
            Some(_) => "the server asks for a client certificate, and nothing shows what it makes of this client".to_owned(),
            None => "nothing shows whether the server asks for a client certificate".to_owned(),
        })
    })
}

/// How the server took the client on a connection.
fn took(connection: &Connection, seen: Seen) -> Option<Asked> {
    if connection.outcome == Outcome::Completed {
        let text = "the server finished the handshake with this client";
        return Some(Asked::Passes(Some(Reason::seen(text, seen))));
    }
    match reaction(connection, Role::Client) {
        Reaction::Refused(alert) => {
            let reason = Reason::seen("the server refused this client's certificate", seen);
            Some(Asked::Refused(alert, reason))
        }
        _ => None,
    }
}

/// Whether the server asked for a client certificate; `None` where that is not visible.
fn requests(connection: &Connection) -> Option<bool> {
    if connection.handshake.certificate_request().is_some() {
        return Some(true);
    }
    let inferred = connection.inferred(|claim| match claim {
        Claim::CertificateRequested(asked) => Some(*asked),
        _ => None,
    });
    if let Some((_, asked)) = inferred {
        return Some(asked);
    }
    let done = connection.handshake.has(Role::Server, SERVER_HELLO_DONE);
    let opened = connection.handshake.is_tls13() && connection.handshake.is_decrypted(Role::Server);
    (done || opened).then_some(false)
}
