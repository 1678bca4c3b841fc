//! Encrypted records that are kept because a key log may open them.

use super::record::{Content, RecordHeader};
use crate::flow::Mark;
use crate::limits::Limits;

/// An encrypted record, or the place of one.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) header: RecordHeader,
    /// What the record holds; nothing where only its place counts.
    pub(super) sealed: Sealed,
    pub(super) first: Mark,
    pub(super) last: Mark,
    /// How many entries the direction had once this record was noted: what comes out
    /// of it belongs behind these.
    pub(super) after: usize,
    /// The last of these entries is the record itself.
    pub(super) noted: bool,
}

/// The content of a record.
#[derive(Debug)]
pub(super) enum Sealed {
    /// All of it.
    Bytes(Vec<u8>),
    /// Not needed, or not all in the capture: it counts for the sequence number.
    PlaceOnly,
    /// A gap of unknown content: any number of records may have been here.
    Gap,
}

/// The encrypted records of one direction, in order.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) records: Vec<Record>,
    bytes: usize,
    wanted: bool,
    /// An encrypted handshake record came: TLS 1.2 or older, where the type of a
    /// record is told in clear and application data need not be kept.
    types_in_clear: bool,
}

impl Kept {
    /// Keeps records from now on.
    pub(super) const fn want(&mut self) {
        self.wanted = true;
    }

    /// There is no key: forgets what was kept.
    pub(super) fn drop_all(&mut self) {
        *self = Self::default();
    }

    /// Bytes of memory in use.
    pub(super) const fn memory(&self) -> usize {
        self.bytes + self.records.capacity() * size_of::<Record>()
    }

    /// Whether further records are kept.
    pub(super) const fn wants_more(&self, limits: &Limits) -> bool {
        self.wanted
            && self.records.len() < limits.kept_records
            && self.bytes < limits.handshake_bytes
    }

    /// Whether the payload of a record is kept.
    pub(super) const fn wants(&self, header: RecordHeader, limits: &Limits) -> bool {
        let bulk = matches!(header.content, Content::ApplicationData | Content::Heartbeat);
        self.wants_more(limits) && !(bulk && self.types_in_clear)
    }

    /// Keeps a record; the caller has asked [`Self::wants_more`].
    pub(super) fn push(&mut self, mut record: Record) {
        let bulk = matches!(record.header.content, Content::ApplicationData | Content::Heartbeat);
        self.types_in_clear |= record.header.content == Content::Handshake;
        if bulk && self.types_in_clear {
            record.sealed = Sealed::PlaceOnly;
        }
        if let Sealed::Bytes(bytes) = &record.sealed {
            self.bytes += bytes.len();
        }
        self.records.push(record);
    }
}
