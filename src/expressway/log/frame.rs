//! The frame of a line: `<local time with offset> <host> <process>[pid]: <body>`.

use super::pairs::Pairs;
use crate::time::Timestamp;

/// The program that wrote a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Process {
    /// `tvcs`: SIP.
    Tvcs,
    /// `traffic_server`: HTTPS towards Unified Communications nodes.
    TrafficServer,
    /// `XCP_…`: XMPP.
    Xcp,
    /// Another, by its name; empty if the line has none.
    Other(String),
}

impl Process {
    fn parse(name: &str) -> Self {
        match name {
            "tvcs" => Self::Tvcs,
            "traffic_server" => Self::TrafficServer,
            _ if name.starts_with("XCP_") => Self::Xcp,
            _ => Self::Other(name.chars().take(64).collect()),
        }
    }

    /// The name in the log; `XCP` for all programs of XMPP.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Tvcs => "tvcs",
            Self::TrafficServer => "traffic_server",
            Self::Xcp => "XCP",
            Self::Other(name) => name,
        }
    }
}

/// The parts of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    local_time: &'a str,
    pub(super) host: &'a str,
    pub(super) process: Process,
    pub(super) body: &'a str,
}

/// Whether a line begins with a time, so that it is no part of the one before.
pub(super) fn is_framed(line: &[u8]) -> bool {
    match line {
        [y, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', ..] => {
            y.is_ascii_digit()
        }
        _ => false,
    }
}

/// Takes a line apart. Published samples have no space behind `traffic_server[2030]:`,
/// and some lines no process at all.
pub(super) fn parse(line: &str) -> Option<Frame<'_>> {
    let (local_time, rest) = line.split_once(' ')?;
    let (host, rest) = rest.trim_start().split_once(' ')?;
    let rest = rest.trim_start();
    let end = rest.find([':', '[', ' ', '=']).unwrap_or(rest.len());
    let (name, behind) = rest.split_at_checked(end)?;
    if behind.starts_with('=') {
        let process = Process::Other(String::new());
        return Some(Frame { local_time, host, process, body: rest });
    }
    let behind = match behind.strip_prefix('[').and_then(|pid| pid.split_once(']')) {
        Some((pid, behind)) if pid.bytes().all(|b| b.is_ascii_digit()) => behind,
        _ => behind,
    };
    let body = behind.trim_start().strip_prefix(':').unwrap_or(behind).trim_start();
    Some(Frame { local_time, host, process: Process::parse(name), body })
}

impl Frame<'_> {
    /// When the line was written.
    pub(super) fn time(&self, pairs: &Pairs<'_>) -> Option<Timestamp> {
        pairs.get("UTCTime").and_then(utc_time).or_else(|| Timestamp::parse(self.local_time))
    }
}

/// `2026-11-21 20:38:00,015`, which is UTC.
fn utc_time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(&format!("{}Z", text.replacen(',', ".", 1)))
}

/// The time at the begin of a line, by its offset.
pub(super) fn local_time(line: &[u8]) -> Option<Timestamp> {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    Timestamp::parse(std::str::from_utf8(line.get(..end)?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_as_published() {
        let cases = [
            ("2026-11-22T02:07:49.735+05:30 expc tvcs: Event=\"x\"", Process::Tvcs, "Event=\"x\""),
            (
                "2026-01-29T14:01:16.974-05:00 exp-c traffic_server[2030]:[ET_NET 1]ERROR:x",
                Process::TrafficServer,
                "[ET_NET 1]ERROR:x",
            ),
            (
                "2026-11-21T20:38:02.015+00:00 expc traffic_server[2]: [ET_NET 0] x",
                Process::TrafficServer,
                "[ET_NET 0] x",
            ),
            ("2026-11-21T20:38:02.015+00:00 expc XCP_JABBERD[1]: x", Process::Xcp, "x"),
            (
                "2020-08-12T15:13:25.022-05:00 expc01 UTCTime=\"2020-08-12 20:13:25,022\" x",
                Process::Other(String::new()),
                "UTCTime=\"2020-08-12 20:13:25,022\" x",
            ),
        ];
        for (line, process, body) in cases {
            let frame = parse(line).unwrap();
            assert_eq!((frame.process, frame.body), (process, body), "{line}");
            assert!(is_framed(line.as_bytes()));
        }
        assert!(!is_framed(b"|GET / HTTP/1.1") && parse("one").is_none());
    }

    #[test]
    fn utc_goes_before_local_time() {
        let of = |line: &str| {
            let frame = parse(line).unwrap();
            frame.time(&Pairs::parse(frame.body)).unwrap().to_string()
        };
        let local = "2026-11-22T02:07:49.735+05:30 expc tvcs: x";
        assert_eq!(of(local), "2026-11-21T20:37:49.735000Z");
        let utc = "2026-11-22T02:07:49.735+05:30 expc tvcs: UTCTime=\"2026-11-21 20:37:50,001\"";
        assert_eq!(of(utc), "2026-11-21T20:37:50.001000Z");
        let damaged = "2026-11-22T02:07:49.735+05:30 expc tvcs: UTCTime=\"soon\"";
        assert_eq!(of(damaged), "2026-11-21T20:37:49.735000Z");
    }
}
