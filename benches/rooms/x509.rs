//! Parsing certificates.

use std::collections::BTreeMap;
use std::io::Cursor;

use criterion::{Criterion, Throughput};
use tlsight::pipeline::{Config, analyze, source_from_reader};
use tlsight::x509::Certificate;

use super::capture;
use crate::generator::{Format, Mix, Size};

/// Flows that show every template's certificates.
const FLOWS: Size = Size::Flows(500);

pub(crate) fn bench(criterion: &mut Criterion) {
    let (bytes, truth) = capture(Mix::Handshakes, FLOWS, Format::Pcap);
    let source = source_from_reader("generated", Box::new(Cursor::new(bytes)));
    let report = analyze(vec![source], &Config::default());
    let shown = report.connections.iter().flat_map(|judged| {
        let connection = &judged.connection;
        connection.server_certificates.iter().chain(connection.client_certificates.iter().flatten())
    });
    let parsed = shown.filter_map(|shown| shown.parsed());
    let ders: BTreeMap<[u8; 32], Box<[u8]>> =
        parsed.map(|certificate| (certificate.sha256, certificate.der.clone())).collect();
    assert!(ders.keys().eq(truth.certificates.iter()));
    let mut group = criterion.benchmark_group("x509");
    group.throughput(Throughput::Elements(ders.len() as u64));
    group.bench_function("parse each certificate of the samples", |bencher| {
        bencher.iter(|| {
            for (sha256, der) in &ders {
                assert_eq!(Certificate::parse(der).map(|parsed| parsed.sha256).ok(), Some(*sha256));
            }
        });
    });
    group.finish();
}
