//! Bytes of both directions in pieces, with gaps: the observer comes to its end, and
//! what it says can be asked for.
#![no_main]

mod pieces;

use libfuzzer_sys::fuzz_target;
use tlsight::limits::Limits;
use tlsight::pipeline::{Config, analyze, source_from_reader};
use tlsight::report::json;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { handshake_bytes: 8192, search_bytes: 4096, ..Limits::default() };
    let config = Config { limits, ..Config::default() };
    let capture = std::io::Cursor::new(pieces::capture(data));
    let report = analyze(vec![source_from_reader("fuzz", Box::new(capture))], &config);
    json::write(&report, &mut std::io::sink()).expect("a sink takes all");
});
