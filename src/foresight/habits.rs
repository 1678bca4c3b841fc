//! What clients and servers did with one another's certificates.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::client::Caution;
use super::reason::{Reason, Seen};
use super::scene::{Observed, Scene};
use super::state::{NameWord, chain_before, name_before};
use crate::connection::{Connection, Outcome};
use crate::packet::Endpoint;
use crate::rules::{Reaction, reaction};
use crate::tls::Role;

/// Whether something is minded, with what tells so.
pub(super) type Minds = Option<(bool, Reason)>;

/// How a server took a client that had accepted it.
#[derive(Clone, Debug)]
pub(super) enum Took {
    /// It finished the handshake.
    Finished(Reason),
    /// It refused the client's certificate, with this alert.
    Refused(Option<u8>, Reason),
}

#[derive(Clone, Debug, Default)]
struct Habit {
    caution: Caution,
    took: Option<Took>,
}

/// What was seen, by client and server.
pub(super) struct Habits(BTreeMap<(IpAddr, Endpoint), Habit>);

impl Habits {
    /// From everything that was seen.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut habits: BTreeMap<(IpAddr, Endpoint), Habit> = BTreeMap::new();
        for one in &scene.connections {
            let habit = habits.entry(key(one.connection)).or_default();
            let (chain, name) = shown_by(one);
            learn(&mut habit.caution.chain, chain);
            learn(&mut habit.caution.name, name);
            let took = took(one);
            if habit.took.is_none() || matches!(took, Some(Took::Finished(_))) {
                habit.took = took.or_else(|| habit.took.take());
            }
        }
        Self(habits)
    }

    /// What the client of a connection was seen to mind: there, else on another connection
    /// to the same server.
    pub(super) fn caution(&self, one: &Observed<'_>) -> Caution {
        let (chain, name) = shown_by(one);
        let known = self.0.get(&key(one.connection)).map(|habit| habit.caution.clone());
        let elsewhere = known.unwrap_or_default();
        Caution { chain: chain.or(elsewhere.chain), name: name.or(elsewhere.name) }
    }

    /// How the server was seen to take this client, on whichever connection.
    pub(super) fn took(&self, connection: &Connection) -> Option<&Took> {
        self.0.get(&key(connection))?.took.as_ref()
    }
}

fn key(connection: &Connection) -> (IpAddr, Endpoint) {
    (connection.client.address, connection.server)
}

/// That a client went on tells more than that it stopped once.
fn learn(known: &mut Minds, new: Minds) {
    if known.is_none() || matches!((&known, &new), (Some((true, _)), Some((false, _)))) {
        *known = new;
    }
}

/// What one connection tells of chain and name.
fn shown_by(one: &Observed<'_>) -> (Minds, Minds) {
    let chain = chain_before(one.connection);
    let name = name_before(one.connection, &one.leg);
    let good_chain = chain.value().map(|verdict| verdict.accepted());
    let differs = name.value() == Some(&NameWord::Differs);
    let told = |minds: bool, what: &str| {
        let did = if minds { "refused" } else { "went on with" };
        let text = format!("the client {did} a certificate {what}");
        (minds, Reason::seen(text, end(one.capture, one.connection)))
    };
    let (minds, tells_of_name) = match reaction(one.connection, Role::Server) {
        Reaction::Accepted => (false, differs),
        Reaction::Refused(_) | Reaction::Left => (true, differs && good_chain == Some(true)),
        Reaction::Unknown => return (None, None),
    };
    let of_chain =
        (good_chain == Some(false)).then(|| told(minds, "that its trust list does not vouch for"));
    let of_name = tells_of_name.then(|| told(minds, "that does not have the name"));
    (of_chain, of_name)
}

/// How the server took the client on a connection.
pub(super) fn took(one: &Observed<'_>) -> Option<Took> {
    let seen = end(one.capture, one.connection);
    if one.connection.outcome == Outcome::Completed {
        let text = "the server finished the handshake with this client";
        return Some(Took::Finished(Reason::seen(text, seen)));
    }
    match reaction(one.connection, Role::Client) {
        Reaction::Refused(alert) => {
            let text = "the server refused this client's certificate";
            Some(Took::Refused(alert, Reason::seen(text, seen)))
        }
        _ => None,
    }
}

/// Where a connection shows how its handshake ended: the alert, RST or FIN, else the last
/// thing that the client sent.
pub(super) fn end(capture: usize, connection: &Connection) -> Seen {
    let frame = match connection.outcome {
        Outcome::Alert { frame, .. }
        | Outcome::Reset { frame, .. }
        | Outcome::Closed { frame, .. } => frame,
        _ => {
            let last = || {
                let entries = connection.handshake.entries.iter();
                entries.rev().find(|entry| entry.from == Role::Client)
            };
            let finished = connection.handshake.finished(Role::Client).or_else(last);
            finished.map_or(connection.last.frame, |entry| entry.frame)
        }
    };
    Seen { capture, stream: connection.stream, frame }
}
