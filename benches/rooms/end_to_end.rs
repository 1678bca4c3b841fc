//! Everything: bytes in, judged connections out, for each mix and format.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use criterion::{Criterion, Throughput};
use tlsight::pipeline::{Config, Sink, analyze_to, source_from_file};
use tlsight::report::json::Renderer;
use tlsight::report::{Judged, Origin, Report};
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
                    let mut told = Told::default();
                    let sources = vec![source_from_file(path.clone())];
                    let report = analyze_to(sources, &config, &mut told).unwrap();
                    assert_eq!(told.lines.0, truth.tls_connections);
                    told.check(&report, &truth);
                });
            });
        }
    }
    group.finish();
}

const fn size(mix: Mix) -> Size {
    match mix {
        Mix::Bulk => Size::Bytes(64 << 20),
        Mix::Messy | Mix::Handshakes | Mix::Small | Mix::ManyFlows => Size::Bytes(8 << 20),
    }
}

/// With a trust store, so that chains are judged.
pub(super) fn config() -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/trust/expressway.pem");
    let mut store = Store::new(StoreSemantics::OpenSsl);
    store.add_bundle("expressway.pem", &std::fs::read(path).unwrap());
    Config { store: Some(store), ..Config::default() }
}

/// What was handed on: lines, and the counts of the truth.
#[derive(Default)]
struct Told {
    lines: Counted,
    renderer: Renderer,
    connections: u64,
    server_hellos: u64,
    completed: u64,
    certificates: BTreeSet<[u8; 32]>,
}

/// Lines written.
#[derive(Default)]
struct Counted(u64);

impl Sink for Told {
    fn take(&mut self, origin: &Origin, judged: &[Judged]) -> std::io::Result<()> {
        let mut lines = Vec::new();
        for one in judged {
            self.renderer.line(origin, one, &mut lines);
            let connection = &one.connection;
            self.connections += 1;
            self.server_hellos += u64::from(connection.handshake.server_hello().is_some());
            self.completed += u64::from(connection.outcome.word() == "completed");
            let shown = connection.server_certificates.iter();
            let shown = shown.chain(connection.client_certificates.iter().flatten());
            self.certificates.extend(shown.map(|shown| *shown.sha256()));
        }
        self.lines.0 += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(())
    }
}

impl Told {
    fn check(&self, report: &Report, truth: &Truth) {
        let capture = report.captures.first().unwrap();
        let found = Truth {
            bytes: capture.bytes,
            frames: capture.frames,
            tcp_connections: capture.tcp_connections,
            tls_connections: self.connections,
            server_hellos: self.server_hellos,
            completed: self.completed,
            certificates: self.certificates.clone(),
        };
        assert!(found == *truth, "found\n{found}of\n{truth}");
    }
}
