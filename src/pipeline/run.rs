//! One run: captures are read, and their connections held until they can be judged
//! together, judged and handed on. When there are more than may be held, those that are
//! there are judged with what is known so far.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use super::certify::{Certificates, Certifier};
use super::config::{Config, Source};
use super::engine;
use super::foresee::ranked;
use super::interfaces::{Again, unite};
use super::known::Known;
use super::names::{KnownNames, LookedUp};
use super::sink::Sink;
use super::who::{self, Place, Read};
use crate::connection::Connection;
use crate::expressway::{Appliance, Deployment};
use crate::report::{CaptureReport, Judged, LimitHit, Origin, Report, StoreReport};
use crate::rules::{Attempt, Case, CaseConnection, Finding, Judgement, MissingName, Severity};
use crate::rules::{Subject, Told, Verdicts, judge, judge_case, verdicts_of_case};

/// Connections judged at a time: enough for every thread, few enough that their findings
/// take little room.
const BLOCK: usize = 512;
/// Connections of a block that a thread takes at a time: few, so that none waits long for the
/// last one.
const TAKEN: usize = 16;
/// Archives tell more of their connections taken together than captures do: this many
/// times as many of them are held.
const ARCHIVE_FACTOR: usize = 8;
/// Once some were judged early, groups so many times smaller follow: of a large one, little is
/// near any more when its turn comes (with a quarter, a capture of handshakes takes 6 % less
/// time and 7 MB less).
const SMALLER: usize = 4;

/// A run that is under way.
pub(super) struct Run<'c, 's> {
    config: &'c Config,
    sink: &'s mut dyn Sink,
    appliances: Vec<Arc<Appliance>>,
    captures: Vec<Read>,
    again: Vec<Again>,
    held: usize,
    /// Connections were judged before everything was read.
    early: bool,
    deployment: Deployment,
    known: &'c Known,
    certificates: Certificates,
    /// Capture by capture.
    verdicts: Vec<Verdicts>,
    report: Report,
    listed: Listed,
    stopped: io::Result<()>,
}

/// How many connections the report lists, where it does not list all.
#[derive(Default)]
struct Listed {
    troubled: usize,
    others: usize,
    left_out: u64,
}

impl<'c, 's> Run<'c, 's> {
    pub(super) fn new(config: &'c Config, known: &'c Known, sink: &'s mut dyn Sink) -> Self {
        let report = Report {
            store: config.store.as_ref().map(StoreReport::of),
            peer_store: config.peer_store.as_ref().map(StoreReport::of),
            ..Report::default()
        };
        Self {
            config,
            sink,
            appliances: config.appliances.clone(),
            captures: Vec::new(),
            again: Vec::new(),
            held: 0,
            early: false,
            deployment: Deployment::new(&[], config.mapped.clone()),
            known,
            certificates: Certificates::new(),
            verdicts: Vec::new(),
            report,
            listed: Listed::default(),
            stopped: Ok(()),
        }
    }

    /// Reads and judges `sources`, and lets `then` look at what is left of the run.
    pub(super) fn of<T: Send>(
        mut self,
        sources: Vec<Source>,
        then: impl FnOnce(&Report, &Certifier<'_>, &Deployment) -> T + Send,
    ) -> io::Result<(Report, T)> {
        // On a thread of the pool, so that the one that reads also takes its part of the work.
        rayon::scope(|_| {
            for source in sources {
                if !self.read(source) {
                    break;
                }
            }
            self.finish(then)
        })
    }

    /// Reads one source. Gives whether the run goes on.
    fn read(&mut self, source: Source) -> bool {
        let appliance =
            source.appliance().map(|appliance| who::place(&mut self.appliances, appliance));
        let index = self.captures.len();
        self.again.push(Again::of(&source));
        self.captures.push(Read { origin: source.origin(), appliance, ..Read::default() });
        let config = self.config;
        let outcome =
            engine::run(source, config, &mut |observed, names| self.take(index, observed, names));
        if let Some(capture) = self.captures.get_mut(index) {
            capture.report = outcome.capture;
            capture.missed = outcome.missed;
            capture.names = outcome.names;
        }
        self.stopped.is_ok()
    }

    /// Holds connections of a capture; `names` were looked up in it so far.
    fn take(&mut self, index: usize, observed: engine::Several, names: &mut LookedUp) -> bool {
        let Some(capture) = self.captures.get_mut(index) else { return false };
        self.held += observed.len();
        capture.observed.extend(observed);
        let limit = self.config.limits.held_connections;
        let held = match capture.appliance {
            _ if self.early => limit / SMALLER,
            Some(_) => limit.saturating_mul(ARCHIVE_FACTOR),
            None => limit,
        };
        if self.held > held && self.stopped.is_ok() {
            self.early = true;
            self.swap_names(index, names);
            self.stopped = self.judge_held();
            self.swap_names(index, names);
        }
        self.stopped.is_ok()
    }

    fn swap_names(&mut self, index: usize, names: &mut LookedUp) {
        if let Some(capture) = self.captures.get_mut(index) {
            std::mem::swap(names, &mut capture.names);
        }
    }

    /// Everything was read: judges what is held, and the case as a whole.
    fn finish<T>(
        mut self,
        then: impl FnOnce(&Report, &Certifier<'_>, &Deployment) -> T,
    ) -> io::Result<(Report, T)> {
        self.stopped?;
        self.stopped = Ok(());
        if !self.early {
            self.captures = unite(self.captures, self.again, self.config);
            self.again = Vec::new();
        }
        self.judge_held()?;
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut missing_names: Vec<MissingName> = Vec::new();
        for (index, capture) in self.captures.iter().enumerate() {
            attempts.extend(who::attempts(index, capture, &self.deployment));
            missing_names.extend(who::missing_names(index, capture));
        }
        let certifier =
            Certifier::new(self.config, &self.deployment, self.known, self.certificates);
        let mut report = self.report;
        report.case_findings = judge_together(
            &report.connections,
            (&attempts, &missing_names),
            &certifier,
            &self.deployment,
        );
        let of_captures = self.verdicts.into_iter().enumerate();
        report.verdicts = of_captures
            .flat_map(|(index, verdicts)| {
                verdicts.finish().into_iter().map(move |verdict| (index, verdict))
            })
            .collect();
        report.verdicts.extend(verdicts_of_case(&report.case_findings, &attempts));
        report.verdicts.sort_by_key(|(_, verdict)| std::cmp::Reverse(verdict.severity));
        report.appliances = self.deployment.appliances().to_vec();
        for capture in self.captures {
            report.captures.push(capture.told(&self.deployment, report.store.is_some()));
        }
        note_limit(&mut report, self.early, self.listed.left_out);
        if !self.config.unranked {
            report.remedies = ranked(&report, &certifier, &self.deployment, self.config);
        }
        let more = then(&report, &certifier, &self.deployment);
        self.config.wanted.restrict(&mut report, &attempts);
        report.filters = self.config.wanted.flags();
        if !self.early {
            hand_on_all(&mut report, self.sink)?;
        }
        Ok((report, more))
    }

    /// Judges the connections that are held, capture by capture, and hands them on.
    fn judge_held(&mut self) -> io::Result<()> {
        self.held = 0;
        for capture in &mut self.captures {
            capture.observed.sort_by_key(|(stream, _)| *stream);
        }
        who::complete(&mut self.appliances, &self.captures, self.config);
        self.deployment.know(&self.appliances);
        who::observe(&mut self.deployment, &self.captures);
        let twins = who::twins(&self.captures);
        self.report.joins = who::joins(&self.captures, &self.deployment, &twins);
        let deployment = std::mem::take(&mut self.deployment);
        let certificates = std::mem::take(&mut self.certificates);
        let mut certifier = Certifier::new(self.config, &deployment, self.known, certificates);
        let mut handed = Ok(());
        for index in 0..self.captures.len() {
            handed = handed
                .and_then(|()| self.judge_capture(index, &twins, &mut certifier, &deployment));
        }
        self.certificates = certifier.into_certificates();
        self.deployment = deployment;
        handed
    }

    fn judge_capture<'d>(
        &mut self,
        index: usize,
        twins: &BTreeMap<Place, Place>,
        certifier: &mut Certifier<'d>,
        deployment: &'d Deployment,
    ) -> io::Result<()>
    where
        'c: 'd,
    {
        let Some(capture) = self.captures.get_mut(index) else { return Ok(()) };
        let observed = std::mem::take(&mut capture.observed);
        let (own, origin) = (capture.appliance, capture.origin());
        let joins = std::mem::take(&mut self.report.joins);
        let join = joins.iter().find(|join| Some(join.appliance) == own);
        let known = KnownNames { capture: index, own, looked_up: &capture.names, log: join };
        let mut connections = certifier.certify(observed, &known).into_iter();
        let mut handed = Ok(());
        while handed.is_ok() && connections.len() > 0 {
            let block: Vec<Connection> = connections.by_ref().take(BLOCK).collect();
            let placed: Vec<Judged> = block
                .into_par_iter()
                .with_max_len(TAKEN)
                .map(|connection| Judged {
                    capture: index,
                    leg: who::leg(&connection, (index, own), join, deployment),
                    log: who::lines(&connection, index, join, deployment),
                    same_as: twins.get(&(index, connection.stream)).copied(),
                    findings: Vec::new(),
                    connection,
                })
                .collect();
            let judged = self.judge_block(index, placed, certifier, deployment);
            if self.early {
                handed = self.hand_on(&origin, &judged);
                self.list(judged);
            } else {
                self.report.connections.extend(judged);
            }
        }
        self.report.joins = joins;
        handed
    }

    /// Adds findings and verdicts to connections of a capture. A connection that another
    /// capture has more of is judged there, and nowhere else.
    fn judge_block(
        &mut self,
        index: usize,
        mut placed: Vec<Judged>,
        certifier: &Certifier<'_>,
        deployment: &Deployment,
    ) -> Vec<Judged> {
        if self.verdicts.len() <= index {
            self.verdicts.resize_with(index + 1, Verdicts::default);
        }
        let Some(verdicts) = self.verdicts.get_mut(index) else { return placed };
        let judgements: Vec<(Judgement, Option<Told>)> = placed
            .par_iter()
            .with_max_len(TAKEN)
            .map(|one| {
                if one.same_as.is_some() {
                    return (Judgement::default(), None);
                }
                let subject = subject(one, certifier, deployment);
                let judgement = judge(&subject);
                let told = verdicts.told(&subject, &judgement.findings);
                (judgement, told)
            })
            .collect();
        for (one, (judgement, told)) in placed.iter_mut().zip(judgements) {
            for (_, need) in judgement.not_judged {
                *self.report.not_judged.entry(need).or_default() += 1;
            }
            one.findings = judgement.findings;
            if let Some(told) = told {
                verdicts.add(told, &subject(one, certifier, deployment), &one.findings);
            }
        }
        placed
    }

    /// Hands on what is wanted of connections that were judged early, and counts it.
    fn hand_on(&mut self, origin: &Origin, judged: &[Judged]) -> io::Result<()> {
        let wanted = &self.config.wanted;
        if wanted.wants_all() {
            judged.iter().for_each(|one| self.report.count(one));
            return self.sink.take(origin, judged);
        }
        let chosen: Vec<Judged> = judged.iter().filter_map(|one| wanted.choose(one)).collect();
        chosen.iter().for_each(|one| self.report.count(one));
        self.sink.take(origin, &chosen)
    }

    /// Lists connections that were judged early: the first ones, and the first with
    /// trouble.
    fn list(&mut self, judged: Vec<Judged>) {
        let half = self.config.limits.listed_connections / 2;
        let mut left_out = Vec::with_capacity(judged.len());
        for one in judged {
            let troubled = one.worst() >= Some(Severity::Warning);
            let listed = if troubled { &mut self.listed.troubled } else { &mut self.listed.others };
            if *listed < half {
                *listed += 1;
                self.report.connections.push(one);
            } else {
                left_out.push(one);
            }
        }
        self.listed.left_out += left_out.len() as u64;
        // Giving back the memory of so many is work for all threads.
        left_out.into_par_iter().for_each(drop);
    }
}

/// Hands on all connections of a run in which nothing was judged early, and counts them.
fn hand_on_all(report: &mut Report, sink: &mut dyn Sink) -> io::Result<()> {
    let connections = std::mem::take(&mut report.connections);
    connections.iter().for_each(|one| report.count(one));
    report.connections = connections;
    let same_capture = |one: &Judged, next: &Judged| one.capture == next.capture;
    for judged in report.connections.chunk_by(same_capture) {
        let capture = judged.first().and_then(|first| report.captures.get(first.capture));
        sink.take(&capture.map(CaptureReport::origin).unwrap_or_default(), judged)?;
    }
    Ok(())
}

fn note_limit(report: &mut Report, early: bool, left_out: u64) {
    let Some(capture) = report.captures.last_mut().filter(|_| early) else { return };
    capture.limits_hit.push(LimitHit {
        limit: "held_connections",
        times: report.tls_connections.iter().sum(),
        effect: "so many connections were judged in groups, each with what was known until then",
    });
    capture.limits_hit.push(LimitHit {
        limit: "listed_connections",
        times: left_out,
        effect: "connections are not listed here, and rules that look at several connections did not see them",
    });
}

/// Runs the rules that look at everything together.
fn judge_together(
    judged: &[Judged],
    (attempts, missing_names): (&[Attempt], &[MissingName]),
    certifier: &Certifier<'_>,
    deployment: &Deployment,
) -> Vec<(Option<usize>, Finding)> {
    let connections: Vec<CaseConnection<'_>> = judged
        .iter()
        .filter(|judged| judged.same_as.is_none())
        .map(|judged| CaseConnection {
            capture: judged.capture,
            subject: subject(judged, certifier, deployment),
            findings: &judged.findings,
        })
        .collect();
    judge_case(&Case { deployment, connections: &connections, attempts, missing_names })
}

fn subject<'a>(
    judged: &'a Judged,
    certifier: &Certifier<'a>,
    deployment: &'a Deployment,
) -> Subject<'a> {
    let Judged { connection, leg, log, .. } = judged;
    let own = leg.client_appliance;
    let store = certifier.store(connection, crate::tls::Role::Server, own);
    Subject { connection, store, leg: *leg, deployment, log }
}
