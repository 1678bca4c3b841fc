//! Decoding frames.

use criterion::{Criterion, Throughput};
use tlsight::capture::Chunk;
use tlsight::limits::Limits;
use tlsight::packet::{self, Decoded};

use super::{SMALL, capture, chunks};
use crate::generator::{Format, Mix};

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packet");
    for mix in [Mix::Bulk, Mix::ManyFlows] {
        let (bytes, truth) = capture(mix, SMALL, Format::Pcap);
        let chunks = chunks(&bytes);
        let depth = Limits::default().encapsulations;
        group.throughput(Throughput::Elements(truth.frames));
        group.bench_function(mix.name(), |bencher| {
            bencher.iter(|| {
                let frames = chunks.iter().flat_map(Chunk::frames);
                let decoded = frames.map(|frame| packet::decode(&frame, depth));
                let segments = decoded.filter(|decoded| matches!(decoded, Decoded::Tcp(_)));
                assert_eq!(segments.count() as u64, truth.frames);
            });
        });
    }
    group.finish();
}
