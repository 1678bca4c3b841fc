//! Reading records out of pcap and pcapng.

use criterion::{Criterion, Throughput};
use tlsight::capture::Chunk;

use super::{SMALL, capture, reader};
use crate::generator::{Format, Mix};

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("capture");
    for (name, mix, format) in [
        ("pcap, large packets", Mix::Bulk, Format::Pcap),
        ("pcap, small packets", Mix::ManyFlows, Format::Pcap),
        ("pcapng, small packets", Mix::ManyFlows, Format::Pcapng),
    ] {
        let (bytes, truth) = capture(mix, SMALL, format);
        group.throughput(Throughput::Bytes(truth.bytes));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut reader = reader(&bytes);
                let mut chunk = Chunk::default();
                let mut frames = 0;
                while reader.fill(&mut chunk) {
                    frames += chunk.len() as u64;
                }
                assert_eq!(frames, truth.frames);
                assert_eq!(reader.offset(), truth.bytes);
            });
        });
    }
    group.finish();
}
