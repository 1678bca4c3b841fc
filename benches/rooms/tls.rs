//! Reading handshakes out of streams.

use std::collections::BTreeMap;

use criterion::{Criterion, Throughput};
use tlsight::flow::{Flow, Mark, StreamEvent};
use tlsight::limits::Limits;
use tlsight::packet::{Direction, FlowKey, Segment};
use tlsight::tls::{Appetite, KeyLog, Observer};

use super::{SMALL, capture, chunks, segments};
use crate::generator::{Format, Mix};

type Event<'a> = (Direction, StreamEvent<'a>);

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tls");
    for mix in [Mix::Handshakes, Mix::Bulk] {
        let (bytes, truth) = capture(mix, SMALL, Format::Pcap);
        let chunks = chunks(&bytes);
        let flows = events(&segments(&chunks));
        group.throughput(Throughput::Elements(truth.tls_connections));
        group.bench_function(mix.name(), |bencher| {
            bencher.iter(|| {
                let answered = flows.iter().filter(|events| is_answered(events)).count();
                assert_eq!(answered as u64, truth.server_hellos);
            });
        });
    }
    group.finish();
}

/// What reassembly says of each connection.
fn events<'a>(segments: &[Segment<'a>]) -> Vec<Vec<Event<'a>>> {
    let limits = Limits::default();
    let mut flows: BTreeMap<FlowKey, (Flow, Vec<Event<'a>>)> = BTreeMap::new();
    for segment in segments {
        let new = || (Flow::new(segment), Vec::new());
        let (flow, events) = flows.entry(segment.key).or_insert_with(new);
        events.extend(flow.accept(segment, &limits).map(|event| (segment.direction, event)));
    }
    flows.into_values().map(|(_, events)| events).collect()
}

/// Reads a connection as the pipeline does: no further than there is something to learn.
fn is_answered(events: &[Event<'_>]) -> bool {
    let (limits, keys, last) = (Limits::default(), KeyLog::default(), no_mark());
    let mut observer = Observer::default();
    let mut done = [false; 2];
    for (direction, event) in events {
        let done = &mut done[usize::from(*direction == Direction::FromHigh)];
        if !*done {
            *done = observer.event(*direction, event, last, &limits, &keys) == Appetite::Done;
        }
    }
    let finished = observer.finish(None, Direction::FromLow, last, &limits, &keys);
    finished.is_some_and(|(handshake, _)| handshake.server_hello().is_some())
}

fn no_mark() -> Mark {
    Mark { frame: 0, time: tlsight::time::Timestamp::default() }
}
