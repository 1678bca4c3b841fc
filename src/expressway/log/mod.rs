//! The log of one Expressway (`loggingsnapshot`): the lines that say something about TLS
//! or about what led to it, as typed events.
//!
//! Forms of the lines are those that Cisco's documents show ("Troubleshoot Expressway
//! Traffic Server Certificate Verification", doc 218018; doc 225476; "Troubleshoot
//! Webex Hybrid Call Service Connect"; "Configure and troubleshoot MRA") and, for the
//! warnings of the traffic server, those of Apache Traffic Server's source.

mod alarm;
mod cause;
mod event;
mod frame;
mod pairs;
mod reader;
mod system;
mod traffic_server;
mod true_name;
mod tvcs;

use std::collections::BTreeSet;

pub use cause::{Cause, verification_code};
pub use event::{Action, Event, Stage};
pub use frame::Process;
pub use reader::read;
pub use true_name::TrueName;

use crate::time::Timestamp;

/// What a log says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Lines with a known event, in the order of the file.
    pub lines: Vec<Line>,
    /// Lines of the file.
    pub total: u64,
    /// Lines without time and host: parts of messages that were logged whole.
    pub unframed: u64,
    /// Lines longer than [`crate::limits::Limits::log_line_bytes`], read up to there.
    pub cut: u64,
    /// Known events left out because there were more than
    /// [`crate::limits::Limits::log_lines`].
    pub dropped: u64,
    /// Time of the first line.
    pub first: Option<Timestamp>,
    /// Time of the last line.
    pub last: Option<Timestamp>,
    /// Modules of the traffic server that logged at DEBUG: absence of their lines means
    /// something only if they are here.
    pub debug: BTreeSet<String>,
    /// Whether the file could not be read to its end.
    pub broken_off: bool,
}

impl Log {
    /// Adds the log of a further file.
    pub fn append(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.total += other.total;
        self.unframed += other.unframed;
        self.cut += other.cut;
        self.dropped += other.dropped;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        self.debug.extend(other.debug);
        self.broken_off |= other.broken_off;
    }

    /// Whether known events are missing because of a bound.
    #[must_use]
    pub fn reached_limit(&self) -> bool {
        self.dropped > 0
    }
}

/// One line with a known event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of the line in its file, from 1.
    pub number: u64,
    /// When it was written, by `UTCTime` if it has one, else by the local time and its
    /// offset. Captures carry UTC: this is what to compare them with.
    pub time: Option<Timestamp>,
    /// The host that wrote it.
    pub host: String,
    /// The program that wrote it.
    pub process: Process,
    /// What it says.
    pub event: Event,
    /// The line itself, cut at 2,048 bytes. May hold control characters: to be shown
    /// through [`crate::wire::text`] only.
    pub text: String,
}
