//! How long a handshake took, in the capture's own clock.

use super::Connection;
use crate::tls::{Entry, Role, What};

/// Durations in nanoseconds; absent where one of the two moments was not captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// SYN to SYN-ACK: the round trip from where the capture was taken.
    pub tcp_round_trip: Option<i64>,
    /// First ClientHello to ServerHello.
    pub hello_to_hello: Option<i64>,
    /// First ClientHello to the last Finished, or to what ended the handshake.
    pub hello_to_end: Option<i64>,
}

/// Who leaves later than this after the last message, in nanoseconds, has waited for more; who
/// refuses leaves at once.
const PATIENCE: i64 = 1_000_000_000;

impl Connection {
    /// How long its handshake took.
    #[must_use]
    pub fn timing(&self) -> Timing {
        let hello = self.handshake.client_hellos().next().map(|(entry, _)| entry.time);
        // Where one direction was recorded before the other the order of frames is not
        // that of time: no duration is better than a negative one.
        let sensible = |nanos: &i64| *nanos >= 0;
        let since_hello =
            |entry: &Entry| hello.map(|hello| entry.time.since(hello)).filter(sensible);
        let (syn, answer) = (self.tcp.client.syn, self.tcp.server.syn);
        Timing {
            tcp_round_trip: syn
                .zip(answer)
                .map(|(syn, answer)| answer.time.since(syn.time))
                .filter(sensible),
            hello_to_hello: self.handshake.server_hello().and_then(|(entry, _)| since_hello(entry)),
            hello_to_end: self.last_step().and_then(since_hello),
        }
    }

    /// How long `role` waited before it left, in nanoseconds, where that was long.
    #[must_use]
    pub fn waited(&self, role: Role) -> Option<i64> {
        let tcp = self.tcp.side(role);
        let left = tcp.fin.into_iter().chain(tcp.reset).map(|mark| mark.time).min()?;
        let entries = self.handshake.entries.iter();
        let last = entries.map(|entry| entry.time).filter(|time| *time < left).max()?;
        let waited = left.since(last);
        (waited > PATIENCE).then_some(waited)
    }

    /// The entry with which the handshake ended: the alert of an aborted one, else
    /// the later of both sides' Finished.
    fn last_step(&self) -> Option<&Entry> {
        if let super::Outcome::Alert { frame, .. } = self.outcome {
            return self.handshake.entries.iter().find(|entry| entry.frame == frame);
        }
        if self.outcome != super::Outcome::Completed {
            return None;
        }
        Role::BOTH
            .into_iter()
            .filter_map(|role| self.finished(role))
            .max_by_key(|entry| entry.frame)
    }

    /// A side's Finished: itself where a key log shows it, else the side's first
    /// encrypted record, or in TLS 1.3 the client's.
    fn finished(&self, role: Role) -> Option<&Entry> {
        if let Some(entry) = self.handshake.finished(role) {
            return Some(entry);
        }
        let (hello, _) = self.handshake.server_hello()?;
        if self.handshake.is_tls13() && role == Role::Server {
            return None;
        }
        self.handshake.encrypted(role).map(|(entry, _)| entry).find(|entry| {
            entry.frame >= hello.frame && !matches!(entry.what, What::EncryptedAlert { .. })
        })
    }
}
