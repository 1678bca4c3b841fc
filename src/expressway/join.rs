//! The log of an Expressway joined with the connections of its captures.
//!
//! A line of the log and a connection belong together when they name the same server
//! and lie at the same time. The clock that stamps the log may differ from the one that
//! stamps the packets, so the difference is estimated first: the offset on which most
//! pairs of a line and a connection agree.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};

use super::log::{Cause, Event, Line};
use crate::packet::Endpoint;
use crate::time::Timestamp;

/// A connection as far as a line of the log can name it.
#[derive(Clone, Debug)]
pub struct Ends {
    /// Capture and stream number.
    pub id: ConnectionId,
    /// The side that connects.
    pub client: Endpoint,
    /// The side that listens.
    pub server: Endpoint,
    /// Its first frame.
    pub first: Timestamp,
    /// Its last frame.
    pub last: Timestamp,
    /// The server name of the ClientHello.
    pub server_name: Option<String>,
    /// Whether the handshake failed; `None` where the capture does not show how it ended.
    pub failed: Option<bool>,
    /// The alert that ended it.
    pub alert: Option<u8>,
}

/// Index of the capture, and `tcp.stream`.
pub type ConnectionId = (usize, u64);

/// How the clock of the log differs from that of the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Nanoseconds that the log is ahead.
    pub nanos: i64,
    /// Pairs that agree on it.
    pub pairs: usize,
}

/// What came of joining one log.
#[derive(Clone, Debug, Default)]
pub struct Join {
    /// Which of the known appliances wrote the log.
    pub appliance: usize,
    /// The difference of the clocks; `None` where no pair tells it.
    pub offset: Option<Offset>,
    /// Lines (places in the log's list) of each connection, in order.
    pub lines: BTreeMap<ConnectionId, Vec<usize>>,
    /// The name under which the traffic server was asked to connect.
    pub names: BTreeMap<ConnectionId, String>,
    /// Lines about TLS for which no connection was captured, at a time that a capture
    /// covers.
    pub without_packet: Vec<usize>,
    /// Connections that the Expressway opened and that no line names, while the log
    /// covers their time.
    pub without_line: Vec<ConnectionId>,
}

const SECOND: i64 = 1_000_000_000;
/// Pairs that agree on an offset differ by less than this: a request is logged within
/// milliseconds of the SYN, but a busy box may take its time.
const AGREEMENT: i64 = SECOND / 5;
/// A line about a request lies at most this far from the first frame.
const NEAR_START: i64 = 2 * SECOND;
/// A line about a failure comes at most this long behind the last frame.
const BEHIND_END: i64 = 2 * SECOND;
/// How long before a connection's first frame a line about it may lie.
const BEFORE: i64 = SECOND / 2;
/// Lines and connections per server that are paired to find the offset: enough to
/// tell, and few enough that the work stays small for any log.
const SAMPLE: usize = 256;

/// Joins a log with connections. `lines` are in the order of the file.
#[must_use]
pub fn join(appliance: usize, own: &[IpAddr], lines: &[Line], connections: &[Ends]) -> Join {
    let index = Index::new(connections);
    let offset = offset(lines, &index);
    let shift = offset.map_or(0, |offset| offset.nanos);
    let mut joiner = Joiner {
        index,
        shift,
        received: HashMap::new(),
        requests: HashMap::new(),
        found: BTreeMap::new(),
    };
    for (place, line) in lines.iter().enumerate() {
        joiner.line(place, line);
    }
    let Joiner { index, found, .. } = joiner;
    let mut join = Join { appliance, offset, ..Join::default() };
    for (place, at) in found {
        if let Some(ends) = index.connections.get(at) {
            join.lines.entry(ends.id).or_default().push(place);
        }
    }
    join.names = names(lines, &join.lines);
    (join.without_packet, join.without_line) = left_over(lines, connections, own, shift, &join);
    join
}

/// Connections by server, in order of their first frames.
struct Index<'c> {
    connections: &'c [Ends],
    by_server: BTreeMap<Endpoint, Vec<usize>>,
    by_address: BTreeMap<IpAddr, Vec<usize>>,
    by_ends: HashMap<(Endpoint, Endpoint), Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
}

impl<'c> Index<'c> {
    fn new(connections: &'c [Ends]) -> Self {
        let mut order: Vec<usize> = (0..connections.len()).collect();
        order.sort_by_key(|at| connections.get(*at).map(|ends| (ends.first, ends.id)));
        let mut index = Self {
            connections,
            by_server: BTreeMap::new(),
            by_address: BTreeMap::new(),
            by_ends: HashMap::new(),
            by_name: HashMap::new(),
        };
        for at in order {
            let Some(ends) = connections.get(at) else { continue };
            index.by_server.entry(ends.server).or_default().push(at);
            index.by_address.entry(ends.server.address).or_default().push(at);
            index.by_ends.entry((ends.client, ends.server)).or_default().push(at);
            if let Some(name) = &ends.server_name {
                index.by_name.entry(name.to_ascii_lowercase()).or_default().push(at);
            }
        }
        index
    }

    /// Of connections in order of time, those whose time a line may lie in, nearest
    /// first frame first.
    fn near(&self, list: Option<&Vec<usize>>, time: Timestamp) -> Vec<usize> {
        let list = list.map(Vec::as_slice).unwrap_or_default();
        let started = |at: &usize| self.connections.get(*at).map(|ends| ends.first);
        let from = list.partition_point(|at| started(at).is_some_and(|first| first <= time));
        let window = list.get(from.saturating_sub(SAMPLE)..(from + 1).min(list.len()));
        let mut near: Vec<usize> = window
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|at| {
                self.connections.get(*at).is_some_and(|ends| {
                    time.since(ends.first) >= -BEFORE && time.since(ends.last) <= BEHIND_END
                })
            })
            .collect();
        near.sort_by_key(|at| started(at).map(|first| time.since(first).abs()));
        near
    }
}

/// The offset on which most pairs agree.
fn offset(lines: &[Line], index: &Index<'_>) -> Option<Offset> {
    let about: Vec<&Line> = lines.iter().filter(|line| is_start(&line.event)).collect();
    let step = about.len().div_ceil(SAMPLE).max(1);
    let mut differences: Vec<i64> = Vec::new();
    for line in about.into_iter().step_by(step) {
        let (Some(time), Event::SendingRequest { destination: Some(destination), .. }) =
            (line.time, &line.event)
        else {
            continue;
        };
        let list = index.by_server.get(&end(*destination));
        let list = list.map(Vec::as_slice).unwrap_or_default();
        let step = list.len().div_ceil(SAMPLE).max(1);
        let first = list.iter().step_by(step).filter_map(|at| index.connections.get(*at));
        differences.extend(first.map(|ends| time.since(ends.first)));
    }
    densest(differences)
}

/// The middle of the narrowest crowd: the most differences within [`AGREEMENT`], of
/// several such the one nearest to zero.
fn densest(mut differences: Vec<i64>) -> Option<Offset> {
    differences.sort_unstable();
    let mut best: Option<(usize, i64)> = None;
    let mut from = 0;
    for (to, last) in differences.iter().enumerate() {
        while differences.get(from).is_some_and(|first| last.saturating_sub(*first) > AGREEMENT) {
            from += 1;
        }
        let pairs = to + 1 - from;
        let middle = *differences.get(from + pairs / 2)?;
        let better = best
            .is_none_or(|(known, at)| pairs > known || (pairs == known && middle.abs() < at.abs()));
        if better {
            best = Some((pairs, middle));
        }
    }
    let (pairs, nanos) = best?;
    // One pair that lies far off is chance.
    (pairs > 1 || nanos.abs() <= NEAR_START).then_some(Offset { nanos, pairs })
}

const fn is_start(event: &Event) -> bool {
    matches!(event, Event::SendingRequest { .. })
}

struct Joiner<'c> {
    index: Index<'c>,
    shift: i64,
    /// What a client asked for, by the transaction, until it is sent on.
    received: HashMap<String, usize>,
    /// The connection of each request, by its transaction.
    requests: HashMap<String, usize>,
    /// Connection of each line, by the line's place.
    found: BTreeMap<usize, usize>,
}

impl Joiner<'_> {
    fn line(&mut self, place: usize, line: &Line) {
        if let Some(at) = self.connection(place, line) {
            self.found.insert(place, at);
        }
    }

    fn connection(&mut self, place: usize, line: &Line) -> Option<usize> {
        let time = Timestamp::from_nanos(line.time?.nanos().saturating_sub(self.shift));
        match &line.event {
            Event::SendingRequest { txn, destination, .. } => {
                let at = self.request((*destination)?, time);
                if let (Some(at), Some(txn)) = (at, txn) {
                    self.requests.insert(txn.clone(), at);
                    self.found.extend(self.received.remove(txn).map(|asked| (asked, at)));
                }
                at
            }
            Event::ReceiveRequest { txn: Some(txn), .. } => {
                self.received.insert(txn.clone(), place);
                None
            }
            Event::SendingResponse { txn, .. } => {
                txn.as_ref().and_then(|txn| self.requests.remove(txn))
            }
            Event::ChainRefused { server, name, .. } | Event::NameRefused { server, name, .. } => {
                self.refused(*server, name, time)
            }
            Event::ConnectionFailed { name, cause, .. } => self.failed(name, *cause, time),
            Event::NegotiationError { source, destination, .. }
            | Event::TcpClosed { source, destination, .. } => {
                self.between(*source, *destination, time)
            }
            Event::SslError { local, remote, .. } => self.between(*local, *remote, time),
            _ => None,
        }
    }

    /// The connection that a request went over: the one that began nearest, or one that
    /// is still open.
    fn request(&self, destination: SocketAddr, time: Timestamp) -> Option<usize> {
        let near = self.index.near(self.index.by_server.get(&end(destination)), time);
        near.into_iter().next()
    }

    /// The connection whose certificate the traffic server refused.
    fn refused(&self, address: Option<IpAddr>, name: &str, time: Timestamp) -> Option<usize> {
        let list = match address {
            Some(address) => self.index.by_address.get(&address),
            None => self.index.by_name.get(&name.to_ascii_lowercase()),
        };
        let near = self.index.near(list, time);
        let ends = |at: &usize| self.index.connections.get(*at);
        let first = |failed: Option<bool>| {
            near.iter().find(|at| ends(at).is_some_and(|ends| ends.failed == failed)).copied()
        };
        let away = |at: usize| ends(&at).map_or(i64::MAX, |ends| time.since(ends.first).abs());
        match (first(Some(true)), first(None)) {
            // What was seen to fail goes before what may have, unless that is clearly nearer.
            (Some(failed), Some(unknown)) if away(failed) - away(unknown) <= AGREEMENT => {
                Some(failed)
            }
            (failed, unknown) => unknown.or(failed).or_else(|| near.first().copied()),
        }
    }

    fn failed(&self, name: &str, cause: Cause, time: Timestamp) -> Option<usize> {
        let list = match name.parse::<IpAddr>() {
            Ok(address) => self.index.by_address.get(&address),
            Err(_) => self.index.by_name.get(&name.to_ascii_lowercase()),
        };
        let alert = match cause {
            Cause::AlertReceived(code) => Some(code),
            _ => None,
        };
        let near = self.index.near(list, time);
        let fits = |at: &&usize| {
            self.index.connections.get(**at).is_some_and(|ends| {
                ends.failed == Some(true)
                    && (alert.is_none() || ends.alert.is_none() || ends.alert == alert)
            })
        };
        near.iter().find(fits).copied()
    }

    fn between(
        &self,
        one: Option<SocketAddr>,
        other: Option<SocketAddr>,
        time: Timestamp,
    ) -> Option<usize> {
        let (one, other) = (end(one?), end(other?));
        let list = self.index.by_ends.get(&(one, other));
        let list = list.or_else(|| self.index.by_ends.get(&(other, one)));
        self.index.near(list, time).into_iter().next()
    }
}

/// The name of each connection: that of the request behind it. What the client asked
/// for stands in one line, where the request went in another; the transaction joins
/// them.
fn names(
    lines: &[Line],
    found: &BTreeMap<ConnectionId, Vec<usize>>,
) -> BTreeMap<ConnectionId, String> {
    let wanted: HashMap<&str, &str> = lines
        .iter()
        .filter_map(|line| match &line.event {
            Event::ReceiveRequest { txn: Some(txn), wanted: Some(wanted), .. } => {
                Some((txn.as_str(), wanted.host.as_str()))
            }
            _ => None,
        })
        .collect();
    let name_in = |line: &Line| match &line.event {
        Event::SendingRequest { txn: Some(txn), .. } => {
            wanted.get(txn.as_str()).map(|name| (*name).to_owned())
        }
        Event::ChainRefused { name, .. } | Event::NameRefused { name, .. } => Some(name.clone()),
        _ => None,
    };
    found
        .iter()
        .filter_map(|(id, places)| {
            let name = places.iter().find_map(|place| name_in(lines.get(*place)?))?;
            Some((*id, name))
        })
        .collect()
}

/// Lines without a packet, and connections without a line.
fn left_over(
    lines: &[Line],
    connections: &[Ends],
    own: &[IpAddr],
    shift: i64,
    join: &Join,
) -> (Vec<usize>, Vec<ConnectionId>) {
    let placed: BTreeSet<usize> = join.lines.values().flatten().copied().collect();
    let captured = span(connections.iter().flat_map(|ends| [ends.first, ends.last]));
    let logged = span(lines.iter().filter_map(|line| line.time));
    let without_packet = lines.iter().enumerate().filter(|(place, line)| {
        let time = line.time.map(|time| Timestamp::from_nanos(time.nanos().saturating_sub(shift)));
        let covered =
            captured.zip(time).is_some_and(|((from, to), time)| from <= time && time <= to);
        covered && !placed.contains(place) && is_about_tls(&line.event)
    });
    let asks = lines.iter().any(|line| is_start(&line.event));
    let without_line = connections.iter().filter(|ends| {
        let first = Timestamp::from_nanos(ends.first.nanos().saturating_add(shift));
        let covered = logged.is_some_and(|(from, to)| from <= first && first <= to);
        let by_traffic_server = super::service::service(ends.server.port)
            .is_some_and(|service| service.checker == super::Checker::TrafficServer);
        asks && covered
            && by_traffic_server
            && own.contains(&ends.client.address)
            && !join.lines.contains_key(&ends.id)
    });
    (without_packet.map(|(place, _)| place).collect(), without_line.map(|ends| ends.id).collect())
}

fn span(times: impl Iterator<Item = Timestamp>) -> Option<(Timestamp, Timestamp)> {
    times.fold(None, |span, time| match span {
        None => Some((time, time)),
        Some((from, to)) => Some((from.min(time), to.max(time))),
    })
}

const fn is_about_tls(event: &Event) -> bool {
    matches!(
        event,
        Event::ChainRefused { .. }
            | Event::NameRefused { .. }
            | Event::ConnectionFailed { .. }
            | Event::NegotiationError { .. }
    )
}

fn end(socket: SocketAddr) -> Endpoint {
    Endpoint { address: socket.ip(), port: socket.port() }
}

#[cfg(test)]
mod tests {
    use super::super::log::{Action, Process};
    use super::*;

    /// A connection to one server that begins so many milliseconds after the first.
    fn ends(stream: u64, milliseconds: i64, failed: Option<bool>) -> Ends {
        let at = |more: i64| Timestamp::from_nanos((1_000_000 + milliseconds + more) * 1_000_000);
        let end = |text: &str| end(text.parse().unwrap());
        Ends {
            id: (0, stream),
            client: end("192.0.2.1:40000"),
            server: end("192.0.2.2:8443"),
            first: at(0),
            last: at(20),
            server_name: None,
            failed,
            alert: None,
        }
    }

    /// The stream to which a refusal belongs that is logged 20 ms after this connection began.
    fn of_refusal(near: &Ends, connections: &[Ends]) -> Option<u64> {
        let line = Line {
            number: 1,
            time: Some(near.last),
            host: "expc".to_owned(),
            process: Process::TrafficServer,
            event: Event::ChainRefused {
                name: "cucm.example.org".to_owned(),
                error: "self signed certificate".to_owned(),
                code: None,
                server: Some(near.server.address),
                depth: Some(0),
                action: Action::Terminate,
            },
            text: String::new(),
        };
        let joined = join(0, &[], &[line], connections);
        joined.lines.keys().next().map(|(_, stream)| *stream)
    }

    #[test]
    fn a_refusal_belongs_to_the_connection_at_its_time_though_its_end_was_not_captured() {
        let (failed, cut) = (ends(0, 0, Some(true)), ends(1, 1_500, None));
        let both = [failed.clone(), cut.clone()];
        assert_eq!(of_refusal(&cut, &both), Some(1));
        assert_eq!(of_refusal(&failed, &both), Some(0));
        // Begun together, the one that was seen to fail is meant; one that was completed never.
        let both = [failed.clone(), ends(1, 10, None), ends(2, 15, Some(false))];
        assert_eq!(of_refusal(&failed, &both), Some(0));
    }
}
