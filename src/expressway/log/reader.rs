//! From the bytes of a log file to its known events: one pass, one line at a time.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter};

use super::event::Event;
use super::frame::{self, Frame, Process};
use super::pairs::Pairs;
use super::true_name::TrueName;
use super::{Line, Log, alarm, system, traffic_server, tvcs};
use crate::expressway::paths::bounded;
use crate::limits::Limits;

/// Bytes read at once.
const BUFFER: usize = 256 * 1024;
/// Bytes of a line kept for showing.
const SHOWN: usize = 2048;
/// Names of DEBUG modules kept.
const MODULES: usize = 64;
/// Bytes at the begin of a line that hold its time and host.
const PROCESS: usize = 300;
/// Bytes at the begin of a line that hold its time.
const TIME: usize = 40;

/// What a line of each program must hold to be worth taking apart. Most lines of a log
/// hold none of it.
const TVCS_WORDS: [&str; 6] = [
    "Negotiation Error",
    "ssl_error_reason",
    "TCP Connection Closed",
    "in peer certificate",
    "Handshake ",
    "egistration Rejected",
];
const TRAFFIC_SERVER_WORDS: [&str; 7] = [
    "network.http.trafficserver",
    "erver certificate verification failed",
    "SSL connection failed for",
    ") not in certificate",
    "HTTP error response",
    "developer.trafficserver",
    "DEBUG:",
];
const OTHER_WORDS: [&str; 4] =
    ["larm", "iagnostic ", "DEBUG_MARKER", "ertificate verification failed for host"];

/// Reads a log. Memory holds one line (at most [`Limits::log_line_bytes`]) besides the
/// events; when reading fails, all up to there stands.
#[must_use]
pub fn read(input: impl Read, limits: &Limits) -> Log {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut reading = Reading::new(limits);
    let mut carry = Carry::default();
    loop {
        let buffer = match input.fill_buf() {
            Ok([]) => break,
            Ok(buffer) => buffer,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => {
                reading.log.broken_off = true;
                break;
            }
        };
        let taken = reading.buffer(buffer, &mut carry);
        input.consume(taken);
    }
    if !carry.is_empty() {
        reading.line(&carry.bytes, carry.cut);
    }
    reading.finish()
}

/// A line whose end was not in the buffer.
#[derive(Default)]
struct Carry {
    bytes: Vec<u8>,
    cut: bool,
}

impl Carry {
    fn push(&mut self, part: &[u8], most: usize) {
        let room = most.saturating_sub(self.bytes.len());
        self.cut |= part.len() > room;
        self.bytes.extend_from_slice(part.get(..room).unwrap_or(part));
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && !self.cut
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.cut = false;
    }
}

/// The words, ready for searching.
struct Words {
    tvcs: Vec<Finder<'static>>,
    traffic_server: Vec<Finder<'static>>,
    other: Vec<Finder<'static>>,
}

impl Words {
    fn new() -> Self {
        let finders =
            |words: &[&'static str]| words.iter().map(|word| Finder::new(*word)).collect();
        Self {
            tvcs: finders(&TVCS_WORDS),
            traffic_server: finders(&TRAFFIC_SERVER_WORDS),
            other: finders(&OTHER_WORDS),
        }
    }

    /// Whether a line may say something. Programs that are not known by name may write
    /// what any of the others writes (`b2bua` speaks SIP too).
    fn occur(&self, line: &[u8]) -> bool {
        let any = |words: &[Finder<'_>]| words.iter().any(|word| word.find(line).is_some());
        let mut spaces = memchr_iter(b' ', line.get(..PROCESS).unwrap_or(line));
        let process = spaces.nth(1).and_then(|space| line.get(space + 1..)).unwrap_or_default();
        if process.starts_with(b"tvcs") {
            any(&self.tvcs)
        } else if process.starts_with(b"traffic_server") {
            any(&self.traffic_server)
        } else {
            any(&self.other) || any(&self.tvcs) || any(&self.traffic_server)
        }
    }
}

struct Reading<'a> {
    log: Log,
    limits: &'a Limits,
    words: Words,
    /// Events kept: failures, and ordinary ones.
    rare: usize,
    ordinary: usize,
    /// Whether the last event's message stands in the lines that follow.
    awaits_message: bool,
    /// Begins of the first and the last line with a time.
    first: Vec<u8>,
    last: Vec<u8>,
}

impl<'a> Reading<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            log: Log::default(),
            limits,
            words: Words::new(),
            rare: 0,
            ordinary: 0,
            awaits_message: false,
            first: Vec::new(),
            last: Vec::new(),
        }
    }

    /// Takes the lines of a buffer; gives how many bytes were taken, which is all of it.
    fn buffer(&mut self, buffer: &[u8], carry: &mut Carry) -> usize {
        let most = self.limits.log_line_bytes;
        let mut rest = buffer;
        while let Some(end) = memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(end);
            if carry.is_empty() {
                let cut = line.len() > most;
                self.line(line.get(..most).unwrap_or(line), cut);
            } else {
                carry.push(line, most);
                self.line(&carry.bytes, carry.cut);
                carry.clear();
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        carry.push(rest, most);
        buffer.len()
    }

    fn line(&mut self, line: &[u8], cut: bool) {
        self.log.total += 1;
        self.log.cut += u64::from(cut);
        let bare = if self.log.total == 1 { line.strip_prefix(b"\xef\xbb\xbf") } else { None };
        let line = bare.unwrap_or(line);
        if !frame::is_framed(line) {
            self.log.unframed += 1;
            if self.awaits_message {
                self.message(line);
            }
            return;
        }
        self.awaits_message = false;
        self.last.clear();
        self.last.extend_from_slice(line.get(..TIME).unwrap_or(line));
        if self.first.is_empty() {
            self.first.clone_from(&self.last);
        }
        if self.words.occur(line) {
            self.known(&String::from_utf8_lossy(line));
        }
    }

    /// A line that may say something.
    fn known(&mut self, line: &str) {
        let line = line.trim_end();
        let Some(frame) = frame::parse(line) else { return };
        let pairs = Pairs::parse(frame.body);
        if frame.process == Process::TrafficServer && self.log.debug.len() < MODULES {
            let module = traffic_server::debug_module(frame.body, &pairs);
            self.log.debug.extend(module.map(|module| bounded(module, 64)));
        }
        if let Some(event) = event(&frame, &pairs) {
            self.keep(line, &frame, &pairs, event);
        }
    }

    fn keep(&mut self, line: &str, frame: &Frame<'_>, pairs: &Pairs<'_>, mut event: Event) {
        let count = if event.is_rare() { &mut self.rare } else { &mut self.ordinary };
        if *count >= self.limits.log_lines {
            self.log.dropped += 1;
            return;
        }
        *count += 1;
        self.awaits_message = event.message().is_some_and(|message| message.is_empty());
        self.log.lines.push(Line {
            number: self.log.total,
            time: frame.time(pairs),
            host: bounded(frame.host, 256),
            process: frame.process.clone(),
            event,
            text: bounded(line, SHOWN),
        });
    }

    /// A line behind a request or response without `Msg`. At DEBUG the message follows
    /// whole, its first line behind a bar: `|GET / HTTP/1.1`.
    fn message(&mut self, line: &[u8]) {
        let Some(line) = line.trim_ascii().strip_prefix(b"|") else { return };
        self.awaits_message = false;
        let Some(kept) = self.log.lines.last_mut() else { return };
        let said = super::event::kept(&String::from_utf8_lossy(line));
        match &mut kept.event {
            Event::ReceiveRequest { wanted, .. } => *wanted = TrueName::of_request(&said),
            Event::SendingResponse { status, .. } => *status = traffic_server::status(&said),
            _ => {}
        }
        if let Some(message) = kept.event.message() {
            *message = said;
        }
    }

    fn finish(mut self) -> Log {
        self.log.first = frame::local_time(&self.first);
        self.log.last = frame::local_time(&self.last);
        self.log
    }
}

/// What a line says, by the program that wrote it.
fn event(frame: &Frame<'_>, pairs: &Pairs<'_>) -> Option<Event> {
    match &frame.process {
        Process::TrafficServer => traffic_server::event(frame.body, pairs),
        Process::Tvcs => tvcs::event(pairs),
        Process::Xcp => tvcs::xmpp_event(frame.body),
        Process::Other(_) => other(frame, pairs),
    }
}

fn other(frame: &Frame<'_>, pairs: &Pairs<'_>) -> Option<Event> {
    let is_alarm = frame.process.name().eq_ignore_ascii_case("alarm")
        || pairs.get("Event").is_some_and(|event| event.contains("Alarm"));
    if is_alarm {
        return alarm::event(frame.body, pairs);
    }
    system::event(frame.body, pairs)
        .or_else(|| tvcs::event(pairs))
        .or_else(|| traffic_server::event(frame.body, pairs))
        .or_else(|| tvcs::xmpp_event(frame.body))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOG: &str = "\
2026-11-22T02:07:49.735+05:30 expc management: UTCTime=\"2026-11-21 20:37:49,735\" Event=\"Diagnostic Logging Started\" Detail=\"tcpdump On\" Level=\"1\"
2026-11-22T02:07:51.736+05:30 expc traffic_server[2]: UTCTime=\"2026-11-21 20:37:51,736\" Module=\"network.http.trafficserver\" Level=\"DEBUG\": Detail=\"Sending Request\" Txn-id=\"3\" Dst-ip=\"192.0.2.1\" Dst-port=\"6972\"\x20
HTTPMSG:
|GET /SEP1.cnf.xml HTTP/1.1
 Host: cucm.lab:6972
 |

2026-11-22T02:07:52.000+05:30 expc tvcs: Event=\"Call Attempted\" Service=\"SIP\"
2026-11-22T02:07:52.834+05:30 expc traffic_server[2]:[ET_NET 1]ERROR:SSL connection failed for 'cucm.lab':error:14094418: SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca
";

    fn log(text: &str) -> Log {
        read(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn a_log_from_begin_to_end() {
        let log = log(LOG);
        assert_eq!((log.total, log.unframed, log.cut, log.dropped), (9, 5, 0, 0));
        let numbers: Vec<u64> = log.lines.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [1, 2, 9]);
        let Event::SendingRequest { request, .. } = &log.lines[1].event else { panic!() };
        assert_eq!(request, "GET /SEP1.cnf.xml HTTP/1.1");
        assert_eq!(log.lines[2].process, Process::TrafficServer);
        assert!(log.lines[2].text.ends_with("unknown ca"));
        assert_eq!(log.lines[2].time.unwrap().to_string(), "2026-11-21T20:37:52.834000Z");
        assert_eq!(log.last, log.lines[2].time);
        assert_eq!(log.first, log.lines[0].time);
        assert!(log.debug.contains("network.http.trafficserver"));
    }

    #[test]
    fn failures_are_kept_when_ordinary_lines_are_too_many() {
        let mut text = LOG.repeat(3);
        text.push_str("2026-11-22T02:07:53.000+05:30 expc x: DEBUG_MARKER last");
        let limits = Limits { log_lines: 7, ..Limits::default() };
        let all = read(text.as_bytes(), &limits);
        assert_eq!((all.lines.len(), all.reached_limit()), (10, false));
        let limits = Limits { log_lines: 1, ..Limits::default() };
        let few = read(text.as_bytes(), &limits);
        assert_eq!((few.lines.len(), few.dropped, few.reached_limit()), (2, 8, true));
    }

    #[test]
    fn a_line_of_ten_megabytes_is_cut() {
        let begin = "2026-11-22T02:07:53.000+05:30 expc tvcs: Event=\"Registration Rejected\" Reason=\"a\" ";
        let text = format!("{begin}{}\n{begin}\n", "x".repeat(10 << 20));
        let log = log(&text);
        assert_eq!((log.total, log.cut, log.lines.len()), (2, 1, 2));
        assert_eq!(log.lines[0].text.len(), SHOWN);
    }

    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(ErrorKind::InvalidData.into())
        }
    }

    #[test]
    fn a_damaged_file_is_read_up_to_the_damage() {
        let log = read(LOG.as_bytes().chain(Broken), &Limits::default());
        assert_eq!((log.lines.len(), log.broken_off), (3, true));
    }

    proptest! {
        /// Lines of hostile bytes and of pieces of real ones: nothing panics, bounds hold,
        /// and small buffers read the same.
        #[test]
        fn hostile_lines(pieces in proptest::collection::vec(prop_oneof![
            proptest::sample::select(LOG.split_inclusive([' ', '"', '\n']).collect::<Vec<_>>())
                .prop_map(|piece| piece.as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 0..20),
        ], 0..60)) {
            let bytes = pieces.concat();
            let limits = Limits { log_lines: 3, log_line_bytes: 200, ..Limits::default() };
            let log = read(&bytes[..], &limits);
            let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
            prop_assert!(log.lines.len() <= 6 && log.total <= lines && log.total + 1 >= lines);
            prop_assert!(log.lines.iter().all(|line| line.text.len() <= SHOWN));
            let slow = read(Drip(&bytes), &limits);
            prop_assert_eq!(slow, log);
        }
    }

    /// Gives one byte at a time.
    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let few = buffer.len().min(1);
            self.0.read(&mut buffer[..few])
        }
    }
}
