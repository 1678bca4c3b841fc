//! The encrypted records of each side that belong to the handshake.

use super::key::HiddenKey;
use super::shape::Shape;
use crate::tls::{ClientHello, Entry, Handshake, Role, What};

/// Length of a CertificateVerify without its signature: header, scheme, length
/// (RFC 8446, 4.4.3).
const VERIFY_FRAME: usize = 4 + 2 + 2;

/// A record whose content is encrypted, or an alert in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Frame of its last byte.
    pub frame: u64,
    /// Length of its payload, as Wireshark's `tls.record.length`.
    pub length: usize,
}

/// The server's records: its flight, and what came then. `None` when bytes of them are
/// missing.
pub(super) fn of_server(handshake: &Handshake) -> Option<Vec<Record>> {
    all(handshake, Role::Server)
}

/// The server's records in front of the first one of the client's answer.
pub(super) fn of_server_before(handshake: &Handshake, answer: u64) -> Option<Vec<Record>> {
    let records = all(handshake, Role::Server)?;
    Some(records.into_iter().filter(|record| record.frame < answer).collect())
}

/// The server's records behind the first one of the client's answer.
pub(super) fn of_server_after(handshake: &Handshake, answer: u64) -> Option<Vec<Record>> {
    let records = all(handshake, Role::Server)?;
    Some(records.into_iter().filter(|record| record.frame > answer).collect())
}

/// The client's records. `None` when bytes of them are missing, or when data sent
/// early may be among them (RFC 8446, 4.2.10). Frames tell nothing here: one direction
/// may have been recorded before the other.
pub(super) fn of_client(handshake: &Handshake) -> Option<Vec<Record>> {
    handshake.server_hello()?;
    let early = handshake.client_hello().is_some_and(ClientHello::offers_early_data);
    if early { None } else { all(handshake, Role::Client) }
}

fn all(handshake: &Handshake, from: Role) -> Option<Vec<Record>> {
    let record = |(entry, length): (&Entry, usize)| Record { frame: entry.frame, length };
    (!lacks_bytes(handshake, from)).then(|| handshake.encrypted(from).map(record).collect())
}

/// Whether bytes of a side are missing.
pub(super) fn lacks_bytes(handshake: &Handshake, from: Role) -> bool {
    let mut of_side = handshake.entries.iter().filter(|entry| entry.from == from);
    of_side.any(|entry| matches!(entry.what, What::Gap { .. }))
}

/// A flight in which CertificateVerify and Finished have a record each, as OpenSSL,
/// GnuTLS, Go and Java's sockets send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed<'a> {
    /// The records in front of CertificateVerify.
    pub(super) before: &'a [Record],
    /// The record that holds CertificateVerify.
    pub(super) verify: Record,
    /// Whose signature is so long.
    pub(super) key: HiddenKey,
    /// What each record adds to the messages in it.
    pub(super) overhead: usize,
}

impl<'a> Signed<'a> {
    /// Finds the record of a Finished, behind one that is as long as a signature,
    /// behind at least `before` others. Two readings of one flight are none.
    pub(super) fn find(records: &'a [Record], shape: Shape, before: usize) -> Option<Self> {
        let mut readings = shape
            .overheads()
            .into_iter()
            .filter_map(|overhead| Self::with_overhead(records, shape, before, overhead));
        let reading = readings.next()?;
        readings.next().is_none().then_some(reading)
    }

    fn with_overhead(
        records: &'a [Record],
        shape: Shape,
        before: usize,
        overhead: usize,
    ) -> Option<Self> {
        let at = records
            .iter()
            .enumerate()
            .skip(before + 1)
            .find(|(_, record)| record.length == shape.finished + overhead)
            .map(|(at, _)| at)?;
        let verify = *records.get(at.checked_sub(1)?)?;
        let signature = verify.length.checked_sub(overhead + VERIFY_FRAME)?;
        let key = HiddenKey::of_signature(signature)?;
        Some(Self { before: records.get(..at - 1)?, verify, key, overhead })
    }
}

/// Whether records may be one message in pieces: all but the last are of one length,
/// and none is longer.
pub(super) fn may_be_pieces(records: &[Record]) -> bool {
    let Some((last, others)) = records.split_last() else { return false };
    let whole = others.first().map_or(last.length, |first| first.length);
    last.length <= whole && others.iter().all(|record| record.length == whole)
}

/// Length of the message that `records` hold in pieces.
pub(super) fn joined_length(records: &[Record], overhead: usize) -> usize {
    records.iter().map(|record| record.length.saturating_sub(overhead)).sum()
}
