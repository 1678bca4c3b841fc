//! A handshake inside the encryption of an earlier one (RFC 5246, 7.4.1.1; RFC 5746).

use super::assemble::Tcp;
use super::outcome::{self, CLOSE_NOTIFY};
use crate::limits::Limits;
use crate::tls::{Entry, Handshake, Role, What};

/// A second handshake that was begun after the first was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renegotiation {
    /// Who began: the server with a HelloRequest, or the client with a ClientHello. Neither may
    /// send another handshake message there, so it need not be readable.
    pub by: Role,
    /// Frame of that message.
    pub frame: u64,
    /// What came of it.
    pub end: RenegotiationEnd,
}

/// What came of a second handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenegotiationEnd {
    /// Both sides changed to new keys and sent what must be their Finished.
    Completed,
    /// A side sent an alert before it was over.
    Alert {
        /// Who.
        by: Role,
        /// AlertDescription; `None` when it is encrypted.
        description: Option<u8>,
        /// Frame of the alert.
        frame: u64,
        /// Its sender had sent application data in between.
        went_on: bool,
    },
    /// A side closed or reset the TCP connection before it was over.
    Left {
        /// Who.
        by: Role,
        /// Frame of the FIN or RST.
        frame: u64,
        /// Whether it was a RST.
        reset: bool,
    },
    /// It was not over when the capture, or the connection, fell silent.
    Open,
}

impl Renegotiation {
    /// Concludes from what was seen, if all of it was.
    pub(super) fn of(handshake: &Handshake, tcp: &Tcp, limits: &Limits) -> Option<Self> {
        let visible = outcome::all_is_visible(handshake, tcp);
        if !visible || handshake.server_hello().is_none() || handshake.is_tls13() {
            return None;
        }
        let at = Role::BOTH.into_iter().filter_map(|role| second(handshake, role)).min()?;
        let (before, behind) = handshake.entries.split_at_checked(at)?;
        let complete = Role::BOTH.into_iter().all(|role| has_finished(before, role));
        let (begin, behind) = behind.split_first()?;
        let end = if Role::BOTH.into_iter().all(|role| has_finished(behind, role)) {
            RenegotiationEnd::Completed
        } else {
            // Behind so many records no more is read.
            let read = |role| handshake.encrypted(role).count() < limits.encrypted_records;
            Role::BOTH.into_iter().all(read).then(|| end(behind, tcp))?
        };
        complete.then_some(Self { by: begin.from, frame: begin.frame, end })
    }

    /// Whether it was begun and did not come to its end.
    #[must_use]
    pub const fn failed(&self) -> bool {
        !matches!(self.end, RenegotiationEnd::Completed)
    }
}

/// Place of the first encrypted handshake record of a side behind its Finished.
fn second(handshake: &Handshake, role: Role) -> Option<usize> {
    let own = handshake.entries.iter().enumerate().filter(|(_, entry)| entry.from == role);
    let mut behind = own.skip_while(|(_, entry)| entry.what != What::ChangeCipherSpec).skip(1);
    behind.find(|(_, entry)| is_handshake(entry))?;
    let (at, _) = behind.find(|(_, entry)| is_handshake(entry))?;
    Some(at)
}

const fn is_handshake(entry: &Entry) -> bool {
    matches!(entry.what, What::EncryptedHandshake { .. })
}

/// Whether a side sent a ChangeCipherSpec and a handshake record behind it.
fn has_finished(entries: &[Entry], role: Role) -> bool {
    let mut own = entries.iter().filter(|entry| entry.from == role);
    own.any(|entry| entry.what == What::ChangeCipherSpec) && own.any(is_handshake)
}

/// How what follows the first message of a handshake ends it.
fn end(behind: &[Entry], tcp: &Tcp) -> RenegotiationEnd {
    let alert = behind.iter().enumerate().find_map(|(at, entry)| match entry.what {
        What::Alert { description, .. } => Some((at, entry, Some(description))),
        What::EncryptedAlert { .. } if !entry.decrypted => Some((at, entry, None)),
        _ => None,
    });
    if let Some((at, entry, description)) = alert.filter(|alert| alert.2 != Some(CLOSE_NOTIFY)) {
        let before = behind.iter().take(at).filter(|other| other.from == entry.from);
        let went_on = before.into_iter().any(|other| matches!(other.what, What::Protected { .. }));
        return RenegotiationEnd::Alert {
            by: entry.from,
            description,
            frame: entry.frame,
            went_on,
        };
    }
    tcp.ended().map_or(RenegotiationEnd::Open, |(by, mark, reset)| RenegotiationEnd::Left {
        by,
        frame: mark.frame,
        reset,
    })
}
