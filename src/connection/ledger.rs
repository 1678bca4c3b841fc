//! The completeness ledger: every TCP connection is in exactly one class, so that
//! silence never looks like a clean bill.

use super::assemble::Tcp;
use super::{Outcome, Resumption};
use crate::flow::GapCause;
use crate::tls::{Handshake, Role};

/// What could be seen of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LedgerClass {
    /// Everything, certificates included; in TLS 1.3 with the help of a key log.
    Decoded,
    /// TLS 1.3 encrypts the certificates.
    HiddenByTls13,
    /// An earlier session was resumed: there are no certificates.
    Resumed,
    /// The snapshot length cut packets of the handshake.
    CutBySnaplen,
    /// Packets of the handshake are missing.
    Gap,
    /// Only one direction was captured.
    OneSided,
    /// The capture began after the connection did.
    BegunMidStream,
    /// The handshake ended, or the capture, before all certificates were shown.
    Unfinished,
    /// Payload, but no TLS.
    NotTls,
    /// No payload at all: refused, unanswered or idle.
    NoPayload,
}

impl LedgerClass {
    /// All classes, in the order in which they are told.
    pub const ALL: [Self; 10] = [
        Self::Decoded,
        Self::HiddenByTls13,
        Self::Resumed,
        Self::CutBySnaplen,
        Self::Gap,
        Self::OneSided,
        Self::BegunMidStream,
        Self::Unfinished,
        Self::NotTls,
        Self::NoPayload,
    ];

    /// Its word in the JSON document.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Decoded => "decoded",
            Self::HiddenByTls13 => "hidden_by_tls13",
            Self::Resumed => "resumed",
            Self::CutBySnaplen => "cut_by_snaplen",
            Self::Gap => "gap",
            Self::OneSided => "one_sided",
            Self::BegunMidStream => "begun_mid_stream",
            Self::Unfinished => "unfinished",
            Self::NotTls => "not_tls",
            Self::NoPayload => "no_payload",
        }
    }

    /// What it means, for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Decoded => "decoded",
            Self::HiddenByTls13 => "certificates hidden by TLS 1.3",
            Self::Resumed => "resumed, no certificates sent",
            Self::CutBySnaplen => "packets cut by the snapshot length",
            Self::Gap => "packets missing from the handshake",
            Self::OneSided => "only one direction captured",
            Self::BegunMidStream => "begun before the capture",
            Self::Unfinished => "handshake ended before all certificates were shown",
            Self::NotTls => "not TLS",
            Self::NoPayload => "no payload (refused, unanswered, idle)",
        }
    }

    /// The class of a TLS connection.
    #[must_use]
    pub(super) fn of(
        handshake: &Handshake,
        tcp: &Tcp,
        outcome: Outcome,
        resumption: Resumption,
    ) -> Self {
        let lost = |cause| handshake.gaps().iter().any(|(_, _, why)| *why == cause);
        if tcp.client.segments == 0 || tcp.server.segments == 0 {
            Self::OneSided
        } else if handshake.client_hello().is_none() && tcp.client.syn.is_none() {
            Self::BegunMidStream
        } else if handshake.certificates_are_whole(Role::Server) == Some(true) {
            Self::Decoded
        } else if lost(GapCause::Snaplen) {
            Self::CutBySnaplen
        } else if lost(GapCause::NotCaptured) || lost(GapCause::Limit) {
            Self::Gap
        } else if resumption.known() == Some(true) {
            Self::Resumed
        } else if handshake.hides_certificates(Role::Server) {
            Self::HiddenByTls13
        } else if outcome == Outcome::Completed {
            // Anonymous and pre-shared key suites show no certificate.
            Self::Decoded
        } else if outcome == Outcome::NotVisible {
            // Some of it must be missing, though no sequence number tells so.
            Self::Gap
        } else {
            Self::Unfinished
        }
    }
}
