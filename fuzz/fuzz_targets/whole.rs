//! Any bytes as a capture through the whole program, under small limits: the ledger
//! sums, and every renderer comes to its end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlsight::limits::Limits;
use tlsight::pipeline::{Config, analyze, source_from_reader};
use tlsight::report::{Look, json, show, table};

const LOOK: Look = Look { width: 80, colour: false };

fuzz_target!(|data: &[u8]| {
    let limits = Limits {
        record_bytes: 64 * 1024,
        windows_ahead: 2,
        pending_bytes: 4096,
        pending_segments: 16,
        flow_bytes: 64_000,
        closed_flows: 4,
        held_connections: 4,
        listed_connections: 2,
        handshake_bytes: 8192,
        search_bytes: 4096,
        certificates: 4,
        fragmented_datagrams: 4,
        ..Limits::default()
    };
    let config = Config { limits, ..Config::default() };
    let source = source_from_reader("fuzz", Box::new(std::io::Cursor::new(data.to_vec())));
    let report = analyze(vec![source], &config);
    for capture in &report.captures {
        assert_eq!(capture.ledger.values().sum::<u64>(), capture.tcp_connections);
    }
    for judged in &report.connections {
        drop(show::render(&report.captures[judged.capture], judged, LOOK));
    }
    let text = table::render(&report, LOOK);
    assert!(text.chars().all(|c| c == '\n' || tlsight::wire::text::is_safe(c)));
    json::write(&report, &mut std::io::sink()).expect("a sink takes all");
});
