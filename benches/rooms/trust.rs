//! Validating chains.

use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use tlsight::pipeline::{Config, analyze, source_from_file};
use tlsight::trust::{Purpose, Question, Store, StoreSemantics, validate};
use tlsight::x509::Certificate;

/// Samples, and whether the trust list vouches for what they show.
const CHAINS: [(&str, bool); 4] = [
    ("rsa-trusted", true),
    ("intermediate-not-sent", false),
    ("expired", false),
    ("ecdsa-selfsigned-untrusted", false),
];

struct Shown {
    chain: Vec<Arc<Certificate>>,
    time: i64,
    trusted: bool,
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let bundle = std::fs::read(folder.join("trust/expressway.pem")).unwrap();
    let mut store = Store::new(StoreSemantics::OpenSsl);
    store.add_bundle("expressway.pem", &bundle);
    let shown = CHAINS.map(|(name, trusted)| shown(&folder.join(format!("{name}.pcap")), trusted));
    let mut group = criterion.benchmark_group("trust");
    group.throughput(Throughput::Elements(CHAINS.len() as u64));
    group.bench_function("validate", |bencher| {
        bencher.iter(|| {
            for shown in &shown {
                let [leaf, others @ ..] = shown.chain.as_slice() else { panic!("no leaf") };
                let purpose = Purpose::Server;
                let question = Question::new(Arc::clone(leaf), others, &store, shown.time, purpose);
                assert_eq!(validate(&question).ok(), shown.trusted);
            }
        });
    });
    group.finish();
}

fn shown(path: &Path, trusted: bool) -> Shown {
    let report = analyze(vec![source_from_file(path.to_path_buf())], &Config::default());
    let connection = &report.connections.first().unwrap().connection;
    let chain = connection.server_certificates.iter().filter_map(|shown| shown.parsed().cloned());
    Shown { chain: chain.collect(), time: connection.judged_at.seconds(), trusted }
}
