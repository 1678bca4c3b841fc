//! Which connections of two runs belong to the same leg.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::connection::{Connection, NameVerdict, Reference};
use crate::expressway::{Checker, Party, service};
use crate::packet::Endpoint;
use crate::report::model::{Judged, Report};

/// Who connects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Party(Party),
    Address(IpAddr),
}

/// What is connected to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    Name(String, u16),
    Address(Endpoint),
}

type Key = (Who, Whom);

/// The connections of a leg before and after; one of the two may be empty.
pub(super) type Pair<'r> = (Vec<&'r Judged>, Vec<&'r Judged>);

/// A connection with the name of its server.
struct Named<'r> {
    judged: &'r Judged,
    name: Option<String>,
}

type Level = fn(&Named<'_>) -> Option<Key>;

/// From the closest to the loosest: the same host and server name; the same party, as
/// when an Expressway has got another address, and the server's name; the same host and
/// server address, as when the name was what had to be mended; the same party and
/// server address.
const LEVELS: [Level; 4] = [
    |one| Some((host(one), whom(one))),
    |one| Some((party(one)?, whom(one))),
    |one| Some((host(one), Whom::Address(one.judged.connection.server))),
    |one| Some((party(one)?, Whom::Address(one.judged.connection.server))),
];

/// Pairs the connections of two runs by leg, in the order in which the legs were first
/// seen. What two captures of one side recorded counts once.
pub(super) fn pairs<'r>(before: &'r Report, after: &'r Report) -> Vec<Pair<'r>> {
    let mut rest = (named(before), named(after));
    let mut pairs = Vec::new();
    for level in LEVELS {
        let (old, new) = (grouped(rest.0, level), grouped(rest.1, level));
        rest = (old.left, new.left);
        let mut new = new.groups;
        for (key, group) in old.groups {
            match new.remove(&key) {
                Some(other) => pairs.push((judged(group), judged(other))),
                None => rest.0.extend(group),
            }
        }
        rest.1.extend(new.into_values().flatten());
    }
    let [closest, ..] = LEVELS;
    let alone = |rest| grouped(rest, closest).groups.into_values().map(judged);
    pairs.extend(alone(rest.0).map(|group| (group, Vec::new())));
    pairs.extend(alone(rest.1).map(|group| (Vec::new(), group)));
    pairs.sort_by_key(|(old, new)| (place(old).unwrap_or((usize::MAX, 0)), place(new)));
    pairs
}

fn place(group: &[&Judged]) -> Option<(usize, u64)> {
    group.iter().map(|one| (one.capture, one.connection.stream)).min()
}

fn judged(group: Vec<Named<'_>>) -> Vec<&Judged> {
    let mut group: Vec<&Judged> = group.into_iter().map(|one| one.judged).collect();
    group.sort_by_key(|one| (one.capture, one.connection.stream));
    group
}

/// Connections by key, and those that have none.
struct Grouped<'r> {
    groups: BTreeMap<Key, Vec<Named<'r>>>,
    left: Vec<Named<'r>>,
}

fn grouped(connections: Vec<Named<'_>>, level: Level) -> Grouped<'_> {
    let mut grouped = Grouped { groups: BTreeMap::new(), left: Vec::new() };
    for one in connections {
        match level(&one) {
            Some(key) => grouped.groups.entry(key).or_default().push(one),
            None => grouped.left.push(one),
        }
    }
    grouped
}

/// The connections that count. One that does not tell the name of its server has the one
/// by which others reached the same server, if that is one name only.
fn named(report: &Report) -> Vec<Named<'_>> {
    let counts = |judged: &&Judged| judged.same_as.is_none();
    let mut named: Vec<Named<'_>> =
        report.connections.iter().filter(counts).map(Named::of).collect();
    let mut known: BTreeMap<Endpoint, Option<String>> = BTreeMap::new();
    for one in named.iter().filter(|one| one.name.is_some()) {
        known
            .entry(one.judged.connection.server)
            .and_modify(|name| {
                if *name != one.name {
                    *name = None;
                }
            })
            .or_insert_with(|| one.name.clone());
    }
    for one in named.iter_mut().filter(|one| one.name.is_none()) {
        let connection = &one.judged.connection;
        if !is_by_address(connection) {
            one.name = known.get(&connection.server).cloned().flatten();
        }
    }
    named
}

/// Whether a client that sends every name sent none: it was told an address.
fn is_by_address(connection: &Connection) -> bool {
    let checker = service(connection.server.port).map(|service| service.checker);
    checker == Some(Checker::TrafficServer) && connection.handshake.client_hello().is_some()
}

impl<'r> Named<'r> {
    fn of(judged: &'r Judged) -> Self {
        let name = said(&judged.connection);
        Self { judged, name: name.map(|name| name.trim_end_matches('.').to_ascii_lowercase()) }
    }
}

/// The name of the server that the handshake, the settings or the log tell. What the user
/// expects may stand for all servers, and answers of the DNS are in the capture or not.
fn said(connection: &Connection) -> Option<String> {
    let told = match &connection.name {
        NameVerdict::Checked { reference, .. } => match reference {
            Reference::ZonePeer(name) | Reference::Logged(name) => Some(name.clone()),
            _ => None,
        },
        NameVerdict::NotJudged(_) => None,
    };
    connection.server_name().or(told)
}

/// The host that connects. Clients outside are one: their addresses are chance.
fn host(one: &Named<'_>) -> Who {
    match one.judged.leg.client {
        Party::Client => Who::Party(Party::Client),
        _ => Who::Address(one.judged.connection.client.address),
    }
}

fn party(one: &Named<'_>) -> Option<Who> {
    let party = one.judged.leg.client;
    (party != Party::Unknown).then_some(Who::Party(party))
}

fn whom(one: &Named<'_>) -> Whom {
    let server = one.judged.connection.server;
    match &one.name {
        Some(name) => Whom::Name(name.clone(), server.port),
        None => Whom::Address(server),
    }
}
