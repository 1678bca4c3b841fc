//! Whose trust store judges whom: a chain is judged by the trust of the side that
//! checks it, as far as that side's trust is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::Config;
use super::court::{Court, Facts, Pool, Stores, not_shown};
use super::known::{Answered, Known};
use crate::connection::{Connection, NotJudged, PathVerdict};
use crate::expressway::Deployment;
use crate::tls::Role;
use crate::trust::Store;

/// One court for each trust store and side.
pub(super) struct Courts<'c> {
    deployment: &'c Deployment,
    /// Whether the stores that were given belong to the sides of every connection,
    /// because no Expressway is known.
    nobody_known: bool,
    /// The store given with `--trust`: that of the connecting side, or of every
    /// known Expressway.
    given: Pair<'c>,
    /// The store given with `--peer-trust`: that of the servers, or of everybody who is
    /// no known Expressway.
    peers: Pair<'c>,
    /// The trust lists of the known Expressways.
    own: Vec<Pair<'c>>,
}

/// The two courts of one trust store.
struct Pair<'c> {
    store: Option<&'c Store>,
    of_servers: Court<'c>,
    of_clients: Court<'c>,
}

impl<'c> Courts<'c> {
    pub(super) fn new(config: &'c Config, deployment: &'c Deployment, known: &'c Known) -> Self {
        let own = deployment.appliances().iter().map(|appliance| appliance.store.as_ref());
        let given = [config.store.as_ref(), config.peer_store.as_ref()];
        let stores = Stores::of(given.into_iter().chain(own).flatten());
        let pair = |store: Option<&'c Store>, shared: Option<&'c Answered>| {
            let facts =
                shared.map_or_else(|| Arc::new(Facts::of(store)), |shared| shared.facts(store));
            let court = |role: Role| {
                let shared = shared.map(|shared| shared.of(role));
                let (facts, stores) = (Arc::clone(&facts), stores.clone());
                Court::new(store, role, config.judging.terms, facts, shared, stores)
            };
            Pair { store, of_servers: court(Role::Server), of_clients: court(Role::Client) }
        };
        let own = deployment.appliances().iter();
        Self {
            deployment,
            nobody_known: !deployment.knows_addresses(),
            given: pair(config.store.as_ref(), Some(known.given())),
            peers: pair(config.peer_store.as_ref(), Some(known.peers())),
            own: own.map(|appliance| pair(appliance.store.as_ref(), None)).collect(),
        }
    }

    /// The store that judges the certificates of a side; `own` is the appliance that took
    /// the capture.
    pub(super) fn store(
        &self,
        connection: &Connection,
        of: Role,
        own: Option<usize>,
    ) -> Option<&'c Store> {
        self.pair(connection, of, own).ok()?.store
    }

    /// Gives each connection its verdicts on both chains.
    pub(super) fn judge(&mut self, connections: &mut [Connection], pool: &Pool, by: Option<usize>) {
        let Self { deployment, nobody_known, given, peers, own } = self;
        let (nobody_known, is_given) = (*nobody_known, given.store.is_some());
        let choice = |connection: &Connection, of: Role| {
            choose((deployment, by), nobody_known, is_given, connection, of)
        };
        for of in [Role::Server, Role::Client] {
            let mut cases: BTreeMap<Choice, Vec<usize>> = BTreeMap::new();
            for (at, connection) in connections.iter().enumerate() {
                cases.entry(choice(connection, of)).or_default().push(at);
            }
            for (choice, mine) in cases {
                let pair = match choice {
                    Choice::Given => Some(&mut *given),
                    Choice::Peers => Some(&mut *peers),
                    Choice::Own(index) => own.get_mut(index),
                };
                if let Some(pair) = pair {
                    pair.court(of).judge(connections, &mine, pool);
                }
            }
        }
        self.explain(connections, by);
    }

    /// Says why a chain was not judged where the one who checks it is a stranger.
    fn explain(&self, connections: &mut [Connection], by: Option<usize>) {
        for connection in connections {
            for of in [Role::Server, Role::Client] {
                let stranger = self.pair(connection, of, by).is_err();
                if stranger && not_shown(connection, of).is_none() {
                    *connection.path_mut(of) = PathVerdict::NotJudged(NotJudged::OtherMachine);
                }
            }
        }
    }

    fn pair(
        &self,
        connection: &Connection,
        of: Role,
        by: Option<usize>,
    ) -> Result<&Pair<'c>, NotJudged> {
        let given = self.given.store.is_some();
        match choose((self.deployment, by), self.nobody_known, given, connection, of) {
            Choice::Given => Ok(&self.given),
            Choice::Peers if self.peers.store.is_none() && !self.nobody_known => {
                Err(NotJudged::OtherMachine)
            }
            Choice::Peers => Ok(&self.peers),
            Choice::Own(index) => self.own.get(index).ok_or(NotJudged::NoTrustStore),
        }
    }
}

impl<'c> Pair<'c> {
    fn court(&mut self, of: Role) -> &mut Court<'c> {
        match of {
            Role::Server => &mut self.of_servers,
            Role::Client => &mut self.of_clients,
        }
    }
}

/// Which store judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Choice {
    Given,
    Peers,
    Own(usize),
}

/// The store of the side that checks the certificates of `of`.
fn choose(
    (deployment, by): (&Deployment, Option<usize>),
    nobody_known: bool,
    given: bool,
    connection: &Connection,
    of: Role,
) -> Choice {
    if nobody_known {
        return match of {
            Role::Server => Choice::Given,
            Role::Client => Choice::Peers,
        };
    }
    match deployment.place(connection.end(of.other()).address, by) {
        Some(_) if given => Choice::Given,
        Some(index) => Choice::Own(index),
        None => Choice::Peers,
    }
}
