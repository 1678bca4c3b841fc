//! The robustness matrix: real handshakes in many variants of segmentation, order,
//! loss, link layer, tunnel and file format.
//!
//! Passed means: everything that is in the file is shown, and what is absent is
//! named. The handshakes are recorded ones (one completed with certificates of both
//! sides, one refused with an alert, one of TLS 1.3); a variant changes how they
//! were sent or captured, never what was said.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use serde_json::Value;
use toolkit::conversation::{ACK, Conversation, FIN, PSH, RST, SYN, Segment, ipv6_ends, pieces};
use toolkit::file::{self, Frame, Style};
use toolkit::look::{self, connections, differences, document, facts, only};
use toolkit::wrap::{self, ETHERNET, WRAPPINGS, WRAPPINGS_OF_IPV6, Wrapping, plain};
use toolkit::{Dice, samples};

const HANDSHAKES: [&str; 3] = ["mtls-accepted.pcap", "root-missing.pcap", "tls13-trusted.pcap"];

/// One way in which a handshake may come.
struct Variant {
    name: String,
    file: Vec<u8>,
    expected: Expected,
}

/// What must be seen of it.
enum Expected {
    /// All of it.
    All,
    /// All of it, and told to be wrapped in these.
    Wrapped(&'static [&'static str]),
    /// Part of it: gives what is wrong with the document.
    Part(Judge),
}

/// Looks at the documents on the original and on the variant.
type Judge = Box<dyn Fn(&Value, &Value) -> Vec<String>>;

impl Variant {
    fn all(name: impl Into<String>, talk: &Conversation) -> Self {
        Self::of_file(name, pcap(&plain(talk)))
    }

    fn of_file(name: impl Into<String>, file: Vec<u8>) -> Self {
        Self { name: name.into(), file, expected: Expected::All }
    }

    fn part(
        name: impl Into<String>,
        talk: &Conversation,
        wrong: impl Fn(&Value, &Value) -> Vec<String> + 'static,
    ) -> Self {
        Self { expected: Expected::Part(Box::new(wrong)), ..Self::all(name, talk) }
    }

    /// What is wrong with what is seen of it.
    fn failures(&self, original: &Value) -> Vec<String> {
        let seen = document(&self.file);
        let wrong = match &self.expected {
            Expected::All => all_is_there(original, &seen),
            Expected::Wrapped(told) => {
                let mut wrong = all_is_there(original, &seen);
                let names = &only(&seen)["encapsulation"];
                if *names != Value::from(told.to_vec()) {
                    wrong.push(format!("encapsulation: {names}"));
                }
                wrong
            }
            Expected::Part(wrong) => wrong(original, &seen),
        };
        wrong.into_iter().map(|wrong| format!("{}: {wrong}", self.name)).collect()
    }
}

fn all_is_there(original: &Value, seen: &Value) -> Vec<String> {
    let found = &seen["connections"];
    if found.as_array().map(Vec::len) != Some(1) || seen["ledger"]["tcp_connections"] != 1 {
        return vec![format!("{} connections", found.as_array().map_or(0, Vec::len))];
    }
    let mut wrong = differences(&facts(only(original)), &facts(only(seen)));
    if seen["inputs"][0]["problems"] != Value::Array(Vec::new()) {
        wrong.push(format!("problems: {}", seen["inputs"][0]["problems"]));
    }
    wrong
}

fn pcap(frames: &[Frame]) -> Vec<u8> {
    file::pcap(1, frames, Style::default())
}

fn talk(handshake: &str) -> Conversation {
    Conversation::read(&samples::path(handshake))
}

/// Runs a group of variants on every handshake.
fn check(group: Group) {
    let mut failures = Vec::new();
    for handshake in HANDSHAKES {
        let talk = talk(handshake);
        let original = document(&pcap(&plain(&talk)));
        for variant in group(&talk) {
            let wrong = variant.failures(&original);
            failures.extend(wrong.into_iter().map(|wrong| format!("{handshake}, {wrong}")));
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// The conversation written by the toolkit is the sample again.
#[test]
fn the_toolkit_changes_nothing() {
    for handshake in HANDSHAKES {
        let sample = document(&std::fs::read(samples::path(handshake)).unwrap());
        let written = document(&pcap(&plain(&talk(handshake))));
        assert_eq!(differences(only(&sample), only(&written)), Vec::<String>::new(), "{handshake}");
    }
}

// --- segmentation -----------------------------------------------------------

fn segmentation(talk: &Conversation) -> Vec<Variant> {
    let sizes = (1..=16).chain([37, 64, 128, 536]);
    let mut variants: Vec<Variant> = sizes
        .map(|size| Variant::all(format!("segments of {size} bytes"), &talk.resegmented(size)))
        .collect();
    variants.push(Variant::all("one segment for each flight", &coalesced(talk)));
    variants
}

/// Segments of one side that follow one another joined into one.
fn coalesced(talk: &Conversation) -> Conversation {
    let mut joined: Vec<Segment> = Vec::new();
    for segment in talk.segments.iter().filter(|s| !s.payload.is_empty() || s.flags != ACK) {
        match joined.last_mut() {
            Some(last) if last.client == segment.client && last.end() == segment.sequence => {
                last.payload.extend(&segment.payload);
                last.flags |= segment.flags;
            }
            _ => joined.push(segment.clone()),
        }
    }
    talk.with(joined)
}

#[test]
fn every_segmentation_shows_everything() {
    check(segmentation);
}

// --- order ------------------------------------------------------------------

fn order(talk: &Conversation) -> Vec<Variant> {
    let fine = talk.resegmented(100);
    let mut variants = vec![
        Variant::all("first two server segments swapped", &swapped_server_start(talk)),
        Variant::all("swapped pairs", &swapped_pairs(talk, 0)),
        Variant::all("swapped pairs, from the second on", &swapped_pairs(talk, 1)),
        Variant::all("swapped pairs of small segments", &swapped_pairs(&fine, 0)),
        Variant::all("all client packets first", &one_side_first(talk, true)),
        Variant::all("all server packets first", &one_side_first(talk, false)),
        Variant::all("acknowledgments before data", &acknowledgments_first(talk)),
        backwards(talk),
        Variant::all("everything backwards behind the SYNs", &reversed_behind_syns(&fine)),
    ];
    variants.extend((1..=8).map(|seed| {
        let shuffled = shuffled(&fine, seed);
        let name = format!("shuffled over short distances, seed {seed}");
        Variant::all(name, &shuffled)
    }));
    variants
}

fn swapped_server_start(talk: &Conversation) -> Conversation {
    let split = talk.resegmented(700);
    let mut segments = split.segments.clone();
    segments.swap(split.data(false, 0), split.data(false, 1));
    talk.with(segments).retimed()
}

fn swapped_pairs(talk: &Conversation, from: usize) -> Conversation {
    let mut segments = talk.segments.clone();
    segments[from..].chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    talk.with(segments).retimed()
}

fn one_side_first(talk: &Conversation, client: bool) -> Conversation {
    let mut segments = talk.segments.clone();
    segments.sort_by_key(|segment| segment.client != client);
    talk.with(segments).retimed()
}

fn acknowledgments_first(talk: &Conversation) -> Conversation {
    let mut segments = talk.segments.clone();
    segments.sort_by_key(|segment| match segment {
        s if s.has(SYN) => 0,
        s if s.payload.is_empty() => 1,
        _ => 2,
    });
    talk.with(segments).retimed()
}

/// A SYN behind a FIN begins a stream of its own, as in Wireshark; all the rest
/// stays one.
fn backwards(talk: &Conversation) -> Variant {
    let reversed = talk.with(talk.segments.iter().rev().cloned().collect()).retimed();
    Variant::part("everything backwards", &reversed, |original, seen| {
        differences(&facts(only(original)), &facts(only(seen)))
    })
}

fn reversed_behind_syns(talk: &Conversation) -> Conversation {
    let (syns, rest): (Vec<Segment>, Vec<Segment>) =
        talk.segments.iter().cloned().partition(|segment| segment.has(SYN));
    talk.with(syns.into_iter().chain(rest.into_iter().rev()).collect()).retimed()
}

/// Behind the SYNs every segment changes places with one of the next six.
fn shuffled(talk: &Conversation, seed: u64) -> Conversation {
    let mut dice = Dice(seed);
    let mut segments = talk.segments.clone();
    for at in 2..segments.len() {
        let other = at + dice.below((segments.len() - at).min(6));
        segments.swap(at, other);
    }
    talk.with(segments).retimed()
}

#[test]
fn every_order_shows_everything() {
    check(order);
}

// --- repetition -------------------------------------------------------------

fn repetition(talk: &Conversation) -> Vec<Variant> {
    let twice = |segment: &Segment| vec![segment.clone(), segment.clone()];
    vec![
        Variant::all("every packet twice", &talk.map(twice)),
        Variant::all("everything again behind the first round", &second_round(talk)),
        Variant::all("overlapping retransmission, same content", &overlapping(talk, false)),
        Variant::all("overlapping retransmission, other content", &overlapping(talk, true)),
        Variant::all("larger retransmission, same content", &larger_again(talk)),
        Variant::all("keep-alive with a byte", &keep_alives(talk, &[0])),
        Variant::all("keep-alive without a byte", &keep_alives(talk, &[])),
        Variant::all("zero-window probe with a byte", &window_probes(talk)),
        Variant::all("each piece repeats a byte", &talk.map(dribbled)),
    ]
}

/// All segments with payload sent once more before the connection closes.
fn second_round(talk: &Conversation) -> Conversation {
    let close = talk.segments.iter().position(|s| s.has(FIN | RST)).unwrap();
    let mut segments = talk.segments.clone();
    let again: Vec<Segment> =
        segments[..close].iter().filter(|s| !s.payload.is_empty()).cloned().collect();
    segments.splice(close..close, again);
    talk.with(segments).retimed()
}

/// Behind each segment, a retransmission that begins in its middle and ends with it.
fn overlapping(talk: &Conversation, other: bool) -> Conversation {
    talk.map(|segment| {
        let mut again = segment.clone();
        let middle = segment.payload.len() / 2;
        again.payload.drain(..middle);
        again.sequence = again.sequence.wrapping_add(u32::try_from(middle).unwrap());
        if other {
            again.payload.iter_mut().for_each(|byte| *byte ^= 0x55);
        }
        if again.payload.is_empty() || segment.has(SYN | FIN) {
            return vec![segment.clone()];
        }
        vec![segment.clone(), again]
    })
}

/// The first half of each segment, then the whole of it.
fn larger_again(talk: &Conversation) -> Conversation {
    talk.map(|segment| {
        let mut parts = pieces(segment, segment.payload.len().div_ceil(2).max(1));
        parts.truncate(1);
        parts[0].flags &= !FIN;
        parts.push(segment.clone());
        if segment.payload.len() < 2 { vec![segment.clone()] } else { parts }
    })
}

/// Before each segment with payload, a keep-alive of its sender (RFC 9293, 3.8.4):
/// one before the next sequence number.
fn keep_alives(talk: &Conversation, byte: &[u8]) -> Conversation {
    talk.map(|segment| {
        let mut probe = segment.clone();
        probe.sequence = probe.sequence.wrapping_sub(1);
        probe.flags = ACK;
        probe.payload = byte.to_vec();
        if segment.payload.is_empty() || segment.has(SYN) {
            return vec![segment.clone()];
        }
        vec![probe, segment.clone()]
    })
}

/// Before each segment, its first byte alone, which is not acknowledged (RFC 9293,
/// 3.8.6.1).
fn window_probes(talk: &Conversation) -> Conversation {
    talk.map(|segment| {
        let mut probe = segment.clone();
        probe.payload.truncate(1);
        probe.flags = ACK;
        if segment.payload.is_empty() || segment.has(SYN) {
            return vec![segment.clone()];
        }
        vec![probe, segment.clone()]
    })
}

/// Pieces that each begin with the last byte of the one before.
fn dribbled(segment: &Segment) -> Vec<Segment> {
    if segment.payload.len() < 4 || segment.has(SYN) {
        return vec![segment.clone()];
    }
    let piece = |at: usize| {
        let mut piece = segment.clone();
        let end = (at + 3).min(segment.payload.len());
        piece.payload = segment.payload[at..end].to_vec();
        piece.sequence = segment.sequence.wrapping_add(u32::try_from(at).unwrap());
        if end < segment.payload.len() {
            piece.flags &= !FIN;
        }
        piece
    };
    (0..segment.payload.len() - 1).step_by(2).map(piece).collect()
}

#[test]
fn repetition_changes_nothing() {
    check(repetition);
}

// --- TCP's odd ways -----------------------------------------------------------

fn oddities(talk: &Conversation) -> Vec<Variant> {
    let mut variants = vec![
        Variant::all("SYN with data", &syn_with_data(talk)),
        Variant::all("client's SYN missing", &talk.filter(|s| !(s.client && s.has(SYN)))),
        Variant::all("server's SYN missing", &talk.filter(|s| s.client || !s.has(SYN))),
        Variant::all("both SYNs missing", &talk.filter(|s| !s.has(SYN))),
        Variant::all("only segments with data", &talk.filter(|s| !s.payload.is_empty())),
        Variant::all("SYNs behind the data", &syns_late(talk)),
        Variant::all("a reset that nobody obeys", &ignored_reset(talk)),
        Variant::all("padding on bare acknowledgments", &padded(talk)),
        Variant::all("urgent and ECN bits", &talk.map(|s| vec![with_flags(s, 0xe0)])),
        Variant::all(
            "no PSH bit",
            &talk.map(|s| vec![Segment { flags: s.flags & !PSH, ..s.clone() }]),
        ),
    ];
    for (name, size) in [("first", 0), ("second", 1), ("third", 2)] {
        let wrapped = wrapping_around_at(talk, size);
        variants
            .push(Variant::all(format!("sequence wrap in the {name} server segment"), &wrapped));
    }
    let wrapped = wrapping_around_at(talk, 1);
    let wrapped = reversed_behind_syns(&wrapped);
    variants.push(Variant::all("sequence wrap, backwards", &wrapped));
    let moved = talk.shifted(0x8000_0000, 0x7fff_ffff);
    variants.push(Variant::all("sequence numbers around the sign bit", &moved));
    variants
}

fn with_flags(segment: &Segment, more: u8) -> Segment {
    Segment { flags: segment.flags | more, ..segment.clone() }
}

/// TCP Fast Open (RFC 7413).
fn syn_with_data(talk: &Conversation) -> Conversation {
    let hello = talk.data(true, 0);
    let mut segments = talk.segments.clone();
    segments[0].payload = segments.remove(hello).payload;
    talk.with(segments)
}

fn syns_late(talk: &Conversation) -> Conversation {
    let mut segments = talk.segments.clone();
    let hello = talk.data(true, 0);
    segments[..=hello].rotate_right(1);
    talk.with(segments).retimed()
}

/// A middlebox resets, the ends go on.
fn ignored_reset(talk: &Conversation) -> Conversation {
    let at = talk.data(false, 0);
    let mut segments = talk.segments.clone();
    let mut reset = segments[at].clone();
    reset.payload.clear();
    reset.flags = RST | ACK;
    segments.insert(at + 1, Segment { sequence: segments[at].end(), ..reset });
    talk.with(segments)
}

/// Some capture devices leave an Ethernet frame's padding inside the IP length.
fn padded(talk: &Conversation) -> Conversation {
    talk.map(|segment| {
        let mut padded = segment.clone();
        if segment.flags == ACK && segment.payload.is_empty() {
            padded.payload = vec![0; 6];
        }
        vec![padded]
    })
}

/// The server's sequence numbers wrap around inside its `n`th segment of 500 bytes.
fn wrapping_around_at(talk: &Conversation, n: usize) -> Conversation {
    let fine = talk.resegmented(500);
    let segment = &fine.segments[fine.data(false, n)];
    fine.shifted(0, 0u32.wrapping_sub(segment.sequence).wrapping_sub(250))
}

#[test]
fn the_odd_ways_of_tcp_hide_nothing() {
    check(oddities);
}

// --- what is absent -----------------------------------------------------------

/// Each field is as in the original or says that it does not know; and a class of
/// the ledger names the reason.
fn nothing_invented(original: &Value, seen: &Value, classes: &[&str]) -> Vec<String> {
    let (original, found) = (facts(only(original)), facts(only(seen)));
    let mut wrong = Vec::new();
    for field in ["sni", "version", "cipher_suite", "signing_key", "aborted_by", "abort", "resumed"]
    {
        if !found[field].is_null() && found[field] != original[field] {
            wrong.push(format!("{field}: {}", found[field]));
        }
    }
    let outcome = &found["handshake"];
    if *outcome != "not_visible" && *outcome != original["handshake"] {
        wrong.push(format!("handshake: {outcome}"));
    }
    let class = found["ledger_class"].as_str().unwrap();
    if !classes.contains(&class) {
        wrong.push(format!("ledger: {class}"));
    }
    wrong.extend(invented_items(&original, &found, "alerts"));
    wrong.extend(invented_items(&original, &found, "server_certificates"));
    wrong.extend(invented_items(&original, &found, "client_certificates"));
    wrong
}

fn invented_items(original: &Value, found: &Value, list: &str) -> Vec<String> {
    let items = |value: &Value| value[list].as_array().cloned().unwrap_or_default();
    let known = items(original);
    let invented = items(found).into_iter().filter(|item| !known.contains(item));
    invented.map(|item| format!("{list}: {item}")).collect()
}

/// These fields are as in the original.
fn shown(original: &Value, seen: &Value, fields: &[&str]) -> Vec<String> {
    let (original, found) = (facts(only(original)), facts(only(seen)));
    let differs = fields.iter().filter(|field| original[**field] != found[**field]);
    differs.map(|field| format!("{field}: {}", found[*field])).collect()
}

const SAID_BY_CLIENT: &[&str] = &["sni", "client_hello", "second_client_hello"];
const SAID_BY_SERVER: &[&str] =
    &["server_hello", "server_key_exchange", "certificate_request", "server_certificates"];

/// Bytes that the document says are missing from one side, for one cause.
fn missing(seen: &Value, role: &str, cause: &str) -> u64 {
    let gaps = only(seen)["gaps"].as_array().unwrap();
    let ours = gaps.iter().filter(|gap| gap["from"] == role && gap["cause"] == cause);
    ours.map(|gap| gap["bytes"].as_u64().unwrap()).sum()
}

fn one_side_only(talk: &Conversation) -> Vec<Variant> {
    let side = |client| talk.filter(move |segment| segment.client == client);
    vec![
        Variant::part("client's direction only", &side(true), |original, seen| {
            let mut wrong = nothing_invented(original, seen, &["one_sided"]);
            wrong.extend(shown(original, seen, SAID_BY_CLIENT));
            wrong.extend(shown(original, seen, &["client_certificates"]));
            wrong
        }),
        Variant::part("server's direction only", &side(false), |original, seen| {
            let mut wrong = nothing_invented(original, seen, &["one_sided"]);
            wrong.extend(shown(original, seen, SAID_BY_SERVER));
            wrong
        }),
    ]
}

#[test]
fn one_direction_shows_its_side() {
    check(one_side_only);
}

/// Each segment with payload missing in turn, in segments of 400 bytes.
fn one_segment_missing(talk: &Conversation) -> Vec<Variant> {
    let fine = talk.resegmented(400);
    let with_data = (0..fine.segments.len()).filter(|at| !fine.segments[*at].payload.is_empty());
    with_data.map(|at| without_segment(&fine, at)).collect()
}

fn without_segment(talk: &Conversation, at: usize) -> Variant {
    let mut segments = talk.segments.clone();
    let lost = segments.remove(at);
    let (role, length) = (if lost.client { "client" } else { "server" }, lost.payload.len() as u64);
    Variant::part(format!("segment {at} missing"), &talk.with(segments), move |original, seen| {
        let classes = ["gap", "decoded", "hidden_by_tls13", "begun_mid_stream"];
        let mut wrong = nothing_invented(original, seen, &classes);
        let named = missing(seen, role, "not_captured");
        // Behind the last records of a side that are looked at, a gap is of no
        // interest; and it must never be of another size.
        let all = facts(only(original)) == without_gaps(&facts(only(seen)));
        if named != length && !(all && named == 0) {
            wrong.push(format!("{named} of {length} missing bytes of the {role} are named"));
        }
        wrong
    })
}

fn without_gaps(facts: &Value) -> Value {
    let mut facts = facts.clone();
    facts["gaps"] = Value::Array(Vec::new());
    facts
}

#[test]
fn a_missing_segment_is_named_and_nothing_is_made_up() {
    check(one_segment_missing);
}

fn cut_frames(talk: &Conversation) -> Vec<Variant> {
    [54, 60, 68, 96, 128, 200, 256, 400].into_iter().map(|snaplen| cut_to(talk, snaplen)).collect()
}

fn cut_to(talk: &Conversation, snaplen: usize) -> Variant {
    let frames: Vec<Frame> = plain(talk).into_iter().map(|frame| frame.cut(snaplen)).collect();
    let mut variant = Variant::part(format!("snaplen {snaplen}"), talk, |original, seen| {
        if seen["ledger"]["classes"]["cut_by_snaplen"] != 1 {
            return vec![format!("ledger: {}", seen["ledger"]["classes"])];
        }
        match connections(seen) {
            [] => Vec::new(),
            _ => nothing_invented(original, seen, &["cut_by_snaplen"]),
        }
    });
    variant.file = pcap(&frames);
    variant
}

#[test]
fn a_short_snaplen_is_named() {
    check(cut_frames);
}

/// A reset in the middle of the server's first flight.
fn reset_in_message(talk: &Conversation) -> Vec<Variant> {
    let fine = talk.resegmented(500);
    let until = fine.data(false, 1);
    let mut segments = fine.segments[..=until].to_vec();
    let mut reset = segments[until].clone();
    reset.client = true;
    reset.sequence = segments[until].acknowledgment;
    reset.flags = RST;
    reset.payload.clear();
    segments.push(reset);
    let reset = fine.with(segments);
    vec![Variant::part("reset in mid-message", &reset, |original, seen| {
        let mut wrong = shown(original, seen, SAID_BY_CLIENT);
        wrong.extend(shown(original, seen, &["server_hello", "version", "cipher_suite"]));
        let connection = only(seen);
        if connection["handshake"] != "reset" || connection["aborted_by"] != "client" {
            wrong.push(format!("{} by {}", connection["handshake"], connection["aborted_by"]));
        }
        wrong
    })]
}

#[test]
fn a_reset_in_mid_message_is_told_with_what_came_before() {
    check(reset_in_message);
}

/// The file cut inside each frame in turn.
fn cut_files(talk: &Conversation) -> Vec<Variant> {
    let whole = pcap(&plain(talk));
    let ends = file::record_ends(&whole);
    let cuts = ends.windows(2).enumerate().skip(3);
    cuts.map(|(frame, ends)| {
        let cut = whole[..ends[0] + 20].to_vec();
        let prefix = document(&whole[..ends[0]]);
        let mut variant =
            Variant::part(format!("cut in frame {}", frame + 1), talk, move |_, seen| {
                let mut wrong = Vec::new();
                if look::without_sudden_ends(seen) != look::without_sudden_ends(&prefix) {
                    wrong.push(format!("connections: {}", seen["connections"]));
                }
                let problems = &seen["inputs"][0]["problems"];
                if problems[0]["lost_bytes"] != 20 || problems[0]["after_frame"] != frame {
                    wrong.push(format!("problems: {problems}"));
                }
                wrong
            });
        variant.file = cut;
        variant
    })
    .collect()
}

#[test]
fn a_cut_file_shows_everything_before_the_cut() {
    check(|talk| if talk.data(true, 0) == 3 { cut_files(talk) } else { Vec::new() });
}

// --- links, tunnels, fragments ------------------------------------------------

fn wrapped(talk: &Conversation, wrappings: &[Wrapping], family: &str) -> Vec<Variant> {
    let variant = |around: &Wrapping| Variant {
        name: format!("{} over {}", family, around.name),
        file: file::pcap(around.link, &wrap::frames(talk, *around), Style::default()),
        expected: Expected::Wrapped(around.told),
    };
    wrappings.iter().map(variant).collect()
}

fn over_ipv6(talk: &Conversation) -> Conversation {
    let (client, server) = ipv6_ends(talk);
    talk.clone().between(client, server)
}

fn links_and_tunnels(talk: &Conversation) -> Vec<Variant> {
    let mut variants = wrapped(talk, WRAPPINGS, "IPv4");
    let either: Vec<Wrapping> = WRAPPINGS.iter().filter(|w| carries_ipv6(w)).copied().collect();
    variants.extend(wrapped(&over_ipv6(talk), &either, "IPv6"));
    variants.extend(wrapped(&over_ipv6(talk), WRAPPINGS_OF_IPV6, "IPv6"));
    variants
}

/// Those whose header names IPv4 have a twin among the wrappings of IPv6.
fn carries_ipv6(around: &Wrapping) -> bool {
    let ipv4_only = ["null", "loop", "PPP", "VLAN and SGT", "IP in IP", "VXLAN in VLAN"];
    !ipv4_only.iter().any(|name| around.name.starts_with(name))
}

#[test]
fn every_link_layer_and_tunnel_is_seen_through() {
    check(links_and_tunnels);
}

fn fragmented(talk: &Conversation) -> Vec<Variant> {
    let v6 = over_ipv6(talk);
    let mut variants = Vec::new();
    for (family, talk) in [("IPv4", talk), ("IPv6", &v6)] {
        for size in [8, 24, 56, 512] {
            let file = fragment_file(talk, size, |parts| parts);
            variants.push(Variant::of_file(format!("{family} fragments of {size}"), file));
        }
        let backwards = fragment_file(talk, 64, |parts| parts.into_iter().rev().collect());
        variants.push(Variant::of_file(format!("{family} fragments backwards"), backwards));
        let twice = fragment_file(talk, 64, |parts| [parts.clone(), parts].concat());
        variants.push(Variant::of_file(format!("{family} fragments twice"), twice));
    }
    let mixed = Variant::of_file("fragments of all packets mixed", mixed_fragments(talk));
    variants.push(mixed);
    variants.push(Variant {
        name: "fragments of CAPWAP".into(),
        file: pcap(&capwap_fragments(talk)),
        expected: Expected::Wrapped(&["CAPWAP"]),
    });
    variants
}

/// Packets that their access point fragments before the tunnel does, the last part first.
fn capwap_fragments(talk: &Conversation) -> Vec<Frame> {
    let frames = |(id, segment): (usize, &Segment)| {
        let packet = wrap::packet(talk, segment);
        let parts = wrap::capwap_fragments(&packet, u16::try_from(id).unwrap(), 512);
        parts.into_iter().rev().map(|part| Frame::new(segment.nanos, part)).collect::<Vec<_>>()
    };
    talk.segments.iter().enumerate().flat_map(frames).collect()
}

fn fragment_file(
    talk: &Conversation,
    size: usize,
    arrange: fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>,
) -> Vec<u8> {
    let frames: Vec<Frame> = fragment_frames(talk, size, arrange).concat();
    pcap(&frames)
}

/// The frames of each packet's fragments.
fn fragment_frames(
    talk: &Conversation,
    size: usize,
    arrange: fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>,
) -> Vec<Vec<Frame>> {
    let frames = |(id, segment): (usize, &Segment)| {
        let packet = wrap::packet(talk, segment);
        let parts = arrange(wrap::fragments(&packet, u16::try_from(id).unwrap(), size));
        parts.iter().map(|part| Frame::new(segment.nanos, (ETHERNET.wrap)(part))).collect()
    };
    talk.segments.iter().enumerate().map(frames).collect()
}

/// Three packets at a time send their fragments in turn.
fn mixed_fragments(talk: &Conversation) -> Vec<u8> {
    let packets = fragment_frames(talk, 64, |parts| parts);
    let mut frames = Vec::new();
    for group in packets.chunks(3) {
        let longest = group.iter().map(Vec::len).max().unwrap_or(0);
        let turns = (0..longest).flat_map(|turn| group.iter().filter_map(move |p| p.get(turn)));
        frames.extend(turns.cloned());
    }
    pcap(&frames)
}

#[test]
fn fragments_are_put_together() {
    check(fragmented);
}

// --- files --------------------------------------------------------------------

fn formats(talk: &Conversation) -> Vec<Variant> {
    let frames = plain(talk);
    let style = Style::default();
    let styles = [
        ("big-endian", Style { big_endian: true, ..style }),
        ("nanoseconds", Style { nanoseconds: true, ..style }),
        ("big-endian, nanoseconds", Style { big_endian: true, nanoseconds: true, ..style }),
        ("modified", Style { modified: true, ..style }),
        ("big-endian, modified", Style { big_endian: true, modified: true, ..style }),
    ];
    let mut files: Vec<(String, Vec<u8>)> =
        styles.map(|(name, style)| (format!("pcap, {name}"), file::pcap(1, &frames, style))).into();
    for (name, big_endian) in [("little", false), ("big", true)] {
        let bytes = file::pcapng(&[1], &frames, big_endian);
        files.push((format!("pcapng, {name}-endian"), bytes));
    }
    files.push(("pcapng, simple packet blocks".into(), file::pcapng_of(1, &frames, 3)));
    files.push(("pcapng, obsolete packet blocks".into(), file::pcapng_of(1, &frames, 2)));
    files.push(("pcapng, a section for each frame".into(), many_sections(&frames)));
    files.push(("gzip".into(), file::gzip(&pcap(&frames))));
    files.push(("gzip in two members".into(), two_members(&pcap(&frames))));
    files.push(("zstd".into(), file::zstd(&pcap(&frames))));
    files.push(("gzip of pcapng".into(), file::gzip(&file::pcapng(&[1], &frames, true))));
    files.into_iter().map(|(name, bytes)| Variant::of_file(name, bytes)).collect()
}

/// Sections of both byte orders in turn.
fn many_sections(frames: &[Frame]) -> Vec<u8> {
    let section = |(index, frame): (usize, &Frame)| {
        file::pcapng(&[1], std::slice::from_ref(frame), index % 2 == 1)
    };
    frames.iter().enumerate().flat_map(section).collect()
}

fn two_members(bytes: &[u8]) -> Vec<u8> {
    let (front, back) = bytes.split_at(bytes.len() / 2);
    [file::gzip(front), file::gzip(back)].concat()
}

/// Interfaces of different kinds that both recorded every packet.
fn two_interfaces(talk: &Conversation) -> Vec<Variant> {
    let kinds = [("Ethernet", ETHERNET), ("SLL2", by_name("SLL2")), ("raw", by_name("raw"))];
    let both = |second: &Wrapping| {
        let pairs = plain(talk).into_iter().zip(wrap::frames(talk, *second));
        let frames: Vec<Frame> =
            pairs.flat_map(|(one, two)| [one, Frame { interface: 1, ..two }]).collect();
        file::pcapng(&[1, second.link], &frames, false)
    };
    kinds
        .iter()
        .map(|(name, second)| Variant::of_file(format!("Ethernet and {name}"), both(second)))
        .collect()
}

fn by_name(name: &str) -> Wrapping {
    *WRAPPINGS.iter().find(|around| around.name == name).unwrap()
}

#[test]
fn every_file_format_shows_everything() {
    check(formats);
}

#[test]
fn two_interfaces_that_saw_every_packet_show_one_connection() {
    check(two_interfaces);
}

/// Rotated files, in any order of arguments.
#[test]
fn rotated_files_in_any_order_are_one_capture() {
    use tlsight::limits::Limits;
    use tlsight::pipeline::{Config, analyze, collect};
    let folder = tempfile::tempdir().unwrap();
    for handshake in HANDSHAKES {
        let talk = talk(handshake).resegmented(300).retimed();
        let frames = plain(&talk);
        let original = document(&pcap(&frames));
        let parts: Vec<_> = frames.chunks(frames.len().div_ceil(3)).enumerate().collect();
        let paths: Vec<_> = parts
            .into_iter()
            .map(|(index, frames)| {
                let path = folder.path().join(format!("{handshake}-{index}.pcap"));
                std::fs::write(&path, pcap(frames)).unwrap();
                path
            })
            .collect();
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
            let named: Vec<_> = order.iter().map(|index| paths[*index].clone()).collect();
            let sources = collect(&named, &Limits::default()).unwrap();
            let seen = look::to_value(&analyze(sources, &Config::default()));
            assert_eq!(original["connections"], seen["connections"], "{handshake}, {order:?}");
        }
    }
}

// --- the matrix as a whole ------------------------------------------------------

type Group = fn(&Conversation) -> Vec<Variant>;

const GROUPS: &[Group] = &[
    segmentation,
    order,
    repetition,
    oddities,
    one_side_only,
    one_segment_missing,
    cut_frames,
    reset_in_message,
    cut_files,
    links_and_tunnels,
    fragmented,
    formats,
    two_interfaces,
];

/// Names are unique, and there are at least fifty.
#[test]
fn the_matrix_is_large() {
    let talk = talk(HANDSHAKES[0]);
    let mut names: Vec<String> =
        GROUPS.iter().flat_map(|group| group(&talk)).map(|variant| variant.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "two variants of one name");
    assert!(count >= 150, "only {count} variants");
}

/// The records of a pcap file, behind its header.
fn records(pcap: &[u8]) -> Vec<&[u8]> {
    file::record_ends(pcap).windows(2).map(|ends| &pcap[ends[0]..ends[1]]).collect()
}

/// A mirror port gives every frame twice, at once or a frame later: nothing happened twice.
#[test]
fn copies_of_frames_are_no_facts() {
    let told = |bytes: &[u8]| -> Vec<Value> {
        let document = document(bytes);
        let verdicts = document["verdicts"].as_array().unwrap().iter();
        verdicts.map(|verdict| verdict["sentence"].clone()).collect()
    };
    for sample in ["server-speaks-http.pcap", "connection-refused.pcap"] {
        let bytes = std::fs::read(samples::path(sample)).unwrap();
        let records = records(&bytes);
        let at_once = records.iter().flat_map(|record| [*record, *record]);
        let late = records.windows(2).flat_map(|pair| [pair[1], pair[0]]);
        let late = [records[0]].into_iter().chain(late).chain(records.last().copied());
        for copied in [at_once.collect::<Vec<_>>().concat(), late.collect::<Vec<_>>().concat()] {
            let copied = [&bytes[..24], &copied].concat();
            assert_eq!(told(&copied), told(&bytes), "{sample}");
        }
    }
}

/// Wireshark gives both one stream, so the second has no number: it is told, and not mixed with
/// the first.
#[test]
fn a_connection_that_is_opened_again_without_its_syn_is_told() {
    let mut talk = talk("mtls-accepted.pcap");
    let mut again = talk.segments.clone();
    again.remove(0);
    for segment in &mut again {
        segment.sequence = segment.sequence.wrapping_add(77_777_777);
        segment.acknowledgment = segment.acknowledgment.wrapping_add(77_777_777);
        segment.nanos += 200_000_000_000;
    }
    let before = document(&pcap(&plain(&talk)));
    let second = talk.segments.len() + 1;
    talk.segments.extend(again);
    let both = document(&pcap(&plain(&talk)));
    let (before, both) = (only(&before), only(&both));
    assert_eq!(both["handshake"], before["handshake"]);
    assert_eq!(both["server_certificates"], before["server_certificates"]);
    assert_eq!(both["anomalies"][0]["frame"], second);
    assert_eq!(both["anomalies"].as_array().unwrap().len(), 1);
}

/// What a client said before it became a server is no answer to a ClientHello.
#[test]
fn a_capture_in_a_web_server_s_answer_is_no_handshake() {
    let mut talk = talk("root-missing.pcap");
    let hello = talk.segments.iter().position(|one| one.client && !one.payload.is_empty()).unwrap();
    talk.segments.truncate(hello + 1);
    let payload = std::mem::take(&mut talk.segments[hello].payload);
    let last = talk.segments.pop().unwrap();
    let asks = Segment { payload: b"GET /one.pcap HTTP/1.1\r\n\r\n".to_vec(), ..last };
    let answer = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[0; 40], &payload].concat();
    let answers = Segment {
        client: false,
        sequence: asks.acknowledgment,
        acknowledgment: asks.end(),
        payload: answer,
        ..asks
    };
    talk.segments.extend([asks, answers]);
    let document = document(&pcap(&plain(&talk)));
    assert_eq!(connections(&document), [] as [Value; 0]);
    assert_eq!(document["ledger"]["tcp_connections"], 1);
}
