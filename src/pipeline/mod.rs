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
mod courts;
mod engine;
mod inputs;
mod interfaces;
mod names;
mod shard;
mod who;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use rayon::prelude::*;

pub use config::{Config, ExpectedName, Judging, Source};
pub use inputs::collect;

use crate::connection::Connection;
use crate::expressway::{Deployment, Join, Leg, Line};
use crate::foresight::{self, Failing, Observed, Outlook, Plan, Ranked, Scene};
use crate::report::{CaptureReport, Judged, Report, StoreReport};
use crate::rules::{Attempt, Case, CaseConnection, Finding, Judgement, MissingName, Subject};
use crate::rules::{judge, judge_case, verdicts, verdicts_of_case};
use crate::tls::Role;
use certify::Certifier;
use who::Read as ReadCapture;

/// Reads and judges `sources`: each becomes one capture of the report, in order.
///
/// Trouble with one source is recorded in its part of the report and stops no other.
#[must_use]
pub fn analyze(sources: Vec<Source>, config: &Config) -> Report {
    run(sources, config, |_, _, _| ()).0
}

/// Reads and judges `sources`, and foretells what the plan does to them.
#[must_use]
pub fn foresee(sources: Vec<Source>, config: &Config, plan: &Plan) -> (Report, Outlook) {
    run(sources, config, |report, certifier, deployment| {
        foresight::foresee(&scene(report, certifier, deployment, config), plan)
    })
}

/// The remedies of each verdict, run through a prediction.
fn ranked(
    report: &Report,
    certifier: &Certifier<'_>,
    deployment: &Deployment,
    config: &Config,
) -> Vec<Vec<Ranked>> {
    let failing: Vec<Failing> = report
        .verdicts
        .iter()
        .map(|(capture, verdict)| Failing {
            capture: *capture,
            stream: verdict.streams.first().copied().unwrap_or_default(),
            cause: verdict.cause,
        })
        .collect();
    if failing.is_empty() {
        return Vec::new();
    }
    foresight::rank(&scene(report, certifier, deployment, config), &failing)
}

/// Everything that was seen, for a prediction.
fn scene<'a>(
    report: &'a Report,
    certifier: &Certifier<'a>,
    deployment: &'a Deployment,
    config: &Config,
) -> Scene<'a> {
    let once = report.connections.iter().filter(|judged| judged.same_as.is_none());
    let observed = once.map(|judged| {
        let own = report.captures.get(judged.capture).and_then(|capture| capture.appliance);
        let store = |of| certifier.store(&judged.connection, of, own);
        Observed {
            capture: judged.capture,
            connection: &judged.connection,
            leg: judged.leg,
            store: store(Role::Server),
            peer_store: store(Role::Client),
        }
    });
    Scene { connections: observed.collect(), deployment, terms: config.judging.terms }
}

/// Reads and judges, and lets `then` look at what is left of the run.
fn run<T>(
    sources: Vec<Source>,
    config: &Config,
    then: impl FnOnce(&Report, &Certifier<'_>, &Deployment) -> T,
) -> (Report, T) {
    let (captures, deployment) = who::read(sources, config);
    let twins = who::twins(&captures);
    let joins = who::joins(&captures, &deployment, &twins);
    let mut certifier = Certifier::new(config, &deployment);
    let mut report = Report {
        store: config.store.as_ref().map(StoreReport::of),
        peer_store: config.peer_store.as_ref().map(StoreReport::of),
        appliances: deployment.appliances().to_vec(),
        ..Report::default()
    };
    let mut unopened: Vec<Attempt> = Vec::new();
    let mut missing_names: Vec<MissingName> = Vec::new();
    for (index, capture) in captures.into_iter().enumerate() {
        let join = joins.iter().find(|join| Some(join.appliance) == capture.appliance);
        unopened.extend(who::attempts(index, &capture, &deployment));
        missing_names.extend(who::missing_names(index, &capture));
        judge_capture(index, capture, join, &mut certifier, &deployment, &mut report);
        tell_once(index, &twins, &mut report);
    }
    report.case_findings =
        judge_together(&report.connections, (&unopened, &missing_names), &certifier, &deployment);
    report.verdicts.extend(verdicts_of_case(&report.case_findings, &unopened));
    report.verdicts.sort_by_key(|(_, verdict)| std::cmp::Reverse(verdict.severity));
    report.joins = joins;
    report.remedies = ranked(&report, &certifier, &deployment, config);
    let more = then(&report, &certifier, &deployment);
    (report, more)
}

/// A connection that another capture has more of is judged there, and nowhere else.
fn tell_once(index: usize, twins: &BTreeMap<who::Place, who::Place>, report: &mut Report) {
    let here = |judged: &&mut Judged| judged.capture == index;
    for judged in report.connections.iter_mut().rev().take_while(here) {
        judged.same_as = twins.get(&(index, judged.connection.stream)).copied();
        if judged.same_as.is_some() {
            judged.findings.clear();
        }
    }
    report.verdicts.retain_mut(|(capture, verdict)| {
        if *capture == index {
            verdict.streams.retain(|stream| !twins.contains_key(&(index, *stream)));
        }
        !verdict.streams.is_empty()
    });
}

/// Judges the connections of one capture and adds them to the report.
fn judge_capture<'c>(
    index: usize,
    capture: ReadCapture,
    join: Option<&Join>,
    certifier: &mut Certifier<'c>,
    deployment: &'c Deployment,
    report: &mut Report,
) {
    let own = capture.appliance;
    let known = names::KnownNames { capture: index, own, looked_up: &capture.names, log: join };
    let connections = certifier.certify(capture.observed, &known);
    let own_store = capture.appliance.and_then(|at| deployment.appliance(at)?.store.as_ref());
    let mut part = capture.report;
    part.appliance = capture.appliance;
    part.store = own_store.filter(|_| report.store.is_none()).map(StoreReport::of);
    report.captures.push(part);

    let placed: Vec<(Connection, Leg, Vec<Line>)> = connections
        .into_iter()
        .map(|connection| {
            let leg = who::leg(&connection, (index, own), join, deployment);
            let log = who::lines(&connection, index, join, deployment);
            (connection, leg, log)
        })
        .collect();
    let judgements: Vec<Judgement> = placed
        .par_iter()
        .map(|(connection, leg, log)| judge(&subject(connection, *leg, log, certifier, deployment)))
        .collect();
    for (_, need) in judgements.iter().flat_map(|judgement| &judgement.not_judged) {
        *report.not_judged.entry(*need).or_default() += 1;
    }
    let pairs: Vec<(Subject<'_>, &[Finding])> = placed
        .iter()
        .zip(&judgements)
        .map(|((connection, leg, log), judgement)| {
            let subject = subject(connection, *leg, log, certifier, deployment);
            (subject, judgement.findings.as_slice())
        })
        .collect();
    report.verdicts.extend(verdicts(&pairs).into_iter().map(|verdict| (index, verdict)));
    let judged = placed.into_iter().zip(judgements).map(|((connection, leg, log), judgement)| {
        let findings = judgement.findings;
        Judged { capture: index, connection, leg, log, findings, same_as: None }
    });
    report.connections.extend(judged);
}

/// Runs the rules that look at everything together.
fn judge_together(
    judged: &[Judged],
    (unopened, missing_names): (&[Attempt], &[MissingName]),
    certifier: &Certifier<'_>,
    deployment: &Deployment,
) -> Vec<(Option<usize>, Finding)> {
    let connections: Vec<CaseConnection<'_>> = judged
        .iter()
        .filter(|judged| judged.same_as.is_none())
        .map(|judged| CaseConnection {
            capture: judged.capture,
            subject: subject(&judged.connection, judged.leg, &judged.log, certifier, deployment),
            findings: &judged.findings,
        })
        .collect();
    judge_case(&Case { deployment, connections: &connections, unopened, missing_names })
}

fn subject<'a>(
    connection: &'a Connection,
    leg: Leg,
    log: &'a [Line],
    certifier: &Certifier<'a>,
    deployment: &'a Deployment,
) -> Subject<'a> {
    let own = leg.client_appliance;
    let store = certifier.store(connection, Role::Server, own);
    Subject { connection, store, leg, deployment, log }
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
