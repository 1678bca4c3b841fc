//! Large captures whose contents are known exactly.
//!
//! Flows are made of real handshakes, taken from `samples/`: ends, sequence numbers, times
//! and client randoms are new in every flow, everything else stays. What a reader of
//! the capture must find is counted while it is written ([`Truth`]). The same mix and
//! size give the same bytes in every run.

#![allow(clippy::unwrap_used, reason = "a capture that cannot be made must end the run")]
#![allow(dead_code, reason = "benches and the example use different parts of it")]

#[path = "../../tests/toolkit/conversation.rs"]
mod conversation;
mod file;
mod flow;
mod mess;
mod packet;
mod template;

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

pub(crate) use file::Format;
use flow::Flow;
use template::Templates;

/// Nanoseconds from frame to frame.
const PACE: i64 = 5_000;

/// What a capture is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Few handshakes, long flows of application data in segments of 1,400 bytes.
    Bulk,
    /// Every flow a handshake that shows certificates.
    Handshakes,
    /// Tiny packets of very many short flows, of which one in a hundred is a handshake.
    Small,
    /// Handshakes and some data: split, reordered, sent again, and some data lost.
    Messy,
    /// SYN and SYN-ACK; of every 20th flow a ClientHello, and nothing else.
    ManyFlows,
}

impl Mix {
    pub(crate) const ALL: [Self; 5] =
        [Self::Bulk, Self::Handshakes, Self::Small, Self::Messy, Self::ManyFlows];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Handshakes => "handshakes",
            Self::Small => "small",
            Self::Messy => "messy",
            Self::ManyFlows => "manyflows",
        }
    }

    /// Flows that are open at the same time.
    const fn open(self) -> usize {
        match self {
            Self::Bulk => 64,
            Self::Messy => 256,
            Self::Handshakes | Self::Small | Self::ManyFlows => 1_000,
        }
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mix| mix.name() == word);
        found.ok_or_else(|| format!("no such mix: {word}"))
    }
}

/// When a capture is large enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// No flow is begun behind so many bytes.
    Bytes(u64),
    /// So many flows.
    Flows(u64),
}

impl FromStr for Size {
    type Err = String;

    /// A number of bytes, with `K`, `M` or `G` (powers of 1,024), or of `flows`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("no size: {text}");
        if let Some(flows) = text.strip_suffix("flows") {
            return Ok(Self::Flows(flows.parse().map_err(wrong)?));
        }
        let units = [('K', 10), ('M', 20), ('G', 30)];
        let unit = units.into_iter().find(|(unit, _)| text.ends_with(*unit));
        let (digits, shift) =
            unit.map_or((text, 0), |(unit, by)| (text.trim_end_matches(unit), by));
        let count: u64 = digits.parse().map_err(wrong)?;
        Ok(Self::Bytes(count << shift))
    }
}

/// What is in a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) bytes: u64,
    pub(crate) frames: u64,
    pub(crate) tcp_connections: u64,
    pub(crate) tls_connections: u64,
    /// Connections in which a ServerHello answers.
    pub(crate) server_hellos: u64,
    /// Handshakes that were completed.
    pub(crate) completed: u64,
    /// SHA-256 of every certificate that is shown in clear.
    pub(crate) certificates: BTreeSet<[u8; 32]>,
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "bytes={}", self.bytes)?;
        writeln!(f, "frames={}", self.frames)?;
        writeln!(f, "tcp_connections={}", self.tcp_connections)?;
        writeln!(f, "tls_connections={}", self.tls_connections)?;
        writeln!(f, "server_hellos={}", self.server_hellos)?;
        writeln!(f, "completed={}", self.completed)?;
        writeln!(f, "certificates={}", self.certificates.len())
    }
}

/// Writes a capture and says what is in it.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn generate(mix: Mix, size: Size, format: Format, out: impl Write) -> io::Result<Truth> {
    let templates = Templates::read();
    let mut dice = Dice(2026);
    let mut truth = Truth::default();
    let mut file = file::Writer::new(out, format)?;
    let mut open: Vec<Flow> = Vec::new();
    let mut time = templates.epoch();
    loop {
        let wanted = match size {
            Size::Bytes(bytes) => file.written() < bytes,
            Size::Flows(flows) => truth.tcp_connections < flows,
        };
        if wanted && open.len() < mix.open() {
            open.push(Flow::begin(mix, &templates, &mut truth, &mut dice));
            continue;
        }
        if open.is_empty() {
            break;
        }
        let at = dice.below(open.len());
        match open.get_mut(at).and_then(Flow::next_packet) {
            Some(packet) => {
                file.frame(time, packet)?;
                truth.frames += 1;
                time += PACE;
            }
            None => drop(open.swap_remove(at)),
        }
    }
    truth.bytes = file.finish()?;
    Ok(truth)
}

/// A small generator of numbers that look random, the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    /// True once in `n` times.
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}
