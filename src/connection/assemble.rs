//! Joins a flow and its handshake; certificates and verdicts are added later,
//! once per distinct certificate and chain.

use super::{Claim, HiddenKey, Inference, LedgerClass, Outcome, Renegotiation, Resumption};
use crate::flow::{Flow, GapCause, Mark};
use crate::limits::Limits;
use crate::packet::{Direction, Encapsulation, Endpoint};
use crate::tls::{Anomaly, Handshake, KeyLog, Observer, Role};

/// What TCP did, by role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tcp {
    /// The client's direction.
    pub client: TcpSide,
    /// The server's direction.
    pub server: TcpSide,
}

/// What one side did on the TCP level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpSide {
    /// Segments captured.
    pub segments: u64,
    /// Payload bytes on the wire, retransmissions counted in.
    pub bytes: u64,
    /// Its SYN or SYN-ACK.
    pub syn: Option<Mark>,
    /// Its first FIN.
    pub fin: Option<Mark>,
    /// Its first RST.
    pub rst: Option<Mark>,
    /// Its first RST that ended the connection.
    pub reset: Option<Mark>,
    /// It acknowledged payload of the other side.
    pub acknowledged: bool,
    /// Bytes of its payload that the other side never acknowledged.
    pub unacknowledged: u64,
    /// Bytes of its payload that it sent again, where some of them were never acknowledged.
    pub sent_again: u64,
}

impl Tcp {
    pub(super) fn of(flow: &Flow, client: Direction) -> Self {
        let side = |direction: Direction| {
            let half = flow.half(direction);
            let (unacknowledged, sent_again) = flow.unacknowledged(direction);
            TcpSide {
                segments: half.segments,
                bytes: half.bytes,
                syn: half.syn(),
                fin: half.fin(),
                rst: half.rst(),
                reset: half.reset(),
                acknowledged: flow.acknowledges(direction),
                unacknowledged,
                sent_again,
            }
        };
        Self { client: side(client), server: side(client.reverse()) }
    }

    /// Whether payload of a side was sent again and yet never acknowledged: as far as the capture
    /// shows, it did not arrive.
    #[must_use]
    pub const fn is_stuck(&self, role: Role) -> bool {
        let side = self.side(role);
        side.unacknowledged > 0 && side.sent_again >= side.unacknowledged
    }

    /// What `role` did.
    #[must_use]
    pub const fn side(&self, role: Role) -> &TcpSide {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }

    /// The first FIN and its sender.
    #[must_use]
    pub fn first_fin(&self) -> Option<(Role, Mark)> {
        self.first(|side| side.fin)
    }

    /// The first RST and its sender. A reset that answers the other side's FIN or
    /// comes behind it is no reset of the handshake.
    #[must_use]
    pub fn first_reset(&self) -> Option<(Role, Mark)> {
        let reset = self.first(|side| side.reset)?;
        let closed_before = self.first_fin().is_some_and(|fin| fin.1.frame < reset.1.frame);
        (!closed_before).then_some(reset)
    }

    /// Who ended it by TCP, where, and whether with a RST: the first of [`Self::first_reset`], else
    /// the first FIN.
    #[must_use]
    pub fn ended(&self) -> Option<(Role, Mark, bool)> {
        let reset = self.first_reset();
        let (by, mark) = reset.or_else(|| self.first_fin())?;
        Some((by, mark, reset.is_some()))
    }

    fn first(&self, pick: impl Fn(&TcpSide) -> Option<Mark>) -> Option<(Role, Mark)> {
        [(Role::Client, pick(&self.client)), (Role::Server, pick(&self.server))]
            .into_iter()
            .filter_map(|(role, mark)| Some((role, mark?)))
            .min_by_key(|(_, mark)| mark.frame)
    }
}

impl TcpSide {
    /// Its first RST, where that ended nothing. Behind its own FIN a host that has closed resets
    /// what was still under way to it, with the sequence number that was wanted then
    /// (RFC 9293, 3.10.7.1): nothing is odd about that.
    fn ignored_reset(&self) -> Option<Mark> {
        let closed_before = |rst: &Mark| self.fin.is_some_and(|fin| fin.frame <= rst.frame);
        self.rst.filter(|rst| self.reset != Some(*rst) && !closed_before(rst))
    }
}

/// What was seen of a TLS connection on the wire, before its certificates were looked at.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The client's end.
    pub client: Endpoint,
    /// The server's end.
    pub server: Endpoint,
    /// First frame.
    pub first: Mark,
    /// Last frame.
    pub last: Mark,
    /// TCP by role.
    pub tcp: Tcp,
    /// Tags and tunnels.
    pub encapsulation: Encapsulation,
    /// The handshake.
    pub handshake: Handshake,
    /// How it ended.
    pub outcome: Outcome,
    /// The second handshake inside the encryption of the first.
    pub renegotiation: Option<Renegotiation>,
    /// Whether it resumed a session.
    pub resumption: Resumption,
    /// What could be seen.
    pub ledger: LedgerClass,
    /// What record lengths tell of a TLS 1.3 handshake without keys.
    pub inferred: Vec<Inference>,
}

impl Observed {
    /// Concludes a connection: a TLS connection, or the class of one that is not.
    ///
    /// # Errors
    /// [`LedgerClass::NotTls`], [`LedgerClass::NoPayload`], or [`LedgerClass::CutBySnaplen`] or
    /// [`LedgerClass::Gap`] when what it is was not captured.
    pub fn conclude(
        flow: &Flow,
        observer: Option<Observer>,
        limits: &Limits,
        keys: &KeyLog,
    ) -> Result<Self, LedgerClass> {
        let opener = flow.opener();
        let hidden = observer.as_ref().and_then(Observer::hidden_by);
        let finished = observer.and_then(|observer| {
            observer.finish(opener, likely_client(flow), flow.last, limits, keys)
        });
        let Some((mut handshake, client)) = finished else {
            let silent = Direction::BOTH.iter().all(|side| flow.half(*side).bytes == 0);
            return Err(match (silent, hidden) {
                (true, _) => LedgerClass::NoPayload,
                (false, Some(GapCause::Snaplen)) => LedgerClass::CutBySnaplen,
                // Of a connection that was opened before the capture, most is missing anyway.
                (false, Some(_)) if opener.is_some() => LedgerClass::Gap,
                (false, _) => LedgerClass::NotTls,
            });
        };
        handshake.anomalies.extend(flow.reopened().map(|mark| Anomaly {
            frame: mark.frame,
            what: "another connection between the same ports begins here, without its SYN: it is not read".to_owned(),
        }));
        let tcp = Tcp::of(flow, client);
        let ignored =
            Role::BOTH.map(|role| tcp.side(role)).into_iter().filter_map(TcpSide::ignored_reset);
        handshake.anomalies.extend(ignored.map(|mark| Anomaly {
            frame: mark.frame,
            what: "a RST that does not belong to what was seen of the connection: it is not taken for its end".to_owned(),
        }));
        let outcome = Outcome::of(&handshake, &tcp);
        let resumption = Resumption::of(&handshake);
        Ok(Self {
            client: flow.key.sender(client),
            server: flow.key.receiver(client),
            first: flow.first,
            last: flow.last,
            tcp,
            encapsulation: flow.encapsulation,
            outcome,
            renegotiation: Renegotiation::of(&handshake, &tcp, limits),
            resumption,
            ledger: LedgerClass::of(&handshake, &tcp, outcome, resumption),
            inferred: super::inference::infer(&handshake),
            handshake,
        })
    }
}

impl Observed {
    /// The end that plays `role`.
    #[must_use]
    pub const fn end(&self, role: Role) -> Endpoint {
        match role {
            Role::Client => self.client,
            Role::Server => self.server,
        }
    }

    /// The first conclusion from record lengths that `pick` knows what to do with.
    pub fn inferred<T>(&self, pick: impl Fn(&Claim) -> Option<T>) -> Option<(&Inference, T)> {
        self.inferred.iter().find_map(|inference| Some((inference, pick(&inference.claim)?)))
    }

    /// The kind of the server's hidden key, by the lengths of records.
    #[must_use]
    pub fn inferred_server_key(&self) -> Option<(&Inference, HiddenKey)> {
        self.inferred(|claim| match claim {
            Claim::ServerKey(key) => Some(*key),
            _ => None,
        })
    }

    /// Whether the server sent its Finished, as a key log shows it or record lengths tell.
    #[must_use]
    pub fn has_server_finished(&self) -> bool {
        let handshake = &self.handshake;
        handshake.finished(Role::Server).is_some()
            || super::inference::server_flight_is_whole(handshake)
    }

    /// The random of the first ClientHello, if it has the right length: two handshakes never
    /// have the same (RFC 8446, 4.1.2).
    #[must_use]
    pub fn random(&self) -> Option<&[u8]> {
        let hello = self.handshake.client_hello()?;
        Some(hello.random.as_slice()).filter(|random| random.len() == 32)
    }

    /// The server name that the client sent.
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        self.handshake.client_hello()?.server_name.as_deref()
    }

    /// The cipher suite that the server chose.
    #[must_use]
    pub fn cipher_suite(&self) -> Option<u16> {
        self.handshake.server_hello().and_then(|(_, hello)| hello.cipher_suite)
    }

    /// The capture file is cut inside the frame that follows its last one: silence
    /// of a side says nothing.
    pub fn cut_off(&mut self) {
        if matches!(self.outcome, Outcome::Unanswered | Outcome::Unfinished) {
            self.outcome = Outcome::CutOff;
        }
    }
}

/// When nothing tells who is the client: the side with the higher port.
pub(super) fn likely_client(flow: &Flow) -> Direction {
    let port = |side: Direction| flow.key.sender(side).port;
    if port(Direction::FromLow) > port(Direction::FromHigh) {
        Direction::FromLow
    } else {
        Direction::FromHigh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_reset_that_ends_nothing_is_told_unless_its_sender_had_closed() {
        let at = |frame| Some(Mark { frame, time: Timestamp::default() });
        let told = |fin, rst, reset| {
            let side = TcpSide { fin, rst, reset, ..TcpSide::default() };
            side.ignored_reset().map(|mark| mark.frame)
        };
        assert_eq!(told(None, at(7), None), Some(7));
        assert_eq!(told(None, at(7), at(9)), Some(7));
        assert_eq!(told(None, at(7), at(7)), None);
        assert_eq!(told(at(5), at(7), None), None);
        assert_eq!(told(at(8), at(7), None), Some(7));
    }
}
