//! Putting segments in order.

use std::collections::HashMap;

use criterion::{Criterion, Throughput};
use tlsight::flow::{Flow, StreamEvent};
use tlsight::limits::Limits;
use tlsight::packet::{Direction, FlowKey, Segment};

use super::{SMALL, capture, chunks, segments};
use crate::generator::{Format, Mix};

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flow");
    for mix in Mix::ALL {
        let (bytes, truth) = capture(mix, SMALL, Format::Pcap);
        let chunks = chunks(&bytes);
        let segments = segments(&chunks);
        group.throughput(Throughput::Elements(truth.frames));
        group.bench_function(mix.name(), |bencher| {
            bencher.iter(|| {
                let (flows, gaps) = reassemble(&segments);
                assert_eq!(flows as u64, truth.tcp_connections);
                // Only the messy mix has lost anything.
                assert_eq!(gaps > 0, mix == Mix::Messy);
            });
        });
    }
    group.finish();
}

/// Runs every flow to its end; gives how many there are and how many gaps they have.
#[expect(clippy::iter_over_hash_type, reason = "gaps are counted, in whatever order")]
fn reassemble(segments: &[Segment<'_>]) -> (usize, usize) {
    let limits = Limits::default();
    let mut flows: HashMap<FlowKey, Flow> = HashMap::new();
    let mut gaps = 0;
    for segment in segments {
        let flow = flows.entry(segment.key).or_insert_with(|| Flow::new(segment));
        drop(flow.accept(segment, &limits));
        gaps += rest(flow, segment.direction, false);
    }
    for flow in flows.values_mut() {
        gaps += Direction::BOTH.map(|side| rest(flow, side, true)).iter().sum::<usize>();
    }
    (flows.len(), gaps)
}

fn rest(flow: &mut Flow, side: Direction, to_the_end: bool) -> usize {
    std::iter::from_fn(|| flow.next_held(side, to_the_end))
        .filter(|event| matches!(event, StreamEvent::Gap { .. }))
        .count()
}
