//! Which connections of two runs belong to the same leg.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::connection::{Connection, NameVerdict, Reference};
use crate::expressway::{Checker, Leg, Party, service};
use crate::packet::Endpoint;
use crate::report::model::{Judged, Report};
use crate::rules::Verdict;

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
pub(super) type Pair<'r> = (Vec<Try<'r>>, Vec<Try<'r>>);

/// What became of an attempt to connect.
#[derive(Clone, Copy, Debug)]
pub(super) enum Try<'r> {
    /// A TLS connection.
    Tls(&'r Judged),
    /// TCP connections of a capture that were refused or not answered.
    Unopened(usize, &'r Verdict),
}

impl Try<'_> {
    /// The host that connects.
    pub(super) fn client(&self) -> IpAddr {
        match self {
            Self::Tls(judged) => judged.connection.client.address,
            Self::Unopened(_, verdict) => verdict.client,
        }
    }

    /// What it connects to.
    pub(super) fn server(&self) -> Endpoint {
        match self {
            Self::Tls(judged) => judged.connection.server,
            Self::Unopened(_, verdict) => verdict.server,
        }
    }

    /// Who they are.
    pub(super) const fn leg(&self) -> Leg {
        match self {
            Self::Tls(judged) => judged.leg,
            Self::Unopened(_, verdict) => verdict.leg,
        }
    }

    fn place(&self) -> (usize, u64) {
        match self {
            Self::Tls(judged) => (judged.capture, judged.connection.stream),
            Self::Unopened(capture, verdict) => {
                (*capture, verdict.streams.first().copied().unwrap_or_default())
            }
        }
    }
}

/// An attempt with the name of its server.
struct Named<'r> {
    one: Try<'r>,
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
    |one| Some((host(one), Whom::Address(one.one.server()))),
    |one| Some((party(one)?, Whom::Address(one.one.server()))),
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
                Some(other) => pairs.push((tries(group), tries(other))),
                None => rest.0.extend(group),
            }
        }
        rest.1.extend(new.into_values().flatten());
    }
    let [closest, ..] = LEVELS;
    let alone = |rest| grouped(rest, closest).groups.into_values().map(tries);
    pairs.extend(alone(rest.0).map(|group| (group, Vec::new())));
    pairs.extend(alone(rest.1).map(|group| (Vec::new(), group)));
    pairs.sort_by_key(|(old, new)| (place(old).unwrap_or((usize::MAX, 0)), place(new)));
    pairs
}

fn place(group: &[Try<'_>]) -> Option<(usize, u64)> {
    group.iter().map(Try::place).min()
}

fn tries(group: Vec<Named<'_>>) -> Vec<Try<'_>> {
    let mut group: Vec<Try<'_>> = group.into_iter().map(|named| named.one).collect();
    group.sort_by_key(Try::place);
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
    let tls = report.connections.iter().filter(|judged| judged.same_as.is_none());
    let tls = tls.map(|judged| Named::of(Try::Tls(judged)));
    let mut named: Vec<Named<'_>> = tls.chain(unopened(report)).collect();
    let mut known: BTreeMap<Endpoint, Option<String>> = BTreeMap::new();
    for one in named.iter().filter(|one| one.name.is_some()) {
        known
            .entry(one.one.server())
            .and_modify(|name| {
                if *name != one.name {
                    *name = None;
                }
            })
            .or_insert_with(|| one.name.clone());
    }
    for one in named.iter_mut().filter(|one| one.name.is_none()) {
        let by_address = matches!(one.one, Try::Tls(judged) if is_by_address(&judged.connection));
        if !by_address {
            one.name = known.get(&one.one.server()).cloned().flatten();
        }
    }
    named
}

/// Verdicts on what never became a TLS connection.
fn unopened(report: &Report) -> impl Iterator<Item = Named<'_>> {
    let places: BTreeSet<(usize, u64)> = report
        .connections
        .iter()
        .map(|judged| (judged.capture, judged.connection.stream))
        .collect();
    let is_tls = move |capture: usize, verdict: &Verdict| {
        verdict.streams.iter().any(|stream| places.contains(&(capture, *stream)))
    };
    report
        .verdicts
        .iter()
        .filter(move |(capture, verdict)| !is_tls(*capture, verdict))
        .map(|(capture, verdict)| Named::of(Try::Unopened(*capture, verdict)))
}

/// Whether a client that sends every name sent none: it was told an address.
fn is_by_address(connection: &Connection) -> bool {
    let checker = service(connection.server.port).map(|service| service.checker);
    checker == Some(Checker::TrafficServer) && connection.handshake.client_hello().is_some()
}

impl<'r> Named<'r> {
    fn of(one: Try<'r>) -> Self {
        let name = match one {
            Try::Tls(judged) => said(&judged.connection),
            Try::Unopened(..) => None,
        };
        Self { one, name: name.map(|name| name.trim_end_matches('.').to_ascii_lowercase()) }
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
    connection.server_name().map(str::to_owned).or(told)
}

/// The host that connects. Clients outside are one: their addresses are chance.
fn host(one: &Named<'_>) -> Who {
    match one.one.leg().client {
        Party::Client => Who::Party(Party::Client),
        _ => Who::Address(one.one.client()),
    }
}

fn party(one: &Named<'_>) -> Option<Who> {
    let party = one.one.leg().client;
    (party != Party::Unknown).then_some(Who::Party(party))
}

fn whom(one: &Named<'_>) -> Whom {
    let server = one.one.server();
    match &one.name {
        Some(name) => Whom::Name(name.clone(), server.port),
        None => Whom::Address(server),
    }
}
