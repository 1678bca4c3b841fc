//! How a handshake ended, and whether it took up an earlier session.

use super::assemble::Tcp;
use super::inference;
use crate::tls::{Alert, ClientHello, Entry, Handshake, Role, What};

/// How a handshake ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Both sides finished.
    Completed,
    /// A side gave up with a fatal alert.
    Alert {
        /// Who gave up.
        by: Role,
        /// AlertDescription; `None` when it is encrypted.
        description: Option<u8>,
        /// Frame of the alert.
        frame: u64,
        /// That the record is an alert was concluded from its length and place.
        inferred: bool,
    },
    /// A side reset the TCP connection before the handshake was over.
    Reset {
        /// Who.
        by: Role,
        /// Frame of the RST.
        frame: u64,
    },
    /// A side closed the TCP connection before the handshake was over.
    Closed {
        /// Who.
        by: Role,
        /// Frame of the FIN.
        frame: u64,
    },
    /// The server neither answered nor acknowledged the ClientHello.
    Unanswered,
    /// The capture ends, or the connection fell silent, inside the handshake.
    Unfinished,
    /// The capture file is cut, in the middle of a frame, inside the handshake.
    CutOff,
    /// The capture does not show enough to tell.
    NotVisible,
}

impl Outcome {
    /// One word for it, as in the JSON document.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Alert { .. } => "aborted",
            Self::Reset { .. } => "reset",
            Self::Closed { .. } => "closed",
            Self::Unanswered => "unanswered",
            Self::Unfinished => "unfinished",
            Self::CutOff => "cut_off",
            Self::NotVisible => "not_visible",
        }
    }

    /// Who ended the handshake early.
    #[must_use]
    pub const fn aborted_by(&self) -> Option<Role> {
        match self {
            Self::Alert { by, .. } | Self::Reset { by, .. } | Self::Closed { by, .. } => Some(*by),
            _ => None,
        }
    }

    /// Whether the handshake is known to have failed.
    #[must_use]
    pub const fn failed(&self) -> bool {
        matches!(
            self,
            Self::Alert { .. } | Self::Reset { .. } | Self::Closed { .. } | Self::Unanswered
        )
    }

    /// Concludes from what was seen.
    #[must_use]
    pub(super) fn of(handshake: &Handshake, tcp: &Tcp) -> Self {
        if let Some(alert) = handshake.alerts().find(|alert| gives_up(alert, handshake, tcp)) {
            match answers_a_close(alert.description, alert.from, alert.frame, tcp) {
                // The handshake may have been over long before: then the alert says nothing of it.
                Some(closed) if !is_complete(handshake) => return closed,
                Some(_) => {}
                None => {
                    return Self::Alert {
                        by: alert.from,
                        description: Some(alert.description),
                        frame: alert.frame,
                        inferred: false,
                    };
                }
            }
        }
        // What an encrypted record means is told by what stands around it: where something is
        // missing, what looks like a refusal may be the end of a connection that went on.
        let refused = encrypted_refusal(handshake, tcp);
        if let Some(outcome) = refused.or_else(|| left_unconfirmed(handshake, tcp)) {
            return if all_is_visible(handshake, tcp) { outcome } else { Self::NotVisible };
        }
        if is_complete(handshake) {
            let refused_unseen = inference::server_word_is_missing(handshake);
            return if refused_unseen { Self::NotVisible } else { Self::Completed };
        }
        Self::of_unfinished(handshake, tcp)
    }

    fn of_unfinished(handshake: &Handshake, tcp: &Tcp) -> Self {
        if !all_is_visible(handshake, tcp) {
            return Self::NotVisible;
        }
        // A server that took the ClientHello may have needed longer than the capture.
        let silent = tcp.server.bytes == 0 && !tcp.server.acknowledged;
        let under_way = if silent { Self::Unanswered } else { Self::Unfinished };
        ended_by_tcp(handshake, tcp).unwrap_or(under_way)
    }
}

/// How the TCP connection was ended, if it was.
fn ended_by_tcp(handshake: &Handshake, tcp: &Tcp) -> Option<Outcome> {
    if let Some((by, mark)) = tcp.first_reset() {
        return Some(Outcome::Reset { by, frame: mark.frame });
    }
    // Who says close_notify closes, whichever FIN comes first.
    let goodbye = handshake.alerts().find(|alert| alert.description == CLOSE_NOTIFY);
    let said = goodbye.and_then(|alert| Some((alert.from, tcp.side(alert.from).fin?)));
    let (by, mark) = said.or_else(|| tcp.first_fin())?;
    Some(Outcome::Closed { by, frame: mark.frame })
}

pub(super) const CLOSE_NOTIFY: u8 = 0;

/// Whether a side gives up with this alert. One of the level warning does where it tells an
/// error and its sender ends the connection before the handshake is over (RFC 5246, 7.2.2: the
/// sender may choose the level; RFC 8446, 6: the level says nothing).
fn gives_up(alert: &Alert, handshake: &Handshake, tcp: &Tcp) -> bool {
    /// close_notify, no_certificate of SSL 3.0, user_canceled, no_renegotiation,
    /// unrecognized_name: no errors, or the handshake goes on.
    const NO_ERROR: [u8; 5] = [CLOSE_NOTIFY, 41, 90, 100, 112];
    let side = tcp.side(alert.from);
    let ended = side.fin.or(side.reset).is_some();
    alert.is_fatal() || !NO_ERROR.contains(&alert.description) && ended && !is_complete(handshake)
}

/// OpenSSL 3 answers the end of the stream inside a handshake with decode_error (50):
/// then the other side closed, and nothing was malformed.
fn answers_a_close(description: u8, from: Role, frame: u64, tcp: &Tcp) -> Option<Outcome> {
    const DECODE_ERROR: u8 = 50;
    let (by, mark) = tcp.first_fin()?;
    let answers = description == DECODE_ERROR && by != from && mark.frame < frame;
    answers.then_some(Outcome::Closed { by, frame: mark.frame })
}

/// With bytes missing, or one side, the rest of the handshake may have happened where
/// the capture did not look.
pub(super) fn all_is_visible(handshake: &Handshake, tcp: &Tcp) -> bool {
    let one_sided = tcp.client.segments == 0 || tcp.server.segments == 0;
    let begins = handshake.client_hello().is_some() && !lacks_server_hello(handshake);
    !one_sided && handshake.gaps().is_empty() && begins
}

/// Whether the server sent records that come behind a ServerHello, which itself was not seen.
fn lacks_server_hello(handshake: &Handshake) -> bool {
    let answered = handshake.server_hello().is_some() || handshake.hello_retry_request().is_some();
    let comes_behind = |entry: &Entry| {
        entry.from == Role::Server
            && matches!(
                entry.what,
                What::ChangeCipherSpec | What::EncryptedHandshake { .. } | What::Protected { .. }
            )
    };
    !answered && handshake.entries.iter().any(comes_behind)
}

/// Both sides sent a Finished, as far as encryption lets one see.
fn is_complete(handshake: &Handshake) -> bool {
    if handshake.server_hello().is_none() {
        return false;
    }
    if handshake.is_tls13() {
        return handshake.finished(Role::Client).is_some() || inference::client_went_on(handshake);
    }
    Role::BOTH.into_iter().all(|role| {
        handshake.finished(role).is_some()
            || (handshake.changed_cipher(role) && closed_records(handshake, role).next().is_some())
    })
}

/// Encrypted records of a side that no key has opened: what they are is concluded.
fn closed_records(handshake: &Handshake, role: Role) -> impl Iterator<Item = (&Entry, usize)> {
    handshake.encrypted(role).filter(|(entry, _)| !entry.decrypted)
}

/// An alert that is encrypted, told by where it stands.
fn encrypted_refusal(handshake: &Handshake, tcp: &Tcp) -> Option<Outcome> {
    let (by, frame, inferred) = encrypted_alert(handshake)?;
    // Behind the end of the other side's stream it answers that. A client of TLS 1.3 may
    // have finished, and closed, before the server refuses it.
    let closed = tcp.first_fin().filter(|(closer, fin)| *closer != by && fin.frame < frame);
    Some(match closed {
        Some((closer, fin)) if closer == Role::Server || !handshake.is_tls13() => {
            Outcome::Closed { by: closer, frame: fin.frame }
        }
        _ => Outcome::Alert { by, description: None, frame, inferred },
    })
}

/// The side that sent an encrypted alert before the handshake was over, the frame, and whether
/// that is concluded.
fn encrypted_alert(handshake: &Handshake) -> Option<(Role, u64, bool)> {
    if handshake.is_tls13() {
        inference::refusal(handshake).map(|(by, frame)| (by, frame, true))
    } else if is_complete(handshake) || handshake.server_hello().is_none() {
        // Without the ServerHello in sight the alert may be the close_notify of a
        // connection whose handshake was not captured.
        None
    } else {
        let entry = handshake
            .entries
            .iter()
            .take_while(|entry| !matches!(entry.what, What::Protected { .. }))
            .find(|entry| matches!(entry.what, What::EncryptedAlert { .. }) && !entry.decrypted)?;
        Some((entry.from, entry.frame, false))
    }
}

/// A server of TLS 1.3 that left without one record after the client's last flight: the client
/// believes that the handshake is complete, but the server has not shown that it accepted what
/// the client sent. One that is content sends a ticket, data, or at least close_notify.
fn left_unconfirmed(handshake: &Handshake, tcp: &Tcp) -> Option<Outcome> {
    let flight = client_flight(handshake)?;
    // Where one direction was recorded before the other, frames tell no order.
    let first = handshake.entries.iter().min_by_key(|entry| entry.frame)?;
    if first.from == Role::Server {
        return None;
    }
    let silent =
        handshake.entries.iter().all(|entry| entry.from == Role::Client || entry.frame <= flight);
    let outcome = ended_by_tcp(handshake, tcp)?;
    (silent && outcome.aborted_by() == Some(Role::Server)).then_some(outcome)
}

/// The frame in which the client of TLS 1.3 began its last flight.
fn client_flight(handshake: &Handshake) -> Option<u64> {
    if !handshake.is_tls13() {
        return None;
    }
    let went_on = || {
        let (first, _) = handshake.encrypted(Role::Client).next()?;
        inference::client_went_on(handshake).then_some(first.frame)
    };
    handshake.finished(Role::Client).map(|entry| entry.frame).or_else(went_on)
}

/// Whether an earlier session was taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumption {
    /// A full handshake.
    No,
    /// By session id (RFC 5246, 7.4.1.2).
    SessionId,
    /// By ticket (RFC 5077).
    Ticket,
    /// By pre-shared key of TLS 1.3 (RFC 8446, 2.2).
    Psk,
    /// A full handshake with a pre-shared key that both sides were given by other means, in
    /// place of certificates (RFC 8446, 2.2).
    ExternalPsk,
    /// The capture does not tell.
    Unknown,
}

impl Resumption {
    /// Whether an earlier session was taken up; nothing when it cannot be told.
    #[must_use]
    pub const fn known(self) -> Option<bool> {
        match self {
            Self::No | Self::ExternalPsk => Some(false),
            Self::SessionId | Self::Ticket | Self::Psk => Some(true),
            Self::Unknown => None,
        }
    }

    /// Whether a key from before this handshake was accepted in place of certificates, of an
    /// earlier session or not: what other tools call resumed (Zeek's `ssl.log`).
    #[must_use]
    pub const fn by_earlier_key(self) -> Option<bool> {
        match self {
            Self::ExternalPsk => Some(true),
            other => other.known(),
        }
    }

    /// By which key from before, in words.
    #[must_use]
    pub const fn how(self) -> Option<&'static str> {
        match self {
            Self::SessionId => Some("session id"),
            Self::Ticket => Some("ticket"),
            Self::Psk => Some("pre-shared key"),
            Self::ExternalPsk => Some("external pre-shared key"),
            Self::No | Self::Unknown => None,
        }
    }

    /// Concludes from the hellos and from what follows them.
    #[must_use]
    pub(super) fn of(handshake: &Handshake) -> Self {
        let Some((_, server)) = handshake.server_hello() else { return Self::Unknown };
        if handshake.is_tls13() {
            // What answers a HelloRetryRequest may offer other keys than the first hello.
            let offer = handshake.client_hellos().last();
            let age = server.accepted_psk().map(|at| offer?.1.psk_age(at));
            return match age {
                None if !server.whole => Self::Unknown,
                None => Self::No,
                // A ticket's age is masked with a random number; a key that never was a ticket
                // has the age 0 (RFC 8446, 4.2.11).
                Some(Some(0)) => Self::ExternalPsk,
                Some(_) => Self::Psk,
            };
        }
        // Certificate, ServerKeyExchange, ServerHelloDone: a full handshake.
        if [11, 12, 14].into_iter().any(|kind| handshake.has(Role::Server, kind)) {
            return Self::No;
        }
        let client = handshake.client_hello();
        let echoed = client.is_some_and(|client| {
            !server.session_id.is_empty() && client.session_id == server.session_id
        });
        // Behind a gap a session id that comes back still tells, if the version is known
        // (RFC 5246, 7.4.1.3); that no certificate is seen does not.
        let tells = handshake.changed_cipher(Role::Server) && !lacks_bytes_of_server(handshake);
        if server.version() == 0 || !(echoed || tells) {
            return Self::Unknown;
        }
        // With a ticket the client makes up a session id to see it echoed.
        if client.is_some_and(ClientHello::has_ticket) { Self::Ticket } else { Self::SessionId }
    }
}

/// Whether bytes of the server are missing between its hello and its ChangeCipherSpec.
fn lacks_bytes_of_server(handshake: &Handshake) -> bool {
    let of_server = handshake.entries.iter().filter(|entry| entry.from == Role::Server);
    of_server
        .skip_while(|entry| !matches!(entry.what, What::Message(_)))
        .take_while(|entry| entry.what != What::ChangeCipherSpec)
        .any(|entry| matches!(entry.what, What::Gap { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{GapCause, Mark};
    use crate::pipeline::{Config, analyze, source_from_file};
    use crate::time::Timestamp;
    use crate::tls::{Body, Extension, Message, ServerHello};

    const FINISHED: u8 = 20;
    const TICKET: u8 = 4;

    fn message(kind: u8, body: Body) -> What {
        What::Message(Message { kind, length: 0, body, whole: true })
    }

    fn extension(code: u16, body: &[u8]) -> Extension {
        Extension { code, body: body.to_vec(), whole: true }
    }

    /// A handshake of TLS 1.3 with extensions of both hellos, and what came behind them; each
    /// entry has a frame of its own.
    fn tls13(
        offered: &[Extension],
        chosen: &[Extension],
        rest: impl IntoIterator<Item = (Role, What)>,
    ) -> Handshake {
        let client = ClientHello { extensions: offered.to_vec(), ..ClientHello::default() };
        let extensions = [&[extension(43, &[3, 4])], chosen].concat();
        let server = ServerHello {
            extensions,
            cipher_suite: Some(0x1301),
            whole: true,
            ..Default::default()
        };
        let hellos = [
            (Role::Client, message(1, Body::ClientHello(Box::new(client)))),
            (Role::Server, message(2, Body::ServerHello(Box::new(server)))),
        ];
        let entries = hellos.into_iter().chain(rest).zip(1..).map(|((from, what), frame)| {
            let time = Timestamp::default();
            Entry { from, first_frame: frame, frame, time, what, decrypted: frame > 2 }
        });
        Handshake { entries: entries.collect(), ..Handshake::default() }
    }

    /// The server ends the stream without a close_notify, and OpenSSL answers that with
    /// decode_error: what it says of the handshake depends on whether that was over.
    #[test]
    fn an_alert_that_answers_the_end_of_a_finished_handshake_is_no_failure() {
        let finished = |from| (from, message(FINISHED, Body::Opaque));
        let ticket = || (Role::Server, message(TICKET, Body::NewSessionTicket { lifetime: 7200 }));
        let ends = |rest: Vec<(Role, What)>| {
            let frame = 3 + rest.len() as u64;
            let alert = (Role::Client, What::Alert { level: 2, description: 50 });
            let mut handshake = tls13(&[], &[], rest.into_iter().chain([alert]));
            handshake.entries.last_mut().unwrap().frame = frame + 1;
            let fin = Some(Mark { frame, time: Timestamp::default() });
            let mut tcp = Tcp::default();
            (tcp.client.segments, tcp.server.segments, tcp.server.fin) = (9, 9, fin);
            Outcome::of(&handshake, &tcp)
        };
        let (server, client) = (finished(Role::Server), finished(Role::Client));
        let over = vec![server.clone(), client.clone(), ticket()];
        assert_eq!(ends(over), Outcome::Completed);
        let silent = ends(vec![server.clone(), client]);
        assert!(matches!(silent, Outcome::Closed { by: Role::Server, .. }));
        let within = ends(vec![server]);
        assert!(matches!(within, Outcome::Closed { by: Role::Server, .. }));
    }

    /// The alert of the server is encrypted; behind a gap nothing tells that it is one.
    #[test]
    fn what_looks_like_a_refusal_beside_a_gap_is_neither_that_nor_completed() {
        let source = source_from_file("samples/mtls-refused-tls13.pcap".into());
        let report = analyze(vec![source], &Config::default());
        let observed = &report.connections[0].connection.observed;
        let mut handshake = observed.handshake.clone();
        let refused = Outcome::of(&handshake, &observed.tcp);
        assert!(matches!(refused, Outcome::Alert { by: Role::Server, inferred: true, .. }));
        let last = handshake.entries.last().unwrap().clone();
        let what = What::Gap { length: 600, cause: GapCause::NotCaptured };
        handshake.entries.push(Entry { from: Role::Server, what, ..last });
        assert_eq!(Outcome::of(&handshake, &observed.tcp), Outcome::NotVisible);
    }

    /// The first segment of the server is missing, and no number tells it.
    #[test]
    fn records_of_a_server_without_its_hello_are_the_rest_of_what_it_said() {
        let source = source_from_file("samples/tls13-client-refuses.pcap".into());
        let report = analyze(vec![source], &Config::default());
        let observed = &report.connections[0].connection.observed;
        let mut handshake = observed.handshake.clone();
        assert!(all_is_visible(&handshake, &observed.tcp));
        let hello = |what: &What| matches!(what, What::Message(message) if message.kind == 2);
        handshake.entries.retain(|entry| !hello(&entry.what));
        assert!(!all_is_visible(&handshake, &observed.tcp));
    }

    /// As OpenSSL offers a key that `-psk` gave it, and the ticket of an earlier session.
    #[test]
    fn a_key_given_by_other_means_resumes_nothing() {
        let taken_up = |offered: &[u8], selected: u8| {
            let handshake = tls13(&[extension(41, offered)], &[extension(41, &[0, selected])], []);
            assert!(!handshake.hides_certificates(Role::Server));
            Resumption::of(&handshake)
        };
        let keys = [&[0, 17, 0, 2, b'm', b'e', 0, 0, 0, 0, 0, 3, 1, 2, 3, 9, 8, 7, 6][..], &[0; 4]];
        let keys = keys.concat();
        assert_eq!(taken_up(&keys, 0), Resumption::ExternalPsk);
        let external = Resumption::ExternalPsk;
        assert_eq!((external.known(), external.by_earlier_key()), (Some(false), Some(true)));
        assert_eq!(taken_up(&keys, 1), Resumption::Psk);
        assert_eq!(taken_up(&keys, 2), Resumption::Psk, "an identity that was not offered");
        let without = tls13(&[], &[], []);
        assert_eq!(Resumption::of(&without), Resumption::No);
        assert!(without.hides_certificates(Role::Server));
    }

    /// What is said of a session whose hellos had these session ids, where the server went on
    /// with `then`.
    fn resumed(
        (offered, chosen): (&[u8], &[u8]),
        hello: ServerHello,
        then: &[What],
    ) -> Option<bool> {
        let message = |kind, body| What::Message(Message { kind, length: 0, body, whole: true });
        let client = ClientHello { session_id: offered.to_vec(), ..ClientHello::default() };
        let server = ServerHello { session_id: chosen.to_vec(), ..hello };
        let mut said = vec![
            (Role::Client, message(1, Body::ClientHello(Box::new(client)))),
            (Role::Server, message(2, Body::ServerHello(Box::new(server)))),
        ];
        said.extend(then.iter().map(|what| (Role::Server, what.clone())));
        let entry = |(from, what)| Entry {
            from,
            first_frame: 1,
            frame: 1,
            time: Timestamp::default(),
            what,
            decrypted: false,
        };
        let entries = said.into_iter().map(entry).collect();
        Resumption::of(&Handshake { entries, ..Handshake::default() }).known()
    }

    /// The Certificate message may be what is missing.
    #[test]
    fn that_no_certificate_is_seen_tells_nothing_behind_a_gap() {
        let whole = ServerHello { legacy_version: 0x0303, whole: true, ..ServerHello::default() };
        let cut = ServerHello { whole: false, ..whole.clone() };
        let cut_behind_suite = ServerHello { cipher_suite: Some(0xc02f), ..cut.clone() };
        let gap = What::Gap { length: 900, cause: GapCause::NotCaptured };
        let (with_gap, ccs) = ([gap.clone(), What::ChangeCipherSpec], [What::ChangeCipherSpec]);
        let (ticket, same) = ((&b""[..], &b""[..]), (&b"id"[..], &b"id"[..]));
        assert_eq!(resumed(ticket, whole.clone(), &ccs), Some(true));
        assert_eq!(resumed(ticket, whole.clone(), &[What::ChangeCipherSpec, gap]), Some(true));
        assert_eq!(resumed(ticket, whole.clone(), &with_gap), None);
        assert_eq!(resumed(same, whole.clone(), &with_gap), Some(true));
        // The version of TLS 1.3, which echoes every session id, may stand in what is cut.
        assert_eq!(resumed(same, cut.clone(), &with_gap), None);
        assert_eq!(resumed(same, cut_behind_suite, &with_gap), Some(true));
        let tls13 = |hello: ServerHello| {
            let version = Extension { code: 43, body: vec![3, 4], whole: true };
            ServerHello { extensions: vec![version], ..hello }
        };
        assert_eq!(resumed(same, tls13(whole), &ccs), Some(false));
        assert_eq!(resumed(same, tls13(cut), &with_gap), None);
    }
}
