//! Reads the captures, and learns from all of them together who is who.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::config::{Config, Source};
use super::engine::{self, Several};
use super::names::LookedUp;
use crate::connection::{Connection, Missed, Observed, Outcome};
use crate::expressway::{Appliance, BoxRole, Deployment, Ends, Join, Leg, Line, join};
use crate::packet::Endpoint;
use crate::report::{CaptureReport, Origin, StoreReport};
use crate::rules::{Attempt, MissingName};
use crate::tls::Role;

/// A capture that was read, or is being read.
#[derive(Default)]
pub(super) struct Read {
    /// Where it lies, until it was read.
    pub(super) origin: Origin,
    /// Its part of the report, once it was read.
    pub(super) report: CaptureReport,
    /// Its TLS connections with their stream numbers that are not judged yet, in order.
    pub(super) observed: Several,
    /// Connections that came to no TLS though a service was wanted, with their stream numbers.
    pub(super) missed: Vec<(u64, Missed)>,
    /// Names that hosts looked up.
    pub(super) names: LookedUp,
    /// The place of the Expressway in whose archive it lay.
    pub(super) appliance: Option<usize>,
}

impl Read {
    /// Where it lies.
    pub(super) fn origin(&self) -> Origin {
        if self.report.files.is_empty() { self.origin.clone() } else { self.report.origin() }
    }

    /// Its part of the report, with what is known beside it.
    pub(super) fn told(mut self, deployment: &Deployment, store_given: bool) -> CaptureReport {
        let own = self.appliance.and_then(|at| deployment.appliance(at)?.store.as_ref());
        self.report.appliance = self.appliance;
        self.report.store = own.filter(|_| !store_given).map(StoreReport::of);
        self.report
    }
}

/// Reads one capture to its end.
pub(super) fn read_one(source: Source, appliance: Option<usize>, config: &Config) -> Read {
    let origin = source.origin();
    let mut observed = Vec::new();
    let outcome = engine::run(source, config, &mut |several, _| {
        observed.extend(several);
        true
    });
    let (report, missed, names) = (outcome.capture, outcome.missed, outcome.names);
    Read { origin, report, observed, missed, names, appliance }
}

/// The place of an appliance among those known; those of one archive are the same.
pub(super) fn place(known: &mut Vec<Arc<Appliance>>, appliance: &Arc<Appliance>) -> usize {
    if let Some(at) = known.iter().position(|one| Arc::ptr_eq(one, appliance)) {
        return at;
    }
    known.push(Arc::clone(appliance));
    known.len() - 1
}

/// Adds what the run tells of the appliances: how their trust lists are searched, and
/// their addresses, where the archives do not tell them.
pub(super) fn complete(appliances: &mut [Arc<Appliance>], captures: &[Read], config: &Config) {
    let semantics = config.judging.own_store_semantics;
    for (at, appliance) in appliances.iter_mut().enumerate() {
        let otherwise = appliance.store.as_ref().is_some_and(|one| one.semantics() != semantics);
        if !otherwise && !appliance.addresses.is_empty() {
            continue;
        }
        let mut known = Appliance::clone(appliance);
        known.store = known.store.map(|store| store.with_semantics(semantics));
        if known.addresses.is_empty() {
            let own = captures.iter().filter(|capture| capture.appliance == Some(at));
            known.addresses.extend(inferred_address(own, known.role));
            known.address_inferred = !known.addresses.is_empty();
        }
        *appliance = Arc::new(known);
    }
}

/// Learns from the connections that are held who is who.
pub(super) fn observe(deployment: &mut Deployment, captures: &[Read]) {
    for (_, observed) in captures.iter().flat_map(|capture| &capture.observed) {
        deployment.observe(observed.server, observed.server_name());
    }
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

/// How much one recording of a connection shows, its place, and who ended it.
type Recording = (usize, Place, Option<Role>);

/// Connections that two captures recorded: by two interfaces of one box, or at both
/// ends. Each with the place of its fullest recording; but two that do not agree on who ended
/// it are both told.
pub(super) fn twins(captures: &[Read]) -> BTreeMap<Place, Place> {
    if captures.len() < 2 {
        return BTreeMap::new();
    }
    let mut by_random: BTreeMap<&[u8], Vec<Recording>> = BTreeMap::new();
    for (index, capture) in captures.iter().enumerate() {
        for (stream, observed) in &capture.observed {
            if let Some(random) = observed.random() {
                let seen = observed.handshake.entries.len();
                let ended = observed.outcome.aborted_by();
                by_random.entry(random).or_default().push((seen, (index, *stream), ended));
            }
        }
    }
    let mut twins = BTreeMap::new();
    for list in by_random.into_values().filter(|list| list.len() > 1) {
        let fullest = list.iter().max_by_key(|(seen, place, _)| (*seen, std::cmp::Reverse(*place)));
        let Some((_, original, ended)) = fullest else { continue };
        let agrees = |by: Option<Role>| by.is_none() || ended.is_none() || by == *ended;
        let others = list.iter().filter(|(_, place, by)| place.0 != original.0 && agrees(*by));
        twins.extend(others.map(|(_, place, _)| (*place, *original)));
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
        server_name: observed.server_name().map(str::to_owned),
        failed: match observed.outcome {
            Outcome::Completed => Some(false),
            ref other => other.failed().then_some(true),
        },
        alert,
    }
}

/// Who the ends of a connection are.
pub(super) fn leg(
    connection: &Connection,
    (capture, own): (usize, Option<usize>),
    join: Option<&Join>,
    deployment: &Deployment,
) -> Leg {
    let logged = || Some(join?.names.get(&(capture, connection.stream))?.as_str());
    let name = connection.server_name().or_else(logged);
    let (client, server): (Endpoint, Endpoint) = (connection.client, connection.server);
    deployment.leg(client, server, name, own)
}

/// Connections of a capture that came to no TLS, and who their ends are.
pub(super) fn attempts(index: usize, capture: &Read, deployment: &Deployment) -> Vec<Attempt> {
    let attempt = |(stream, missed): &(u64, Missed)| {
        let [client, server] = missed.ends();
        Attempt {
            capture: index,
            stream: *stream,
            missed: missed.clone(),
            leg: deployment.leg(client, server, None, capture.appliance),
        }
    };
    capture.missed.iter().map(attempt).collect()
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
