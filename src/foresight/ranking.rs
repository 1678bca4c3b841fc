//! The remedies of a failing leg, each run through the prediction.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::change::Change;
use super::outlook::{Fate, Foreseen, Models, foresee_some, representatives};
use super::remedies::{Candidate, candidates};
use super::scene::{Observed, Plan, Scene};
use super::state::ChainWord;
use crate::packet::Endpoint;
use crate::tls::names;

/// A leg that fails, as its verdict names it.
#[derive(Clone, Debug)]
pub struct Failing {
    /// Index of its capture.
    pub capture: usize,
    /// The first of its streams.
    pub stream: u64,
    /// Id of the rule that names the cause.
    pub cause: &'static str,
}

/// Whether a remedy works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prospect {
    /// The handshake completes.
    WouldWork,
    /// The fault is mended; what comes behind it is not known.
    MendsThis(String),
    /// It cannot be known.
    CannotBeKnown(String),
    /// The handshake fails all the same.
    WouldNot(String),
}

impl Prospect {
    /// The words in text and JSON.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::WouldWork => "would work",
            Self::MendsThis(_) => "would mend this fault",
            Self::CannotBeKnown(_) => "cannot be known",
            Self::WouldNot(_) => "would not work",
        }
    }

    /// Why it is not certain, or does not work.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::WouldWork => None,
            Self::MendsThis(why) | Self::CannotBeKnown(why) | Self::WouldNot(why) => Some(why),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::WouldWork => 0,
            Self::MendsThis(_) => 1,
            Self::CannotBeKnown(_) => 2,
            Self::WouldNot(_) => 3,
        }
    }
}

/// What a remedy does to another leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideEffect {
    /// What becomes of that leg.
    pub fate: Fate,
    /// To which server.
    pub server: Endpoint,
    /// Its name, as the client sent it.
    pub server_name: Option<String>,
    /// One of its connections: capture and stream.
    pub stream: (usize, u64),
}

/// A remedy with what it would do.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The remedy in words.
    pub remedy: String,
    /// The flags by which `tlsight whatif` foretells it; `None` where it needs something
    /// that is not here.
    pub flags: Option<&'static str>,
    /// Whether it works.
    pub prospect: Prospect,
    /// Other legs of the same client that it breaks or mends, or that cannot be known.
    pub side_effects: Vec<SideEffect>,
}

/// So many failing legs are ranked: each costs a prediction for every leg of its client.
const RANKED: usize = 40;
/// So many side effects of one remedy are kept.
const SIDE_EFFECTS: usize = 20;

/// The remedies of each failing leg, the most promising first. Nothing is said of legs
/// behind the first 40.
#[must_use]
pub fn rank(scene: &Scene<'_>, failing: &[Failing]) -> Vec<Vec<Ranked>> {
    let mut ranking = Ranking { scene, models: None, others: BTreeMap::new() };
    let mut all: Vec<Vec<Ranked>> =
        failing.iter().take(RANKED).map(|one| ranking.of(one)).collect();
    all.resize_with(failing.len(), Vec::new);
    all
}

struct Ranking<'a, 's> {
    scene: &'a Scene<'s>,
    /// Built when the first remedy needs it.
    models: Option<Models>,
    /// The legs of each client, one connection for each that goes alike.
    others: BTreeMap<IpAddr, Vec<usize>>,
}

impl<'s> Ranking<'_, 's> {
    fn of(&mut self, failing: &Failing) -> Vec<Ranked> {
        let scene = self.scene;
        let place = (failing.capture, failing.stream);
        let found =
            scene.connections.iter().find(|one| (one.capture, one.connection.stream) == place);
        let Some(one) = found.filter(|one| one.connection.outcome.failed()) else {
            return Vec::new();
        };
        let candidates = candidates(one, failing.cause);
        let mut ranked: Vec<Ranked> =
            candidates.into_iter().map(|candidate| self.tried(one, candidate)).collect();
        ranked.sort_by_key(|one| {
            let breaks = one.side_effects.iter().any(|effect| effect.fate == Fate::Breaks);
            (one.prospect.rank(), breaks)
        });
        ranked
    }

    fn tried(&mut self, one: &Observed<'s>, candidate: Candidate) -> Ranked {
        let Candidate { remedy, flags, attempt } = candidate;
        let (prospect, side_effects) = match attempt {
            Err(prospect) => (prospect, Vec::new()),
            Ok(changes) if changes.iter().all(|change| is_so_already(change, one)) => {
                let why = "the client offers that already";
                (Prospect::WouldNot(why.to_owned()), Vec::new())
            }
            Ok(changes) => self.foretold(one, changes),
        };
        Ranked { remedy, flags, prospect, side_effects }
    }

    fn foretold(
        &mut self,
        one: &Observed<'s>,
        changes: Vec<Change>,
    ) -> (Prospect, Vec<SideEffect>) {
        let scene = self.scene;
        let client = one.connection.client.address;
        let models = self.models.get_or_insert_with(|| Models::of(scene));
        let others = self.others.entry(client).or_insert_with(|| legs_of(scene, models, client));
        let plan = Plan { changes, clients: vec![client], products: Vec::new() };
        let with = others.iter().filter_map(|at| scene.connections.get(*at));
        let legs = std::iter::once(one).chain(with);
        let mut foreseen = foresee_some(scene, models, &plan, legs).into_iter();
        let Some(own) = foreseen.next() else {
            let why = "the connection was not captured whole";
            return (Prospect::CannotBeKnown(why.to_owned()), Vec::new());
        };
        let effects = foreseen.filter_map(|other| side_effect(&own, &other));
        let mut kept: Vec<SideEffect> = Vec::new();
        for effect in effects {
            let same = |known: &SideEffect| {
                (known.fate, known.server, &known.server_name)
                    == (effect.fate, effect.server, &effect.server_name)
            };
            if kept.len() < SIDE_EFFECTS && !kept.iter().any(same) {
                kept.push(effect);
            }
        }
        (prospect(&own), kept)
    }
}

/// The legs of one client: places in the scene.
fn legs_of(scene: &Scene<'_>, models: &Models, client: IpAddr) -> Vec<usize> {
    let mine = scene.connections.iter().filter(|one| one.connection.client.address == client);
    let distinct = representatives(scene, models, mine);
    let places: BTreeMap<(usize, u64), usize> = scene
        .connections
        .iter()
        .enumerate()
        .map(|(at, one)| ((one.capture, one.connection.stream), at))
        .collect();
    let place = |one: &&Observed<'_>| places.get(&(one.capture, one.connection.stream)).copied();
    distinct.iter().filter_map(place).collect()
}

/// Whether a change of the offer changes nothing here.
fn is_so_already(change: &Change, one: &Observed<'_>) -> bool {
    let of_trust = change.concerns_trust();
    !of_trust && one.offer().is_some_and(|offer| change.offer(&offer) == offer)
}

/// What happens to another leg, where that is something.
fn side_effect(own: &Foreseen, other: &Foreseen) -> Option<SideEffect> {
    let same_leg = own.server == other.server && own.server_name == other.server_name;
    let works_now = matches!(other.before.outcome.value(), Some(super::state::Ending::Completed));
    let fate = other.fate();
    let tells = match fate {
        Fate::Breaks | Fate::Mended => true,
        Fate::Open => works_now,
        Fate::StillFails | Fate::StillWorks => false,
    };
    (tells && !same_leg).then(|| SideEffect {
        fate,
        server: other.server,
        server_name: other.server_name.clone(),
        stream: (other.capture, other.stream),
    })
}

/// What the prediction says of the leg itself.
fn prospect(own: &Foreseen) -> Prospect {
    let after = &own.after;
    match own.fate() {
        Fate::Mended | Fate::StillWorks => Prospect::WouldWork,
        Fate::StillFails | Fate::Breaks => Prospect::WouldNot(why_not(own)),
        Fate::Open => {
            let why = after.outcome.reason().unwrap_or("nothing tells").to_owned();
            let was_refused = own.before.chain.value().is_some_and(|chain| !chain.accepted());
            let trusted = after.chain.value() == Some(&ChainWord::Accepted);
            if was_refused && trusted && after.name.value().is_some() {
                Prospect::MendsThis(why)
            } else {
                Prospect::CannotBeKnown(why)
            }
        }
    }
}

/// Why it fails all the same.
fn why_not(own: &Foreseen) -> String {
    let after = &own.after;
    let mut parts: Vec<String> = Vec::new();
    if let (Some(shown), Some(before)) =
        (after.certificate.value(), own.before.certificate.as_ref())
        && shown.sha256 == *before.sha256()
    {
        let because = after.suite.because().iter().find(|reason| reason.source.is_some());
        let because = because.map(|reason| format!(" ({})", reason.text)).unwrap_or_default();
        parts.push(format!("the server shows the same certificate{because}"));
    }
    if let Some(ChainWord::Refused(error)) = after.chain.value() {
        parts.push(format!("{}, error {} at depth {}", error.text, error.code, error.depth));
    }
    if parts.is_empty() {
        let alert = after.alert.value().copied().flatten().and_then(|alert| alert.code);
        parts.push(alert.map_or_else(
            || "it is refused all the same".to_owned(),
            |code| format!("it is refused with {} ({code})", names::alert_name(code)),
        ));
    }
    parts.join("; ")
}
