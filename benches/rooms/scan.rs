//! Many files: a tree of small captures, with and without a large one among them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput};
use tlsight::pipeline::scan::{Inputs, Pace, Unit, Walk, Watch, examine, in_order};
use tlsight::pipeline::{Session, Sink};
use tlsight::report::fleet::Summary;
use tlsight::report::{Judged, Origin};

use super::end_to_end::config;
use crate::generator::{Format, Mix, Size, Truth, generate};

/// Small captures in the tree.
const FILES: u64 = 200;

pub(crate) fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut truth = Sum::default();
    for index in 0..FILES {
        let mix = Mix::ALL[usize::try_from(index).unwrap() % Mix::ALL.len()];
        let name = format!("{:02}/{index:04}.pcap", index % 16);
        truth.add(&write(folder.path(), &name, mix, Size::Flows(1 + index % 9)));
    }
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::Elements(FILES));
    group.bench_function(BenchmarkId::from_parameter("small files"), |bencher| {
        bencher.iter(|| scan(folder.path(), &truth));
    });
    truth.add(&write(folder.path(), "07/0000.pcap", Mix::Handshakes, Size::Bytes(8 << 20)));
    group.bench_function(BenchmarkId::from_parameter("a large one among them"), |bencher| {
        bencher.iter(|| scan(folder.path(), &truth));
    });
    group.finish();
}

fn write(folder: &Path, name: &str, mix: Mix, size: Size) -> Truth {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let out = BufWriter::new(File::create(path).unwrap());
    generate(mix, size, Format::Pcap, out).unwrap()
}

/// What all files together hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sum {
    files: u64,
    frames: u64,
    bytes: u64,
    tcp_connections: u64,
    connections: u64,
    completed: u64,
    certificates: BTreeSet<[u8; 32]>,
}

impl Sum {
    fn add(&mut self, truth: &Truth) {
        self.files += 1;
        self.frames += truth.frames;
        self.bytes += truth.bytes;
        self.tcp_connections += truth.tcp_connections;
        self.connections += truth.tls_connections;
        self.completed += truth.completed;
        self.certificates.extend(&truth.certificates);
    }
}

fn scan(folder: &Path, truth: &Sum) {
    let session = Session::new(config());
    let inputs = Inputs::Paths(vec![folder.to_path_buf()].into_iter());
    let jobs = Walk::new(inputs).map(|unit| {
        let size = unit.size;
        (unit, size)
    });
    let mut total = Summary::default();
    let mut certificates = BTreeSet::new();
    let work = move |unit: Unit| {
        let file = unit.path.display().to_string();
        let mut told = Told { file, ..Told::default() };
        let report = examine(&unit, &session, &Watch::default(), &mut told).unwrap().unwrap();
        told.summary.close(&told.file, &report);
        (told, 0)
    };
    let take = |told: Told| {
        total.merge(told.summary);
        certificates.extend(told.certificates);
        ControlFlow::Continue(())
    };
    in_order(jobs, Pace::of(rayon::current_num_threads()), work, take, || false);
    let completed = total.outcomes.named().find(|(word, _)| *word == "completed");
    let found = Sum {
        files: total.files,
        frames: total.frames,
        bytes: total.bytes,
        tcp_connections: total.tcp_connections,
        connections: total.connections,
        completed: completed.map_or(0, |(_, count)| *count),
        certificates,
    };
    assert!(found == *truth, "found\n{found:?}\nof\n{truth:?}");
}

/// What was told of a file.
#[derive(Default)]
struct Told {
    file: String,
    summary: Summary,
    certificates: BTreeSet<[u8; 32]>,
}

impl Sink for Told {
    fn take(&mut self, _: &Origin, judged: &[Judged]) -> std::io::Result<()> {
        self.summary.see(&self.file, judged);
        for connection in judged.iter().map(|one| &one.connection) {
            let shown = connection.server_certificates.iter();
            let shown = shown.chain(connection.client_certificates.iter().flatten());
            self.certificates.extend(shown.map(|one| *one.sha256()));
        }
        Ok(())
    }
}
