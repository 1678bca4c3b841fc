//! What opened records hold: messages and alerts, with the frames of their records.

use crate::flow::Mark;
use crate::limits::Limits;
use crate::tls::half::HalfEntry;
use crate::tls::handshake::{Anomaly, What};
use crate::tls::kept::Record;
use crate::tls::message::{self, Body, Context, Message, kind};
use crate::tls::names;
use crate::wire::Reader;

/// ContentType values (RFC 8446, 5.1).
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;

/// Entries of one direction that come out of its encrypted records.
pub(super) struct Contents<'l> {
    limits: &'l Limits,
    pub(super) context: Context,
    /// Entries, each with the number of older entries that it belongs behind.
    pub(super) entries: Vec<(usize, HalfEntry)>,
    /// Older entries that are records which were opened.
    pub(super) opened: Vec<usize>,
    pub(super) anomalies: Vec<Anomaly>,
    joined: Vec<u8>,
    joined_since: Option<Mark>,
    messages: usize,
    bytes: usize,
    /// There were more messages than the limits allow.
    pub(super) full: bool,
}

impl<'l> Contents<'l> {
    pub(super) const fn new(context: Context, limits: &'l Limits) -> Self {
        Self {
            limits,
            context,
            entries: Vec::new(),
            opened: Vec::new(),
            anomalies: Vec::new(),
            joined: Vec::new(),
            joined_since: None,
            messages: 0,
            bytes: 0,
            full: false,
        }
    }

    /// Takes what a record held; gives the types of the handshake messages that it
    /// completed.
    pub(super) fn take(&mut self, content: u8, plain: &[u8], record: &Record) -> Vec<u8> {
        if record.noted {
            self.opened.push(record.after.saturating_sub(1));
        }
        match content {
            HANDSHAKE => return self.handshake(plain, record),
            ALERT => {
                for pair in plain.chunks_exact(2) {
                    if let [level, description] = *pair {
                        self.note(What::Alert { level, description }, record.first, record);
                    }
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// A record is missing: a message that it was part of cannot be completed.
    pub(super) fn forget_partial_message(&mut self) {
        self.joined.clear();
    }

    fn handshake(&mut self, plain: &[u8], record: &Record) -> Vec<u8> {
        let mut kinds = Vec::new();
        if self.full {
            return kinds;
        }
        if self.joined.is_empty() {
            self.joined_since = Some(record.first);
        }
        self.joined.extend_from_slice(plain);
        let joined = std::mem::take(&mut self.joined);
        let mut reader = Reader::new(&joined);
        while let Some((kind, body)) = self.next_message(&mut reader) {
            let since = self.joined_since.replace(record.first).unwrap_or(record.first);
            self.message(kind, body, since, record);
            kinds.push(kind);
        }
        self.joined = reader.remaining().to_vec();
        kinds
    }

    /// The next whole message, as long as the limits allow.
    fn next_message<'a>(&mut self, reader: &mut Reader<'a>) -> Option<(u8, &'a [u8])> {
        let mut ahead = *reader;
        let kind = ahead.u8()?;
        let length = usize::try_from(ahead.u24()?).ok()?;
        self.full = length > self.limits.handshake_bytes.saturating_sub(self.bytes)
            || self.messages >= self.limits.handshake_messages;
        if self.full {
            reader.remaining();
            return None;
        }
        let body = ahead.take(length)?;
        *reader = ahead;
        self.bytes += length + message::HEADER;
        self.messages += 1;
        Some((kind, body))
    }

    fn message(&mut self, kind: u8, body: &[u8], since: Mark, record: &Record) {
        let message = Message::decode(kind, body.len(), body, self.context);
        match &message.body {
            // The second handshake of a renegotiation may choose another suite.
            Body::ServerHello(hello) => {
                self.context.version = Some(hello.version());
                self.context.suite = hello.cipher_suite;
            }
            Body::Opaque if kind == kind::COMPRESSED_CERTIFICATE => {
                let algorithm = Reader::new(body).u16().unwrap_or_default();
                let name = names::certificate_compression_name(algorithm);
                let what = format!("a compressed certificate ({name}) that cannot be unpacked");
                self.anomalies.push(Anomaly { frame: record.last.frame, what });
            }
            _ => {}
        }
        self.note(What::Message(message), since, record);
    }

    pub(super) fn note(&mut self, what: What, first: Mark, record: &Record) {
        let entry = HalfEntry { first, last: record.last, what, decrypted: true };
        self.entries.push((record.after, entry));
    }
}
