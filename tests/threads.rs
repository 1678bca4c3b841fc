//! The same bytes come out for any number of threads, and for a capture split over
//! rotated files.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tlsight::limits::Limits;
use tlsight::pipeline::{Config, Lines, Source, analyze_to};
use tlsight::trust::{Store, StoreSemantics};
use toolkit::conversation::{Conversation, Segment};
use toolkit::file::{self, Frame, Style};
use toolkit::program::{run, text};
use toolkit::{Dice, look, samples, wrap};

const THREADS: [&str; 3] = ["1", "2", "8"];

/// Output of the program with each number of threads; all must be the same.
fn same_output(what: &str, args: &[String]) -> String {
    let outputs = THREADS.map(|threads| {
        let mut args = args.to_vec();
        args.extend(["--threads".to_owned(), threads.to_owned()]);
        let run = run(&args);
        assert_eq!(run.stderr, "", "{what} with {threads} threads");
        run.stdout
    });
    let [one, others @ ..] = outputs;
    for (other, threads) in others.iter().zip(&THREADS[1..]) {
        // Not assert_eq: the outputs may be megabytes.
        assert!(one == *other, "{what}: {threads} threads print something else than one does");
    }
    one
}

fn with(flags: &[&str], args: Vec<String>) -> Vec<String> {
    flags.iter().map(|flag| (*flag).to_owned()).chain(args).collect()
}

#[test]
fn every_sample_reads_the_same_with_any_number_of_threads() {
    for sample in samples::all() {
        same_output(&sample.name, &sample.args());
        same_output(&sample.name, &with(&["--json"], sample.args()));
    }
}

/// Many flows at once: enough bytes for several windows of chunks, enough keys for
/// every shard, and flows that reach over chunk and window borders.
const FLOWS: u32 = 2_400;
/// Flows open at the same time.
const OPEN: usize = 60;
/// 1 MiB of packets is one window of the pipeline.
const WINDOW: usize = 1 << 20;

fn many_flows() -> Vec<Frame> {
    let kinds = ["ecdsa-selfsigned-untrusted.pcap", "tls13-trusted.pcap", "mtls-accepted.pcap"];
    let kinds = kinds.map(|name| Conversation::read(&samples::path(name)));
    let mut dice = Dice(2026);
    let mut waiting = (0..FLOWS).map(|index| flow(&kinds[dice.below(3)].clone(), index));
    let mut open: Vec<Vec<Frame>> = waiting.by_ref().take(OPEN).collect();
    let mut dice = Dice(1996);
    let mut frames = Vec::new();
    while !open.is_empty() {
        let at = dice.below(open.len());
        frames.extend(open[at].pop());
        if open[at].is_empty() {
            match waiting.next() {
                Some(next) => open[at] = next,
                None => drop(open.swap_remove(at)),
            }
        }
    }
    retimed(frames)
}

/// Frames of one flow between ends of its own, last first.
fn flow(talk: &Conversation, index: u32) -> Vec<Frame> {
    let [_, _, high, low] = index.to_be_bytes();
    let client = SocketAddr::from(([10, 99, high, low], 20_000 + u16::from(low)));
    let server = SocketAddr::from(([10, 30, 7, low % 16], talk.server.port()));
    let talk = talk.clone().between(client, server).shifted(index << 20, index << 18);
    let mut frames = wrap::plain(&talk);
    frames.reverse();
    frames
}

fn retimed(mut frames: Vec<Frame>) -> Vec<Frame> {
    let first = frames.iter().map(|frame| frame.nanos).min().unwrap();
    for (frame, index) in frames.iter_mut().zip(0i64..) {
        frame.nanos = first + index * 50_000;
    }
    frames
}

fn write(folder: &Path, name: &str, frames: &[Frame]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, file::pcap(1, frames, Style::default())).unwrap();
    path
}

#[test]
fn thousands_of_flows_read_the_same_with_any_number_of_threads() {
    let frames = many_flows();
    let bytes: usize = frames.iter().map(|frame| frame.data.len()).sum();
    assert!(bytes > 4 * WINDOW, "only {bytes} bytes: no window border is crossed");
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "many.pcap", &frames);
    let table = same_output("table", &[text(&path)]);
    assert!(table.contains(&format!("{FLOWS} TCP connections")), "flows were lost or made up");
    let lines = same_output("lines", &[text(&path), "--jsonl".into()]);
    assert_eq!(lines.lines().count(), usize::try_from(FLOWS).unwrap());
    same_output("document", &[text(&path), "--json".into()]);
}

/// A file is read in blocks, several at a time, and a stream record by record.
#[test]
fn a_file_reads_as_the_stream_of_its_bytes_does() {
    let capture = file::pcap(1, &many_flows(), Style::default());
    assert!(capture.len() > 4 * WINDOW);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&capture).unwrap();
    let path = file.path().to_owned();
    let name = path.display().to_string();
    for upto in [capture.len(), capture.len() - 1_000] {
        file.as_file().set_len(u64::try_from(upto).unwrap()).unwrap();
        let bytes = Box::new(std::io::Cursor::new(capture[..upto].to_vec()));
        let stream = Source::Stream { name: name.clone(), bytes };
        let expected = lines_of(stream, &Config::default(), 1);
        for threads in [1, 2, 8] {
            let read = lines_of(Source::Files(vec![path.clone()]), &Config::default(), threads);
            assert!(read == expected, "{threads} threads, {upto} bytes");
        }
    }
}

fn lines_of(source: Source, config: &Config, threads: usize) -> Vec<String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let mut out = Vec::new();
    let report = pool.install(|| analyze_to(vec![source], config, &mut Lines::new(&mut out)));
    let told: u64 = report.unwrap().tls_connections.iter().sum();
    let lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(told, lines.len() as u64);
    lines
}

/// Lines of JSON, judged in groups of `held`, with so many bytes for flows and so many closed
/// ones.
fn lines(
    capture: &[u8],
    (held_connections, flow_bytes, closed_flows): (usize, usize, usize),
    threads: usize,
) -> Vec<String> {
    let limits = Limits { held_connections, flow_bytes, closed_flows, ..Limits::default() };
    let mut store = Store::new(StoreSemantics::OpenSsl);
    let trust = std::fs::read(samples::root().join("samples/trust/expressway.pem")).unwrap();
    store.add_bundle("expressway.pem", &trust);
    let config = Config { limits, store: Some(store), ..Config::default() };
    lines_of(look::source(capture), &config, threads)
}

/// What is judged while the capture is read is judged as if everything were known, and in
/// the same order with any number of threads; each connection once.
#[test]
fn connections_judged_in_groups_read_the_same() {
    let capture = file::pcap(1, &many_flows(), Style::default());
    let all = usize::MAX;
    let mut together = lines(&capture, (all, all, all), 2);
    for bounds in [(1, 1 << 20, all), (700, 900_000, all), (700, all, 40)] {
        let [mut one, several] = [1, 8].map(|threads| lines(&capture, bounds, threads));
        assert!(one == several, "threads matter with {bounds:?}");
        one.sort_unstable();
        together.sort_unstable();
        assert_eq!(one.len(), together.len());
        for (one, other) in one.iter().zip(&together) {
            assert_eq!(one, other, "{bounds:?}");
        }
    }
}

/// Names that were looked up, and everything else that one connection tells of another.
#[test]
fn samples_judged_in_groups_read_the_same() {
    let captures = samples::all().into_iter().filter(|sample| sample.trust.is_some());
    for sample in captures.filter(|sample| sample.files.len() == 1) {
        let capture = std::fs::read(samples::root().join(&sample.files[0])).unwrap();
        let together = lines(&capture, (usize::MAX, usize::MAX, usize::MAX), 2);
        let alone = lines(&capture, (0, usize::MAX, usize::MAX), 2);
        assert_eq!(together, alone, "{}", sample.name);
    }
}

/// Commands find what a report of so many connections does not list.
#[test]
fn no_connection_is_too_far_behind_to_be_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = text(&write(folder.path(), "many.pcap", &many_flows()));
    let document: Value = serde_json::from_str(&run(&["--json", &path]).stdout).unwrap();
    let all = document["connections"].as_array().unwrap();
    assert_eq!(all.len(), usize::try_from(FLOWS).unwrap());
    let limits = document["limits_hit"].as_array().unwrap();
    let reached: Vec<&str> = limits.iter().map(|hit| hit["limit"].as_str().unwrap()).collect();
    assert_eq!(reached, ["held_connections", "listed_connections"]);
    let last = all.iter().map(|one| one["stream"].as_u64().unwrap()).max().unwrap();
    let shown = run(&["show", &path, "--stream", &last.to_string()]);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    let none = run(&["show", &path, "--stream", &(last + 1).to_string()]);
    assert!(none.stderr.contains("is no TLS connection; these are: "), "{}", none.stderr);
    let peers = run(&["peers", "--json", &path]);
    assert_eq!((peers.code, peers.stderr.as_str()), (Some(0), ""));
}

/// A document without what tells where the bytes came from.
fn contents(document: &str) -> Value {
    let mut document: Value = serde_json::from_str(document).unwrap();
    drop(document["inputs"].take());
    document
}

/// A capture of a few flows, split where it hurts: inside handshakes.
#[test]
fn rotated_files_read_as_the_whole_capture() {
    let frames: Vec<Frame> = many_flows().into_iter().take(1_500).collect();
    let folder = tempfile::tempdir().unwrap();
    let whole = write(folder.path(), "whole.pcap", &frames);
    let parts: Vec<String> = frames
        .chunks(400)
        .enumerate()
        .map(|(index, part)| text(&write(folder.path(), &format!("part{index}.pcap"), part)))
        .collect();
    let whole = run(&["--json".to_owned(), text(&whole)]);
    let mut dice = Dice(7);
    for _ in 0..4 {
        let mut args = vec!["--json".to_owned()];
        args.extend(shuffled(&parts, &mut dice));
        let rotated = run(&args);
        assert_eq!(rotated.stderr, "");
        assert!(contents(&whole.stdout) == contents(&rotated.stdout), "{args:?} differs");
    }
}

fn shuffled(items: &[String], dice: &mut Dice) -> Vec<String> {
    let mut items = items.to_vec();
    for at in 0..items.len() {
        let other = at + dice.below(items.len() - at);
        items.swap(at, other);
    }
    items
}

/// The sample that dumpcap rotated, whichever file is named first.
#[test]
fn the_rotated_sample_reads_the_same_in_any_order() {
    let trust = ["--trust", "samples/trust/expressway-without-root.pem"];
    let files = ["samples/rotated-0.pcap", "samples/rotated-1.pcap"];
    for flags in [&[][..], &["--json"]] {
        let forth = run(&[flags, &trust, &files].concat());
        let back = run(&[flags, &trust, &[files[1], files[0]]].concat());
        assert_eq!(forth.stdout, back.stdout);
        assert_eq!(forth.code, back.code);
    }
}

/// Segments of one flow in two files of one rotation lie in one connection; the
/// frames are counted on.
#[test]
fn frame_numbers_go_on_in_the_next_file() {
    let talk = Conversation::read(&samples::path("root-missing.pcap"));
    let marks: Vec<&Segment> = talk.segments.iter().collect();
    let frames = wrap::plain(&talk);
    let folder = tempfile::tempdir().unwrap();
    let one = write(folder.path(), "x1.pcap", &frames[..5]);
    let two = write(folder.path(), "x2.pcap", &frames[5..]);
    let run = run(&["--json".to_owned(), text(&two), text(&one)]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["connections"][0]["last_frame"], marks.len());
    assert_eq!(document["inputs"][0]["files"][1]["frames"], marks.len() - 5);
}
