//! Runs the rooms; the only place with threads.
//!
//! A capture is read in windows of a few chunks. In each window the chunks are
//! decoded in parallel, then the flows are reassembled in parallel, each shard of
//! flows seeing its segments in file order. A flow's shard depends on its key alone
//! and the number of shards is fixed, so the result is the same for any number of
//! threads and any size of window.

mod certify;
mod config;
mod court;
mod engine;
mod inputs;
mod names;
mod shard;

use std::io::Read;
use std::path::PathBuf;

use rayon::prelude::*;

pub use config::{Config, ExpectedName, Judging, Source};
pub use inputs::collect;

use crate::connection::Connection;
use crate::report::{CaptureReport, Judged, Report, StoreReport};
use crate::rules::{Finding, Subject, judge, verdicts};

/// Reads and judges `sources`: each becomes one capture of the report, in order.
///
/// Trouble with one source is recorded in its part of the report and stops no other.
#[must_use]
pub fn analyze(sources: Vec<Source>, config: &Config) -> Report {
    let mut report = Report {
        store: config.store.as_ref().map(store_report),
        peer_store: config.peer_store.as_ref().map(store_report),
        ..Report::default()
    };
    let mut certifier = certify::Certifier::new(config);
    for (index, source) in sources.into_iter().enumerate() {
        let own = source.with_own_store(config);
        let mut outcome = engine::run(source, config);
        let judged = match &own {
            None => {
                let connections = certifier.certify(outcome.observed, &outcome.names);
                judge_all(connections, index, config, &mut report)
            }
            Some(own) => {
                outcome.capture.store = own.store.as_ref().map(store_report);
                let connections =
                    certify::Certifier::new(own).certify(outcome.observed, &outcome.names);
                judge_all(connections, index, own, &mut report)
            }
        };
        report.captures.push(outcome.capture);
        report.connections.extend(judged);
    }
    report
}

fn judge_all(
    connections: Vec<Connection>,
    capture: usize,
    config: &Config,
    report: &mut Report,
) -> Vec<Judged> {
    let store = config.store.as_ref();
    let judgements: Vec<_> =
        connections.par_iter().map(|connection| judge(&Subject { connection, store })).collect();
    for judgement in &judgements {
        for (_, need) in &judgement.not_judged {
            *report.not_judged.entry(*need).or_default() += 1;
        }
    }
    let pairs: Vec<(&Connection, &[Finding])> = connections
        .iter()
        .zip(&judgements)
        .map(|(connection, judgement)| (connection, judgement.findings.as_slice()))
        .collect();
    report.verdicts.extend(verdicts(&pairs).into_iter().map(|verdict| (capture, verdict)));
    connections
        .into_iter()
        .zip(judgements)
        .map(|(connection, judgement)| Judged { capture, connection, findings: judgement.findings })
        .collect()
}

fn store_report(store: &crate::trust::Store) -> StoreReport {
    let mut sources: Vec<String> = Vec::new();
    for anchor in store.anchors() {
        if sources.last() != Some(&anchor.source) {
            sources.push(anchor.source.clone());
        }
    }
    StoreReport {
        sources,
        anchors: store.anchors().len(),
        semantics: store.semantics(),
        unreadable: store
            .unreadable()
            .iter()
            .map(|block| (block.source.clone(), block.line, block.reason.to_string()))
            .collect(),
    }
}

/// Captures from files and one stream, for library users who have no paths.
#[must_use]
pub fn source_from_reader(name: &str, bytes: Box<dyn Read + Send>) -> Source {
    Source::Stream { name: name.to_owned(), bytes }
}

/// One capture per file.
#[must_use]
pub fn source_from_file(path: PathBuf) -> Source {
    Source::Files(vec![path])
}

/// An empty part of the report for something that could not be read.
fn unreadable(name: &str, error: &dyn std::fmt::Display) -> CaptureReport {
    CaptureReport {
        files: vec![(name.to_owned(), 0)],
        errors: vec![format!("{name}: {error}")],
        ..CaptureReport::default()
    }
}
