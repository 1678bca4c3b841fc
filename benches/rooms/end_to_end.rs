//! Everything: bytes in, judged connections out, for each mix and format.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use criterion::{Criterion, Throughput};
use tlsight::pipeline::{Config, analyze, source_from_file};
use tlsight::report::{Report, json};
use tlsight::trust::{Store, StoreSemantics};

use crate::generator::{Format, Mix, Size, Truth, generate};

pub(crate) fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let config = config();
    let mut group = criterion.benchmark_group("end to end");
    for mix in Mix::ALL {
        for (format, end) in [(Format::Pcap, "pcap"), (Format::Pcapng, "pcapng")] {
            let path = folder.path().join(format!("{}.{end}", mix.name()));
            let out = BufWriter::new(File::create(&path).unwrap());
            let truth = generate(mix, size(mix), format, out).unwrap();
            group.throughput(Throughput::Bytes(truth.bytes));
            group.bench_function(format!("{}, {end}", mix.name()), |bencher| {
                bencher.iter(|| {
                    let report = analyze(vec![source_from_file(path.clone())], &config);
                    let mut lines = Counted::default();
                    json::write_lines(&report, &mut lines).unwrap();
                    assert_eq!(lines.0, truth.tls_connections);
                    check(&report, &truth);
                });
            });
        }
    }
    group.finish();
}

const fn size(mix: Mix) -> Size {
    match mix {
        Mix::Bulk => Size::Bytes(64 << 20),
        Mix::Messy | Mix::Handshakes | Mix::ManyFlows => Size::Bytes(8 << 20),
    }
}

/// With a trust store, so that chains are judged.
pub(super) fn config() -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/trust/expressway.pem");
    let mut store = Store::new(StoreSemantics::OpenSsl);
    store.add_bundle("expressway.pem", &std::fs::read(path).unwrap());
    Config { store: Some(store), ..Config::default() }
}

/// Lines written.
#[derive(Default)]
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn check(report: &Report, truth: &Truth) {
    let capture = report.captures.first().unwrap();
    let connections = report.connections.iter().map(|judged| &judged.connection);
    let certificates: BTreeSet<[u8; 32]> = connections
        .clone()
        .flat_map(|one| {
            one.server_certificates.iter().chain(one.client_certificates.iter().flatten())
        })
        .map(|shown| *shown.sha256())
        .collect();
    let answered = connections.clone().filter(|one| one.handshake.server_hello().is_some());
    let found = Truth {
        bytes: capture.bytes,
        frames: capture.frames,
        tcp_connections: capture.tcp_connections,
        tls_connections: report.connections.len() as u64,
        server_hellos: answered.count() as u64,
        completed: connections.filter(|one| one.outcome.word() == "completed").count() as u64,
        certificates,
    };
    assert!(found == *truth, "found\n{found}of\n{truth}");
}
