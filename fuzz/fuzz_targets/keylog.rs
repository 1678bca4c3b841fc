//! Two bytes of length, a key log, then bytes of both directions in pieces: what is
//! not understood of the log is counted, decryption comes to its end, and no secret
//! is told. A secret of few different bytes may stand in a report by chance, one of
//! many may not.
#![no_main]

mod pieces;

use std::collections::HashSet;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tlsight::limits::Limits;
use tlsight::pipeline::{Config, analyze, source_from_reader};
use tlsight::report::{Look, json, show};
use tlsight::tls::KeyLog;

fuzz_target!(|data: &[u8]| {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let (log, stream) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
    let mut keys = KeyLog::default();
    let junk = keys.add(log);
    let lines = log.split(|byte| *byte == b'\n').count();
    assert!(keys.len() as u64 + junk.lines + junk.beyond_limit <= lines as u64);
    assert_eq!(junk.first.is_some(), junk.lines > 0);
    let limits = Limits { handshake_bytes: 8192, search_bytes: 4096, ..Limits::default() };
    let config = Config { limits, keys: Arc::new(keys), ..Config::default() };
    let capture = std::io::Cursor::new(pieces::capture(stream));
    let report = analyze(vec![source_from_reader("fuzz", Box::new(capture))], &config);
    let look = Look { width: 80, colour: false };
    let mut told = Vec::new();
    json::write(&report, &mut told).expect("memory takes all");
    for judged in &report.connections {
        told.extend(show::render(&report.captures[judged.capture], judged, look).into_bytes());
    }
    let mut said = [Vec::new(), Vec::new()];
    pieces::split(stream).for_each(|(side, _, bytes)| said[side].extend_from_slice(bytes));
    for secret in secrets(log).filter(|secret| !said.iter().any(|side| contains(side, secret))) {
        assert!(!String::from_utf8_lossy(&told).contains(secret));
    }
});

/// The hexadecimal texts at the ends of the lines that a report holds by no chance.
fn secrets(log: &[u8]) -> impl Iterator<Item = &str> {
    log.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
        let (random, secret) = (words.nth(1)?, words.next()?);
        let varied = secret.bytes().collect::<HashSet<u8>>().len() > 10;
        (varied && secret.len() >= 64 && random != secret).then_some(secret)
    })
}

/// Whether a side says the secret itself, in text or in bytes.
fn contains(said: &[u8], secret: &str) -> bool {
    let pairs = secret.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let holds = |part: &[u8]| said.windows(part.len().max(1)).any(|window| window == part);
    holds(secret.as_bytes()) || bytes.is_none_or(|bytes| holds(&bytes))
}
