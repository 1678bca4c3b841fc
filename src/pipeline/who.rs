//! Reads the captures, and learns from all of them together who is who.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::config::{Config, Source};
use super::engine;
use super::interfaces::{Again, unite};
use super::names::LookedUp;
use crate::connection::{Connection, Observed, Outcome, Unopened};
use crate::expressway::{Appliance, BoxRole, Deployment, Ends, Join, Leg, Line, join};
use crate::packet::Endpoint;
use crate::report::CaptureReport;
use crate::rules::{Attempt, MissingName};
use crate::tls::ClientHello;

/// A capture that was read and not judged yet.
pub(super) struct Read {
    /// Its part of the report.
    pub(super) report: CaptureReport,
    /// Its TLS connections with their stream numbers, in order.
    pub(super) observed: Vec<(u64, Observed)>,
    /// Connections to a service that were not opened, with their stream numbers.
    pub(super) unopened: Vec<(u64, Unopened)>,
    /// Names that hosts looked up.
    pub(super) names: LookedUp,
    /// The place of the Expressway in whose archive it lay.
    pub(super) appliance: Option<usize>,
}

/// Reads every capture, and puts together what is known of who is who.
pub(super) fn read(sources: Vec<Source>, config: &Config) -> (Vec<Read>, Deployment) {
    let mut appliances = config.appliances.clone();
    let mut captures = Vec::new();
    let mut again = Vec::new();
    for source in sources {
        let appliance = source.appliance().map(|appliance| place(&mut appliances, appliance));
        again.push(Again::of(&source));
        captures.push(read_one(source, appliance, config));
    }
    let captures = unite(captures, again, config);
    let known: Vec<Arc<Appliance>> = appliances
        .into_iter()
        .enumerate()
        .map(|(at, appliance)| {
            Arc::new(complete(Arc::unwrap_or_clone(appliance), at, &captures, config))
        })
        .collect();
    let mut deployment = Deployment::new(known, config.mapped.clone());
    for capture in &captures {
        for (_, observed) in &capture.observed {
            deployment.observe(observed.server, server_name(observed).as_deref());
        }
    }
    (captures, deployment)
}

/// Reads one capture.
pub(super) fn read_one(source: Source, appliance: Option<usize>, config: &Config) -> Read {
    let outcome = engine::run(source, config);
    Read {
        report: outcome.capture,
        observed: outcome.observed,
        unopened: outcome.unopened,
        names: outcome.names,
        appliance,
    }
}

/// The place of an appliance among those known; those of one archive are the same.
fn place(known: &mut Vec<Arc<Appliance>>, appliance: &Arc<Appliance>) -> usize {
    if let Some(at) = known.iter().position(|one| Arc::ptr_eq(one, appliance)) {
        return at;
    }
    known.push(Arc::clone(appliance));
    known.len() - 1
}

/// Adds what the run tells: how the trust list is searched, and the address, where the
/// archive does not tell it.
fn complete(mut appliance: Appliance, at: usize, captures: &[Read], config: &Config) -> Appliance {
    let semantics = config.judging.own_store_semantics;
    appliance.store = appliance.store.map(|store| store.with_semantics(semantics));
    if appliance.addresses.is_empty() {
        let own = captures.iter().filter(|capture| capture.appliance == Some(at));
        appliance.addresses.extend(inferred_address(own, appliance.role));
        appliance.address_inferred = !appliance.addresses.is_empty();
    }
    appliance
}

/// A box records its own traffic: the address that most connections have in common,
/// and of several that of the side on which such a box stands for most of the time.
fn inferred_address<'r>(
    captures: impl Iterator<Item = &'r Read>,
    role: Option<BoxRole>,
) -> Option<IpAddr> {
    let mut counts: BTreeMap<IpAddr, (u64, u64)> = BTreeMap::new();
    for (_, observed) in captures.flat_map(|capture| &capture.observed) {
        counts.entry(observed.client.address).or_default().0 += 1;
        counts.entry(observed.server.address).or_default().1 += 1;
    }
    let side = |(as_client, as_server): (u64, u64)| match role {
        Some(BoxRole::Edge) => as_server,
        _ => as_client,
    };
    counts
        .into_iter()
        .max_by_key(|(address, count)| {
            (count.0 + count.1, side(*count), std::cmp::Reverse(*address))
        })
        .map(|(address, _)| address)
}

/// Capture and stream of a connection.
pub(super) type Place = (usize, u64);

/// Connections that two captures recorded: by two interfaces of one box, or at both
/// ends. Each with the place of its fullest recording. Two handshakes never have the
/// same client random (RFC 8446, 4.1.2).
pub(super) fn twins(captures: &[Read]) -> BTreeMap<Place, Place> {
    if captures.len() < 2 {
        return BTreeMap::new();
    }
    let mut by_random: BTreeMap<&[u8], Vec<(usize, Place)>> = BTreeMap::new();
    for (index, capture) in captures.iter().enumerate() {
        for (stream, observed) in &capture.observed {
            let hello = observed.handshake.client_hello();
            if let Some(random) =
                hello.map(|hello| hello.random.as_slice()).filter(|random| random.len() == 32)
            {
                let seen = observed.handshake.entries.len();
                by_random.entry(random).or_default().push((seen, (index, *stream)));
            }
        }
    }
    let mut twins = BTreeMap::new();
    for list in by_random.into_values().filter(|list| list.len() > 1) {
        let fullest = list.iter().max_by_key(|(seen, place)| (*seen, std::cmp::Reverse(*place)));
        let Some((_, original)) = fullest else { continue };
        let others = list.iter().map(|(_, place)| *place).filter(|place| place.0 != original.0);
        twins.extend(others.map(|place| (place, *original)));
    }
    twins
}

/// Each log joined with the captures of its archive, a handshake that was recorded twice
/// with its fullest recording.
pub(super) fn joins(
    captures: &[Read],
    deployment: &Deployment,
    twins: &BTreeMap<Place, Place>,
) -> Vec<Join> {
    let appliances = deployment.appliances().iter().enumerate();
    appliances
        .filter_map(|(at, appliance)| {
            let log = appliance.log.as_ref()?;
            let ends: Vec<Ends> = captures
                .iter()
                .enumerate()
                .filter(|(_, capture)| capture.appliance == Some(at))
                .flat_map(|(index, capture)| {
                    capture.observed.iter().map(move |(stream, one)| ends(index, *stream, one))
                })
                .filter(|ends| !twins.contains_key(&ends.id))
                .collect();
            Some(join(at, &appliance.addresses, &log.lines, &ends))
        })
        .collect()
}

fn ends(capture: usize, stream: u64, observed: &Observed) -> Ends {
    let alert = match observed.outcome {
        Outcome::Alert { description, .. } => description,
        _ => None,
    };
    Ends {
        id: (capture, stream),
        client: observed.client,
        server: observed.server,
        first: observed.first.time,
        last: observed.last.time,
        server_name: server_name(observed),
        failed: observed.outcome.failed(),
        alert,
    }
}

fn server_name(observed: &Observed) -> Option<String> {
    observed.handshake.client_hello().and_then(ClientHello::server_name)
}

/// Who the ends of a connection are.
pub(super) fn leg(
    connection: &Connection,
    (capture, own): (usize, Option<usize>),
    join: Option<&Join>,
    deployment: &Deployment,
) -> Leg {
    let logged = join.and_then(|join| join.names.get(&(capture, connection.stream)).cloned());
    let name = connection.server_name().or(logged);
    let (client, server): (Endpoint, Endpoint) = (connection.client, connection.server);
    deployment.leg(client, server, name.as_deref(), own)
}

/// Connections of a capture that were not opened, and who their ends are.
pub(super) fn attempts(index: usize, capture: &Read, deployment: &Deployment) -> Vec<Attempt> {
    let attempt = |(stream, unopened): &(u64, Unopened)| Attempt {
        capture: index,
        stream: *stream,
        unopened: unopened.clone(),
        leg: deployment.leg(unopened.client, unopened.server, None, capture.appliance),
    };
    capture.unopened.iter().map(attempt).collect()
}

/// Names of a capture that do not exist.
pub(super) fn missing_names(index: usize, capture: &Read) -> Vec<MissingName> {
    let missing = capture.names.missing();
    missing
        .map(|(asker, name, frame, times)| MissingName {
            capture: index,
            asker,
            name: name.to_owned(),
            frame,
            times,
        })
        .collect()
}

/// What the log says of a connection.
pub(super) fn lines(
    connection: &Connection,
    capture: usize,
    join: Option<&Join>,
    deployment: &Deployment,
) -> Vec<Line> {
    let Some(join) = join else { return Vec::new() };
    let log = deployment.appliance(join.appliance).and_then(|appliance| appliance.log.as_ref());
    let places = join.lines.get(&(capture, connection.stream));
    let lines = places.into_iter().flatten();
    lines.filter_map(|place| log?.lines.get(*place).cloned()).collect()
}
