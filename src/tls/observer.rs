//! One TLS connection: stream events in, [`Handshake`] out.

use super::decrypt;
use super::half::{Appetite, Half, HalfEntry};
use super::handshake::{Entry, Handshake, Role, What};
use super::keylog::KeyLog;
use super::starttls;
use crate::flow::{Mark, StreamEvent};
use crate::limits::Limits;
use crate::packet::{Direction, PerDirection};

/// Watches both directions of a connection.
#[derive(Debug, Default)]
pub struct Observer {
    halves: PerDirection<Option<Box<Half>>>,
    /// Encrypted records are kept, because there may be a key for them.
    keeps_records: bool,
    /// Whether there is a key for the client's random was looked up.
    looked_up: bool,
}

impl Observer {
    /// Bytes of memory in use beside its own size, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        let halves = Direction::BOTH.iter().filter_map(|side| self.halves[*side].as_ref());
        halves.map(|half| half.memory()).sum()
    }

    /// Takes the next event of a direction.
    pub fn event(
        &mut self,
        direction: Direction,
        event: &StreamEvent<'_>,
        mark: Mark,
        limits: &Limits,
        keys: &KeyLog,
    ) -> Appetite {
        self.keeps_records |= !self.looked_up && keys.may_open(None);
        let half = self.halves[direction].get_or_insert_with(|| Box::new(Half::new(limits)));
        if self.keeps_records {
            half.kept.want();
        }
        let appetite = match event {
            StreamEvent::Data { bytes, frame, time, .. } => {
                half.data(bytes, Mark { frame: *frame, time: *time }, limits)
            }
            StreamEvent::Gap { length, cause, .. } => {
                half.gap(*length, *cause, mark, limits);
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
        let Some(half) = &self.halves[direction] else { return };
        let Some(random) = decrypt::client_random(half) else { return };
        self.looked_up = true;
        self.keeps_records = keys.may_open(Some(random));
        if !self.keeps_records {
            for side in Direction::BOTH {
                if let Some(half) = &mut self.halves[side] {
                    half.kept.drop_all();
                }
            }
        }
    }

    /// Whether any direction is TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        Direction::BOTH.iter().any(|side| self.halves[*side].as_ref().is_some_and(|h| h.is_tls))
    }

    /// Whether the snapshot length hides what a direction is.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        Direction::BOTH.iter().any(|side| self.halves[*side].as_ref().is_some_and(|h| h.hidden))
    }

    /// Nothing more will come: joins both directions. `None` when none is TLS; else
    /// the handshake and which direction is the client's.
    ///
    /// `opener` opened the TCP connection and `fallback` is taken for the client
    /// when nothing else tells.
    #[must_use]
    pub fn finish(
        mut self,
        opener: Option<Direction>,
        fallback: Direction,
        last: Mark,
        limits: &Limits,
        keys: &KeyLog,
    ) -> Option<(Handshake, Direction)> {
        for side in Direction::BOTH {
            if let Some(half) = &mut self.halves[side] {
                half.end(last, limits);
            }
        }
        if !self.is_tls() {
            return None;
        }
        let client = self.client().or(opener).unwrap_or(fallback);
        self.decrypt(client, limits, keys);
        let preface = |side: Direction| {
            self.halves[side].as_ref().map_or(&[][..], |half| half.preface.as_slice())
        };
        let mut handshake = Handshake {
            started_by: starttls::protocol(preface(client), preface(client.reverse())),
            ..Handshake::default()
        };
        let mut entries: Vec<(u64, Entry)> = Vec::new();
        for side in Direction::BOTH {
            let role = if side == client { Role::Client } else { Role::Server };
            if let Some(half) = self.halves[side].take() {
                entries.extend(handshake.join(*half, role));
            }
        }
        // Merges the two directions; the order within each stays.
        entries.sort_by_key(|(known_since, _)| *known_since);
        handshake.entries = entries.into_iter().map(|(_, entry)| entry).collect();
        handshake.anomalies.sort_by_key(|anomaly| anomaly.frame);
        Some((handshake, client))
    }

    fn decrypt(&mut self, client: Direction, limits: &Limits, keys: &KeyLog) {
        let server = client.reverse();
        let mut sides = (self.halves[client].take(), self.halves[server].take());
        if let (Some(from_client), Some(from_server)) = (&mut sides.0, &mut sides.1) {
            decrypt::open(from_client, from_server, keys, limits);
        }
        (self.halves[client], self.halves[server]) = sides;
    }

    /// The client by what the sides said.
    fn client(&self) -> Option<Direction> {
        let said = |side: Direction, test: fn(&super::Message) -> bool| {
            self.halves[side].as_ref().is_some_and(|half| half.entries.iter().any(|e| is(e, test)))
        };
        Direction::BOTH.into_iter().find(|side| said(*side, super::Message::is_of_client)).or_else(
            || {
                Direction::BOTH
                    .into_iter()
                    .find(|side| said(side.reverse(), super::Message::is_of_server))
            },
        )
    }
}

fn is(entry: &HalfEntry, test: fn(&super::Message) -> bool) -> bool {
    matches!(&entry.what, What::Message(message) if test(message))
}

impl Handshake {
    /// Takes over what a direction says; gives its entries, each with the frame at
    /// which it and all before it were there. Segments may have come out of order, so
    /// its own frame may be an earlier one. A gap is found out late and delays nothing.
    fn join(&mut self, half: Half, from: Role) -> impl Iterator<Item = (u64, Entry)> {
        self.limit_hit |= half.limit_hit;
        self.anomalies.extend(half.anomalies);
        let mut reached = 0;
        half.entries.into_iter().map(move |entry| {
            if !matches!(entry.what, What::Gap { .. }) {
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
