//! A run whose end is looked at for what a change would do.

use super::certify::Certifier;
use super::config::{Config, Source};
use super::known::Known;
use super::run::Run;
use crate::expressway::Deployment;
use crate::foresight::{self, Failing, Observed, Outlook, Plan, Ranked, Scene};
use crate::report::Report;
use crate::tls::Role;

/// Reads and judges `sources`, and foretells what the plan does to them.
#[must_use]
pub fn foresee(sources: Vec<Source>, config: &Config, plan: &Plan) -> (Report, Outlook) {
    let (known, mut sink) = (Known::default(), ());
    let run = Run::new(config, &known, &mut sink);
    let foretold = run.of(sources, |report, certifier, deployment| {
        foresight::foresee(&scene(report, certifier, deployment, config), plan)
    });
    // A sink that takes nothing has no trouble either.
    foretold.unwrap_or_default()
}

/// The remedies of each verdict, run through a prediction.
pub(super) fn ranked(
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
