//! A capture is a stranger's file: cut anywhere, flipped anywhere, or made to cost
//! as much as it can, it is read to its end without a crash and in linear time, and
//! what stands before the damage is still shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]
#![allow(clippy::print_stdout, reason = "times are shown when a test fails")]

mod toolkit;

use std::time::{Duration, Instant};

use serde_json::Value;
use tlsight::limits::Limits;
use tlsight::report::Report;
use toolkit::conversation::{ACK, Conversation, PSH, SYN, Segment};
use toolkit::file::{self, Frame, Style};
use toolkit::look::{self, assert_ledger_sums, report, to_value};
use toolkit::samples::{self, Sample};
use toolkit::wrap::{self, ETHERNET, plain};
use toolkit::{Dice, tls};

/// Small bounds, so that each of them is reached.
fn small() -> Limits {
    Limits {
        record_bytes: 4_096,
        windows_ahead: 2,
        pending_bytes: 2_048,
        pending_segments: 8,
        flow_bytes: 64_000,
        closed_flows: 4,
        held_connections: 4,
        listed_connections: 2,
        handshake_bytes: 8_192,
        handshake_messages: 8,
        encrypted_records: 4,
        kept_records: 6,
        search_bytes: 512,
        certificates: 2,
        encapsulations: 2,
        fragmented_datagrams: 2,
        archive_members: 4,
        archive_nesting: 1,
        archive_bytes: 1 << 20,
        spooled_bytes: 1 << 10,
        archive_hosts: 2,
        archive_text_bytes: 1 << 16,
        looked_up_names: 4,
        settings: 4,
        setting_bytes: 64,
        log_line_bytes: 256,
        log_lines: 4,
        notes: 2,
    }
}

/// Reads it; the ledger must sum and every renderer must come to its end.
fn read(what: &str, bytes: &[u8], limits: &Limits) -> Report {
    let report = report(bytes, limits);
    assert_ledger_sums(what, &report);
    report
}

/// Samples of one file each.
fn files() -> Vec<Sample> {
    samples::all().into_iter().filter(|sample| sample.files.len() == 1).collect()
}

// --- cut ----------------------------------------------------------------------

/// Lengths to cut at: every one of a small file, about `most` of a larger one.
fn cuts(length: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by((length / most).max(1))
}

/// The first packets of a pcap file, as many as lie whole before `cut`.
fn whole_before(bytes: &[u8], ends: &[usize], cut: usize) -> Vec<u8> {
    let end = ends.iter().rev().find(|end| **end <= cut);
    bytes[..end.copied().unwrap_or(0)].to_vec()
}

#[test]
fn a_capture_cut_anywhere_shows_all_packets_before_the_cut() {
    for sample in files().iter().filter(|sample| sample.name.ends_with(".pcap")) {
        let bytes = sample.bytes();
        let ends = file::record_ends(&bytes);
        let mut expected: Option<(Vec<u8>, Value)> = None;
        for cut in cuts(bytes.len(), 80) {
            let seen = to_value(&read(&sample.name, &bytes[..cut], &Limits::default()));
            let whole = whole_before(&bytes, &ends, cut);
            let same = expected.as_ref().is_some_and(|(known, _)| *known == whole);
            if !same {
                let value = to_value(&report(&whole, &Limits::default()));
                expected = Some((whole, value));
            }
            let (_, expected) = expected.as_ref().unwrap();
            assert!(
                look::without_sudden_ends(&seen) == look::without_sudden_ends(expected),
                "{} cut at {cut}: {:#}",
                sample.name,
                seen["connections"]
            );
        }
    }
}

/// Of a handshake that is under way.
#[test]
fn a_server_is_not_called_silent_where_the_file_is_cut() {
    let bytes = std::fs::read(samples::path("rsa-trusted.pcap")).unwrap();
    let ends = file::record_ends(&bytes);
    // Behind the ClientHello, its acknowledgment, and the server's first segment.
    for (end, plain) in [(4, "unanswered"), (5, "unfinished"), (6, "unfinished")] {
        let ending = |length: usize| {
            let value = to_value(&read("cut", &bytes[..length], &Limits::default()));
            value["connections"][0]["handshake"].as_str().unwrap().to_owned()
        };
        assert_eq!(ending(ends[end]), plain, "frame {end}");
        assert_eq!(ending(ends[end] + 20), "cut_off", "frame {end}");
    }
}

#[test]
fn a_capture_cut_anywhere_says_so() {
    let bytes = std::fs::read(samples::path("ecdsa-selfsigned-untrusted.pcap")).unwrap();
    let ends = file::record_ends(&bytes);
    for cut in 0..bytes.len() {
        let report = read("cut", &bytes[..cut], &Limits::default());
        let capture = &report.captures[0];
        let told = !capture.problems.is_empty() || !capture.errors.is_empty();
        assert_eq!(told, !ends.contains(&cut), "cut at {cut}");
        let lost: u64 = capture.problems.iter().map(|(_, problem)| problem.lost_bytes).sum();
        let end = ends.iter().rev().find(|end| **end <= cut).copied().unwrap_or(cut);
        assert_eq!(lost, (cut - end) as u64, "cut at {cut}");
    }
}

/// Compressed files and pcapng: frames only ever grow with the length.
#[test]
fn packed_captures_cut_anywhere_lose_only_what_is_behind() {
    for sample in files().iter().filter(|sample| !sample.name.ends_with(".pcap")) {
        let bytes = sample.bytes();
        let mut before = 0;
        for cut in cuts(bytes.len(), 700) {
            let report = read(&sample.name, &bytes[..cut], &Limits::default());
            let frames = report.captures[0].frames;
            assert!(frames >= before, "{} cut at {cut}: {frames} frames", sample.name);
            before = frames;
        }
        let whole = read(&sample.name, &bytes, &Limits::default()).captures[0].frames;
        assert!(before > 0 && before <= whole, "{}: {before} of {whole}", sample.name);
    }
}

#[test]
fn captures_cut_anywhere_are_read_under_small_limits() {
    for sample in files() {
        let bytes = sample.bytes();
        cuts(bytes.len(), 40).for_each(|cut| drop(read(&sample.name, &bytes[..cut], &small())));
    }
}

// --- flipped --------------------------------------------------------------------

/// Some bytes of it changed: flipped bits, or a word of ones or zeros.
fn damaged(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for _ in 0..=dice.below(6) {
        let at = dice.below(damaged.len());
        match dice.below(4) {
            0 => damaged[at] = 0xff,
            1 => damaged[at] = 0,
            2 => damaged[at..].iter_mut().take(4).for_each(|byte| *byte = 0xff),
            _ => damaged[at] ^= 1 << dice.below(8),
        }
    }
    damaged
}

#[test]
fn flipped_bytes_crash_nothing() {
    let mut dice = Dice(3);
    for sample in files() {
        let bytes = sample.bytes();
        for round in 0..40 {
            let damaged = damaged(&bytes, &mut dice);
            let limits = if round % 2 == 0 { small() } else { Limits::default() };
            let report = read(&sample.name, &damaged, &limits);
            drop(to_value(&report));
        }
    }
}

/// Behind the damage only: packets before it are shown as if it were not there.
#[test]
fn flipped_bytes_spare_what_came_before() {
    let mut dice = Dice(4);
    let bytes = std::fs::read(samples::path("mra-login-works.pcap")).unwrap();
    let ends = file::record_ends(&bytes);
    for _ in 0..60 {
        let frame = 10 + dice.below(ends.len() - 11);
        let (front, back) = bytes.split_at(ends[frame]);
        let damaged = [front, &damaged(back, &mut dice)].concat();
        let seen = read("flipped", &damaged, &Limits::default());
        let before = read("front", front, &Limits::default());
        assert!(seen.captures[0].frames >= before.captures[0].frames);
        for judged in &before.connections {
            let stream = judged.connection.stream;
            let again = seen.connections.iter().find(|j| j.connection.stream == stream);
            let again = again.expect("a connection before the damage is gone");
            assert_eq!(again.connection.first, judged.connection.first);
            assert_eq!(again.connection.server_name(), judged.connection.server_name());
        }
    }
}

/// The payload alone damaged: headers stay whole, so that the TLS and certificate
/// readers get the damage.
#[test]
fn damaged_payload_crashes_nothing() {
    let mut dice = Dice(5);
    for name in ["mtls-accepted.pcap", "hello-retry-request.pcap", "xmpp-starttls.pcap"] {
        let talk = Conversation::read(&samples::path(name));
        for round in 0..150 {
            let flipped = talk.map(|segment| {
                let mut segment = segment.clone();
                if !segment.payload.is_empty() {
                    let mut dice = Dice(round * 1_000 + u64::from(segment.sequence));
                    segment.payload = damaged(&segment.payload, &mut dice);
                }
                vec![segment]
            });
            let bytes = file::pcap(1, &plain(&flipped), Style::default());
            let limits = if dice.below(2) == 0 { small() } else { Limits::default() };
            drop(to_value(&read(name, &bytes, &limits)));
        }
    }
}

#[test]
fn small_limits_are_told_when_they_are_reached() {
    let bytes = std::fs::read(samples::path("mtls-accepted.pcap")).unwrap();
    let limits = Limits { handshake_bytes: 1_000, ..Limits::default() };
    let report = read("limits", &bytes, &limits);
    let names: Vec<&str> = report.captures[0].limits_hit.iter().map(|hit| hit.limit).collect();
    assert_eq!(names, ["handshake_bytes"]);
    let pcap = file::pcap(1, &half_open_datagrams(50), Style::default());
    let report = read("limits", &pcap, &small());
    let names: Vec<&str> = report.captures[0].limits_hit.iter().map(|hit| hit.limit).collect();
    assert_eq!(names, ["fragmented_datagrams"]);
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let between = |port: u16| {
        let client = std::net::SocketAddr::from(([10, 9, 9, 9], 40_000 + port));
        plain(&talk.clone().between(client, talk.server))
    };
    let capture = file::pcap(1, &(0..40).flat_map(between).collect::<Vec<_>>(), Style::default());
    let limits = Limits { held_connections: 10, listed_connections: 4, ..Limits::default() };
    let report = read("limits", &capture, &limits);
    let hits: Vec<_> =
        report.captures[0].limits_hit.iter().map(|hit| (hit.limit, hit.times)).collect();
    let left_out = 40 - report.connections.len() as u64;
    assert_eq!(report.connections.len(), 2, "half of the room is for trouble");
    assert_eq!(hits, [("held_connections", 40), ("listed_connections", left_out)]);
}

// --- worst cases ------------------------------------------------------------------

/// A SYN of both sides, and then payload of the client.
fn with_payload(segments: Vec<Segment>) -> Vec<Frame> {
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let syns = talk.segments[..2].to_vec();
    plain(&talk.with(syns.into_iter().chain(segments).collect()))
}

/// A segment of the client at this offset of its stream.
fn at(offset: usize, payload: &[u8]) -> Segment {
    let talk = &SYN_OF_CLIENT;
    Segment {
        nanos: talk.0,
        client: true,
        sequence: talk.1.wrapping_add(1).wrapping_add(u32::try_from(offset).unwrap()),
        acknowledgment: 1,
        flags: ACK | PSH,
        payload: payload.to_vec(),
    }
}

static SYN_OF_CLIENT: std::sync::LazyLock<(i64, u32)> = std::sync::LazyLock::new(|| {
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    assert!(talk.segments[0].has(SYN));
    (talk.segments[0].nanos, talk.segments[0].sequence)
});

/// A stream in segments of 1400 bytes.
fn in_order(stream: &[u8]) -> Vec<Frame> {
    let segment = |(index, part): (usize, &[u8])| at(index * 1_400, part);
    with_payload(stream.chunks(1_400).enumerate().map(segment).collect())
}

fn pcap(frames: &[Frame]) -> Vec<u8> {
    file::pcap(1, frames, Style::default())
}

/// One-byte segments of a ClientHello, last first. `units`: KiB of the file.
fn one_byte_segments_backwards(units: usize) -> Vec<u8> {
    let hello = tls::handshake(1, &tls::client_hello(&[]), 16_000);
    let count = units * 1_024 / 71;
    let stream: Vec<u8> = hello.into_iter().chain(std::iter::repeat(7)).take(count).collect();
    let segments = (0..count).rev().map(|offset| at(offset, &stream[offset..=offset])).collect();
    pcap(&with_payload(segments))
}

/// Segments that overlap nearly all of the one before, behind a hole.
fn overlapping_segments(units: usize) -> Vec<u8> {
    let payload = [9; 250];
    let segments = (0..units * 3).map(|index| at(10 + index, &payload)).collect();
    pcap(&with_payload(segments))
}

/// Every other byte, behind a hole; then segments over all of them.
fn combed_segments(units: usize) -> Vec<u8> {
    let count = units * 1_024 / 2 / 71;
    let comb = (0..count).map(|index| at(10 + index * 2, &[9]));
    let over = (0..units / 2).map(|index| at(10 + index, &[8; 950]));
    pcap(&with_payload(comb.chain(over).collect()))
}

/// Application data records of one byte.
fn tiny_records(units: usize) -> Vec<u8> {
    let hello = tls::handshake(1, &tls::client_hello(&[]), 16_000);
    let tiny = tls::record(22, &[1]);
    let count = units * 1_024 / tiny.len();
    let stream = [hello, tiny.repeat(count)].concat();
    pcap(&in_order(&stream))
}

/// Alerts without end. A quarter of the size is enough, because each stands in the
/// document.
fn endless_alerts(units: usize) -> Vec<u8> {
    let alert = tls::record(21, &[1, 90]);
    pcap(&in_order(&alert.repeat(units * 256 / alert.len())))
}

/// ChangeCipherSpecs without end.
fn endless_change_cipher_specs(units: usize) -> Vec<u8> {
    let hello = tls::handshake(1, &tls::client_hello(&[]), 16_000);
    let change = tls::record(20, &[1]);
    pcap(&in_order(&[hello, change.repeat(units * 1_024 / change.len())].concat()))
}

/// One ClientHello after the other, each as full of empty extensions as it can be.
fn endless_extensions(units: usize) -> Vec<u8> {
    let extensions: Vec<(u16, Vec<u8>)> = (0..16_000).map(|code| (code, Vec::new())).collect();
    let hello = tls::handshake(1, &tls::client_hello(&extensions), 16_000);
    let stream = hello.repeat((units * 1_024).div_ceil(hello.len()));
    pcap(&in_order(&stream))
}

/// A certificate list of empty and tiny entries.
fn endless_certificates(units: usize) -> Vec<u8> {
    let list: Vec<Vec<u8>> = vec![vec![0x30]; units * 1_024 / 4];
    let hello = tls::handshake(1, &tls::client_hello(&[]), 16_000);
    let certificates = tls::handshake(11, &tls::certificate(&list), 16_000);
    pcap(&in_order(&[hello, certificates].concat()))
}

/// A handshake message that claims 16 MiB, in records of one byte.
fn endless_message(units: usize) -> Vec<u8> {
    let head = tls::record(22, &[11, 0x1f, 0xff, 0xff]);
    let byte = tls::record(22, &[0]);
    let hello = tls::handshake(1, &tls::client_hello(&[]), 16_000);
    let stream = [hello, head, byte.repeat(units * 1_024 / byte.len())].concat();
    pcap(&in_order(&stream))
}

/// First fragments of datagrams whose rest never comes.
fn half_open_datagrams(count: usize) -> Vec<Frame> {
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let segment = talk.segments[talk.data(false, 0)].clone();
    let packet = wrap::packet(&talk, &segment);
    let frame = |index: usize| {
        let id = u16::try_from(index % 65_536).unwrap();
        Frame::new(segment.nanos, (ETHERNET.wrap)(&wrap::fragments(&packet, id, 200)[0]))
    };
    (0..count).map(frame).collect()
}

fn fragments_that_never_complete(units: usize) -> Vec<u8> {
    pcap(&half_open_datagrams(units * 4))
}

/// Eight-byte fragments of one datagram, every other one, backwards.
fn fragments_with_holes(units: usize) -> Vec<u8> {
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let mut segment = talk.segments[3].clone();
    segment.payload = vec![1; 60_000];
    let packet = wrap::packet(&talk, &segment);
    let parts = wrap::fragments(&packet, 1, 8);
    let holes = parts.iter().step_by(2).rev().cycle().take(units * 1_024 / 58);
    let frame = |part: &Vec<u8>| Frame::new(segment.nanos, (ETHERNET.wrap)(part));
    pcap(&holes.map(frame).collect::<Vec<_>>())
}

/// pcapng blocks that claim to be larger than any file.
fn absurd_blocks(units: usize) -> Vec<u8> {
    let mut bytes = file::pcapng(&[1], &[], false);
    let absurd = [&6u32.to_le_bytes()[..], &0xffff_fff0u32.to_le_bytes(), &[0; 8]].concat();
    bytes.extend(absurd.repeat(units * 1_024 / absurd.len()));
    bytes
}

/// pcap records that claim to be larger than any packet.
fn absurd_records(units: usize) -> Vec<u8> {
    let mut bytes = file::pcap(1, &[], Style::default());
    let record: Vec<u8> =
        [1u32, 1, 0xffff_fff0, 0xffff_fff0].iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.extend(record.repeat(units * 1_024 / record.len()));
    bytes
}

/// One record in five claims an absurd length, so that the reader has to find the
/// next one again and again.
fn absurd_records_among_whole_ones(units: usize) -> Vec<u8> {
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let frames = vec![plain(&talk)[0].clone(); 5];
    let mut damaged = file::pcap(1, &frames, Style::default())[24..].to_vec();
    damaged[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut bytes = file::pcap(1, &[], Style::default());
    bytes.extend(damaged.repeat(units * 1_024 / damaged.len()));
    bytes
}

/// The same in pcapng.
fn absurd_blocks_among_whole_ones(units: usize) -> Vec<u8> {
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let mut bytes = file::pcapng(&[1], &[], false);
    let block = file::pcapng(&[1], &plain(&talk)[..1], false)[bytes.len()..].to_vec();
    let absurd = [&6u32.to_le_bytes()[..], &0xffff_fff0u32.to_le_bytes(), &[0; 8]].concat();
    let both = [block, absurd].concat();
    bytes.extend(both.repeat(units * 1_024 / both.len()));
    bytes
}

/// Connections of one SYN each.
fn many_connections(units: usize) -> Vec<u8> {
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let frame = |index: usize| {
        let [_, a, b, c] = u32::try_from(index).unwrap().to_be_bytes();
        let client = std::net::SocketAddr::from(([10, a, b, c], 40_000));
        let one = talk.clone().between(client, talk.server).with(talk.segments[..1].to_vec());
        plain(&Conversation { client, ..one })
    };
    pcap(&(0..units * 1_024 / 70).flat_map(frame).collect::<Vec<_>>())
}

/// Text that looks like the beginning of TLS again and again.
fn endless_search(units: usize) -> Vec<u8> {
    let almost = [22, 3, 1, 0, 90, 1, 0, 0, 86, 3, 9];
    pcap(&in_order(&almost.repeat(units * 1_024 / almost.len())))
}

fn time(bytes: &[u8]) -> Duration {
    let begin = Instant::now();
    let report = read("worst case", bytes, &Limits::default());
    drop(to_value(&report));
    begin.elapsed()
}

/// About 1 MB against 2 MB: twice the work takes about twice the time. Loosely and in
/// three attempts, since other tests run beside this; quadratic would be 4 times.
fn assert_linear(name: &str, make: fn(usize) -> Vec<u8>) {
    let (one, two) = (make(1_000), make(2_000));
    let mut told = String::new();
    for _ in 0..3 {
        let (first, second) = (time(&one), time(&two));
        told = format!("{name}: {first:?}, {second:?} for twice as much");
        println!("{told}");
        assert!(second < Duration::from_secs(20), "{told}");
        if second < first.mul_f64(3.2) + Duration::from_millis(40) {
            return;
        }
    }
    panic!("{told}");
}

macro_rules! linear {
    ($($name:ident)*) => {
        mod takes_linear_time {
            $(#[test]
            fn $name() {
                super::assert_linear(stringify!($name), super::$name);
            })*
        }
    };
}

linear! {
    one_byte_segments_backwards
    overlapping_segments
    combed_segments
    tiny_records
    endless_alerts
    endless_change_cipher_specs
    endless_extensions
    endless_certificates
    endless_message
    fragments_that_never_complete
    fragments_with_holes
    absurd_blocks
    absurd_records
    absurd_records_among_whole_ones
    absurd_blocks_among_whole_ones
    many_connections
    endless_search
}
