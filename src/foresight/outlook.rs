//! What the changes do to a whole case.

use std::collections::BTreeMap;

use super::bench::Bench;
use super::change::Change;
use super::client::Habits;
use super::offer::Offer;
use super::peer::{Peer, peers};
use super::predict::{Case, Prediction, predict};
use super::scene::{Observed, Plan, Scene};
use super::state::{Before, Ending};
use crate::expressway::Leg;
use crate::packet::Endpoint;

/// One connection before and after the changes.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// Index of its capture.
    pub capture: usize,
    /// `tcp.stream`.
    pub stream: u64,
    /// Who connects.
    pub client: Endpoint,
    /// To whom.
    pub server: Endpoint,
    /// The server name that the client sent.
    pub server_name: Option<String>,
    /// Who the two ends are.
    pub leg: Leg,
    /// Whether the client is one that is changed.
    pub touched: bool,
    /// What was seen.
    pub before: Before,
    /// What is to come.
    pub after: Prediction,
}

/// What becomes of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It worked, or is not known to have failed, and will fail.
    Breaks,
    /// It fails and will fail.
    StillFails,
    /// It cannot be told whether it works afterwards.
    Open,
    /// It failed and will work.
    Mended,
    /// It works and will work.
    StillWorks,
}

impl Fate {
    /// The word in text and JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::StillFails => "still fails",
            Self::Open => "not known",
            Self::Mended => "mended",
            Self::StillWorks => "still works",
        }
    }
}

impl Foreseen {
    /// What becomes of it.
    #[must_use]
    pub fn fate(&self) -> Fate {
        let failed = matches!(self.before.outcome.value(), Some(Ending::Refused(_)));
        match (failed, self.after.outcome.value()) {
            (_, None) => Fate::Open,
            (true, Some(Ending::Refused(_))) => Fate::StillFails,
            (true, Some(Ending::Completed)) => Fate::Mended,
            (false, Some(Ending::Refused(_))) => Fate::Breaks,
            (false, Some(Ending::Completed)) => Fate::StillWorks,
        }
    }
}

/// What the changes do.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// The changes in words.
    pub changes: Vec<String>,
    /// Every connection, capture by capture.
    pub connections: Vec<Foreseen>,
}

/// Predicts what the plan does to everything that was seen.
#[must_use]
pub fn foresee(scene: &Scene<'_>, plan: &Plan) -> Outlook {
    let all = scene.connections.iter().map(|one| (one.capture, one.connection));
    let models: BTreeMap<Endpoint, Peer> =
        peers(all).into_iter().map(|peer| (peer.server, peer)).collect();
    let habits = Habits::of(scene);
    let mut bench = Bench::new(scene.terms);
    let connections = scene
        .connections
        .iter()
        .filter_map(|one| {
            let peer = models.get(&one.connection.server)?;
            Some(foreseen(one, peer, &habits, scene, plan, &mut bench))
        })
        .collect();
    Outlook { changes: plan.changes.iter().map(Change::title).collect(), connections }
}

fn foreseen<'s>(
    one: &Observed<'s>,
    peer: &Peer,
    habits: &Habits,
    scene: &Scene<'s>,
    plan: &Plan,
    bench: &mut Bench<'s>,
) -> Foreseen {
    let before = Before::of(one);
    let touched = plan.changes_client(one, scene.deployment);
    let (offers, doubts) = offers(one, plan, touched);
    let case = Case {
        one,
        scene,
        plan,
        peer,
        habits,
        before: &before,
        touched,
        offers: &offers,
        doubts: &doubts,
    };
    let after = predict(&case, bench);
    Foreseen {
        capture: one.capture,
        stream: one.connection.stream,
        client: one.connection.client,
        server: one.connection.server,
        server_name: one.connection.server_name(),
        leg: one.leg,
        touched,
        before,
        after,
    }
}

/// What the client may offer afterwards, and why that is not certain.
fn offers(one: &Observed<'_>, plan: &Plan, touched: bool) -> (Vec<Offer>, Vec<String>) {
    let Some(offer) = one.offer() else {
        return (Vec::new(), vec!["the ClientHello was not captured whole".to_owned()]);
    };
    if !touched {
        return (vec![offer], Vec::new());
    }
    let after = plan.changes.iter().fold(offer, |offer, change| change.offer(&offer));
    (vec![after], Vec::new())
}
