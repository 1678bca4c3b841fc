//! One TLS connection: stream events in, [`Handshake`] out.

use super::decrypt;
use super::half::{Appetite, Half, HalfEntry};
use super::handshake::{Entry, Handshake, Role, What};
use super::in_clear::Said;
use super::keylog::KeyLog;
use super::opening::{Opened, Opening};
use super::request::Refused;
use super::starttls;
use crate::flow::{GapCause, Mark, StreamEvent};
use crate::limits::Limits;
use crate::packet::{Direction, PerDirection};

/// One direction.
#[derive(Debug)]
pub(super) enum Side {
    /// No record was found so far.
    Opening(Box<Opening>),
    /// It is TLS.
    Tls(Box<Half>),
}

/// Watches both directions of a connection.
#[derive(Debug, Default)]
pub struct Observer {
    sides: PerDirection<Option<Side>>,
    /// Encrypted records are kept, because there may be a key for them.
    keeps_records: bool,
    /// Whether there is a key for the client's random was looked up.
    looked_up: bool,
}

impl Observer {
    /// Bytes of memory in use beside its own size, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        let [low, high] = Direction::BOTH;
        let of = |side: Direction| self.sides[side].as_ref().map_or(0, Side::memory);
        of(low) + of(high)
    }

    /// Takes the next event of a direction.
    #[inline]
    pub fn event(
        &mut self,
        direction: Direction,
        event: &StreamEvent<'_>,
        mark: Mark,
        limits: &Limits,
        keys: &KeyLog,
    ) -> Appetite {
        self.keeps_records |= !self.looked_up && keys.may_open(None);
        let side =
            self.sides[direction].get_or_insert_with(|| Side::Opening(Box::new(Opening::new())));
        let appetite = match event {
            StreamEvent::Data { bytes, frame, time, .. } => {
                side.data(bytes, Mark { frame: *frame, time: *time }, self.keeps_records, limits)
            }
            StreamEvent::Gap { length, cause, .. } => {
                side.gap((*length, *cause), mark, limits);
                Appetite::More
            }
        };
        if self.keeps_records && !self.looked_up {
            self.look_up(direction, keys);
        }
        appetite
    }

    /// Keeps no records of a connection for which there is no key.
    fn look_up(&mut self, direction: Direction, keys: &KeyLog) {
        let Some(Side::Tls(half)) = &self.sides[direction] else { return };
        let Some(random) = decrypt::client_random(half) else { return };
        self.looked_up = true;
        self.keeps_records = keys.may_open(Some(random));
        if !self.keeps_records {
            for side in Direction::BOTH {
                if let Some(Side::Tls(half)) = &mut self.sides[side] {
                    half.kept.drop_all();
                }
            }
        }
    }

    /// Whether any direction is TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        Direction::BOTH.iter().any(|side| matches!(self.sides[*side], Some(Side::Tls(_))))
    }

    /// Why it cannot be told whether a connection without a record is TLS: the snapshot length
    /// cut the first bytes of a direction, or they are in no packet, and the other one does not
    /// tell it either.
    #[must_use]
    pub fn hidden_by(&self) -> Option<GapCause> {
        let openings = || {
            Direction::BOTH.iter().filter_map(|side| match &self.sides[*side] {
                Some(Side::Opening(opening)) => Some(opening),
                _ => None,
            })
        };
        let mut causes = openings().filter_map(|opening| opening.hidden);
        let cause = causes.find(|cause| *cause == GapCause::Snaplen);
        cause.or_else(|| {
            let told = openings().any(|opening| opening.begins_otherwise());
            openings().find_map(|opening| opening.hidden).filter(|_| !told)
        })
    }

    /// What the client said in clear in place of TLS.
    #[must_use]
    pub fn said(&self, client: Direction) -> Option<Said> {
        let Some(Side::Opening(opening)) = &self.sides[client] else { return None };
        Said::of(opening, self.sides[client.reverse()].as_ref())
    }

    /// What the client asked in clear to get to TLS, and what refused it.
    #[must_use]
    pub fn refused(&self, client: Direction) -> Option<Refused> {
        let Some(Side::Opening(opening)) = &self.sides[client] else { return None };
        Refused::of(opening, self.sides[client.reverse()].as_ref()?)
    }

    /// Nothing more will come: joins both directions. `None` when none is TLS; else
    /// the handshake and which direction is the client's.
    ///
    /// `opener` opened the TCP connection and `fallback` is taken for the client
    /// when nothing else tells.
    #[must_use]
    pub fn finish(
        self,
        opener: Option<Direction>,
        fallback: Direction,
        last: Mark,
        limits: &Limits,
        keys: &KeyLog,
    ) -> Option<(Handshake, Direction)> {
        if !self.is_tls() {
            return None;
        }
        let mut halves = self.ended(last, limits);
        let client = client(&halves).or(opener).unwrap_or(fallback);
        decrypt(&mut halves, client, limits, keys);
        let preface =
            |side: Direction| halves[side].as_ref().map_or(&[][..], |half| half.preface.as_slice());
        // Behind missing bytes, text of no protocol may be the rest of a record.
        let torn =
            Direction::BOTH.into_iter().filter_map(|side| halves[side].as_ref()).any(|half| {
                half.entries.first().is_some_and(|entry| matches!(entry.what, What::Gap { .. }))
            });
        let protocol = starttls::protocol(preface(client), preface(client.reverse()));
        // A client that has asked for nothing in clear began with TLS, whatever the server said.
        let asked = halves[client].is_none() || !preface(client).is_empty();
        let protocol = protocol.filter(|name| asked && (!torn || *name != starttls::UNKNOWN));
        let mut handshake = Handshake {
            started_by: protocol,
            plain_of_server: halves[client.reverse()].as_ref().and_then(|half| half.plain),
            ..Handshake::default()
        };
        let [low, high] = Direction::BOTH.map(|side| {
            let role = if side == client { Role::Client } else { Role::Server };
            handshake.take_over(halves[side].take(), role)
        });
        handshake.entries = merged(low, high);
        handshake.anomalies.sort_by_key(|anomaly| anomaly.frame);
        Some((handshake, client))
    }

    /// What was read of both directions, once nothing more comes.
    fn ended(mut self, last: Mark, limits: &Limits) -> PerDirection<Option<Box<Half>>> {
        let mut halves = PerDirection::default();
        for direction in Direction::BOTH {
            halves[direction] = self.sides[direction].take().map(|side| match side {
                Side::Opening(opening) => Box::new(Half::behind(*opening, limits)),
                Side::Tls(mut half) => {
                    half.end(last, limits);
                    half
                }
            });
        }
        halves
    }
}

impl Side {
    fn memory(&self) -> usize {
        match self {
            Self::Opening(opening) => opening.memory(),
            Self::Tls(half) => half.memory(),
        }
    }

    fn data(&mut self, bytes: &[u8], mark: Mark, keep: bool, limits: &Limits) -> Appetite {
        let opening = match self {
            Self::Opening(opening) => opening,
            Self::Tls(half) => {
                if keep {
                    half.kept.want();
                }
                return half.data(bytes, mark, limits);
            }
        };
        let opened = opening.data(bytes, mark, limits);
        let (Opened::Records { rest, .. } | Opened::Ssl2 { rest, .. }) = opened else {
            return if matches!(opened, Opened::Never) { Appetite::Done } else { Appetite::More };
        };
        let opening = std::mem::replace(&mut **opening, Opening::new());
        let mut half = Box::new(Half::behind(opening, limits));
        if keep {
            half.kept.want();
        }
        match &opened {
            Opened::Records { early, since, .. } => half.replay(early, *since, mark, limits),
            Opened::Ssl2 { message, since, .. } => half.ssl2(message, *since, mark),
            Opened::NotYet | Opened::Never => {}
        }
        let appetite = half.data(rest, mark, limits);
        *self = Self::Tls(half);
        appetite
    }

    fn gap(&mut self, (length, cause): (u64, GapCause), mark: Mark, limits: &Limits) {
        match self {
            Self::Opening(opening) => opening.gap(length, cause, mark),
            Self::Tls(half) => half.gap(length, cause, mark, limits),
        }
    }
}

fn decrypt(
    halves: &mut PerDirection<Option<Box<Half>>>,
    client: Direction,
    limits: &Limits,
    keys: &KeyLog,
) {
    let server = client.reverse();
    let mut sides = (halves[client].take(), halves[server].take());
    if let (Some(from_client), Some(from_server)) = (&mut sides.0, &mut sides.1) {
        decrypt::open(from_client, from_server, keys, limits);
    }
    (halves[client], halves[server]) = sides;
}

/// The client by what the sides said.
fn client(halves: &PerDirection<Option<Box<Half>>>) -> Option<Direction> {
    let said = |side: Direction, test: fn(&super::Message) -> bool| {
        halves[side].as_ref().is_some_and(|half| half.entries.iter().any(|e| is(e, test)))
    };
    let mut sides = Direction::BOTH.into_iter();
    sides.find(|side| said(*side, super::Message::is_of_client)).or_else(|| {
        Direction::BOTH.into_iter().find(|side| said(side.reverse(), super::Message::is_of_server))
    })
}

fn is(entry: &HalfEntry, test: fn(&super::Message) -> bool) -> bool {
    matches!(&entry.what, What::Message(message) if test(message))
}

/// The entries of two directions in the order in which they were there; the order within each
/// stays.
fn merged(
    low: impl ExactSizeIterator<Item = (u64, Entry)>,
    high: impl ExactSizeIterator<Item = (u64, Entry)>,
) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(low.len() + high.len());
    let mut high = high.peekable();
    for (since, entry) in low {
        while let Some((_, before)) = high.next_if(|(other, _)| *other < since) {
            entries.push(before);
        }
        entries.push(entry);
    }
    entries.extend(high.map(|(_, entry)| entry));
    entries
}

impl Handshake {
    /// Takes over what a direction says; gives its entries, each with the frame at
    /// which it and all before it were there. Segments may have come out of order, so
    /// its own frame may be an earlier one. A gap is found out late and delays nothing.
    fn take_over(
        &mut self,
        half: Option<Box<Half>>,
        from: Role,
    ) -> impl ExactSizeIterator<Item = (u64, Entry)> + use<> {
        let entries = half.map_or_else(Vec::new, |half| {
            self.limit_hit |= half.limit_hit;
            self.anomalies.extend(half.anomalies);
            half.entries
        });
        let mut reached = 0;
        entries.into_iter().map(move |entry| {
            // Missing packets are noticed late, missing ends of packets with the packet.
            if !matches!(
                entry.what,
                What::Gap { cause: GapCause::NotCaptured | GapCause::Limit, .. }
            ) {
                reached = reached.max(entry.last.frame);
            }
            let entry = Entry {
                from,
                first_frame: entry.first.frame,
                frame: entry.last.frame,
                time: entry.last.time,
                what: entry.what,
                decrypted: entry.decrypted,
            };
            (reached, entry)
        })
    }
}
